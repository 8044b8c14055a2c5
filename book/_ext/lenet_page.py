"""What each page says of itself, and which scripts and styles it can do without."""

import html
import os
import subprocess
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from babel.dates import format_date
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

ROOT = Path(__file__).parents[2]
EDITION = "edition"  # the branch with the lessons to run
TEMPLATES = Path(__file__).parent / "templates"
CARD = "_static/card.png"
# In an archive of the repository, git writes the day of its commit here: see .gitattributes.
ARCHIVED = Path(__file__).with_name("archived.txt")

# Of the theme and its helpers: a part of a file's name or of an inline script, and what a page
# has to hold to need it; None stands for what no page needs.
NEEDED_BY = {
    # Live code, of which there is none: it throws, as the theme declares the same names.
    "thebe": None,
    "THEBE_JS_URL": None,
    # The version switcher and search-as-you-type, which are off.
    "DOCUMENTATION_OPTIONS.": None,
    "toggleHint": " toggle",
    "toggleOpenOnPrint": " toggle",
    "togglebutton": " toggle",
    "design-tabs": 'class="sd-',
    "sphinx-design": 'class="sd-',
    "clipboard": 'class="highlight',
    "copybutton": 'class="highlight',
    "mystnb": 'class="cell',
    "exercise": "exercise",
    "answers": "lenet-answer",
    "wake": "lenet-instrument",
}


def lighten(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Take scripts and styles off a page that does not need them."""
    body = context.get("body", "")
    for kind in ("script_files", "css_files"):
        context[kind] = [file for file in context.get(kind, []) if _is_needed(file, body)]


def _is_needed(file: Any, body: str) -> bool:
    inline = (getattr(file, "attributes", None) or {}).get("body")
    name = inline or str(getattr(file, "filename", file))
    return all(
        needed is not None and needed in body for part, needed in NEEDED_BY.items() if part in name
    )


def lead_to_the_edition(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Let launch buttons open a lesson in the form that is made to be run (tools/edition.py)."""
    sources = f"/blob/{app.config.html_theme_options['repository_branch']}/notebooks/"
    for group in context.get("header_buttons", []):
        for button in group.get("buttons", []):
            if "url" in button:
                button["url"] = button["url"].replace(sources, f"/blob/{EDITION}/")


def describe(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Give a page its social card, its own date, and a link to report an error."""
    context["report_url"] = report_url(app, pagename)
    if doctree is None:
        return
    context["last_updated"] = last_change(str(app.env.doc2path(pagename)))
    base = app.config.html_baseurl
    card = {
        "og:type": "article",
        "og:site_name": app.config.html_title,
        "og:title": context["title"],
        "og:description": first_sentences(doctree),
        "og:url": context["pageurl"],
        "og:image": base + CARD,
        "og:image:alt": "A drawn 5, the maps that it causes in the network, and the title.",
    }
    tags = [("property", name, value) for name, value in card.items()]
    tags.append(("name", "description", card["og:description"]))
    tags.append(("name", "twitter:card", "summary_large_image"))
    context["metatags"] = context.get("metatags", "") + "".join(
        f'\n<meta {kind}="{name}" content="{html.escape(html.unescape(value))}" />'
        for kind, name, value in tags
    )


def report_url(app: Sphinx, pagename: str) -> str:
    """Return where a reader reports an error on a page, with the page already named."""
    title = f"Error on the page {pagename}"
    body = f"{app.config.html_baseurl}{pagename}.html\n\nWhat it says:\n\nWhat it should say:\n"
    repository = app.config.html_theme_options["repository_url"]
    return f"{repository}/issues/new?title={quote(title)}&body={quote(body)}"


def first_sentences(doctree: nodes.document, limit: int = 200) -> str:
    """Return the beginning of a page's text: whole sentences, or words, up to the limit."""
    for paragraph in doctree.findall(nodes.paragraph):
        text = " ".join(paragraph.astext().split())
        if isinstance(paragraph.parent, nodes.section | nodes.container) and len(text) > 40:
            break
    else:
        return ""
    if len(text) <= limit:
        return text
    sentences = text[:limit].rfind(". ") + 1
    if sentences > limit / 2:
        return text[:sentences]
    return text[:limit].rsplit(" ", 1)[0] + " …"


@cache
def last_change(path: str) -> str:
    """Return the day of a file's last change, nothing where nobody knows: not that of the build.

    That is the day of the last commit to the file. Outside a clone it is the day of the commit
    that was archived, or the day that SOURCE_DATE_EPOCH names, as those who package a book do.
    """
    for know in (_committed, _archived, _declared):
        try:
            return format_date(know(path), "d MMMM y", locale="en")
        except (OSError, subprocess.SubprocessError, ArithmeticError, LookupError, ValueError):
            continue
    return ""


def _committed(path: str) -> date:
    command = ["git", "-c", "log.showSignature=false", "log", "-1", "--format=%cs", "--", path]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    return date.fromisoformat(run.stdout.strip())


def _archived(path: str) -> date:
    return date.fromisoformat(ARCHIVED.read_text(encoding="utf-8").strip())


def _declared(path: str) -> date:
    return datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), UTC).date()


def add_footer(app: Sphinx, config: Config) -> None:
    """Let the theme find the link to report an error, and show it first in the footer."""
    config.templates_path.append(str(TEMPLATES))
    config.html_theme_options["footer_content_items"] = [
        "report.html",
        "author.html",
        "copyright.html",
        "last-updated.html",
        "extra-footer.html",
    ]


def setup(app: Sphinx) -> None:
    """Connect the above."""
    app.connect("config-inited", add_footer)
    app.connect("html-page-context", describe)
    app.connect("html-page-context", lighten, priority=900)
    app.connect("html-page-context", lead_to_the_edition, priority=900)
