"""The live network, and the instruments of the lessons, as one script each.

This joins the modules of `_static/live/`, each in a function of its own, so that a page asks for
one file and not for thirty. It reads what these modules use of the language: named imports, and
`export` before a declaration. Where a copy of the book lies in files, a browser loads neither
modules nor data: there a classic script carries the data as text.
"""

import base64
import json
import re
from pathlib import Path

ENTRIES = {
    "live.js": "offline.js",
    "instruments.js": "offline-instruments.js",
    "training.js": "offline-training.js",
}
"""The modules that a page begins with, and the classic script that stands for each."""
LATER = {"training.js": "instruments.js"}
"""An entry that comes to a page which has another one, with its modules and its data."""
LARGE = {"training.js": ("training-worker.js", "training.gz", "training.wasm")}
"""The files that such an entry alone needs."""
IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./([\w.]+)";$', re.MULTILINE)
EXPORT = re.compile(r"^export ((?:async )?(?:function|const|class) (\w+))", re.MULTILINE)
LEFT = re.compile(r"^(?:import|export)\b.*|import\.meta", re.MULTILINE)
ADDRESS = "new URL(name, import.meta.url)"
FILES, MODULES = "globalThis.lenetFiles", "globalThis.lenetModules"


def bundle(folder: Path) -> None:
    """Write the bundles of a folder of modules and data into that folder, the entries joined."""
    small = [*sorted(folder.glob("*.json")), *sorted((folder / "weights").iterdir())]
    orders = {entry: _in_order(folder, entry, []) for entry in ENTRIES}  # before one is joined
    for entry, script in ENTRIES.items():
        there = orders[LATER[entry]] if entry in LATER else []
        names = [name for name in orders[entry] if name not in there]
        parts = [f"const modules = ({MODULES} ??= {{}});"]
        parts += [_as_function(folder, name) for name in names]
        joined = "\n".join([*parts, ""])
        files = [folder / name for name in LARGE[entry]] if entry in LATER else small
        data = [_as_texts(folder, files), f"const files = {FILES};"]
        parts[:0] = ["(() => {", '"use strict";', *data]
        alone = "\n".join([*parts, "})();", ""]).replace(ADDRESS, "files[name]")
        (folder / script).write_text(alone, encoding="utf-8")
        (folder / entry).write_text(joined, encoding="utf-8")


def _as_texts(folder: Path, paths: list[Path]) -> str:
    """Return the command that adds files to those that the page holds as texts."""
    texts = {
        path.relative_to(folder).as_posix(): "data:;base64,"
        + base64.b64encode(path.read_bytes()).decode()
        for path in paths
    }
    return f"{FILES} = Object.assign({FILES} ?? {{}}, {json.dumps(texts)});\n"


def _in_order(folder: Path, name: str, known: list[str]) -> list[str]:
    """Return a module's name after those that it imports."""
    for _, other in IMPORT.findall((folder / name).read_text("utf-8")):
        if other not in known:
            _in_order(folder, other, known)
    known.append(name)
    return known


def _as_function(folder: Path, name: str) -> str:
    text = (folder / name).read_text("utf-8")
    exported = ", ".join(found[1] for found in EXPORT.findall(text))
    text = IMPORT.sub(r'const \1 = modules["\2"];', text)
    text = EXPORT.sub(r"\1", text)
    if left := LEFT.search(text.replace(ADDRESS, "")):
        raise ValueError(
            f"{folder / name} uses {left[0]!r}, which {Path(__file__).name} does not know: write a "
            "named import, or an export before a function, a constant or a class."
        )
    return f'modules["{name}"] = (() => {{\n{text}\nreturn {{ {exported} }};\n}})();'
