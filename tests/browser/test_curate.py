"""Journeys through the Curate tab, in a real browser on the shipped weights."""

import re
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from engines.curation.catalogue import Catalogue
from studio.views import QUEUE_REASON
from tests.browser.conftest import PHONE, Opener
from tests.browser.curated import CUT, GRID, TAB, cells, made, number, opened, settled, view

HOSTILE = "<img src=x onerror='window.broken=1'>${window.broken=2}{{window}}\u202e" + "ä" * 60


def demo(page: Page) -> None:
    page.locator("#curate-example-0").click()
    expect(page.locator(f"{GRID}[data-collection='Demo collection'][data-key]:not([data-key=''])")).to_be_attached(timeout=150_000)
    expect(page.get_by_test_id("score-model")).to_contain_text("scored by", timeout=150_000)


def take_the_suggested_cut(page: Page) -> None:
    """Whatever cut an earlier visit left, which the demo collection keeps."""
    button = page.get_by_test_id("score-suggestion")
    button.click()
    page.wait_for_function(
        "([grid, cut]) => Number(document.querySelector(grid).dataset.threshold).toFixed(3) === cut",
        arg=[GRID, button.inner_text().removeprefix("Suggested cut ")],
    )


def names(page: Page, side: str) -> list[str]:
    view(page, side)
    expect(page.locator(f"{GRID}[data-view='{side.lower()}']")).to_be_attached()
    expect(cells(page).first).not_to_have_attribute("aria-label", "picture")
    page.wait_for_function("() => ![...document.querySelectorAll('[data-testid=score-cells] [role=option] img')].some((one) => !one.src)")
    return cells(page).evaluate_all("(all) => all.map((one) => one.getAttribute('aria-label'))")


def focus_first(page: Page) -> None:
    cells(page).first.focus()


@pytest.fixture
def towns(studio_home: Path, tmp_path: Path, request: pytest.FixtureRequest) -> tuple[Catalogue, str]:
    """A collection of sixty pictures of its own for each test."""
    name = f"towns {request.node.name[:60]}"
    return made(studio_home, tmp_path / "in", name), name


def test_fewer_pictures_are_kept_the_higher_the_cut(open_tab: Opener) -> None:
    page = open_tab(TAB)
    demo(page)
    whole = number(page, "kept") + number(page, "dropped")
    assert whole >= 200
    slider = page.get_by_role("slider", name="Threshold")
    slider.focus()
    kept = []
    for key in ("Home", "PageUp", "PageUp", "PageUp", "PageUp", "PageUp", "End"):
        page.keyboard.press(key)
        page.wait_for_function(
            f"Number(document.querySelector({GRID!r}).dataset.threshold) === Number(document.querySelector('#curate-grid .range').value)"
        )
        kept.append(number(page, "kept"))
        assert kept[-1] + number(page, "dropped") == whole
    assert kept == sorted(kept, reverse=True)
    assert kept[0] == whole
    assert kept[-1] < whole / 4
    expect(page.get_by_test_id("score-model")).to_contain_text("studio-clip")


def test_the_word_cityscape_parts_cityscapes_from_garments(open_tab: Opener) -> None:
    page = open_tab(TAB)
    demo(page)
    take_the_suggested_cut(page)
    share = [sum(name.startswith("cityscape") for name in side) / len(side) for side in (names(page, "Kept"), names(page, "Dropped"))]
    assert share[0] > share[1]


def test_dragging_counts_in_the_page_and_letting_go_writes_the_cut(open_tab: Opener, towns: tuple[Catalogue, str]) -> None:
    catalogue, name = towns
    page = open_tab(TAB)
    opened(page, name)
    before = catalogue.last_event(name)
    box = page.get_by_role("slider", name="Threshold").bounding_box()
    assert box
    kept = []
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] / 2)
    page.mouse.down()
    for part in (0.6, 0.7, 0.8):
        page.mouse.move(box["x"] + box["width"] * part, box["y"] + box["height"] / 2, steps=4)
        page.wait_for_timeout(60)
        kept.append(number(page, "kept"))
    assert kept == sorted(kept, reverse=True)
    assert kept[0] > kept[-1]
    assert catalogue.last_event(name) == before
    page.mouse.up()
    page.wait_for_function(f"() => document.querySelector({GRID!r}).dataset.event !== '{before}'")
    settled(page, catalogue, name)
    standing = catalogue.standing(name)
    assert standing.kept.sum() == number(page, "kept") == kept[-1]
    assert standing.verdict is not None
    assert standing.verdict.rule["cut"] == number(page, "threshold")


