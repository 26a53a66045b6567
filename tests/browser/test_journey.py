"""A designer's whole journey in a real browser, by hand and by keyboard alone: find, vary, mix, wear, print, come back, restore."""

from collections.abc import Callable
from pathlib import Path

import pikepdf
from playwright.sync_api import Page, expect

from engines import imaging
from engines.models.zoo import Zoo
from engines.production.rendering import render
from engines.recipe import Find, Finish, Mix, Recipe, Vary, parents_of, read_recipe
from tests.browser.conftest import Opener
from tests.browser.test_desk import drop

WORDS = "sunset"
MOST_STEPS = 140
HERE = """() => {
  const node = document.activeElement;
  if (!node || node === document.body) return ["", "", ""];
  const label = node.getAttribute("aria-label") || (node.labels && node.labels[0] ? node.labels[0].textContent : node.textContent);
  return [label.trim().replace(/\\s+/g, " "), node.id, node.closest("[id^=explore-], [id^=desk-], #tray, #tabs")?.id || ""];
}"""
UNLIKE = "(old) => document.querySelector('#desk-viewer canvas').toDataURL() !== old"

Wanted = Callable[[str, str], bool]


class Keyboard:
    """Goes through the page as somebody does who has no pointer: Tab, Shift+Tab, arrows, Enter, Space and letters."""

    def __init__(self, page: Page) -> None:
        self._page = page
        page.on("filechooser", lambda _: None)  # from now on, as Chromium needs a while until it hands its file choosers over

    def press(self, *keys: str) -> None:
        for key in keys:
            self._page.keyboard.press(key)

    def to(self, label: str, within: str = "", back: bool = False) -> None:
        """Tab on until what has a label has the focus."""
        seen = []
        for _ in range(MOST_STEPS):
            self.press("Shift+Tab" if back else "Tab")
            name, itself, part = self._page.evaluate(HERE)
            if name.startswith(label) and within in (part or itself):
                return
            seen.append(name[:30])
        raise AssertionError(f"{label} was not reached by Tab: {' | '.join(seen)}")

    def write(self, text: str) -> None:
        self._page.keyboard.type(text)

    def download(self, folder: Path) -> Path:
        """The file that Enter on what has the focus gives."""
        with self._page.expect_download() as waited:
            self.press("Enter")
        return taken(waited.value, folder)

    def open(self, path: Path) -> None:
        """Give a file to what has the focus, which asks for one at Enter."""
        with self._page.expect_file_chooser() as waited:
            self.press("Enter")
        waited.value.set_files(path)


def taken(download: object, folder: Path) -> Path:
    path = folder / download.suggested_filename  # type: ignore[attr-defined]
    download.save_as(path)  # type: ignore[attr-defined]
    return path


def in_grid(page: Page, words: str) -> None:
    expect(page.locator("#explore-grid .status")).to_contain_text(words, timeout=120_000)
    expect(page.locator("#explore-grid .picture-grid[data-ready='16']")).to_be_visible()


def in_viewer(page: Page, words: str, frames: int = 1) -> None:
    expect(page.locator("#explore-viewer .caption")).to_contain_text(words)
    expect(page.locator(f"#explore-viewer .picture-viewer[data-ready='{frames}']")).to_be_attached()


def on_desk(page: Page, words: str) -> str:
    expect(page.locator("#desk-viewer .caption")).to_contain_text(words)
    expect(page.locator("#desk-viewer .picture-viewer[data-ready='1']")).to_be_attached()
    return page.locator("#desk-viewer canvas").evaluate("(canvas) => canvas.toDataURL()")


def in_tray(page: Page, count: int) -> None:
    expect(page.locator("#tray .opener")).to_contain_text("1 picture" if count == 1 else f"{count} pictures")


def looked_at(page: Page, title: str) -> None:
    expect(page.locator("#tray .lineage .now bdi")).to_have_text(title)


def one_of_the_journey(recipe: Recipe | None) -> bool:
    """Whether a recipe is of a mock-up of a mix of variations of what was found for the words."""
    assert isinstance(recipe, Finish)
    assert recipe.operation == "mockup"
    assert isinstance(recipe.source, Mix)
    assert all(isinstance(parent, Vary) for parent in recipe.source.parents)
    [found] = {parent.parent for parent in recipe.source.parents if isinstance(parent, Vary)}
    return isinstance(found, Find) and found.words == WORDS and not parents_of(found.parent)


def proven(path: Path, zoo: Zoo) -> None:
    recipe = read_recipe(path)
    assert one_of_the_journey(recipe)
    assert render(zoo, recipe).tobytes() == imaging.safe_open(path).tobytes()  # type: ignore[arg-type]


def printed(path: Path) -> None:
    with pikepdf.open(path) as sheet:
        assert [round(float(side) / 72 * 25.4) for side in sheet.pages[0].TrimBox][2:] == [280, 330]
        rights = str(sheet.docinfo["/Copyright"])
        assert "Research and education only" in rights
        assert "Enlarged by upscale-4" in rights


