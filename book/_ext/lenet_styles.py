"""Take out of the theme's style sheet what no page of the book uses: three quarters of it."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import tinycss2

WORD = re.compile(r"[\w-]+")
# Put together by the scripts of Bootstrap, so that they stand in no file as a word.
COMPOSED = re.compile(r"bs-|tooltip|popover")
# The theme's icon font, in place of which `icons.css` stands.
ICONS = re.compile(r"fa-|fa[bsr]?$")


def purge(sheet: Path, out: Path) -> None:
    """Rewrite a style sheet, keeping what the pages and scripts of a folder may use.

    A selector goes when it names a class or an id that is a word of no page and of no script.
    """
    files = [*out.rglob("*.html"), *(p for p in out.rglob("*.js") if "vendor" not in p.parts)]
    words: set[str] = set()
    for path in files:
        words.update(WORD.findall(path.read_text("utf-8")))
    rules = tinycss2.parse_stylesheet(
        sheet.read_text("utf-8"), skip_comments=True, skip_whitespace=True
    )
    sheet.write_text(_keep(rules, words), encoding="utf-8")


def _keep(rules: Iterable[Any], words: set[str]) -> str:
    kept = []
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = [s for s in _selectors(rule.prelude) if _is_used(s, words)]
            if selectors:
                kept.append(f"{','.join(selectors)}{{{tinycss2.serialize(rule.content)}}}")
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports"):
            inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            if text := _keep(inner, words):
                kept.append(f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{text}}}")
        elif "Font Awesome" not in rule.serialize() and "Font\\ Awesome" not in rule.serialize():
            kept.append(rule.serialize())
    return "".join(kept)


def _selectors(prelude: list[Any]) -> list[str]:
    """Split at commas; those in brackets belong to a token of their own."""
    parts: list[list[Any]] = [[]]
    for token in prelude:
        if token == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return [tinycss2.serialize(part).strip() for part in parts]


def _is_used(selector: str, words: set[str]) -> bool:
    outside = re.sub(r":not\([^()]*\)|\[[^\]]*\]", "", selector)
    names = re.findall(r"[.#](-?[A-Za-z_][\w-]*)", outside)
    if names and all(ICONS.match(name) for name in names):
        return False
    return "\\" in selector or all(name in words or COMPOSED.match(name) for name in names)