def test_the_number_and_the_best_part_move_the_cut_and_nonsense_gets_a_sentence(open_tab: Opener, towns: tuple[Catalogue, str]) -> None:
    catalogue, name = towns
    page = open_tab(TAB)
    opened(page, name)
    before = catalogue.last_event(name)
    page.locator("#curate-grid").get_by_role("spinbutton", name="Best").fill("10")
    page.locator("#curate-grid").get_by_role("spinbutton", name="Best").press("Enter")
    expect(page.get_by_test_id("score-counts")).to_have_text("6 of 60 kept (10 %)")
    field = page.locator("#curate-grid").get_by_role("spinbutton", name="Threshold")
    field.fill("")
    field.press("Enter")
    expect(page.locator("#curate-grid").get_by_role("alert")).to_contain_text("The threshold is a number")
    field.fill("0.1")
    field.press("Enter")
    expect(page.locator("#curate-grid").get_by_role("alert")).to_have_count(0)
    expect(page.get_by_test_id("score-counts")).to_have_text("45 of 60 kept (75 %)")
    page.wait_for_function(f"(old) => Number(document.querySelector({GRID!r}).dataset.event) >= old", arg=before + 2)
    assert catalogue.standing(name).kept.sum() == 45


def test_the_strip_shows_twelve_pictures_on_each_side_of_the_cut(open_tab: Opener, towns: tuple[Catalogue, str]) -> None:
    page = open_tab(TAB)
    opened(page, towns[1])
    strip = page.get_by_test_id("score-strip").get_by_role("option")
    expect(strip).to_have_count(24)
    expect(strip.first).to_have_attribute("aria-label", "town-018.png, score 0.122, dropped")
    expect(strip.nth(12)).to_have_attribute("aria-label", "town-030.png, score 0.203, kept")


def test_a_hand_keeps_drops_clears_undoes_and_redoes_by_key(open_tab: Opener, towns: tuple[Catalogue, str]) -> None:
    catalogue, name = towns
    page = open_tab(TAB)
    opened(page, name)
    assert number(page, "kept") == 30
    focus_first(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("d")
    expect(page.get_by_test_id("score-counts")).to_contain_text("29 of 60")
    expect(page.get_by_test_id("score-spoken")).to_contain_text("town-031.png, score 0.210, dropped by hand")
    settled(page, catalogue, name)
    page.keyboard.press("u")
    expect(page.get_by_test_id("score-counts")).to_contain_text("30 of 60")
    page.keyboard.press("r")
    expect(page.get_by_test_id("score-counts")).to_contain_text("29 of 60")
    view(page, "Dropped")
    focus_first(page)
    page.keyboard.press("k")
    expect(page.get_by_test_id("score-counts")).to_contain_text("30 of 60")
    settled(page, catalogue, name)
    decided = {catalogue.some_pictures(name, [number_])[0].provenance.name: kept for number_, (kept, _) in catalogue.by_hand(name).items()}
    assert decided == {"town-031.png": False, "town-029.png": True}


def test_a_click_on_the_mark_of_a_picture_turns_it(open_tab: Opener, towns: tuple[Catalogue, str]) -> None:
    catalogue, name = towns
    page = open_tab(TAB)
    opened(page, name)
    first = cells(page).first
    first.hover()
    first.locator(".badge").click()
    expect(page.get_by_test_id("score-counts")).to_contain_text("29 of 60")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_test_id("score-counts")).to_contain_text("30 of 60")
    settled(page, catalogue, name)


