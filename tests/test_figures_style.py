"""A figure is the book's own, whatever the reader has set in matplotlib."""

import hashlib
import inspect
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import matplotlib
import pytest
import torch
from matplotlib import rcParams, style

from lenet_research.related_networks import lenet1
from lenet_utils import (
    TABLE_I,
    Evaluation,
    History,
    digit_codes,
    figures,
    layer_table,
    lenet5_1998,
)
from lenet_utils.figures import Figure
from lenet_utils.graphs import from_columns, posteriors
from lenet_utils.photos import Photo, Step
from lenet_utils.results.agreement import Verdict
from lenet_utils.results.matrix import PUBLISHED, Cell, Row
from lenet_utils.segmentation import find_cuts

PICTURES = torch.linspace(-1, 1, 5 * 28 * 28).view(5, 28, 28).abs()
STRING = (255 * PICTURES[0]).to(torch.uint8)
HYPOTHESES = from_columns(torch.arange(6.0).view(2, 3))
TABLE = layer_table(lenet5_1998(), (1, 32, 32))
ANSWERS = Evaluation(
    0.5, torch.tensor([3, 8]), torch.zeros(2, 10), torch.eye(10).long(), torch.tensor([1])
)
DRAW: dict[str, Callable[[], Figure]] = {
    "agreement": lambda: figures.agreement(
        [Row("a", tuple(Cell(p, None, Verdict("above"), 0.01, "") for p in PUBLISHED), None, "")]
    ),
    "answers": lambda: figures.answers(
        PICTURES[:2], torch.tensor([3, 5]), ANSWERS, torch.arange(2)
    ),
    "by_layer": lambda: figures.by_layer(["C1", "F6"], {"trained": [0.1, 0.8]}, ylabel="between"),
    "confusion_matrix": lambda: figures.confusion_matrix(torch.arange(100).view(10, 10)),
    "convolution_step": lambda: figures.convolution_step(
        torch.arange(25.0).view(5, 5), torch.eye(3), (1, 2)
    ),
    "outcomes": lambda: figures.outcomes({"a bank": (50, 1, 49), "ours": (90, 0.5, 9.5)}),
    "costs": lambda: figures.costs({"repaired": [0.11, 0.12], "sorted": [0.85, 0.9]}),
    "cuts": lambda: figures.cuts(STRING, find_cuts(STRING), alt="a string"),
    "curves": lambda: figures.curves(
        [0, 1, 2], {"max": [0.0, 0.2, 0.3]}, xlabel="shift", ylabel="change", percent=True
    ),
    "feature_maps": lambda: figures.feature_maps(
        PICTURES[0], {"c1": PICTURES[:3] - 0.5, "c5": PICTURES.view(-1, 1, 1)[:120]}, alt="maps"
    ),
    "glyphs": lambda: figures.glyphs(digit_codes(), list("0123456789")),
    "graph": lambda: figures.graph(HYPOTHESES, gradients=posteriors(HYPOTHESES), best=[0, 3]),
    "interval_plot": lambda: figures.interval_plot(
        {"a": figures.Measured(0.9, 0.05, 0.95), "b": figures.Measured(1.2, float("nan"))},
        xlabel="test error, %",
    ),
    "learning_curves": lambda: figures.learning_curves(
        History([0.5, 0.2], [0.10, 0.03], [0.05, 0.04], [1.0, 1.0])
    ),
    "lines": lambda: figures.lines(
        {
            "ours": figures.Series([1, 2], [2.6, 2.2], [2.5, 2.1], [2.7, 2.3]),
            "paper": figures.Series([1, 2], [3, 2]),
        },
        xlabel="epoch",
        ylabel="error, %",
        alt="error falls from 2.6 to 2.2 %",
        log=True,
    ),
    "panels": lambda: figures.panels(
        [PICTURES[0], torch.eye(5)], ["digit", "kernel"], alt="both", signed=[1], numbers=[1]
    ),
    "photo_outcomes": lambda: figures.photo_outcomes(
        {"printed": {"right": 9, "refused": 1}, "blank": {"refused": 8, "wrong": 2}}, ["printed"]
    ),
    "photo_steps": lambda: figures.photo_steps(
        Photo(
            PICTURES[0], (Step("picture", PICTURES[0], "a PNG"), Step("ink", PICTURES[1], "dark"))
        )
    ),
    "pictures": lambda: figures.pictures(PICTURES, list("abcde"), alt="five pictures"),
    "answer_and_distances": lambda: figures.answer_and_distances(
        PICTURES[0], torch.arange(10.0), what="A 0, upright", highest=10
    ),
    "shares": lambda: figures.shares(TABLE),
    "size_and_work": lambda: figures.size_and_work(
        {"LeNet-5": TABLE, "LeNet-1": layer_table(lenet1(), (1, 28, 28))}
    ),
    "columns_of_answers": lambda: figures.columns_of_answers(
        torch.zeros(32, 48), torch.zeros(5, 11), alt="an empty field"
    ),
    "fields": lambda: figures.fields(PICTURES[:2], ["1", "2"], alt="two fields"),
    "windows": lambda: figures.windows(PICTURES[0], {"C1": (3, 7, 4, 8)}, alt="a frame"),
    "wiring": lambda: figures.wiring(TABLE_I),
}


