"""Pages that are computed: the ledger says what the records say, times and links are right."""

import json
import math
import re
import statistics
import sys
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT
from contents import chapters, lessons
from masters import masters as masters_in
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from lenet_utils import layer_table, lenet5_1998
from lenet_utils.results.comparison import CLAIMS, ledger
from lenet_utils.results.matrix import PUBLISHED, matrix

sys.path.insert(0, str(ROOT / "book" / "_ext"))
import lenet_ledger
import lesson_times
import paper_places

LESSONS = lessons()
RECORDS = ROOT / "lenet_utils" / "records"
COUNTS = {entry.what for entry in ledger() if entry.part == "counts"}


class Rows(HTMLParser):
    """The rows of all tables of a page, as lists of text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self.inside = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.rows[-1][-1] += data.replace("\N{NO-BREAK SPACE}", " ").strip("\n")


def from_record(entry) -> list[float] | None:
    """Return one number a seed, read from the record's file without the package's help."""
    if entry.part == "figure-9":
        claim = next(claim for claim in CLAIMS if claim.what == entry.what)
        record, variant, measure, at_epoch = "figure-9", claim.variant, claim.measure, None
    else:
        row = next(row for row in matrix() if row.name == entry.part)
        published = next(p for p in PUBLISHED if p.what == entry.what)
        if published.training != 60_000 or row.record is None:
            return None
        record, variant = row.record.experiment, row.variant
        measure, at_epoch = published.measure, published.at_epoch
    runs = json.loads((RECORDS / f"{record}.json").read_text(encoding="utf-8"))["runs"]
    runs = [run for run in runs if run["variant"] == variant and run["final"] is not None]
    if at_epoch is not None:
        return [run["curves"][measure][at_epoch - 1] for run in runs]
    return [run["final"].get(measure) or run["curves"][measure][-1] for run in runs]


def expected_numbers(entry, values: list[float]) -> list[float]:
    """Return the numbers that the ledger should show for a claim: mean, interval, seeds."""
    from scipy.stats import t

    mean, n = statistics.fmean(values), len(values)
    if entry.unit == "count":
        return [mean]
    if n == 1:
        return [100 * mean, 1]
    half_width = t.ppf(0.975, n - 1) * statistics.stdev(values) / math.sqrt(n)
    scale = 100 if entry.unit == "error" else 10 ** -math.floor(math.log10(mean))
    return [scale * mean, scale * half_width, n]


def shown(page: str) -> dict[tuple[str, str], list[str]]:
    """Return the lines of the ledger by their part and by what they are of."""
    parts = list(dict.fromkeys(entry.part for entry in ledger()))
    found: dict[tuple[str, str], list[str]] = {}
    tables = re.split(r'(?=<table class="[^"]*lenet-ledger)', page)[1:]
    for part, table in zip(parts, tables, strict=True):
        for row in Rows(table.partition("</table>")[0]).rows:
            if len(row) == 7 and row[0]:
                assert (part, row[0]) not in found
                found[part, row[0]] = row
    return found


def differences(page: str) -> list[str]:
    """Return the entries whose numbers on a page are not those of the records."""
    lines, wrong = shown(page), []
    for entry in ledger():
        if entry.part == "counts" or (values := from_record(entry)) is None:
            continue
        cell = re.sub(r" · 10[⁻⁰-⁹¹²³]+", "", lines[entry.part, entry.what][3]).replace(",", "")
        numbers = [float(x) for x in re.findall(r"\d+\.?\d*", cell)]
        expected = expected_numbers(entry, values)
        # Half a unit of the last digit shown, and what the interval's approximation may differ.
        tolerance = {"count": 0.5, "error": 0.0052, "rate": 0.052}[entry.unit]
        if len(numbers) != len(expected) or any(
            abs(a - b) > tolerance for a, b in zip(numbers, expected, strict=True)
        ):
            wrong.append(f"{entry.part}, {entry.what}: {cell!r}, the record says {expected}")
    return wrong


@pytest.fixture(scope="module")
def claims_page(site) -> str:
    return (site / "book" / "claims.html").read_text(encoding="utf-8")


def test_the_ledger_page_says_what_the_records_say(claims_page):
    assert differences(claims_page) == []


def test_another_number_on_the_ledger_page_is_noticed(claims_page):
    first = next(row.name for row in matrix() if row.record is not None)
    number = shown(claims_page)[first, "test error at the end"][3].split(" ")[0]
    changed = claims_page.replace(number, f"{float(number) + 0.02:.2f}")
    assert any(line.startswith(f"{first}, test error at the end") for line in differences(changed))


def test_the_ledger_page_shows_every_claim_once_with_its_verdict(claims_page):
    lines = shown(claims_page)
    for entry in ledger():
        line = lines[entry.part, entry.what]
        assert (line[1], line[5]) == (entry.where, entry.verdict.word)
        assert line[6] == lenet_ledger.probability(entry.verdict.probability)
    assert len(lines) == len(ledger())


def test_the_counts_on_the_ledger_page_are_the_networks(claims_page):
    lines = {what: line for (part, what), line in shown(claims_page).items() if part == "counts"}
    table = layer_table(lenet5_1998(), (1, 32, 32))
    assert set(lines) == COUNTS
    assert lines["parameters, LeNet-5"][3] == f"{table.parameters:,}" == "60,000"
    assert lines["connections, LeNet-5"][3] == f"{table.connections:,}" == "340,908"


def test_the_ledger_page_has_the_picture_of_all_that_was_run(claims_page):
    for row in matrix():
        if row.compared:
            assert f"{row.name}: {row.inside} of {len(row.compared)} inside" in claims_page
        else:
            assert row.name in claims_page.partition("Not run: ")[2].partition("</p>")[0]


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "-"), (0.5, "0.5"), (0.0314, "0.031"), (0.0009, "< 0.001")]
)
def test_probabilities(value, shown):
    assert lenet_ledger.probability(value) == shown


def test_the_ledger_page_names_every_record(claims_page):
    names = [path.stem for path in RECORDS.glob("*.json")]
    listed = [row[0] for row in Rows(claims_page).rows if len(row) == 4]
    assert set(names) <= set(listed)


@pytest.mark.parametrize(
    ("value", "half_width", "shown"),
    [(0.016, None, "1.6 · 10⁻²"), (7e-5, 2.4e-6, "7.0 ± 0.2 · 10⁻⁵"), (1.0, None, "1.0 · 10⁰")],
)
def test_rates(value, half_width, shown):
    assert lenet_ledger.rate(value, half_width) == shown


def lesson(tmp_path: Path, *cells: nbformat.NotebookNode) -> Path:
    path = tmp_path / "lesson.ipynb"
    nbformat.write(new_notebook(cells=list(cells)), path)
    return path


def test_what_is_measured_of_a_lesson(tmp_path):
    head = new_markdown_cell("# Title here\n\n| Time |\n| --- |\n| 25 minutes, or so |")
    figure = new_output("display_data", data={"text/html": '<figure class="lenet-figure">'})
    text = "Six words [are](long/link.md) in `this` line.\n\n:::{exercise} Do it\n:label: a-b\n:::"
    path = lesson(
        tmp_path,
        head,
        new_code_cell("a = 1\n\nb = 2", outputs=[figure]),
        new_code_cell("hidden\nhidden", metadata={"tags": ["hide-cell"]}),
        new_markdown_cell(text),
        new_markdown_cell("Last.\n\n## Quiz\n\nNot counted as words."),
    )
    found = lesson_times.measure(path)
    assert found == lesson_times.Measured(
        words=2 + 5 + 6 + 3 + 1, code_cells=1, code_lines=2, figures=1, exercises=1, quizzes=1
    )
    assert found.reading == pytest.approx(17 / 200 + 2 / 10 + 0.5)
    assert found.working == 8
    assert found.minutes == 10
    assert lesson_times.stated(path) == 25


def test_a_lesson_without_minutes_is_refused(tmp_path):
    path = lesson(tmp_path, new_markdown_cell("# Title"))
    with pytest.raises(ValueError, match=r"lesson.ipynb states no minutes"):
        lesson_times.stated(path)


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_the_minutes_stated_are_the_minutes_measured(path):
    assert abs(lesson_times.stated(path) - lesson_times.measure(path).minutes) <= 10


def test_the_status_page_has_every_lesson(site):
    page = (site / "book" / "status.html").read_text(encoding="utf-8")
    rows = {row[0]: row for row in Rows(page).rows}
    for path in LESSONS:
        title = nbformat.read(path, 4).cells[0].source.partition("\n")[0].removeprefix("# ")
        assert rows[title][1] == str(lesson_times.measure(path).minutes)


def test_places_of_the_paper_that_a_lesson_names(tmp_path):
    text = "Eq. 7, 8 and 9 (pp. 40-42), then Eq.\n8 (p. 9), Table I, Fig. 5, Figs. 11 and 12"
    text += "; Section II-A"
    path = lesson(tmp_path, new_markdown_cell(text), new_code_cell("# Eq. 21 (p. 41)"))
    assert paper_places.mentions(path, "Eq.") == ["Eq. 7", "Eq. 8", "Eq. 9"]
    assert paper_places.mentions(path, "p.") == ["p. 40", "p. 41", "p. 42", "p. 9"]
    assert paper_places.mentions(path, "Fig.") == ["Table I", "Fig. 5", "Fig. 11", "Fig. 12"]
    assert paper_places.mentions(path, "Section") == ["Section II-A"]
    with pytest.raises(ValueError, match="kind is 'Chapter'; expected one of Section, Eq"):
        paper_places.mentions(path, "Chapter")


def test_places_of_the_paper_come_in_its_order():
    places = ["p. 10", "p. 9", "Section VII", "Section II-A", "Section II", "Section X"]
    found = sorted(places, key=paper_places.order)
    assert found == ["Section II", "Section II-A", "Section VII", "Section X", "p. 9", "p. 10"]


def test_the_page_of_the_paper_leads_to_the_lessons(site):
    page = (site / "book" / "paper.html").read_text(encoding="utf-8")
    rows = dict(row for row in Rows(page).rows if len(row) == 2)
    assert "Layer by layer" in rows["Table I"]
    assert "Training as in 1998" in rows["p. 41"]
    assert rows["Eq. 9"].split(", ")[0] == "The output that measures distances"


def glossary_terms() -> list[str]:
    text = (ROOT / "book" / "glossary.md").read_text(encoding="utf-8").split("```")[1]
    return [line for line in text.splitlines()[1:] if line and line[0] not in " :"]


def test_the_glossary_has_a_lesson_for_each_term():
    text = (ROOT / "book" / "glossary.md").read_text(encoding="utf-8").split("```")[1]
    entries = re.split(r"\n(?=[^\s:])", text)[1:]
    assert len(entries) == len(set(glossary_terms())) >= 40
    for entry in entries:
        assert re.search(r"\]\(\.\./notebooks/\d\d_\w+\.ipynb\)", entry), entry
        words = re.sub(r"\s+", " ", entry.partition("\n")[2])
        assert len(re.findall(r"[.?!](?: |$)", words)) <= 4, entry


def test_lessons_link_terms_that_exist(site):
    ids = set(
        re.findall(
            r'<dt id="(term-[^"]+)"', (site / "book/glossary.html").read_text(encoding="utf-8")
        )
    )
    assert len(ids) == len(glossary_terms())
    linked: set[str] = set()
    for path in LESSONS:
        used = re.findall(r"glossary\.md#(term-[\w-]+)", path.read_text(encoding="utf-8"))
        assert used, f"{path.stem} links no term"
        assert "{term}" not in path.read_text(encoding="utf-8")
        linked |= set(used)
    assert linked == ids


def test_exercises_have_the_numbers_that_checks_and_slides_call_them_by(site):
    for path in LESSONS:
        page = (site / "notebooks" / f"{path.stem}.html").read_text(encoding="utf-8")
        labels = re.findall(r":label: ex-(\d+)-(\d)", path.read_text(encoding="utf-8"))
        shown = re.findall(r"Exercise (\d+\.\d)", page)
        assert labels and shown == [f"{int(lesson)}.{number}" for lesson, number in labels]


def teaching_guide() -> str:
    return (ROOT / "book" / "teaching.md").read_text(encoding="utf-8")


def test_the_teaching_guide_says_of_assignments_what_they_say():
    rows = re.findall(r"^\| `(a\d_\w+)` \| ([\d to]+) \|", teaching_guide(), re.M)
    masters = masters_in(ROOT / "assignments" / "source")
    assert [name for name, _ in rows] == [path.stem for path in masters]
    for (_, minutes), path in zip(rows, masters, strict=True):
        head = nbformat.read(path, 4).cells[0].source
        assert re.search(r"^\| ([\d to]+) minutes \| 20 \|", head, re.M)[1] == minutes


def test_the_teaching_guide_names_what_exists(site):
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    named = re.findall(r"(?:^ *|`|&& )make (\w+)", teaching_guide(), re.M)
    assert {"assignments", "book", "grade"} <= set(named) <= targets
    with zipfile.ZipFile(site / "lenet5-rebuilt.zip") as archive:
        names = set(archive.namelist())
    needed = ("index.html", "slides/part4.html", "slides/slides.js", "book/live.html")
    assert {f"lenet5-rebuilt/{name}" for name in needed} <= names


def test_the_teaching_guide_has_every_lesson_and_misconceptions_for_it():
    parts = re.split(r"```\{lesson\} (\w+)\n```\n", teaching_guide())[1:]
    assert parts[::2] == [path.stem for path in LESSONS]
    for name, text in zip(parts[::2], parts[1::2], strict=True):
        table = text.partition("\n\n```")[0].partition("\n## ")[0]
        assert len(re.findall(r"^\| (?!misc|---)", table, re.M)) >= 2, name
        assert f"ex-{name[:2]}-" in table, name


def test_every_lesson_is_named_in_the_opening_of_its_part():
    for _, (opening, *rest) in chapters():
        if not opening.startswith("book/part"):
            continue
        text = (ROOT / f"{opening}.md").read_text(encoding="utf-8")
        places = [text.find(name.rpartition("/")[2]) for name in rest]
        assert -1 not in places, f"{opening} names not all of {rest}"
        assert places == sorted(places), f"{opening} has another order than the contents"
