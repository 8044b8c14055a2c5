"""The slides: a deck for each part, from Markdown, with figures out of the executed lessons.

The part that `book/partN` opens has its source in `slides/partN.md`. `---` separates slides; what
follows a line `Note:` is for the speaker.
`![Beginning of a caption](../notebooks/NN_name.ipynb)` shows the figure of that lesson, and
`{ledger: name of a claim}` the number of the ledger.
"""

import json
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from string import Template
from typing import Any

import lenet_math
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from sphinx.application import Sphinx
from sphinx.util import logging

from lenet_utils.results.comparison import ledger

logger = logging.getLogger(__name__)
ROOT = Path(__file__).parents[2]
SLIDES = ROOT / "slides"
VENDOR = ROOT / "book" / "_static" / "vendor"
# Without them a deck is a page that one scrolls through.
REVEAL = """\
<link rel="stylesheet" href="../_static/vendor/reveal/reveal.css">
<link rel="stylesheet" href="../_static/lenet-fonts.css">
<script src="../_static/vendor/reveal/reveal.js" defer></script>
<script src="../_static/vendor/reveal/notes.js" defer></script>
<script src="slides.js" defer></script>"""
FIGURE = re.compile(r'<figure class="lenet-figure".*?</figure>', re.DOTALL)
CAPTION = re.compile(r"<figcaption>(.*?)</figcaption>", re.DOTALL)
BOX = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')
WIDE = 1.6
"""Figures wider than this, for their height, stand below the text rather than beside it."""


def build(app: Sphinx, exception: Exception | None) -> None:
    """Write all decks into the built book."""
    if exception is not None or app.builder.format != "html":
        return
    typeset = app.config.html_math_renderer == "typeset"
    out = Path(app.outdir) / "slides"
    out.mkdir(exist_ok=True)
    for name in ("slides.css", "slides.js"):
        shutil.copy(SLIDES / name, out)
    for path in sources(app.env.found_docs):
        try:
            page = deck(path.read_text(encoding="utf-8"), typeset)
        except (ValueError, OSError) as error:
            logger.warning("slides/%s: %s", path.name, error)
        else:
            (out / f"{path.stem}.html").write_text(page, encoding="utf-8")


def sources(pages: Iterable[str]) -> list[Path]:
    """Return the sources of the decks: of each part among the pages that has one."""
    named = (SLIDES / f"{page.removeprefix('book/')}.md" for page in sorted(pages))
    return [path for path in named if re.fullmatch(r"part\d+", path.stem) and path.exists()]


def deck(text: str, typeset: bool = False) -> str:
    """Return the page of a deck, given its Markdown.

    Raises:
        ValueError: a figure or a claim that is not there.
    """
    text = re.sub(r"\{ledger: ([^}]+)\}", lambda found: claim(found[1]), text)
    parser = markdown(typeset)
    slides = "\n".join(slide(parser, source) for source in text.split("\n---\n"))
    title = re.match(r"# (.+)", text)
    page = Template((SLIDES / "template.html").read_text(encoding="utf-8"))
    head = REVEAL if (VENDOR / "reveal").exists() else ""
    head += '\n<link rel="stylesheet" href="../_static/math.css">' if typeset else ""
    return page.substitute(title=title[1] if title else "Slides", head=head, slides=slides)


def slide(parser: MarkdownIt, source: str) -> str:
    """Return one slide, its figure beside or below the text, and its note."""
    shown, _, note = source.partition("\nNote:")
    body = re.sub(r"<p>(<figure.*?</figure>)</p>", r"\1", parser.render(shown), flags=re.DOTALL)
    kinds = ["wide" if float(w) > WIDE * float(h) else "beside" for w, h in BOX.findall(body)]
    kind = kinds[0] if kinds else "title" if shown.lstrip().startswith("# ") else "text"
    aside = f'<aside class="notes">{parser.render(note)}</aside>' if note else ""
    return f'<section class="{kind}">\n{body}{aside}</section>'


def markdown(typeset: bool) -> MarkdownIt:
    """Return a parser that knows tables, formulas, and figures of lessons."""
    parser = MarkdownIt("commonmark").enable("table")
    seen: list[str] = []

    def image(tokens: Any, index: int, options: Any, env: Any) -> str:
        token = tokens[index]
        seen.append(token.content)
        return own_ids(figure(ROOT / "slides" / token.attrs["src"], token.content), len(seen))

    def link_open(tokens: Any, index: int, options: Any, env: Any) -> str:
        target = re.sub(r"\.(ipynb|md)(?=$|#)", ".html", tokens[index].attrs["href"])
        return f'<a href="{target}">'

    def formula(tex: str, options: dict[str, bool]) -> str:
        display = options["display_mode"]
        return lenet_math.typeset(tex, display) if typeset else f"<code>{tex}</code>"

    parser.use(dollarmath_plugin, renderer=formula)
    parser.renderer.rules.update(image=image, link_open=link_open)
    return parser


def figure(path: Path, beginning: str) -> str:
    """Return the figure of an executed lesson whose caption begins in a certain way.

    Raises:
        ValueError: no such figure, or more than one.
    """
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    html = ["".join(output.get("data", {}).get("text/html", "")) for output in outputs]
    figures = [found[0] for text in html if (found := FIGURE.search(text))]
    captions = [found[1] if (found := CAPTION.search(text)) else "" for text in figures]
    fitting = [f for f, c in zip(figures, captions, strict=True) if c.startswith(beginning)]
    if len(fitting) != 1:
        raise ValueError(
            f"{len(fitting)} figures of {path.name} have a caption that begins with "
            f"{beginning!r}; expected one. Its captions: {captions}"
        )
    return fitting[0]


def own_ids(html: str, number: int) -> str:
    """Return a figure whose ids are not those of another one in the same page."""
    return re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>f{number}-", html)


def claim(what: str) -> str:
    """Return our number for a claim of the ledger: its name, then `, ` and its part, if need be.

    Raises:
        ValueError: no such claim.
    """
    numbers = {}
    for entry in ledger():
        numbers[f"{entry.what}, {entry.part}"] = numbers[entry.what] = entry.shown()[1]
    if what not in numbers:
        raise ValueError(f"the ledger has no claim {what!r}; it has: {', '.join(numbers)}.")
    return numbers[what]
