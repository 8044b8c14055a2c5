"""How messages call what a check was given, whatever that does when it is asked."""

from typing import Any


def name_of(function: Any) -> str:
    """Return the name of a function."""
    try:
        name = str(function.__name__)
    except Exception:
        name = "<lambda>"
    return "your function" if name == "<lambda>" else name[:60]


def told(error: BaseException) -> str:
    """Return an error's kind and text."""
    try:
        text = str(error)
    except Exception:
        text = "an error that cannot be shown"
    return f"{type(error).__name__}: {text if len(text) <= 300 else text[:297] + '...'}"


def shorten(answer: Any) -> str:
    """Return the beginning of what an answer looks like."""
    try:
        text = " ".join(repr(answer).split())
    except Exception:
        text = "an object that cannot be shown"
    return text if len(text) <= 60 else text[:57] + "..."
