"""The Collect panel: what comes, what is left out, and what a shared studio refuses."""

import logging
import os
import time
import zipfile
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from engines.curation.provenance import Provenance
from engines.errors import Cancelled, StudioError
from engines.models.zoo import Zoo
from studio.collections import Desk, open_catalogue
from studio.panels.collect import FILES, FOLDER, OPENVERSE, PEXELS, Asked, build, collect, on_collect, on_source, pages_value
from studio.panels.stopping import ask_to_stop, listening
from studio.settings import Settings
from studio.state import Services
from tests import pictures
from tests.studio.panels.conftest import names_of, silent
from tests.web_sources import PictureServer, Right, Status, drawn_photo


def record(services: Services, request: gr.Request, collection: str) -> Provenance:
    return open_catalogue(services, request).pictures(collection)[0].provenance


def test_a_folder_comes_with_its_classes_and_what_is_broken_is_named(
    services: Services, request_of_ann: gr.Request, wardrobe: Path
) -> None:
    asked = Asked(FOLDER, folder=str(wardrobe), into="wardrobe", rights="yes", permission="my own photographs")
    desk, told = collect(services, Desk(), asked, request_of_ann, silent)
    assert (desk.collection, desk.version) == ("wardrobe", 1)
    assert told.line == "wardrobe: 8 added, 0 already there, 1 left out; it has 8 pictures."
    assert [name for name, _ in told.lists[0].rows] == ["broken.jpg"]
    labels = {one.label for one in open_catalogue(services, request_of_ann).pictures("wardrobe")}
    assert labels == {"coats", "hats", ""}
    assert (record(services, request_of_ann, "wardrobe").training_allowed, record(services, request_of_ann, "wardrobe").permission) == (
        "yes",
        "my own photographs",
    )


def test_the_same_folder_again_adds_nothing_and_goes_into_the_open_collection(
    services: Services, request_of_ann: gr.Request, wardrobe: Path
) -> None:
    first, _ = collect(services, Desk(), Asked(FOLDER, folder=str(wardrobe), into="wardrobe"), request_of_ann, silent)
    again, told = collect(services, first, Asked(FOLDER, folder=str(wardrobe)), request_of_ann, silent)
    assert again.collection == "wardrobe"
    assert again.version > first.version
    assert "0 added, 8 already there" in told.line


def test_an_uploaded_zip_comes_and_its_bad_members_are_named(services: Services, request_of_ann: gr.Request, tmp_path: Path) -> None:
    upload = tmp_path / "served" / "set.zip"
    upload.parent.mkdir()
    with zipfile.ZipFile(upload, "w") as archive:
        archive.write(pictures.photograph(tmp_path / "a.jpg", seed=1), "hats/a.jpg")
        archive.writestr("../up.jpg", (tmp_path / "a.jpg").read_bytes())
    _, told = collect(services, Desk(), Asked(FILES, [str(upload)], into="zipped"), request_of_ann, silent)
    assert "1 added" in told.line
    assert told.lists[0].rows == (("../up.jpg", "its name points outside the archive"),)


def test_a_file_that_was_not_uploaded_is_refused(services: Services, request_of_ann: gr.Request, tmp_path: Path) -> None:
    own = pictures.photograph(tmp_path / "own.jpg")
    with pytest.raises(StudioError, match="was not uploaded here"):
        collect(services, Desk(), Asked(FILES, [str(own)], into="a"), request_of_ann, silent)


@pytest.mark.parametrize("source", [FOLDER, OPENVERSE, PEXELS])
def test_a_shared_studio_reads_no_folder_and_searches_nothing(
    shared: Services, request_of_ann: gr.Request, wardrobe: Path, source: str
) -> None:
    asked = Asked(source, folder=str(wardrobe), query="city", key="secret", into="a")
    with pytest.raises(StudioError, match="only for Atelier on your own machine"):
        collect(shared, Desk(), asked, request_of_ann, silent)


def test_a_shared_studio_records_no_rights_and_keeps_uploads_of_sessions_apart(
    shared: Services, request_of_ann: gr.Request, tmp_path: Path
) -> None:
    (tmp_path / "served").mkdir()
    upload = pictures.photograph(tmp_path / "served" / "a.jpg")
    desk, _ = collect(shared, Desk(), Asked(FILES, [str(upload)], into="mine", rights="yes", permission="all mine"), request_of_ann, silent)
    assert record(shared, request_of_ann, "mine").training_allowed == "unknown"
    assert open_catalogue(shared, gr.Request(session_hash="bob")).collections() == []
    assert desk.collection == "mine"


