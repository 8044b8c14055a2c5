"""Figures: the numbers behind them, their texts, and that they suit light and dark pages."""

import re

import pytest
import torch

from lenet_utils import TABLE_I, Evaluation, History, digit_codes, figures, layer_table, lenet5_1998

HISTORY = History([0.5, 0.2], [0.10, 0.03], [0.05, 0.04], [1.0, 1.0])
EVALUATION = Evaluation(
    0.5, torch.tensor([3, 8]), torch.zeros(2, 10), torch.eye(10).long(), torch.tensor([1])
)


def drawn() -> list[figures.Figure]:
    confusion = torch.eye(10).long() * 90
    confusion[4, 9] = 7
    return [
        figures.pictures(torch.rand(3, 28, 28), alt="three digits", caption="a <b> & c"),
        figures.wiring(TABLE_I),
        figures.glyphs(digit_codes()),
        figures.shares(layer_table(lenet5_1998(), (1, 32, 32))),
        figures.learning_curves(HISTORY),
        figures.confusion_matrix(confusion),
        figures.lines(
            {"ours": figures.Series([1, 2], [2.6, 2.2], [2.5, 2.1], [2.7, 2.3])},
            xlabel="pass",
            ylabel="error, %",
            alt="error falls from 2.6 to 2.2 %",
            log=True,
        ),
        figures.interval_plot(
            {"a": figures.Measured(0.9, 0.05, 0.95), "b": figures.Measured(1.2, float("nan"))},
            xlabel="test error, %",
        ),
        figures.answers(torch.rand(2, 28, 28), torch.tensor([3, 5]), EVALUATION, torch.arange(2)),
    ]


@pytest.fixture(scope="module")
def all_figures():
    return drawn()


def test_every_figure_is_drawn_in_the_colour_of_the_text_and_says_what_it_shows(all_figures):
    for figure in all_figures:
        html = figure._repr_html_()
        assert "currentColor" in figure.svg or "<image" in figure.svg
        assert not re.search(r"#0{6}|#f{6}(?![0-9a-f])|fill: white", figure.svg)
        assert 'role="img" aria-label="' in figure.svg
        assert len(figure.alt) > 10
        assert repr(figure) == f"Figure. {figure.alt}"
        assert not re.search(r"https?://(?!www\.w3\.org)", html)
    assert "a &lt;b&gt; &amp; c" in all_figures[0]._repr_html_()


def test_the_lines_of_a_long_name_end_at_the_axis():
    names = {"a": 1.0, "a long name\nin two lines": 1.2}
    rows = {name: figures.Measured(mean, 0.1) for name, mean in names.items()}
    svg = figures.interval_plot(rows, xlabel="test error, %").svg
    ends = re.findall(r'text-anchor: end[^>]*? x="([\d.]+)"[^>]*>([^<]+)<', svg)
    assert [text for _, text in ends] == ["a", "a long name", "in two lines"]
    assert len({x for x, _ in ends}) == 1


def test_figures_can_stand_in_one_page(all_figures):
    ids = [id_ for figure in all_figures for id_ in re.findall(r' id="([^"]+)"', figure.svg)]
    assert len(ids) == len(set(ids))
    for figure in all_figures:
        used = set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', figure.svg))
        assert {a or b for a, b in used} <= set(re.findall(r' id="([^"]+)"', figure.svg))


def test_the_same_data_give_the_same_drawing():
    torch.manual_seed(0)
    first = drawn()
    torch.manual_seed(0)
    assert [figure.svg for figure in first] == [figure.svg for figure in drawn()]


def test_shares_are_those_of_the_table(all_figures):
    shares = all_figures[3].arrays
    assert shares["parameters"].sum().item() == pytest.approx(1)
    assert shares["parameters"][4].item() == pytest.approx(48_120 / 60_000)
    assert shares["connections"][0].item() == pytest.approx(122_304 / 340_908)
    assert "c5 80.2% of the parameters" in all_figures[3].alt


def test_wires_curves_and_answers_are_told_in_words(all_figures):
    assert "60 wires: 6 read 3, 9 read 4, 1 read 6" in all_figures[1].alt
    assert "validation, after each epoch: from 5.00% to 4.00%" in all_figures[4].alt
    assert "4 read as 9, 7 times" in all_figures[5].alt
    assert "3; 8, not 5" in all_figures[-1].alt
    assert "a 0.90, paper 0.95; b 1.20" in all_figures[7].alt


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="got 0 curves"):
        figures.lines({}, xlabel="", ylabel="", alt="")
    with pytest.raises(ValueError, match=r"expected \(N, H, W\)"):
        figures.pictures(torch.zeros(28, 28), alt="")
    with pytest.raises(ValueError, match="2 titles; expected 1, one for each picture"):
        figures.pictures(torch.zeros(1, 28, 28), ["a", "b"], alt="")


@pytest.mark.parametrize(("least", "label"), [(0.5, "0.5|1|2"), (1e-9, r"1e.0\d|0\.0*1|1")])
def test_logarithmic_scales_have_numbers(least, label):
    falling = {"loss": figures.Series([0.5, 1.5], [3.0, least])}
    figure = figures.lines(falling, xlabel="step", ylabel="loss", alt="it falls", log=True)
    assert len(set(re.findall(f">({label})</text>", figure.svg))) >= 3


def test_confusions_can_have_names_and_a_time():
    confusion = torch.eye(3).long() * 9
    confusion[2, 0] = 4
    figure = figures.confusion_matrix(confusion, "ABC", when="After pass 3.")
    assert figure.alt.startswith("After pass 3. ")
    assert "C read as A, 4 times" in figure.alt
    with pytest.raises(ValueError, match="2 names; expected 3"):
        figures.confusion_matrix(confusion, "AB")
    assert "There is no mistake." in figures.confusion_matrix(torch.eye(3).long()).caption