def test_from_words_to_a_print_and_back_again(open_tab: Opener, shipped_zoo: Zoo, tmp_path: Path) -> None:
    page = open_tab("Explore")
    page.locator("#explore-words input, #explore-words textarea").first.fill(WORDS)
    page.locator("#explore-find").click()
    in_grid(page, "that fit best among 500")
    tiles = page.locator("#explore-grid [role=option]")
    tiles.first.click()
    in_viewer(page, f"found for “{WORDS}”")
    page.get_by_role("button", name="Vary strongly").click()
    in_grid(page, "16 neighbours")
    tiles.nth(3).click()
    in_viewer(page, "variation")
    tiles.nth(8).click()
    in_viewer(page, "in 32 steps", 32)
    page.get_by_role("button", name="Mix these").click()
    in_viewer(page, "a mix of 50%")
    page.locator("#explore-viewer .keep").click()
    in_tray(page, 1)
    page.locator("#tray .opener").click()
    page.locator("#tray .look").first.click()
    looked_at(page, "cityscape, mix of 2")
    page.get_by_role("button", name="To Mock-up and print").click()
    before = on_desk(page, "cityscape, mix of 2. Printed 280")
    page.get_by_label("tote", exact=True).check()
    page.wait_for_function(UNLIKE, arg=before)
    page.locator("#desk-viewer .keep").click()
    in_tray(page, 2)
    page.get_by_label("Print file", exact=True).check()
    on_desk(page, "Drawn 4 times larger by upscale-4")
    with page.expect_download() as waited:
        page.locator("#desk-viewer .save-png").click()
    printed(taken(waited.value, tmp_path))

    page.reload()
    in_tray(page, 2)
    page.locator("#tray .opener").click()
    page.locator("#tray .look").first.click()
    looked_at(page, "tote in white")
    with page.expect_download() as waited:
        page.get_by_role("button", name="Save PNG").click()
    path = taken(waited.value, tmp_path)
    proven(path, shipped_zoo)
    page.get_by_role("button", name="Go back to cityscape, mix of 2").click()
    looked_at(page, "cityscape, mix of 2")
    page.get_by_role("button", name="Restore in Explore").click()
    in_viewer(page, "cityscape, mix of 2")

    drop(page, path)
    looked_at(page, "tote in white")
    page.get_by_role("button", name="Restore on the desk").click()
    on_desk(page, "cityscape, mix of 2")
    expect(page.get_by_label("tote", exact=True)).to_be_checked()
    with page.expect_download() as waited:
        page.locator("#desk-viewer .save-png").click()
    again = taken(waited.value, tmp_path)
    assert imaging.safe_open(again).size == (1600, 1600)
    assert read_recipe(again).source == read_recipe(path).source  # type: ignore[union-attr]
    assert imaging.safe_open(again).tobytes() == imaging.safe_open(path).tobytes()


def test_the_same_journey_with_the_keyboard_alone(open_tab: Opener, shipped_zoo: Zoo, tmp_path: Path) -> None:
    page = open_tab("Curate")
    hands = Keyboard(page)
    hands.to("Explore")
    hands.press("Enter")
    expect(page.locator("#tab-explore")).to_be_visible()
    hands.to("Find by words")
    hands.write(WORDS)
    hands.press("Enter")
    in_grid(page, "that fit best among 500")
    hands.to("Seed", "explore-grid")
    hands.press("Enter")
    in_viewer(page, f"found for “{WORDS}”")
    hands.to("Vary strongly")
    hands.press("Enter")
    in_grid(page, "16 neighbours")
    hands.to("Seed", "explore-grid", back=True)
    hands.press("ArrowRight", "Enter")
    in_viewer(page, "variation")
    hands.press("ArrowDown", "Space")
    in_viewer(page, "in 32 steps", 32)
    hands.to("Mix these")
    hands.press("Enter")
    in_viewer(page, "a mix of 50%")
    hands.to("Keep", "explore-viewer")
    hands.press("Enter")
    in_tray(page, 1)
    hands.to("Tray", "tray")
    hands.press("Enter")
    hands.to("cityscape, mix of 2", "tray")
    hands.press("Enter")
    looked_at(page, "cityscape, mix of 2")
    hands.to("To Mock-up and print", "tray")
    hands.press("Enter")
    before = on_desk(page, "cityscape, mix of 2. Printed 280")
    hands.to("tote", "desk-garment", back=True)
    hands.press("Space")
    page.wait_for_function(UNLIKE, arg=before)
    hands.to("Keep", "desk-viewer")
    hands.press("Enter")
    in_tray(page, 2)
    hands.to("Print file", "desk-view", back=True)
    hands.press("Space")
    on_desk(page, "Drawn 4 times larger by upscale-4")
    hands.to("Save picture", "desk-viewer")
    printed(hands.download(tmp_path))

    page.reload()
    in_tray(page, 2)
    hands.to("Tray", "tray")
    hands.press("Enter")
    hands.to("tote in white", "tray")
    hands.press("Enter")
    looked_at(page, "tote in white")
    hands.to("Save PNG", "tray")
    path = hands.download(tmp_path)
    proven(path, shipped_zoo)
    hands.to("Go back to cityscape, mix of 2", "tray")
    hands.press("Enter")
    looked_at(page, "cityscape, mix of 2")
    hands.to("Restore in Explore", "tray", back=True)
    hands.press("Enter")
    in_viewer(page, "cityscape, mix of 2")

    hands.to("Tray", "tray")
    hands.press("Enter")
    hands.to("Open a ZIP or a PNG", "tray")
    hands.open(path)
    looked_at(page, "tote in white")
    hands.to("Restore on the desk", "tray")
    hands.press("Enter")
    on_desk(page, "cityscape, mix of 2")
    expect(page.get_by_label("tote", exact=True)).to_be_checked()
