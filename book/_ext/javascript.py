"""Checks of exercises as JavaScript, from the Python that checks them in a notebook.

A check of numbers is arithmetic, comparisons and sentences, so it is translated statement by
statement; what takes an answer apart, and what differs between the languages, such as `==` of
tuples or `{x:,}`, are functions of `answers.js`. What has no translation is refused. (PScript, a
kept translator, knows no sets, no generator expressions, no dict comprehensions, no `{x:,}`.)
"""

import ast
import inspect
import json
import textwrap
from collections.abc import Callable
from types import FunctionType
from typing import Any

# Of `lenet_utils.checks.verdict`: they take answers in every form that Python has. A field of the
# page gives one form, a number or a text, and `answers.js` takes that with the same words.
TAKING = ("integer", "integers", "number", "unrounded", "wrong")
# They bring other forms of an answer to the one that a field gives.
AS_GIVEN = ("_two", "_text", "_yes_or_no")
BUILTINS = """
    abs all any enumerate float int len list map max min range round set sorted str sum tuple zip
""".split()  # noqa: SIM905 (a list of words)
MATH = "e exp floor log log10 log1p pi sqrt tanh".split()  # noqa: SIM905
METHODS = "get items keys lower values".split()  # noqa: SIM905
PLAIN = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
OPERATORS = {
    **{ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.FloorDiv: "floordiv"},
    **{ast.Mod: "mod", ast.Pow: "pow", ast.BitAnd: "and"},
}


class NoTranslation(Exception):
    """A piece of Python that is not translated; the text names it."""


def translated(check: Callable[..., Any]) -> str:
    """Return a check as the source of a JavaScript function of the same answers.

    Raises:
        NoTranslation: it does something else than numbers, comparisons and sentences.
    """
    done: dict[str, str] = {}
    name = _function(inspect.unwrap(check), done)
    return "(() => {\n" + "\n".join(done.values()) + f"\nreturn {name};\n}})()"


def _function(function: FunctionType, done: dict[str, str]) -> str:
    """Translate a function, and before it all that it uses of its module, into `done`."""
    name = function.__name__
    if name not in done:
        done[name] = ""  # it may call itself
        tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
        assert isinstance(tree, ast.FunctionDef)
        text = _Translator(function, done).function(tree)
        del done[name]
        done[name] = text
    return name


