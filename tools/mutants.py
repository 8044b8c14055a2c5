"""Mutation testing: change the code in one place at a time, and see whether its tests notice.

    python tools/mutants.py [--sample 300] [--seed 0] [--session FILE] [--again]

cosmic-ray says what can be changed: `a + b` to `a - b`, 3 to 4, `<` to `<=`, and so on. Of all
places where it knows a change, not counting annotations, a random sample is drawn, and at each
place one change. Every changed module, in a copy of this folder, meets the test files that TESTS
names for it. A change that no test notices has survived: a test is missing, or the change makes no
difference, and then ACCEPTED gives the reason.

What was found out is kept in the session's file, so that the command goes on where it was cut off;
`--again` tries once more what had survived, after tests were added. The sample is drawn by digests
of the changed lines, so that it stays the same where the code does.
"""

import argparse
import difflib
import hashlib
import json
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).resolve().parents[1]
ACCEPTED = ROOT / "tests" / "mutants.yml"
SESSION = ROOT / "_build" / "mutants.jsonl"
TESTS = {
    "lenet_utils/layers.py": "layers plain_layers models",
    "lenet_utils/models.py": "models plain_layers",
    "lenet_utils/criteria.py": "criteria",
    "lenet_utils/curvature.py": "sdlm",
    "lenet_utils/sdlm.py": "sdlm",
    "lenet_utils/accounting.py": "accounting",
    "lenet_utils/training.py": "training checkpoints golden",
    "lenet_utils/evaluation.py": "training answers",
    "lenet_utils/graphs/graph.py": "graphs",
    "lenet_utils/graphs/build.py": "graphs",
    "lenet_utils/graphs/paths.py": "graphs",
    "lenet_utils/graphs/columns.py": "graphs",
    "lenet_utils/segmentation.py": "segmentation",
    "lenet_utils/mnist.py": "mnist",
    "lenet_utils/distortions.py": "distortions baselines",
    "lenet_utils/results/agreement.py": "agreement",
    "lenet_utils/results/comparison.py": "matrix",
    "lenet_utils/results/intervals.py": "agreement research photos",
    "lenet_utils/results/matrix.py": "matrix",
    "lenet_utils/results/photographs.py": "photos",
    "lenet_utils/results/records.py": "research",
    "lenet_utils/results/trained.py": "trainer_1998",
    "lenet_research/trainer_1998.py": "golden trainer_1998",
    "lenet_research/trainer_minibatches.py": "golden trainer_minibatches",
    "lenet_research/trainer_strings.py": "golden trainer_strings",
    "lenet_utils/sdnn.py": "sdnn",
    "lenet_utils/strings.py": "strings",
    "lenet_utils/typesetting.py": "strings",
    "lenet_utils/amounts/fields.py": "amounts",
    "lenet_utils/amounts/grammar.py": "amounts",
    "lenet_utils/amounts/lattices.py": "amounts",
    "lenet_utils/amounts/pieces.py": "amounts",
    "lenet_utils/amounts/reading.py": "amounts",
}
"""The modules, and the test files of each: `layers` is tests/test_layers.py."""

NOT_TRIED = ("_BitOr", "_BitAnd", "_BitXor", "_RShift", "_LShift", "Eq_Is", "Eq_IsNot")


class Mutant(NamedTuple):
    """One change: the occurrence of an operator in a module."""

    module: str
    line: int
    column: int
    operator: str
    occurrence: int
    key: str
    """What tells it from others, as long as its line stays as it is."""


def mutants(module: str) -> Iterator[Mutant]:
    """Find every change of a module that cosmic-ray knows, but for those of annotations."""
    source = (ROOT / module).read_text(encoding="utf-8")
    lines, nodes = source.splitlines(), list(ast_nodes(get_ast(source)))
    for name in operator_names():
        kind = get_operator(name)
        # Those that put one variable in another one's place want to be told which; bits of numbers
        # that are not whole are an error at once, and `3 is 3` says what `3 == 3` says.
        if kind.arguments() or name.endswith(NOT_TRIED):
            continue
        places = ((node, start) for node in nodes for start, _ in kind().mutation_positions(node))
        seen: dict[str, int] = {}
        for occurrence, (node, (line, column)) in enumerate(places):
            text = f"{module}:{column}:{name}:{lines[line - 1]}"
            seen[text] = seen.get(text, 0) + 1
            if not (_annotates(node) or node.parent.type == "parameters"):
                key = f"{text}:{seen[text]}"
                yield Mutant(module, line, column, name, occurrence, key)


def _annotates(node: Any) -> bool:
    """Whether a node says a type, which nothing reads while the program runs."""
    while (parent := node.parent) is not None:
        place = parent.children.index(node)
        before = parent.children[place - 1] if place else None
        sign = {"tfpdef": ":", "annassign": ":", "funcdef": "->"}.get(parent.type)
        if sign is not None and before == sign:
            return True
        node = parent
    return False


