"""The book's own Sphinx extension: what the theme and its helpers do not do by themselves."""

from pathlib import Path

import lenet_math
import lenet_page
import lenet_site
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging

logger = logging.getLogger(__name__)
STATIC = Path(__file__).parents[1] / "_static"


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
    config.nb_ipywidgets_js = {**config.nb_ipywidgets_js, "frames.js": {"defer": "defer"}}
    if not (STATIC / "vendor" / "versions.txt").exists():
        logger.info(
            "MathJax and widgets will be loaded from their usual hosts: run "
            "`python tools/vendor.py` first for a book that needs no network."
        )
        return
    scripts = ("vendor/widgets/embed.js", "frames.js")
    config.nb_ipywidgets_js = {script: {"defer": "defer"} for script in scripts}
    config.html_css_files.append("lenet-fonts.css")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the above."""
    app.connect("config-inited", set_options)
    lenet_math.setup(app)
    lenet_page.setup(app)
    lenet_site.setup(app)
    # One process typesets all formulas.
    return {"parallel_read_safe": True, "parallel_write_safe": False}
