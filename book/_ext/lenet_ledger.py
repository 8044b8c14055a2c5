"""The claims ledger: each number of the paper beside ours, all records, and numbers in sentences.

In a sentence, so that no number of ours is typed in:

- `{cell}` with mean, one run, p or word, a published value and an interpretation of the paper:
  "mean | test error at the end | coefficients 0.5, curvature x 4, Eq. 8"
- `{row}` with inside, compared, seeds, p or verdict, and an interpretation: "p | by the letter"
- `{record}` with a record, a variant, and a measurement at the end or after an epoch:
  "training-size | 15,000, j = 1, 80 epochs | train_error"
"""

import math
from collections.abc import Callable, Iterable
from functools import cache
from html import escape

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole

from lenet_utils.figures.agreement import agreement
from lenet_utils.results.agreement import LEVEL
from lenet_utils.results.comparison import Entry, ledger
from lenet_utils.results.intervals import Mean
from lenet_utils.results.matrix import RECORDS, Cell, Row, matrix
from lenet_utils.results.records import FOLDER, Record, load_record, record_path

NO_BREAK = "\N{NO-BREAK SPACE}"
LEDGER_HEAD = ("", "where", "paper", "ours, mean", "one run of ours", "the paper's lies", "p")


class LedgerTable(SphinxDirective):
    """A part of the ledger: `{ledger} NAME` with `counts` or `figure-9`."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return how the numbers were made, and the table."""
        name = self.arguments[0]
        entries = [entry for entry in ledger() if entry.part == name]
        if not entries:
            known = ", ".join(dict.fromkeys(entry.part for entry in ledger()))
            raise self.error(f"the ledger has no part {name!r}; it has {known}.")
        return [*made_by(name), table(LEDGER_HEAD, map(ledger_row, entries), "lenet-ledger")]


class Interpretations(SphinxDirective):
    """Every interpretation of the paper by every published value: the picture and the tables."""

    def run(self) -> list[nodes.Node]:
        """Return the figure, a folded table for each interpretation, and what was not run."""
        rows = matrix()
        names = [row.name for row in rows if row.compared]
        caption = (
            "Each row is an interpretation of the paper, each column a published value. c: "
            "coefficients; h: the start of the curvature at F6."
        )
        # As in a lesson, where the style sheet keeps its letters readable on a phone.
        drawn = f'<div class="cell_output">{agreement(rows, caption=caption)._repr_html_()}</div>'
        found: list[nodes.Node] = [nodes.raw("", drawn, format="html"), *made_by(RECORDS[0])]
        entries = ledger()
        for row in (row for row in rows if row.compared):
            found.append(nodes.raw("", f"<details>{summary(row)}", format="html"))
            own = (entry for entry in entries if entry.part == row.name)
            found.append(table(LEDGER_HEAD, map(ledger_row, own), "lenet-ledger"))
            found.append(nodes.raw("", "</details>", format="html"))
        left = [row.name for row in rows if row.name not in names]
        if left:
            words = f"Not run: {'; '.join(left)}."
            found.append(nodes.paragraph("", words))
        return found


def summary(row: Row) -> str:
    """Return the line under which the table of an interpretation is folded."""
    excluded = row.probability is not None and row.probability <= LEVEL
    words = "excluded as a whole" if excluded else "not excluded as a whole"
    text = f"{row.name}: {row.inside} of {len(row.compared)} inside, {words}"
    return f"<summary>{escape(text)}, corrected p {probability(row.probability)}</summary>"


def ledger_row(entry: Entry) -> list[nodes.Node]:
    """Return the cells of one line of the ledger."""
    paper, ours = entry.shown()
    verdict, one_run = entry.verdict, "-"
    scale, digits = (100, 2) if entry.unit == "error" else (1, 0)
    if entry.unit == "rate" and entry.ours:
        mean, half_width, n = entry.ours
        paper, ours = rate(entry.paper), f"{rate(mean, half_width)} (n = {n})"
        one_run = f"{rate(verdict.low)} to {rate(verdict.high)}"
    elif verdict.probability is not None:
        low, high = scale * verdict.low, scale * verdict.high
        one_run = f"{max(low, 0.0):.{digits}f} to {high:.{digits}f}"
        one_run += ", by rank" if verdict.by_rank else ""
    cells = (entry.where, paper, ours, one_run)
    kind = "lenet-verdict-" + verdict.word.replace(" ", "-")
    word = nodes.inline("", verdict.word, classes=["lenet-verdict", kind])
    texts = [nodes.Text(cell.replace(" ", NO_BREAK)) for cell in cells]
    return [nodes.Text(entry.what), *texts, word, nodes.Text(probability(verdict.probability))]


