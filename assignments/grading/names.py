"""Names of people and files: as they can be shown, compared and written on a disk."""

import hashlib
import re
import unicodedata

LONGEST_KEY = 80  # bytes; a file's name may have 255, with what stands around a key
# Halves of characters, what moves a terminal's cursor, and what turns text around.
UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def written(name: str, most: int = 1_000) -> str:
    """Return a text that can be printed and stored: NFC, in one line, and not too long.

    Bytes of a file's name that are not UTF-8, and what cannot be seen, are written in digits.
    """
    name = name[: 2 * most]
    try:  # bytes of a file's name that are not UTF-8
        raw = name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # any other half of a character
        raw = name.encode("utf-8", "replace")
    shown = unicodedata.normalize("NFC", raw.decode("utf-8", "backslashreplace"))
    shown = UNSHOWN.sub(lambda found: ascii(found[0])[1:-1], shown)
    return shown if len(shown) <= most else shown[: most - 3] + "..."


def counted(count: int, what: str) -> str:
    """Return "1 student" or "7 students"."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def key(name: str, number: str = "", who: tuple[str, ...] = ()) -> str:
    """Return a name for files and for nbgrader: safe on every disk, one for each student.

    Where it cannot hold all of the name, and no platform's number tells students apart, some
    digits of the identity `who` follow, so that it does not depend on who else is in the class.
    """
    plain = unicodedata.normalize("NFC", name)
    safe = re.sub(r"[^\w.@-]+", "-", plain).strip("-.")
    safe = _cut(safe, LONGEST_KEY)
    if number:
        return f"{safe or 'unnamed'}-{re.sub(r'[^A-Za-z0-9_]+', '-', number)[:40]}"
    return safe if safe and safe == plain else f"{safe or 'unnamed'}-{digits(who or (name,))}"


def _cut(text: str, most: int) -> str:
    return text.encode()[:most].decode("utf-8", "ignore")


def digits(who: tuple[str, ...]) -> str:
    """Return hexadecimal digits that stand for an identity."""
    raw = "\0".join(who).encode("utf-8", "surrogatepass")
    return hashlib.sha256(raw).hexdigest()[:8]


def folded(name: str) -> str:
    """Return what names have in common that only look different: case, spaces, punctuation.

    A browser's "(1)" and "copy" are left out too. Accents and letters of any script count.
    """
    plain = unicodedata.normalize("NFKC", name.casefold())
    plain = re.sub(r"(\(\d+\)|\bcopy( of)?\b|-copy\d*)", " ", plain)
    return "".join(c for c in plain if unicodedata.category(c)[0] in "LMN")


def on_disk(name: str) -> str:
    """Return what a disk that ignores case or composition takes a file's name for."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKD", name).casefold())
