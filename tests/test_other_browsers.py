"""The live network and the instruments in Firefox and in WebKit, Safari's engine."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, without
from selenium import webdriver

LIVE = ROOT / "tests" / "live"
WALK = (LIVE / "walk.js").read_text(encoding="utf-8").rstrip()
WIDTHS = (390, 1280)
PUPPETEER = "puppeteer-core@24"


@pytest.fixture(scope="module")
def pages(site: Path, address: str) -> list[str]:
    """The addresses of all pages with something to move."""
    found = [
        path.relative_to(site).as_posix()
        for folder in ("notebooks", "book")
        for path in sorted((site / folder).glob("*.html"))
        if "data-instrument=" in (text := path.read_text("utf-8")) or 'class="live-app"' in text
    ]
    assert len(found) > 15
    return [f"{address}/{name}" for name in found]


def judge(found: list[dict[str, Any]], pages: list[str]) -> None:
    """Ask of each page that nothing went wrong, was too wide, or stayed dumb."""
    assert [one["page"] for one in found] == [page for page in pages for _ in WIDTHS]
    for one in found:
        where = f"{one['page']} at {one['width']}: {one}"
        assert one["wrong"] == [] and one["wide"] <= 0 and one["said"], where


def test_firefox(pages: list[str], tmp_path: Path) -> None:
    binary, npm = shutil.which("firefox-esr") or shutil.which("firefox"), shutil.which("npm")
    if binary is None or npm is None:
        without("no Firefox or no npm on this computer")
    subprocess.run(
        [npm, "install", "--no-audit", "--no-fund", "--prefix", tmp_path, PUPPETEER],
        check=True,
        capture_output=True,
    )
    asked = {"binary": binary, "walk": WALK, "pages": pages, "widths": WIDTHS}
    run = subprocess.run(
        ["node", LIVE / "firefox.mjs"],
        input=json.dumps(asked),
        capture_output=True,
        encoding="utf-8",
        cwd=tmp_path,
        timeout=900,
    )
    assert run.returncode == 0, run.stderr
    judge(json.loads(run.stdout), pages)


@pytest.fixture
def webkit() -> Iterator[webdriver.WebKitGTK]:
    driver = shutil.which("WebKitWebDriver")
    binary = next(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"), None)
    xvfb = shutil.which("Xvfb")
    if driver is None or binary is None or xvfb is None:
        without("no WebKitWebDriver, no MiniBrowser or no Xvfb on this computer")
    options = webdriver.WebKitGTKOptions()
    options.binary_location = str(binary)
    options.add_argument("--automation")
    read, write = os.pipe()
    with subprocess.Popen([xvfb, "-displayfd", str(write)], pass_fds=[write], stderr=-3) as screen:
        display = os.read(read, 20).decode().strip()
        # As root WebKit cannot make its sandbox; the pages are our own.
        own = {"DISPLAY": f":{display}", "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1"}
        service = webdriver.WebKitGTKService(driver, env={**os.environ, **own})
        browser = webdriver.WebKitGTK(options=options, service=service)
        yield browser
        browser.quit()
        screen.terminate()
    for end in (read, write):
        os.close(end)


def test_webkit(pages: list[str], webkit: webdriver.WebKitGTK) -> None:
    found = []
    webkit.set_script_timeout(120)
    for page in pages:
        for width in WIDTHS:
            webkit.set_window_size(width, 844)
            webkit.get(page)
            answer = webkit.execute_async_script(f"{WALK}.then(arguments[0])")
            found.append({"page": page, "width": width, **answer})
    judge(found, pages)
