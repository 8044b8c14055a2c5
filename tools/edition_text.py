"""Lessons' Markdown without MyST: directives, roles and relative links become plain Markdown.

What Jupyter, Colab and GitHub do not know is written so that they do. `raw` lists what is left,
by a parser that knows MyST.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from contents import ROOT
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.myst_blocks import myst_block_plugin
from mdit_py_plugins.myst_role import myst_role_plugin
from pybtex.database import Entry, parse_file
from pybtex.richtext import Text

BRANCH = "edition"
ADMONITIONS = [
    "admonition",
    "attention",
    "caution",
    "danger",
    "error",
    "hint",
    "important",
    "note",
    "seealso",
    "tip",
    "warning",
]
FENCE = re.compile(r"^ {0,3}(:{3,}|`{3,}|~{3,})(.*)$")
DIRECTIVE = re.compile(r"^\{([\w:.-]+)\}\s*(.*)$")
OPTION = re.compile(r"^:([\w-]+):[ \t]*(.*)$")
HEADING = re.compile(r"(#{1,6}) ")
# Targets, comments and breaks of blocks, each a line of its own.
MARKS = re.compile(r"^(?:\([\w:.-]+\)=|%.*|\+\+\+.*)$\n?", re.MULTILINE)
INLINE = re.compile(
    r"\{(?P<role>[\w:.+-]+)\}(?P<ticks>`+)(?P<content>.+?)(?P=ticks)"
    r"|(?P<code>(?P<marks>`+)(?!`).*?(?<!`)(?P=marks)(?!`))"
    r"|(?P<display>\$\$.+?\$\$)(?P<label> ?\([\w:.-]+\))?"
    r"|(?P<math>(?<![\\$\w])\$(?![\s$])(?:\\.|[^$\\])+?(?<!\s)\$(?!\d))"
    r"|(?P<mark>!?)\[(?P<text>(?:[^\[\]`]|`[^`]*`|\[[^\[\]]*\])*)\]"
    r"\((?P<target>[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)(?P<title>\s+\"[^\"]*\")?\)",
    re.DOTALL,
)
ABSOLUTE = re.compile(r"(?:https?:|mailto:)")


@cache
def configuration() -> dict[str, Any]:
    """Return what `_config.yml` says."""
    return yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))


def project() -> str:
    """Return the repository's owner and name."""
    return configuration()["repository"]["url"].removeprefix("https://github.com/")


def page(name: str) -> str:
    """Return the address of a page of the published book, such as "book/glossary"."""
    return f"{configuration()['html']['baseurl']}{name}.html"


def colab(lesson: str) -> str:
    """Return the address that opens a lesson in Colab."""
    return f"https://colab.research.google.com/github/{project()}/blob/{BRANCH}/{lesson}.ipynb"


