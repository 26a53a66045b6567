"""The Lab as a person uses it: train, watch, stop, resume, compare, look back, mark, and send a snapshot to Explore."""

import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from engines.errors import StudioError
from engines.models.zoo import Zoo
from engines.training.background import stop
from engines.training.judging import DISTANCE, VARIETY
from engines.training.runs import Mark, Run
from studio.tabs.lab import TICK_SECONDS
from tests.browser.conftest import PHONE, Opener
from tests.browser.test_curate_access import violations
from tests.engines.training.made_runs import COLUMNS, made_run, save_sheet
from tests.studio.tabs.test_lab import searched

TAB = "Lab"
SETTINGS = "widths=(16,8,8)\nlatent_dim=8\nbatch=4\npolicy=()\npictures=4000000\nconditional=True"
INSIDE = ("Train", "Watch", "Compare", "Searches")
CURVES, SNAPSHOTS, STATUS = "#lab-curves .lab-curves", "#lab-snapshots .lab-snapshots", "#lab-status"
ASKED = re.compile("/component_server/")


@pytest.fixture(scope="module")
def wardrobe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn garments of two classes."""
    folder, random = tmp_path_factory.mktemp("wardrobe"), np.random.default_rng(0)
    for name, count in (("coat", 24), ("hat", 12)):
        (folder / name).mkdir()
        for index in range(count):
            picture = Image.new("RGB", (32, 32), (240, 236, 230))
            shape = ImageDraw.Draw(picture).rectangle if name == "coat" else ImageDraw.Draw(picture).ellipse
            shape((8, 6, 23, 27), tuple(random.integers(0, 200, 3).tolist()))
            picture.save(folder / name / f"{index}.png")
    return folder


@pytest.fixture(scope="module")
def runs(studio_home: Path) -> dict[str, Run]:
    """Two runs that were judged, one with classes, and a search."""
    made = {
        "early best": made_run(studio_home / "runs" / "early best", {10: 3.0, 20: 8.0, 30: 9.0, 40: 7.0}),
        "with classes": made_run(studio_home / "runs" / "with classes", {20: 9.0, 40: 4.0}, conditional=True),
    }
    searched(studio_home / "searches" / "rates")
    return made


@pytest.fixture
def trained(studio_home: Path) -> Iterator[Run]:
    """The run that the test starts; it is stopped whatever happens."""
    run = Run(studio_home / "runs" / "drawn-garments")
    yield run
    if run.owner() is not None:
        with suppress(StudioError):
            stop(run)


@pytest.fixture
def going_on(studio_home: Path) -> Iterator[Run]:
    """A run with twenty snapshots, to which a test adds."""
    run = made_run(studio_home / "runs" / "going on", dict.fromkeys(range(2, 41, 2), 9.0))
    yield run
    shutil.rmtree(run.folder)


@pytest.fixture
def bare(studio_home: Path) -> Iterator[Run]:
    """A run without a snapshot."""
    run = made_run(studio_home / "runs" / "bare", {})
    yield run
    shutil.rmtree(run.folder, ignore_errors=True)


def inside(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()


def fill(page: Page, field: str, text: str) -> None:
    page.locator(f"#lab-{field} textarea, #lab-{field} input").first.fill(text)


def choose(page: Page, field: str, name: str) -> None:
    page.locator(f"#lab-{field} input").click()
    page.get_by_role("option", name=name, exact=True).click()


def watched(page: Page, name: str, snapshots: int) -> None:
    inside(page, "Watch")
    expect(page.locator(SNAPSHOTS)).to_be_attached()
    if page.locator("#lab-run input").input_value() != name:
        choose(page, "run", name)
    expect(page.locator(f"{SNAPSHOTS}[data-run='{name}'][data-snapshots='{snapshots}'][data-step]")).to_be_visible()


def test_a_person_trains_watches_stops_resumes_and_draws_with_what_was_learned(
    open_tab: Opener, wardrobe: Path, trained: Run, studio_home: Path
) -> None:
    page = open_tab(TAB)
    fill(page, "folder", str(wardrobe))
    page.locator("#lab-look").click()
    expect(page.locator("#lab-pictures .lab-pictures[data-classes='2']")).to_contain_text("36 pictures in 2 classes")
    page.locator("#lab-preset input").click()
    page.get_by_role("option", name=re.compile("^plain-64:")).click()
    expect(page.locator("#lab-about")).to_contain_text("without norms or frozen features")
    fill(page, "name", "drawn garments")
    fill(page, "minutes", "30")
    page.get_by_role("button", name="More settings").click()
    fill(page, "settings", SETTINGS)
    page.locator("#lab-start").click()
    expect(page.locator(STATUS)).to_contain_text("Training", timeout=90_000)
    expect(page.locator(f"{SNAPSHOTS}[data-run='drawn-garments'][data-step='1']")).to_be_visible()
    page.wait_for_function("(chart) => Number(document.querySelector(chart).dataset.panels) > 1", arg=CURVES)
    assert trained.owner() is not None

    page.locator("#lab-stop").click()
    expect(page.locator(STATUS)).to_contain_text("Stopped")
    reached = trained.checkpoint()["step"]
    assert trained.owner() is None
    expect(page.locator("#lab-stop")).to_be_disabled()
    page.locator("#lab-resume").click()
    expect(page.locator(STATUS)).to_contain_text("Training", timeout=90_000)
    page.context.new_page().goto("about:blank")
    page.locator("#lab-stop").click()
    expect(page.locator(STATUS)).to_contain_text("Stopped")
    assert trained.checkpoint()["step"] > reached

    newest = trained.checkpoint()["step"]
    expect(page.locator(f"{SNAPSHOTS}[data-step='{newest}']")).to_be_visible()
    page.wait_for_timeout(300)
    fill(page, "model", "drawn-garments")
    page.locator("#lab-send").click()
    expect(page.get_by_role("tab", name="Explore", exact=True)).to_have_attribute("aria-selected", "true")
    expect(page.locator("#explore-model input")).to_have_value("drawn-garments")
    expect(page.locator("#explore-grid .picture-grid[data-ready='16']")).to_be_visible()
    card = Zoo([studio_home / "models"]).card("drawn-garments")
    assert card.classes == ("coat", "hat")
    assert card.training["steps"] == newest


def test_two_runs_lie_side_by_side(open_tab: Opener, runs: dict[str, Run]) -> None:
    page = open_tab(TAB)
    inside(page, "Compare")
    for name in runs:
        choose(page, "runs", name)
    page.keyboard.press("Escape")
    expect(page.locator("#lab-sheets img")).to_have_count(2)
    page.get_by_role("radio", name="of the lowest distance").check(force=True)
    expect(page.locator("#lab-sheets figcaption").first).to_contain_text("step 10")
    chart = page.locator("#lab-compared svg[role=img]").first
    expect(chart).to_have_attribute("aria-label", re.compile(f"^{DISTANCE}.*early best: 3 at first.*with classes: 9 at first"))


def test_a_run_that_is_gone_leaves_the_lists_without_a_word_of_error(open_tab: Opener, runs: dict[str, Run], bare: Run) -> None:
    page = open_tab(TAB)
    inside(page, "Compare")
    for name in ("early best", "bare"):
        choose(page, "runs", name)
    page.keyboard.press("Escape")
    chart = page.locator("#lab-compared svg[role=img]").filter(has=page.locator("path")).last
    expect(chart).to_have_attribute("aria-label", re.compile("bare"))
    shutil.rmtree(bare.folder)
    expect(chart).not_to_have_attribute("aria-label", re.compile("bare"))
    expect(page.locator("#lab-runs")).to_contain_text("early best")
    expect(page.locator("#lab-runs")).not_to_contain_text("bare")
    page.wait_for_timeout(2000 * TICK_SECONDS)
    expect(page.get_by_test_id("toast-body")).to_have_count(0)


def test_a_folder_elsewhere_is_added_and_taken_off_the_list(open_tab: Opener, tmp_path: Path) -> None:
    made_run(tmp_path / "disk" / "far away", {20: 3.0})
    page = open_tab(TAB)
    inside(page, "Watch")
    page.get_by_role("button", name="Runs elsewhere").click()
    expect(page.locator("#lab-elsewhere")).to_be_visible()
    expect(page.locator("#lab-remove")).to_have_count(0)
    fill(page, "elsewhere", str(tmp_path / "disk"))
    page.locator("#lab-add").click()
    expect(page.locator("#lab-added input")).to_have_value(str(tmp_path / "disk"))
    choose(page, "run", "disk/far away")
    expect(page.locator(STATUS)).to_contain_text("Step 40 of 40")
    page.locator("#lab-remove").click()
    expect(page.locator("#lab-remove")).to_have_count(0)
    expect(page.locator("#lab-run input")).not_to_have_value("disk/far away")
    assert (tmp_path / "disk" / "far away").is_dir()


def test_the_slider_goes_through_time_and_marks_stand_beside_the_figures(open_tab: Opener, runs: dict[str, Run]) -> None:
    page = open_tab(TAB)
    watched(page, "early best", 4)
    slider = page.get_by_role("slider", name="Over time")
    assert slider.get_attribute("aria-valuetext") == "step 40, 4 of 4"
    slider.focus()
    page.keyboard.press("Home")
    expect(page.locator(f"{SNAPSHOTS}[data-step='10']")).to_be_visible()
    page.get_by_role("button", name="Highest score, step 40").click()
    expect(page.locator(f"{SNAPSHOTS}[data-step='40']")).to_be_visible()
    page.get_by_role("button", name="Lowest distance, step 10").click()
    page.get_by_role("button", name="Star").click()
    page.get_by_label("Note", exact=True).fill("<b>calm</b> shapes")
    page.keyboard.press("Tab")
    expect(page.locator("#lab-snapshots .spoken")).to_have_text("Kept beside step 10.")
    page.locator("#lab-snapshots .list summary").click()
    expect(page.locator("#lab-snapshots .list tr").nth(1)).to_contain_text("★ <b>calm</b> shapes")
    assert runs["early best"].marks()[10].note == "<b>calm</b> shapes"
    page.locator("#lab-snapshots .latent").fill("14")
    page.keyboard.press("Enter")
    expect(page.locator("#lab-snapshots .strip")).to_have_attribute("aria-label", "Latent 14 over time")
    page.get_by_role("button", name="Step 30", exact=True).click()
    expect(page.locator(f"{SNAPSHOTS}[data-step='30']")).to_be_visible()


def test_what_the_studio_did_not_hear_is_taken_back_and_said(open_tab: Opener, runs: dict[str, Run]) -> None:
    page = open_tab(TAB)
    watched(page, "early best", 4)
    star, spoken = page.locator("#lab-snapshots .star"), page.locator("#lab-snapshots .spoken")
    page.route(ASKED, lambda route: route.abort())
    star.click()
    expect(spoken).to_have_text("Not kept beside step 40 of early best. The studio does not answer: see whether it still runs.")
    expect(star).to_have_text("☆ Star")
    page.get_by_label("Note", exact=True).fill("lively")
    page.keyboard.press("Tab")
    expect(spoken).to_contain_text("Not kept")
    page.locator("#lab-snapshots .latent").fill("3")
    page.keyboard.press("Tab")
    expect(spoken).to_have_text("The studio does not answer: see whether it still runs.")
    assert 40 not in runs["early best"].marks()
    page.unroute(ASKED)
    star.click()
    expect(star).to_have_text("★ Starred")
    expect(spoken).to_have_text("Kept beside step 40.")
    assert runs["early best"].marks()[40] == Mark(True, "lively")


def test_a_table_stays_where_it_is_read_while_a_run_trains(open_tab: Opener, going_on: Run) -> None:
    page = open_tab(TAB)
    watched(page, "going on", 20)
    for step, place, table in ((41, "#lab-curves", "details"), (42, "#lab-snapshots", ".list")):
        page.locator(f"{place} {table} summary").click()
        page.locator(f"{place} .scroller").evaluate("(node) => { node.focus(); node.scrollTop = 60; node.dataset.old = 'yes'; }")
        save_sheet(going_on, step, COLUMNS)
        going_on.report({"step": step, "seconds": 3.0 * step, "generator": 0.02})
        expect(page.locator(f"{place} .scroller:not([data-old])")).to_be_attached()
        assert page.evaluate("[document.activeElement.className, document.activeElement.scrollTop]") == ["scroller", 60], place
        assert page.evaluate("(place) => document.querySelector(place).contains(document.activeElement)", place)
    page.locator("#lab-snapshots .list summary").focus()
    save_sheet(going_on, 43, COLUMNS)
    expect(page.locator("#lab-snapshots .list summary")).to_have_text("All 23 snapshots")
    assert page.evaluate("document.activeElement.textContent") == "All 23 snapshots"
    expect(page.locator("#lab-snapshots .moment[data-step='43']")).to_be_attached()
    page.locator("#lab-snapshots .moment[data-step='2']").focus()
    save_sheet(going_on, 44, COLUMNS)
    expect(page.locator("#lab-snapshots .moment[data-step='44']")).to_be_attached()
    assert page.evaluate("document.activeElement.dataset.step") == "2"


def test_who_writes_a_note_writes_it_beside_what_was_looked_at(open_tab: Opener, going_on: Run) -> None:
    page = open_tab(TAB)
    watched(page, "going on", 20)
    note = page.get_by_label("Note", exact=True)
    note.press_sequentially("clear edges")
    save_sheet(going_on, 41, COLUMNS)
    expect(page.locator(f"{SNAPSHOTS}[data-snapshots='21']")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator("#lab-snapshots .spoken")).to_have_text("Kept beside step 40.")
    assert going_on.marks() == {40: Mark(False, "clear edges")}
    page.get_by_role("button", name="Newest", exact=True).click()
    expect(page.locator(f"{SNAPSHOTS}[data-step='41']")).to_be_visible()


def test_the_page_says_whose_networks_are_kept_and_what_was_no_number_is_left_out(open_tab: Opener, going_on: Run) -> None:
    going_on.save_snapshot({"format": 1, "step": 20, "networks": {}})
    going_on.report({"step": 40, DISTANCE: 9.0, VARIETY: float("nan")})
    page = open_tab(TAB)
    watched(page, "going on", 20)
    expect(page.locator("#lab-snapshots .kept")).to_contain_text("Its networks are not kept.")
    page.get_by_role("button", name="Nearest that are: step 20").click()
    expect(page.locator(f"{SNAPSHOTS}[data-step='20']")).to_be_visible()
    expect(page.locator("#lab-snapshots .kept")).to_have_text("Its networks are kept.")
    expect(page.locator("#lab-curves svg[role=img]").first).to_be_visible()


def test_a_sheet_that_cannot_be_read_does_not_leave_another_in_its_place(open_tab: Opener, going_on: Run) -> None:
    page = open_tab(TAB)
    watched(page, "going on", 20)
    (going_on.folder / "samples" / "step-000002.png").write_bytes(b"torn")
    page.get_by_role("slider", name="Over time").focus()
    page.keyboard.press("Home")
    expect(page.locator("#lab-snapshots .spoken")).to_contain_text("Step-000002.png is not a JPEG, PNG or WEBP picture")
    assert page.locator("#lab-snapshots .sheet").get_attribute("src") is None


def test_a_run_without_a_snapshot_sends_none_of_the_run_before(open_tab: Opener, runs: dict[str, Run], bare: Run) -> None:
    page = open_tab(TAB)
    watched(page, "early best", 4)
    choose(page, "run", "bare")
    expect(page.locator("#lab-model input, #lab-model textarea").first).to_have_value("bare")
    page.locator("#lab-send").click()
    expect(page.get_by_test_id("toast-body").filter(has_text="No snapshot of bare is shown yet")).to_be_visible()


def test_a_search_shows_its_best_trial_and_what_each_value_did(open_tab: Opener, runs: dict[str, Run]) -> None:
    page = open_tab(TAB)
    inside(page, "Searches")
    choose(page, "search", "rates")
    expect(page.locator("#lab-trials .lab-trials[data-rows='3'] tr.best")).to_contain_text("trial-03")
    expect(page.locator("#lab-trials .value.lowest")).to_contain_text("70, 1 trial")


def test_what_cannot_be_done_is_a_sentence_on_the_page(open_tab: Opener, runs: dict[str, Run]) -> None:
    page = open_tab(TAB)
    fill(page, "folder", "/nowhere/at/all")
    page.locator("#lab-look").click()
    expect(page.get_by_test_id("toast-body").filter(has_text="/nowhere/at/all is not a folder")).to_be_visible()
    watched(page, "early best", 4)
    page.locator("#lab-send").click()
    expect(page.get_by_test_id("toast-body").filter(has_text="is no model name").or_(
        page.get_by_test_id("toast-body").filter(has_text="are not kept")).first).to_be_visible()  # fmt: skip


@pytest.mark.parametrize(("mode", "phone"), [("light", False), ("dark", False), ("light", True)])
def test_axe_finds_nothing_in_the_lab(open_tab: Opener, runs: dict[str, Run], wardrobe: Path, mode: str, phone: bool) -> None:
    page = open_tab(TAB, **({"viewport": PHONE, "touch": True} if phone else {}))
    page.evaluate("(dark) => document.body.classList.toggle('dark', dark)", mode == "dark")
    expect(page.locator("#lab-start")).to_be_visible()
    assert violations(page, set()) == []
    fill(page, "folder", str(wardrobe))
    page.locator("#lab-look").click()
    expect(page.locator("#lab-pictures .lab-pictures[data-classes='2']")).to_be_visible()
    page.wait_for_timeout(500)
    assert violations(page, set()) == [], "Train"
    watched(page, "with classes", 2)
    page.locator("#lab-curves summary").click()
    page.locator("#lab-snapshots .list summary").click()
    assert violations(page, set()) == [], "Watch"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1")
    inside(page, "Compare")
    choose(page, "runs", "early best")
    page.keyboard.press("Escape")
    expect(page.locator("#lab-sheets img")).to_have_count(1)
    assert violations(page, set()) == [], "Compare"
    inside(page, "Searches")
    choose(page, "search", "rates")
    expect(page.locator("#lab-trials .lab-trials[data-rows='3']")).to_be_visible()
    assert violations(page, set()) == [], "Searches"