class _Translator:
    def __init__(self, function: FunctionType, done: dict[str, str]) -> None:
        self.around, self.done = function.__globals__, done
        self.own: set[str] = set()

    def function(self, tree: ast.FunctionDef) -> str:
        given = tree.args
        names = [one.arg for one in given.args]
        defaults = [None] * (len(names) - len(given.defaults)) + given.defaults
        stored = {
            node.id
            for part in tree.body
            for node in ast.walk(part)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        self.own = stored | set(names)
        head = ", ".join(
            name if default is None else f"{name} = {self(default)}"
            for name, default in zip(names, defaults, strict=True)
        )
        body = tree.body[1:] if ast.get_docstring(tree) is not None else tree.body
        lets = f"let {', '.join(sorted(stored - set(names)))};" if stored - set(names) else ""
        return f"const {tree.name} = ({head}) => {{ {lets}\n{self.block(body)}\n}};"

    def block(self, statements: list[ast.stmt]) -> str:
        return "\n".join(map(self.statement, statements))

    def statement(self, node: ast.stmt) -> str:
        match node:
            case ast.Expr(value):
                return f"{self(value)};"
            case ast.Assign(targets, value):
                return f"{' = '.join(map(self, targets))} = {self(value)};"
            case ast.AnnAssign(target, _, value) if value is not None:
                return f"{self(target)} = {self(value)};"
            case ast.AugAssign(target, operator, value):
                return self.statement(ast.Assign([target], ast.BinOp(target, operator, value)))
            case ast.If(test, body, orelse):
                other = f" else {{\n{self.block(orelse)}\n}}" if orelse else ""
                return f"if (py.truth({self(test)})) {{\n{self.block(body)}\n}}{other}"
            case ast.For(target, over, body, []):
                return f"for ({self(target)} of py.iter({self(over)})) {{\n{self.block(body)}\n}}"
            case ast.Return(value) if value is not None:
                return f"return {self(value)};"
            case ast.Raise():
                return f"throw new Error({json.dumps(ast.unparse(node))});"
            case ast.Continue():
                return "continue;"
        raise NoTranslation(ast.unparse(node)[:100])

    def __call__(self, node: ast.expr) -> str:
        """Translate an expression."""
        match node:
            case ast.Constant(value):
                return _literal(value)
            case ast.Name(name):
                return self.name(name)
            case ast.Tuple(parts) | ast.List(parts):
                return f"[{', '.join(map(self, parts))}]"
            case ast.Dict(keys, values) if all(keys):
                pairs = (f"[{self(k)}, {self(v)}]" for k, v in zip(keys, values, strict=True) if k)
                return f"new Map([{', '.join(pairs)}])"
            case ast.Attribute(ast.Name("math"), name) if name in MATH:
                return f"Math.{name.upper() if name in ('e', 'pi') else name}"
            case ast.BinOp(left, operator, right) if type(operator) in OPERATORS:
                return f"py.{OPERATORS[type(operator)]}({self(left)}, {self(right)})"
            case ast.UnaryOp(ast.Not(), value):
                return f"!py.truth({self(value)})"
            case ast.UnaryOp(ast.USub(), value):
                return f"(-{self(value)})"
            case ast.BoolOp(operator, values):
                sign = "or" if isinstance(operator, ast.Or) else "and_then"
                return f"py.{sign}({', '.join(f'() => {self(value)}' for value in values)})"
            case ast.Compare():
                return self.comparison(node)
            case ast.IfExp(test, body, orelse):
                return f"(py.truth({self(test)}) ? {self(body)} : {self(orelse)})"
            case ast.Subscript(value, ast.Slice(lower, upper, step)):
                ends = (self(part) if part else "null" for part in (lower, upper, step))
                return f"py.slice({self(value)}, {', '.join(ends)})"
            case ast.Subscript(value, place):
                return f"py.at({self(value)}, {self(place)})"
            case ast.JoinedStr(parts):
                return f"({' + '.join(['``', *map(self, parts)])})"
            case ast.FormattedValue(value, -1, spec):
                return f"py.format({self(value)}, {self(spec) if spec else '``'})"
            case ast.ListComp(element, loops) | ast.GeneratorExp(element, loops):
                return self.loop(self(element), loops)
            case ast.SetComp(element, loops):
                return f"new Set({self.loop(self(element), loops)})"
            case ast.DictComp(key, value, loops):
                return f"new Map({self.loop(f'[{self(key)}, {self(value)}]', loops)})"
            case ast.Call():
                return self.call(node)
        raise NoTranslation(ast.unparse(node)[:100])

    def loop(self, element: str, loops: list[ast.comprehension]) -> str:
        if len(loops) != 1:
            raise NoTranslation("a comprehension of two loops")
        (loop,) = loops
        target, over = self(loop.target), f"py.iter({self(loop.iter)})"
        for test in loop.ifs:
            over += f".filter(({target}) => py.truth({self(test)}))"
        return f"{over}.map(({target}) => {element})"

    def comparison(self, node: ast.Compare) -> str:
        sides = [self(side) for side in (node.left, *node.comparators)]
        parts = []
        for operator, left, right in zip(node.ops, sides, sides[1:], strict=False):
            kind = type(operator)
            if kind in PLAIN:
                parts.append(f"{left} {PLAIN[kind]} {right}")
            elif kind in (ast.Eq, ast.Is, ast.NotEq, ast.IsNot):
                sign = "" if kind in (ast.Eq, ast.Is) else "!"
                parts.append(f"{sign}py.eq({left}, {right})")
            else:
                sign = "" if kind is ast.In else "!"
                parts.append(f"{sign}py.contains({right}, {left})")
        return f"({' && '.join(parts)})"

    def call(self, node: ast.Call) -> str:
        named = {k.arg: k.value for k in node.keywords if k.arg != "strict"}
        match node.func:
            case ast.Attribute(ast.Name("math"), "isclose"):
                parts = [*node.args, named.pop("rel_tol")]
                call = "py.isclose"
            case ast.Attribute(ast.Name("math"), name) if name in MATH:
                parts, call = node.args, f"Math.{name}"
            case ast.Attribute(value, "join"):
                parts, call = [value, *node.args], "py.join"
            case ast.Attribute(value, name) if name in METHODS:
                parts, call = [value, *node.args], f"py.{name}"
            case ast.Name(name):
                call = self.name(name)
                function = self.around.get(name)
                parts = list(node.args)
                if isinstance(function, FunctionType):
                    order = list(inspect.signature(function).parameters)[len(parts) :]
                    parts += [named.pop(name) for name in order if name in named]
            case _:
                raise NoTranslation(ast.unparse(node)[:100])
        if named or any(isinstance(part, ast.Starred) for part in parts):
            raise NoTranslation(ast.unparse(node)[:100])
        return f"{call}({', '.join(map(self, parts))})"

    def name(self, name: str) -> str:
        """Return what a name is called, translating what it stands for where that is ours."""
        if name in self.own:
            return name
        if name in TAKING or (name in BUILTINS and name not in self.around):
            return f"py.{name}"
        if name in AS_GIVEN:
            return "py.as_given"
        if name not in self.around:
            return name  # of a comprehension
        value = self.around[name]
        if isinstance(value, FunctionType) and value.__module__.startswith("lenet_utils.checks."):
            return _function(value, self.done)
        return _literal(value)


def _literal(value: Any) -> str:
    """Return a constant as JavaScript: tuples and lists as arrays, dicts as maps."""
    if value is None or isinstance(value, bool | int | float | str):
        return json.dumps(value)
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, dict):
        return f"new Map({_literal(list(value.items()))})"
    raise NoTranslation(f"a {type(value).__name__}")
