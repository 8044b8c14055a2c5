"""The book's archive, unpacked and opened from a file: no server, no network."""

import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

ARCHIVE = "lenet5-rebuilt.zip"


def test_the_archive_holds_the_whole_book(site):
    with zipfile.ZipFile(site / ARCHIVE) as archive:
        packed = {name.partition("/")[2]: archive.getinfo(name) for name in archive.namelist()}
    there = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    assert set(packed) == there - {ARCHIVE}
    assert all(packed[name].file_size == (site / name).stat().st_size for name in packed)


@pytest.fixture(scope="module")
def unpacked(site, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("somewhere else")
    with zipfile.ZipFile(site / ARCHIVE) as archive:
        archive.extractall(folder)
    return folder / "lenet5-rebuilt"


def lost(request) -> bool:
    """Whether a request failed by itself: one that is open when the page is left is cut off."""
    return request.failure != "net::ERR_ABORTED"


@pytest.fixture
def offline(browser):
    """A page that has no network, and what went wrong in it."""
    context = browser.new_context(offline=True)
    page = context.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda m: m.type == "error" and errors.append(m.text))
    page.on("requestfailed", lambda request: lost(request) and errors.append(request.url))
    yield page
    context.close()
    assert errors == []


@pytest.mark.browser
def test_the_book_opens_and_is_whole(offline, unpacked):
    offline.goto((unpacked / "index.html").as_uri())
    offline.wait_for_url("**/book/welcome.html")
    expect(offline.locator("a[href$='.zip']")).to_be_hidden()
    offline.locator(".prev-next-footer a.right-next").click()
    offline.wait_for_url("**/book/part1.html")
    assert offline.locator(".math mjx-container").count()
    offline.evaluate("document.fonts.ready")
    fonts = offline.evaluate(
        "() => [...document.fonts].filter((f) => f.status === 'loaded').map((f) => f.family)"
    )
    assert {"MJXTEX", "Source Serif 4"} <= {name.strip('"') for name in fonts}


@pytest.mark.browser
def test_search_works_from_a_file(offline, unpacked):
    offline.goto((unpacked / "book" / "part1.html").as_uri())
    offline.keyboard.press("Control+k")
    offline.keyboard.type("subsampling")
    offline.keyboard.press("Enter")
    hit = offline.locator("#search-results li a").first
    hit.click()
    expect(offline.locator("article").first).to_contain_text("ubsampling")


@pytest.mark.browser
def test_sliders_move_from_a_file(offline, unpacked):
    offline.goto((unpacked / "notebooks" / "03_weight_sharing.html").as_uri())
    box = offline.locator(".lenet-frames").first
    handle = box.locator("[role=slider]")
    before = handle.get_attribute("aria-valuenow")
    handle.press("ArrowRight")
    expect(handle).not_to_have_attribute("aria-valuenow", before)


@pytest.mark.browser
def test_the_network_lives_in_a_file(offline, unpacked):
    offline.goto((unpacked / "book" / "live.html").as_uri())
    offline.wait_for_selector(".live-best")
    expect(offline.locator("#live .live-message")).to_be_empty()
    offline.locator("[data-live=pad]").press("3")
    expect(offline.locator("[data-live=digit]")).to_have_text("3")
    offline.locator("[data-live=lenet5_modern]").check()
    offline.wait_for_selector('[data-network="lenet5_modern"]')
    expect(offline.locator("[data-live=digit]")).to_have_text("3")
