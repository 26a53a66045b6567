"""A curator's first visit: `python -m tests.browser.curator PHOTOGRAPHS OUT` takes a folder to an exported set in the page.

PHOTOGRAPHS has a sub-folder a class; `buildings` and `street` are what is looked for. Writes a picture of the page after each step,
and says how long each took.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from studio.app import launch_kwargs, page, services_for, warm_up
from studio.settings import Settings
from tests.browser.chromium import ARGUMENTS, find_chromium
from tests.browser.conftest import DESKTOP
from tests.browser.curated import GRID, TAB, cells, number, view

NAME = "skylines"
PROMPT = "cityscape"
RIGHT = ("buildings/", "street/")
ANSWERS = 12
WAIT = 600_000
PAUSE = 700
BETWEEN = 250


@dataclass
class Visit:
    """One visit: the page, where its pictures go, and what was measured."""

    page: Page
    out: Path
    took: dict[str, float] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def step(self, title: str, act: Callable[[], str]) -> None:
        """Do a step, time it, and take a picture of the page after it (which is not timed)."""
        begun = time.perf_counter()
        said = act()
        self.took[title] = time.perf_counter() - begun
        print(f"{self.took[title]:7.1f} s  {title}: {said}", flush=True)
        self.look(title)

    def look(self, title: str) -> None:
        """A picture of what is on the screen, numbered in the order of the visit."""
        self.page.wait_for_timeout(PAUSE)
        made = len(list(self.out.glob("*.png")))
        self.page.screenshot(path=self.out / f"{made:02}-{title.lower().replace(' ', '-')}.png")

    def panel(self, name: str) -> None:
        self.page.locator("#curate-tabs").get_by_role("tab", name=name, exact=True).click()

    def outcome(self, name: str, has: str) -> str:
        """The sentence of a panel, as soon as it says something with these words."""
        line = self.page.locator(f"#{name} .line")
        expect(line).to_contain_text(has, timeout=WAIT)
        return line.inner_text()

    def during(self, title: str) -> None:
        """A picture of the page while it works."""
        self.page.wait_for_timeout(3_000)
        self.look(title)


def bring_in(visit: Visit, folder: Path) -> str:
    page = visit.page
    visit.panel("Bring pictures in")
    page.locator("#collect-folder :is(input, textarea)").first.fill(str(folder))
    page.locator("#collect-rights").get_by_label("yes", exact=True).check()
    page.locator("#collect-permission :is(input, textarea)").first.fill("a public data set, for a trial")
    page.locator("#collect-into :is(input, textarea)").first.fill(NAME)
    visit.look("filled in")
    page.locator("#collect-run").click()
    visit.during("pictures come in")
    return visit.outcome("collect-outcome", "added")


def score(visit: Visit) -> str:
    page = visit.page
    visit.panel("Pictures")
    expect(page.locator(f"{GRID}[data-collection='{NAME}']")).to_be_attached()
    visit.look("not scored yet")
    page.get_by_label("What should they show?").fill(PROMPT)
    page.locator("#curate-run").click()
    visit.during("scoring")
    expect(page.locator("#curate-status")).to_contain_text("scored in", timeout=WAIT)
    expect(page.get_by_test_id("score-suggestion")).to_be_visible(timeout=WAIT)
    page.locator("#curate-grid .cells img[src]").first.wait_for()
    return page.locator("#curate-status").inner_text()


def cut(visit: Visit) -> str:
    page = visit.page
    page.get_by_test_id("score-suggestion").click()
    page.wait_for_timeout(PAUSE)
    return f"{page.get_by_test_id('score-suggestion').inner_text()}, {page.get_by_test_id('score-counts').inner_text()}"


def answer(visit: Visit) -> str:
    """A dozen answers by key, each after a glance."""
    page = visit.page
    view(page, "Borderline")
    expect(page.get_by_test_id("score-note")).to_contain_text("0 of")
    cells(page).first.focus()
    for turn in range(ANSWERS):
        page.wait_for_timeout(BETWEEN)
        name = str(page.evaluate("document.activeElement.getAttribute('aria-label')"))
        page.keyboard.press("k" if name.startswith(RIGHT) else "d")
        expect(page.get_by_test_id("score-note")).to_contain_text(f"{turn + 1} of")
    expect(page.get_by_test_id("score-estimate")).to_contain_text(f"From {ANSWERS} answers")
    return page.get_by_test_id("score-estimate").inner_text()


def copies(visit: Visit) -> str:
    visit.panel("Filters")
    visit.page.locator("#filters-find-copies").click()
    visit.during("looking for copies")
    return visit.outcome("filters-of-copies", "would go")


def drop(visit: Visit) -> str:
    visit.page.locator("#filters-drop-copies").click()
    return visit.outcome("filters-of-copies", "are kept")


def faults(visit: Visit) -> str:
    page = visit.page
    page.locator("#filters-find-faults").click()
    page.locator("#filters-find-faults").scroll_into_view_if_needed()
    visit.during("looking for faults")
    said = visit.outcome("filters-of-faults", "would go")
    page.locator("#filters-of-faults").evaluate("(one) => one.scrollIntoView({block: 'start'})")
    return said


def export(visit: Visit, into: Path) -> str:
    page = visit.page
    visit.panel("Export and train")
    page.evaluate("window.scrollTo(0, 0)")
    page.locator("#export-where").get_by_label("A folder here", exact=True).check()
    page.locator("#export-folder :is(input, textarea)").first.fill(str(into))
    page.locator("#export-run").click()
    said = visit.outcome("export-outcome", "left into")
    page.locator("#export-outcome").scroll_into_view_if_needed()
    return said


def truth(into: Path) -> str:
    """How many of the exported pictures lie in a folder of what was looked for."""
    counts = {one.name: sum(file.is_file() for file in one.rglob("*")) for one in sorted(into.iterdir()) if one.is_dir()}
    right = sum(counts.get(name.rstrip("/"), 0) for name in RIGHT)
    return f"{right:,} of {sum(counts.values()):,} are right; {counts}"


def main(photographs: Path, out: Path) -> None:
    """Start a studio with an empty home, visit it, and leave pictures of the page in `out`."""
    out.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=60_000)
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        os.environ["STUDIO_HOME"] = home
        settings = Settings(home=Path(home), space=False, host="127.0.0.1", port=None)
        services = services_for(settings)
        demo = page(services)
        begun = time.perf_counter()
        warm_up(services)
        print(f"{time.perf_counter() - begun:7.1f} s  before the page opens, not counted", flush=True)
        _, url, _ = demo.launch(**launch_kwargs(settings), prevent_thread_lock=True, quiet=True)
        browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=list(ARGUMENTS))
        context = browser.new_context(viewport=DESKTOP)  # type: ignore[arg-type]
        context.set_default_timeout(60_000)
        visit = Visit(context.new_page(), out)
        visit.page.on("pageerror", lambda error: print(f"a script failed: {error}", flush=True))

        def open_page() -> str:
            visit.page.goto(url)
            visit.page.get_by_role("tab", name=TAB, exact=True).click()
            expect(visit.page.locator("#curate-grid .empty-note")).to_be_visible()
            return "the tab is there"

        into = Path(home) / "sets" / NAME
        visit.step("Open the page", open_page)
        visit.step("Bring the folder in", lambda: bring_in(visit, photographs))
        visit.step("Score", lambda: score(visit))
        visit.step("Take the suggested cut", lambda: cut(visit))
        visit.step("Answer a dozen", lambda: answer(visit))
        visit.step("Look for copies", lambda: copies(visit))
        visit.step("Drop the copies", lambda: drop(visit))
        visit.step("Look for faults", lambda: faults(visit))
        visit.step("Export", lambda: export(visit, into))
        visit.panel("Pictures")
        view(visit.page, "Random kept")
        visit.look("what is kept")
        print(f"{sum(visit.took.values()):7.1f} s  altogether; kept {number(visit.page, 'kept'):,.0f}; {truth(into)}", flush=True)
        browser.close()
        demo.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
