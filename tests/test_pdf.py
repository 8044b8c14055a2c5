"""The book on paper: one file with all pages, links that lead somewhere, and an outline."""

import re
import shutil
from collections.abc import Iterator

import pdf
import pytest
from bs4 import BeautifulSoup
from conftest import ROOT
from contents import pages as documents
from pypdf import PdfReader

QUESTION = "None: pooling is not trained."


@pytest.fixture(scope="module")
def document(site) -> str:
    return pdf.Book(site).html()


@pytest.fixture(scope="module")
def book(document):
    return BeautifulSoup(document, "html.parser")


@pytest.fixture(scope="module")
def printed(browser, document, site, tmp_path_factory) -> PdfReader:
    path = tmp_path_factory.mktemp("pdf") / "book.pdf"
    pdf.print_book(document, site, path, browser)
    return PdfReader(path)


def titles(book):
    return [article.h1.get_text() for article in book.select("article")]


def headings(outline) -> Iterator[str]:
    for item in outline:
        if isinstance(item, list):
            yield from headings(item)
        else:
            yield str(item.title)


def windows(words, length):
    return [words[i : i + length] for i in range(len(words))]


def test_every_page_is_in_the_book_once(book):
    assert [a["id"] for a in book.select("article")] == [*map(pdf.anchor, documents()), "appendix"]


def test_links_lead_to_one_place(book):
    ids = [tag["id"] for tag in book.select("[id]")]
    assert sorted(ids) == sorted(set(ids))
    links = {a["href"] for a in book.select("a[href]")}
    within = {link.removeprefix("#") for link in links if link.startswith("#")}
    assert len(within) > 100
    assert within <= set(ids)
    assert all(link.startswith(("#", "https://", "http://", "mailto:")) for link in links)


def test_solutions_stand_in_the_appendix_only(book):
    solutions = book.select(".tag_hide-cell")
    assert len(solutions) >= 40
    assert all(cell.find_parent("article")["id"] == "appendix" for cell in solutions)
    assert all(cell.find_previous("h3").a["href"].startswith("#notebooks-") for cell in solutions)


def test_quiz_is_shut_in_its_lesson_and_open_in_the_appendix(book):
    places = book.find_all("summary", string=QUESTION)
    assert [place.parent.has_attr("open") for place in places] == [False, True]
    appendix = book.select_one("#appendix").get_text(" ")
    assert "Choose an answer" not in appendix
    assert "Where next" not in appendix


def test_a_pdf_in_the_site_is_offered_beside_the_archive(site, tmp_path):
    """The welcome page names no PDF until there is one, as there is in the published site."""
    page = tmp_path / "book" / "welcome.html"
    page.parent.mkdir()
    shutil.copy(site / "book" / "welcome.html", page)
    publish = (ROOT / ".github" / "workflows" / "publish.yml").read_text(encoding="utf-8")
    (name,) = re.findall(r"tools/pdf.py _build/html _build/html/(\S+)", publish)
    assert name not in page.read_text("utf-8")
    for _ in range(2):
        pdf.offer(tmp_path, tmp_path / name)
        links = BeautifulSoup(page.read_text("utf-8"), "html.parser").select("article p > a")
        offered = [link["href"] for link in links if link["href"].endswith((".zip", ".pdf"))]
        assert offered == ["../lenet5-rebuilt.zip", "../lenet5-rebuilt.pdf"]


@pytest.mark.browser
@pytest.mark.slow
def test_printed_book_is_whole(printed, book):
    assert printed.metadata.title == "LeNet-5, Rebuilt"
    assert 150 < len(printed.pages) < 450
    outline = list(headings(printed.outline))
    at = [outline.index(title) for title in titles(book)]
    assert at == sorted(at)
    contents = " ".join(page.extract_text() for page in printed.pages[:2])
    leaf = printed.get_destination_page_number(printed.named_destinations["/appendix"])
    assert f"Solutions and answers {leaf + 1}" in contents
    assert "Solutions and answers" in printed.pages[leaf].extract_text()
    appendix = " ".join(page.extract_text() for page in printed.pages[leaf:])
    answer = book.find_all("summary", string=QUESTION)[-1].find_next("p").get_text()
    assert answer.split()[:4] in windows(appendix.split(), 4)
    assert "\\(" not in appendix


@pytest.mark.browser
@pytest.mark.slow
def test_links_of_the_printed_book_lead_to_its_leaves(printed):
    links = [
        link.get_object()
        for page in printed.pages
        for link in page.get("/Annots") or ()
        if link.get_object()["/Subtype"] == "/Link"
    ]
    within = {str(link["/Dest"]).removeprefix("/") for link in links if "/Dest" in link}
    assert len(within) > 100
    assert within <= {name.removeprefix("/") for name in printed.named_destinations}
    outside = [str(link["/A"]["/URI"]) for link in links if "/URI" in link.get("/A", {})]
    assert not [url for url in outside if url.startswith((pdf.HOST, "file:"))]


@pytest.mark.browser
@pytest.mark.slow
def test_a_page_alone_is_printed_and_offered_on_itself(browser, site, tmp_path):
    name, path = "book/reproduction", tmp_path / "lenet5-reproduction.pdf"
    pdf.print_book(pdf.Book(site, name).html(), site, path, browser)
    report = PdfReader(path)
    assert 5 <= len(report.pages) <= 20
    words = " ".join(page.extract_text() for page in report.pages)
    assert "The reproduction, a report" in words and pdf.APPENDIX not in words
    shutil.copytree(site / "book", tmp_path / "book", ignore=shutil.ignore_patterns("_*"))
    for _ in range(2):
        pdf.offer(tmp_path, path, name)
    page = (tmp_path / f"{name}.html").read_text(encoding="utf-8")
    assert page.count('href="../lenet5-reproduction.pdf"') == 1
