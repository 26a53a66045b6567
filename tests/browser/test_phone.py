"""Every tab on a phone: nothing lies beside the screen."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Opener

TABS = ("Curate", "Explore", "Classes", "Texture swap")


@pytest.mark.parametrize("tab", TABS)
def test_a_tab_fits_a_phone_without_scrolling_sideways(open_tab: Opener, tab: str) -> None:
    page = open_tab(tab, viewport=PHONE, touch=True)
    expect(page.get_by_role("tabpanel").filter(visible=True).first).to_be_visible()
    if tab in ("Explore", "Classes"):
        expect(page.locator(f"#{tab.lower()}-grid .picture-grid[data-ready='16']")).to_be_visible()
    width = page.evaluate("Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)")
    assert width <= PHONE["width"]
    page.evaluate("window.scrollTo(500, 0)")
    assert page.evaluate("window.scrollX") == 0
    outside = page.evaluate(
        "(width) => [...document.querySelectorAll('button, input, textarea, img')].filter((node) => {"
        " const box = node.getBoundingClientRect(); const inside = node.closest('.sheet-scroller, .visually-hidden');"
        " return box.width > 1 && box.height > 1 && !inside && getComputedStyle(node).visibility === 'visible' && box.right > width + 1; })"
        ".map((node) => node.outerHTML.slice(0, 120))",
        PHONE["width"],
    )
    assert outside == []
