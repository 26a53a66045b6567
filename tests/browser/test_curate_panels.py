"""Journeys through the panels of the Curate tab: pictures in, what falls, what leaves."""

import json
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from engines.curation.catalogue import Catalogue
from tests.browser.conftest import PHONE, Opener
from tests.browser.curated import GRID, TAB
from tests.engines.curation import drawn

HOSTILE = "<img src=x onerror='window.broken=1'>${window.broken=2}\u202egpj" + "ü" * 60 + ".png"
LONG = "n" * 251 + ".png"
IMPORT_SECONDS = 150_000


@pytest.fixture(scope="module")
def five_hundred(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """495 pictures in two classes, ten of them smaller copies, and five broken files."""
    folder = tmp_path_factory.mktemp("five-hundred")
    for label in ("day", "night"):
        (folder / label).mkdir()
    for seed in range(485):
        drawn.scene(seed, 96, 96).save(folder / ("day" if seed % 2 else "night") / f"{seed:03}.png")
    for seed in range(10):
        drawn.scene(seed, 96, 96).resize((72, 72), Image.Resampling.LANCZOS).save(folder / f"copy-{seed}.jpg", quality=85)
    for number in range(5):
        (folder / f"broken-{number}.jpg").write_bytes(b"\xff\xd8\xff nothing" + bytes([number]))
    return folder


def panel(page: Page, name: str) -> None:
    page.locator("#curate-tabs").get_by_role("tab", name=name, exact=True).click()


def collected(page: Page, folder: Path, into: str, rights: str = "yes") -> None:
    panel(page, "Bring pictures in")
    field(page, "collect-folder").fill(str(folder))
    page.locator("#collect-rights").get_by_label(rights, exact=True).check()
    field(page, "collect-into").fill(into)
    page.locator("#collect-run").click()
    expect(said(page, "collect-outcome")).to_contain_text("added", timeout=IMPORT_SECONDS)


def field(page: Page, name: str) -> Locator:
    """The text field of a panel."""
    return page.locator(f"#{name} :is(input, textarea)").first


def said(page: Page, outcome: str) -> Locator:
    """The sentence of a panel."""
    return page.locator(f"#{outcome} .line")


def test_five_hundred_pictures_come_in_copies_fall_and_a_set_leaves(
    open_tab: Opener, five_hundred: Path, studio_home: Path, tmp_path: Path
) -> None:
    page, name = open_tab(TAB), "five hundred"
    collected(page, five_hundred, name)
    expect(said(page, "collect-outcome")).to_have_text(f"{name}: 495 added, 0 already there, 5 left out; it has 495 pictures.")
    page.locator("#collect-outcome summary").click()
    expect(page.locator("#collect-outcome li")).to_have_count(5)

    panel(page, "Pictures")
    expect(page.locator(f"{GRID}[data-collection='{name}']")).to_be_attached()

    panel(page, "Filters")
    page.locator("#filters-find-copies").click()
    expect(said(page, "filters-of-copies")).to_have_text("10 copies in 10 groups would go, of 495 pictures.", timeout=IMPORT_SECONDS)
    expect(page.locator("#filters-copies .goes")).to_have_count(10)
    expect(page.locator("#filters-copies .stays [role=img]").first).to_have_attribute("aria-label", "day/001.png, stays")
    catalogue = Catalogue(studio_home / "catalogue")
    assert catalogue.facts(name).kept == 495
    page.locator("#filters-drop-copies").click()
    expect(said(page, "filters-of-copies")).to_contain_text("485 of 495 pictures are kept")
    assert catalogue.facts(name).kept == 485

    panel(page, "Export and train")
    with page.expect_download(timeout=IMPORT_SECONDS) as waited:
        page.locator("#export-run").click()
    expect(said(page, "export-outcome")).to_contain_text(f"485 pictures of {name} left into")
    waited.value.save_as(tmp_path / "set.zip")
    with zipfile.ZipFile(tmp_path / "set.zip") as archive:
        (manifest,) = [json.loads(archive.read(one)) for one in archive.namelist() if one.endswith("manifest.json")]
        credits = [one for one in archive.namelist() if one.endswith("ATTRIBUTION.csv")]
    assert manifest["counts"]["exported"] == 485
    assert manifest["classes"] == {"day": 242, "night": 243}
    assert not any(one["name"].startswith("copy-") for one in manifest["pictures"])
    assert credits

    panel(page, "Filters")
    page.locator("#filters-remove").click()
    expect(said(page, "filters-of-standing")).to_contain_text("495 of 495 pictures are kept")


def test_names_from_anybody_are_shown_as_text_in_every_panel(open_tab: Opener, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "<b>class").mkdir(parents=True)
    drawn.scene(1, 96, 96).save(folder / "<b>class" / HOSTILE)
    drawn.scene(1, 80, 80).save(folder / LONG)
    (folder / f"broken {HOSTILE}").write_bytes(b"nothing")
    page = open_tab(TAB)
    collected(page, folder, "hostile ${1} <i>")
    expect(said(page, "collect-outcome")).to_contain_text("hostile ${1} <i>: 2 added")
    page.locator("#collect-outcome summary").click()
    expect(page.locator("#collect-outcome li .name")).to_contain_text(f"broken {HOSTILE}"[:100])
    panel(page, "Filters")
    page.locator("#filters-find-copies").click()
    expect(said(page, "filters-of-copies")).to_contain_text("1 copies")
    labels = page.locator("#filters-copies [role=img]").evaluate_all("(all) => all.map((one) => one.getAttribute('aria-label'))")
    assert any(HOSTILE in label for label in labels)
    assert any(LONG in label for label in labels)
    panel(page, "Export and train")
    page.locator("#export-run").click()
    expect(page.locator("#export-outcome .facts")).to_contain_text("<b>class 1")
    assert page.evaluate("window.broken") is None
    assert page.locator("#curate-tabs img[src=x]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_pictures_without_permission_are_refused_for_training_until_one_is_recorded(open_tab: Opener, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for seed in range(4):
        drawn.scene(seed + 50, 96, 96).save(folder / f"{seed}.png")
    page = open_tab(TAB)
    collected(page, folder, "not asked", "no")
    panel(page, "Export and train")
    page.locator("#export-train").click()
    toast = page.locator(".toast-body").first
    expect(toast).to_contain_text("4 of 4 pictures came without permission to train a model")
    expect(toast).to_contain_text("record a permission under Rights")
    page.locator(".toast-close").first.click()
    page.locator("#export-rights-fold button").first.click()
    page.locator("#export-rights").get_by_label("yes", exact=True).check()
    field(page, "export-permission").fill("letter of 1 May")
    page.locator("#export-record").click()
    expect(said(page, "export-of-rights")).to_contain_text("training on them is allowed")
    with page.expect_download():
        page.locator("#export-run").click()


def test_a_key_stays_out_of_the_browsers_memory_and_off_the_page(open_tab: Opener) -> None:
    page = open_tab(TAB)
    panel(page, "Bring pictures in")
    page.locator("#collect-source").get_by_label("Pexels", exact=True).check()
    key = field(page, "collect-key")
    expect(key).to_be_visible()
    assert key.get_attribute("type") == "password"
    key.fill("a-very-secret-key-42")
    field(page, "collect-query").fill(" ")
    page.locator("#collect-run").click()
    expect(page.locator(".toast-body").first).to_contain_text("query")
    stored = page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, document.body.innerText, location.href])"
    )
    assert "a-very-secret-key-42" not in stored
    page.reload()
    assert "a-very-secret-key-42" not in page.content()


def test_the_panels_work_on_a_phone(open_tab: Opener, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for seed in range(3):
        drawn.scene(seed + 80, 96, 96).save(folder / f"{seed}.png")
    drawn.scene(80, 96, 96).resize((70, 70)).save(folder / "again.png")
    page = open_tab(TAB, PHONE, touch=True)
    collected(page, folder, "phone")
    panel(page, "Filters")
    page.locator("#filters-find-copies").tap()
    expect(said(page, "filters-of-copies")).to_contain_text("1 copies")
    page.locator("#filters-drop-copies").tap()
    expect(said(page, "filters-of-copies")).to_contain_text("3 of 4 pictures are kept")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    for button in ("#filters-find-copies", "#filters-drop-copies", "#filters-remove"):
        box = page.locator(button).bounding_box()
        assert box
        assert box["height"] >= 24
        assert box["width"] >= 24
