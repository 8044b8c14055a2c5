"""Print the built book as one PDF.

    python tools/pdf.py [SITE [PDF]]    # by default _build/html, _build/lenet5-rebuilt.pdf
    python tools/pdf.py --page book/reproduction SITE PDF    # this page alone

The pages become one document in reading order, which Chromium prints: links between pages lead
from leaf to leaf. Solutions and answers to quizzes go to an appendix. It is printed twice: only a
first print tells the numbers of the leaves that the contents name. A PDF that is written into the
folder of the site is offered on the welcome page.
"""

import argparse
import logging
import os
import re
import shutil
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from posixpath import join, normpath
from urllib.parse import unquote, urlsplit

import yaml
from bs4 import BeautifulSoup, Tag
from contents import ROOT, chapters, pages
from playwright.sync_api import Browser, Error, Page, Route, sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
HOST = "http://book.invalid/"  # answered from the folder of the site, never asked
DOCUMENT = "book.html"
APPENDIX = "Solutions and answers"
# Of no use on paper.
LEFT_OUT = (
    "script, link, .headerlink, .live-message, .live-app, .only-dark, .tag_hide-input > details"
)
LINKS = ("href", "xlink:href")
NAMED = ("aria-labelledby", "aria-describedby", "for")  # ids without #
FOOTER = """<p style="width: 100%; margin: 0 17mm; font: 8pt sans-serif; color: #555">
<span class="title"></span> <span class="pageNumber" style="float: right"></span></p>"""
OFFER = '<p>For paper there is <a href="../{}">one PDF</a>, with the solutions in an appendix.</p>'
OFFER_PAGE = '<p>For paper there is <a href="../{}">a PDF of this page</a>.</p>'


def anchor(name: str, fragment: str = "") -> str:
    """Return the id, in the one document, of a page or of a place on it."""
    return name.replace("/", "-") + (f"--{fragment}" if fragment else "")


