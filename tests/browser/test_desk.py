"""The designer's desk in a real browser: keep, mock-up, print file, reload, restore; the tray; the models; all by keyboard, too."""

import base64
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pikepdf
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, Route, expect

from engines import imaging
from engines.models.card import read_card
from engines.models.zoo import Zoo, write_card
from engines.production.rendering import render
from engines.recipe import Finish, read_recipe
from tests.browser.conftest import PHONE, Opener
from tests.browser.test_curate_access import WALK, violations

TAB = "Mock-up and print"
STORE = "atelier-tray-1"
DROP = """([name, kind, bytes]) => {
  const data = new DataTransfer();
  data.items.add(new File([Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0))], name, { type: kind }));
  const at = document.querySelector("#masthead");
  at.dispatchEvent(new DragEvent("dragover", { bubbles: true, cancelable: true, dataTransfer: data }));
  at.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: data }));
}"""
ALMOST_FULL = """(store) => {
  const { items } = JSON.parse(localStorage.getItem(store));
  const many = Array.from({ length: 199 }, (one, place) => ({ ...items[0], id: String(place), recipe: String(place) }));
  localStorage.setItem(store, JSON.stringify({ format: 1, items: many }));
}"""
FILL = """() => {
  for (let size = 2 ** 22; size >= 1; size /= 2) {
    try {
      localStorage.setItem("filler", (localStorage.getItem("filler") || "") + "x".repeat(size));
    } catch (error) {}
  }
}"""
QUICK = 12_000


@pytest.fixture
def latecomer(shipped_zoo: Zoo, studio_home: Path, studio_url: str) -> Iterator[str]:
    """The title of a model with classes that came after the studio began."""
    folder = studio_home / "models" / "latecomer"
    shutil.copytree(shipped_zoo.folder("materials"), folder)
    write_card(folder, replace(read_card(folder), name="latecomer", title="Latecomer"))
    yield "Latecomer"
    shutil.rmtree(folder)


def ready(page: Page) -> None:
    expect(page.locator("#desk-viewer .picture-viewer[data-ready='1']")).to_be_attached()


def canvas(page: Page, tab: str = "desk") -> str:
    return page.locator(f"#{tab}-viewer canvas").evaluate("(canvas) => canvas.toDataURL()")


def changed(page: Page, before: str, tab: str = "desk") -> None:
    page.wait_for_function(f"(old) => document.querySelector('#{tab}-viewer canvas').toDataURL() !== old", arg=before, timeout=QUICK)


def saved(page: Page, button: Locator, folder: Path) -> Path:
    with page.expect_download() as waited:
        button.click()
    path = folder / waited.value.suggested_filename
    waited.value.save_as(path)
    return path


def keep(page: Page, number: int) -> None:
    page.locator("#desk-viewer .keep").click()
    expect(page.locator("#tray .opener")).to_contain_text("1 picture" if number == 1 else f"{number} pictures")


def drop(page: Page, path: Path, kind: str = "image/png") -> None:
    page.evaluate(DROP, [path.name, kind, base64.b64encode(path.read_bytes()).decode()])


def looked(page: Page) -> None:
    expect(page.locator("#tray .lineage .now")).to_be_visible()


