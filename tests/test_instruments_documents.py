"""The instruments of Part V: a field that is swept, and small graphs, against the package."""

import base64
import re
import sys
from itertools import product

import pytest
import torch
from conftest import ROOT
from playwright.sync_api import expect
from safetensors.torch import load_file, save_file

from lenet_research.amount_errors import LIMITS
from lenet_utils import load_mnist, load_record, load_trained, normalise_modern
from lenet_utils.graphs import forward_penalty, from_arcs, posteriors, select, viterbi
from lenet_utils.results.intervals import mean_interval
from lenet_utils.sdnn import best_path, column_penalties, spelled
from lenet_utils.strings import NONE, Layout, draw_strings, texts

sys.path.append(str(ROOT / "tests" / "live"))
from harness import assemble, lenet_tables, look, opened, serve

TRAINED = ROOT / "lenet_utils" / "trained"
WEIGHTS = TRAINED / "sdnn_modern.safetensors"
STRINGS = draw_strings(
    load_mnist(sample=True).test, 60, layout=Layout(length=(5, 5), gap=(4, 4)), seed=3
)


def as_text(pictures):
    return [base64.b64encode(one.numpy().tobytes()).decode() for one in pictures]


def penalties_of(pictures):
    with torch.no_grad():
        return column_penalties(load_trained("sdnn_modern"), normalise_modern(pictures))


def test_columns_are_those_of_pytorch(ask):
    pictures = STRINGS.images[:6]
    found = ask("sweep", weights=WEIGHTS, fields=as_text(pictures), width=pictures.shape[2])
    expected = penalties_of(pictures)
    mine = torch.tensor(found).view(expected.shape)
    # Of a class that is all but impossible the last digits are those of single precision.
    assert torch.allclose(mine, expected, atol=1e-4, rtol=1e-5)


def test_the_shipped_network_reads_as_its_record_says():
    right = [
        a == b
        for a, b in zip(
            spelled(best_path(penalties_of(STRINGS.images))), texts(STRINGS.labels), strict=True
        )
    ]
    assert sum(right) / len(right) > 0.85  # 95% in the record, over more strings


def test_best_and_second_reading_are_those_of_all_paths(ask):
    generator = torch.Generator().manual_seed(2)
    penalties = -torch.randn(3, 5, 11, generator=generator).mul(3).log_softmax(2)
    found = ask("readings", penalties=penalties.flatten(1).tolist(), count=2)
    paths = torch.tensor(list(product(range(11), repeat=5)))
    for own, (best, second) in zip(penalties, found, strict=True):
        totals = own.gather(1, paths.T).sum(0)
        order = totals.argsort()[:2_000]
        by_text = dict.fromkeys(spelled(paths[order]))
        texts_in_order = list(by_text)[:2]
        assert [best["text"], second["text"]] == texts_in_order
        first = spelled(paths[order]).index(texts_in_order[1])
        assert best["penalty"] == pytest.approx(float(totals[order[0]]), abs=1e-4)
        assert second["penalty"] == pytest.approx(float(totals[order[first]]), abs=1e-4)
        assert best["path"] == paths[order[0]].tolist()


def test_digits_are_set_side_by_side(ask):
    digits = load_mnist(sample=True).test.images[:3]
    field = torch.tensor(ask("setDigits", digits=as_text(digits), gap=4, width=160)).view(32, 160)
    inked = (field > 0).any(0).nonzero().flatten()
    wide = [
        int((d > 0).any(0).nonzero().max() - (d > 0).any(0).nonzero().min()) + 1 for d in digits
    ]
    assert inked.max() - inked.min() + 1 == sum(wide) + 8
    left = int(inked.min())
    columns = (digits[0] > 0).any(0).nonzero()
    box = digits[0][:, columns.min() : columns.max() + 1]
    assert torch.equal(field[2:30, left : left + wide[0]], box.long())


def test_a_line_of_writing_is_as_high_as_the_digits_it_learnt_from(ask):
    for scale in (0.4, 1.0):
        strokes = [[[10, 4], [10, 4 + 24 * scale]], [[30, 4], [50, 4 + 24 * scale]]]
        field = torch.tensor(ask("fitLine", strokes=strokes, width=160)).view(32, 160)
        rows = (field > 0).any(1).nonzero().flatten()
        assert 20 <= rows.max() - rows.min() + 1 <= 21
        assert abs(int(rows.max() + rows.min()) - 31) <= 1
    long = torch.tensor(ask("fitLine", strokes=[[[0, 16], [160, 17]]], width=160)).view(32, 160)
    inked = (long > 0).any(0).nonzero().flatten()
    assert inked.min() >= 12 and inked.max() <= 147


def test_weights_of_another_network_are_refused(ask, tmp_path):
    weights = load_file(WEIGHTS)
    weights["output.weight"] = weights["output.weight"][:10].contiguous()
    save_file(weights, tmp_path / "ten.safetensors")
    assert "output" in ask("sweepError", weights=tmp_path / "ten.safetensors")["error"]
    old = ask("sweepError", weights=TRAINED / "lenet5_1998.safetensors")["error"]
    assert "shape" in old or "missing" in old


