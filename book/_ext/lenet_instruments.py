"""The directive `{instrument} NAME`: something that a reader of a lesson moves, in the page.

Its text is the caption; `:alt:` says what the picture shows that stands there without scripts.
"""

from html import escape
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from PIL import Image
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

LIVE = Path(__file__).parents[1] / "_static" / "live"
BLOCK = """
<link rel="stylesheet" href="{up}_static/live/live.css">
<link rel="stylesheet" href="{up}_static/live/instruments.css">
<div class="lenet-instrument live" data-instrument="{name}">
<p class="live-message" role="status">To be alive, it needs scripts and a browser not older than
2023. Below is a picture of it.</p>
<div class="instrument-app" hidden></div>
<figure class="live-still instrument-still">{pictures}</figure>
</div>
"""
PICTURE = """
<picture class="only-{mode}">
<source media="(max-width: 34rem)" srcset="{up}_static/live/{phone}"
width="{phone_width}" height="{phone_height}">
<img src="{up}_static/live/{file}" width="{width}" height="{height}" loading="lazy" alt="{alt}">
</picture>
"""


def names() -> list[str]:
    """Return the names of all instruments: each has a still picture of its own."""
    return sorted({path.name.split("-")[1] for path in LIVE.glob("still-*-phone-light.webp")})


def picture(name: str, mode: str, up: str, alt: str) -> str:
    """Return an instrument's picture, and the one for a phone, each with the room it takes."""
    files = [f"still-{name}-{mode}.webp", f"still-{name}-phone-{mode}.webp"]
    (width, height), (phone_width, phone_height) = (Image.open(LIVE / file).size for file in files)
    return PICTURE.format(
        mode=mode,
        up=up,
        alt=alt,
        file=files[0],
        width=width,
        height=height,
        phone=files[1],
        phone_width=phone_width,
        phone_height=phone_height,
    )


class Instrument(SphinxDirective):
    """An instrument, see the module."""

    required_arguments = 1
    has_content = True
    option_spec = {"alt": directives.unchanged_required}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        """Return the place of the instrument, with its picture, and the caption."""
        name = self.arguments[0]
        if name not in names():
            raise self.error(f"there is no instrument {name!r}; there are: {', '.join(names())}.")
        if "alt" not in self.options:
            raise self.error(f"the instrument {name!r} needs :alt:, what its picture shows.")
        up = "../" * self.env.docname.count("/")
        alt = escape(" ".join(self.options["alt"].split()))
        pictures = "".join(picture(name, mode, up, alt) for mode in ("light", "dark"))
        caption = nodes.container(classes=["lenet-caption"])
        self.state.nested_parse(self.content, self.content_offset, caption)
        block = BLOCK.format(pictures=pictures, up=up, name=name)
        return [nodes.raw("", block, format="html"), caption]


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the above."""
    app.add_directive("instrument", Instrument)
    app.add_js_file("live/wake.js", loading_method="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
