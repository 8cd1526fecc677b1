"""The demo page in a real browser; skipped if there is no browser."""

import re
import shutil
import urllib.request
from importlib import resources

import pytest
from small_served import server

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def address():
    with server() as address:
        yield address


def test_the_page_reaches_no_other_host(address):
    with urllib.request.urlopen(address) as answer:
        html, headers = answer.read().decode(), answer.headers
    assert html == resources.files("keras_embed.serving").joinpath("page.html").read_text("utf-8")
    assert not re.findall(r"https?://|//[a-z]+\.", html)
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "connect-src 'self'" in policy and "unsafe" not in policy
    assert headers["X-Frame-Options"] == "DENY"


@pytest.fixture(scope="module")
def browser():
    """A headless browser."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} with chromedriver is installed")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    window = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield window
    window.quit()


@pytest.fixture
def page(browser, address):
    """Opens the page with a model; gives a function that types texts and waits for the answers."""
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import Select, WebDriverWait

    def wait(condition):
        WebDriverWait(browser, 30).until(lambda _: condition())

    def find(selector):
        return browser.find_elements(By.CSS_SELECTOR, selector)

    def ask(model, *texts):
        browser.get(address)
        wait(lambda: "version" in find("#state")[0].text)
        Select(find("#model")[0]).select_by_visible_text(model)
        wait(lambda: find("textarea") and "version" in find("#state")[0].text)
        for area, text in zip(find("textarea"), texts, strict=True):
            area.send_keys(text)
        find("#run")[0].click()
        wait(lambda: find("#run")[0].is_enabled() and (" ms" in find("#state")[0].text or find("#state.error")))
        mistakes = [line["message"] for line in browser.get_log("browser") if line["level"] == "SEVERE"]
        assert not [line for line in mistakes if "400 (Bad Request)" not in line], mistakes
        return find

    return ask


@pytest.mark.slow
def test_tags_are_coloured(page):
    find = page("names", "Ada met Leo\nnobody")
    assert len(find(".answer")) == 2
    span = find(".span")[0]
    assert span.text.split() == ["Ada", "PER"] and span.get_attribute("title") == "10.0 %"
    assert span.value_of_css_property("background-color") not in ("rgba(0, 0, 0, 0)", "transparent")


@pytest.mark.slow
def test_labels_have_bars(page):
    find = page("looks", "a longer text")
    assert [line.text.split()[0] for line in find(".bar")] == ["long", "short"]
    assert find(".best")[0].text.split()[0] == "long"
    assert float(find(".bar div div")[0].value_of_css_property("width").removesuffix("px")) > 50


@pytest.mark.slow
def test_translations_have_alignments(page):
    find = page("says", "ein hund")
    assert find(".best")[0].text.startswith("EIN HUND")
    cells = [cell.value_of_css_property("background-color") for cell in find("td")]
    assert len(cells) == 4 and cells[0] == cells[3] != cells[1]


@pytest.mark.slow
def test_answers_stand_in_their_text(page):
    find = page("finds", "where?", "à 🙂 b c d")
    assert find(".span")[0].text.split()[:2] == ["🙂", "b"]
    assert "No answer" in page("finds", "?", "a b c")(".note")[-1].text


@pytest.mark.slow
def test_words_have_neighbours(page):
    find = page("words", "queen\n king")
    assert [line.text.split() for line in find(".bar")[:2]] == [["woman", "0.834"], ["king", "0.531"]]
    assert [box.text.split()[0] for box in find(".answer")] == ["queen", "king"]
    widths = [float(bar.value_of_css_property("width").removesuffix("px")) for bar in find(".bar div div")[:2]]
    assert widths[0] > widths[1] > 0
    assert "Received: 'Queen'. Try 'queen'" in page("words", "Queen")("#state")[0].text


@pytest.mark.slow
def test_numbers_that_are_none_have_a_dash(page):
    find = page("odd", "NaN")
    assert sorted(line.text for line in find(".bar")) == ["NaN\n\u2013", 'a "NaN"\n\u2013']


@pytest.mark.slow
def test_no_other_model_is_chosen_while_one_runs(page, browser):
    page("looks", "a")
    browser.execute_script("document.querySelector('form').requestSubmit()")
    assert browser.execute_script("const busy = guarded(run); return $('model').disabled")
    assert browser.execute_async_script("guarded(run).then(() => arguments[0](!$('model').disabled))")


@pytest.mark.slow
def test_texts_are_text_and_no_markup(page):
    find = page("says", "<img src=x onerror=document.title='x'>")
    assert not find("main img") and "<IMG" in find(".best")[0].text


@pytest.mark.slow
def test_what_is_wrong_is_shown(page):
    find = page("names", "a\n" * 65)
    assert "at most 64 rows" in find("#state")[0].text
