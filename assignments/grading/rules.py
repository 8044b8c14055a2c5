"""What a person should look at: forbidden calls, and answers that are the same.

It says nothing about points. A line `# forbidden: *conv*, autograd` in a hidden test of a master
names what the answer before it may not use; see assignments/README.md.
"""

import ast
import builtins
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatch
from hashlib import sha256
from typing import Any

from nbformat import NotebookNode
from nbgrader.utils import is_solution
from roles import grade_id, is_given, is_test

FORBIDDEN = re.compile(r"^# forbidden: (.+)$", re.MULTILINE)
MARKS = re.compile(r"^ *### (?:BEGIN|END) SOLUTION *\n?", re.MULTILINE)
JUPYTER = re.compile(r"^\s*(?:%%?\w+|!).*$|\?+\s*$", re.MULTILINE)
LOOKUPS = {"getattr", "eval", "exec", "__import__", "import_module", "globals", "vars", "__dict__",
           "modules", "__globals__", "__builtins__"}  # fmt: skip
LONGEST = 200_000
MOST = 5
# Shorter answers are alike by chance, or since only one is right.
SHORTEST_WORDS, SHORTEST_IN_ALL = 100, 200
MASTER = "the published master"


def forbidden(master: NotebookNode) -> dict[str, list[str]]:
    """Return what the answers of an assignment may not use, by the name of the answer."""
    return {
        re.sub(r"_test\d*$", "", str(grade_id(cell))): [p.strip() for p in found[1].split(",")]
        for cell in master.cells
        if is_test(cell) and (found := FORBIDDEN.search(cell.source))
    }


def uses(notebook: NotebookNode, rules: Mapping[str, list[str]]) -> list[str]:
    """Return a remark for each answer that uses what its question forbids."""
    code = [c for c in notebook.cells if c.cell_type == "code" and not is_test(c)]
    if sum(len(c.source) for c in code) > LONGEST:
        return ["its code is too long to be searched for what is forbidden"] if rules else []
    given = [t for c in code if is_given(c) and (t := _tree(c.source))]
    written = {id(c): _tree(c.source) for c in code if not is_given(c)}
    names = _Names(given, [tree for tree in written.values() if tree])
    # Another answer with a rule has a remark of its own.
    ruled = {id(s) for c in code if grade_id(c) in rules for s in _body(written.get(id(c)))}
    remarks = []
    for cell in code:
        patterns = rules.get(str(grade_id(cell)))
        if not patterns:
            continue
        tree = written[id(cell)]
        magic = "\n".join(line[0] for line in JUPYTER.finditer(cell.source))
        found = [*names.used(tree, ruled), *_words(magic)] if tree else _words(cell.source)
        hits = [what for what in found if _matches(what, patterns)]
        lookups = sorted({part for what in found for part in what.split(".")} & LOOKUPS)
        if hits := sorted(set(hits)):
            remarks.append(f"{grade_id(cell)}: uses what is forbidden: {', '.join(hits[:MOST])}")
        elif lookups:
            remarks.append(f"{grade_id(cell)}: see what it calls by {', '.join(lookups)}")
    return remarks


def _matches(what: str, patterns: Iterable[str]) -> bool:
    """Whether a number, or a part of a dotted name, is of one of the patterns."""
    parts = [what] if what[:1].isdigit() else what.lower().split(".")
    return any(fnmatch(part, pattern.lower()) for part in parts for pattern in patterns)


