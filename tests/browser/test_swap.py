"""The journey through the Texture swap tab, in a real browser on the shipped weights."""

import re
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import axe_playwright_python
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from engines import imaging
from engines.models.zoo import Zoo
from engines.production.rendering import render
from engines.recipe import Look, Sample, Swap, file_hash, read_recipe
from tests import pictures
from tests.browser.conftest import DESKTOP, PATIENCE, PHONE, Opener
from tests.browser.test_curate_access import STILL
from tests.engines.translation.garments import person

TAB = "Texture swap"
GOAL_SECONDS = 3.0


def upload(page: Page, path: Path) -> None:
    page.locator("#swap-picture input[type=file]").set_input_files(path)
    expect(page.locator("#swap-picture img")).to_be_visible()


def swap(page: Page) -> None:
    page.locator("#swap-run").click()
    expect(page.locator("#swap-rows img")).to_have_count(3)


def sizes(page: Page) -> list[list[int]]:
    page.wait_for_function("[...document.querySelectorAll('#swap-rows img')].every((image) => image.complete && image.naturalWidth)")
    return page.evaluate("[...document.querySelectorAll('#swap-rows img')].map((image) => [image.naturalWidth, image.naturalHeight])")


def downloaded(page: Page, folder: Path) -> Path:
    with page.expect_download() as waited:
        page.locator("#swap-download").click()
    path = folder / waited.value.suggested_filename
    waited.value.save_as(path)
    return path


def downloaded_when(page: Page, folder: Path, wanted: Callable[[Swap], bool]) -> tuple[Path, Swap]:
    """The download once it is the wanted one: a slider that was let go swaps too, so an earlier result may still be there."""
    until = time.monotonic() + PATIENCE / 1000
    while True:
        path = downloaded(page, folder)
        recipe = read_recipe(path)
        if isinstance(recipe, Swap) and wanted(recipe):
            return path, recipe
        assert time.monotonic() < until, recipe
        page.wait_for_timeout(500)


def test_an_example_is_swapped_with_one_click_and_its_download_opens_again(open_tab: Opener, shipped_zoo: Zoo, tmp_path: Path) -> None:
    page = open_tab(TAB)
    examples = page.locator("#swap-examples [role=option]")
    expect(page.locator("#swap-examples .picture-grid[data-ready='8']")).to_be_visible()
    examples.nth(1).click()
    expect(page.locator("#swap-rows img")).to_have_count(3)
    assert sizes(page) == [[128, 128]] * 3
    expect(page.get_by_label("leather → denim")).to_be_checked()
    expect(page.locator("#swap-status")).to_contain_text("leather-denim")
    path = downloaded(page, tmp_path)
    recipe = read_recipe(path)
    assert isinstance(recipe, Swap)
    assert isinstance(recipe.source, Sample)
    assert (recipe.target, recipe.source.class_name) == ("denim", "leather")
    assert render(shipped_zoo, recipe).tobytes() == imaging.safe_open(path).tobytes()
    begun = time.monotonic()
    examples.nth(5).click()
    expect(page.get_by_label("denim → leather")).to_be_checked()
    assert time.monotonic() - begun < GOAL_SECONDS * 5  # the goal is 3 s; a busy machine is given time


@pytest.mark.parametrize(("name", "mode"), [("jacket.png", "RGB"), ("print.jpg", "CMYK")])
def test_an_upload_gives_three_pictures_of_its_size(open_tab: Opener, shipped_zoo: Zoo, tmp_path: Path, name: str, mode: str) -> None:
    page, photograph = open_tab(TAB), pictures.photograph(tmp_path / name, 101, 75, mode)
    upload(page, photograph)
    page.get_by_label("denim → leather").check()
    swap(page)
    assert sizes(page) == [[101, 75]] * 3
    path = downloaded(page, tmp_path)
    recipe = read_recipe(path)
    assert isinstance(recipe, Swap)
    assert (recipe.target, recipe.input) == ("leather", file_hash(photograph))
    assert render(shipped_zoo, recipe, photograph).tobytes() == imaging.safe_open(path).tobytes()


def test_the_divider_moves_with_keys_and_says_where_it_is(open_tab: Opener, tmp_path: Path) -> None:
    page = open_tab(TAB)
    upload(page, pictures.photograph(tmp_path / "jacket.png"))
    swap(page)
    divider = page.get_by_role("slider", name="Divider between original and denim")
    divider.focus()
    expect(divider).to_have_value("50")
    for key, value in (("ArrowRight", "51"), ("ArrowLeft", "50"), ("ArrowLeft", "49"), ("Home", "0"), ("End", "100")):
        page.keyboard.press(key)
        expect(divider).to_have_value(value)
    expect(divider).to_have_attribute("aria-valuetext", "100 % original, 0 % denim")
    page.keyboard.press("Home")
    clip = page.locator(".compare-before").evaluate("(image) => getComputedStyle(image).clipPath")
    assert "100%" in clip, clip
    for image in page.locator(".compare-frame img").all():
        assert image.get_attribute("alt")