@dataclass
class Lesson:
    """A lesson that is written cell by cell: its name, such as "05_layer_by_layer"."""

    name: str
    level: int = 1  # of the heading above

    def plain(self, source: str) -> str:
        """Return MyST's Markdown as plain Markdown.

        Raises:
            ValueError: a role or a link that has no plain form.
        """
        written, text, lines = [], [], iter(source.splitlines())
        for line in lines:
            fence = FENCE.match(line)
            if not fence:
                self.level = len(hashes[1]) if (hashes := HEADING.match(line)) else self.level
                text.append(line)
                continue
            body = until(lines, fence[1])
            directive = DIRECTIVE.match(fence[2].strip())
            written.append(self.inline("\n".join(text)))
            text = []
            if directive:
                written.append(self.directive(directive[1], directive[2].strip(), body))
            else:
                written.append("\n".join([line, *body, fence[1]]))
        written.append(self.inline("\n".join(text)))
        return "\n".join(part for part in written if part)

    def directive(self, name: str, argument: str, lines: list[str]) -> str:
        """Return a directive as headings, block quotes, formulas or code."""
        options, body = parted(lines)
        text = self.plain("\n".join(body)).strip()
        if name == "exercise":
            numbers = re.fullmatch(r"ex-(\d+)-(\d+)", options.get("label", ""))
            number = f" {int(numbers[1])}.{int(numbers[2])}" if numbers else ""
            title = self.inline(argument)
            return f"{'#' * (self.level + 1)} Exercise{number}: {title}\n\n{quoted(text)}\n"
        if name == "dropdown" or "dropdown" in options.get("class", ""):
            summary = self.inline(argument) or name.capitalize()
            return f"<details><summary>{summary}</summary>\n\n{text}\n\n</details>\n"
        if name in ADMONITIONS:
            title = self.inline(argument) if name == "admonition" else name.capitalize()
            first = "" if name == "admonition" else self.inline(argument)
            return quoted("\n\n".join(p for p in (f"**{title}**", first, text) if p)) + "\n"
        if name == "math":
            return "$$\n" + "\n".join(body) + "\n$$"
        if name in ("code", "code-block", "sourcecode"):
            return "\n".join([f"```{argument}", *body, "```"])
        if name in ("image", "figure"):
            picture = f"![{options.get('alt', '')}]({self.address(argument)[0]})"
            return f"{picture}\n\n{text}\n" if text else picture
        if name == "instrument":
            address = (
                f"{configuration()['html']['baseurl']}_static/live/still-{argument}-light.webp"
            )
            picture = f"![{options['alt']}]({address})"
            link = f"[Move it yourself, in the book]({page(f'notebooks/{self.name}')})"
            return quoted("\n\n".join((picture, text, link))) + "\n"
        # Something that only a page of the book can do: what it says, and the way there.
        title = self.inline(argument) or "More of this"
        link = f"[{title}, in the book]({page(f'notebooks/{self.name}')})"
        return quoted("\n\n".join(part for part in (text, link) if part)) + "\n"

    def inline(self, text: str) -> str:
        """Return a text without roles, marks of MyST, and relative links."""
        return INLINE.sub(self._replace, MARKS.sub("", text))

    def _replace(self, found: re.Match[str]) -> str:
        if role := found["role"]:
            return self.role(role, " ".join(found["content"].split()))
        if found["code"] or found["math"]:
            return found[0]
        if found["display"]:
            return found["display"]
        address, title, beside = self.address(found["target"])
        text = self.inline(found["text"]) or title
        return f"{found['mark']}[{text}]({address}{found['title'] or ''}){beside}"

    def role(self, name: str, content: str) -> str:
        """Return a role as plain Markdown."""
        if name.startswith("cite"):
            return citation(name, content)
        exercise = re.fullmatch(r"ex-(\d+)-(\d+)", content)
        if name in ("ref", "numref") and exercise:
            return f"Exercise {int(exercise[1])}.{int(exercise[2])}"
        forms: dict[str, Callable[[str], str]] = {
            "math": "${}$".format,
            "sub": "<sub>{}</sub>".format,
            "sup": "<sup>{}</sup>".format,
            "kbd": "`{}`".format,
        }
        if name in forms:
            return forms[name](content)
        raise ValueError(
            f"the role {{{name}}}`{content}` has no plain form: write it as Markdown, or give it "
            "one in tools/edition_text.py."
        )

    def address(self, target: str) -> tuple[str, str, str]:
        """Return where a link leads, the title of what is there, and what stands beside the link.

        Raises:
            ValueError: nothing is there, or nothing that is published.
        """
        if ABSOLUTE.match(target):
            return target, target, ""
        path, _, part = target.partition("#")
        part = f"#{part}" if part else ""
        here = ROOT / "notebooks" / f"{self.name}.ipynb"
        file = (here.parent / path).resolve() if path else here
        name = file.relative_to(ROOT).as_posix() if file.is_relative_to(ROOT) else ""
        if name.startswith("book/_static/"):
            return f"{configuration()['html']['baseurl']}{name.removeprefix('book/')}", "", ""
        if not file.exists() or file.suffix not in (".ipynb", ".md"):
            raise ValueError(f"the link to {target!r} leads to no page of the book.")
        beside = ""
        if file.parent == here.parent and file != here:
            beside = f" ([Colab]({colab(file.stem)}))"
        return page(name.removesuffix(file.suffix)) + part, heading(file), beside


