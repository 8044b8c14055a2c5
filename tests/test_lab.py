"""`make lab`: lessons in a folder of the reader's own, and what JupyterLab shows of them."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lab
import nbformat
import pytest
from conftest import ROOT
from edition_text import page as address_of

SHOT = ROOT / "artefacts"


@pytest.fixture
def course(tmp_path):
    """An edition of two lessons, and a folder for them."""
    edition = tmp_path / "edition"
    edition.mkdir()
    for name in ("01_a.ipynb", "02_b.ipynb"):
        (edition / name).write_text(name, encoding="utf-8")
    return edition, tmp_path / "my lessons"


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_a_lesson_that_nobody_changed_follows_the_course(course):
    edition, mine = course
    assert lab.deliver(mine, edition) == []
    (edition / "01_a.ipynb").write_text("new", encoding="utf-8")
    assert lab.deliver(mine, edition) == []
    assert (text(mine / "01_a.ipynb"), text(mine / "02_b.ipynb")) == ("new", "02_b.ipynb")


def test_a_lesson_that_the_reader_changed_stays(course):
    edition, mine = course
    lab.deliver(mine, edition)
    (mine / "01_a.ipynb").write_text("my answer", encoding="utf-8")
    assert lab.deliver(mine, edition) == []  # nothing is new
    (edition / "01_a.ipynb").write_text("new", encoding="utf-8")
    assert lab.deliver(mine, edition) == lab.deliver(mine, edition) == ["01_a.ipynb"]
    assert text(mine / "01_a.ipynb") == "my answer"
    (mine / "01_a.ipynb").rename(mine / "mine.ipynb")
    assert lab.deliver(mine, edition) == []
    assert (text(mine / "01_a.ipynb"), text(mine / "mine.ipynb")) == ("new", "my answer")


def test_a_file_that_lay_there_before_stays(course):
    edition, mine = course
    mine.mkdir()
    (mine / "01_a.ipynb").write_text("older than the course", encoding="utf-8")
    assert lab.deliver(mine, edition) == ["01_a.ipynb"]
    assert text(mine / "01_a.ipynb") == "older than the course"


@pytest.mark.parametrize("folder", [ROOT, ROOT / "notebooks", ROOT / "tests" / ".." / "notebooks"])
def test_the_sources_are_no_place_for_answers(course, folder):
    with pytest.raises(ValueError, match="name a folder of your own"):
        lab.deliver(folder, course[0])


def test_without_an_edition_the_command_is_named(tmp_path):
    with pytest.raises(ValueError, match="make edition"):
        lab.deliver(tmp_path / "mine", tmp_path / "nothing")
    assert not (tmp_path / "mine").exists()


@pytest.fixture(scope="module")
def jupyter(edition: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of JupyterLab, started as `make lab` does, for somebody who never used it."""
    home = tmp_path_factory.mktemp("home")
    shown = home / "settings" / "@jupyterlab"
    settings = {
        # All cells are drawn, not only those in the window, so that figures can be counted.
        "notebook-extension/tracker": {"windowingMode": "none"},
        "apputils-extension/notification": {"fetchNews": "false"},
    }
    for name, chosen in settings.items():
        file = shown / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(chosen), encoding="utf-8")
    mine = {
        f"JUPYTER_{kind}_DIR": str(home / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")
    }
    environment = {**os.environ, **mine, "JUPYTERLAB_SETTINGS_DIR": str(home / "settings")}
    environment["PYTHONPATH"] = str(ROOT)
    options = ["--no-browser", "--ServerApp.port=0", "--IdentityProvider.token="]
    server = subprocess.Popen(
        [sys.executable, ROOT / "tools" / "lab.py", home / "lessons", *options],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
    )  # fmt: skip
    said = ""
    for line in server.stdout:
        said += line
        if found := re.search(r"http://[\w.]+:(\d+)/lab", line):
            break
    assert found, said
    threading.Thread(target=server.stdout.read, daemon=True).start()  # else its pipe fills
    yield f"http://127.0.0.1:{found[1]}/lab/tree"
    server.terminate()
    server.wait()


def opened(browser: Any, jupyter: str, name: str) -> Any:
    """Open a lesson, and wait until all of it is drawn."""
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.goto(f"{jupyter}/{name}.ipynb?reset")  # without the lesson that was open before
    cells = len(nbformat.read(ROOT / "_build" / "edition" / f"{name}.ipynb", 4).cells)
    page.wait_for_function(
        "n => document.querySelectorAll('.jp-Notebook .jp-Cell').length == n"
        " && !document.querySelector('.jp-Notebook .jp-mod-placeholder')",
        arg=cells, timeout=120_000,
    )  # fmt: skip
    return page


def count_figures(page: Any, name: str) -> None:
    """Check that each stored picture is seen; leave a picture of the first one."""
    stored = nbformat.read(ROOT / "_build" / "edition" / f"{name}.ipynb", 4)
    outputs = [o for cell in stored.cells for o in cell.get("outputs", []) if "data" in o]
    expected = sum("image/png" in output.data for output in outputs)
    images = page.locator(".jp-OutputArea-output img")
    page.wait_for_function(
        "n => [...document.querySelectorAll('.jp-OutputArea-output img')]"
        ".filter(i => i.complete && i.naturalWidth > 100 && i.width > 100).length >= n",
        arg=expected,
    )  # fmt: skip
    assert images.count() == expected > 2
    # Captions are Markdown, which JupyterLab renders some time after the pictures.
    page.wait_for_function(
        "n => document.querySelectorAll('.jp-OutputArea-output details').length == n", arg=expected
    )
    images.first.scroll_into_view_if_needed()
    SHOT.mkdir(exist_ok=True)
    page.screenshot(path=SHOT / f"lab-{name}.png")


@pytest.mark.browser
def test_untrusted_a_lesson_shows_all_figures_and_its_links_work(browser, jupyter, site):
    page = opened(browser, jupyter, "05_layer_by_layer")
    count_figures(page, "05_layer_by_layer")
    base = address_of("").removesuffix(".html")

    def book(route: Any) -> None:
        path = re.sub(r"[?#].*", "", route.request.url.removeprefix(base))
        route.fulfill(path=site / path)

    page.context.route(f"{base}**", book)
    with page.context.expect_page() as new:
        page.get_by_role("link", name="receptive field").first.click()
    term = new.value.locator("#term-receptive-field")
    term.wait_for()
    assert term.inner_text() == "receptive field"
    # One cell runs: the set-up.
    page.locator(".jp-CodeCell .jp-InputPrompt").first.click()
    page.keyboard.press("Shift+Enter")
    page.locator(".jp-CodeCell .jp-InputPrompt").first.get_by_text("[1]:").wait_for(timeout=60_000)
    page.context.close()


@pytest.mark.browser
@pytest.mark.slow
def test_a_slider_turns_its_frames_when_the_lesson_was_run(browser, jupyter):
    page = opened(browser, jupyter, "06_rbf_output")
    count_figures(page, "06_rbf_output")
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    slider = page.locator(".lenet-frames [role=slider]")
    slider.wait_for(timeout=240_000)
    frame = page.locator(".lenet-frames .lenet-frame svg")
    first = frame.get_attribute("aria-label")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "old => document.querySelector('.lenet-frames .lenet-frame svg')"
        ".getAttribute('aria-label') != old",
        arg=first,
    )
    page.context.close()
