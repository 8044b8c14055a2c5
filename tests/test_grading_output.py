"""What students wrote reaches a browser and a spreadsheet only after it was made harmless."""

import csv
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from conftest import ROOT
from grading_corpus import ASSIGNMENT, after, answers, find, write_course
from harmless import LONGEST, Harmless, typed
from hypothesis import given, settings
from hypothesis import strategies as st
from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell
from test_grading import Graded, command

sys.path.insert(0, str(ROOT / "assignments" / "grading"))

import sanitise
from course import Course
from sanitise import from_cell, plain, rendered, to_cell

EVIL = "http://evil.example"
# Each would run a script, ask the host, or lead there.
ATTACKS = [
    f"<script>window.hit = 1; fetch('{EVIL}/a')</script>",
    "<scr<script>ipt>window.hit = 2</scr</script>ipt>",
    f"<img src=x onerror='window.hit = 3'><img src='{EVIL}/b.png'>![a]({EVIL}/c.png)",
    f"<svg onload='window.hit = 4'><image href='{EVIL}/d'/><style>*{{background:url({EVIL}/e)}}",
    f"<iframe srcdoc='<script>parent.hit = 5</script>'></iframe><iframe src='{EVIL}/f'></iframe>",
    "[click](javascript:window.hit=6) <a href='javascript:window.hit=7'>click</a>",
    "<a href='data:text/html,<script>window.hit=8</script>'>click</a>",
    f"<base href='{EVIL}/'><meta http-equiv=refresh content='0; url={EVIL}/g'>",
    f"<form action='{EVIL}/h'><button autofocus onfocus='window.hit = 9'>click</button></form>",
    f"<div style='position:fixed;inset:0;background:url({EVIL}/i)'>20 of 20 points</div>",
    f"<link rel=stylesheet href='{EVIL}/j'><object data='{EVIL}/k'></object>",
    f"<video autoplay poster='{EVIL}/l'><source src='{EVIL}/m' onerror='window.hit = 10'></video>",
    "<details open ontoggle='window.hit = 11'>x</details><input onfocus='window.hit=12' autofocus>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 "
    "onerror=window.hit=13&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=window.hit=14>'></noscript>",
    "$$ x $$<script>window.hit = 15</script> $\\href{javascript:window.hit=16}{click}$",
    "    $$\n\n<script>window.hit = 17</script>\n\n    $$",
    "</pre></td></table></main><script>window.hit = 18</script>",
    "```mermaid\ngraph LR; A[<img src=x onerror='window.hit=19'>]\n```",
    "<textarea></textarea><plaintext><xmp><script>window.hit = 20</script>",
    f"[a]: {EVIL}/n\n\n[a] <{EVIL}/o> <link rel=dns-prefetch href='//evil.example'>",
    "\\begin{a}<script>window.hit = 21</script>\\end{a}",
    "\\\\[ <img src=x onerror=window.hit=22> \\\\]",
    "<template><script>window.hit = 23</script></template><a ping=x href=http://evil.example>p</a>",
]  # fmt: skip
ESSAY = "\n\n".join(["# My answer, H<sub>2</sub>O and **bold**", *ATTACKS, "The end."])
CLICK = """() => {
    for (const one of document.querySelectorAll("a, button, summary, input, form")) one.click();
    return [window.hit ?? null, location.href, document.querySelectorAll("a, form, img").length];
}"""


@pytest.fixture
def watched(browser: Any) -> Iterator[Any]:
    """A page, and the addresses that it asks for, less those that its policy has stopped."""
    context = browser.new_context()
    page, asked = context.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    page.on("requestfailed", lambda r: r.failure == "csp" and asked.remove(r.url))
    yield page, asked
    context.close()


def hostile(notebook: NotebookNode) -> None:
    """Answer rightly, and attack whoever looks at it."""
    shows = (
        "from IPython.display import HTML, SVG, Javascript, Markdown, Latex, display\n"
        f"for attack in {ATTACKS!r}:\n"
        "    for kind in (HTML, Markdown, Latex, Javascript):\n"
        "        display(kind(attack))\n"
        "    print(attack)\n"
    )
    name = "type('E<script>window.hit=30</script>' + 'x' * 5_000_000, (Exception,), {})"
    after(
        "q1_counts", shows, f"raise {name}('<img src={EVIL}/p onerror=window.hit=31>\\x1b[31m')",
        "raise ValueError('\\ud800 half a letter')", "raise ValueError('y' * 5_000_000)",
        *["<script>window.hit = 32</script>"] * 60, q4_why=ESSAY,
    )(notebook)  # fmt: skip
    notebook.cells.insert(1, new_raw_cell(ESSAY))
    notebook.cells.insert(2, new_markdown_cell(ESSAY))