def test_a_shared_studio_takes_no_zip_beyond_its_caps(tiny_zoo: Zoo, request_of_ann: gr.Request, tmp_path: Path) -> None:
    upload = tmp_path / "served" / "many.zip"
    upload.parent.mkdir()
    with zipfile.ZipFile(upload, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"{number}.txt", bytes(10_000))
            archive.write(pictures.photograph(tmp_path / "a.png", seed=number), f"{number}.png")
    packed = upload.stat().st_size
    for cap, said in ((packed - 1, "more than the 0 MB allowed"), (packed, "unpacks to more than")):
        services = Services(tiny_zoo, Settings(home=tmp_path, space=True, max_zip_bytes=cap))
        big = Asked(FILES, [str(upload if said.startswith("more") else swollen(upload))], into="many")
        with pytest.raises(StudioError, match=said):
            collect(services, Desk(), big, request_of_ann, silent)
        assert open_catalogue(services, request_of_ann).collections() == []


def swollen(upload: Path) -> Path:
    """A ZIP that is smaller than another and unpacks to much more."""
    path = upload.with_name("swollen.zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.jpg", b"\xff\xd8\xff" + bytes(5 * upload.stat().st_size))
    return path


def test_a_search_brings_pictures_with_their_records_and_goes_on_behind_its_pages(
    services: Services, request_of_ann: gr.Request, picture_server: PictureServer
) -> None:
    asked = Asked(OPENVERSE, query="brick", licences=["cc0"], pages="1", into="bricks")
    _, told = collect(services, Desk(), asked, request_of_ann, silent, base=picture_server.base)
    assert "12 added" in told.line
    assert record(services, request_of_ann, "bricks").author.startswith("Zoë")
    searches = len(picture_server.asked_for("/v1/images/"))
    _, again = collect(services, Desk(), asked, request_of_ann, silent, base=picture_server.base)
    assert "0 added" in again.line
    assert len(picture_server.asked_for("/v1/images/")) == searches


def test_what_came_before_a_service_refused_stays_and_is_told(
    services: Services, request_of_ann: gr.Request, picture_server: PictureServer
) -> None:
    picture_server.show([drawn_photo(seed) for seed in range(25)])
    picture_server.pages_next(Right(), Status(401))
    asked = Asked(OPENVERSE, query="brick", licences=["cc0"], pages="1-2", into="bricks")
    desk, told = collect(services, Desk(), asked, request_of_ann, silent, base=picture_server.base)
    assert told.line.startswith("20 pictures came into bricks and stay.")
    assert desk.collection == "bricks"