def test_the_divider_moves_under_a_finger(open_tab: Opener, tmp_path: Path) -> None:
    page = open_tab(TAB, viewport={"width": 390, "height": 844}, touch=True)
    upload(page, pictures.photograph(tmp_path / "jacket.png"))
    swap(page)
    divider = page.get_by_role("slider", name="Divider")
    divider.scroll_into_view_if_needed()
    box = divider.bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + 0.8 * box["width"], box["y"] + box["height"] / 2)
    page.wait_for_function("Number(document.querySelector('.compare-range').value) > 70")


def masked(page: Page) -> None:
    page.locator("#swap-mask .mask-editor[data-ready]:not([data-ready=''])").wait_for()


def covered(page: Page) -> int:
    return int(page.locator("#swap-mask .mask-said").inner_text().split(" ")[0])


def changed_pixels(before: Path, after: Path) -> np.ndarray:
    first, second = (np.asarray(imaging.safe_open(path)) for path in (before, after))
    return (first != second).any(axis=-1)


def test_the_garment_is_found_painted_on_and_swapped_and_all_else_stays(open_tab: Opener, shipped_zoo: Zoo, tmp_path: Path) -> None:
    picture, parts = person(300, 400)
    picture.save(tmp_path / "ann.png")
    page = open_tab(TAB)
    upload(page, tmp_path / "ann.png")
    masked(page)
    swap(page)
    found = changed_pixels(tmp_path / "ann.png", downloaded(page, tmp_path))
    assert found[parts["jacket"]].mean() > 0.8
    assert not found[parts["face"]].any()
    before = covered(page)
    page.get_by_role("button", name="Erase").click()
    page.get_by_role("slider", name="Brush").fill("30")
    canvas = page.locator("#swap-mask canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.3 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.95 * box["height"], steps=8)
    page.mouse.up()
    assert covered(page) < before - 5
    page.locator("#swap-run").click()
    path, recipe = downloaded_when(page, tmp_path, lambda recipe: recipe.mask.kind == "drawn")
    drawn = changed_pixels(tmp_path / "ann.png", path)
    assert not drawn[150:350, 145:155].any()
    assert drawn[150:350, 78:88].mean() > 0.8
    assert render(shipped_zoo, recipe, tmp_path / "ann.png").tobytes() == imaging.safe_open(path).tobytes()


def test_the_mask_is_painted_with_keys_alone(open_tab: Opener, tmp_path: Path) -> None:
    person(150, 200)[0].save(tmp_path / "ann.png")
    page = open_tab(TAB)
    upload(page, tmp_path / "ann.png")
    masked(page)
    found = covered(page)
    canvas = page.locator("#swap-mask canvas")
    canvas.focus()
    for key in ["e", "+", "+", "+", "+", " ", "ArrowDown", " "]:
        page.keyboard.press(key)
    erased = covered(page)
    assert erased < found
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    assert covered(page) == found
    page.get_by_role("button", name="Invert").click()
    assert abs(covered(page) - (100 - found)) <= 1
    page.get_by_role("button", name="Find again").click()
    assert covered(page) == found
    assert "Arrow keys move the brush" in str(canvas.get_attribute("aria-label"))


def test_a_mask_that_does_not_arrive_is_said_and_the_next_one_is_painted_on(open_tab: Opener, tmp_path: Path) -> None:
    people = {name: person(150, height)[0] for name, height in (("ann", 200), ("bob", 180))}
    for name, picture in people.items():
        picture.save(tmp_path / f"{name}.png")
    page, mask = open_tab(TAB), re.compile(r"/mask-[0-9a-f]{16}\.png")
    page.route(mask, lambda route: route.abort())
    upload(page, tmp_path / "ann.png")
    expect(page.locator("#swap-mask .mask-said")).to_contain_text("The mask did not arrive")
    page.unroute(mask)
    page.get_by_role("button", name="Remove Image").click()
    upload(page, tmp_path / "bob.png")
    masked(page)
    found = covered(page)
    page.get_by_role("button", name="Invert").click()
    page.get_by_role("button", name="Find again").click()
    assert covered(page) == found


def test_a_wash_and_an_amount_travel_in_the_download(open_tab: Opener, tmp_path: Path) -> None:
    person(90, 120)[0].save(tmp_path / "ann.png")
    page = open_tab(TAB)
    upload(page, tmp_path / "ann.png")
    page.locator("#swap-strength input[type=number]").fill("60")
    wash = page.locator("#swap-wash input")
    wash.fill("#7a3b2e")
    wash.press("Enter")
    page.get_by_label("The whole picture").check()
    swap(page)
    downloaded_when(page, tmp_path, lambda recipe: (recipe.look, recipe.mask.kind) == (Look(60, wash="#7a3b2e"), "none"))


def test_an_amount_follows_the_arrow_keys_and_the_result_goes_with_its_picture(open_tab: Opener, tmp_path: Path) -> None:
    person(90, 120)[0].save(tmp_path / "ann.png")
    page = open_tab(TAB)
    upload(page, tmp_path / "ann.png")
    swap(page)
    page.locator("#swap-strength input[type=range]").focus()
    page.keyboard.press("ArrowLeft")
    downloaded_when(page, tmp_path, lambda recipe: recipe.look.strength == 99)
    page.get_by_role("button", name="Remove Image").click()
    expect(page.locator("#swap-rows img")).to_have_count(0)
    expect(page.locator("#swap-compare .compare-frame")).to_be_hidden()
    expect(page.locator("#swap-download")).to_be_disabled()


def twenty(folder: Path, width: int = 60) -> list[Path]:
    """Twenty files of which two are no pictures."""
    folder.mkdir()
    files = [pictures.photograph(folder / f"{index:02}.png", width, width * 4 // 3, seed=index) for index in range(18)]
    (folder / "broken.png").write_bytes(files[0].read_bytes()[:200])
    return [*files[:5], pictures.text_named_jpg(folder / "poem.jpg"), folder / "broken.png", *files[5:]]


def start_many(page: Page, files: list[Path]) -> None:
    page.get_by_role("button", name="Many pictures at once").click()
    page.locator("#swap-many-files input[type=file]").set_input_files(files)
    expect(page.locator("#swap-many-files")).to_contain_text("poem")
    page.locator("#swap-many-run").click()


def test_twenty_pictures_at_once_name_the_two_bad_ones(open_tab: Opener, tmp_path: Path) -> None:
    page = open_tab(TAB)
    with page.expect_download() as waited:
        start_many(page, twenty(tmp_path / "many"))
    waited.value.save_as(tmp_path / "all.zip")
    status = page.locator("#swap-many-status")
    expect(status).to_contain_text("18 of 20 pictures swapped, 2 left out.")
    expect(status).to_contain_text("poem.jpg")
    expect(status).to_contain_text("broken.png")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert len(archive.namelist()) == 18


def test_many_pictures_are_stopped_in_the_middle_and_gone_on_with(open_tab: Opener, tmp_path: Path) -> None:
    page = open_tab(TAB)
    status = page.locator("#swap-many-status")
    files = twenty(tmp_path / "many", width=720)  # so that the first are done long before the last
    start_many(page, files)
    expect(status).to_contain_text(re.compile(r"\b([2-9]|1\d) of 20 pictures swapped"))
    page.locator("#swap-many-stop").click()
    expect(status).to_contain_text("Stopped, as you asked")
    done = int(status.inner_text().split(" ")[0])
    assert 2 <= done < 18
    page.locator("#swap-many-run").click()
    expect(status).to_contain_text(f"18 of 20 pictures swapped, {done} of them before, 2 left out.", timeout=180_000)


@pytest.mark.parametrize(("mode", "viewport"), [("light", DESKTOP), ("dark", PHONE)])
def test_axe_finds_nothing_in_the_tab_empty_or_filled(open_tab: Opener, tmp_path: Path, mode: str, viewport: dict[str, int]) -> None:
    page = open_tab(TAB, viewport=viewport)
    page.emulate_media(color_scheme=mode)  # type: ignore[arg-type]
    page.locator("#swap-run").wait_for()
    page.wait_for_function("(dark) => document.body.classList.contains('dark') === dark", arg=mode == "dark")
    assert violations(page) == []
    person(150, 200)[0].save(tmp_path / "ann.png")
    upload(page, tmp_path / "ann.png")
    masked(page)
    page.get_by_role("button", name="Colour, texture, shading, edge").click()
    page.get_by_role("button", name="Many pictures at once").click()
    swap(page)
    sizes(page)
    assert violations(page) == []


def violations(page: Page) -> list[str]:
    """What axe finds of WCAG 2.2 AA on the page when no colour fades any more, as rule and place."""
    page.evaluate(STILL)
    page.evaluate((Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text())
    found = page.evaluate(
        "(tags) => axe.run(document, {runOnly: {type: 'tag', values: tags}}).then((result) => result.violations)",
        ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    )
    return [f"{rule['id']}: {node['target']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]


def test_what_cannot_be_swapped_gets_a_sentence_and_the_tab_goes_on(open_tab: Opener, tmp_path: Path) -> None:
    page = open_tab(TAB)
    page.locator("#swap-run").click()
    expect(page.get_by_test_id("toast-body").filter(has_text="There is no picture yet")).to_be_visible()
    bad = {
        "is not a JPEG, PNG or WEBP picture": pictures.text_named_jpg(tmp_path / "poem.jpg"),
        "megapixels": pictures.enormous_png(tmp_path / "enormous.png"),
        "Dance.gif is not a JPEG, PNG or WEBP picture": pictures.animated_gif(tmp_path / "dance.gif"),
    }
    remove = page.get_by_role("button", name="Remove Image")
    for sentence, path in bad.items():
        page.locator("#swap-picture input[type=file]").set_input_files(path)
        remove.wait_for()
        page.locator("#swap-run").click()
        expect(page.get_by_test_id("toast-body").filter(has_text=sentence).first).to_be_visible()
        remove.click()
    upload(page, pictures.photograph(tmp_path / "fine.png"))
    swap(page)
    assert sizes(page) == [[90, 120]] * 3
