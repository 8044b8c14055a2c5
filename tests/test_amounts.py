"""Made fields, the grammar of amounts, their pieces, and the reader, on graphs of every kind."""

import itertools
import math
import re
from pathlib import Path

import pytest
import torch

from lenet_research.amount_glyphs import FAMILIES, draw_face, pack
from lenet_utils import amounts, graphs
from lenet_utils.amounts import CHARACTERS, RUBBISH
from lenet_utils.amounts.glyphs import PACK, SPLITS
from lenet_utils.amounts.lattices import FORBIDDEN, acceptors, lattices, path_penalties
from lenet_utils.amounts.pieces import without_specks
from lenet_utils.mnist import Digits, load_mnist
from lenet_utils.segmentation import INK

GRAMMAR = amounts.amount_grammar()
# The grammar in another notation.
AMOUNT = re.compile(r"\$?\**(0|[1-9]\d{0,2}(,\d{3})*)\.\d\d\**")


@pytest.fixture(scope="module")
def printed():
    return amounts.draw_fields(amounts.load_glyphs("test"), 40, others=0.3, seed=3)


@pytest.fixture(scope="module")
def digits():
    return load_mnist(sample=True).test


@pytest.fixture(scope="module")
def handwritten(digits):
    return amounts.draw_fields(amounts.load_glyphs("test"), 40, digits=digits, others=0.3, seed=3)


# Typefaces --------------------------------------------------------------------------------


def test_no_family_is_in_two_splits_and_none_has_a_character_of_another_split():
    families = {split: set(amounts.load_glyphs(split).families) for split in SPLITS}
    for one, other in itertools.combinations(SPLITS, 2):
        assert not families[one] & families[other]
    every = torch.cat([amounts.load_glyphs(split).images.flatten(0, 1) for split in SPLITS])
    assert len(torch.unique(every, dim=0)) > 0.98 * len(every)


def test_the_pack_holds_every_typeface_of_the_list_and_is_small():
    for split in SPLITS:
        glyphs = amounts.load_glyphs(split)
        named = [
            (face.rpartition(".")[0], family.name)
            for family in FAMILIES
            if family.split == split
            for face in family.faces
        ]
        assert list(zip(glyphs.faces, glyphs.families, strict=True)) == named
        assert glyphs.images.shape == (len(named), len(CHARACTERS), 28, 28)
    assert PACK.stat().st_size < 150_000


def test_a_typeface_that_is_here_gives_the_characters_of_the_pack():
    import matplotlib

    path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    glyphs = amounts.load_glyphs("train")
    packed = glyphs.images[glyphs.faces.index("DejaVuSans")].double()
    drawn = torch.from_numpy(draw_face(path)).double()
    assert (packed - drawn).abs().mean() < 2
    for other in set(range(len(glyphs.faces))) - {glyphs.faces.index("DejaVuSans")}:
        assert (glyphs.images[other].double() - drawn).abs().mean() > 2


def test_a_missing_typeface_is_named_with_its_package(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"DejaVuSans\.ttf.*fonts-dejavu-core"):
        pack([str(tmp_path)], tmp_path / "pack.npz")


def test_another_split_is_refused():
    with pytest.raises(ValueError, match="train, validation, test"):
        amounts.load_glyphs("all")


# Fields -----------------------------------------------------------------------------------


def test_a_seed_gives_the_same_fields_and_another_one_others(printed):
    glyphs = amounts.load_glyphs("test")
    again = amounts.draw_fields(glyphs, 40, others=0.3, seed=3)
    assert torch.equal(again.images, printed.images) and again.texts == printed.texts
    other = amounts.draw_fields(glyphs, 40, others=0.3, seed=4)
    assert other.texts != printed.texts


def test_fields_are_the_same_on_every_machine(printed, handwritten):
    sums = [int(fields.images.long().sum()) for fields in (printed, handwritten)]
    assert sums == SUMS
    assert printed.texts[:3] == handwritten.texts[:3] == TEXTS


