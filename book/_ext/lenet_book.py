"""The book's own Sphinx extension: what the theme and its helpers do not do by themselves."""

import shutil
from pathlib import Path
from typing import Any

import lenet_math
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging

logger = logging.getLogger(__name__)
STATIC = Path(__file__).parents[1] / "_static"
TRAINED = Path(__file__).parents[2] / "lenet_utils" / "trained"


def set_options(app: Sphinx, config: Config) -> None:
    """Set theme options, and serve the widgets' player and the letters from the book itself.

    Theme options stand here since naming them in `_config.yml` would replace those that
    Jupyter Book derives, such as the Colab buttons.
    """
    # Else the theme draws a second search field, in a header of its own.
    config.html_theme_options["navbar_persistent"] = []
    config.html_theme_options["logo"] = {"text": config.html_title}
    # Else the theme's script calls an unset mode an error, on each page.
    config.html_context.setdefault("default_mode", "auto")
    if not (STATIC / "vendor" / "versions.txt").exists():
        logger.info(
            "MathJax and widgets will be loaded from their usual hosts: run "
            "`python tools/vendor.py` first for a book that needs no network."
        )
        return
    config.nb_ipywidgets_js = {"vendor/widgets/embed.js": {"defer": "defer"}}
    config.html_css_files.append("lenet-fonts.css")


def mend_page(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Take sphinx-thebe's scripts and styles off the page: it has no live code for them.

    They throw an error on each page, because the theme declares the same names.
    """
    for kind in ("script_files", "css_files"):
        context[kind] = [file for file in context.get(kind, []) if not _of_thebe(file)]


def _of_thebe(file: Any) -> bool:
    body = (getattr(file, "attributes", None) or {}).get("body") or ""
    return "thebe" in str(getattr(file, "filename", file)).lower() or "THEBE_JS_URL" in body


def copy_weights(app: Sphinx, exception: Exception | None) -> None:
    """Put the package's trained networks where the live page looks for them."""
    if exception is None and app.builder.format == "html":
        target = Path(app.outdir) / "_static" / "live" / "weights"
        shutil.copytree(TRAINED, target, dirs_exist_ok=True)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the above."""
    app.connect("config-inited", set_options)
    app.connect("build-finished", copy_weights)
    app.connect("html-page-context", mend_page, priority=900)
    lenet_math.setup(app)
    # FontAwesome runs later (`defer`); put icons into <i>, rather than in its place, since the
    # player of ipywidgets throws when its <i> is gone.
    app.add_js_file(None, body='window.FontAwesomeConfig = {autoReplaceSvg: "nest"};')
    # One process typesets all formulas.
    return {"parallel_read_safe": True, "parallel_write_safe": False}
