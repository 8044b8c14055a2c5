"""Numbers and pictures of the report, from the records, so that none of ours is typed in.

In a sentence, parts set off by a semicolon:

- `{cell}` with mean, one run, p or word, a published value and an interpretation of the paper:
  "mean; test error at the end; coefficients 0.5, curvature x 4, Eq. 8"
- `{row}` with inside, compared, seeds, p or verdict, and an interpretation: "p; by the letter"
- `{record}` with a record, a variant, and a measurement at the end or after an epoch:
  "training-size; 15,000, j = 1, 80 epochs; train_error"
- `{less}` with a record, a variant, another record, its variant, and a measurement: the difference,
  the second less the first, in percentage points
"""

from collections.abc import Callable
from functools import cache

from docutils import nodes
from lenet_ledger import NO_BREAK, Interpretations, probability, rate
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole

from lenet_utils import figures
from lenet_utils.figures import Series
from lenet_utils.results.agreement import LEVEL, locate
from lenet_utils.results.intervals import Mean, difference
from lenet_utils.results.matrix import PUBLISHED, Cell, Row, matrix
from lenet_utils.results.records import load_record

CURVES = {
    "ours, Eq. 9 with j = 1": "coefficients 0.5, curvature x 4, j = 1",
    "ours, Eq. 8": "coefficients 0.5, curvature x 4, Eq. 8",
}


@cache
def rows() -> dict[str, Row]:
    """Return the matrix, once for all numbers."""
    return {row.name: row for row in matrix()}


def of_row(what: str, name: str) -> str:
    """Return what a sentence says of an interpretation as a whole."""
    row = rows()[name]
    excluded = row.probability is not None and row.probability <= LEVEL
    return {
        "inside": str(row.inside),
        "compared": str(len(row.compared)),
        "seeds": str(max((cell.verdict.n for cell in row.compared), default=0)),
        "p": probability(row.probability),
        "verdict": "excluded" if excluded else "not excluded",
    }[what]


def of_cell(what: str, published: str, name: str) -> str:
    """Return what a sentence says of a published value under an interpretation."""
    (cell,) = (c for c in rows()[name].cells if c.published.what == published)
    return {"mean": _mean, "one run": _one_run, "p": _chance, "word": _word}[what](cell)


def _mean(cell: Cell) -> str:
    return _either(cell.published.is_rate, cell.ours) if cell.ours else cell.verdict.word


def _one_run(cell: Cell) -> str:
    low, high = cell.verdict.low, cell.verdict.high
    if cell.published.is_rate:
        return f"{rate(low)} to {rate(high)}"
    return f"{100 * max(low, 0.0):.2f} to {100 * high:.2f} %"


def _chance(cell: Cell) -> str:
    return probability(cell.verdict.probability)


def _word(cell: Cell) -> str:
    return cell.verdict.word


def of_record(name: str, variant: str, measure: str, at_epoch: str = "") -> str:
    """Return the mean over the seeds of a record, with its interval."""
    mean = load_record(name).mean(measure, variant, int(at_epoch) if at_epoch else None)
    return _either(measure.startswith("rate"), mean)


def of_difference(name: str, variant: str, other: str, its: str, measure: str) -> str:
    """Return the second mean less the first, with the interval of the difference."""
    found = (load_record(n).values(measure, v) for n, v in ((name, variant), (other, its)))
    return difference(*found).points()


def _either(is_rate: bool, mean: Mean) -> str:
    if is_rate:
        return rate(*mean[:2])
    return mean.percent().partition(" (")[0] if mean.n > 1 else f"{100 * mean.mean:.2f} %"


class Number(SphinxRole):
    """A number in a sentence; the build fails where nothing of that name was measured."""

    def __init__(self, find: Callable[..., str]):
        super().__init__()
        self.find = find

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return it as text that no line breaks in the middle of a short one."""
        try:
            found = self.find(*(part.strip() for part in self.text.split(";")))
        except (KeyError, TypeError, ValueError) as error:
            words = f"{self.name} {self.text!r} names nothing that was measured: {error!r}"
            message = self.inliner.reporter.error(words, line=self.lineno)
            return [self.inliner.problematic(self.rawtext, self.rawtext, message)], [message]
        text = found if "," in found else found.replace(" ", NO_BREAK)
        return [nodes.inline("", text, classes=["lenet-number"])], []


class Picture(SphinxDirective):
    """A figure of the report: `{report-picture} matrix` or `fig5`."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the figure as in a lesson, where the style sheet keeps its letters readable."""
        drawn = {"matrix": Interpretations.picture, "fig5": fig5}[self.arguments[0]]()
        html = f'<div class="cell"><div class="cell_output">{drawn}</div></div>'
        return [nodes.raw("", html, format="html")]


def fig5() -> str:
    """Return the test errors of Fig. 5 beside those of two interpretations."""
    paper = [100 * p.value for p in PUBLISHED if p.measure == "test_error" and p.at_epoch]
    epochs = list(range(1, len(paper) + 1))
    shown = {"the paper": Series(epochs, paper)}
    for name, interpretation in CURVES.items():
        row = rows()[interpretation]
        runs = row.record.curves("test_error", row.variant) if row.record else []
        mean, low, high = [], [], []
        for values in list(zip(*runs, strict=True))[: len(epochs)]:
            middle = sum(values) / len(values)
            found = locate(middle, values)
            for part, value in zip((mean, low, high), (middle, *found[1:3]), strict=True):
                part.append(100 * value)
        shown[name] = Series(epochs, mean, low, high)
    return figures.lines(
        shown,
        xlabel="epoch",
        ylabel="test error, %",
        log=True,
        height=3.2,
        alt="Test error over ten epochs, three curves on a logarithmic scale. The paper's falls "
        "from 2.6 to 0.95 percent and stays within the bands of both of ours.",
        caption="Fig. 5 of the paper, and the two interpretations that come closest, each with "
        "the band in which 95% of single runs lie. The paper's run stays inside both bands.",
    )._repr_html_()


def setup(app: Sphinx) -> None:
    """Connect the above."""
    app.add_directive("report-picture", Picture)
    app.add_role("cell", Number(of_cell))
    app.add_role("row", Number(of_row))
    app.add_role("record", Number(of_record))
    app.add_role("less", Number(of_difference))