@pytest.fixture(scope="module")
def usual() -> dict[str, str]:
    with style.context("default", after_reset=True):
        return {name: draw().svg for name, draw in DRAW.items()}


@contextmanager
def everything_else() -> Iterator[None]:
    """Another value of nearly every setting that there is."""
    with matplotlib.rc_context():
        for name, value in matplotlib.rcParamsDefault.items():
            others = (not value,) if isinstance(value, bool) else ()
            if isinstance(value, int | float) and not isinstance(value, bool):
                others = (value * 2 + 1, value / 2)
            if isinstance(value, str) and not name.startswith("backend"):
                others = ("red", "bold", "center", "right", "--", "path")
            if isinstance(value, list):
                others = (value[::-1], ["cursive"])
            for other in others:
                with suppress(ValueError, TypeError, RuntimeError):
                    rcParams[name] = other
                    break
        yield


SETTINGS = {
    "dark_background": lambda: style.context("dark_background"),
    "ggplot": lambda: style.context("ggplot"),
    "usetex": lambda: matplotlib.rc_context({"text.usetex": True, "font.family": "serif"}),
    "everything else": everything_else,
}


def test_all_functions_that_draw_are_tried_here():
    functions = {name for name in figures.__all__ if inspect.isfunction(getattr(figures, name))}
    assert functions == set(DRAW)


@pytest.mark.parametrize("settings", SETTINGS)
def test_no_setting_of_the_reader_changes_a_figure(settings, usual, recwarn):
    with SETTINGS[settings]():
        before = dict(rcParams)
        for name, draw in DRAW.items():
            assert draw().svg == usual[name], name
        with pytest.raises(ValueError, match="expected"):
            figures.pictures(torch.zeros(28, 28), alt="")
        assert dict(rcParams) == before
    assert not [warning for warning in recwarn if "font" in str(warning.message)]


def test_a_matplotlibrc_of_the_readers_own_changes_no_figure(usual, tmp_path):
    (tmp_path / "matplotlibrc").write_text(
        "text.usetex: True\nfont.family: No Such Font\nsvg.fonttype: path\nsavefig.dpi: 30\n"
        "savefig.bbox: tight\nsavefig.transparent: False\nlines.linewidth: 7\n"
        "axes.prop_cycle: cycler('color', ['red'])\nimage.cmap: jet\nimage.origin: lower\n"
        "figure.constrained_layout.use: False\naxes.grid: True\nbackend: pdf\n",
        encoding="utf-8",
    )
    program = (
        "import test_figures_style as t\n"
        "for name, draw in t.DRAW.items(): print(name, t.digest(draw().svg))"
    )
    here = Path(__file__).parent
    answer = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "MATPLOTLIBRC": str(tmp_path), "PYTHONPATH": f"{here}:{here.parent}"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    drawn = dict(line.split() for line in answer.stdout.splitlines())
    assert drawn == {name: digest(svg) for name, svg in usual.items()}


def digest(svg: str) -> str:
    return hashlib.sha256(svg.encode()).hexdigest()