def test_a_window_takes_back_only_its_own_and_says_when_another_has_touched_it(open_tab: Opener, towns: tuple[Catalogue, str]) -> None:
    catalogue, name = towns
    one, other = open_tab(TAB), open_tab(TAB)
    for page in (one, other):
        opened(page, name)
        focus_first(page)
    one.keyboard.press("d")
    settled(one, catalogue, name)
    expect(other.get_by_test_id("score-counts")).to_contain_text("29 of 60")
    other.keyboard.press("u")
    expect(other.locator("#curate-grid").get_by_role("alert")).to_contain_text("has nothing to take back")
    view(other, "Dropped")
    focus_first(other)
    view(other, "Kept")
    view(other, "Dropped")
    place = cells(other).evaluate_all("(all) => all.findIndex((one) => one.getAttribute('aria-label').includes('by hand'))")
    cells(other).nth(place).focus()
    other.keyboard.press("k")
    settled(other, catalogue, name)
    expect(one.get_by_test_id("score-counts")).to_contain_text("30 of 60")
    one.get_by_role("button", name="Undo").click()
    expect(one.locator("#curate-grid").get_by_role("alert")).to_contain_text("has decided about 1 of these pictures since")


def test_a_reload_finds_the_collection_the_cut_and_the_decisions_again(open_tab: Opener, towns: tuple[Catalogue, str]) -> None:
    catalogue, name = towns
    page = open_tab(TAB)
    opened(page, name)
    focus_first(page)
    page.keyboard.press("d")
    settled(page, catalogue, name)
    page.reload()
    expect(page.locator(f"{GRID}[data-collection='{name}'][data-key]:not([data-key=''])")).to_be_attached(timeout=60_000)
    expect(page.get_by_test_id("score-counts")).to_contain_text("29 of 60")
    assert number(page, "threshold") == CUT
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_test_id("score-counts")).to_contain_text("30 of 60")


def test_a_queue_judged_by_key_tells_how_good_the_cut_is(open_tab: Opener, towns: tuple[Catalogue, str]) -> None:
    catalogue, name = towns
    page = open_tab(TAB)
    opened(page, name)
    view(page, "Borderline")
    expect(page.get_by_test_id("score-note")).to_contain_text("0 of")
    assert "score" not in str(cells(page).first.get_attribute("aria-label"))
    focus_first(page)
    for turn in range(20):
        label = page.evaluate("document.activeElement.getAttribute('aria-label')")
        page.keyboard.press("k" if int(label[5:8]) >= 27 else "d")
        expect(page.get_by_test_id("score-note")).to_contain_text(f"{turn + 1} of")
    expect(page.get_by_test_id("score-estimate")).to_contain_text("From 20 answers")
    expect(page.get_by_test_id("score-estimate")).to_contain_text("of the kept, about")
    page.keyboard.press("u")
    expect(page.get_by_test_id("score-estimate")).to_contain_text("From 19 answers")
    assert [reason for _, reason in catalogue.by_hand(name).values()] == [QUEUE_REASON] * 19


