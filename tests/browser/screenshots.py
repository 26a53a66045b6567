"""Pictures of every tab after its main action: `python -m tests.browser.screenshots OUT`, each tab × desktop and phone × light and dark.

Run it against the shipped models after the page or the weights have changed, and look at what it writes.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from studio.app import launch_kwargs, page, services_for, warm_up
from studio.settings import Settings
from tests.browser.chromium import ARGUMENTS, find_chromium
from tests.browser.conftest import DESKTOP, PATIENCE, PHONE


def curated(page: Page) -> None:
    page.locator("#curate-example-0").click()
    expect(page.locator("#curate-grid .score-grid[data-key]:not([data-key=''])")).to_be_visible()
    expect(page.get_by_test_id("score-model")).to_contain_text("scored by")
    page.locator("#curate-grid .cells img[src]").first.wait_for()


def explored(page: Page) -> None:
    expect(page.locator("#explore-grid .picture-grid[data-ready='16']")).to_be_visible()
    page.locator("#explore-grid [role=option]").nth(2).click()
    expect(page.locator("#explore-viewer .picture-viewer[data-ready='1']")).to_be_attached()
    page.locator("#explore-grid [role=option]").nth(9).click()
    expect(page.locator("#explore-viewer .picture-viewer[data-ready='32']")).to_be_attached()


def classed(page: Page) -> None:
    expect(page.locator("#classes-grid .picture-grid[data-ready='16']")).to_be_visible()
    page.locator("#classes-sheet-run").click()
    page.locator("#classes-sheet img").first.wait_for()


def swapped(page: Page) -> None:
    page.locator("#swap-examples [role=option]").first.click()
    page.locator("#swap-rows img").nth(2).wait_for()


def laid(page: Page) -> None:
    expect(page.locator("#desk-viewer .picture-viewer[data-ready='1']")).to_be_attached()


def listed(page: Page) -> None:
    page.locator("#models-cards img").first.wait_for()


def opened(page: Page) -> None:
    expect(page.locator("#tab-lab")).to_be_visible()


TABS: dict[str, Callable[[Page], None]] = {
    "Curate": curated,
    "Explore": explored,
    "Classes": classed,
    "Texture swap": swapped,
    "Mock-up and print": laid,
    "Models": listed,
    "Lab": opened,
}


def main(out: Path) -> None:
    """Start a studio of its own and write one PNG a tab, size and mode."""
    out.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=PATIENCE)
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        settings = Settings(home=Path(home), space=False, host="127.0.0.1", port=None)
        services = services_for(settings)
        demo = page(services)
        warm_up(services)
        _, url, _ = demo.launch(**launch_kwargs(settings), prevent_thread_lock=True, quiet=True)
        browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=list(ARGUMENTS))
        for size, viewport in (("desktop", DESKTOP), ("phone", PHONE)):
            for mode in ("light", "dark"):
                for tab, act in TABS.items():
                    context = browser.new_context(viewport=viewport)  # type: ignore[arg-type]
                    context.set_default_timeout(PATIENCE)
                    view = context.new_page()
                    view.goto(f"{url}?__theme={mode}")
                    view.get_by_role("tab", name=tab, exact=True).click()
                    act(view)
                    view.wait_for_timeout(700)
                    view.screenshot(path=out / f"{tab.lower().replace(' ', '-')}-{size}-{mode}.png", full_page=size == "phone")
                    context.close()
        browser.close()
        demo.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
