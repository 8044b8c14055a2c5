"""The house: which module may import which, how large they are, and what an import costs.

`python tests/test_architecture.py` prints the lines of each part.
"""

import ast
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("lenet_utils", "lenet_research")
PARTS = ("checks", "figures", "results", "_native", "plates", "amounts")
"""Of lenet_utils; the core is the rest."""
DOCUMENTS = ("strings", "typesetting", "sdnn", "graphs", "segmentation")
"""Modules that only Part V needs: counted by themselves."""
LARGEST_MODULE = 300
LARGEST_CORE = 4_500
LARGEST_DOCUMENTS = 1_500
LARGEST_PLATES = 1_100
"""Made pictures, which only lesson 12 needs."""
LARGEST_AMOUNTS = 640
"""Made fields and the chain that reads them, which only lesson 19 needs."""


def modules(package: str) -> dict[str, Path]:
    """Return the modules of a package by name."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in sorted((ROOT / package).rglob("*.py"))
    }


MODULES = {name: path for package in PACKAGES for name, path in modules(package).items()}


@cache
def imports(name: str) -> frozenset[str]:
    """Return the modules of ours that a module imports when it is imported."""
    found = set()
    for node in ast.parse(MODULES[name].read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found & MODULES.keys() - {name})


def test_the_utils_know_nothing_of_the_research():
    for name, path in modules("lenet_utils").items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            named += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(n.startswith("lenet_research") for n in named), name


def test_no_lesson_and_no_assignment_needs_the_research():
    import nbformat

    for path in [*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("assignments/source/*/*.ipynb")]:
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                assert "import lenet_research" not in cell.source, path
                assert "from lenet_research" not in cell.source, path


def test_imports_make_no_circle():
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, " -> ".join((*above[above.index(name) :], name))
        if name not in done:
            for imported in imports(name):
                # A package that imports its own modules is no circle.
                if not name.startswith(f"{imported}."):
                    visit(imported, (*above, name))
            done.add(name)

    for name in MODULES:
        visit(name, ())


def lines(path: Path) -> int:
    """Return how many lines a file has."""
    return len(path.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("name", MODULES)
def test_a_module_can_be_read_in_one_sitting(name):
    assert lines(MODULES[name]) <= LARGEST_MODULE


def part(name: str) -> str:
    """Return the part of the house that a module is in."""
    package, *rest = name.split(".")
    if package == "lenet_research":
        return package
    if rest and rest[0] in DOCUMENTS:
        return "documents"
    return rest[0] if rest and rest[0] in PARTS else "core"


def lines_by_part() -> Counter[str]:
    """Return how many lines of Python each part has."""
    found: Counter[str] = Counter()
    for name, path in MODULES.items():
        found[part(name)] += lines(path)
    return found


def test_the_core_is_small():
    found = lines_by_part()
    assert found["core"] <= LARGEST_CORE
    assert found["documents"] <= LARGEST_DOCUMENTS
    assert found["plates"] <= LARGEST_PLATES
    assert found["amounts"] <= LARGEST_AMOUNTS
    # With results and _native. The aim for all of these together is LARGEST_CORE, too: not reached.
    assert found["core"] + found["results"] + found["_native"] <= 6_270


@pytest.mark.slow
def test_types_are_right():
    pytest.importorskip("mypy")  # with the lowest versions nobody installs it
    found = subprocess.run(
        [sys.executable, "-m", "mypy"], cwd=ROOT, capture_output=True, encoding="utf-8"
    )
    assert found.returncode == 0, found.stdout


def test_the_package_loads_nothing_that_it_does_not_need():
    program = (
        "import sys, lenet_utils;"
        "print([m for m in ('lenet_research', 'matplotlib', 'torchvision', 'ipywidgets', 'sklearn',"
        " 'distributed') if m in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
    )
    assert found.stdout.strip() == "[]"


if __name__ == "__main__":
    for name, count in lines_by_part().items():
        print(f"{name:15}{count:7,}")
