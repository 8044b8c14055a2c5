"""Code that is alike: what is found, and what is not taken for it."""

import random
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from grading_corpus import answers, student_version
from test_grading_output import ATTACKS

sys.path.insert(0, str(ROOT / "assignments" / "grading"))

import alike
from rules import MASTER

ONE = '''
def side(width, kernel, stride=1):
    """How often a window fits."""
    places = 0
    start = 0
    while start + kernel <= width:
        places += 1
        start += stride
    return places

def total(rows, columns):
    result = []
    for row in rows:
        for column in columns:
            if row != column:
                result.append((row, column, row * column))
    return sorted(result, key=lambda entry: entry[2])
'''
# The same with other names, comments, texts and blanks, and the functions changed about.
RENAMED = '''
# I wrote this all by myself!
def sum_up(a, b):
    found = []
    for x in a:
        for   y in b:
            if x != y: # no equals
                found.append((x, y, x * y))
    return sorted(found, key=lambda t: t[2])

def count(w, k, s=1):
    """My very own words."""
    n = 0
    here = 0
    while here + k <= w:
        n += 1
        here += s
    return n
'''
OTHER = """
import numpy as np
side = lambda width, kernel, stride=1: (width - kernel) // stride + 1

class Pairs:
    def __init__(self, rows, columns):
        self.table = np.multiply.outer(rows, columns)

    def __call__(self):
        i, j = np.nonzero(~np.eye(*self.table.shape, dtype=bool))
        order = np.argsort(self.table[i, j], kind="stable")
        return np.stack([i, j, self.table[i, j]], axis=1)[order].tolist()
"""
GIVEN = (
    "WIDTH, KERNEL = 32, 5\nfor row in range(WIDTH):\n    print([row * KERNEL for _ in range(3)])\n"
)


def found(master: str = "", files: Any = None, **texts: str) -> list[tuple[str, str]]:
    written = {name: alike.normalised(text) for name, text in texts.items()}
    files = files or {name: name for name in texts}
    pairs = alike.pairs(written, alike.normalised(GIVEN), alike.normalised(master), files)
    return [(pair.one, pair.other) for pair in pairs]


def test_names_comments_and_order_do_not_hide_a_copy() -> None:
    assert alike.normalised(ONE) == alike.normalised(ONE.replace("places", "spots"))
    assert found(ann=ONE, bob=RENAMED, eve=OTHER) == [("ann", "bob")]


def test_a_published_solution_is_found() -> None:
    assert found(master=ONE, bob=RENAMED, eve=OTHER) == [("bob", MASTER)]


def test_what_was_handed_out_and_what_the_class_writes_say_nothing() -> None:
    assert found(ann=GIVEN, bob=GIVEN) == []
    assert found(ann=GIVEN + OTHER, bob=GIVEN + ONE) == []
    # Nine write one, three of them in other words: with four in ten it is the way to write it.
    rng = random.Random(1)
    own = {
        f"s{n}": "\n".join(
            f"def f{n}_{m}(x):\n    return "
            + " ".join(rng.choice(["x +", "x *", "abs(x) -", "(x, 3)[0] /", "len('a') *", "-x **"])
                       for _ in range(12)) + " x" for m in range(4)
        )
        for n in range(20)
    }  # fmt: skip
    assert found(**own) == []
    many = own | {f"s{n}": own[f"s{n}"] + ONE for n in range(8)}
    assert found(**many) == []
    two = own | {"s3": own["s3"] + ONE, "s4": RENAMED + own["s4"]}
    assert found(**two) in ([], [("s3", "s4")])
    copied = own | {"s3": ONE, "s4": RENAMED}
    assert found(**copied) == [("s3", "s4")]


def test_partners_who_share_a_file_are_not_named() -> None:
    assert found(ann=ONE, bob=ONE, files={"ann": 1, "bob": 1}) == []
    assert found(ann="", bob="x = 1") == []


def test_only_a_students_own_code_is_compared() -> None:
    notebook = student_version()
    answers()(notebook)
    text = alike.code(notebook)
    assert "def side" in text and "class Layer" in text
    assert "assert" not in text and "WIDTH = 32" not in text


@pytest.mark.parametrize(
    "text", ["def (", "'" * 5000, "(" * 20_000, "\0\ud800", '"""', "%magic\n!ls"]
)
def test_anything_can_be_normalised(text: str) -> None:
    assert isinstance(alike.pieces(alike.normalised(text)), frozenset)


def test_a_thousand_are_compared(tmp_path: Path) -> None:
    rng = random.Random(2)
    words = [f"V[{n}]=V+V[V]*V(V{n})" for n in range(30)]
    texts = {f"s{n}": "".join(rng.choices(words, k=25)) for n in range(1000)}
    texts["s500"] = texts["s3"]
    pairs = alike.pairs(texts, "", "", {name: name for name in texts})
    assert ("s3", "s500") in [(p.one, p.other) for p in pairs[:3]]


def test_the_page_shows_both_and_runs_nothing(browser: Any, tmp_path: Path) -> None:
    evil = ONE + "\n".join(f"# {attack!r}" for attack in ATTACKS)
    pair = alike.Pair("<b>ann", MASTER, 20, 0.9, 0.8)
    text = alike.page("a1", [pair] * 61, {"<b>ann": evil, MASTER: RENAMED}, GIVEN)
    (tmp_path / "alike.html").write_text(text, encoding="utf-8")
    context = browser.new_context(viewport={"width": 390, "height": 800})
    page, asked = context.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "alike.html").as_uri())
    ran = "() => [window.hit ?? null, document.querySelectorAll('script, img, b, a').length]"
    assert page.evaluate(ran) == [None, 0]
    assert asked == [page.url]
    sides = page.locator("details").first.locator("pre")
    assert sides.count() == 2
    assert "while start + kernel" in sides.first.locator("mark").first.inner_text()
    assert ATTACKS[0] in page.locator("pre").first.inner_text().replace('\\"', '"')
    assert page.get_by_text("And 1 pair more").count() == 1
    from axe_playwright_python.sync_playwright import Axe

    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        violations = Axe().run(page).response["violations"]
        assert not violations, [(v["id"], v["nodes"][0]["html"][:200]) for v in violations]
    wide = "() => document.documentElement.scrollWidth - window.innerWidth"
    assert page.evaluate(wide) <= 0
    context.close()
