"""The steps of a build that are our own: formulas, style sheets, the live network in one file."""

import logging
import subprocess
import sys
import zipfile

import pytest
from conftest import ROOT, without

sys.path.append(str(ROOT / "book" / "_ext"))
import lenet_live
import lenet_math
import lenet_page
import lenet_site
import lenet_styles


@pytest.fixture
def mathjax():
    if not lenet_math.MATHJAX.exists():
        pytest.skip("MathJax was not fetched: run tools/vendor.py")


def test_a_formula_is_typeset_with_mathml_beside_it(mathjax):
    made = lenet_math.typeset(r"\frac{a}{b}", display=True)
    assert made.startswith("<mjx-container")
    assert "<mfrac><mi>a</mi><mi>b</mi></mfrac>" in made
    assert "mjx-mfrac" in lenet_math.styles()


@pytest.mark.parametrize("tex", [r"\unheard{a}", r"\frac{a}", r"\begin{aligned} a"])
def test_a_formula_that_mathjax_cannot_read_is_a_warning(mathjax, caplog, monkeypatch, tex):
    monkeypatch.setattr(lenet_math, "logger", logging.getLogger("formulas"))
    lenet_math.typeset(tex, display=False)
    assert tex in caplog.text


def test_a_style_sheet_keeps_what_pages_and_scripts_name(tmp_path):
    (tmp_path / "a.html").write_text('<p class="used" id="here">', encoding="utf-8")
    (tmp_path / "a.js").write_text("element.classList.add('added')", encoding="utf-8")
    sheet = tmp_path / "a.css"
    sheet.write_text(
        "p,.gone{a:b}.used:not(.never) b{c:d}.added,#here{e:f}#gone{g:h}"
        "@media print{.used{i:j}.gone{k:l}}@media screen{.gone{m:n}}"
        "@keyframes x{to{o:p}}.bs-tooltip-top{q:r}.fa-bars:before{s:t}",
        encoding="utf-8",
    )
    lenet_styles.purge(sheet, tmp_path)
    assert sheet.read_text(encoding="utf-8") == (
        "p{a:b}.used:not(.never) b{c:d}.added,#here{e:f}"
        "@media print{.used{i:j}}@keyframes x{to{o:p}}.bs-tooltip-top{q:r}"
    )


def live_folder(tmp_path, entry):
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "a.safetensors").write_bytes(b"abc")
    (tmp_path / "digits.json").write_text("{}", encoding="utf-8")
    (tmp_path / "part.js").write_text(
        "export const one = 1;\nexport function two() {}\n", encoding="utf-8"
    )
    for other in ("instruments.js", "training.js"):
        (tmp_path / other).write_text('import { two } from "./part.js";\n', encoding="utf-8")
    for name in lenet_live.LARGE["training.js"]:
        (tmp_path / name).write_bytes(b"large")
    (tmp_path / "live.js").write_text(entry, encoding="utf-8")
    return tmp_path


def test_modules_become_one_script_with_their_data(tmp_path):
    folder = live_folder(
        tmp_path,
        'import { one } from "./part.js";\nfetch(new URL(name, import.meta.url), one);\n',
    )
    lenet_live.bundle(folder)
    other = (folder / "offline-instruments.js").read_text(encoding="utf-8")
    assert 'modules["instruments.js"]' in other and 'modules["live.js"]' not in other
    assert '"training.gz": "data:;base64,bGFyZ2U="' not in other
    large = (folder / "offline-training.js").read_text(encoding="utf-8")
    assert '"training.gz": "data:;base64,bGFyZ2U="' in large and "YWJj" not in large
    # It comes to a page that has the module.
    assert 'modules["part.js"] =' in other and 'modules["part.js"] =' not in large
    text = (folder / "offline.js").read_text(encoding="utf-8")
    assert '"weights/a.safetensors": "data:;base64,YWJj"' in text
    assert 'const { one } = modules["part.js"];' in text
    assert "fetch(files[name], one)" in text
    assert text.index('modules["part.js"] =') < text.index('modules["live.js"] =')
    # Where there is a server, one module that asks for its data.
    joined = (folder / "live.js").read_text(encoding="utf-8")
    assert "fetch(new URL(name, import.meta.url), one)" in joined
    assert 'modules["part.js"] =' in joined and "import {" not in joined