SUMS = [7743182, 8287732]
TEXTS = ["$137.80", "$377,981.91", "***101,386.14**"]


def test_a_field_is_an_amount_or_has_no_worth(printed):
    assert all(
        (AMOUNT.fullmatch(text) is not None) == (cents is not None)
        for text, cents in zip(printed.texts, printed.cents, strict=True)
    )
    assert 0 < sum(cents is None for cents in printed.cents) < 25
    none = amounts.draw_fields(amounts.load_glyphs("train"), 30, seed=1)
    assert all(AMOUNT.fullmatch(text) for text in none.texts)


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("$**1,234.56**", 123456),
        ("0.07", 7),
        ("87.50", 8750),
        ("12/31/96", None),
        ("1,234", None),
        ("1.234", None),
        ("1,234.5", None),
        (".50", None),
        ("", None),
        ("5-0.10", None),
    ],
)
def test_what_a_text_is_worth(text, cents):
    assert amounts.cents_of(text) == cents


@pytest.mark.parametrize("kind", ["printed", "handwritten"])
def test_boxes_hold_the_ink_of_their_characters_from_left_to_right(kind, request):
    fields = request.getfixturevalue(kind)
    for image, text, boxes in zip(fields.images, fields.texts, fields.boxes, strict=True):
        ink = without_specks(image) >= INK
        inside = torch.zeros(image.shape[1], dtype=torch.bool)
        for left, right in boxes[: len(text)].tolist():
            assert 0 < right - left <= 33
            assert ink[:, left:right].any()
            inside[left:right] = True
        assert (boxes[len(text) :] == 0).all()
        # Three specks may touch; what remains outside is less than a character.
        assert ink[:, ~inside].sum() <= 4
        starts = boxes[: len(text), 0]
        assert (starts[1:] > starts[:-1]).all()


def test_handwritten_digits_are_those_of_the_pool(digits, handwritten):
    ones = Digits(digits.images[digits.labels == 1][:1].repeat(10, 1, 1), torch.arange(10))
    fields = amounts.draw_fields(amounts.load_glyphs("test"), 20, digits=ones, seed=3)
    figures = [
        int(right - left)
        for text, boxes in zip(fields.texts, fields.boxes, strict=True)
        for character, (left, right) in zip(text, boxes.tolist(), strict=False)
        if character.isdigit()
    ]
    assert max(figures) - min(figures) <= 4  # one digit at sizes of 0.85 to 1.15


def test_impossible_fields_are_refused(digits):
    glyphs = amounts.load_glyphs("test")
    with pytest.raises(ValueError, match="count"):
        amounts.draw_fields(glyphs, 0, seed=1)
    with pytest.raises(ValueError, match="others is 2"):
        amounts.draw_fields(glyphs, 1, others=2, seed=1)
    few = Digits(*(part[digits.labels != 7] for part in digits))
    with pytest.raises(ValueError, match="has no 7"):
        amounts.draw_fields(glyphs, 1, digits=few, seed=1)


# Grammar ----------------------------------------------------------------------------------


def written(text):
    """What the grammar writes for a text, or None."""
    graph = graphs.compose(graphs.from_string(text), GRAMMAR)
    return "".join(graphs.viterbi(graph).outputs) if graph.arcs else None


def test_the_grammar_allows_the_amounts_and_nothing_else():
    generator = torch.Generator().manual_seed(0)
    texts = ["0.00", "00.00", "012.34", "1,000.00", "1000.00", "1,00.00", "$$1.00", "*$1.00", "1.0"]
    texts += ["12,345,678.90*", "$*0.10**", "1.00-", "999.99", "1.000", ",100.00", "1,.00", "$.50"]
    weights = torch.tensor([*[2.0] * 10, 6, 10, 2, 2, 1, 1])
    for _ in range(600):
        length = int(torch.randint(4, 8, (), generator=generator))
        chosen = torch.multinomial(weights, length, replacement=True, generator=generator)
        texts.append("".join(CHARACTERS[k] for k in chosen))
    allowed = 0
    for text in texts:
        found, right = written(text), AMOUNT.fullmatch(text) is not None
        assert (found is not None) == right, text
        if right:
            allowed += 1
            assert (
                found == text.strip("$*").replace(",", "") == amounts.money(amounts.cents_of(text))
            )
    assert allowed > 12