def test_the_key_reaches_the_service_and_nothing_else(
    services: Services, request_of_ann: gr.Request, picture_server: PictureServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    asked = Asked(PEXELS, query="city", key=picture_server.key, pages="1", into="cities")
    _, told = collect(services, Desk(), asked, request_of_ann, silent, base=picture_server.base)
    assert "12 added" in told.line
    assert all(one.headers["authorization"] == picture_server.key for one in picture_server.asked_for("/v1/search"))
    written = [path.read_bytes() for path in services.settings.home.rglob("*") if path.is_file()]
    assert not any(picture_server.key.encode() in content for content in written)
    assert picture_server.key not in caplog.text
    assert record(services, request_of_ann, "cities").training_allowed == "no"


def test_a_wrong_key_is_refused_without_being_shown(services: Services, request_of_ann: gr.Request, picture_server: PictureServer) -> None:
    asked = Asked(PEXELS, query="city", key="an-0ther-secret-key-9", pages="1", into="cities")
    with pytest.raises(StudioError) as refused:
        collect(services, Desk(), asked, request_of_ann, silent, base=picture_server.base)
    assert "an-0ther-secret-key-9" not in str(refused.value)
    assert open_catalogue(services, request_of_ann).collections() == []


def test_the_field_of_the_key_is_a_password_that_is_emptied_and_never_remembered(
    services: Services, request_of_ann: gr.Request, wardrobe: Path
) -> None:
    with gr.Blocks():
        key = build(services, gr.State(Desk())).own
    assert key is not None
    assert key.key.type == "password"
    assert key.key.html_attributes is not None
    assert key.key.html_attributes.autocomplete == "off"
    fields: tuple[Any, ...] = (FOLDER, None, str(wardrobe), "", "", "secret", [], "any", "w", "yes", "")
    _, _, emptied = on_collect(services, Desk(), *fields, request_of_ann, gr.Progress())
    assert emptied == ""


def test_the_stop_button_stops_within_a_moment_and_what_came_stays(
    services: Services, request_of_ann: gr.Request, wardrobe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.panels.stopping.TELLING_SECONDS", 0.0)
    listen = listening(services, request_of_ann, "collect", gr.Progress())

    def stopped_at_three(done: int, total: int, message: str = "") -> None:
        if done == 3:
            ask_to_stop(services, "collect", request_of_ann)
        listen(done, total, message)

    try:
        desk, told = collect(services, Desk(), Asked(FOLDER, folder=str(wardrobe), into="w"), request_of_ann, stopped_at_three)
    except Cancelled:
        pytest.fail("pictures that came before were lost")
    assert "Stopped, as you asked" in told.line
    assert desk.collection == "w"
    assert 0 < len(names_of(services, request_of_ann, "w")) < 8


def test_whoever_waits_for_long_work_is_not_taken_for_gone(services: Services, request_of_ann: gr.Request) -> None:
    listen = listening(services, request_of_ann, "collect", gr.Progress())
    folder = services.session_folder(request_of_ann)
    os.utime(folder, (0, 0))
    listen(1, 2)
    assert time.time() - folder.stat().st_mtime < 60


def test_a_visit_that_holds_its_share_of_the_disk_takes_nothing_in(
    shared: Services, request_of_ann: gr.Request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "served").mkdir()
    asked = Asked(FILES, [str(pictures.photograph(tmp_path / "served" / "a.jpg"))], into="mine")
    collect(shared, Desk(), asked, request_of_ann, silent)
    monkeypatch.setattr("studio.state.MOST_HELD", 10)
    with pytest.raises(StudioError, match="this visit holds"):
        collect(shared, Desk(), asked, request_of_ann, silent)


def test_stopping_one_window_does_not_stop_another(services: Services, request_of_ann: gr.Request) -> None:
    listen = listening(services, gr.Request(session_hash="bob"), "collect", gr.Progress())
    ask_to_stop(services, "collect", request_of_ann)
    listen(1, 1)


@pytest.mark.parametrize(("text", "pages"), [("", (1, None)), ("7", (7, 7)), ("1-3", (1, 3)), (" 3- ", (3, None)), ("2–4", (2, 4))])
def test_pages_are_written_as_on_the_command_line(text: str, pages: tuple[int, int | None]) -> None:
    assert pages_value(text) == pages


@pytest.mark.parametrize("text", ["0", "3-1", "one", "1-2-3", "-4", "1e9", "9999999"])
def test_impossible_pages_are_refused(text: str) -> None:
    with pytest.raises(StudioError, match="pages are such as"):
        pages_value(text)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Asked(FOLDER, into="a"), "no folder was named"),
        (Asked(FOLDER, folder="/nowhere/at all", into="a"), "not a folder"),
        (Asked(FILES, into="a"), "there are no pictures"),
        (Asked("the moon", into="a"), "the source of pictures is one of"),
        (Asked(FOLDER, folder="/tmp", into="a", rights="maybe"), "the answer about rights is one of"),
        (Asked(OPENVERSE, query="a", licences=[], into="a"), "no licence is chosen"),
        (Asked(OPENVERSE, query="a", licences=["nd"], into="a"), "a licence is one of"),
        (Asked(OPENVERSE, query="", licences=["cc0"], into="a"), "a query has"),
        (Asked(FOLDER, folder="/tmp", into="a\nb"), "a name has"),
    ],
)
def test_what_cannot_be_collected_gets_a_sentence_and_leaves_no_collection(
    services: Services, request_of_ann: gr.Request, asked: Asked, said: str
) -> None:
    with pytest.raises(StudioError, match=said):
        collect(services, Desk(), asked, request_of_ann, silent)
    assert open_catalogue(services, request_of_ann).collections() == []


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (FOLDER, {"folder", "rights", "permission"}),
        (FILES, {"files", "rights", "permission"}),
        (OPENVERSE, {"query", "pages", "key", "licences", "shape"}),
        (PEXELS, {"query", "pages", "key", "shape", "permission"}),
    ],
)
def test_a_source_shows_its_own_fields_alone(source: str, shown: set[str]) -> None:
    fields = ("files", "folder", "query", "pages", "key", "licences", "shape", "rights", "permission")
    assert {name for name, change in zip(fields, on_source(source), strict=True) if change["visible"]} == shown
