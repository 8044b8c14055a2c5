"""The lessons that people run: plain notebooks, the same as the sources but for their form."""

import re
from itertools import pairwise
from pathlib import Path

import edition as tool
import edition_outputs
import edition_text
import nbformat
import nh3
import pytest
from conftest import ROOT
from contents import lessons
from edition_text import Lesson, raw
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook, new_output

BOOK = "https://lenet5-rebuilt.github.io/lenet5-rebuilt"
COLAB = "https://colab.research.google.com/github/lenet5-rebuilt/lenet5-rebuilt/blob/edition"
PATHS = lessons()
each_lesson = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
# What GitHub leaves of HTML in a notebook, as far as this course has it.
GITHUB = {
    "tags": {"a", "blockquote", "br", "code", "dd", "del", "details", "div", "dl", "dt", "em", "h1",
             "h2", "h3", "h4", "h5", "h6", "hr", "img", "li", "ol", "p", "pre", "span", "strong",
             "sub", "summary", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul"},
    "attributes": {"a": {"href"}, "img": {"src", "alt", "width"}},
    "url_schemes": {"http", "https", "mailto", "data"},
}  # fmt: skip


def plain(text: str) -> str:
    return Lesson("05_layer_by_layer", level=2).plain(text)


@pytest.mark.parametrize(
    ("myst", "markdown"),
    [
        ("no {curly} words, $x_{1}$ and `{cite:p}`", "no {curly} words, $x_{1}$ and `{cite:p}`"),
        (
            "60,000 {cite:p}`lecun1998gradient`.",
            "60,000 ([LeCun et al., 1998](https://doi.org/10.1109/5.726791)).",
        ),
        (
            "{cite:p}`becker1988improving,he2016deep`",
            f"([Becker and LeCun, 1989]({BOOK}/book/bibliography.html); "
            "[He et al., 2016](https://doi.org/10.1109/CVPR.2016.90))",
        ),
        (
            "{cite:t}`simonyan2014very` say",
            "[Simonyan and Zisserman (2014)](https://arxiv.org/abs/1409.1556) say",
        ),
        (
            "[a\nstride](../book/glossary.md#term-stride)",
            f"[a\nstride]({BOOK}/book/glossary.html#term-stride)",
        ),
        (
            "[`C1` and [1]](04_subsampling.ipynb#summary)",
            f"[`C1` and [1]]({BOOK}/notebooks/04_subsampling.html#summary) "
            f"([Colab]({COLAB}/04_subsampling.ipynb))",
        ),
        ("[](../book/live.md)", f"[Draw a digit]({BOOK}/book/live.html)"),
        ("[up](#summary)", f"[up]({BOOK}/notebooks/05_layer_by_layer.html#summary)"),
        ("[there](https://example.org/a_(b))", "[there](https://example.org/a_(b))"),
        ("`[no](link.md)` \\[", "`[no](link.md)` \\["),
        ("{math}`x^2`, H{sub}`2`O, {ref}`ex-06-2`", "$x^2$, H<sub>2</sub>O, Exercise 6.2"),
        ("(a-target)=\n## Head\n% a comment\n+++\ntext", "## Head\ntext"),
        ("$$a = b$$ (eq-1)\ncosts $5 and $6", "$$a = b$$\ncosts $5 and $6"),
        (
            ":::{exercise} Seven {math}`7`\n:label: ex-05-1\n\nSay `why`.\n\nTwice.\n:::\n\nAfter.",
            "### Exercise 5.1: Seven $7$\n\n> Say `why`.\n>\n> Twice.\n\n\nAfter.",
        ),
        (
            "# One\n### Three\n:::{exercise} No number\nDo.\n:::",
            "# One\n### Three\n#### Exercise: No number\n\n> Do.\n",
        ),
        (":::{note}\nMind [it](#a).\n:::", f"> **Note**\n>\n> Mind [it]({BOOK}/notebooks/"
         "05_layer_by_layer.html#a).\n"),
        ("```{admonition} *Why*\n:class: tip\nSo.\n```", "> ***Why***\n>\n> So.\n"),
        (
            "::::{warning}\n:::{note}\nIn.\n:::\nOut.\n::::",
            "> **Warning**\n>\n> > **Note**\n> >\n> > In.\n>\n> Out.\n",
        ),
        (
            ":::{dropdown} A hint\nIt is {math}`2`.\n:::",
            "<details><summary>A hint</summary>\n\nIt is $2$.\n\n</details>\n",
        ),
        ("```{math}\n:label: eq-1\nx = 1\n```", "$$\nx = 1\n$$"),
        ("```{code-block} sh\nls {x}\n```", "```sh\nls {x}\n```"),
        ("```python\n# [no](link.md) {role}`x`\n```", "```python\n# [no](link.md) {role}`x`\n```"),
        (
            ":::{instrument} bend\n:alt: A bent 7.\n\nWhat it shows.\n:::",
            f"> ![A bent 7.]({BOOK}/_static/live/still-bend-light.webp)\n>\n> What it shows.\n>\n"
            f"> [Move it yourself, in the book]({BOOK}/notebooks/05_layer_by_layer.html)\n",
        ),
        (
            ":::{other} Drag the digit\n:still: x.png\n\nWhat it shows.\n:::",
            "> What it shows.\n>\n> [Drag the digit, in the book]"
            f"({BOOK}/notebooks/05_layer_by_layer.html)\n",
        ),
    ],
)  # fmt: skip
def test_myst_becomes_plain_markdown(myst, markdown):
    if "live.md" in myst:  # its title is written elsewhere
        title = edition_text.heading(ROOT / "book" / "live.md")
        markdown = markdown.replace("Draw a digit", title)
    assert plain(myst) == markdown
    assert raw(markdown) == []


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (":::{note}\nx\n:::", "directive {note}"),
        ("```{figure} a.png\n```", "directive {figure}"),
        ("a {ref}`b`", "myst_role"),
        ("(a)=\n# b", "myst_target"),
        ("% a", "myst_line_comment"),
        ("a\n: b", "dl_open"),
        ("[a](b.md)", "link b.md"),
        ("![a](b.png)", "link b.png"),
        ("[a](#b)", "link #b"),
        ('<a href="b.md">', "link b.md"),
    ],
)
def test_what_is_left_of_myst_is_seen(text, left):
    assert raw(text)[0].startswith(left)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{unknown}`x`", "the role {unknown}`x` has no plain form"),
        ("[a](nowhere.ipynb)", "the link to 'nowhere.ipynb' leads to no page"),
        ("[a](../pyproject.toml)", "leads to no page of the book"),
        ("{cite:p}`nobody`", "nobody"),
    ],
)
def test_what_has_no_plain_form_is_named(text, says, tmp_path):
    path = tmp_path / "99_new.ipynb"
    notebook = new_notebook(cells=[nbformat.v4.new_markdown_cell(text, id="cell-00")])
    nbformat.write(notebook, path)
    with pytest.raises(ValueError, match=r"99_new\.ipynb, cell-00: .*" + re.escape(says)):
        tool.edition(path)
    with pytest.raises(ValueError, match="cell-00"):
        tool.build(tmp_path / "out", [path])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "data",
    [
        {"text/html": "<svg></svg>", "text/plain": "a drawing"},
        {"text/html": "<img src='data:,'>"},
        {"image/svg+xml": "<svg></svg>"},
        {"application/javascript": "1"},
    ],
)
def test_an_output_that_viewers_leave_out_is_named(data):
    with pytest.raises(ValueError, match="show a lenet_utils"):
        edition_outputs.plain([new_output("display_data", data=data)])


