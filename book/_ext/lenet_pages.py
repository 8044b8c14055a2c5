"""Pages of the book that are computed: the status of the lessons, the paper's index, terms."""

import re
from pathlib import Path

import lenet_ledger
import lenet_report
import lenet_slides
import nbformat
from docutils import nodes
from lenet_ledger import NO_BREAK, table
from lesson_times import measure
from paper_places import mentions, order
from sphinx.addnodes import glossary, pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective, SphinxRole

ROOT = Path(__file__).parents[2]


class LessonStatus(SphinxDirective):
    """A table of the lessons: what there is to read and do, and how long the last run took."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        paths = lessons(self.env)
        for path in paths:
            self.env.note_dependency(str(path))
        counts = ("minutes", "words", "cells", "exercises")
        head = ("", *counts, "run takes", "cores", "Python", "PyTorch")
        return [table(head, (self.lesson_row(path) for path in paths), "lenet-status")]

    def lesson_row(self, path: Path) -> list[nodes.Node]:
        """Return the cells of one lesson."""
        found = measure(path)
        made = nbformat.read(path, as_version=4).metadata.get("executed", {})
        counts = (found.minutes, f"{found.words:,}", found.code_cells, found.exercises)
        took = f"{made['seconds']} s".replace(" ", NO_BREAK) if made else "not recorded"
        where = (made.get(name, "") for name in ("cores", "python", "torch"))
        link = lesson_link(self.env.docname, path)
        return [link, *(nodes.Text(str(x)) for x in (*counts, took, *where))]


def lessons(env: BuildEnvironment) -> list[Path]:
    """Return the notebooks that the contents name, in the order of their numbers."""
    names = sorted(name for name in env.found_docs if name.startswith("notebooks/"))
    return [ROOT / f"{name}.ipynb" for name in names]


def lesson_link(page: str, path: Path) -> nodes.Node:
    """Return a link from a page to a lesson, by the lesson's title."""
    options = {"refdoc": page, "refdomain": "std", "reftype": "doc", "refexplicit": False}
    target = f"/notebooks/{path.stem}"
    return pending_xref("", nodes.inline(), reftarget=target, refwarn=True, **options)


class PaperIndex(SphinxDirective):
    """What lessons speak of in the paper: `{paper-index} Section`, or Eq., Fig., p."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        kind = self.arguments[0]
        found: dict[str, list[Path]] = {}
        for path in lessons(self.env):
            self.env.note_dependency(str(path))
            for place in mentions(path, kind):
                found.setdefault(place, []).append(path)
        rows = [[nodes.Text(place), self.links(found[place])] for place in sorted(found, key=order)]
        return [table(("in the paper", "in the lessons"), rows, "lenet-paper")]

    def links(self, paths: list[Path]) -> nodes.Node:
        """Return links to lessons, with commas between them."""
        parts: list[nodes.Node] = []
        for path in paths:
            parts += [nodes.Text(", ")] if parts else []
            parts.append(lesson_link(self.env.docname, path))
        return nodes.inline("", "", *parts)


class LessonAims(SphinxDirective):
    """What a lesson is for: `{lesson} NN_name` gives its title, its minutes and its aims."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the head of the lesson, in short."""
        path = ROOT / "notebooks" / f"{self.arguments[0]}.ipynb"
        head = nbformat.read(path, as_version=4).cells[0].source
        aims = re.search(r"After this lesson you can\n\n(.*?)\n\n", head, re.DOTALL)
        if aims is None:
            raise self.error(f"{path.name} does not say what one can do after it.")
        text = f"**[](/notebooks/{path.name})**, {measure(path).minutes} minutes\n\n{aims[1]}"
        self.env.note_dependency(str(path))
        return [nodes.container("", *self.parse_text_to_nodes(text), classes=["lenet-aims"])]


class LessonMinutes(SphinxRole):
    """The minutes of a lesson, or of several together: `{minutes}`01_from_pixels, ...`."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the sum."""
        names = re.split(r"[,\s]+", self.text.strip())
        total = sum(measure(ROOT / "notebooks" / f"{name}.ipynb").minutes for name in names)
        return [nodes.Text(str(total))], []


class DeckLink(SphinxRole):
    """A link to a deck of slides, by its title: `{deck}`part1``."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the link."""
        source = (lenet_slides.SLIDES / f"{self.text}.md").read_text(encoding="utf-8")
        title = source.partition("\n")[0].removeprefix("# ")
        address = "../" * self.env.docname.count("/") + f"slides/{self.text}.html"
        return [nodes.reference("", title, refuri=address, internal=True)], []


def name_terms(app: Sphinx, doctree: nodes.document) -> None:
    """Let plain Markdown links reach a term: `[stride](../book/glossary.md#term-stride)`.

    MyST resolves the part after `#` among headings only. The `term` role would do, but in Colab
    and in Jupyter it shows as raw text, where a link is a link.
    """
    slugs = app.env.metadata[app.env.docname].setdefault("myst_slugs", {})
    for block in doctree.findall(glossary):
        for term in block.findall(nodes.term):
            for name in term["ids"]:
                slugs[name] = (term.line, name, term.astext())


def number_exercises(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Give exercises the numbers that checks and slides call them by: `ex-05-1` is Exercise 5.1."""
    for figures in env.toc_fignumbers.values():
        for label in figures.get("exercise", {}):
            figures["exercise"][label] = tuple(map(int, label.split("-")[1:]))
    return []


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the above."""
    lenet_ledger.setup(app)
    lenet_report.setup(app)
    app.add_directive("lesson-status", LessonStatus)
    app.add_directive("paper-index", PaperIndex)
    app.add_directive("lesson", LessonAims)
    app.add_role("minutes", LessonMinutes())
    app.add_role("deck", DeckLink())
    app.connect("doctree-read", name_terms)
    app.connect("env-get-updated", number_exercises, priority=900)  # when Sphinx has numbered them
    # Before the styles of formulas are written, and before the book is packed.
    app.connect("build-finished", lenet_slides.build, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