class Book:
    """The one document, as it is put together from the pages of a site."""

    def __init__(self, site: Path, page: str = ""):
        self.site, self.names = site, [page] if page else pages()
        self.styles: dict[str, None] = {}  # in the order of the pages
        self.articles: list[Tag] = []
        self.contents: list[str] = []
        self.soup = BeautifulSoup("", "html.parser")
        self.appendix = self.new("article", APPENDIX, id="appendix")
        self.appendix["class"] = "bd-article"
        for part, names in [("", [page])] if page else chapters():
            if part:
                self.contents.append(f"<li><strong>{part}</strong></li>")
            for name in names:
                self.add(name)
        if not page:
            self.contents.append(entry("appendix", APPENDIX))
            self.articles.append(self.appendix)

    def new(self, kind: str, text: str = "", **attributes: str) -> Tag:
        """Return a new element; an article begins with its text as a heading."""
        tag = self.soup.new_tag(kind, attrs=attributes)
        if kind == "article":
            tag.append(self.new("h1", text))
        else:
            tag.string = text
        return tag

    def add(self, name: str) -> None:
        """Add a page."""
        page = BeautifulSoup((self.site / f"{name}.html").read_text("utf-8"), "html.parser")
        for link in page.select("link[rel=stylesheet]"):
            self.styles[self.place(name, str(link["href"]))] = None
        article = page.select_one("article.bd-article")
        assert article is not None  # each page of the contents has one
        for tag in article.select(LEFT_OUT):
            tag.decompose()
        title = article.h1.get_text() if article.h1 else name
        self.adapt(article, name)
        article["id"] = anchor(name)
        self.contents.append(entry(anchor(name), title))
        self.articles.append(article)
        self.move_answers(article, name, title)

    def adapt(self, article: Tag, name: str) -> None:
        """Make ids the only ones of their kind in the book, and lead links to them."""
        for tag in article.find_all(True):
            if "id" in tag.attrs:
                tag["id"] = anchor(name, str(tag["id"]))
            for key, value in tag.attrs.items():
                if key in LINKS:
                    tag[key] = self.target(name, value)
                elif key in NAMED:
                    ids = value.split() if isinstance(value, str) else value
                    tag[key] = " ".join(anchor(name, one) for one in ids)
                elif key == "src":
                    tag[key] = self.place(name, value)
                elif isinstance(value, str) and "url(#" in value:
                    tag[key] = value.replace("url(#", f"url(#{anchor(name)}--")
            if tag.get("loading"):
                del tag["loading"]

    def place(self, name: str, address: str) -> str:
        """Return the address of a file, as seen from the top of the site."""
        if urlsplit(address).scheme:
            return address
        return normpath(join(name, "..", address))

    def target(self, name: str, address: str) -> str:
        """Return where a link of a page leads in the book, or on the web."""
        parts = urlsplit(address)
        if parts.scheme:
            return address
        if not parts.path:
            return "#" + anchor(name, unquote(parts.fragment))
        place = normpath(join(name, "..", unquote(parts.path)))
        if place.removesuffix(".html") in self.names:
            return "#" + anchor(place.removesuffix(".html"), unquote(parts.fragment))
        return CONFIG["html"]["baseurl"] + place

    def move_answers(self, article: Tag, name: str, title: str) -> None:
        """Move the solutions of a lesson to the appendix, and repeat its quiz there, opened."""
        heading = self.new("h2", title)
        answers: list[Tag] = []
        for number, cell in enumerate(article.select(".cell.tag_hide-cell"), 1):
            place, origin = anchor(name, f"solution-{number}"), anchor(name, f"ask-{number}")
            exercise = cell.find_previous(class_="exercise")
            label = exercise.p.get_text() if exercise and exercise.p else "Exercise"
            there = self.new("p", id=origin)
            there.append(self.new("a", f"A solution is in the appendix: {label}", href=f"#{place}"))
            here = self.new("h3", id=place)
            here.append(self.new("a", label, href=f"#{origin}"))
            cell.replace_with(there)
            answers += [here, cell]
        quiz = article.find("h2", string=re.compile("^Quiz"))
        if quiz is not None and quiz.parent is not None:
            copy = BeautifulSoup(str(quiz.parent), "html.parser").section
            assert copy is not None and copy.h2 is not None  # as in the lesson
            copy.h2.name = "h3"
            for tag in copy.select(":is(h2, h3) ~ p:not(:has(+ details))"):
                tag.decompose()  # how to open an answer, and where to go next
            for tag in [copy, *copy.select("[id]")]:
                del tag["id"]
            answers.append(copy)
        if answers:
            self.appendix.extend([heading, *answers])
        for answer in answers:
            for folded in answer.select("details"):
                folded["open"] = ""
        for words in article.select("[class^=lenet-still] details"):
            words["open"] = ""

    def html(self) -> str:
        """Return the document."""
        styles = "".join(f'<link rel="stylesheet" href="{place}">' for place in self.styles)
        title, contents = CONFIG["title"], "".join(self.contents)
        articles = "".join(map(str, self.articles))
        return f"""<!doctype html>
<html lang="en" data-theme="light" data-mode="light"><head><meta charset="utf-8">
<title>{title}</title>{styles}</head>
<body class="lenet-printed"><div class="bd-main"><div class="bd-content">
<div class="bd-article-container">
<header><img src="_static/logo.svg" alt="" width="120"><p class="lenet-printed-title">{title}</p>
<p><a href="{CONFIG["html"]["baseurl"]}">{CONFIG["html"]["baseurl"]}</a></p>
<nav aria-label="Contents"><ul>{contents}</ul></nav></header>
{articles}</div></div></div></body></html>"""


def entry(place: str, title: str) -> str:
    """Return a line of the contents."""
    return f'<li><a href="#{place}">{title} <span data-page="{place}">000</span></a></li>'


def chromium() -> str:
    """Return the path of the system's Chromium.

    Raises:
        SystemExit: there is none.
    """
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    return found or sys.exit("No Chromium on this computer: install one, or name it in $CHROMIUM.")


def headings(above: DictionaryObject) -> Iterator[DictionaryObject]:
    """Yield all entries of an outline below one."""
    item = above.get("/First")
    while item is not None:
        heading = item.get_object()
        yield heading
        yield from headings(heading)
        item = heading.get("/Next")