def test_new_code_is_folded_as_its_tags_say():
    cells = {
        "hide-input": "# @title Code of the figure\n1",
        "hide-cell": "# @title A solution\n1",
        "setup": "# @title Set-up\n1",
    }
    for tag, source in cells.items():
        cell = new_code_cell("1", metadata={"tags": [tag, "nbval-ignore-output"]})
        (made,) = tool.code(cell, Lesson("05_layer_by_layer"))
        assert made.source == source
        assert made.metadata["cellView"] == "form" and made.metadata["jupyter"]["source_hidden"]
        assert made.metadata["tags"] == ["nbval-ignore-output"]
    (made,) = tool.code(new_code_cell("1"), Lesson("05_layer_by_layer"))
    assert (made.source, made.metadata) == ("1", {})


def stored(path: Path) -> tuple[NotebookNode, NotebookNode]:
    """Return a lesson's source and what is run of it."""
    return nbformat.read(path, 4), nbformat.read(tool.OUT / path.name, 4)


def test_the_edition_is_that_of_the_contents(edition):
    assert {p.name for p in edition.glob("*.ipynb")} == {path.name for path in PATHS}
    files = sorted(p.relative_to(edition).as_posix() for p in edition.rglob("*") if p.is_file())
    others = ["README.md", "binder/postBuild", "binder/requirements.txt", "binder/runtime.txt"]
    assert [name for name in files if not name.endswith((".ipynb", ".pt", ".safetensors"))
            and "lenet5-practice" not in name
            # What lesson 12 writes where it is run.
            and not name.startswith(("plates", "predict.py"))] == others  # fmt: skip


