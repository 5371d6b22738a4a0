"""The pages on checkpoints in a real browser: nothing is pushed out of sight."""

import shutil

import numpy as np
import pytest
from playwright.sync_api import sync_playwright

from repro_nb import CheckpointVerifier
from repro_nb.checkpoints.diff import diff_checkpoints
from repro_nb.checkpoints.report import diff_html, verify_html

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-first-run"),
]
LONG = "layer." + "x" * 290

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


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The files of a difference and of a verification, both with a name of 296 characters."""
    folder = tmp_path_factory.mktemp("models")
    tensors = {LONG: np.arange(6.0), "weight": np.arange(3000.0)}
    np.savez(folder / "a.npz", **tensors)
    verifier = CheckpointVerifier(folder)
    for number in range(2):
        np.savez(folder / f"{number}.npz", **tensors)
        verifier.register_checkpoint(f"{number}.npz")
    np.savez(folder / "1.npz", **{name: array + 1 for name, array in tensors.items()})
    (folder / "diff.html").write_text(
        diff_html.html(diff_checkpoints(folder / "a.npz", folder / "1.npz"))
    )
    (folder / "verify.html").write_text(verify_html.html(verifier.report()))
    return folder


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1100, 400])
@pytest.mark.parametrize("name", ["diff", "verify"])
def test_a_page_is_as_wide_as_the_window(browser, pages, name, width, scheme):
    """What is wider scrolls within itself, and nothing is complained of."""
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    noise = []
    page.on("console", lambda message: noise.append(message.text))
    page.goto((pages / f"{name}.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert noise == []
    page.close()


def test_a_long_name_leaves_the_other_columns_in_sight(browser, pages):
    """It is broken, and neither cut off nor a letter a line."""
    page = browser.new_page(viewport={"width": 1100, "height": 800})
    page.goto((pages / "diff.html").as_uri())
    assert page.evaluate("(e => e.scrollWidth <= e.clientWidth)(document.querySelector('.scroll'))")
    cell = page.get_by_text(LONG)
    assert 200 < cell.bounding_box()["width"] < 500
    page.close()


def test_the_overview_leads_to_each_checkpoint(browser, pages):
    """The one that failed comes first."""
    page = browser.new_page()
    page.goto((pages / "verify.html").as_uri())
    links = page.locator("section.summary a")
    assert links.all_inner_texts() == ["1.npz", "0.npz"]
    for link in links.all():
        target = page.locator(link.get_attribute("href"))
        assert target.locator("h2").inner_text() == link.inner_text()
    page.close()
