"""The Export panel: what leaves, what is refused, and the way to training."""

import csv
import io
import json
import time
import zipfile
from contextlib import suppress
from pathlib import Path

import gradio as gr
import pytest

from engines.errors import Cancelled, StudioError
from engines.training.background import stop
from engines.training.runs import Run
from studio.collections import Desk, open_catalogue
from studio.panels.collect import FILES, Asked, collect
from studio.panels.export import Wanted, build, free_place, record_rights, to_folder, to_zip, train
from studio.state import Services
from tests import pictures
from tests.studio.panels.conftest import Taking, silent


def test_a_zip_holds_the_kept_pictures_by_class_with_their_records(
    services: Services, request_of_ann: gr.Request, wardrobe: Path, take: Taking
) -> None:
    desk, catalogue = take(wardrobe), open_catalogue(services, request_of_ann)
    dropped = catalogue.pictures("wardrobe")[0]
    catalogue.decide("wardrobe", [dropped.id], "drop", desk.actor)
    told, path = to_zip(services, desk, Wanted(), request_of_ann, silent)
    assert told.line == f"7 pictures of wardrobe left into {path.name}."
    assert path.is_relative_to(services.session_folder(request_of_ann))
    with zipfile.ZipFile(path) as archive:
        names = {name.partition("/")[2] for name in archive.namelist()}
        manifest = json.loads(archive.read(f"{path.stem}/manifest.json"))
        credits = list(csv.reader(io.StringIO(archive.read(f"{path.stem}/ATTRIBUTION.csv").decode("utf-8-sig"))))
    assert {name.partition("/")[0] for name in names if "/" in name} == {"coats", "hats", "wardrobe"}
    assert manifest["counts"]["exported"] == 7
    assert len(credits) == 8
    assert dropped.provenance.name not in {one["name"] for one in manifest["pictures"]}
    assert not list(services.session_folder(request_of_ann).glob("export-*"))


def test_the_report_says_classes_split_records_and_what_could_not_be_taken_in(
    services: Services, request_of_ann: gr.Request, wardrobe: Path, take: Taking
) -> None:
    told, _ = to_zip(services, take(wardrobe), Wanted(), request_of_ann, silent)
    facts = dict(told.facts)
    assert facts["Classes"] == "coats 3, hats 3, wardrobe 2"
    assert facts["Held out of training"].startswith("about ")
    assert "manifest.json" in facts["Records"]
    assert told.lists[0].rows[0][0] == "broken.jpg"


def test_the_exported_folder_is_what_the_trainer_reads_and_is_never_written_over(
    services: Services, request_of_ann: gr.Request, wardrobe: Path, take: Taking, tmp_path: Path
) -> None:
    desk, out = take(wardrobe), tmp_path / "set"
    told = to_folder(services, desk, Wanted(), str(out), request_of_ann, silent)
    assert str(out) in told.line
    assert sorted(one.name for one in out.iterdir() if one.is_dir()) == ["coats", "hats", "wardrobe"]
    with pytest.raises(StudioError, match="set"):
        to_folder(services, desk, Wanted(), str(out), request_of_ann, silent)
    with pytest.raises(StudioError, match="write its whole path"):
        to_folder(services, desk, Wanted(), "sets/here", request_of_ann, silent)


def test_without_a_folder_named_each_export_gets_one_of_its_own(
    services: Services, request_of_ann: gr.Request, wardrobe: Path, take: Taking
) -> None:
    desk = take(wardrobe)
    for _ in range(2):
        to_folder(services, desk, Wanted(), "", request_of_ann, silent)
    assert sorted(one.name for one in (services.settings.home / "sets").iterdir()) == ["wardrobe", "wardrobe-2"]


@pytest.mark.parametrize("name", ["../../etc", "a/b", "con", "ü" * 80, "…", "-rf"])
def test_a_name_from_anybody_never_leads_out_of_the_folder(name: str, tmp_path: Path) -> None:
    place = free_place(tmp_path / "sets", name)
    assert place.parent == tmp_path / "sets"
    assert place.name not in ("", ".", "..")
    place.mkdir(parents=True)


