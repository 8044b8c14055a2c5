"""What several tests share: the built book, a server for it, and a browser."""

import functools
import os
import shutil
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WEIGHTS = pytest.StashKey[str]()


def _without(thing: str) -> None:
    """Skip by name on somebody's computer, fail in CI."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(thing)


@pytest.fixture(scope="session")
def site() -> Path:
    """The folder of the built book; $SITE names another one."""
    folder = Path(os.environ.get("SITE") or ROOT / "_build" / "html")
    if not (folder / "index.html").exists():
        _without("the book is not built: run make book")
    return folder


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """The address at which the built book is served while tests run."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=os.fspath(site))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """A headless Chromium of the system's own."""
    from playwright.sync_api import sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if found is None:
        _without("no Chromium on this computer: install one, or name it in $CHROMIUM")
    options = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=options)
        yield chromium
        chromium.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what the pages weigh, if a test has measured them."""
    if table := terminalreporter.config.stash.get(WEIGHTS, ""):
        terminalreporter.write_line(table)