def test_kept_worn_printed_and_there_again_after_a_reload(open_tab: Opener, shipped_zoo: Zoo, tmp_path: Path) -> None:
    page = open_tab("Explore")
    expect(page.locator("#explore-grid .picture-grid[data-ready='16']")).to_be_visible()
    page.locator("#explore-grid [role=option]").nth(5).click()
    expect(page.locator("#explore-viewer .picture-viewer[data-ready='1']")).to_be_attached()
    page.locator("#explore-viewer .keep").click()
    expect(page.locator("#tray .opener")).to_contain_text("1 picture")
    page.locator("#tray .opener").click()
    page.locator("#tray .look").first.click()
    looked(page)
    page.get_by_role("button", name="To Mock-up and print").click()
    ready(page)
    expect(page.locator("#desk-viewer .caption")).to_contain_text("cityscape, seed 5")

    before = canvas(page)
    page.get_by_label("tote", exact=True).check()
    changed(page, before)
    keep(page, 2)
    page.get_by_label("Print file", exact=True).check()
    expect(page.locator("#desk-viewer .caption")).to_contain_text("280 × 330 mm, 3307 × 3898 pixels at 300 dpi")
    with pikepdf.open(saved(page, page.locator("#desk-viewer .save-png"), tmp_path)) as sheet:
        assert [round(float(side) / 72 * 25.4) for side in sheet.pages[0].TrimBox][2:] == [280, 330]
        assert "Research and education only" in str(sheet.docinfo["/Copyright"])

    page.reload()
    expect(page.locator("#tray .opener")).to_contain_text("2 pictures")
    page.locator("#tray .opener").click()
    page.locator("#tray .look").first.click()
    looked(page)
    assert page.locator("#tray .lineage bdi").all_inner_texts() == ["tote in white", "cityscape, seed 5"]
    path = saved(page, page.get_by_role("button", name="Save PNG"), tmp_path)
    recipe = read_recipe(path)
    assert isinstance(recipe, Finish)
    assert render(shipped_zoo, recipe).tobytes() == imaging.safe_open(path).tobytes()

    page.get_by_role("button", name="Go back to cityscape, seed 5").click()
    expect(page.locator("#tray .lineage bdi")).to_have_count(1)
    page.get_by_role("button", name="Restore in Explore").click()
    expect(page.locator("#tab-explore")).to_be_visible()
    expect(page.locator("#explore-viewer .picture-viewer[data-ready='1']")).to_be_attached()
    expect(page.locator("#explore-viewer .caption")).to_contain_text("cityscape, seed 5")
    expect(page.locator("#explore-grid .picture-grid[data-ready='16']")).to_be_visible()
    expect(page.locator("#explore-viewer .caption")).to_contain_text("cityscape, seed 5")
    drop(page, path)
    looked(page)
    expect(page.locator("#tray .words h3").first).to_have_text("tote in white")
    page.get_by_role("button", name="Restore on the desk").click()
    ready(page)
    expect(page.get_by_label("tote", exact=True)).to_be_checked()


def test_the_words_of_the_upload_and_the_ends_of_a_slider_are_whole(open_tab: Opener) -> None:
    page = open_tab(TAB)
    ready(page)
    box = page.locator("#desk-picture")
    for words in box.locator(".prompt, .prompt span").all():
        assert words.evaluate("(node) => node.scrollWidth <= node.clientWidth + 1 || getComputedStyle(node).display === 'inline'")
    field = page.locator("#desk-tolerance").bounding_box()
    end = page.locator("#desk-tolerance").get_by_text("50", exact=True).bounding_box()
    assert field
    assert end
    assert end["x"] + end["width"] <= field["x"] + field["width"] + 1


def test_tags_notes_and_a_zip_that_opens_in_another_browser(open_tab: Opener, tmp_path: Path) -> None:
    page = open_tab(TAB)
    ready(page)
    keep(page, 1)
    page.get_by_label("Fabric", exact=True).check()
    expect(page.locator("#desk-viewer .caption")).to_contain_text("3 × 3 repeats: seam")
    keep(page, 2)
    page.locator("#tray .opener").click()
    page.locator("#tray .look").nth(1).click()
    looked(page)
    hostile = "<img src=x onerror=\"document.title='broken'\">"
    page.get_by_label("Tags, with commas").fill("summer, front")
    page.get_by_label("Note").fill(hostile)
    page.get_by_label("Note").blur()
    expect(page.locator("#tray .tags")).to_have_text("summer, front")
    path = saved(page, page.get_by_role("button", name="Save all as ZIP"), tmp_path)
    expect(page.locator("#tray .status")).to_have_text("Packed 2 pictures.")
    for place in (0, 1):
        page.locator("#tray .choose input").nth(place).check()
    page.get_by_role("button", name="Compare two").click()
    expect(page.locator("#tray .pair img")).to_have_count(2)
    expect(page.locator("#tray .side table")).to_contain_text("repeat")

    other = open_tab(TAB)
    assert other.evaluate(f"localStorage.getItem('{STORE}')") is None, "another person's tray is here"
    drop(other, path, "application/zip")
    expect(other.locator("#tray .opener")).to_contain_text("2 pictures")
    other.locator("#tray .opener").click()
    other.locator("#tray .look").nth(1).click()
    looked(other)
    expect(other.get_by_label("Note")).to_have_value(hostile)
    assert "broken" not in other.title() + page.title()
    assert other.locator("#tray img[src='x']").count() == 0

    other.evaluate(ALMOST_FULL, STORE)
    drop(other, path, "application/zip")
    expect(other.locator("#tray .status")).to_have_text(
        "2 pictures came with the ZIP. The tray holds 200 pictures and is full, 1 found no room: save it as ZIP and take some out."
    )


