"""Collections, their pictures and what is decided about them."""

import json
import multiprocessing
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engines.curation.arrivals import AddReport, Reached
from engines.curation.catalogue import DATABASE_FILE, Catalogue
from engines.curation.provenance import SAID_ON_IMPORT, Failure, Fetched, Provenance
from engines.curation.schema import MIGRATIONS, as_text
from engines.errors import Cancelled, StudioError
from engines.progress import silent
from tests.engines.curation.catalogue_processes import COLLECTION, decide_often, fetched, import_pictures, make_collection

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.engines.curation.catalogue_processes"])


def tiny_pictures(folder: Path, count: int) -> Path:
    """Distinct pictures of 8 × 6 pixels, `0000.png` and so on."""
    folder.mkdir()
    for index in range(count):
        pixels = np.random.default_rng(index).integers(0, 256, (6, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{index:04}.png")
    return folder


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_pictures(tmp_path_factory.mktemp("in") / "pictures", 24)


@pytest.fixture(scope="module")
def filled(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a catalogue whose collection has 24 pictures; copied by `catalogue`."""
    folder = tmp_path_factory.mktemp("filled") / "catalogue"
    opened = Catalogue(folder)
    opened.create(COLLECTION)
    opened.add(COLLECTION, fetched(pictures))
    opened.close()
    return folder


@pytest.fixture
def catalogue(filled: Path, tmp_path: Path) -> Catalogue:
    shutil.copytree(filled, tmp_path / "catalogue")
    return Catalogue(tmp_path / "catalogue")


def ids_of(catalogue: Catalogue, name: str = COLLECTION) -> list[int]:
    return [picture.id for picture in catalogue.pictures(name)]


def rows(folder: Path, *tables: str) -> list[Any]:
    """Everything in some tables, read past the catalogue."""
    connection = sqlite3.connect(folder / DATABASE_FILE)
    found = [sorted(connection.execute(f"SELECT * FROM {table}").fetchall()) for table in tables]
    connection.close()
    return found


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a catalogue but its database."""
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {name: content for name, content in found.items() if not name.startswith(DATABASE_FILE)}


def test_pictures_come_in_under_their_hash_and_originals_stay(catalogue: Catalogue, pictures: Path) -> None:
    before = {path.name: path.read_bytes() for path in pictures.iterdir()}
    found = catalogue.pictures(COLLECTION)
    assert [picture.provenance.identity for picture in found] == sorted(before)
    first = found[0]
    assert first.path == catalogue.folder / "pictures" / first.sha256[:2] / f"{first.sha256}.png"
    assert first.path.read_bytes() == before["0000.png"]
    assert (first.width, first.height, first.label, first.provenance.name) == (8, 6, "0", "picture 0000")
    assert {path.name: path.read_bytes() for path in pictures.iterdir()} == before


def test_the_same_picture_is_not_added_twice(catalogue: Catalogue, pictures: Path, tmp_path: Path) -> None:
    again = catalogue.add(COLLECTION, fetched(pictures))
    assert (again.added, again.already, again.failed) == (0, 24, ())
    copied = shutil.copytree(pictures, tmp_path / "elsewhere")
    moved = catalogue.add(COLLECTION, fetched(copied))
    assert (moved.added, moved.already) == (0, 24)
    other = (pictures / "0000.png").read_bytes() + b"other bytes behind the picture"
    same_photograph = Fetched(other, Provenance("pexels", "0001.png", "the same photograph, re-encoded"))
    assert catalogue.add(COLLECTION, [same_photograph]).already == 1
    assert catalogue.known(COLLECTION, "pexels") == {f"{index:04}.png" for index in range(1, 24, 2)}


def test_two_folders_may_use_the_same_file_name_for_different_pictures(catalogue: Catalogue, tmp_path: Path) -> None:
    Image.new("RGB", (5, 5), "red").save(tmp_path / "0000.png")
    assert catalogue.add(COLLECTION, [Fetched(tmp_path / "0000.png", Provenance("folder", "0000.png", "0000.png"))]).added == 1


def test_a_picture_is_measured_as_it_is_seen(catalogue: Catalogue, tmp_path: Path) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.new("RGB", (30, 20), "navy").save(tmp_path / "named-wrongly.png", format="JPEG", exif=turned)
    catalogue.add(COLLECTION, [Fetched(tmp_path / "named-wrongly.png", Provenance("files", "x", "x"))])
    picture = catalogue.pictures(COLLECTION)[-1]
    assert (picture.width, picture.height, picture.path.suffix) == (20, 30, ".jpg")


def test_one_corrupt_picture_among_many_costs_one_line(tmp_path: Path) -> None:
    folder = tiny_pictures(tmp_path / "many", 400)
    bad = folder / "0123.png"
    bad.write_bytes(bad.read_bytes()[:60])
    catalogue = Catalogue(tmp_path / "catalogue")
    catalogue.create(COLLECTION)
    report = catalogue.add(COLLECTION, fetched(folder))
    assert (report.added, [name for name, _ in report.failed]) == (399, ["picture 0123"])
    assert report.failed[0][1].startswith("it is ")
    assert catalogue.failures(COLLECTION) == list(report.failed)
    Image.new("RGB", (9, 9), "teal").save(bad)
    assert catalogue.add(COLLECTION, fetched(folder)).added == 1
    assert catalogue.failures(COLLECTION) == []


def test_nothing_but_corrupt_pictures_is_a_clear_error(tmp_path: Path) -> None:
    folder = tiny_pictures(tmp_path / "bad", 20)
    for path in folder.iterdir():
        path.write_text("no picture")
    catalogue = Catalogue(tmp_path / "catalogue")
    catalogue.create(COLLECTION)
    with pytest.raises(StudioError, match="none of 20 pictures could be taken in; the first, picture 0000: it is not a JPEG"):
        catalogue.add(COLLECTION, fetched(folder))


def test_a_file_that_is_gone_is_one_failure(catalogue: Catalogue, tmp_path: Path) -> None:
    gone = Fetched(tmp_path / "gone.png", Provenance("folder", "gone.png", "gone.png"))
    good = tmp_path / "good.png"
    Image.new("RGB", (4, 4)).save(good)
    report = catalogue.add(COLLECTION, [gone, Failure("told", "the source says so"), Fetched(good, Provenance("folder", "g", "g"))])
    assert report.added == 1
    assert [name for name, _ in report.failed] == ["gone.png", "told"]


def test_cancelling_keeps_what_came_so_far(pictures: Path, tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "catalogue")
    catalogue.create(COLLECTION)

    def stop(done: int, total: int, message: str = "") -> None:
        if done == 15:
            raise Cancelled

    with pytest.raises(Cancelled):
        catalogue.add(COLLECTION, fetched(pictures), stop)
    assert len(catalogue.pictures(COLLECTION)) == 14
    assert catalogue.add(COLLECTION, fetched(pictures)).added == 10
    assert [picture.provenance.identity for picture in catalogue.pictures(COLLECTION)] == [f"{index:04}.png" for index in range(24)]


def test_a_cursor_is_kept_with_the_pictures_before_it(catalogue: Catalogue, pictures: Path) -> None:
    def source() -> Any:
        yield Fetched((pictures / "0000.png").read_bytes() + b"x", Provenance("openverse", "a", "a"))
        yield Reached("openverse:sky", {"page": 1})
        raise StudioError("the network went away")

    with pytest.raises(StudioError, match="went away"):
        catalogue.add(COLLECTION, source())
    assert catalogue.cursor(COLLECTION, "openverse:sky") == {"page": 1}
    assert catalogue.known(COLLECTION, "openverse") == {"a"}
    assert catalogue.cursor(COLLECTION, "pexels:sky") is None
    catalogue.set_cursor(COLLECTION, "openverse:sky", {"page": 2})
    assert catalogue.facts(COLLECTION).cursors == {"openverse:sky": {"page": 2}}


def test_collections_share_files_and_removing_one_leaves_the_other_whole(catalogue: Catalogue, pictures: Path) -> None:
    catalogue.create("half")
    catalogue.add("half", list(fetched(pictures))[:10])
    assert [(facts.name, facts.pictures) for facts in catalogue.collections()] == [("half", 10), (COLLECTION, 24)]
    catalogue.remove(COLLECTION)
    assert len(files(catalogue.folder)) == 10
    assert all(picture.path.is_file() for picture in catalogue.pictures("half"))
    catalogue.rename("half", "whole")
    with pytest.raises(StudioError, match="there is no collection 'half': choose one of whole"):
        catalogue.pictures("half")
    catalogue.remove("whole")
    assert files(catalogue.folder) == {}
    assert rows(catalogue.folder, "pictures", "origins", "events", "decided", "doomed") == [[], [], [], [], []]


@pytest.mark.parametrize("name", ["", " ", " x", "a\nb", "x" * 81])
def test_a_name_that_cannot_be_read_is_refused(catalogue: Catalogue, name: str) -> None:
    with pytest.raises(StudioError, match="a name has 1 to 80"):
        catalogue.create(name)


def test_a_hand_beats_a_filter_and_a_filter_the_rule(catalogue: Catalogue) -> None:
    a, b, c, d, *_ = ids_of(catalogue)
    assert catalogue.state(COLLECTION)[a] == (catalogue.state(COLLECTION)[b])
    assert catalogue.state(COLLECTION)[a].by == "default"
    catalogue.set_rule(COLLECTION, {"name": "report", "cut": 0.21, "model_id": "m"}, {a: 0.1, b: 0.5, c: 0.5}, [b, c], "anna")
    catalogue.apply_filter(COLLECTION, "blurred", {"limit": 3}, {c: "sharpness 1.2"}, "anna")
    catalogue.decide(COLLECTION, [a], "keep", "ben", "the only one at night")
    state = catalogue.state(COLLECTION)
    assert [(state[one].kept, state[one].by, state[one].why) for one in (a, b, c, d)] == [
        (True, "hand", "the only one at night"),
        (True, "rule", "score 0.500, cut at 0.21"),
        (False, "filter", "blurred: sharpness 1.2"),
        (True, "default", "nothing has decided about it"),
    ]
    catalogue.set_rule(COLLECTION, {"name": "stricter"}, {a: 0.1, b: 0.5}, [], "anna")
    assert catalogue.state(COLLECTION)[a].kept
    assert not catalogue.state(COLLECTION)[b].kept
    catalogue.decide(COLLECTION, [a], "clear", "ben")
    assert not catalogue.state(COLLECTION)[a].kept
    catalogue.remove_filter(COLLECTION, "blurred", "anna")
    assert catalogue.state(COLLECTION)[c].by == "default"


def test_a_selection_says_of_each_picture_why_and_where_from(catalogue: Catalogue) -> None:
    ids = ids_of(catalogue)
    catalogue.set_frame(COLLECTION, {"kind": "pad", "size": 64}, "anna")
    catalogue.set_rule(COLLECTION, {"name": "report", "model_id": "studio-clip@1"}, {ids[0]: 0.25, ids[1]: 0.5}, ids[:1], "anna")
    kept, dropped = catalogue.selection(COLLECTION), catalogue.selection(COLLECTION, "dropped")
    assert kept.counts == dropped.counts == {"pictures": 24, "kept": 23, "dropped": 1}
    assert (len(kept.chosen), len(dropped.chosen), len(catalogue.selection(COLLECTION, "all").chosen)) == (23, 1, 24)
    assert (dropped.chosen[0].why, dict(dropped.chosen[0].scores)) == ("rule: score 0.500", {"report": 0.5})
    assert dropped.chosen[0].provenance.licence == "CC0"
    assert (kept.model_id, kept.frame) == ("studio-clip@1", {"kind": "pad", "size": 64})
    with pytest.raises(StudioError, match="choose kept, dropped or all"):
        catalogue.selection(COLLECTION, "best")


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (lambda c: c.decide(COLLECTION, [10**9], "keep", "a"), "1 of the 1 pictures are not in this collection"),
        (lambda c: c.decide(COLLECTION, [], "keep", "a"), "no pictures are chosen"),
        (lambda c: c.decide(COLLECTION, ids_of(c), "maybe", "a"), "decide keep, drop or clear"),
        (lambda c: c.decide(COLLECTION, ids_of(c), "keep", " "), "needs who takes it"),
        (lambda c: c.remove_filter(COLLECTION, "blur", "a"), "has no filter 'blur'"),
        (lambda c: c.set_rule(COLLECTION, {}, {ids_of(c)[0]: 1.0}, ids_of(c), "a"), "has not seen"),
        (lambda c: c.set_rights(COLLECTION, None, "yes", " ", "a"), "needs the permission in words"),
        (lambda c: c.undo(COLLECTION, "a"), "nothing to take back"),
        (lambda c: c.redo(COLLECTION, "a"), "nothing to do again"),
        (lambda c: c.delete_rule("report"), "there is no rule"),
        (lambda c: c.create(COLLECTION), "there is a collection"),
    ],
)
def test_a_wrong_decision_is_one_clear_sentence_and_changes_nothing(
    catalogue: Catalogue, act: Callable[[Catalogue], object], sentence: str
) -> None:
    before = rows(catalogue.folder, "events", "decided")
    with pytest.raises(StudioError, match=sentence):
        act(catalogue)
    assert rows(catalogue.folder, "events", "decided") == before


def random_action(catalogue: Catalogue, draw: random.Random, actor: str) -> None:
    """One decision of any kind."""
    ids = ids_of(catalogue)
    some = draw.sample(ids, draw.randint(1, 12))
    scores = {one: draw.random() for one in some}
    filters = list(catalogue.facts(COLLECTION).filters)
    actions: list[Callable[[], object]] = [
        lambda: catalogue.decide(COLLECTION, some, draw.choice(["keep", "drop", "clear"]), actor, draw.choice(["", "ugly"])),
        lambda: catalogue.apply_filter(COLLECTION, draw.choice("ab"), {"limit": draw.random()}, dict.fromkeys(some, "too dark"), actor),
        lambda: catalogue.set_rule(COLLECTION, {"cut": 0.5}, scores, [one for one in some if scores[one] >= 0.5], actor),
        lambda: catalogue.set_rule(COLLECTION, None, actor=actor),
        lambda: catalogue.set_frame(COLLECTION, {"size": draw.randint(8, 1024)}, actor),
        lambda: catalogue.set_rights(COLLECTION, some, "no", "", actor),
    ]
    if filters:
        actions.append(lambda: catalogue.remove_filter(COLLECTION, draw.choice(filters), actor))
    draw.choice(actions)()


@pytest.mark.parametrize("seed", range(3))
def test_undoing_twenty_mixed_actions_leads_back_to_the_beginning(catalogue: Catalogue, seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(5):
        random_action(catalogue, draw, "ben")
    beginning, seen = rows(catalogue.folder, "decided"), catalogue.state(COLLECTION)
    for _ in range(20):
        random_action(catalogue, draw, "anna")
    end = rows(catalogue.folder, "decided")
    assert end != beginning
    for _ in range(20):
        catalogue.undo(COLLECTION, "anna")
    assert rows(catalogue.folder, "decided") == beginning
    assert catalogue.state(COLLECTION) == seen
    for _ in range(20):
        catalogue.redo(COLLECTION, "anna")
    assert rows(catalogue.folder, "decided") == end
    assert len(catalogue.history(COLLECTION)) == 65


def test_nobody_takes_back_what_somebody_else_has_decided_about_since(catalogue: Catalogue) -> None:
    a, b, c, *_ = ids_of(catalogue)
    catalogue.decide(COLLECTION, [a, b], "keep", "anna")
    catalogue.decide(COLLECTION, [c], "drop", "ben")
    catalogue.decide(COLLECTION, [b], "drop", "ben")
    with pytest.raises(StudioError, match=r"ben has decided about 1 of these pictures since"):
        catalogue.undo(COLLECTION, "anna")
    assert catalogue.undo(COLLECTION, "ben").what == "dropped 1 picture by hand"
    assert catalogue.undo(COLLECTION, "anna").what == "kept 2 pictures by hand"
    assert [event.undone for event in catalogue.history(COLLECTION)] == [True, False, True, False, False]
    catalogue.decide(COLLECTION, [a], "drop", "ben")
    with pytest.raises(StudioError, match="ben has decided"):
        catalogue.redo(COLLECTION, "anna")


def test_the_log_travels_to_another_catalogue(catalogue: Catalogue, pictures: Path, tmp_path: Path) -> None:
    draw = random.Random(7)
    for turn in range(25):
        random_action(catalogue, draw, "anna" if turn % 3 else "ben")
    for _ in range(3):
        catalogue.undo(COLLECTION, catalogue.history(COLLECTION)[24].actor)
    catalogue.redo(COLLECTION, catalogue.history(COLLECTION)[24].actor)
    assert catalogue.export_decisions(tmp_path / "log.jsonl") == 29
    other = Catalogue(tmp_path / "other")
    other.create("unrelated")
    other.add("unrelated", list(fetched(pictures))[:3])
    with pytest.raises(StudioError, match="collect its pictures first"):
        other.import_decisions(tmp_path / "log.jsonl")
    other.create(COLLECTION)
    other.add(COLLECTION, reversed(list(fetched(pictures))))
    assert other.import_decisions(tmp_path / "log.jsonl").events == 29
    by_content = [{one.sha256: (c.state(COLLECTION)[one.id], one.provenance) for one in c.pictures(COLLECTION)} for c in (catalogue, other)]
    assert by_content[0] == by_content[1]
    assert catalogue.facts(COLLECTION).rule == other.facts(COLLECTION).rule
    told = [
        [(event.time, event.actor, event.kind, event.what, event.undone) for event in c.history(COLLECTION)] for c in (catalogue, other)
    ]
    assert told[0] == told[1]
    again = other.import_decisions(tmp_path / "log.jsonl")
    assert (again.events, again.already) == (0, 29)
    other.undo(COLLECTION, "anna")


def test_a_log_about_missing_pictures_says_how_many_and_a_torn_one_changes_nothing(
    catalogue: Catalogue, pictures: Path, tmp_path: Path
) -> None:
    catalogue.decide(COLLECTION, ids_of(catalogue), "drop", "anna")
    catalogue.export_decisions(tmp_path / "log.jsonl", COLLECTION)
    other = Catalogue(tmp_path / "other")
    other.create(COLLECTION)
    other.add(COLLECTION, list(fetched(pictures))[:9])
    torn = tmp_path / "torn.jsonl"
    torn.write_text((tmp_path / "log.jsonl").read_text()[:-20])
    for path in (torn, pictures / "0000.png", tmp_path / "missing"):
        with pytest.raises(StudioError, match="decisions"):
            other.import_decisions(path)
    assert other.history(COLLECTION) == []
    assert other.import_decisions(tmp_path / "log.jsonl").missing == 15


def test_a_no_is_not_washed_away_by_importing_the_picture_again(catalogue: Catalogue, pictures: Path) -> None:
    path = pictures / "0001.png"
    catalogue.create("bought")
    catalogue.add("bought", [Fetched(path.read_bytes() + b"?", Provenance("pexels", "9", "9", training_allowed="no"))])
    content = catalogue.pictures("bought")[0].path.read_bytes()
    for number, (permission, allowed) in enumerate([("", "no"), (SAID_ON_IMPORT, "no"), ("letter of 3 March", "yes")]):
        catalogue.create(f"own {number}")
        record = Provenance("folder", "a", "a", training_allowed="yes", permission=permission)
        report = catalogue.add(f"own {number}", [Fetched(content, record)])
        assert report.restricted == (allowed == "no")
        assert catalogue.pictures(f"own {number}")[0].provenance.training_allowed == allowed
    catalogue.set_rights("own 0", None, "yes", "letter of 3 March", "anna")
    assert catalogue.selection("own 0").chosen[0].provenance.permission == "letter of 3 March"
    catalogue.undo("own 0", "anna")
    assert catalogue.pictures("own 0")[0].provenance.training_allowed == "no"


def test_a_no_about_a_picture_that_is_there_stands_unless_it_was_permitted_in_words(catalogue: Catalogue, pictures: Path) -> None:
    path = pictures / "0001.png"

    def add(allowed: str, permission: str = "") -> AddReport:
        return catalogue.add("own", [Fetched(path, Provenance("folder", "a", "a", training_allowed=allowed, permission=permission))])

    catalogue.create("own")
    add("yes", SAID_ON_IMPORT)
    assert [(add("no").forbidden, add("no").already) for _ in range(2)] == [(1, 1), (0, 1)]
    assert catalogue.pictures("own")[0].provenance.training_allowed == "no"
    catalogue.set_rights("own", None, "yes", "letter of 3 March", "anna")
    assert add("no").forbidden == 0
    assert catalogue.pictures("own")[0].provenance.permission == "letter of 3 March"


def test_rules_are_kept_by_name(catalogue: Catalogue) -> None:
    catalogue.save_rule("night", {"positives": ["city at night"], "cut": 0.2})
    catalogue.save_rule("night", {"positives": ["city at night"], "cut": 0.3})
    assert catalogue.rules() == {"night": {"positives": ["city at night"], "cut": 0.3}}
    catalogue.delete_rule("night")
    assert catalogue.rules() == {}


def test_twenty_kills_during_an_import_leave_the_catalogue_of_an_undisturbed_one(tmp_path: Path) -> None:
    folder = tiny_pictures(tmp_path / "in", 200)
    import_pictures(folder, tmp_path / "undisturbed")
    draw = random.Random(5)
    killed = 0
    for turn in range(20):
        ours, theirs = PROCESSES.Pipe()
        process = PROCESSES.Process(target=import_pictures, args=(folder, tmp_path / "killed", theirs))
        process.start()
        theirs.close()
        last = draw.randint(1, 9) + 9 * turn
        while ours.poll(60) and ours.recv() < last:
            pass
        process.join(draw.random() * 0.01)
        process.kill()
        process.join()
        killed += process.exitcode == -9
        ours.close()
    assert killed == 20
    import_pictures(folder, tmp_path / "killed")
    tables = ("pictures", "origins", "failures", "decided", "events")
    assert rows(tmp_path / "killed", *tables) == rows(tmp_path / "undisturbed", *tables)
    assert files(tmp_path / "killed") == files(tmp_path / "undisturbed")
    assert len(files(tmp_path / "killed")) == 200


def test_two_processes_that_write_at_once_lose_no_decision(catalogue: Catalogue) -> None:
    times = 120
    both = [PROCESSES.Process(target=decide_often, args=(catalogue.folder, *who, times)) for who in (("anna", "keep"), ("ben", "drop"))]
    for process in both:
        process.start()
    for process in both:
        process.join(120)
    assert [process.exitcode for process in both] == [0, 0]
    history = catalogue.history(COLLECTION)
    assert {actor: sum(event.actor == actor for event in history) for actor in ("anna", "ben")} == {"anna": times, "ben": times}
    last: dict[int, str] = {}
    for (change,) in sqlite3.connect(catalogue.folder / DATABASE_FILE).execute("SELECT change FROM events ORDER BY id"):
        for value, ids in json.loads(change)["hand"]["after"]:
            last |= dict.fromkeys(ids, value[0])
    assert {one: "keep" if decision.kept else "drop" for one, decision in catalogue.state(COLLECTION).items()} == last


def test_processes_that_open_a_new_catalogue_or_import_the_same_at_once_do_not_disturb_each_other(pictures: Path, tmp_path: Path) -> None:
    folder = tmp_path / "catalogue"
    makers = [PROCESSES.Process(target=make_collection, args=(folder, f"of {index}")) for index in range(4)]
    importers = [PROCESSES.Process(target=import_pictures, args=(pictures, folder)) for _ in range(2)]
    for process in (*makers, *importers):
        process.start()
    for process in (*makers, *importers):
        process.join(120)
    assert [process.exitcode for process in (*makers, *importers)] == [0] * 6
    catalogue = Catalogue(folder)
    assert len(catalogue.collections()) == 5
    assert len(catalogue.pictures(COLLECTION)) == len(files(folder)) == 24


def write_version_1(folder: Path, sha256: str) -> None:
    """A catalogue as the first version wrote it: a picture without a class, dropped by hand without a reason."""
    folder.mkdir(parents=True)
    connection = sqlite3.connect(folder / DATABASE_FILE)
    MIGRATIONS[0](connection)
    connection.execute("INSERT INTO collections (name, created) VALUES (?, '2025-01-01T00:00:00+00:00')", (COLLECTION,))
    record = as_text(Provenance("folder", "a.jpg", "a.jpg").as_json())
    picture = "INSERT INTO pictures (collection, sha256, suffix, width, height, provenance) VALUES (1, ?, '.jpg', 4, 3, ?)"
    connection.execute(picture, (sha256, record))
    value = ["drop", "anna", "2025-01-02T00:00:00+00:00"]
    connection.execute("INSERT INTO decided VALUES (1, 'hand', 1, ?)", (as_text(value),))
    change = as_text({"hand": {"before": [[None, [1]]], "after": [[value, [1]]]}})
    connection.execute(
        "INSERT INTO events (uid, collection, time, actor, kind, what, change) VALUES ('u', 1, ?, 'anna', 'decide', 'dropped 1', ?)",
        (value[2], change),
    )
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()


def write_version_2(folder: Path, sha256: str) -> None:
    """The same catalogue as the second version wrote it: without an index on the order of arrival."""
    write_version_1(folder, sha256)
    connection = sqlite3.connect(folder / DATABASE_FILE)
    MIGRATIONS[1](connection)
    connection.execute("PRAGMA user_version = 2")
    connection.commit()
    connection.close()


WRITERS: dict[int, Callable[[Path, str], None]] = {1: write_version_1, 2: write_version_2}


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
def test_a_catalogue_of_every_earlier_version_opens_with_all_that_was_in_it(tmp_path: Path, version: int) -> None:
    WRITERS[version](tmp_path / "catalogue", "ab" * 32)
    catalogue = Catalogue(tmp_path / "catalogue")
    (picture,) = catalogue.pictures(COLLECTION)
    assert (picture.sha256, picture.width, picture.label, picture.provenance.name) == ("ab" * 32, 4, "", "a.jpg")
    assert not catalogue.state(COLLECTION)[1].kept
    assert catalogue.state(COLLECTION)[1].why == "dropped by anna"
    catalogue.undo(COLLECTION, "anna")
    assert catalogue.state(COLLECTION)[1].by == "default"
    assert sqlite3.connect(tmp_path / "catalogue" / DATABASE_FILE).execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)


def test_a_later_version_a_damaged_file_and_a_place_to_read_only_are_clear_errors(tmp_path: Path) -> None:
    Catalogue(tmp_path / "later").close()
    connection = sqlite3.connect(tmp_path / "later" / DATABASE_FILE)
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    with pytest.raises(StudioError, match="update Atelier"):
        Catalogue(tmp_path / "later")
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / DATABASE_FILE).write_bytes(b"not a database " * 100)
    with pytest.raises(StudioError, match="no catalogue"):
        Catalogue(tmp_path / "damaged")
    (tmp_path / "file").write_text("")
    with pytest.raises(StudioError, match="cannot be used"):
        Catalogue(tmp_path / "file" / "below")


def test_an_import_reports_how_far_it_is(pictures: Path, tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "catalogue")
    catalogue.create(COLLECTION)
    told: list[tuple[int, int]] = []
    catalogue.add(COLLECTION, list(fetched(pictures)), lambda done, total, message="": told.append((done, total)))
    assert told == [(done, 24) for done in range(1, 25)]
    catalogue.add(COLLECTION, [], silent)
