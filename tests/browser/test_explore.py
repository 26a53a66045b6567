"""The journey through the Explore tab, in a real browser on the shipped weights."""

import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from engines import imaging
from engines.models.zoo import Zoo
from engines.production.rendering import render
from engines.recipe import Find, Mix, Sample, Sheet, Vary, Way, read_recipe
from studio.tabs.explore import FILMS
from tests.browser.conftest import DESKTOP, PHONE, Opener
from tests.browser.test_curate_access import violations

TAB = "Explore"


def ready(page: Page) -> None:
    expect(page.locator("#explore-grid .picture-grid[data-ready='16']")).to_be_visible()


def tiles(page: Page) -> list[str]:
    return page.evaluate("[...document.querySelectorAll('#explore-grid canvas')].map((canvas) => canvas.toDataURL())")


def saved(page: Page, button: str, folder: Path) -> Path:
    with page.expect_download() as waited:
        page.locator(button).click()
    path = folder / waited.value.suggested_filename
    waited.value.save_as(path)
    return path


def shown(page: Page, frames: int) -> None:
    expect(page.locator(f"#explore-viewer .picture-viewer[data-ready='{frames}']")).to_be_attached()


def test_sixteen_seeds_are_sixteen_pictures(open_tab: Opener) -> None:
    page = open_tab(TAB)
    ready(page)
    assert len(set(tiles(page))) == 16


def test_a_chosen_picture_is_saved_and_renders_to_the_same_pixels(open_tab: Opener, shipped_zoo: Zoo, tmp_path: Path) -> None:
    page = open_tab(TAB)
    ready(page)
    page.locator("#explore-grid [role=option]").nth(3).click()
    shown(page, 1)
    path = saved(page, "#explore-viewer .save-png", tmp_path)
    recipe = read_recipe(path)
    assert isinstance(recipe, Sample)
    assert recipe.seed == 3
    assert render(shipped_zoo, recipe).tobytes() == imaging.safe_open(path).tobytes()


def test_two_chosen_pictures_give_a_way_to_scrub_and_save(open_tab: Opener, shipped_zoo: Zoo, tmp_path: Path) -> None:
    page = open_tab(TAB)
    ready(page)
    page.locator("#explore-grid [role=option]").nth(2).click()
    shown(page, 1)
    page.locator("#explore-grid [role=option]").nth(9).click()
    shown(page, 32)
    slider, canvas = page.get_by_role("slider", name="Along the way"), page.locator("#explore-viewer canvas")
    slider.focus()
    frames = []
    for key in ("Home", "ArrowRight", "End"):
        page.keyboard.press(key)
        frames.append(canvas.evaluate("(canvas) => canvas.toDataURL()"))
    assert len(set(frames)) == 3
    path = saved(page, "#explore-viewer .save-png", tmp_path)
    recipe = read_recipe(path)
    assert isinstance(recipe, Way)
    assert ([parent.seed for parent in recipe.parents if isinstance(parent, Sample)], recipe.position) == ([2, 9], 1.0)
    assert render(shipped_zoo, recipe).tobytes() == imaging.safe_open(path).tobytes()
    film = saved(page, "#explore-viewer .save-gif", tmp_path)
    with Image.open(film) as opened:
        assert opened.n_frames == FILMS["gif"][0]  # type: ignore[attr-defined]
    assert saved(page, "#explore-viewer .save-mp4", tmp_path).stat().st_size > 5000


def test_the_whole_grid_is_saved_as_one_sheet(open_tab: Opener, shipped_zoo: Zoo, tmp_path: Path) -> None:
    page = open_tab(TAB)
    ready(page)
    path = saved(page, "#explore-sheet", tmp_path)
    recipe = read_recipe(path)
    assert isinstance(recipe, Sheet)
    assert len(recipe.tiles) == 16
    assert render(shipped_zoo, recipe).tobytes() == imaging.safe_open(path).tobytes()


def test_pictures_are_chosen_with_the_keyboard_alone(open_tab: Opener) -> None:
    page = open_tab(TAB)
    ready(page)
    page.locator("#explore-grid [role=option]").first.focus()
    for key in ("ArrowRight", "ArrowDown", "Enter", "End", "Space"):
        page.keyboard.press(key)
    shown(page, 32)
    assert page.locator("#explore-grid [aria-selected=true]").count() == 2


def test_impossible_seeds_get_a_sentence_and_the_tab_goes_on(open_tab: Opener) -> None:
    page = open_tab(TAB)
    ready(page)
    field = page.locator("#explore-seed input, #explore-seed textarea").first
    for seed in ("NaN", "-3", "9223372036854775808"):
        field.fill(seed)
        page.locator("#explore-draw").click()
        expect(page.get_by_test_id("toast-body").filter(has_text=seed).first).to_be_visible()
    before = tiles(page)
    field.fill("500")
    page.locator("#explore-draw").click()
    expect(page.locator("#explore-grid [role=option]").first).to_have_attribute("aria-label", "Seed 500")
    ready(page)
    page.wait_for_function("(old) => document.querySelector('#explore-grid canvas').toDataURL() !== old", arg=before[0])