def probability(value: float | None) -> str:
    """Return a probability to two digits; below a thousandth that is all that is said."""
    if value is None:
        return "-"
    return "< 0.001" if value < 0.001 else f"{value:.2g}"


def rate(value: float, half_width: float | None = None) -> str:
    """Return a learning rate as a multiple of a power of ten: 7.0 ± 0.2 · 10⁻⁵."""
    power = math.floor(math.log10(value))
    scaled = [f"{x / 10**power:.1f}" for x in (value, half_width) if x is not None]
    exponent = str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{' ± '.join(scaled)} · 10{exponent}"


@cache
def rows() -> dict[str, Row]:
    """Return the matrix, once for all numbers in sentences."""
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
    return _either(cell.published.is_rate, cell.ours) if cell.ours else "not run"


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


def _either(is_rate: bool, mean: Mean) -> str:
    if is_rate:
        return rate(*mean[:2])
    return mean.percent().partition(" (")[0] if mean.n > 1 else f"{100 * mean.mean:.2f} %"


class Number(SphinxRole):
    """A number in a sentence, from the records: see this module's own description."""

    def __init__(self, find: Callable[..., str]):
        super().__init__()
        self.find = find

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return it as text, or say what there is not."""
        try:
            found = self.find(*(part.strip() for part in self.text.split("|")))
        except (KeyError, TypeError, ValueError) as error:
            words = f"{self.name} {self.text!r} names nothing that was measured: {error!r}"
            message = self.inliner.reporter.error(words, line=self.lineno)
            return [self.inliner.problematic(self.rawtext, self.rawtext, message)], [message]
        return [nodes.inline("", found.replace(" ", NO_BREAK), classes=["lenet-number"])], []


def made_by(name: str) -> list[nodes.Node]:
    """Say which command makes a record, in how many runs, and where it was run."""
    if name == "counts":
        return [nodes.literal_block("", "layer_table(lenet5_1998(), (1, 1, 32, 32))")]
    command = f"python -m lenet_research run {name}"
    parts: list[nodes.Node] = [nodes.literal_block(command, command, language="sh")]
    if record_path(name).exists():
        record = load_record(name)
        used = [record.environments[i] for i in sorted({r.environment for r in record.finished()})]
        where = "; ".join(dict.fromkeys(e["device"].rpartition(",")[0] for e in used))
        torch = ", ".join(dict.fromkeys(e["torch"].partition("+")[0] for e in used))
        text = f"{effort(record)}, on {where} with PyTorch {torch}."
        parts.append(nodes.paragraph("", text))
    return parts


def effort(record: Record) -> str:
    """Say how many runs a record holds, and how long they took."""
    runs = record.finished()
    minutes = sum(run.seconds for run in runs) / 60
    took = f"{minutes:.0f} minutes" if minutes < 90 else f"{minutes / 60:.0f} hours"
    return f"{len(runs)} runs, {took} in all"


class RecordList(SphinxDirective):
    """A table of all records that the package ships."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        records = [load_record(path.stem) for path in sorted(FOLDER.glob("*.json"))]
        rows = (
            [nodes.literal("", r.experiment), *map(nodes.Text, (r.title, r.source, effort(r)))]
            for r in records
        )
        return [table(("name", "what it asks", "paper", "runs"), rows, "lenet-records")]


def table(head: Iterable[str], rows: Iterable[list[nodes.Node]], kind: str) -> nodes.table:
    """Return a table of cells that hold one inline node each."""
    titles = [nodes.Text(title) for title in head]
    group = nodes.tgroup("", cols=len(titles))
    group += [nodes.colspec(colwidth=1) for _ in titles]
    group += nodes.thead("", _row(titles))
    group += nodes.tbody("", *map(_row, rows))
    return nodes.table("", group, classes=["table", kind])


def _row(cells: Iterable[nodes.Node]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells))


def setup(app: Sphinx) -> None:
    """Connect the above."""
    app.add_directive("ledger", LedgerTable)
    app.add_directive("interpretations", Interpretations)
    app.add_directive("records", RecordList)
    app.add_role("cell", Number(of_cell))
    app.add_role("row", Number(of_row))
    app.add_role("record", Number(of_record))