def test_nothing_raw_is_left(edition):
    count = {"source": 0, "edition": 0}
    for path in PATHS:
        for kind, notebook in zip(count, stored(path), strict=True):
            texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
            count[kind] += sum(len(raw(text)) for text in texts)
    assert count["source"] > 200
    assert count["edition"] == 0


@each_lesson
def test_code_and_what_it_said_are_those_of_the_source(path, edition):
    source, made = stored(path)
    pairs = zip(
        [cell for cell in source.cells if cell.cell_type == "code"],
        [cell for cell in made.cells if cell.cell_type == "code"],
        strict=True,
    )
    for old, new in pairs:
        assert new.source.endswith(old.source)
        assert re.fullmatch(r"(# @title [^\n]+\n)?", new.source.removesuffix(old.source))
        assert new.execution_count == old.execution_count
        if "remove-output" not in old.metadata.get("tags", []):
            shown = [o for o in old.outputs if edition_outputs.VIEW not in o.get("data", {})]
            kept = [text_of(o) for o in new.outputs if "text/markdown" not in o.get("data", {})]
            assert kept == [text_of(output) for output in shown]
    nbformat.validate(made)


def text_of(output: NotebookNode) -> str:
    return output.get("text") or output["data"]["text/plain"]


@each_lesson
def test_every_figure_is_a_png_with_its_words(path, edition):
    source, made = stored(path)
    drawn = sum(
        "lenet-figure" in output.get("data", {}).get("text/html", "")
        for cell in source.cells
        for output in cell.get("outputs", [])
    )
    outputs = [o for cell in made.cells for o in cell.get("outputs", []) if "data" in o]
    pictures = [output for output in outputs if "image/png" in output.data]
    assert len(pictures) == drawn > 0
    for output, words in pairwise(outputs):
        if "image/png" in output.data:
            alt = output.metadata["image/png"]["alt"]
            assert len(alt) > 20
            assert "<details>" in words.data["text/markdown"]
    for output in outputs:
        assert set(output.data) <= {"text/plain", "text/html", "text/markdown", "image/png"}
        assert not re.search("<(svg|script|style|img)", output.data.get("text/html", ""))
    assert "widgets" not in made.metadata


def test_the_sources_give_just_this(edition, tmp_path):
    chosen = [path for path in PATHS if path.name[:2] in ("06", "11")]
    tool.build(tmp_path / "again", chosen)
    for path in chosen:
        again = (tmp_path / "again" / path.name).read_bytes()
        assert again == (edition / path.name).read_bytes(), "run make edition"
    assert tool.STAMP.read_text(encoding="utf-8") == tool.digest(), "run make edition"


def test_binder_takes_pytorch_without_cuda_and_the_package_by_its_tag(edition):
    text = (edition / "binder" / "requirements.txt").read_text(encoding="utf-8")
    setup = next(c for c in stored(PATHS[0])[1].cells if c.cell_type == "code").source
    assert text.splitlines()[-1] in setup and "@v" in text.splitlines()[-1]
    assert text.splitlines()[0] == "--extra-index-url https://download.pytorch.org/whl/cpu"


@pytest.mark.parametrize("name", ["05_layer_by_layer", "08_reproducing"])
def test_a_viewer_as_strict_as_github_shows_figures_and_text(name, edition):
    _, made = stored(ROOT / "notebooks" / f"{name}.ipynb")
    page, _ = HTMLExporter(template_name="basic").from_notebook_node(made)
    left = nh3.clean(page, **GITHUB)
    pictures = sum(
        "image/png" in o.get("data", {}) for c in made.cells for o in c.get("outputs", [])
    )
    assert left.count('src="data:image/png;base64,') == pictures > 5
    alts = re.findall(r'<img [^>]*alt="([^"]+)"', left)
    # An instrument is a still of the book.
    stills = left.count("/_static/live/still-")
    assert len([alt for alt in alts if len(alt) > 20]) == pictures + stills
    for words in ("Exercise", "The figure in words", "Right", "Choose an answer", "@title"):
        assert words in left
    assert "<svg" not in left and "<script" not in left
    assert ":::" not in left and "{cite" not in left