def test_find_vary_mix_and_walk(open_tab: Opener, shipped_zoo: Zoo, tmp_path: Path) -> None:
    page = open_tab(TAB)
    ready(page)
    page.locator("#explore-words input, #explore-words textarea").first.fill("narrow alley")
    page.keyboard.press("Enter")
    expect(page.locator("#explore-grid .status")).to_contain_text("that fit best among 500", timeout=120_000)
    ready(page)
    page.locator("#explore-grid [role=option]").first.click()
    shown(page, 1)
    expect(page.locator("#explore-viewer .caption")).to_contain_text("found for “narrow alley”")
    page.get_by_role("button", name="Vary slightly").click()
    expect(page.locator("#explore-grid .status")).to_contain_text("16 neighbours")
    ready(page)
    for place in (1, 5, 9):
        page.locator("#explore-grid [role=option]").nth(place).click()
    expect(page.locator("#explore-viewer .caption")).to_contain_text(re.compile(r"^From .+ to .+ to .+ in 32 steps"))
    shown(page, 32)
    page.get_by_role("button", name="Mix these").click()
    expect(page.locator("#explore-viewer .caption")).to_contain_text("a mix of 33%")
    shown(page, 1)
    path = saved(page, "#explore-viewer .save-png", tmp_path)
    recipe = read_recipe(path)
    assert isinstance(recipe, Mix)
    assert all(isinstance(parent, Vary) and isinstance(parent.parent, Find) for parent in recipe.parents)
    assert render(shipped_zoo, recipe).tobytes() == imaging.safe_open(path).tobytes()
    page.locator("#explore-back").click()
    expect(page.locator("#explore-grid .status")).to_contain_text("16 that fit best among 500")


def test_a_picture_is_moved_and_varied_with_the_keyboard_alone(open_tab: Opener) -> None:
    page = open_tab(TAB)
    ready(page)
    page.locator("#explore-grid [role=option]").first.focus()
    page.keyboard.press("Enter")
    shown(page, 1)
    page.get_by_role("button", name="Move along directions").focus()
    page.keyboard.press("Enter")
    number = page.locator("#explore-direction-1 input[type=number]")
    number.focus()
    number.fill("1.5")
    page.keyboard.press("Tab")
    expect(page.locator("#explore-viewer .caption")).to_contain_text("+1.5")
    page.get_by_role("button", name="Vary strongly").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#explore-grid .status")).to_contain_text("16 neighbours")


def test_a_direction_follows_the_arrow_keys_and_a_drag_draws_once(open_tab: Opener) -> None:
    page = open_tab(TAB)
    ready(page)
    page.locator("#explore-grid [role=option]").first.click()
    shown(page, 1)
    page.get_by_role("button", name="Move along directions").click()
    slider, caption = page.locator("#explore-direction-1 input[type=range]"), page.locator("#explore-viewer .caption")
    slider.focus()
    for key, amount in (("ArrowRight", "+0.1"), ("End", "+3")):
        page.keyboard.press(key)
        expect(caption).to_contain_text(amount)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/queue/join" in request.url else None)
    box = slider.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + box["height"] / 2, steps=6)
    page.mouse.up()
    expect(caption).to_contain_text("+1.")
    page.wait_for_timeout(600)
    assert len(asked) == 1


def test_a_picture_sent_to_explore_brings_its_model_class_and_seed_and_pictures_like_it(open_tab: Opener) -> None:
    page = open_tab("Classes")
    expect(page.locator("#classes-grid .picture-grid[data-ready='16']")).to_be_visible()
    page.locator("#classes-grid [role=option]").nth(3).click()
    expect(page.locator("#classes-viewer .picture-viewer[data-ready='1']")).to_be_attached()
    page.locator("#classes-viewer .keep").click()
    expect(page.locator("#tray .opener")).to_contain_text("1 picture")
    page.locator("#tray .opener").click()
    page.locator("#tray .look").first.click()
    page.get_by_role("button", name="Restore in Explore").click()
    expect(page.locator("#explore-model input")).to_have_value("Clothing")
    expect(page.locator("#explore-class input")).to_have_value("dress")
    expect(page.locator("#explore-viewer .caption")).to_contain_text("clothing dress, seed 3")
    ready(page)
    expect(page.locator("#explore-grid [role=option]").first).to_have_attribute("aria-label", "Seed 3")
    expect(page.locator("#explore-viewer .caption")).to_contain_text("clothing dress, seed 3")


@pytest.mark.parametrize(("mode", "viewport"), [("light", DESKTOP), ("dark", DESKTOP), ("light", PHONE)])
def test_axe_finds_nothing_in_the_explore_tab(open_tab: Opener, mode: str, viewport: dict[str, int]) -> None:
    page = open_tab(TAB, viewport=viewport)
    page.evaluate("(dark) => document.body.classList.toggle('dark', dark)", mode == "dark")
    ready(page)
    for name in ("Move along directions", "Other names", "The way between pictures", "Open a picture made here"):
        page.get_by_role("button", name=name).click()
    for place in (3, 8):
        page.locator("#explore-grid [role=option]").nth(place).click()
    shown(page, 32)
    page.wait_for_timeout(400)
    assert violations(page, set()) == []
