"""Formulas are typeset while the book is built, so that no page has to load MathJax.

Where `tools/vendor.py` has not fetched MathJax, Sphinx's own way stays: the reader's browser
typesets.
"""

import html
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.ext import mathjax
from sphinx.util import logging

logger = logging.getLogger(__name__)
HERE = Path(__file__).parent
# The folder's dot keeps it out of the built book: only the build needs it.
MATHJAX = HERE.parent / "_static" / "vendor" / ".mathjax"
FONTS = "vendor/mathjax"  # from _static, where the style sheet is written
STYLES = "math.css"
FORMULA = re.compile(r"\\\((?P<inline>.*)\\\)|\\\[(?P<display>.*)\\\]", re.DOTALL)
# MathJax prints in red what it does not know.
FAULT = re.compile(r'data-mjx-error="([^"]*)"|mathcolor="red">([^<]*)')


@cache
def _process() -> subprocess.Popen[str]:
    command = ["node", str(HERE / "typeset.cjs"), str(MATHJAX), FONTS]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, encoding="utf-8"
    )


def _ask(**question: object) -> str:
    process = _process()
    assert process.stdin is not None and process.stdout is not None  # both are pipes
    process.stdin.write(json.dumps(question) + "\n")
    process.stdin.flush()
    line = process.stdout.readline()
    if not line:
        raise OSError("node ended while it was typesetting a formula: run tools/vendor.py again.")
    return str(json.loads(line))


@cache
def typeset(tex: str, display: bool) -> str:
    """Return a formula as HTML for the style sheet that `styles` returns."""
    made = _ask(tex=tex, display=display)
    if fault := FAULT.search(made):
        logger.warning("MathJax does not know %s in the formula %s", fault[1] or fault[2], tex)
    return made


def styles() -> str:
    """Return the style sheet of all formulas that were typeset so far."""
    return _ask(css=True)


def _in_place(visit: Callable[..., None], display: bool) -> Callable[..., None]:
    """Let Sphinx write a formula for the browser, then put the typeset one in its place."""

    def replace(found: re.Match[str]) -> str:
        return typeset(html.unescape(found[1] or found[2]), display)

    def visit_typeset(self: Any, node: nodes.Element) -> None:
        start = len(self.body)
        try:
            visit(self, node)
        except nodes.SkipNode:
            written = "".join(self.body[start:])
            if node.get("nowrap"):  # an environment of its own, without \[ and \]
                tag, rest = written.split(">", 1)
                written = f"{tag}>\\[{rest.rpartition('</div>')[0]}\\]</div>"
            self.body[start:] = [FORMULA.sub(replace, written)]
            raise

    return visit_typeset


def choose_renderer(app: Sphinx, config: Config) -> None:
    """Typeset while building, if there is MathJax to do so."""
    can = MATHJAX.exists() and shutil.which("node")
    config.html_math_renderer = "typeset" if can else "mathjax"


def link_styles(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Load the style sheet of formulas where there is one."""
    if "<mjx-container" in context.get("body", ""):
        app.add_css_file(STYLES)


def write_styles(app: Sphinx, exception: Exception | None) -> None:
    """Write the style sheet of all formulas of the book."""
    if exception is None and app.config.html_math_renderer == "typeset":
        (Path(app.outdir) / "_static" / STYLES).write_text(styles(), encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Connect the above."""
    app.add_html_math_renderer(
        "typeset",
        (_in_place(mathjax.html_visit_math, display=False), None),
        (_in_place(mathjax.html_visit_displaymath, display=True), None),
    )
    app.connect("config-inited", choose_renderer)
    app.connect("html-page-context", link_styles)
    app.connect("build-finished", write_styles)