def _tree(source: str) -> ast.Module | None:
    """Parse a cell, without the lines that only Jupyter understands."""
    try:
        return ast.parse(JUPYTER.sub("", source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _body(tree: ast.Module | None) -> list[ast.stmt]:
    return tree.body if tree else []


def _words(source: str) -> list[str]:
    return re.findall(r"[A-Za-z_][\w.]*", source)


class _Names:
    """What the names of a notebook stand for, as far as its text tells."""

    def __init__(self, given: list[ast.Module], written: list[ast.Module]):
        self.given = set().union(*map(_bound, given))
        self.given_imports = {meant for tree in given for _, meant in _imports(tree)}
        self.imported: dict[str, str] = {}
        self.stars: set[str] = set()
        self.bound: dict[str, list[ast.stmt]] = defaultdict(list)
        for tree in written:
            self.imported |= dict(_imports(tree))
            self.stars |= {m.removesuffix(".*") for name, m in _imports(tree) if name == "*"}
            for statement in tree.body:
                for name in _bound(statement):
                    self.bound[name].append(statement)

    def used(self, tree: ast.AST, less: set[int]) -> list[str]:
        """Return the dotted names and the numbers in a piece of code and in what it calls.

        Args:
            tree: the code.
            less: by their `id`, the statements of others that are not followed.
        """
        found: list[str] = []
        waiting, seen = [tree], {id(tree), *less}
        while waiting:
            piece = waiting.pop()
            found += self._in(piece)
            for name in _needed(piece):
                if name not in {*self.given, *self.bound, *vars(builtins)}:
                    found += [f"{module}.{name}" for module in self.stars]
                for statement in self.bound.get(name, []):
                    if id(statement) not in seen:
                        seen.add(id(statement))
                        waiting.append(statement)
        return found

    def _in(self, piece: ast.AST) -> Iterator[str]:
        inner = {id(call.func) for call in ast.walk(piece) if _asks_itself(call)}
        for node in ast.walk(piece):
            if id(node) in inner:
                continue
            if isinstance(node, ast.Attribute):
                parts = []
                below: ast.AST = node
                while isinstance(below, ast.Attribute):
                    inner.add(id(below))
                    parts.append(below.attr)
                    below = below.value
                root = self._meant(below.id) if isinstance(below, ast.Name) else ""
                yield ".".join([root, *reversed(parts)]).strip(".")
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                yield self._meant(node.id)
            elif isinstance(node, ast.Constant) and isinstance(node.value, float):
                yield repr(node.value)
            elif isinstance(node, ast.Import | ast.ImportFrom):
                yield from {meant for _, meant in _imports(node)} - self.given_imports

    def _meant(self, name: str) -> str:
        """Return what was imported by a name; "" for what is the student's own, or given."""
        if name in self.imported and name not in self.given:
            return self.imported[name]
        return name if name in LOOKUPS else ""


def _asks_itself(node: ast.AST) -> bool:
    """Whether it is `getattr(self, ...)`, which leads to nothing outside of the class."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "getattr"
        and bool(node.args)
        and isinstance(node.args[0], ast.Name)
        and node.args[0].id == "self"
    )


def _imports(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield (
                    alias.asname or alias.name.partition(".")[0],
                    (alias.name if alias.asname else alias.name.partition(".")[0]),
                )
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module or ''}.{alias.name}"


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _bound(tree: ast.AST) -> set[str]:
    """Return the names that a piece of code gives a value, less those inside of its functions."""
    found, waiting = set(), [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {name for name, _ in _imports(node)}
        else:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.id)
            waiting += ast.iter_child_nodes(node)
    return found


def _needed(node: ast.AST) -> set[str]:
    """Return the names that a piece of code takes from elsewhere."""
    if isinstance(node, ast.Name):
        return {node.id} if isinstance(node.ctx, ast.Load) else set()
    found = set().union(*map(_needed, ast.iter_child_nodes(node)))
    if isinstance(node, (*FUNCTIONS, ast.Lambda)):
        own = node.body if isinstance(node.body, list) else []
        arguments = {n.arg for n in ast.walk(node.args) if isinstance(n, ast.arg)}
        found -= arguments.union(*map(_bound, own))
    return found


def answers(notebook: NotebookNode, release: NotebookNode) -> dict[str, list[Any]]:
    """Return of each answer that is not as it was handed out: a digest, length, and if it is words.

    Blanks and line ends do not count.
    """
    blank = {grade_id(c): _squeezed(c.source) for c in release.cells}
    found = {}
    for cell in notebook.cells:
        name, text = grade_id(cell), _squeezed(MARKS.sub("", cell.source))
        if name and is_solution(cell) and text and text != blank.get(name):
            digest = sha256(text.encode(errors="backslashreplace")).hexdigest()[:16]
            found[name] = [digest, len(text), cell.cell_type == "markdown"]
    return found


def _squeezed(text: str) -> str:
    return "".join(text.split())


def alike(given: Mapping[str, tuple[Any, Mapping[str, list[Any]]]]) -> dict[str, list[str]]:
    """Return remarks on answers that several students have, letter by letter.

    Args:
        given: for each student the file, which partners may share, and `answers` of it.
    """
    shared: dict[Any, dict[str, Any]] = defaultdict(dict)
    for student, (file, mine) in given.items():
        if sum(length for _, length, _ in mine.values()) >= SHORTEST_IN_ALL:
            shared["all answers", tuple(sorted((n, d) for n, (d, *_) in mine.items()))][student] = (
                file
            )
        for name, (digest, length, is_words) in mine.items():
            if is_words and length >= SHORTEST_WORDS:
                shared[name, digest][student] = file
    remarks: dict[str, list[str]] = defaultdict(list)
    for (what, _), students in shared.items():
        for student, file in students.items():
            others = sorted(s for s, f in students.items() if s != student and f != file)
            if others and not any(r.startswith("all answers") for r in remarks[student]):
                more = f" and {len(others) - MOST} more" if len(others) > MOST else ""
                named = ", ".join(others[:MOST]) + more
                remarks[student].append(f"{what}: the same as those of {named}")
    return dict(remarks)
