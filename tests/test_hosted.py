"""The built book below a path of a strict host: what it asks for, what it weighs, what it does."""

import json

import pytest
from check_answers import CHECKS
from playwright.sync_api import expect
from test_page_answers import FORMS, right_answer
from test_site import documents
from visits import Visit

pytestmark = pytest.mark.browser

PROSE, LESSON = 300_000, 1_500_000  # bytes on a first visit, compressed
LIVE = 320_000  # what the live network may add


@pytest.fixture
def visit(browser, address, request):
    visit = Visit(browser, address, **getattr(request, "param", {}))
    yield visit
    visit.close()
    assert visit.outside == []
    assert visit.errors == []


@pytest.fixture(scope="module")
def first_visits(seen, site):
    """What was seen on each page, with nothing of the book in the browser's cache."""
    slides = [f"slides/{path.stem}" for path in sorted(site.glob("slides/*.html"))]
    return {name: seen(name) for name in [*documents(), "search", "genindex", "404", *slides]}


def test_no_page_asks_another_host(first_visits):
    assert {name: v.outside for name, v in first_visits.items() if v.outside} == {}


def test_no_page_breaks_the_policy_or_fails(first_visits):
    assert {name: v.errors for name, v in first_visits.items() if v.errors} == {}


def test_every_formula_is_typeset(first_visits):
    assert {name: v.unformed for name, v in first_visits.items() if v.unformed} == {}
    assert {name: v.raw for name, v in first_visits.items() if v.raw} == {}
    assert first_visits["notebooks/05_layer_by_layer"].formulas >= 10


def test_pages_are_light(first_visits):
    def limit(name):
        if name.startswith(("notebooks/", "slides/")):
            return LESSON
        return PROSE + LIVE if name == "book/live" else PROSE

    assert {name: v.bytes for name, v in first_visits.items() if v.bytes > limit(name)} == {}


def test_the_network_of_the_welcome_page_loads_when_it_is_wanted(visit):
    visit.open("book/welcome.html")
    visit.page.wait_for_load_state("networkidle")
    before = visit.bytes
    assert not visit.page.locator("[data-live=pad]").count()
    wake = visit.page.get_by_role("button", name="Draw a digit here")
    wake.press("Enter")
    visit.page.wait_for_selector(".live-best")
    expect(visit.page.locator("[data-live=pad]")).to_be_focused()
    visit.page.wait_for_load_state("networkidle")
    assert visit.page.locator(".live-still").is_hidden()
    assert visit.bytes - before <= LIVE


def test_the_mouse_wakes_the_network_before_it_presses(visit):
    visit.open("book/welcome.html")
    visit.page.locator(".live-still").hover()
    visit.page.wait_for_selector(".live-best")


def test_sliders_over_figures_move(visit, site):
    pages = [path for path in site.glob("notebooks/*.html")
             if "vnd.jupyter.widget-view" in path.read_text("utf-8")]  # fmt: skip
    assert pages
    for path in pages[:2]:
        visit.open(f"notebooks/{path.name}")
        handle = visit.page.locator("[role=slider]").first
        handle.wait_for()
        shown = (
            "() => [...document.querySelectorAll('.cell_output img, .cell_output svg')]"
            ".filter((one) => one.checkVisibility()).map((one) => one.src ?? one.outerHTML)"
        )
        seen = [visit.page.evaluate(shown)]
        for key in ("ArrowLeft", "ArrowRight"):  # it may begin at either end
            handle.press(key)
            visit.page.wait_for_timeout(200)
            seen.append(visit.page.evaluate(shown))
        assert seen[0] != seen[1] or seen[1] != seen[2]


def test_quizzes_answer(visit):
    visit.open("notebooks/05_layer_by_layer.html")
    answer = visit.page.locator("section#quiz details").first
    body = answer.locator(":scope > *:not(summary)").first
    assert not body.is_visible()
    answer.locator("summary").click()
    assert body.is_visible()


@pytest.mark.parametrize("words", ["scaled_tanh", "receptive field", "Conv2d", "subsampling"])
def test_search_finds_code_and_terms(visit, words):
    visit.open(f"search.html?q={words}")
    hits = visit.page.locator("#search-results li a")
    hits.first.wait_for()
    hits.first.click()
    visit.page.wait_for_load_state()
    text = visit.page.locator("article").text_content().lower()
    assert all(word.lower() in text for word in words.split())


@pytest.mark.parametrize(
    "visit", [{"permissions": ["clipboard-read", "clipboard-write"]}], indirect=True
)
def test_code_can_be_copied(visit):
    visit.open("notebooks/05_layer_by_layer.html")
    cell = visit.page.locator("div.cell_input div.highlight").first
    cell.hover()
    cell.locator("button.copybtn").click()
    copied = visit.page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == cell.locator("pre").inner_text().strip()


def test_buttons_of_the_header_work(visit):
    visit.open("book/part1.html")
    visit.page.evaluate("() => { window.print = () => { window.printed = true; }; }")
    visit.page.get_by_role("button", name="Download this page").click()
    visit.page.locator("[data-click=print]").click()
    assert visit.page.evaluate("window.printed")
    visit.page.locator("[data-click=fullscreen]").click()
    visit.page.locator(":fullscreen").wait_for()


