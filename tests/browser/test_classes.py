"""The journey through the Classes tab, in a real browser on the shipped weights."""

import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from engines import imaging
from engines.models.zoo import Zoo
from engines.production.rendering import render
from engines.recipe import Sample, Sheet, read_recipe
from tests.browser.conftest import DESKTOP, PHONE, Opener
from tests.browser.test_curate_access import violations

TAB = "Classes"


def ready(page: Page, count: int) -> None:
    expect(page.locator(f"#classes-grid .picture-grid[data-ready='{count}']")).to_be_visible()


def tiles(page: Page) -> list[str]:
    return page.evaluate("[...document.querySelectorAll('#classes-grid canvas')].map((canvas) => canvas.toDataURL())")


def saved(page: Page, button: str, folder: Path) -> Path:
    with page.expect_download() as waited:
        page.locator(button).click()
    path = folder / waited.value.suggested_filename
    waited.value.save_as(path)
    return path


def test_a_class_is_drawn_at_the_first_visit_and_every_seed_is_another_picture(open_tab: Opener) -> None:
    page = open_tab(TAB)
    ready(page, 16)
    assert len(set(tiles(page))) == 16


def test_a_reload_opens_the_tab_one_was_on_and_draws_in_it_and_an_address_may_name_another(open_tab: Opener) -> None:
    page = open_tab(TAB)
    ready(page, 16)
    page.reload()
    expect(page.get_by_role("tab", name=TAB, exact=True)).to_have_attribute("aria-selected", "true")
    ready(page, 16)
    page.goto(page.url.split("#")[0] + "#models")
    page.reload()
    expect(page.locator("#models-cards img").first).to_be_visible()
    clip = page.locator("#models-cards .card").filter(has=page.get_by_role("heading", name="Studio CLIP"))
    assert clip.locator(":scope > *").evaluate_all("(nodes) => nodes.map((node) => node.className)") == ["words"]


def test_the_pictures_of_a_class_leave_as_files_that_open_again(open_tab: Opener, shipped_zoo: Zoo, tmp_path: Path) -> None:
    page = open_tab(TAB)
    ready(page, 16)
    page.locator("#classes-class").get_by_label("dress", exact=True).uncheck()
    page.locator("#classes-class").get_by_label("shoes", exact=True).check()
    page.locator("#classes-seeds textarea, #classes-seeds input").first.fill("3, 8, 30-31")
    page.locator("#classes-run").click()
    ready(page, 4)
    expect(page.locator("#classes-grid .status")).to_contain_text("4 pictures of the class shoes, drawn by clothing")
    with zipfile.ZipFile(saved(page, "#classes-save", tmp_path)) as archive:
        archive.extractall(tmp_path / "out")
    files = sorted((tmp_path / "out").iterdir())
    recipes = [read_recipe(path) for path in files]
    assert [(recipe.class_name, recipe.seed) for recipe in recipes if isinstance(recipe, Sample)] == [
        ("shoes", seed) for seed in (3, 8, 30, 31)
    ]
    for path, recipe in zip(files, recipes, strict=True):
        assert recipe is not None
        assert render(shipped_zoo, recipe).tobytes() == imaging.safe_open(path).tobytes()


def test_the_sheet_has_every_class_and_seed_and_opens_again(open_tab: Opener, shipped_zoo: Zoo, tmp_path: Path) -> None:
    page = open_tab(TAB)
    ready(page, 16)
    page.locator("#classes-seeds textarea, #classes-seeds input").first.fill("5-7")
    page.locator("#classes-sheet-run").click()
    expect(page.locator("#classes-sheet img")).to_be_visible()
    classes = shipped_zoo.card("clothing").classes
    assert page.locator("#classes-sheet .sheet-row").all_text_contents() == list(classes)
    assert page.locator("#classes-sheet .sheet-column").all_text_contents() == ["5", "6", "7"]
    path = saved(page, "#classes-save-sheet", tmp_path)
    recipe = read_recipe(path)
    assert isinstance(recipe, Sheet)
    assert len(recipe.tiles) == 3 * len(classes)
    assert render(shipped_zoo, recipe).tobytes() == imaging.safe_open(path).tobytes()


def test_the_sheet_of_another_truncation_shows_its_own_pictures(open_tab: Opener) -> None:
    page = open_tab(TAB)
    ready(page, 16)
    page.locator("#classes-seeds textarea, #classes-seeds input").first.fill("5-7")
    page.locator("#classes-sheet-run").click()
    image = page.locator("#classes-sheet img")
    expect(image).to_be_visible()
    first = image.get_attribute("src")
    page.locator("#classes-truncation input[type=number]").fill("0")
    page.keyboard.press("Tab")
    page.locator("#classes-sheet-run").click()
    expect(image).not_to_have_attribute("src", first or "")


