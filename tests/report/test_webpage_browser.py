"""The page in a real browser."""

import shutil

import pytest
from playwright.sync_api import sync_playwright

from repro_nb.rerun.report import html, html_fragment

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-first-run"),
]

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium"
)


@pytest.fixture(scope="module")
def browser():
    """One browser for all tests."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Opens HTML from a file; gives the page, and what it complained of or asked for."""

    def open_page(source, **settings):
        path = tmp_path / "report.html"
        path.write_text(source, encoding="utf-8")
        page = browser.new_page(**settings)
        page.noise = []
        page.on("console", lambda message: page.noise.append(message.text))
        page.on("dialog", lambda dialog: page.noise.append(dialog.message))
        page.on("request", lambda request: page.noise.append(request.url[:40]))
        page.goto(path.as_uri())
        page.noise = [
            entry for entry in page.noise if not entry.startswith(("file:", "data:image"))
        ]
        return page

    return open_page


def test_hostile_text_executes_nothing(opened, hostile):
    """Neither on the page nor in the fragment does a notebook's text run, load or complain."""
    for source in (html([hostile]), f"<!doctype html><body>{html_fragment([hostile])}</body>"):
        page = opened(source)
        assert page.evaluate("window.hacked") is None
        assert page.noise == []


def test_both_colour_schemes_can_be_read(opened, unseeded):
    """Text stands out from its ground in light and dark."""
    for scheme in ("light", "dark"):
        page = opened(html([unseeded]), color_scheme=scheme)
        ink, ground = page.evaluate(
            "['color', 'backgroundColor'].map(name => getComputedStyle(document.querySelector("
            "name == 'color' ? '.card h2' : '.card'))[name].match(/\\d+/g).map(Number))"
        )
        assert abs(sum(ink) - sum(ground)) > 450


def test_the_page_is_used_by_keyboard(opened, sound):
    """Tab reaches the details, and Enter opens them."""
    page = opened(html([sound, sound]))
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "SUMMARY":
            break
    assert page.evaluate("document.activeElement.parentElement.open") is False
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.parentElement.open") is True


def test_nothing_runs_over_the_edge_of_a_telephone(opened, explained, hostile):
    """Wide tables scroll within the page; the page itself does not."""
    page = opened(html([explained, hostile]), viewport={"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_summary_is_seen_whole_on_a_telephone(opened, every_kind):
    """Its rows are stacked, each value with the name of its column; nothing is cut off."""
    page = opened(html(every_kind), viewport={"width": 400, "height": 800})
    ends = page.evaluate(
        "[...document.querySelectorAll('.summary td, .summary tbody th')]"
        ".map(cell => cell.getBoundingClientRect().right)"
    )
    assert len(ends) == 5 * len(every_kind)
    assert max(ends) <= 400
    label = "getComputedStyle(document.querySelector('.summary td'), '::before').content"
    assert "Level" in page.evaluate(label)