@pytest.mark.parametrize(
    "entry",
    [
        "export default 3;",
        'import all from "./part.js";',
        'import * as all from "./part.js";',
        "const here = import.meta.url;",
    ],
)
def test_a_module_that_cannot_be_joined_is_refused(tmp_path, entry):
    with pytest.raises(ValueError, match=r"live\.js.*write a named import"):
        lenet_live.bundle(live_folder(tmp_path, entry + "\n"))


def test_scripts_in_a_page_move_into_files_and_data_stays(tmp_path):
    (tmp_path / "_static").mkdir()
    page = lenet_site.finish_page(
        '<script>let a = "<b>";</script><script type="application/json">{}</script>'
        '<script src="a.js"></script><button onclick="window.print()"></button><img src="b.png">',
        "deep/page.html",
        tmp_path,
    )
    (moved,) = (tmp_path / "_static").glob("inline-*.js")
    assert moved.read_text(encoding="utf-8") == 'let a = "<b>";\n'
    assert page == (
        f'<script src="../_static/{moved.name}"></script>'
        '<script type="application/json">{}</script><script src="a.js"></script>'
        '<button data-click="print"></button><img loading="lazy" decoding="async" src="b.png">'
    )


@pytest.fixture
def history(tmp_path, monkeypatch):
    """A repository with a page of 2 May 2024, which the steps take for the book's."""
    monkeypatch.setattr(lenet_page, "ROOT", tmp_path)
    monkeypatch.setattr(lenet_page, "ARCHIVED", tmp_path / "archived.txt")
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    lenet_page.last_change.cache_clear()
    page = tmp_path / "page.md"
    page.write_text("# Page", encoding="utf-8")
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "x")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "x@example.org")
        monkeypatch.setenv(f"GIT_{who}_DATE", "2024-05-02T12:00:00Z")
    yield page
    lenet_page.last_change.cache_clear()


def commit(page):
    try:
        for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "A page"]):
            subprocess.run(["git", *words], cwd=page.parent, check=True)
    except OSError:
        without("no git on this computer")


def test_a_page_has_the_day_of_its_last_commit(history):
    commit(history)
    assert lenet_page.last_change(str(history)) == "2 May 2024"


def test_a_page_in_an_archive_has_the_day_of_the_commit_that_was_archived(history):
    lenet_page.ARCHIVED.write_text("$Format:%cs$\n", encoding="utf-8")
    (history.parent / ".gitattributes").write_text("/archived.txt export-subst", encoding="utf-8")
    commit(history)
    archive = ["git", "archive", "--format=zip", "--output=a.zip", "HEAD"]
    subprocess.run(archive, cwd=history.parent, check=True)
    with zipfile.ZipFile(history.parent / "a.zip") as file:
        lenet_page.ARCHIVED.write_bytes(file.read("archived.txt"))
    (history.parent / ".git").rename(history.parent / "no-history")
    assert lenet_page.last_change(str(history)) == "2 May 2024"
    rules = (ROOT / ".gitattributes").read_text(encoding="utf-8")
    assert "/book/_ext/archived.txt export-subst" in rules


@pytest.mark.parametrize("why", ["no clone", "not committed", "git refuses", "no git"])
def test_a_page_has_no_day_where_nobody_knows_it(history, monkeypatch, why):
    lenet_page.ARCHIVED.write_text("$Format:%cs$\n", encoding="utf-8")
    if why != "no clone":
        commit(history)
    if why == "git refuses":
        monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    if why == "no git":
        monkeypatch.setenv("PATH", str(history.parent))
    page = history.with_name("other.md") if why == "not committed" else history
    assert lenet_page.last_change(str(page)) == ""
    lenet_page.last_change.cache_clear()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert lenet_page.last_change(str(page)) == "2 January 1970"