def test_progress_is_kept_and_can_be_cleared(visit):
    visit.page.goto(f"{visit.address}/notebooks/01_from_pixels.html")
    line = visit.page.locator(".lenet-progress")
    expect(line).to_contain_text("No lesson read yet")
    visit.page.locator(".prev-next-footer").scroll_into_view_if_needed()
    expect(line).to_contain_text("1 of")
    visit.page.goto(f"{visit.address}/book/welcome.html")
    lesson = visit.page.locator(".bd-links a[href$='01_from_pixels.html']")
    expect(lesson).to_contain_text("read")
    visit.page.get_by_role("button", name="Forget my progress").click()
    expect(line).to_contain_text("No lesson read yet")
    visit.page.reload()
    expect(line).to_contain_text("No lesson read yet")
    assert visit.page.evaluate("localStorage.getItem('lenet-progress')") is None


def written(value):
    return value if isinstance(value, str) else f"{value:,}"


@pytest.mark.parametrize("lesson", sorted({lesson for lesson, _, _ in FORMS}))
def test_exercises_are_answered_in_the_page(visit, lesson):
    visit.open(f"notebooks/{lesson}.html")
    forms = visit.page.locator(".lenet-answer")
    names = [name for own, name, _ in FORMS if own == lesson]
    assert forms.evaluate_all("all => all.map((form) => form.dataset.check)") == names
    for i, name in enumerate(names):
        form, check = forms.nth(i), next(check for check in CHECKS if check.__name__ == name)
        form.get_by_role("button").click()
        expect(form.get_by_role("status")).to_contain_text("Not yet. There is no answer yet")
        inputs = form.locator("input")
        listed = (part if isinstance(part, list) else [part] for part in right_answer(check))
        values = [written(value) for part in listed for value in part]
        inputs.nth(0).fill("?")
        for j in range(1, len(values)):
            inputs.nth(j).fill(values[j])
        inputs.nth(0).press("Enter")
        expect(form.get_by_role("status")).to_contain_text("Not yet. ")
        inputs.nth(0).fill(values[0])
        inputs.nth(0).press("Enter")
        verdict = check(*right_answer(check))
        expect(form.get_by_role("status")).to_have_text(f"Right. {verdict.message}")
    ticked = visit.page.locator(".exercise .lenet-read")
    expect(ticked).to_have_count(len(names))
    visit.page.reload()
    expect(ticked).to_have_count(len(names))


def test_nothing_is_called_wrong_where_nothing_was_answered(visit):
    visit.open("notebooks/05_layer_by_layer.html")
    assert visit.page.locator(".lenet-check-wrong").count() == 0


def test_the_first_answer_to_a_question_counts_and_progress_is_saved_as_a_file(visit):
    visit.open("notebooks/05_layer_by_layer.html")
    visit.page.get_by_text("None: pooling is not trained.").click()
    line = visit.page.locator(".lenet-progress")
    expect(line).to_contain_text("0 of 1 questions right at first")
    visit.page.locator("#quiz summary").get_by_text("12", exact=True).click()
    expect(line).to_contain_text("0 of 1 questions")
    with visit.page.expect_download() as download:
        visit.page.get_by_role("button", name="Save my progress as a file").dispatch_event("click")
    saved = json.loads(download.value.path().read_text(encoding="utf-8"))
    assert saved["questions"] == {"05_layer_by_layer-1": False}


def test_previous_next_and_permalinks_lead_on(visit):
    visit.open("book/part1.html")
    visit.page.locator(".prev-next-footer a.right-next").click()
    visit.page.wait_for_url("**/notebooks/01_from_pixels.html")
    visit.page.locator(".prev-next-footer a.left-prev").click()
    visit.page.wait_for_url("**/book/part1.html")
    visit.page.locator("article h2").first.hover()
    link = visit.page.locator("h2 a.headerlink").first
    link.click()
    assert visit.page.evaluate("location.hash") == link.get_attribute("href")


@pytest.mark.parametrize("path", ["nothing.html", "deep/down/and/further/nothing"])
def test_an_address_without_a_page_gets_a_whole_one(browser, published, path):
    page = browser.new_page()
    missing = []
    page.on("response", lambda answer: answer.status >= 400 and missing.append(answer.url))
    page.goto(f"{published}/{path}")
    assert missing == [f"{published}/{path}"]
    assert page.locator("article h1").inner_text().startswith("No such page")
    page.locator("article a", has_text="welcome page").click()
    page.wait_for_url(f"{published}/book/welcome.html")
    page.close()


def test_an_old_browser_is_told_so(visit):
    visit.page.add_init_script("delete HTMLScriptElement.prototype.noModule")
    for name in ("book/live.html", "book/welcome.html"):
        visit.page.goto(f"{visit.address}/{name}")
        expect(visit.page.locator("#live .live-message")).to_contain_text("too old")
        assert visit.page.locator(".live-still img").first.is_visible()


def test_a_browser_that_cannot_read_the_modules_is_told_so(visit):
    visit.page.route(
        "**/live/live.js",
        lambda route: route.fulfill(content_type="text/javascript", body="let a = #;"),
    )
    visit.page.goto(f"{visit.address}/book/live.html")
    expect(visit.page.locator("#live .live-message")).to_contain_text("too old")
    assert visit.page.locator(".live-still img").first.is_visible()
    visit.errors.clear()  # the browser's own words about the module
