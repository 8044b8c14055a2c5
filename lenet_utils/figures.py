"""The figures of the lessons, in one style, for light and dark pages.

Each function returns a `Figure`: an SVG whose lines and letters take the colour of the text
around them, a text that says what is to be seen, and the arrays that were drawn.
"""

import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from lenet_utils.accounting import LayerTable
from lenet_utils.evaluation import Evaluation
from lenet_utils.training import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Told apart by the colour-blind, and at least 3:1 against a white and against a dark page.
BLUE, ORANGE, GREEN, PURPLE = "#3b82c4", "#d55e00", "#009e73", "#b05aa0"
# Matplotlib wants a colour; this one, used nowhere else, is replaced by `currentColor`.
_INK = "#010203"
_WIDTH = 6.9  # inches at 100 dots: the text column of the book


@dataclass(frozen=True)
class Figure:
    """A figure that a notebook shows, with what it shows.

    Attributes:
        svg: the drawing.
        alt: what is to be seen, for readers who do not see it.
        caption: what to notice.
        arrays: the numbers behind it, by name.
    """

    svg: str
    alt: str
    caption: str
    arrays: dict[str, Any] = field(repr=False, default_factory=dict)

    def __repr__(self) -> str:
        return f"Figure. {self.alt}"

    def _repr_html_(self) -> str:
        return (
            f'<figure class="lenet-figure" role="group">'
            f"{self.svg}<figcaption>{escape(self.caption)}</figcaption></figure>"
        )