def test_pictures_drawn_at_random_change_with_a_reshuffle_and_leave_as_a_sheet(open_tab: Opener, studio_home: Path, tmp_path: Path) -> None:
    made(studio_home, tmp_path / "in", "many towns", 200)
    page = open_tab(TAB)
    opened(page, "many towns")
    view(page, "Random dropped")
    expect(cells(page)).to_have_count(48)
    labels = "(all) => all.map((one) => one.place)"
    before = cells(page).evaluate_all(labels)
    assert max(before) < 100
    page.get_by_role("button", name="Reshuffle").click()
    assert cells(page).evaluate_all(labels) != before
    with page.expect_download() as waited:
        page.get_by_role("button", name="Save as sheet").click()
    waited.value.save_as(tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width > sheet.height > 600


def test_prompts_presets_and_rules_score_again_and_are_compared(open_tab: Opener) -> None:
    page = open_tab(TAB)
    demo(page)
    key = page.locator(GRID).get_attribute("data-key")
    page.locator("#curate-rules button.label-wrap").click()
    page.get_by_label("Save the present rule as").fill("towns")
    page.locator("#curate-rule-save").click()
    expect(page.locator("#curate-status")).to_contain_text("Saved: towns")
    page.locator("#curate-preset-people").click()
    expect(page.get_by_label("And what should they not?")).to_have_value("a person\na portrait of a face\na crowd of people")
    page.wait_for_function(f"(old) => ![old, ''].includes(document.querySelector({GRID!r}).dataset.key)", arg=key)
    expect(page.get_by_test_id("score-model")).to_contain_text("and not “a person")
    page.get_by_label("What should they show?").fill("a shoe")
    page.get_by_label("What should they show?").blur()
    expect(page.get_by_test_id("score-model")).to_contain_text("“a shoe” and not")
    page.locator("#curate-rule-compare input").click()
    page.get_by_role("option", name="towns", exact=True).click()
    view(page, "Two rules disagree")
    expect(page.get_by_test_id("score-note")).to_contain_text("“towns” decides otherwise about")
    expect(cells(page).first).to_have_attribute("aria-label", re.compile("towns (keeps|drops) it"))


def test_names_from_strangers_are_shown_as_text(open_tab: Opener, studio_home: Path, tmp_path: Path) -> None:
    made(studio_home, tmp_path / "in", "strange names", 12, lambda index: HOSTILE if index == 11 else f"{index}.png")
    page = open_tab(TAB)
    opened(page, "strange names")
    view(page, "Kept")
    cells(page).last.click()
    panel = page.get_by_test_id("score-panel")
    expect(panel.get_by_role("heading")).to_have_text(HOSTILE)
    expect(panel.locator("dd").first).to_have_text(HOSTILE)
    expect(cells(page).last).to_have_attribute("aria-label", f"{HOSTILE}, score 0.400, kept")
    assert page.evaluate("window.broken") is None
    assert page.locator("#curate-grid img[src='x']").count() == 0


def test_the_page_of_a_phone_holds_everything_and_a_picture_opens_from_below(open_tab: Opener, towns: tuple[Catalogue, str]) -> None:
    page = open_tab(TAB, viewport=PHONE, touch=True)
    opened(page, towns[1])
    expect(page.get_by_test_id("score-panel")).to_be_hidden()
    cells(page).nth(1).tap()
    panel = page.get_by_test_id("score-panel")
    expect(panel.get_by_role("heading")).to_have_text("town-031.png")
    panel.get_by_role("button", name="Drop").tap()
    expect(page.get_by_test_id("score-counts")).to_contain_text("29 of 60")
    panel.get_by_role("button", name="Close").tap()
    expect(panel).to_be_hidden()
    width = page.evaluate("Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)")
    assert width <= PHONE["width"]


def test_nothing_open_says_how_to_begin(open_tab: Opener) -> None:
    page = open_tab(TAB)
    expect(page.locator("#curate-grid .empty-note")).to_contain_text("bring your own pictures in")
    page.locator("#curate-run").click()
    expect(page.locator(".toast-body").first).to_contain_text("No collection is open")


def test_a_threshold_that_is_let_go_when_nothing_is_open_any_more_is_no_fault(open_tab: Opener) -> None:
    page = open_tab(TAB)
    expect(page.locator("#curate-grid .empty-note")).to_be_visible()
    page.locator(f"{GRID} .range").dispatch_event("change")
    page.wait_for_timeout(400)


def test_a_scoring_that_ends_leaves_the_collection_that_was_opened_meanwhile(
    open_tab: Opener, towns: tuple[Catalogue, str], studio_home: Path, tmp_path: Path
) -> None:
    made(studio_home, tmp_path / "more", "towns that take a while", 250)
    page = open_tab(TAB)
    opened(page, "towns that take a while")
    page.locator("#curate-run").click()
    opened(page, towns[1])
    expect(page.locator("#curate-status")).to_contain_text("250 pictures of towns that take a while scored in", timeout=150_000)
    page.wait_for_timeout(1_000)
    expect(page.locator(f"{GRID}[data-collection='{towns[1]}']")).to_be_attached()


def test_kept_pictures_leave_as_a_zip_with_a_manifest(open_tab: Opener, towns: tuple[Catalogue, str], tmp_path: Path) -> None:
    catalogue, name = towns
    catalogue.set_rights(name, None, "yes", "drawn for a test", "a test")
    page = open_tab(TAB)
    opened(page, name)
    page.get_by_role("tab", name="Export and train", exact=True).click()
    with page.expect_download() as waited:
        page.locator("#export-run").click()
    waited.value.save_as(tmp_path / "kept.zip")
    with zipfile.ZipFile(tmp_path / "kept.zip") as archive:
        inside = archive.namelist()
    assert any(file.endswith("manifest.json") for file in inside)
    assert sum(file.endswith(".png") for file in inside) == 30