def heading(file: Path) -> str:
    """Return the first heading of a page or of a lesson."""
    text = file.read_text(encoding="utf-8")
    found = re.search(r"(?:^|\")# (.+?)(?:\\n\"|$)", text, re.MULTILINE)
    return found[1] if found else file.stem


def until(lines: Iterator[str], fence: str) -> list[str]:
    """Take lines up to the end of a block that began with a fence."""
    end = re.compile(rf" {{0,3}}{re.escape(fence[0])}{{{len(fence)},}}\s*")
    body: list[str] = []
    for line in lines:
        if end.fullmatch(line):
            break
        body.append(line)
    return body


def parted(lines: list[str]) -> tuple[dict[str, str], list[str]]:
    """Part the options of a directive from what it holds."""
    if lines and lines[0].strip() == "---":
        end = lines.index("---", 1)
        options = yaml.safe_load("\n".join(lines[1:end])) or {}
        return {key: str(value) for key, value in options.items()}, lines[end + 1 :]
    options, rest = {}, list(lines)
    while rest and (found := OPTION.match(rest[0])):
        options[found[1]] = found[2].strip()
        rest.pop(0)
    return options, rest


def quoted(text: str) -> str:
    """Return a text as a block quote."""
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


@cache
def works() -> dict[str, Entry]:
    """Return what can be cited, by key."""
    return dict(parse_file(str(ROOT / "book" / "references.bib"), "bibtex").entries)


def citation(role: str, keys: str) -> str:
    """Return references as authors, year and link; those in brackets unless the text names them."""
    cited = [works()[key.strip()] for key in keys.split(",")]
    named = role in ("cite:t", "cite:ts")
    form = "[{} ({})]({})" if named else "[{}, {}]({})"
    links = [form.format(authors(entry), entry.fields["year"], source(entry)) for entry in cited]
    return "; ".join(links) if named else f"({'; '.join(links)})"


def authors(entry: Entry) -> str:
    """Return the family names of the authors, or that of the first of many."""
    names = [
        str(Text.from_latex(" ".join([*person.prelast_names, *person.last_names])))
        for person in entry.persons["author"]
    ]
    return f"{names[0]} et al." if len(names) > 2 else " and ".join(names)


def source(entry: Entry) -> str:
    """Return where a work can be found; the bibliography of the book where it says no place."""
    if doi := entry.fields.get("doi"):
        return f"https://doi.org/{doi.replace('(', '%28').replace(')', '%29')}"
    if entry.fields.get("archiveprefix", "").lower() == "arxiv":
        return f"https://arxiv.org/abs/{entry.fields['eprint']}"
    return entry.fields.get("url") or page("book/bibliography")


def raw(text: str) -> list[str]:
    """Return what no plain viewer knows: directives, roles, marks of MyST, relative links."""
    parser = MarkdownIt("commonmark").enable("table")
    for plugin in (colon_fence_plugin, deflist_plugin, myst_block_plugin, myst_role_plugin):
        parser.use(plugin)
    parser.use(dollarmath_plugin)
    found: list[str] = []
    for token in parser.parse(text):
        for part in (token, *(token.children or [])):
            found += faults(part)
    return found


def faults(token: Token) -> list[str]:
    """Return what is wrong with one part of a text."""
    kind = token.type
    if kind == "colon_fence" or (kind == "fence" and token.info.strip().startswith("{")):
        return [f"directive {token.info.strip()}"]
    if kind.startswith("myst_") or kind in ("dl_open", "math_block_label"):
        return [f"{kind} {token.content}"]
    links = [str(token.attrs[key]) for key in ("href", "src") if key in token.attrs]
    if kind in ("html_block", "html_inline"):
        links += re.findall(r"\b(?:href|src)=[\"']?([^\"'\s>]+)", token.content)
    return [f"link {link}" for link in links if not ABSOLUTE.match(link)]
