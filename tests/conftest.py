"""What several tests share: the built book on a host, a browser, and what it saw on each page."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from hosting import host

ROOT = Path(__file__).parents[1]
REPORT = ROOT / "artefacts" / "page-weights.txt"
STARTED = pytest.StashKey[float]()
TOGETHER = ("test_(access|browser|hosted).py", "test_grading")


def pytest_configure(config: pytest.Config) -> None:
    """Note when the run began."""
    config.stash[STARTED] = time.time()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object | None:
    """Under --dist loadfile, keep files together that share something.

    That is what a visit to a page saw, which takes seconds, and the environment of grading.
    """
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class TogetherScheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return next((files for files in TOGETHER if re.search(files, file)), file)

    return TogetherScheduling(config, log)


def without(thing: str) -> None:
    """Skip by name on somebody's computer, fail in CI."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(thing)


@pytest.fixture(autouse=True)
def given_back() -> Iterator[None]:
    """Have every test give back the environment variables that it or a library has changed."""
    before = dict(os.environ)
    yield
    names = {name for name, _ in before.items() ^ os.environ.items()} - {"PYTEST_CURRENT_TEST"}
    # PyTorch and scikit-learn note something for themselves when they are first used.
    names = {name for name in names if not name.startswith(("KMP_", "TORCH"))}
    os.environ.update({name: before[name] for name in names if name in before})
    for name in names - set(before):
        del os.environ[name]
    assert not names, f"left changed in the environment: {', '.join(sorted(names))}"


def belonging() -> list[str]:
    """Return the files of the repository: those that git knows, or all that are no products."""
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        command = ["git", "ls-files", "-z"]
        listed = subprocess.check_output(command, cwd=ROOT, stderr=subprocess.DEVNULL)
        if names := [name for name in os.fsdecode(listed).split("\0") if (ROOT / name).is_file()]:
            return names
    found = []
    products = re.compile(r"_build|artefacts|vendor|__pycache__|\.(?!ci$|github$).*")
    for where, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if not products.fullmatch(name)]
        found += [os.path.relpath(os.path.join(where, file), ROOT) for file in files]
    return found


@pytest.fixture(scope="session")
def site() -> Path:
    """The folder of the built book; $SITE names another one."""
    folder = Path(os.environ.get("SITE") or ROOT / "_build" / "html")
    if not (folder / "index.html").exists():
        without("the book is not built: run make book")
    return folder


@pytest.fixture(scope="session")
def edition() -> Path:
    """The folder of the lessons that people run."""
    folder = ROOT / "_build" / "edition"
    if not (folder / "README.md").exists():
        without("the edition is not written: run make edition")
    return folder


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """The address of the built book below a path of a strict host."""
    with host(site, "/a/copy/") as address:
        yield address.rstrip("/")


@pytest.fixture(scope="session")
def published(site: Path) -> Iterator[str]:
    """The same below the path at which the book is published."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    with host(site, urlsplit(config["html"]["baseurl"]).path) as address:
        yield address.rstrip("/")


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """A headless Chromium of the system's own, which finds no other host."""
    from playwright.sync_api import sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if found is None:
        without("no Chromium on this computer: install one, or name it in $CHROMIUM")
    options = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=options)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def seen(browser: object, address: str, published: str) -> Iterator[Callable]:
    """What a visit to a page saw; the first test that asks for a page makes the visit."""
    import visits

    weights = {}

    @cache
    def visited(name: str) -> visits.Seen:
        # The page for unknown addresses names all by the path at which the book is published.
        seen = visits.look(browser, published if name == "404" else address, name)
        weights[name] = f"{seen.bytes / 1000:8.0f} kB {seen.requests:4} files  {name}"
        return seen

    yield visited
    table = "\n".join(["A page's first visit, compressed:", *weights.values(), ""])
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(table, encoding="utf-8")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Show what the pages weigh, if a test, perhaps in another process, has measured them."""
    if REPORT.exists() and REPORT.stat().st_mtime >= terminalreporter.config.stash[STARTED]:
        terminalreporter.write_line(REPORT.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Callable:
    """Ask the page's modules something, in node."""
    node = shutil.which("node")
    if node is None:
        without("no node on this computer")
    folder = tmp_path_factory.mktemp("live")
    for module in (ROOT / "book" / "_static" / "live").glob("*.js"):
        shutil.copy(module, folder)
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")

    def answer(question, **asked):
        run = subprocess.run(
            [node, ROOT / "tests" / "live" / "ask.mjs", folder, question],
            input=json.dumps(asked, default=str),
            capture_output=True,
            encoding="utf-8",
            timeout=120,
        )
        assert run.returncode == 0, run.stderr
        return json.loads(run.stdout)

    return answer


@pytest.fixture(scope="session")
def few_digits() -> Any:
    """The sample with 500 training digits, for trainers that are only to be tried."""
    from lenet_utils.mnist import MNIST, Digits, load_mnist

    train, test = load_mnist(sample=True)
    return MNIST(Digits(train.images[:500], train.labels[:500]), test)


@pytest.fixture
def one_thread() -> Iterator[None]:
    """PyTorch with one thread, whose sums are the same on every machine."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