def finish(printed: bytes, pdf: Path) -> None:
    """Write the file, with an outline that names each heading once: Chromium does it twice."""
    writer = PdfWriter(clone_from=BytesIO(printed))
    for item in headings(writer.get_outline_root()):
        title = str(item["/Title"])
        half = len(title) // 2
        if title[:half] == title[half:]:
            item[NameObject("/Title")] = TextStringObject(title[:half])
    writer.add_metadata({"/Author": CONFIG["author"]})
    pdf.parent.mkdir(parents=True, exist_ok=True)
    # Aside first: what stands there is replaced only by a whole file.
    aside = pdf.with_name(f".{pdf.name}")
    writer.write(aside)
    aside.replace(pdf)


def print_page(page: Page) -> bytes:
    """Print a page twice, the second time with the numbers of leaves in its contents."""
    for last in (False, True):
        printed = page.pdf(
            prefer_css_page_size=True,
            print_background=True,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=FOOTER,
            tagged=last,
            outline=last,
        )
        if not last:
            reader = PdfReader(BytesIO(printed))
            found = reader.named_destinations.items()
            leaves = {name: (reader.get_destination_page_number(to) or 0) + 1 for name, to in found}
            page.evaluate(
                """(leaves) => document.querySelectorAll("[data-page]").forEach((one) =>
                    (one.textContent = leaves[one.dataset.page]))""",
                {name.removeprefix("/"): leaf for name, leaf in leaves.items()},
            )
    return printed


def print_book(document: str, site: Path, pdf: Path, browser: Browser) -> None:
    """Print the document that was made of the site in a folder."""

    def answer(route: Route) -> None:
        place = unquote(urlsplit(route.request.url).path).lstrip("/")
        if place == DOCUMENT:
            route.fulfill(body=document, content_type="text/html")
        elif route.request.url.startswith(HOST) and (site / place).is_file():
            route.fulfill(path=site / place)
        else:
            route.abort()

    page = browser.new_page(color_scheme="light", reduced_motion="reduce")
    page.route("**/*", answer)
    page.goto(HOST + DOCUMENT, wait_until="load")
    page.evaluate("() => document.fonts.ready.then(() => true)")
    finish(print_page(page), pdf)
    page.close()


def offer(site: Path, pdf: Path, name: str = "") -> None:
    """Link a PDF that lies in the site: from the page that it is of, below its first words.

    One of the whole book is linked from the welcome page, below the archive.
    """
    page = site / f"{name or 'book/welcome'}.html"
    text = page.read_text(encoding="utf-8")
    if pdf.name not in text:
        line = (OFFER_PAGE if name else OFFER).format(pdf.relative_to(site).as_posix())
        below = r"</h1>.*?</p>" if name else r"<p>[^<]*<a [^>]*\.zip.*?</p>"
        text = re.sub(below, rf"\g<0>\n{line}", text, count=1, flags=re.DOTALL)
        page.write_text(text, encoding="utf-8")


def main() -> str | None:
    """Print the site in a folder to a file; return what went wrong, if anything did."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    build = ROOT / "_build"
    parser.add_argument("site", type=Path, nargs="?", default=build / "html")
    parser.add_argument("pdf", type=Path, nargs="?", default=build / "lenet5-rebuilt.pdf")
    parser.add_argument("--page", default="", help="such as book/reproduction; by default all")
    given = parser.parse_args()
    site, pdf = given.site.resolve(), given.pdf.resolve()
    if not (site / "book" / "welcome.html").is_file():
        return f"{given.site} holds no built book: run make book, or name the folder of one"
    if pdf.is_dir():
        return f"{given.pdf} is a folder: name the file to write"
    if given.page and given.page not in pages():
        return f"--page is {given.page!r}; expected one that _toc.yml names: {', '.join(pages())}"
    logging.getLogger("pypdf").setLevel(logging.ERROR)  # it remarks on Chromium's trailer
    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=options)
            print_book(Book(site, given.page).html(), site, pdf, browser)
            browser.close()
        if site in pdf.parents:
            offer(site, pdf, given.page)
    except (OSError, Error) as error:
        return f"{given.pdf} was not written: {error}"
    return None


if __name__ == "__main__":
    sys.exit(main())
