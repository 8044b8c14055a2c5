"""Outputs that survive wherever a notebook is opened: a PNG, and words as Markdown."""

import base64
import re
from typing import Any

Bundle = tuple[dict[str, Any], dict[str, Any]]
"""The data of one output by media type, and its metadata."""


def image(png: bytes, alt: str, text: str) -> Bundle:
    """Return a picture drawn at 150 dots an inch, with what stands in its place without one.

    Args:
        png: the file.
        alt: what is to be seen.
        text: for viewers that show no picture at all.
    """
    width = int.from_bytes(png[16:20], "big") * 2 // 3  # of the page, which has 100 dots an inch
    data = {"image/png": base64.b64encode(png).decode(), "text/plain": text}
    return data, {"image/png": {"alt": alt, "width": width}}


def prose(text: str) -> str:
    """Return a text as Markdown in which no character is a sign."""
    return re.sub(r"([\\`*_\[\]<>#$|~&])", r"\\\1", " ".join(text.split()))


def show_bundles(bundles: list[Bundle]) -> None:
    """Show outputs, one after the other."""
    from IPython.display import display

    for data, metadata in bundles:
        display(data, metadata=metadata, raw=True)
