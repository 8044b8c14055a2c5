"""The last steps of a build: pages light, free of inline scripts, and in one archive."""

import hashlib
import re
import shutil
import zipfile
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

import lenet_live
import lenet_styles
import lenet_tables
from sphinx.application import Sphinx
from sphinx.config import Config

HEADERS = Path(__file__).parents[1] / "_headers"
EDITION = Path(__file__).parents[2] / "_build" / "edition"
TRAINED = Path(__file__).parents[2] / "lenet_utils" / "trained"
ARCHIVE = "lenet5-rebuilt.zip"
THEME = "_static/styles/pydata-sphinx-theme.css"
# What the theme and its helpers leave in the book that no page asks for.
LEFTOVERS = (
    "_static/**/*.map",
    "_static/**/*webpack-macros.html",
    "_static/locales",
    "_static/scripts/fontawesome.js*",
    "_static/sphinx-thebe.*",
    "_static/vendor/fontawesome",
    ".buildinfo*",
)
# A strict Content-Security-Policy forbids handlers in attributes: `reader.js` knows these names.
CLICKS = {"window.print()": "print", "toggleFullScreen()": "fullscreen"}

UNUSED = re.compile(
    r"<script[^>]*/scripts/fontawesome\.js[^>]*></script>\n?"
    # The settings of live code, of which there is none.
    r'|<script type="text/x-thebe-config">.*?</script>\s*<script>kernelName = .*?</script>',
    re.DOTALL,
)
SEARCHING = re.compile(
    r'\s*<script src="[^"]*(?:searchtools|language_data|searchindex)\.js"></script>'
)
INLINE = re.compile(r"<script((?:(?!\bsrc=)[^>])*)>(.*?)</script>", re.DOTALL)
PICTURE = re.compile(r"<img (?![^>]*(?:\bloading=|logo__image))")
LINK = re.compile(r'\b(href|src|action|data-content_root)="(?!#|/|[a-z]+:)([^"]*)"')


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Do the last steps, if the book was built without an error."""
    if exception is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    shutil.copytree(TRAINED, out / "_static" / "live" / "weights", dirs_exist_ok=True)
    lenet_tables.write(out / "_static" / "live")
    lenet_live.bundle(out / "_static" / "live")
    for path in EDITION.glob("*.ipynb"):  # what the download button of a lesson gives
        shutil.copy(path, out / "_sources" / "notebooks" / path.name)
    for pattern in LEFTOVERS:
        for path in out.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in out.rglob("*.html"):
        name = path.relative_to(out).as_posix()
        path.write_text(finish_page(path.read_text("utf-8"), name, out), "utf-8")
    not_found = out / "404.html"
    base = urlsplit(app.config.html_baseurl).path
    not_found.write_text(
        LINK.sub(rf'\1="{base}\2"', not_found.read_text("utf-8")), encoding="utf-8"
    )
    lenet_styles.purge(out / THEME, out)
    (out / "sitemap.xml").write_text(sitemap(app), encoding="utf-8")
    pack(out)


def finish_page(text: str, name: str, out: Path) -> str:
    """Return a page without what it need not load, its scripts in files of their own."""
    text = UNUSED.sub("", text)
    if name != "search.html":
        text = SEARCHING.sub("", text)
    for script, click in CLICKS.items():
        text = text.replace(f'onclick="{script}"', f'data-click="{click}"')
    text = PICTURE.sub('<img loading="lazy" decoding="async" ', text)
    up = "../" * name.count("/")

    def move(found: re.Match[str]) -> str:
        attributes, body = found.groups()
        kind = re.search(r'type="([^"]*)"', attributes)
        if kind and kind[1] not in ("module", "text/javascript"):
            return found[0]  # data
        file = f"_static/inline-{hashlib.sha256(body.encode()).hexdigest()[:8]}.js"
        (out / file).write_text(body.strip() + "\n", encoding="utf-8")
        return f'<script{attributes} src="{up}{file}"></script>'

    return INLINE.sub(move, text)


def sitemap(app: Sphinx) -> str:
    """Return the addresses of all pages of the contents."""
    base = app.config.html_baseurl
    pages = "".join(
        f"<url><loc>{escape(base + name)}.html</loc></url>\n" for name in sorted(app.env.found_docs)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{pages}</urlset>\n'
    )


def pack(out: Path) -> None:
    """Put the whole book into one archive, which lies in the book."""
    archive = out / ARCHIVE
    archive.unlink(missing_ok=True)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(out.rglob("*")):
            if path.is_file() and path != archive:
                file.write(path, Path("lenet5-rebuilt") / path.relative_to(out))


def add_files(app: Sphinx, config: Config) -> None:
    """Add what only has to be copied, and the page for an address that is not there."""
    config.html_extra_path.append(str(HEADERS))
    config.html_additional_pages["404"] = "404.html"


def setup(app: Sphinx) -> None:
    """Connect the above."""
    app.connect("config-inited", add_files)
    app.connect("build-finished", finish, priority=900)
    app.add_css_file("icons.css")
    app.add_js_file("reader.js", loading_method="defer")