def test_a_link_draws_its_picture_and_a_bad_one_or_a_picture_without_a_recipe_gets_a_sentence(
    open_tab: Opener, shipped_zoo: Zoo, tmp_path: Path
) -> None:
    page = open_tab(TAB)
    ready(page)
    keep(page, 1)
    page.locator("#tray .opener").click()
    page.locator("#tray .look").first.click()
    looked(page)
    link = page.get_by_role("button", name="Copy link").get_attribute("data-link")
    other = open_tab(TAB)
    other.goto(str(link))
    looked(other)
    expect(other.locator("#tray .words h3").first).to_have_text("t-shirt in white")
    other.get_by_role("button", name="Keep", exact=True).last.click()
    expect(other.locator("#tray .opener")).to_contain_text("1 picture")
    assert "recipe" not in other.url

    def opened(text: str) -> None:
        bare = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        other.evaluate("(text) => { location.hash = 'recipe=' + text; }", bare)

    opened('{"format": 1, "operation": "mockup", "step": {"side": 1e300}}')
    expect(other.get_by_test_id("toast-body").filter(has_text="damaged").first).to_be_visible()
    card = shipped_zoo.card("cityscape")
    unknown = {"format": 1, "operation": "sample", "model": "nowhere", "weights": card.weights_sha256, "rights": "<b>mine</b>", "seed": 1}
    opened(json.dumps(unknown | {"truncation": 1}))
    expect(other.get_by_test_id("toast-body").filter(has_text="there is no model 'nowhere'").first).to_be_visible()
    expect(other.locator("#tray .status")).to_be_empty()
    Image.new("RGB", (9, 9)).save(tmp_path / "plain.png")
    drop(other, tmp_path / "plain.png")
    expect(other.locator("#tray .status")).to_contain_text("plain.png holds no recipe")
    expect(other.locator("#tray .opener")).to_contain_text("1 picture")


def test_an_empty_or_damaged_value_never_takes_the_place_of_a_full_tray(open_tab: Opener) -> None:
    page = open_tab(TAB)
    ready(page)
    keep(page, 1)
    full = page.evaluate(f"localStorage.getItem('{STORE}')")
    page.evaluate(f"localStorage.setItem('{STORE}', '{{broken')")
    page.get_by_label("Graphic", exact=True).check()
    expect(page.locator("#desk-viewer .caption")).to_contain_text("64 × 64 pixels")
    keep(page, 2)
    kept = json.loads(page.evaluate(f"localStorage.getItem('{STORE}')"))["items"]
    assert kept[1] == json.loads(full)["items"][0]


def test_what_the_browser_cannot_store_is_kept_until_the_page_is_closed(open_tab: Opener) -> None:
    page = open_tab(TAB)
    ready(page)
    page.evaluate(FILL)
    keep(page, 1)
    expect(page.locator("#tray .status")).to_have_text("Kept until this page is closed: save the tray as ZIP.")
    page.locator("#tray .opener").click()
    page.locator("#tray .look").first.click()
    looked(page)
    expect(page.locator("#tray .opener")).to_contain_text("1 picture")
    page.evaluate("localStorage.removeItem('filler')")
    page.locator("#tray .opener").click()
    page.get_by_label("Graphic", exact=True).check()
    expect(page.locator("#desk-viewer .caption")).to_contain_text("64 × 64 pixels")
    keep(page, 2)
    assert len(json.loads(page.evaluate(f"localStorage.getItem('{STORE}')"))["items"]) == 2


def test_colours_are_painted_and_a_field_that_cannot_be_gets_a_sentence(open_tab: Opener) -> None:
    page = open_tab(TAB)
    ready(page)
    page.get_by_label("Graphic", exact=True).check()
    expect(page.locator("#desk-viewer .caption")).to_contain_text("64 × 64 pixels")
    before = canvas(page)
    page.locator("#desk-swatches input").first.fill("#c02040")
    changed(page, before)
    page.get_by_label("Take the background away").check()
    field = page.get_by_label("Its colour")
    field.fill("blurple")
    field.press("Enter")
    expect(page.get_by_test_id("toast-body").filter(has_text="is no colour").first).to_be_visible()
    field.fill("black")
    field.press("Enter")
    ready(page)