def pictures(
    images: Tensor,
    titles: Sequence[str] | None = None,
    *,
    alt: str,
    caption: str = "",
    columns: int = 8,
    signed: bool = False,
) -> Figure:
    """Draw pictures side by side, ink white on black; all share one grey scale.

    Args:
        images: (N, H, W), any number type.
        titles: a line above each picture.
        alt: what is to be seen.
        caption: what to notice.
        columns: pictures in a row.
        signed: draw negative values blue and positive ones red, zero dark.

    Raises:
        ValueError: pictures of another shape, or titles of another number.
    """
    if images.dim() != 3 or len(images) == 0:
        raise ValueError(f"images have shape {tuple(images.shape)}; expected (N, H, W), N > 0.")
    if titles is not None and len(titles) != len(images):
        raise ValueError(f"got {len(titles)} titles for {len(images)} pictures.")
    values = images.detach().float().cpu()
    columns = min(columns, len(values))
    rows = -(-len(values) // columns)
    size = _WIDTH / max(columns, 4)
    figure, axes = _subplots(
        rows, columns, size * columns, rows * (size + (0.3 if titles else 0.02))
    )
    limit = values.abs().max().item() or 1.0
    low, high = (-limit, limit) if signed else (values.min().item(), values.max().item())
    for i, axis in enumerate(axes.flat):
        axis.axis("off")
        if i < len(values):
            _show(axis, values[i], low, high, signed)
            if titles is not None:
                axis.set_title(titles[i], fontsize=9, pad=3)
    return _render(figure, alt, caption, images=values)


def wiring(table: Tensor) -> Figure:
    """Draw which S2 maps feed each C3 map: Table I as wires.

    Args:
        table: bool, (C3 maps, S2 maps), such as `TABLE_I`.

    Source: Table I, p. 8.
    """
    outputs, inputs = table.shape
    figure, axes = _subplots(1, 1, _WIDTH, 3.0)
    axis = axes[0, 0]
    top = [(i + 0.5) * outputs / inputs for i in range(inputs)]
    sizes = table.sum(1).tolist()
    colours = dict(zip(sorted(set(sizes)), (BLUE, GREEN, ORANGE, PURPLE), strict=False))
    for c3 in range(outputs):
        for s2 in table[c3].nonzero()[:, 0].tolist():
            axis.plot([top[s2], c3 + 0.5], [1, 0], color=colours[sizes[c3]], lw=1.2, alpha=0.9)
        axis.text(c3 + 0.5, -0.12, str(c3), ha="center", va="center", fontsize=9)
    for s2 in range(inputs):
        axis.text(top[s2], 1.12, str(s2), ha="center", va="center", fontsize=9)
    axis.text(-0.2, 1.12, "S2 map", ha="right", va="center", fontsize=9)
    axis.text(-0.2, -0.12, "C3 map", ha="right", va="center", fontsize=9)
    for i, (size, colour) in enumerate(colours.items()):
        axis.text(i * 5 + 0.5, -0.34, f"reads {size} maps", color=colour, fontsize=9)
    axis.set(xlim=(-1.8, outputs), ylim=(-0.42, 1.2))
    axis.axis("off")
    groups = ", ".join(f"{sizes.count(size)} read {size}" for size in colours)
    return _render(
        figure,
        f"{inputs} S2 maps above, {outputs} C3 maps below, joined by {int(table.sum())} wires: "
        f"{groups} of the S2 maps.",
        "Table I as wires. Each wire is one 5x5 kernel, slid over a whole map.",
        table=table,
    )


def glyphs(codes: Tensor, titles: Sequence[str] | None = None, *, caption: str = "") -> Figure:
    """Draw vectors of 84 states as 7x12 pictures, as Fig. 3 does.

    Args:
        codes: float, (N, 84); +1 is ink.
        titles: a line above each; by default 0, 1, 2, ...
        caption: what to notice.

    Source: Fig. 3, p. 9.
    """
    names = list(titles) if titles is not None else [str(i) for i in range(len(codes))]
    rows = [
        f"{name}: {int((code > 0).sum())} of {code.numel()} cells are ink"
        for name, code in zip(names, codes, strict=True)
    ]
    # A margin, since some drawings reach the edge and white ink would melt into a white page.
    return pictures(
        F.pad(codes.view(-1, 12, 7), (1, 1, 1, 1), value=-1),
        names,
        columns=10,
        alt="Seven by twelve drawings. " + "; ".join(rows) + ".",
        caption=caption,
    )


def shares(table: LayerTable) -> Figure:
    """Draw each layer's share of the parameters and of the connections, as bars."""
    names = [layer.name for layer in table]
    parameters = torch.tensor([layer.parameters for layer in table]) / table.parameters
    connections = torch.tensor([layer.connections for layer in table]) / table.connections
    figure, axes = _subplots(1, 1, _WIDTH, max(2.8, 0.4 * len(names)))
    axis = axes[0, 0]
    y = torch.arange(len(names)).numpy()
    for offset, share, colour, label in (
        (-0.19, parameters, BLUE, "of the parameters"),
        (0.19, connections, ORANGE, "of the connections"),
    ):
        axis.barh(y + offset, share.numpy() * 100, 0.36, color=colour, label=label)
        for at, value in zip(y, share.tolist(), strict=True):
            axis.text(value * 100 + 0.8, at + offset, f"{value:.1%}", va="center", fontsize=8)
    axis.set_yticks(y, [name.upper() if len(name) == 2 else name for name in names])
    axis.invert_yaxis()
    axis.set(xlim=(0, 92), xlabel="share of the whole network, %")
    axis.legend(frameon=False, loc="lower right")
    _open(axis)
    each = "; ".join(
        f"{name} {p:.1%} of the parameters and {c:.1%} of the connections"
        for name, p, c in zip(names, parameters.tolist(), connections.tolist(), strict=True)
    )
    return _render(
        figure,
        f"Bars for each layer: {each}.",
        "Parameters sit at the end of the network, connections at its beginning.",
        parameters=parameters,
        connections=connections,
    )


def learning_curves(history: History) -> Figure:
    """Draw training and validation error after each epoch, as in Fig. 5 (p. 11)."""
    epochs = list(range(1, len(history) + 1))
    figure, axes = _subplots(1, 1, _WIDTH, 3.0)
    axis = axes[0, 0]
    curves = {"training, while learning": (history.train_error, BLUE, "o")}
    if history.validation_error:
        curves["validation, after each epoch"] = (history.validation_error, ORANGE, "s")
    for label, (errors, colour, marker) in curves.items():
        percent = [100 * error for error in errors]
        axis.plot(epochs, percent, color=colour, marker=marker, ms=4, lw=1.5, label=label)
    axis.set(xlabel="epoch", ylabel="error, %")
    _logarithmic(axis, "y")
    axis.set_xticks(epochs if len(epochs) < 21 else epochs[:: len(epochs) // 10])
    axis.legend(frameon=False)
    _open(axis)
    parts = "; ".join(
        f"{label}: from {errors[0]:.2%} to {errors[-1]:.2%}"
        for label, (errors, _, _) in curves.items()
    )
    return _render(
        figure,
        f"Error over {len(epochs)} epochs on a logarithmic scale. {parts}.",
        "Both errors fall; the gap that opens at the end is what the network has learnt by heart.",
        train_error=history.train_error,
        validation_error=history.validation_error,
    )


def confusion_matrix(confusion: Tensor) -> Figure:
    """Draw how often each digit (row) was answered as each other digit (column).

    Args:
        confusion: int64 (classes, classes), as in `Evaluation.confusion`.
    """
    mistakes = confusion.clone().fill_diagonal_(0)
    figure, axes = _subplots(1, 1, 5.0, 5.0)
    axis = axes[0, 0]
    _show(axis, mistakes, 0, max(1, int(mistakes.max())), signed=False)
    for label in range(len(confusion)):
        for answer in range(len(confusion)):
            count = int(confusion[label, answer])
            if count:
                dark = label == answer or mistakes[label, answer] < mistakes.max() / 2
                colour = "#f2f2f2" if dark else "#101010"
                size = 7 if label == answer else 9
                axis.text(
                    answer, label, count, color=colour, ha="center", va="center", fontsize=size
                )
    axis.set_xticks(range(len(confusion)))
    axis.set_yticks(range(len(confusion)))
    axis.set(xlabel="the network's answer", ylabel="the digit")
    label, answer = divmod(int(mistakes.argmax()), len(confusion))
    worst = f"The commonest mistake: {label} read as {answer}, {int(mistakes.max())} times."
    return _render(
        figure,
        f"A table of digits against answers. {int(confusion.trace())} of {int(confusion.sum())} "
        f"are on the diagonal, answered rightly. {worst}",
        f"Bright squares are mistakes, the diagonal holds the right answers. {worst}",
        confusion=confusion,
    )


def answers(
    images: Tensor,
    labels: Tensor,
    evaluation: Evaluation,
    indices: Tensor,
    *,
    caption: str = "",
    columns: int = 4,
) -> Figure:
    """Draw digits with the network's answers, and with their labels where these differ.

    Args:
        images: (N, H, W), of which `indices` are drawn.
        labels: int64 (N,).
        evaluation: what `evaluate` returned for all N.
        indices: int64, which ones to draw.
        caption: what to notice.
        columns: pictures in a row.
    """
    titles = []
    for i in indices.tolist():
        truth, answer = int(labels[i]), int(evaluation.predictions[i])
        titles.append(f"{answer}" if truth == answer else f"{answer}, not {truth}")
    wrong = sum("not" in title for title in titles)
    return pictures(
        images[indices],
        titles,
        columns=columns,
        alt=f"{len(titles)} digits, {wrong} of them answered wrongly. "
        f"The answers, row by row: {'; '.join(titles)}.",
        caption=caption,
    )


class Series(NamedTuple):
    """A curve: y over x, with a band from low to high where these are given."""

    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None


def lines(
    series: dict[str, Series],
    *,
    xlabel: str,
    ylabel: str,
    alt: str,
    caption: str = "",
    log: bool = False,
    height: float = 3.0,
) -> Figure:
    """Draw up to four curves, told apart by colour, marker and dash.

    Args:
        series: curves by the name that the legend gives them.
        xlabel: what x is, with its unit.
        ylabel: what y is, with its unit.
        alt: what is to be seen.
        caption: what to notice.
        log: draw y on a logarithmic scale.
        height: in inches; the width is that of the page.

    Raises:
        ValueError: no curve, or more than can be told apart.
    """
    if not 1 <= len(series) <= len(_STROKES):
        raise ValueError(f"got {len(series)} curves; expected 1 to {len(_STROKES)}.")
    figure, axes = _subplots(1, 1, _WIDTH, height)
    axis = axes[0, 0]
    for (label, curve), stroke in zip(series.items(), _STROKES, strict=False):
        if curve.low is not None and curve.high is not None:
            axis.fill_between(curve.x, curve.low, curve.high, color=stroke["color"], alpha=0.25)
        axis.plot(curve.x, curve.y, ms=4, lw=1.5, label=label, **stroke)
    axis.set(xlabel=xlabel, ylabel=ylabel)
    if log:
        _logarithmic(axis, "y")
    if all(float(x).is_integer() for curve in series.values() for x in curve.x):
        axis.xaxis.get_major_locator().set_params(integer=True)
    if len(series) > 1:
        axis.legend(frameon=False)
    _open(axis)
    return _render(figure, alt, caption, **{name: curve.y for name, curve in series.items()})


class Measured(NamedTuple):
    """A mean, half the width of its 95% interval, and the paper's number where there is one."""

    mean: float
    half_width: float
    paper: float | None = None


def intervals(
    rows: dict[str, Measured], *, xlabel: str, alt: str = "", caption: str = "", log: bool = False
) -> Figure:
    """Draw means with their intervals, one row each, and the paper's numbers as diamonds.

    Args:
        rows: measurements by the name that stands at the left.
        xlabel: what is measured, with its unit.
        alt: what is to be seen; by default every row in words.
        caption: what to notice.
        log: draw on a logarithmic scale.
    """
    figure, axes = _subplots(1, 1, _WIDTH, 0.8 + 0.27 * len(rows))
    axis = axes[0, 0]
    compared = any(row.paper is not None for row in rows.values())
    for at, row in enumerate(rows.values()):
        width = 0.0 if math.isnan(row.half_width) else row.half_width
        axis.errorbar(
            row.mean, at, xerr=width, color=BLUE, fmt="o", ms=5, capsize=3, lw=1.5,
            label="ours, 95% interval" if at == 0 else None,
        )  # fmt: skip
        if row.paper is not None:
            first = next(i for i, r in enumerate(rows.values()) if r.paper is not None)
            axis.plot(
                row.paper, at, color=ORANGE, marker="D", ms=6, mfc="none", ls="",
                label="the paper" if at == first else None,
            )  # fmt: skip
    axis.set_yticks(range(len(rows)), list(rows))
    axis.invert_yaxis()
    axis.set(xlabel=xlabel)
    if log:
        _logarithmic(axis, "x")
    axis.grid(axis="x", alpha=0.2)
    if compared:
        axis.legend(frameon=False, loc="best")
    _open(axis)
    words = "; ".join(
        f"{name} {row.mean:.2f}" + (f", paper {row.paper:.2f}" if row.paper is not None else "")
        for name, row in rows.items()
    )
    return _render(figure, alt or f"{xlabel}: {words}.", caption, rows=rows)


def _subplots(rows: int, columns: int, width: float, height: float) -> tuple[Any, Any]:
    from matplotlib import rc_context
    from matplotlib.figure import Figure as Canvas

    with rc_context(_STYLE):
        figure = Canvas(figsize=(width, height), layout="constrained")
        figure.get_layout_engine().set(w_pad=0.02, h_pad=0.02, wspace=0.02, hspace=0.02)
        return figure, figure.subplots(rows, columns, squeeze=False)


def _show(axis: "Axes", picture: Tensor, low: float, high: float, signed: bool) -> None:
    cmap = "berlin" if signed else "gray"
    axis.imshow(picture.numpy(), cmap=cmap, vmin=low, vmax=high, interpolation="none")


def _logarithmic(axis: "Axes", which: Literal["x", "y"]) -> None:
    """Draw on a logarithmic scale with ticks at 1, 2 and 5 times a power of ten."""
    from matplotlib.ticker import LogLocator, NullLocator

    getattr(axis, f"set_{which}scale")("log")
    ticks = axis.xaxis if which == "x" else axis.yaxis
    ticks.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ticks.set_minor_locator(NullLocator())
    ticks.set_major_formatter("{x:g}")


def _open(axis: "Axes") -> None:
    axis.spines[["top", "right"]].set_visible(False)


_STROKES: tuple[dict[str, Any], ...] = (
    {"color": BLUE, "marker": "o", "ls": "-"},
    {"color": ORANGE, "marker": "s", "ls": "--"},
    {"color": GREEN, "marker": "^", "ls": "-."},
    {"color": PURPLE, "marker": "v", "ls": ":"},
)

_STYLE = {
    "figure.dpi": 100,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "font.size": 10,
    "text.color": _INK,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "svg.fonttype": "none",
}


def _render(figure: Any, alt: str, caption: str, **arrays: Any) -> Figure:
    """Turn a drawing into an SVG that can stand in a page beside others."""
    from matplotlib import rc_context
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        if text.get_color() == "black":
            text.set_color(_INK)
    buffer = io.StringIO()
    # The salt makes the names of clip paths the same in every run, and other in every figure.
    with rc_context(_STYLE | {"svg.hashsalt": alt}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<style .*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"\s*\n\s*", " ", svg)
    svg = re.sub(r' id="(image[0-9a-f]+|[a-zA-Z0-9.]+_\d+)"', "", svg)
    svg = re.sub(r'(<svg [^>]*?)width="([\d.]+)pt" height="([\d.]+)pt"', _sized, svg, count=1)
    svg = svg.replace(_INK, "currentColor")
    label = f'<svg role="img" aria-label="{escape(alt)}" '
    return Figure(svg.replace("<svg ", label, 1).strip(), alt, caption, arrays)


def _sized(match: re.Match[str]) -> str:
    # At most the size drawn, and narrower where the page is.
    return f'{match[1]}style="width:100%;max-width:{float(match[2]) * 4 / 3:.0f}px;height:auto"'