@pytest.fixture(scope="module")
def small(ask):
    return ask("graphs")


def graph_of(arcs, penalties=None):
    """Return the package's graph of a page's arcs, its penalties to be followed."""
    found = torch.tensor([arc[3] for arc in arcs], dtype=torch.float64)
    penalties = (found if penalties is None else penalties).requires_grad_()
    end = max(arc[1] for arc in arcs)
    return from_arcs([tuple(arc[:3]) for arc in arcs], penalties, ends=[end]), penalties


def changed(arcs, seed):
    """Return the arcs with other penalties, no two paths alike."""
    drawn = torch.rand(len(arcs), generator=torch.Generator().manual_seed(seed)) * 9
    return [[*arc[:3], round(float(penalty), 4)] for arc, penalty in zip(arcs, drawn, strict=True)]


@pytest.mark.parametrize("seed", range(3))
def test_paths_of_a_small_graph_are_those_of_the_package(ask, small, seed):
    for arcs in (changed(small["paths"], seed), changed(small["criteria"], seed)):
        graph, _ = graph_of(arcs)
        found, best = ask("judge", arcs=arcs), viterbi(graph)
        assert found["best"]["text"] == "".join(best.outputs)
        assert found["best"]["penalty"] == pytest.approx(best.penalty.item())
        assert found["forward"] == pytest.approx(forward_penalty(graph).item())
        assert found["posteriors"] == pytest.approx(posteriors(graph).tolist())
        assert ask("lowest", arcs=arcs)[-1] == pytest.approx(best.penalty.item())


@pytest.mark.parametrize("seed", range(3))
def test_what_a_criterion_tells_an_arc_is_its_gradient(ask, small, seed):
    arcs, wanted = changed(small["criteria"], seed), small["wanted"]
    for name in small["names"]:
        graph, penalties = graph_of(arcs)
        right = select(graph, wanted)
        value = viterbi if "iterbi" in name else forward_penalty
        loss, rest = (getattr(value(g), "penalty", value(g)) for g in (right, graph))
        loss = loss - rest if name.startswith("discriminative") else loss
        loss.backward()
        found = ask("criterion", arcs=arcs, wanted=wanted, name=name)
        assert found["loss"] == pytest.approx(loss.item(), abs=1e-9)
        assert found["gradient"] == pytest.approx(penalties.grad.tolist(), abs=1e-9)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with serve(assemble(tmp_path_factory.mktemp("book"), TRAINED)) as page:
        yield page


@pytest.fixture
def page(browser, address, request):
    with opened(browser, address, request.param) as page:
        yield page


@pytest.mark.browser
@pytest.mark.parametrize("page", ["reading"], indirect=True)
def test_a_number_is_read_written_and_looked_at(page):
    tool = page.locator("[data-instrument=reading]")
    answer, rest = tool.locator(".instrument-answer"), tool.locator(".instrument-limits")
    tool.get_by_label("Your guess").fill("9")
    table = tool.get_by_role("application", name="The columns of answers")
    expect(table).to_be_hidden()
    tool.get_by_role("button", name="That is my guess").tap()
    expect(answer).to_contain_text("You guessed 9. It reads 40719, penalty")
    expect(answer).to_contain_text(re.compile(r"names a digit in \d+ of 33 columns"))
    expect(rest).to_contain_text("Column 16, whose window is framed")
    table.press("ArrowLeft")
    expect(rest).to_contain_text("Column 15")
    table.scroll_into_view_if_needed()
    place = table.bounding_box()
    page.touchscreen.tap(place["x"] + place["width"] - 2, place["y"] + 10)
    expect(rest).to_contain_text("Column 32, whose window is framed: none 1.00")
    tool.get_by_label("Gap").fill("-8")
    expect(answer).not_to_contain_text("It reads 40719")
    tool.get_by_role("button", name="Another number").tap()
    pad = tool.get_by_role("application", name="Writing field")
    pad.scroll_into_view_if_needed()
    place = pad.bounding_box()
    for x in (0.2, 0.4):  # two upright strokes
        at = place["x"] + x * place["width"]
        page.mouse.move(at, place["y"] + 0.2 * place["height"])
        page.mouse.down()
        page.mouse.move(at, place["y"] + 0.8 * place["height"], steps=8)
        page.mouse.up()
    expect(answer).to_contain_text("It reads 11, penalty")
    pad.press("Delete")
    for key in (" ", *["ArrowDown"] * 16, " "):
        pad.press(key)
    expect(answer).to_contain_text("It reads 1, penalty")
    look(page, "reading")


