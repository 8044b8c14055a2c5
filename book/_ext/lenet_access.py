"""Pages for every reader: mends of what the theme, MyST-NB, sphinx-exercise and docutils leave."""

import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

MENDS = (
    # The name of the book and the search stand outside all landmarks.
    (r'(<div id="pst-primary-sidebar") (?!role)', r'\1 role="region" aria-label="Sidebar" '),
    # All toggles are named alike, whatever words they show.
    (r'<summary aria-label="Toggle hidden content">', "<summary>"),
    # The text of each exercise has the same id.
    (r'<section id="exercise-content">', "<section>"),
    # The role of an entry in a bibliography is deprecated.
    (r'role="doc-biblioentry"', 'role="listitem"'),
    # A heading without text is none.
    (r'<th class="([^"]*)">\s*(?:<p></p>)?\s*</th>', r'<td class="\1"></td>'),
)


def mend(page: str) -> str:
    """Return the HTML of a page with the mends; a mended page stays as it is."""
    for found, better in MENDS:
        page = re.sub(found, better, page)
    return page


def mend_pages(app: Sphinx, exception: Exception | None) -> None:
    """Mend all pages, when the theme has had its hands on them."""
    if exception is None and app.builder.format == "html":
        for path in Path(app.outdir).rglob("*.html"):
            page = path.read_text(encoding="utf-8")
            path.write_text(mend(page), encoding="utf-8")


def name_rows(app: Sphinx, doctree: nodes.document) -> None:
    """Make the first column row headings in tables whose first heading is empty."""
    for group in doctree.findall(nodes.tgroup):
        head = next(group.findall(nodes.thead), None)
        if head is not None and not head[0][0].astext().strip():
            next(group.findall(nodes.colspec))["stub"] = 1


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the above."""
    app.add_js_file("access.js", loading_method="defer")
    app.add_css_file("print.css", media="print", priority=900)
    app.connect("doctree-read", name_rows)
    # Before the last steps, which put the pages into an archive.
    app.connect("build-finished", mend_pages, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