def test_a_model_is_picked_by_looking(open_tab: Opener) -> None:
    page = open_tab("Models")
    card = page.get_by_role("article", name="Clothing", exact=True)
    expect(card.locator("img")).to_be_visible()
    card.get_by_text("What it cannot do").click()
    expect(card.locator("li").first).to_be_visible()
    card.get_by_role("button", name="Explore it").click()
    expect(page.locator("#tab-explore")).to_be_visible()
    expect(page.locator("#explore-model input")).to_have_value("Clothing")
    expect(page.locator("#explore-grid .picture-grid[data-ready='16']")).to_be_visible()


def test_a_model_of_another_tab_is_opened_without_drawing_over_what_was_found_in_explore(open_tab: Opener) -> None:
    page = open_tab("Explore")
    status = page.locator("#explore-grid .status")
    expect(page.locator("#explore-grid .picture-grid[data-ready='16']")).to_be_visible()
    page.locator("#explore-shuffle").click()
    page.wait_for_function("document.querySelector('#explore-grid [role=option]').ariaLabel !== 'Seed 0'")
    expect(status).to_contain_text("16 pictures in")
    label = page.locator("#explore-grid [role=option]").first.get_attribute("aria-label")
    page.get_by_role("tab", name="Models", exact=True).click()
    page.get_by_role("button", name="Swap with it").first.click()
    expect(page.locator("#tab-swap")).to_be_visible()
    expect(page.locator("#swap-examples .picture-grid")).to_be_visible()
    page.get_by_role("tab", name="Explore", exact=True).click()
    page.wait_for_timeout(1500)
    assert page.locator("#explore-grid [role=option]").first.get_attribute("aria-label") == label