@pytest.mark.browser
@pytest.mark.parametrize("page", ["paths"], indirect=True)
def test_arcs_are_chosen_and_given_another_penalty(page):
    tool = page.locator("[data-instrument=paths]")
    answer = tool.locator(".instrument-answer")
    expect(answer).to_be_empty()
    tool.get_by_label("Your guess").fill("7.5")
    tool.get_by_role("button", name="That is my guess").press("Enter")
    expect(tool.locator(".instrument-limits")).to_have_text("You guessed 7.5. It is 7.5. ")
    expect(answer).to_contain_text("The best of 5 paths spells 48, penalty 7.50.")
    tool.get_by_label("Its penalty").fill("6")
    expect(answer).to_contain_text("The best of 5 paths spells 192, penalty 8.50.")
    tool.locator("text", has_text="9: 4.0").click()
    tool.get_by_label("Its penalty").press("ArrowLeft")
    expect(answer).to_contain_text("spells 192, penalty 8.00.")
    tool.get_by_role("combobox").select_option("2, node 3 to node 4")
    tool.get_by_label("Its penalty").fill("12")
    expect(answer).not_to_contain_text("spells 192")
    look(page, "paths")


@pytest.mark.browser
@pytest.mark.parametrize("page", ["criteria"], indirect=True)
def test_a_criterion_moves_the_arcs(page):
    tool = page.locator("[data-instrument=criteria]")
    answer = tool.locator(".instrument-answer")
    tool.get_by_label("Your guess").fill("3")
    tool.get_by_role("button", name="That is my guess").tap()
    expect(tool.locator(".instrument-limits")).to_contain_text("You guessed 3. It is 0")
    expect(answer).to_contain_text("Best path: 47. Loss 5.00.")
    expect(answer).to_contain_text("lowers 4 (0 to 2), 2 (2 to 3); it raises nothing.")
    tool.get_by_role("button", name="One step").tap()
    expect(answer).to_contain_text("Best path: 42. Loss 3.00.")
    tool.get_by_role("button", name="As it was").tap()
    tool.get_by_label("Criterion").select_option("discriminative Viterbi")
    expect(answer).to_contain_text("Loss 0.50. A step lowers 2 (2 to 3); it raises 7 (2 to 3).")
    tool.get_by_role("button", name="One step").tap()
    expect(answer).to_contain_text("Best path: 42. Loss 0.00. A step lowers nothing")
    look(page, "criteria")


def test_what_is_rejected_at_a_limit_is_what_the_record_says(ask):
    table = lenet_tables.amounts()
    record = load_record("amounts")
    assert [limit for limit in table["limits"][:-1]] == list(LIMITS[:-1])
    assert table["limits"][-1] is None and LIMITS[-1] == float("inf")
    kinds = ("printed", "handwritten")
    asked = [(kind, at, 1) for kind in kinds for at in range(len(LIMITS))]
    found = ask("rejecting", table=table, asked=asked)
    for (kind, at, _), outcome in zip(asked, found, strict=True):
        right, wrong, others = (
            100 * mean_interval([v[at] for v in record.values(f"global_{kind}_{m}", "modern")]).mean
            for m in ("curve_right", "curve_wrong", "curve_others_answered")
        )
        assert outcome["right"] == pytest.approx(right)
        assert outcome["wrong"] == pytest.approx(wrong)
        assert outcome["rejected"] == pytest.approx(100 - right - wrong, abs=1e-9)
        assert outcome["others"] == pytest.approx(others)
        assert outcome["worth"] == (right >= 50 and wrong <= 1)
        mistakes = table["kinds"][kind]["wrong"]
        limit = outcome["highest"]
        assert mistakes[limit] <= 1 and all(m > 1 for m in mistakes[limit + 1 :])


@pytest.mark.browser
@pytest.mark.parametrize("page", ["rejecting"], indirect=True)
def test_a_limit_is_moved_after_a_guess(page):
    tool = page.locator("[data-instrument=rejecting]")
    line = tool.locator(".instrument-answer")
    expect(line).to_be_hidden()
    tool.get_by_label("Your guess").fill("30")
    tool.get_by_role("button", name="That is my guess").tap()
    table = lenet_tables.amounts()
    wrong = table["kinds"]["printed"]["wrong"]
    at = max(i for i, value in enumerate(wrong) if value <= 1)
    rejected = 100 - wrong[at] - table["kinds"]["printed"]["right"][at]
    said = tool.locator(".instrument-limits")
    expect(said).to_contain_text("You guessed 30. Of the limits that were measured, the highest")
    expect(said).to_contain_text(f"rejects {rejected:.1f}. ")
    expect(line).to_contain_text(f"Doubt of at most {table['limits'][at]}, a confidence of")
    expect(line).to_contain_text("Banks would have it.")
    tool.get_by_role("combobox").select_option("handwritten")
    right = table["kinds"]["handwritten"]["right"][at]
    expect(line).to_contain_text(f"of a hundred handwritten amounts {right:.1f} are right")
    expect(line).to_contain_text("Banks would not have it.")
    tool.get_by_label("Limit", exact=True).press("End")
    expect(line).to_contain_text("No limit, every field is answered")
    look(page, "rejecting")


def test_none_is_the_last_class():
    assert NONE == 10  # as the page has it