def test_all_ways_to_write_an_amount_and_no_other_amount():
    graph = amounts.worth(123456)
    for text in ("1,234.56", "$1,234.56", "$**1,234.56**", "*1,234.56"):
        assert graphs.compose(graphs.from_string(text), graph).arcs
    for text in ("1234.56", "1,234.57", "234.56", "11,234.56"):
        assert not graphs.compose(graphs.from_string(text), graph).arcs


# Pieces -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "least"), [("printed", 0.97), ("handwritten", 0.95)])
def test_nearly_every_character_is_among_the_groups(kind, least, request):
    fields = request.getfixturevalue(kind)
    found = 0
    for image, text, boxes in zip(fields.images, fields.texts, fields.boxes, strict=True):
        classes = amounts.true_classes(amounts.cut_field(image), text, boxes, CHARACTERS)
        missing = set(text) - {CHARACTERS[k] for k in classes.tolist() if k != RUBBISH}
        found += len(text) - sum(text.count(character) for character in missing)
        assert (classes == RUBBISH).any()
    assert found >= least * sum(map(len, fields.texts))


def test_a_window_holds_the_ink_of_its_group_in_the_rows_of_the_field(printed):
    image = printed.images[0]
    clean, pieces = without_specks(image), amounts.cut_field(image)
    assert pieces.windows.shape == (len(pieces.cuts), 32, 32)
    last = max(right for _, right in pieces.cuts)
    assert min(left for left, _ in pieces.cuts) == 0
    single = [k for k, (left, right) in enumerate(pieces.cuts) if right == left + 1]
    assert [pieces.cuts[k] for k in single] == [(i, i + 1) for i in range(last)]
    # The pieces together are the field, row by row.
    assert torch.equal((pieces.windows[single] >= INK).sum((0, 2)), (clean >= INK).sum(1))
    for (left, right), window in zip(pieces.columns.tolist(), pieces.windows, strict=True):
        inked = (window >= INK).any(0).nonzero()[:, 0]
        assert int(inked[-1] - inked[0]) + 1 == right - left
        assert abs(int(inked[-1] + inked[0] + 1) - 32) <= 1


def test_specks_are_taken_off_and_points_are_not():
    image = torch.zeros(32, 40, dtype=torch.uint8)
    image[5, 5] = image[0, 39] = 255
    image[9, 30] = image[10, 31] = 255
    image[20:22, 20:22] = 200
    image[28, 3:7] = 250
    found = without_specks(image)
    stroke = [[28, x] for x in range(3, 7)]
    assert found.nonzero().tolist() == [[20, 20], [20, 21], [21, 20], [21, 21], *stroke]
    assert torch.equal(without_specks(image[None])[0], found)


def test_a_field_of_another_kind_is_refused():
    for image in (torch.zeros(32, 40), torch.zeros(28, 40, dtype=torch.uint8)):
        with pytest.raises(ValueError, match="draw_fields"):
            amounts.cut_field(image)
    with pytest.raises(ValueError, match="no ink"):
        amounts.cut_field(torch.zeros(32, 40, dtype=torch.uint8))


# Many fields at once ----------------------------------------------------------------------


def some_lattices(count=3):
    """Random segment graphs with penalties: cuts, pieces."""
    generator = torch.Generator().manual_seed(5)
    found = []
    for n in range(count):
        last = 7 + n
        cuts = [(i, j) for i in range(last) for j in range(i + 1, min(i + 3, last) + 1)]
        random = 3 * torch.rand(len(cuts), 16, generator=generator, dtype=torch.float64)
        found.append((cuts, random))
    return found


