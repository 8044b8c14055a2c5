"""The claims ledger: each number of the paper beside ours, and all records."""

import math
from collections.abc import Iterable
from html import escape

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from lenet_utils.figures.agreement import agreement
from lenet_utils.results.agreement import LEVEL
from lenet_utils.results.comparison import Entry, ledger
from lenet_utils.results.matrix import RECORDS, Row, matrix
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
        # As in a lesson, where the style sheet keeps its letters readable on a phone.
        drawn = f'<div class="cell_output">{self.picture()}</div>'
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

    @staticmethod
    def picture() -> str:
        """Return the matrix as a figure."""
        caption = (
            "Each row is an interpretation of the paper, each column a published value. c: "
            "coefficients; h: the start of the curvature at F6."
        )
        return agreement(matrix(), caption=caption)._repr_html_()


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