@pytest.mark.parametrize(
    ("name", "folder"),
    [("夏服", "夏服"), ("Zoë's coats", "Zoë-s-coats"), ("Zoe\u0308", "Zoë"), ("नीला", "नीला"), ("เสื้อ", "เสื้อ"), ("coats", "coats")],
)
def test_a_folder_is_called_as_a_person_calls_it(name: str, folder: str, tmp_path: Path) -> None:
    assert free_place(tmp_path, name).name == folder


def test_pictures_without_permission_are_refused_by_name_with_what_to_do(
    services: Services, request_of_ann: gr.Request, wardrobe: Path, take: Taking
) -> None:
    desk = take(wardrobe, rights="unknown")
    with pytest.raises(StudioError, match=r"8 of 8 pictures .* folder 8 \(unknown\): again.jpg, .* and 5 more; leave them out"):
        to_zip(services, desk, Wanted(), request_of_ann, silent)
    told, _ = to_zip(services, desk, Wanted(purpose="inspection"), request_of_ann, silent)
    assert "Not for training" in dict(told.facts)


def test_a_recorded_permission_opens_the_export_and_can_be_undone(
    services: Services, request_of_ann: gr.Request, wardrobe: Path, take: Taking
) -> None:
    desk = take(wardrobe, rights="unknown")
    with pytest.raises(StudioError, match="a yes needs the permission in words"):
        record_rights(services, desk, "yes", "", request_of_ann)
    after, told = record_rights(services, desk, "yes", "letter of 1 May", request_of_ann)
    assert told.line == "Recorded for 8 pictures of wardrobe: training on them is allowed."
    assert after.version == desk.version + 1
    to_zip(services, desk, Wanted(), request_of_ann, silent)
    open_catalogue(services, request_of_ann).undo("wardrobe", desk.actor)
    with pytest.raises(StudioError, match="without permission"):
        to_zip(services, desk, Wanted(), request_of_ann, silent)


def test_framed_pictures_need_a_frame(services: Services, request_of_ann: gr.Request, wardrobe: Path, take: Taking) -> None:
    desk = take(wardrobe)
    with pytest.raises(StudioError, match="has no frame yet"):
        to_zip(services, desk, Wanted(framed=True), request_of_ann, silent)
    frame = {"kind": "centre square", "size": 64, "aspect": 1.0, "colour": [255, 255, 255]}
    open_catalogue(services, request_of_ann).set_frame("wardrobe", frame, desk.actor)
    told, _ = to_zip(services, desk, Wanted(framed=True, size=32), request_of_ann, silent)
    assert told.line.startswith("8 pictures")


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Wanted(part="some"), "the part to export is one of"),
        (Wanted(layout="../up"), "the layout is one of"),
        (Wanted(purpose="profit"), "what the export is for is one of"),
        (Wanted(encoding="exe"), "the encoding is one of"),
        (Wanted(part="dropped"), "no picture of wardrobe is dropped"),
    ],
)
def test_what_cannot_be_exported_gets_a_sentence(
    services: Services, request_of_ann: gr.Request, wardrobe: Path, take: Taking, wanted: Wanted, said: str
) -> None:
    with pytest.raises(StudioError, match=said):
        to_zip(services, take(wardrobe), wanted, request_of_ann, silent)
    assert not list(services.session_folder(request_of_ann).glob("*.zip"))


def test_an_export_that_is_stopped_while_it_is_packed_leaves_nothing(
    services: Services, request_of_ann: gr.Request, wardrobe: Path, take: Taking
) -> None:
    def stopped(done: int, total: int, message: str = "") -> None:
        if message == "packing the ZIP":
            raise Cancelled

    with pytest.raises(Cancelled):
        to_zip(services, take(wardrobe), Wanted(), request_of_ann, stopped)
    assert list(services.session_folder(request_of_ann).iterdir()) == []


