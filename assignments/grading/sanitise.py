"""What students wrote, made harmless for a browser and for a spreadsheet."""

import re
import unicodedata
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

LONGEST_ANSWER = 10_000
LONGEST_CELL = 30_000  # Excel takes 32,767 characters

# A link would let the browser look up the name of its host, and a picture be fetched: both tell
# somebody who reads which answer. Styles and forms could cover or imitate the page around them.
TAGS = {
    *("p", "br", "hr", "em", "strong", "b", "i", "u", "s", "del", "sub", "sup", "code", "pre"),
    *("kbd", "blockquote", "ul", "ol", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tr"),
    *("th", "td", "h1", "h2", "h3", "h4", "h5", "h6"),
}
# The joiners and marks that Persian, Hindi, Hebrew and emoji are written with, beside what ends
# lines: they hide and move no other text.
KEPT = "\t\n\r\u200c\u200d\u200e\u200f"
# A spreadsheet takes a cell for a formula by its first letter, some after spaces and quotes. One
# that splits lines at semicolons, as in much of Europe, sees first letters elsewhere too.
START = r"(^|[;\t\r\n])"
FORMULA = re.compile(START + r"((?:'|[^\S\t\r\n]|[\"\u200c-\u200f])*)(?=(.))", re.DOTALL)
NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?|[-+]")


def plain(text: Any, longest: int) -> str:
    """Return a text in which everything can be seen, cut with a word when it is too long.

    What a reader would not see, such as a mark that turns the direction of the text around it, or
    half of a character, stands there as its number.
    """
    text = str(text)
    cut = f" [... {len(text) - longest} characters more]" if len(text) > longest else ""
    return re.sub(r"[^ -~]", _seen, text[:longest]) + cut


def _seen(found: re.Match[str]) -> str:
    letter = found[0]
    can_be_seen = letter.isprintable() or letter in KEPT or unicodedata.category(letter) == "Zs"
    return letter if can_be_seen else f"\\u{{{ord(letter):x}}}"


def _is_formula(first: str) -> bool:
    """Whether a spreadsheet begins a formula with it; East Asian ones take wide letters too."""
    return unicodedata.normalize("NFKC", first)[:1] in ("=", "+", "-", "@")


def to_cell(text: str) -> str:
    """Return a text for a cell of a CSV; what would be a formula has an apostrophe before it.

    Numbers stay numbers. `from_cell` gives the text back.
    """
    text = plain(text, LONGEST_CELL)
    if NUMBER.fullmatch(text):
        return text
    before = "'" if re.match(r"'*[\t\r\n]", text) else ""
    return before + FORMULA.sub(lambda m: m[1] + "'" * _is_formula(m[3]) + m[2], text)


def from_cell(text: str) -> str:
    """Return the text that `to_cell` made a cell of."""

    def freed(found: re.Match[str]) -> str:
        return found[1] + found[2].removeprefix("'" if _is_formula(found[3]) else "")

    text = text[1:] if re.match(r"'+[\t\r\n]", text) else text
    return FORMULA.sub(freed, text)


def _address(self: Any, tokens: list[Token], place: int, *_: Any) -> str:
    """Put the address that a link leads to before its text, and make no link."""
    return f"&lt;{escape(tokens[place].attrGet('href') or '')}&gt; "


def _picture(self: Any, tokens: list[Token], place: int, *_: Any) -> str:
    """Put the words for a picture in its place."""
    return f"[picture: {escape(tokens[place].content)}]"


# Definitions of references take a time that grows with the square of their number.
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"]).disable("reference")
MARKDOWN.add_render_rule("link_open", _address)
MARKDOWN.add_render_rule("link_close", lambda *_: "")
MARKDOWN.add_render_rule("image", _picture)


def rendered(markdown: str) -> Markup:
    """Return a student's Markdown as HTML without anything that runs, loads or leads elsewhere."""
    page = nh3.clean(
        MARKDOWN.render(plain(markdown, LONGEST_ANSWER)), tags=TAGS, attributes={}, link_rel=None
    )
    return Markup(plain(page, len(page)))  # as Markdown may write a letter as its number, too