@pytest.mark.parametrize("best", [True, False])
def test_many_fields_at_once_cost_what_their_graphs_do(best):
    fields = some_lattices()
    many = lattices([cuts for cuts, _ in fields])
    every = torch.cat([p for _, p in fields]).requires_grad_()
    wanted = [amounts.worth(cents) for cents in (1234, 5, 123456)]
    for machines, each in (
        ([GRAMMAR], [GRAMMAR] * 3),
        ([amounts.any_text(CHARACTERS)], [amounts.any_text(CHARACTERS)] * 3),
        (wanted, wanted),
    ):
        found = path_penalties(many, every, acceptors(machines, CHARACTERS), best=best)
        (gradient,) = torch.autograd.grad(found.sum(), every)
        start = 0
        for n, ((cuts, penalties), grammar) in enumerate(zip(fields, each, strict=True)):
            penalties = penalties.clone().requires_grad_()
            reading = graphs.recognised(graphs.from_segments(cuts), penalties, CHARACTERS)
            graph = graphs.compose(reading, grammar)
            total = graphs.viterbi(graph).penalty if best else graphs.forward_penalty(graph)
            torch.testing.assert_close(found[n], total, atol=1e-6, rtol=0)
            (slope,) = torch.autograd.grad(total, penalties)
            part = gradient[start : start + len(cuts)]
            torch.testing.assert_close(part, slope, atol=1e-6, rtol=0)
            start += len(cuts)


def test_a_field_without_a_path_costs_too_much():
    short = lattices([[(0, 1), (1, 2)], [(0, 1), (1, 2), (2, 3), (3, 4)]])
    penalties = torch.zeros(6, 16, dtype=torch.float64)
    found = path_penalties(short, penalties, acceptors([GRAMMAR], CHARACTERS), best=True)
    assert found[0] >= FORBIDDEN and found[1] == 0


def test_the_answer_and_its_doubt_are_those_of_the_graphs():
    generator = torch.Generator().manual_seed(9)
    cuts = [(i, j) for i in range(7) for j in range(i + 1, min(i + 2, 7) + 1)]
    penalties = 4 + 2 * torch.rand(len(cuts), 16, generator=generator, dtype=torch.float64)
    for k, character in enumerate("$12.50*"):
        penalties[cuts.index((k, k + 1)), CHARACTERS.index(character)] = 0.1
    empty = torch.zeros(0)
    pieces = [amounts.Pieces(cuts, empty, empty), amounts.Pieces(cuts[:3], empty, empty)]
    answers = amounts.read_amounts(pieces, [penalties, penalties[:3]])
    assert answers.texts == ["$12.50*", ""] and answers.cents == [1250, None]
    reading = amounts.interpretation_graph(pieces[0], penalties)
    allowed = graphs.compose(reading, GRAMMAR)
    answer = graphs.forward_penalty(graphs.select(allowed, "12.50"))
    for doubt, graph in (
        (answers.doubt, reading),
        (answers.doubt_among_amounts, allowed),
    ):
        assert doubt[0].item() == pytest.approx((answer - graphs.forward_penalty(graph)).item())
        assert doubt[0] > 0 and doubt[1] == math.inf
    assert answers.doubt_among_amounts[0] < answers.doubt[0]


def test_rubbish_takes_its_part_of_the_probability():
    net = amounts.amount_net().eval()
    with torch.no_grad():
        net.output.bias[RUBBISH] = 9.0
        windows = torch.zeros(2, 32, 32, dtype=torch.uint8)
        penalties = amounts.character_penalties(net, windows)
    assert penalties.shape == (2, 16)
    assert (torch.exp(-penalties).sum(1) < 0.01).all()
    assert sum(p.numel() for p in net.parameters()) == 62_301
