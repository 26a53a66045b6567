"""The journey through the Curate tab, in a real browser on the shipped weights."""

import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests import pictures
from tests.browser.conftest import Opener

TAB = "Curate"
GRID = "#curate-grid .score-grid"


def count(page: Page, side: str) -> int:
    return int(page.locator(GRID).get_attribute(f"data-{side}") or -1)


def scored(page: Page) -> None:
    expect(page.locator(f"{GRID}[data-key]")).to_be_attached(timeout=150_000)


def demo(page: Page) -> None:
    page.locator("#curate-example-0").click()
    scored(page)


def choose_upload(page: Page, *paths: Path) -> None:
    page.get_by_label("Your pictures", exact=True).check()
    page.locator("#curate-files input[type=file]").set_input_files(list(paths))
    expect(page.locator("#curate-files").get_by_text(paths[0].stem).first).to_be_visible()


def test_fewer_pictures_are_kept_the_higher_the_cut(open_tab: Opener) -> None:
    page = open_tab(TAB)
    demo(page)
    whole = count(page, "kept") + count(page, "dropped")
    assert whole >= 200
    slider = page.get_by_role("slider", name="Threshold")
    slider.focus()
    page.keyboard.press("Home")
    kept = []
    for _ in range(6):
        page.wait_for_function(
            f"document.querySelector({GRID!r}).dataset.threshold === document.querySelector('#curate-grid input[type=range]').value"
        )
        kept.append(count(page, "kept"))
        assert kept[-1] + count(page, "dropped") == whole
        page.keyboard.press("PageUp")
    page.keyboard.press("End")
    page.wait_for_function(
        f"document.querySelector({GRID!r}).dataset.threshold === document.querySelector('#curate-grid input[type=range]').value"
    )
    kept.append(count(page, "kept"))
    assert kept == sorted(kept, reverse=True)
    assert kept[0] == whole
    assert kept[-1] < whole / 4
    expect(page.get_by_test_id("score-model")).to_contain_text("studio-clip")


def test_the_word_cityscape_parts_cityscapes_from_garments(open_tab: Opener) -> None:
    page = open_tab(TAB)
    demo(page)
    kept = page.get_by_test_id("score-kept").locator("li").evaluate_all("(cells) => cells.map((cell) => cell.title)")
    dropped = page.get_by_test_id("score-dropped").locator("li").evaluate_all("(cells) => cells.map((cell) => cell.title)")
    assert kept
    assert dropped
    share = [sum(name.startswith("cityscape") for name in names) / len(names) for names in (kept, dropped)]
    assert share[0] > share[1]


def test_kept_pictures_leave_as_a_zip_with_a_manifest(open_tab: Opener, tmp_path: Path) -> None:
    page = open_tab(TAB)
    demo(page)
    kept = count(page, "kept")
    with page.expect_download() as waited:
        page.locator("#curate-export").click()
    waited.value.save_as(tmp_path / "kept.zip")
    with zipfile.ZipFile(tmp_path / "kept.zip") as archive:
        names = archive.namelist()
    assert any(name.endswith("manifest.json") for name in names)
    assert sum(name.endswith(".png") for name in names) == kept


def test_uploaded_pictures_are_scored_and_bad_ones_named(open_tab: Opener, tmp_path: Path) -> None:
    page = open_tab(TAB)
    fine = [pictures.photograph(tmp_path / f"fine-{seed}.jpg", seed=seed, mode=mode) for seed, mode in ((1, "RGB"), (2, "CMYK"))]
    choose_upload(page, *fine, pictures.text_named_jpg(tmp_path / "poem.jpg"))
    page.locator("#curate-run").click()
    scored(page)
    assert count(page, "kept") + count(page, "dropped") == 2
    expect(page.locator("#curate-status")).to_contain_text("poem.jpg")


@pytest.mark.parametrize("kind", ["nothing", "empty zip", "climbing zip", "enormous png"])
def test_what_cannot_be_scored_gets_a_sentence_and_the_tab_goes_on(open_tab: Opener, tmp_path: Path, kind: str) -> None:
    page = open_tab(TAB)
    made = {
        "empty zip": lambda: pictures.empty_zip(tmp_path / "empty.zip"),
        "climbing zip": lambda: pictures.climbing_zip(tmp_path / "climbing.zip", pictures.photograph(tmp_path / "a.png")),
        "enormous png": lambda: pictures.enormous_png(tmp_path / "enormous.png"),
    }
    if kind == "nothing":
        page.get_by_label("Your pictures", exact=True).check()
    else:
        choose_upload(page, made[kind]())
    page.locator("#curate-run").click()
    expect(page.locator(".toast-body").first).to_be_visible()
    assert len(page.locator(".toast-body").first.inner_text()) > 20
    page.locator(".toast-close").first.click()
    demo(page)


def test_a_threshold_that_is_no_number_gets_a_sentence(open_tab: Opener) -> None:
    page = open_tab(TAB)
    demo(page)
    number = page.locator("#curate-grid input[type=number]")
    number.fill("")
    number.press("Enter")
    expect(page.locator("#curate-grid").get_by_role("alert")).to_contain_text("The threshold is a number")