def drawn(seed: int, count: int) -> list[Mutant]:
    """Return a sample of all changes, at most one of a place, in random order."""

    def rank(mutant: Mutant) -> str:
        return hashlib.sha256(f"{seed}:{mutant.key}".encode()).hexdigest()

    everything = sorted((m for module in TESTS for m in mutants(module)), key=rank)
    of_place = {(m.module, m.line, m.column): m for m in reversed(everything)}
    print(f"{len(everything)} changes at {len(of_place)} places; a sample of {count}.", flush=True)
    return sorted(of_place.values(), key=rank)[:count]


class Copy:
    """A copy of this folder in which modules are changed and tested."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "copy"
        self.limits: dict[str, float] = {}
        shutil.copytree(
            ROOT, self.folder, ignore=shutil.ignore_patterns(".*", "_build", "__pycache__")
        )
        os.environ.update(PYTHONPATH=str(self.folder), PYTHONDONTWRITEBYTECODE="1")

    def survives(self, mutant: Mutant, changed: str) -> bool:
        """Whether all tests of a module pass although it is changed."""
        path = self.folder / mutant.module
        original = path.read_text(encoding="utf-8")
        tests = TESTS[mutant.module]
        if tests not in self.limits:
            start = time.perf_counter()
            if not self._pass(tests, 600):
                sys.exit(f"The tests of {mutant.module} ({tests}) fail before anything is changed.")
            self.limits[tests] = 20 + 3 * (time.perf_counter() - start)
        path.write_text(changed, encoding="utf-8")
        try:
            return self._pass(tests, self.limits[tests])
        finally:
            path.write_text(original, encoding="utf-8")

    def _pass(self, tests: str, limit: float) -> bool:
        # A fork, since importing torch would take most of the time.
        process = multiprocessing.get_context("fork").Process(target=self._test, args=(tests,))
        process.start()
        try:
            process.join(limit)
        finally:
            if process.is_alive():
                os.killpg(process.pid or 0, signal.SIGKILL)
                process.join()
        return process.exitcode == 0

    def _test(self, tests: str) -> None:
        os.setsid()  # so that what the tests start can be ended with them
        quiet = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(quiet, stream)
        os.chdir(self.folder)
        sys.path.insert(0, str(self.folder))
        sys.dont_write_bytecode = True
        import pytest

        files = [f"tests/test_{name}.py" for name in tests.split()]
        os._exit(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *files]))


def change(mutant: Mutant) -> tuple[str, str]:
    """Return the module with the change, and the change itself: the lines before and after."""
    source = (ROOT / mutant.module).read_text(encoding="utf-8")
    changed = mutate_code(source, get_operator(mutant.operator)(), mutant.occurrence)
    lines = list(difflib.unified_diff(source.splitlines(), changed.splitlines(), n=0))[2:]
    before, after = (
        " ".join(line[1:].strip() for line in lines if line.startswith(sign)) for sign in "-+"
    )
    return changed, f"{before}  ->  {after}"


def report(sample: list[Mutant], found: dict[str, bool], words: dict[str, str]) -> None:
    """Print how many were killed, with the 95% interval, and each that survived."""
    from lenet_utils.results.intervals import proportion_interval

    tried = [m for m in sample if m.key in found]
    survivors = [m for m in tried if found[m.key]]
    accepted = {
        (entry["module"], entry["change"]): entry["reason"]
        for entry in yaml.safe_load(ACCEPTED.read_text(encoding="utf-8")) or ()
    }
    killed = len(tried) - len(survivors)
    low, high = proportion_interval(killed, len(tried))
    print(
        f"{killed} of {len(tried)} killed: {killed / len(tried):.1%}, "
        f"95% interval {low:.1%} to {high:.1%}; {len(survivors)} survived:"
    )
    for m in sorted(survivors):
        reason = accepted.get((m.module, words[m.key]), "NEW")
        print(f"{m.module}:{m.line}: {words[m.key]}\n    {reason}")


def main() -> None:
    """Try what has not been tried, and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=300, help="how many changes to try")
    parser.add_argument("--seed", type=int, default=0, help="draws the sample")
    parser.add_argument("--session", type=Path, default=SESSION, help="keeps what was found out")
    parser.add_argument("--again", action="store_true", help="try again what had survived")
    given = parser.parse_args()
    sample = drawn(given.seed, given.sample)
    found: dict[str, bool] = {}
    if given.session.exists():
        rows = map(json.loads, given.session.read_text(encoding="utf-8").splitlines())
        found = {row["key"]: row["survived"] for row in rows}
    left = [m for m in sample if m.key not in found or (given.again and found[m.key])]
    given.session.parent.mkdir(parents=True, exist_ok=True)
    import torch  # noqa: F401 (before the forks)

    with (
        tempfile.TemporaryDirectory(prefix="mutants-") as folder,
        given.session.open("a", encoding="utf-8") as session,
    ):
        copy = Copy(Path(folder))
        for number, mutant in enumerate(left, 1):
            changed, words = change(mutant)
            found[mutant.key] = survived = copy.survives(mutant, changed)
            session.write(json.dumps({"key": mutant.key, "survived": survived}) + "\n")
            session.flush()
            word = "SURVIVED" if survived else "killed"
            where = f"{mutant.module}:{mutant.line}"
            print(f"{number}/{len(left)} {word} {where}: {words}", flush=True)
    report(sample, found, {m.key: change(m)[1] for m in sample if found.get(m.key)})


if __name__ == "__main__":
    main()
