"""The built book: its pages are there, its links lead somewhere, and it stands on its own."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import check_release
import edition_text
import pytest
import yaml
from conftest import ROOT
from contents import pages as documents
from hosting import headers_of

sys.path.append(str(ROOT / "book" / "_ext"))
import lenet_page

CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
ADDRESS = CONFIG["repository"]["url"]
# What a browser fetches by itself, without a click.
FETCHED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
# Of <link>, these are fetched; others, such as canonical, only name something.
FETCHED_LINKS = {"stylesheet", "icon", "preload", "shortcut icon", "modulepreload", "manifest"}


class Page(HTMLParser):
    """What a page links to and what it makes a browser fetch."""

    def __init__(self, path: Path):
        super().__init__()
        self.path, self.links, self.fetched, self.ids = path, [], [], set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if values.get("id"):
            self.ids.add(values["id"])
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])
        named_only = tag == "link" and values.get("rel") not in FETCHED_LINKS
        if FETCHED.get(tag) in values and not named_only:
            self.fetched.append(values[FETCHED[tag]])


@pytest.fixture(scope="module")
def pages(site) -> dict[str, Page]:
    found = (*site.glob("*.html"), *site.glob("book/**/*.html"), *site.glob("notebooks/**/*.html"))
    return {path.relative_to(site).as_posix(): Page(path) for path in found}


def test_every_page_of_the_contents_is_built(site, pages):
    assert {f"{name}.html" for name in documents()} <= set(pages)
    assert {"index.html", "search.html", "genindex.html"} <= set(pages)


def test_no_page_fetches_from_another_host(pages):
    outside = {
        (name, url)
        for name, page in pages.items()
        for url in page.fetched
        if re.match(r"(https?:)?//", url)
    }
    assert not outside


def test_styles_fetch_from_no_other_host(site):
    for path in site.rglob("*.css"):
        assert not re.findall(
            r"(?:url\(|@import)\s*['\"]?(?:https?:)?//", path.read_text(encoding="utf-8")
        ), path


def test_links_within_the_book_lead_somewhere(site, pages):
    broken = []
    for name, page in pages.items():
        if name in ("search.html", "genindex.html"):
            continue
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            path = unquote(parts.path)
            if name == "404.html":  # is answered at any address, so it names places from the root
                path = path.removeprefix(urlsplit(CONFIG["html"]["baseurl"]).path)
            target = (page.path.parent / path).resolve() if path else page.path
            if not target.exists():
                broken.append((name, link))
            elif parts.fragment and target.suffix == ".html":
                ids = pages[target.relative_to(site.resolve()).as_posix()].ids
                if unquote(parts.fragment) not in ids:
                    broken.append((name, link))
    assert not broken


def test_launch_links_open_existing_notebooks(pages):
    launched = {}
    for name, page in pages.items():
        for link in page.links:
            if "colab.research.google.com" in link:
                launched.setdefault(name, set()).add(link)
    assert set(launched) == {f"{name}.html" for name in documents() if name.startswith("notebooks")}
    for name, links in launched.items():
        assert (ROOT / name.replace(".html", ".ipynb")).exists()
        assert links == {edition_text.colab(Path(name).stem)}


def test_a_lesson_is_downloaded_as_it_is_run(site, edition):
    lessons = sorted(edition.glob("*.ipynb"))
    assert lessons
    for lesson in lessons:
        downloaded = site / "_sources" / "notebooks" / lesson.name
        assert downloaded.read_bytes() == lesson.read_bytes()


@pytest.mark.parametrize("name", ["README.md", "pyproject.toml", "CITATION.cff", "CONTRIBUTING.md"])
def test_the_address_is_that_of_the_configuration(name):
    found = re.findall(r"https://github\.com/[\w.-]+/[\w.-]+?(?=\.git\b|[^\w.-]|$)", read(name))
    own = [url for url in found if url.split("/")[4] == ADDRESS.split("/")[4]]
    assert set(own) <= {ADDRESS}
    assert own or name == "CONTRIBUTING.md"


def test_versions_agree():
    assert check_release.disagreements() == []


def test_workflows_are_valid():
    workflows = sorted(map(str, (ROOT / ".github" / "workflows").glob("*.yml")))
    assert workflows
    command = ["-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    run = subprocess.run(
        [sys.executable, *command, *workflows], capture_output=True, encoding="utf-8"
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_link_check_passes_over_the_slides_which_only_the_site_has(pages):
    ignored = CONFIG["sphinx"]["config"]["linkcheck_ignore"]
    decks = {link for page in pages.values() for link in page.links if "slides/" in link}
    assert decks
    assert all(any(re.match(pattern, link) for pattern in ignored) for link in decks)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def all_pages(site) -> list[Path]:
    return sorted(site.rglob("*.html"))


def test_pages_hold_no_script_that_a_strict_policy_refuses(site):
    """No inline script, no handler in an attribute, no `javascript:` address."""
    for path in all_pages(site):
        parser = Scripts()
        parser.feed(path.read_text(encoding="utf-8"))
        assert parser.refused == [], path


class Scripts(HTMLParser):
    """What of a page `script-src 'self'` refuses."""

    def __init__(self):
        super().__init__()
        self.refused = []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        kind = values.get("type") or "text/javascript"
        if tag == "script" and "src" not in values and kind in ("module", "text/javascript"):
            self.refused.append("an inline script")
        self.refused += [name for name in values if name.startswith("on")]
        if (values.get("href") or "").strip().lower().startswith("javascript:"):
            self.refused.append(values["href"])


def test_every_icon_has_a_picture(site):
    known = set(re.findall(r"^\.(fa-[\w-]+) \{", read("book/_static/icons.css"), re.MULTILINE))
    for path in all_pages(site):
        for classes in re.findall(r'class="((?:fas|fab|fa-solid) [^"]*)"', path.read_text("utf-8")):
            names = {name for name in classes.split() if name.startswith("fa-")}
            assert names - {"fa-lg", "fa-solid"} <= known, (path, classes)


def test_the_policy_is_strict(site):
    policy = headers_of(site)["Content-Security-Policy"]
    rules = {name: values for name, *values in (rule.split() for rule in policy.split(";"))}
    assert rules["default-src"] == ["'none'"]
    own, compiled, speaker = rules["script-src"]
    assert own == "'self'" and compiled == "'wasm-unsafe-eval'" and speaker.startswith("'sha256-")
    assert rules["connect-src"] == ["'self'"]
    assert "*" not in policy and "http" not in policy


def test_the_sitemap_names_every_page(site):
    text = (site / "sitemap.xml").read_text(encoding="utf-8")
    found = re.findall(r"<loc>(.*?)</loc>", text)
    assert set(found) == {f"{CONFIG['html']['baseurl']}{name}.html" for name in documents()}


def test_every_page_has_a_social_card_its_date_and_a_way_to_report_errors(site):
    assert (site / "_static" / "card.png").exists()
    titles = set()
    for name in documents():
        text = (site / f"{name}.html").read_text(encoding="utf-8")
        card = dict(re.findall(r'<meta property="(og:[\w:]+)" content="([^"]*)"', text))
        assert card["og:url"] == f"{CONFIG['html']['baseurl']}{name}.html"
        assert card["og:image"].endswith("/_static/card.png")
        assert len(card["og:description"]) > 20, name
        titles.add(card["og:title"])
        dates = re.findall(r"Last updated on (.*?)\.", text)
        assert all(re.fullmatch(r"\d{1,2} [A-Z][a-z]+ \d{4}", date) for date in dates), name
        # Nobody knows it in a folder without a history: better none than that of the build.
        source = next(p for kind in (".md", ".ipynb") if (p := ROOT / f"{name}{kind}").exists())
        assert len(dates) == bool(lenet_page.last_change(str(source))), name
        report = re.search(r'<a href="([^"]*)">Report an error on this page</a>', text)[1]
        assert report.startswith(f"{ADDRESS}/issues/new?")
        assert name in unquote(report)
        assert re.search(r'<link rel="icon" href="[^"]*favicon.svg"', text)
    assert len(titles) == len(documents())


def test_pictures_below_the_fold_are_lazy(site):
    for path in all_pages(site):
        for picture in re.findall(r"<img [^>]*>", path.read_text(encoding="utf-8")):
            assert "loading=" in picture or "logo__image" in picture, (path, picture)


def test_old_icons_fonts_and_maps_are_gone(site):
    assert not list(site.rglob("*.map"))
    assert not list(site.rglob("fontawesome*"))