HOSTILE_NAME = "=cmd()+<img src=x onerror=window.hit=33>\u202e"


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    folder = tmp_path_factory.mktemp("output")
    course, output = write_course(folder / "course"), folder / "graded"
    release = Course.build(course, output / "course").releases[ASSIGNMENT]
    submissions = folder / "submissions"
    submissions.mkdir()
    changes = {HOSTILE_NAME: hostile, "plain": answers(), "twin": answers()}
    for name, change in changes.items():
        notebook = nbformat.from_dict(json.loads(nbformat.writes(release)))
        change(notebook)
        if name == "twin":
            find(notebook, "q2_side_test").source = "pass"
        nbformat.write(notebook, submissions / f"{name}.ipynb")
    done = run(submissions, course, output)
    return Graded(course, output, done.stdout, list(changes))


def run(submissions: Path, course: Path, output: Path) -> Any:
    done = subprocess.run(
        command(submissions, course, output, "--cell-seconds 20"),
        capture_output=True, encoding="utf-8", timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def page_of_the_attacker(graded: Graded) -> Path:
    (path,) = (p for p in (graded.output / ASSIGNMENT / "feedback").iterdir() if "cmd" in p.name)
    return path


def test_a_hostile_submission_earns_what_it_is_worth(graded: Graded) -> None:
    row = next(row for row in graded.rows() if "cmd" in row["student"])
    assert [row[f"q{n}"] for n in ("1_counts_test", "2_side_test", "3_layer_test")] == [
        "2",
        "3",
        "3",
    ]


def test_a_feedback_page_runs_nothing_and_asks_nobody(graded: Graded, watched: Any) -> None:
    page, asked = watched
    path = page_of_the_attacker(graded)
    page.goto(path.as_uri())
    page.wait_for_timeout(300)
    assert page.evaluate(CLICK) == [None, path.as_uri(), 0]
    assert asked == [path.as_uri()]
    assert page.locator(".answer sub").inner_text() == "2"
    # What the sanitiser takes out can be read all the same.
    written = page.locator("details pre").text_content()
    assert ATTACKS[0] in written and written.endswith("The end.")
    assert path.stat().st_size < 200_000


def test_the_policy_of_a_page_stops_what_gets_past_the_sanitiser(
    graded: Graded, watched: Any, tmp_path: Path
) -> None:
    page, asked = watched
    text = page_of_the_attacker(graded).read_text(encoding="utf-8")
    (tmp_path / "x.html").write_text(text.replace("</main>", ESSAY), encoding="utf-8")
    page.goto((tmp_path / "x.html").as_uri())
    page.wait_for_timeout(300)
    assert page.evaluate("() => window.hit ?? null") is None
    # A policy does not keep a page from leading elsewhere; that is the sanitiser's part.
    assert not [url for url in asked if "evil" in url and not url.endswith("/g")]


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_taken_out_by_the_sanitiser_alone(attack: str) -> None:
    for html in (rendered(attack), rendered(f"> - {attack}"), rendered(f"|a|\n|-|\n|{attack}|")):
        tags = re.findall(r"</?([^>]*)>", html)
        assert len(tags) == html.count("<")
        assert set(tags) <= sanitise.TAGS  # as they are: none has an attribute


@pytest.mark.parametrize(
    "text", ["[" * 20_000, "![" * 9_000, "a <?" * 5_000, "[a]: /u\n" * 2_000 + "[a]" * 2_000,
             "<div>" * 5_000, "> " * 9_000, "*a " * 6_000, "|a" * 5_000 + "\n" + "|-" * 5_000],
)  # fmt: skip
def test_any_markdown_gives_a_small_page(text: str) -> None:
    assert len(rendered(text)) < 150_000


def test_formgrader_finds_no_html_of_a_students(graded: Graded, watched: Any) -> None:
    page, asked = watched
    (path,) = (graded.output / "course").glob("autograded/*cmd*/*/*.ipynb")
    draw(page, nbformat.read(path, 4), path.parent)
    page.wait_for_timeout(300)
    assert page.evaluate("() => window.hit ?? null") is None
    assert not [url for url in asked if "evil" in url]
    assert page.locator("[href*=evil], [href^=javascript]").count() == 0
    assert ATTACKS[0] in page.inner_text("body")


def draw(page: Any, notebook: NotebookNode, folder: Path) -> None:
    """Draw a notebook as nbgrader's formgrader does, with nbconvert's template."""
    html, _ = HTMLExporter(template_name="classic").from_notebook_node(notebook)
    (folder / "drawn.html").write_text(html, encoding="utf-8", errors="xmlcharrefreplace")
    page.goto((folder / "drawn.html").as_uri(), wait_until="domcontentloaded")


def evil_notebook() -> NotebookNode:
    """A notebook that nbgrader alone has graded, with the outputs of the student's code."""
    data = {kind: "<script>window.hit = 1</script>" for kind in
            ("text/html", "image/svg+xml", "text/markdown", "text/latex", "application/javascript",
             "text/plain")}  # fmt: skip
    data["image/png"] = "' onerror='window.hit = 1"
    outputs = [
        new_output("display_data", data=data), new_output("stream", text=ESSAY),
        new_output("error", ename="E", evalue=ESSAY, traceback=[ESSAY]),
    ]  # fmt: skip
    code = new_code_cell(ESSAY, outputs=outputs, metadata={"magics_language": "x' onclick='hit=1"})
    cells = [new_markdown_cell(ESSAY), new_raw_cell(ESSAY), code]
    cells += [new_markdown_cell(attack) for attack in ATTACKS]
    cells[0]["attachments"] = {"a.png": {"image/png": EVIL}}
    return new_notebook(cells=cells, metadata={"title": ESSAY, "language_info": {"name": ESSAY}})


def test_the_step_for_nbgrader_alone_is_enough(watched: Any, tmp_path: Path) -> None:
    page, asked = watched
    draw(page, new_notebook(cells=[new_markdown_cell(ATTACKS[0])]), tmp_path)
    assert page.evaluate("() => window.hit") == 1  # the attack works without the step
    notebook, _ = Harmless().preprocess(evil_notebook(), {})
    asked.clear()
    draw(page, notebook, tmp_path)
    page.wait_for_timeout(300)
    assert page.evaluate("() => window.hit ?? null") is None
    assert not [url for url in asked if "evil" in url]
    assert "image/png" not in notebook.cells[2].outputs[0].data


def test_the_course_uses_the_step() -> None:
    config = (ROOT / "assignments" / "nbgrader_config.py").read_text(encoding="utf-8")
    assert "c.Autograde.autograde_preprocessors" in config
    assert len(typed("x" * (LONGEST + 10_000))) < LONGEST + 200


CELLS = [
    "=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "\n=1", " =1", "   \t =1", '"=1"', "'=1",
    "''=1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff20a", "\ufe661", "\xa0=1", "\u3000=1",
    "\u200e=1", "-2+3+cmd|' /C calc'!A0", "a;=1", "a\t=1", "a\r\n=1", "Ada; -x", "-", "+", "-5",
    "1e5", "'t Hooft", "O'Neill", "", "'", "a\nb", 'a "b", c', "\u05d0\u200f", "=" * 40_000,
]  # fmt: skip


def first_letters(text: str) -> list[str]:
    """What a spreadsheet takes for the first letters of cells, whatever it splits lines at."""
    parts = [text]
    for split in ";\t\r\n":
        parts = [piece for part in parts for piece in part.split(split)]
    return [part.strip(' "\xa0\u3000\u200e\u200f')[:1] for part in parts]


@pytest.mark.parametrize("text", CELLS, ids=range(len(CELLS)))
def test_a_cell_is_no_formula_and_comes_back(text: str, tmp_path: Path) -> None:
    cell = to_cell(text)
    if not sanitise.NUMBER.fullmatch(text):
        assert not set(first_letters(cell)) & set("=+-@\uff1d\uff0b\uff0d\uff20\ufe66")
        assert cell[:1] not in "\t\r\n" or not cell
    with (tmp_path / "x.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerow([cell, "next"])
    with (tmp_path / "x.csv").open(newline="", encoding="utf-8") as file:
        (back,) = csv.reader(file)
    assert back[1] == "next"
    if len(text) < 30_000:
        assert from_cell(back[0]) == text
    assert len(cell) < 32_767


@given(st.text(st.sampled_from("=+-@'\" \t\r\n;a1\uff1d\u200e"), max_size=12))
@settings(max_examples=500, deadline=None)
def test_any_cell_comes_back(text: str) -> None:
    assert from_cell(to_cell(text)) == text


@pytest.mark.parametrize(
    "letter",
    ["\0", "\x1b", "\x85", "\u200b", "\u202e", "\u2066", "\u2028", "\ufeff", "\ud800", "\udcff"],
)
def test_what_cannot_be_seen_is_shown_as_its_number(letter: str) -> None:
    shown = plain(f"a{letter}b", 10)
    assert shown == f"a\\u{{{ord(letter):x}}}b"
    assert to_cell(f"a{letter}b") == shown
    assert letter not in rendered(f"a{letter}b &#{ord(letter)};")
    shown.encode()


def test_what_can_be_seen_stays() -> None:
    text = "Zo\u00eb \u5f20\u4f1f \u0645\u06cc\u200c\u062e \U0001f469\u200d\U0001f4bb\ta\nb"
    assert plain(text, 100) == text == to_cell(text)
    assert plain("x" * 5_000_000, 100) == "x" * 100 + " [... 4999900 characters more]"


def test_tables_hold_no_formula_and_remarks_are_for_the_lecturer(graded: Graded) -> None:
    for name in ("grades.csv", "canvas.csv", "moodle.csv", "gradescope.csv", "marks.csv"):
        for row in graded.rows(name):
            for column, cell in row.items():
                if not sanitise.NUMBER.fullmatch(cell):
                    assert not set(first_letters(cell)) & set("=+-@"), (name, column, cell)
                assert "\u202e" not in cell
    by_name = {row["student"]: row for row in graded.rows()}
    assert "was changed" in by_name["twin"]["remarks"]
    assert by_name["twin"]["to check"] == "all answers: the same as those of plain"
    assert "plain" not in graded.page("twin")
    comments = {row["Full name"]: row["Feedback comments"] for row in graded.rows("moodle.csv")}
    assert (comments["twin"], comments["plain"]) == ("", "")


def marks(graded: Graded, output: Path, **typed: str) -> tuple[list[dict[str, str]], str]:
    """Fill in points for `plain` and `twin`, grade again; return the rows and what was said."""
    path = output / ASSIGNMENT / "marks.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["points"] = typed.get(row["student"], row["points"])
        row["comment"] = "=Nearly <b>." if row["student"] in typed else row["comment"]
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    submissions = graded.output.parent / "submissions"
    done = run(submissions, graded.course, output)
    return Graded(graded.course, output, done.stdout, []).rows(), done.stdout


def test_marks_are_taken_from_a_table_and_refused_above_the_most(
    graded: Graded, tmp_path: Path
) -> None:
    output = tmp_path / "graded"
    shutil.copytree(graded.output, output)
    with Course(output / "course").gradebook() as book:  # as a script in formgrader would
        grade = book.find_grade("q1_counts_test", ASSIGNMENT, ASSIGNMENT, "plain")
        grade.manual_score, grade.extra_credit = 99, 5
        book.find_grade("q2_side_test", ASSIGNMENT, ASSIGNMENT, "plain").manual_score = -1
        book.find_grade("q4_why", ASSIGNMENT, ASSIGNMENT, "twin").manual_score = float("inf")
        book.db.commit()
    rows, said = marks(graded, output, plain="1,5", twin="105")
    by_name = {row["student"]: row for row in rows}
    assert (by_name["plain"]["q4_why"], by_name["plain"]["total"]) == ("1.5", "9.5")
    assert "q1_counts_test: 104 of 2 points" in by_name["plain"]["remarks"]
    assert "q2_side_test: -1 of 3 points" in by_name["plain"]["remarks"]
    assert (by_name["twin"]["total"], by_name["twin"]["to read"]) == ("8", "q4_why")
    assert "twin, q4_why: 105 of 2 points is refused: give 0 to 2" in said
    page = (output / ASSIGNMENT / "feedback" / "plain.html").read_text(encoding="utf-8")
    assert "9.5 of 10 points" in page
    assert "=Nearly &lt;b&gt;." in page
    again = Graded(graded.course, output, "", []).rows("marks.csv")
    left = {row["student"]: (row["points"], row["comment"]) for row in again}
    assert left["twin"] == ("105", "'=Nearly <b>.")  # as it was typed, to be mended
    assert left["plain"] == ("1.5", "'=Nearly <b>.")