def test_the_sheet_says_where_one_looks_that_it_is_being_drawn_and_is_drawn_once(open_tab: Opener) -> None:
    page = open_tab(TAB)
    ready(page, 16)
    said, image = page.locator("#classes-sheet .sheet-said"), page.locator("#classes-sheet img")
    page.evaluate("""() => {
      window.lines = [];
      const line = document.querySelector("#classes-sheet .sheet-said");
      const seen = () => line.getBoundingClientRect().top > 0 && line.getBoundingClientRect().bottom < innerHeight;
      new MutationObserver(() => window.lines.push([line.textContent, seen()])).observe(line, { childList: true });
    }""")
    page.locator("#classes-sheet-run").click()
    expect(image).to_be_visible()
    expect(said).to_be_empty()
    assert page.evaluate("window.lines[0]") == ["Drawing the sheet…", True]
    expect(image).to_be_in_viewport()
    address = image.get_attribute("src")
    page.locator("#classes-sheet-run").click()
    page.wait_for_function("window.lines.length === 4")
    assert image.get_attribute("src") == address
    page.locator("#classes-seeds textarea, #classes-seeds input").first.fill("nothing")
    page.locator("#classes-sheet-run").click()
    page.wait_for_function("window.lines.length === 6")
    expect(said).to_be_empty()
    expect(image).to_be_visible()


def test_a_look_draws_with_one_click_also_with_another_model(open_tab: Opener) -> None:
    page = open_tab(TAB)
    ready(page, 16)
    before = tiles(page)
    page.get_by_role("button", name="Denim", exact=True).click()
    expect(page.locator("#classes-grid .status")).to_contain_text("of the class denim, drawn by materials")
    expect(page.locator("#classes-class").get_by_label("denim", exact=True)).to_be_checked()
    ready(page, 16)
    page.wait_for_function("document.querySelector('#classes-grid canvas').width >= 128")
    assert not set(before) & set(tiles(page))


def test_impossible_seeds_get_one_sentence_that_goes_when_the_tab_goes_on(open_tab: Opener) -> None:
    page = open_tab(TAB)
    ready(page, 16)
    field = page.locator("#classes-seeds textarea, #classes-seeds input").first
    for seeds, sentence in (("NaN", "got 'NaN'"), ("", "got nothing"), ("0-999", "At most 64 seeds")):
        field.fill(seeds)
        page.locator("#classes-run").click()
        expect(page.get_by_test_id("toast-text").filter(has_text=sentence, visible=True)).to_have_count(1)
        expect(page.get_by_test_id("toast-text").filter(visible=True)).to_have_count(1)
    field.fill("7")
    page.locator("#classes-run").click()
    ready(page, 1)
    expect(page.get_by_test_id("toast-body")).to_have_count(0)


def test_two_classes_stand_in_rows_and_a_picture_is_kept_by_keyboard_with_its_seed_copied(open_tab: Opener) -> None:
    page = open_tab(TAB)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ready(page, 16)
    page.locator("#classes-class").get_by_label("hat", exact=True).focus()
    page.keyboard.press("Space")
    ready(page, 32)
    expect(page.locator("#classes-grid .status")).to_contain_text("It learned from 248 pictures of dress, 122 of hat; 3,078 in all.")
    page.locator("#classes-grid [role=option]").first.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#classes-viewer .caption")).to_contain_text("clothing, hat: seed 1")
    page.get_by_role("button", name="Copy seed").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#classes-viewer .caption")).to_have_text("The seed 1 is copied.")
    assert page.evaluate("navigator.clipboard.readText()") == "1"
    page.locator("#classes-viewer .keep").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#tray .opener")).to_contain_text("1 picture")
    page.locator("#classes-sheet-run").focus()
    page.keyboard.press("Enter")
    place = page.locator("#classes-sheet").get_by_role("option", name="hat, seed 2", exact=True)
    page.locator("#classes-sheet [role=option]").first.focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    assert place.evaluate("(node) => node === document.activeElement")
    page.keyboard.press("Enter")
    expect(page.locator("#classes-viewer .caption")).to_contain_text("clothing, hat: seed 2")
    page.locator("#classes-viewer .keep").click()
    expect(page.locator("#tray .opener")).to_contain_text("2 pictures")


def test_the_share_of_a_blend_follows_the_arrow_keys(open_tab: Opener) -> None:
    page = open_tab(TAB)
    ready(page, 16)
    page.locator("#classes-other input").click()
    page.get_by_role("option", name="hat", exact=True).click()
    status = page.locator("#classes-grid .status")
    expect(status).to_contain_text("with 50% hat")
    page.locator("#classes-share input[type=range]").focus()
    for key, share in (("ArrowRight", "55%"), ("End", "100%")):
        page.keyboard.press(key)
        expect(status).to_contain_text(f"with {share} hat")


@pytest.mark.parametrize(("mode", "viewport"), [("light", DESKTOP), ("dark", DESKTOP), ("light", PHONE)])
def test_axe_finds_nothing_in_the_classes_tab(open_tab: Opener, mode: str, viewport: dict[str, int]) -> None:
    page = open_tab(TAB, viewport=viewport)
    page.evaluate("(dark) => document.body.classList.toggle('dark', dark)", mode == "dark")
    ready(page, 16)
    page.locator("#classes-class").get_by_label("hat", exact=True).check()
    ready(page, 32)
    page.locator("#classes-sheet-run").click()
    page.locator("#classes-sheet [role=option]").nth(5).click()
    expect(page.locator("#classes-viewer .picture-viewer[data-ready='1']")).to_be_attached()
    page.wait_for_timeout(300)
    assert violations(page, set()) == []