def test_a_shared_studio_gives_a_zip_to_look_at_and_nothing_else(shared: Services, request_of_ann: gr.Request, tmp_path: Path) -> None:
    (tmp_path / "served").mkdir()
    upload = pictures.photograph(tmp_path / "served" / "a.jpg")
    desk, _ = collect(shared, Desk(), Asked(FILES, [str(upload)], into="mine"), request_of_ann, silent)
    told, _ = to_zip(shared, desk, Wanted(purpose="inspection"), request_of_ann, silent)
    assert told.line.startswith("1 pictures")
    with pytest.raises(StudioError, match=r"without permission .*; leave them out, or export them only to look at"):
        to_zip(shared, desk, Wanted(), request_of_ann, silent)
    for refused in (
        lambda: to_folder(shared, desk, Wanted(purpose="inspection"), str(tmp_path / "out"), request_of_ann, silent),
        lambda: train(shared, desk, "scenes-64", 1, "", False, request_of_ann, silent),
        lambda: record_rights(shared, desk, "yes", "mine", request_of_ann),
    ):
        with pytest.raises(StudioError, match="needs Atelier on your own machine"):
            refused()
    with gr.Blocks():
        built = build(shared, gr.State(Desk()))
    assert built.own is None
    assert built.shape.visible is False, "no collection can have a frame there"


def test_training_is_refused_for_pictures_without_permission_and_leaves_nothing_behind(
    services: Services, request_of_ann: gr.Request, wardrobe: Path, take: Taking
) -> None:
    desk = take(wardrobe, rights="no")
    with pytest.raises(StudioError, match="8 of 8 pictures came without permission to train"):
        train(services, desk, "scenes-64", 1, "", False, request_of_ann, silent)
    assert not (services.settings.home / "runs").exists()
    assert not list((services.settings.home / "sets").glob("*"))


@pytest.mark.parametrize(("preset", "minutes"), [("nonsense", 1), ("scenes-64", 0), ("scenes-64", float("nan")), ("scenes-64", None)])
def test_impossible_trainings_are_refused_before_anything_is_exported(
    services: Services, request_of_ann: gr.Request, wardrobe: Path, take: Taking, preset: str, minutes: object
) -> None:
    with pytest.raises(StudioError, match=r"the preset is one of|the time in minutes is a number"):
        train(services, take(wardrobe), preset, minutes, "", False, request_of_ann, silent)
    assert not (services.settings.home / "sets").exists()


@pytest.mark.parametrize("stopped", [True, False])
def test_a_training_that_does_not_begin_leaves_neither_a_set_nor_a_run(
    services: Services, request_of_ann: gr.Request, wardrobe: Path, take: Taking, stopped: bool
) -> None:
    def listen(done: int, total: int, message: str = "") -> None:
        if stopped and message == "starting the training":
            raise Cancelled

    with pytest.raises(Cancelled if stopped else StudioError):
        train(services, take(wardrobe), "plain-64", 1, "", False, request_of_ann, listen, ("--set", "nonsense=1"))
    for folder in ("sets", "runs"):
        assert not list((services.settings.home / folder).glob("*")), folder


def test_the_set_is_handed_to_a_process_of_its_own_which_trains_on_it(
    services: Services, request_of_ann: gr.Request, tmp_path: Path, take: Taking
) -> None:
    folder = tmp_path / "many"
    for number in range(20):
        (folder / "hats").mkdir(parents=True, exist_ok=True)
        pictures.photograph(folder / "hats" / f"{number}.png", seed=number)
    desk = take(folder, into="many")
    quick = ("--precision", "float32", "--set", "batch=4")
    told = train(services, desk, "plain-64", 0.1, "night run", False, request_of_ann, silent, quick)
    run = Run(services.settings.home / "runs" / "night-run")
    assert told.line.startswith("plain-64 trains on 20 pictures")
    assert dict(told.facts)["Watch it"] == f"in the Lab, or with python -m engines runs {run.folder}"
    manifest = services.settings.home / "sets" / "many" / "manifest.json"
    assert manifest.is_file()
    deadline = time.monotonic() + 120
    while not run.config_file.exists() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert run.config()["manifests"]
    with suppress(StudioError):  # it has ended by itself, or takes longer than one waits for
        stop(run)
