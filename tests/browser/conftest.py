"""One studio and one Chromium for all journeys; a fresh page for each."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.chromium import ARGUMENTS, REMEDY, find_chromium

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
PATIENCE = 45_000

Opener = Callable[..., Page]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A real Chromium without a window."""
    found = find_chromium()
    if found is None:
        pytest.fail(REMEDY, pytrace=False)
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(found), args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def open_tab(chromium: Browser, studio_url: str) -> Iterator[Opener]:
    """Opens a tab of the studio by its name in a page of its own; no page may meet an error in its scripts."""
    contexts, errors = [], []

    def opened(tab: str, viewport: dict[str, int] = DESKTOP, touch: bool = False) -> Page:
        context = chromium.new_context(viewport=viewport, accept_downloads=True, has_touch=touch)  # type: ignore[arg-type]
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(studio_url)
        page.get_by_role("tab", name=tab, exact=True).click()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not errors, f"scripts failed in the page: {errors}"
