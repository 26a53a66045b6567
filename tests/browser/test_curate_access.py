"""Whoever uses the page with the keyboard or a screen reader: axe on every tab, and a walk with the Tab key."""

from dataclasses import dataclass
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Opener
from tests.browser.curated import GRID, TAB, cells, made, opened, view

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN = "(tags) => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']}).then((found) => found.violations)"
PANELS = ("Bring pictures in", "Filters", "Cut-outs", "Export and train")
NAME = "seen by all"


@dataclass(frozen=True)
class Excused:
    """What axe finds in something that Gradio renders and we cannot change.

    Attributes:
        rule: of axe; selector: of the nodes; reason: why it stays.
    """

    rule: str
    selector: str
    reason: str


EXCEPTIONS: tuple[Excused, ...] = ()
"""None is needed now; one that is not needed any more fails, too."""


STILL = """() => Promise.allSettled(
  document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime !== Infinity).map((one) => one.finished)
)"""


def violations(page: Page, used: set[Excused]) -> list[str]:
    """What axe finds on the page when no colour fades any more, without the exceptions, which are noted."""
    page.evaluate(STILL)
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(AXE)
    found = []
    for broken in page.evaluate(RUN, TAGS):
        for node in broken["nodes"]:
            target = str(node["target"][0])
            node_found = page.locator(target).first
            excused = [
                one for one in EXCEPTIONS if one.rule == broken["id"] and node_found.evaluate(f"(node) => node.matches({one.selector!r})")
            ]
            used.update(excused)
            if not excused:
                found.append(f"{broken['id']}: {target}: {node['html'][:120]}")
    return found


@pytest.fixture(scope="module")
def seen(studio_home: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A collection among so many that the list of them scrolls."""
    catalogue = made(studio_home, tmp_path_factory.mktemp("seen"), NAME)
    for number in range(30):
        catalogue.create(f"beside it {number}")
    return NAME


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_axe_finds_nothing_in_the_curate_tab(open_tab: Opener, seen: str, mode: str) -> None:
    page = open_tab(TAB)
    expect(page.locator(GRID)).to_be_attached()
    page.evaluate("(dark) => document.body.classList.toggle('dark', dark)", mode == "dark")
    used: set[Excused] = set()
    assert violations(page, used) == []
    opened(page, seen)
    cells(page).first.click()
    expect(page.get_by_test_id("score-panel").get_by_role("heading")).to_be_visible()
    assert violations(page, used) == []
    for title in ("Dropped", "Borderline", "Duplicates", "Two rules disagree", "Random kept"):
        view(page, title)
        page.wait_for_timeout(300)
        assert violations(page, used) == [], title
    for name in PANELS:
        page.get_by_role("tab", name=name, exact=True).click()
        page.wait_for_timeout(400)
        assert violations(page, used) == [], name
    assert used == set(EXCEPTIONS), "an exception is not needed any more"


def test_axe_finds_nothing_on_a_phone(open_tab: Opener, seen: str) -> None:
    page = open_tab(TAB, viewport=PHONE, touch=True)
    opened(page, seen)
    cells(page).nth(1).tap()
    expect(page.get_by_test_id("score-panel").get_by_role("heading")).to_be_visible()
    assert violations(page, set()) == []


WALK = """() => {
  const node = document.activeElement;
  if (!node || node === document.body) return null;
  const shown = [node, node.closest('label'), node.parentElement].filter(Boolean).map((one) => getComputedStyle(one));
  const ring = shown.some((style) => (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1) || style.boxShadow !== 'none');
  const box = node.getBoundingClientRect();
  const field = node.labels && node.labels[0] ? node.labels[0].textContent.trim() : '';
  const label = node.getAttribute('aria-label') || node.textContent.trim() || field || node.id;
  return { label: label.slice(0, 60), ring, id: node.id, seen: box.width > 0 && box.height > 0 };
}"""


def test_a_walk_with_the_tab_key_reaches_every_action_and_shows_where_it_is(open_tab: Opener, seen: str) -> None:
    page = open_tab(TAB)
    opened(page, seen)
    cells(page).first.focus()
    expect(page.get_by_test_id("score-panel").get_by_role("heading")).to_be_visible()
    page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0); document.body.tabIndex = -1; document.body.focus()")
    reached, hidden = [], []
    for _ in range(80):
        page.keyboard.press("Tab")
        at = page.evaluate(WALK)
        if at is None:
            break
        reached.append(at["label"])
        if not at["ring"] or not at["seen"]:
            hidden.append(at)
    text = " | ".join(reached)
    for action in (
        "Collection", "Demo: cityscape", "What should they show", "And what should they not", "+ text", "Scored by", "Score", "Stop",
        "Rules", "Pictures", "Filters", "Export and train", "Threshold", "Best", "Kept", "Save as sheet", "Undo", "Redo",
        "town-030.png", "Keep", "Drop", "Clear",
    ):  # fmt: skip
        assert action in text, f"{action} was not reached: {text}"
    assert hidden == []


def test_arrow_keys_home_and_end_move_through_the_pictures(open_tab: Opener, seen: str) -> None:
    page = open_tab(TAB)
    opened(page, seen)
    view(page, "Kept")
    cells(page).first.focus()
    label = "document.activeElement.getAttribute('aria-label').slice(0, 12)"
    for key, name in (("ArrowRight", "town-031.png"), ("ArrowLeft", "town-030.png"), ("End", "town-059.png"), ("Home", "town-030.png")):
        page.keyboard.press(key)
        assert page.evaluate(label) == name
    page.keyboard.press("ArrowDown")
    assert page.evaluate(label) > "town-031.png"
    assert cells(page).evaluate_all("(all) => all.filter((one) => one.tabIndex === 0).length") == 1


def test_what_changes_is_said_in_one_live_line(open_tab: Opener, seen: str) -> None:
    page = open_tab(TAB)
    opened(page, seen)
    assert page.locator("#curate-grid [aria-live]").count() == 1
    slider = page.get_by_role("slider", name="Threshold")
    slider.focus()
    before = page.get_by_test_id("score-spoken").inner_text()
    page.keyboard.press("PageUp")
    expect(page.get_by_test_id("score-spoken")).not_to_have_text(before)
    expect(page.get_by_test_id("score-spoken")).to_contain_text("of 60 kept")
    assert "of 60 kept" in str(slider.get_attribute("aria-valuetext"))