def test_a_model_that_came_after_the_studio_began_is_offered_where_it_works(open_tab: Opener, latecomer: str) -> None:
    page = open_tab("Models")
    page.get_by_role("article", name=latecomer, exact=True).get_by_role("button", name="Explore it").click()
    expect(page.locator("#tab-explore")).to_be_visible()
    expect(page.locator("#explore-model input")).to_have_value(latecomer)
    expect(page.locator("#explore-grid .picture-grid[data-ready='16']")).to_be_visible()
    page.locator("#explore-draw").click()
    expect(page.locator("#explore-grid .picture-grid[data-ready='16']")).to_be_visible()
    page.get_by_role("tab", name="Classes", exact=True).click()
    page.locator("#classes-model input").click()
    page.get_by_role("option", name=latecomer, exact=True).click()
    expect(page.locator("#classes-about")).to_contain_text(latecomer)
    page.reload()
    page.get_by_role("tab", name="Explore", exact=True).click()
    before = page.locator("#explore-model input").input_value()
    page.locator("#explore-model input").click()
    expect(page.get_by_role("option", name=latecomer, exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#explore-model input")).to_have_value(before)
    assert page.get_by_test_id("toast-body").count() == 0


@pytest.mark.parametrize("mode", ["light", "dark", "phone"])
def test_axe_finds_nothing_on_the_desk_in_the_tray_and_among_the_models(open_tab: Opener, mode: str) -> None:
    page = open_tab(TAB, viewport=PHONE, touch=True) if mode == "phone" else open_tab(TAB)
    page.evaluate("(dark) => document.body.classList.toggle('dark', dark)", mode == "dark")
    ready(page)
    for view in ("Print file", "Spot colours", "Fabric", "On a garment"):
        page.get_by_label(view, exact=True).check()
        page.wait_for_timeout(500)
        assert violations(page, set()) == [], view
    keep(page, 1)
    page.locator("#tray .opener").click()
    page.locator("#tray .look").first.click()
    looked(page)
    assert violations(page, set()) == [], "tray"
    page.locator("#tray .opener").click()
    page.get_by_role("tab", name="Models", exact=True).click()
    page.get_by_role("article").first.wait_for()
    for title in ("What it cannot do", "How good it is", "What it learned from, and how it is built"):
        page.get_by_role("article").first.get_by_text(title).click()
    assert violations(page, set()) == [], "models"


def test_the_desk_and_the_tray_are_worked_with_the_keyboard_alone(open_tab: Opener) -> None:
    page = open_tab(TAB)
    ready(page)
    page.locator("#desk-viewer .keep").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#tray .opener")).to_contain_text("1 picture")
    page.locator("#tray .opener").focus()
    page.keyboard.press("Enter")
    reached, hidden = [], []
    for _ in range(8):
        page.keyboard.press("Tab")
        at = page.evaluate(WALK)
        reached.append(at["label"])
        if not at["ring"] or not at["seen"]:
            hidden.append(at)
        if at["label"] == "t-shirt in white":
            page.keyboard.press("Enter")
            looked(page)
            break
    assert {"Save all as ZIP", "t-shirt in white"} <= set(reached), reached
    page.locator("#tray .look").first.focus()
    for _ in range(16):
        page.keyboard.press("Tab")
        at = page.evaluate(WALK)
        reached.append(at["label"])
        if not at["ring"] or (not at["seen"] and at["label"] != "Open a ZIP or a PNG"):
            hidden.append(at)
        if at["label"].startswith("Go back to"):
            break
    text = " | ".join(reached)
    for action in (
        "Restore on the desk",
        "To Explore",
        "To Texture swap",
        "Save PNG",
        "Copy link",
        "Take out",
        "Tags",
        "Note",
        "Go back to",
    ):
        assert action in text, f"{action} was not reached: {text}"
    assert hidden == []
    page.keyboard.press("Escape")
    expect(page.locator("#tray .panel")).to_be_hidden()
    assert page.evaluate("document.activeElement.className") == "opener"


def test_whoever_looks_at_a_kept_picture_by_keyboard_stays_in_the_tray(open_tab: Opener) -> None:
    page = open_tab(TAB)
    ready(page)
    keep(page, 1)
    page.locator("#tray .opener").focus()
    page.keyboard.press("Enter")
    page.locator("#tray .look").first.focus()
    page.keyboard.press("Enter")
    looked(page)
    assert page.evaluate("document.activeElement.className") == "look"
    page.keyboard.press("Escape")
    expect(page.locator("#tray .panel")).to_be_hidden()
    assert page.evaluate("document.activeElement.className") == "opener"
    page.keyboard.press("Enter")
    page.locator("#tray .lineage button").nth(1).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#tray .lineage bdi")).to_have_count(1)
    assert page.evaluate("document.activeElement.className") == "node now"
    page.keyboard.press("Escape")
    expect(page.locator("#tray .panel")).to_be_hidden()


def test_a_note_that_is_being_written_outlasts_the_answer_of_the_studio(open_tab: Opener) -> None:
    page = open_tab(TAB)
    ready(page)
    keep(page, 1)
    page.locator("#tray .opener").click()
    held: list[Route] = []
    page.route("**/queue/join*", lambda route: held.append(route))
    page.locator("#tray .look").first.click()
    note = page.get_by_label("Note")
    note.press_sequentially("for the fr")
    for route in held:
        route.continue_()
    page.unroute("**/queue/join*")
    looked(page)
    page.keyboard.type("ont")
    page.keyboard.press("Tab")
    expect(note).to_have_value("for the front")
    assert json.loads(page.evaluate(f"localStorage.getItem('{STORE}')"))["items"][0]["note"] == "for the front"


def test_a_picture_that_was_kept_before_its_model_changed_is_the_kept_one(open_tab: Opener) -> None:
    page = open_tab(TAB)
    ready(page)
    keep(page, 1)
    tray = json.loads(page.evaluate(f"localStorage.getItem('{STORE}')"))
    tray["items"][0] |= {"recipe": re.sub(r"[0-9a-f]{64}", "0" * 64, tray["items"][0]["recipe"]), "note": "for the front"}
    page.evaluate(f"(text) => localStorage.setItem('{STORE}', text)", json.dumps(tray))
    page.reload()
    page.locator("#tray .opener").click()
    page.locator("#tray .look").first.click()
    looked(page)
    expect(page.locator("#tray .words .fine").first).to_contain_text("Drawn with other weights of")
    expect(page.get_by_label("Note")).to_have_value("for the front")
    expect(page.locator("#tray").get_by_role("button", name="Keep", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Take out of the tray").click()
    expect(page.locator("#tray .opener")).to_have_text("Tray")


def test_a_swap_is_kept_and_its_own_picture_stands_above_it(open_tab: Opener) -> None:
    page = open_tab("Texture swap")
    page.locator("#swap-examples [role=option]").first.click()
    page.locator("#swap-rows img").nth(2).wait_for()
    page.locator("#swap-keep").click()
    expect(page.locator("#tray .opener")).to_contain_text("1 picture")
    page.locator("#tray .opener").click()
    page.locator("#tray .look").first.click()
    looked(page)
    expect(page.locator("#tray .lineage bdi").nth(1)).to_contain_text("materials")
