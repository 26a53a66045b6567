"""What the Lab does behind its page."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from engines.errors import StudioError
from engines.models.zoo import Zoo
from engines.training.judging import DISTANCE, SCORE, VARIETY
from engines.training.run_curves import AXES
from engines.training.run_estimate import Estimate
from engines.training.runs import Run
from studio.app import build
from studio.components.lab_curves import LabCurves
from studio.components.lab_snapshots import LabSnapshots
from studio.components.lab_trials import LabTrials
from studio.components.outcome import Told
from studio.panels import lab_runs
from studio.panels.lab_runs import WHICH, add_folder, known_runs, known_searches, standing, the_run, trials
from studio.settings import Settings
from studio.state import Services
from studio.tabs import lab
from studio.tabs.lab import Laid, Looked, Seen, Wanted
from tests.engines.training.made_runs import COLUMNS, made_run, save_sheet

WANTED = Wanted(None, "", "plain-64", 5, "mine", "", "", None, 0)


@pytest.fixture
def shared(tiny_zoo: Zoo, tmp_path: Path) -> Services:
    return Services(tiny_zoo, Settings(home=tmp_path, space=True))


@pytest.fixture
def wardrobe(tmp_path: Path) -> Path:
    """Five coats, three hats and a broken file."""
    folder = tmp_path / "wardrobe"
    for index in range(8):
        path = folder / ("hats" if index > 4 else "coats") / f"{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (30, 40), (index * 30, 80, 160)).save(path)
    (folder / "hats" / "0-broken.png").write_bytes(b"\x89PNG nothing")
    return folder


def saved(run: Run) -> Run:
    """The run, as one that was saved once and knows how it was started."""
    run.save({"step": 1})
    run.note_command(["train"])
    return run


def searched(folder: Path) -> Path:
    """A search of three trials, one of which diverged."""
    folder.mkdir(parents=True)
    over = {"rate": [0.1, 0.2], "policy": [[], ["cutout"]]}
    (folder / "search.json").write_text(json.dumps({"preset": {"name": "plain-64"}, "over": over}))

    def row(number: int, rate: float, policy: list[str], score: float | None) -> dict[str, Any]:
        state = "diverged" if score is None else "finished"
        settings = {"rate": rate, "policy": policy}
        named = {"trial": f"trial-0{number}", "settings": settings, "state": state, "score": score}
        return {**named, "figures": {}, "step": score and 40, "steps": 40, "seconds": 8.0, "notice": ""}

    rows = [row(1, 0.1, [], 90.5), row(2, 0.2, [], None), row(3, 0.2, ["cutout"], 70.0)]
    effects = {"rate": [{"value": "0.1", "mean": 90.5, "trials": 1}, {"value": "0.2", "mean": 70.0, "trials": 1}]}
    (folder / "results.json").write_text(json.dumps({"trials": rows, "planned": 4, "best": "trial-03", "effects": effects}))
    return folder


def test_only_a_studio_that_nobody_else_reaches_has_a_lab(tiny_zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STUDIO_HOME", "GRADIO_TEMP_DIR"):
        monkeypatch.setenv(name, str(tmp_path))
    labels = {}
    for place, settings in {
        "own": Settings(home=tmp_path),
        "space": Settings(home=tmp_path, space=True, host="0.0.0.0"),
        "network": Settings(home=tmp_path, host="0.0.0.0"),
    }.items():
        config = build(settings).config
        labels[place] = [component["props"]["label"] for component in config["components"] if component["type"] == "tabitem"]
    assert "Lab" in labels["own"]
    assert "Lab" not in labels["space"] + labels["network"]


@pytest.mark.parametrize(
    "asking",
    [
        lambda services, request: lab.on_look(services, None, "/", "quick", "", "", request),
        lambda services, request: lab.begin(services, replace(WANTED, folder="/")),
        lambda services, request: lab.estimate(services, replace(WANTED, folder="/")),
        lambda services, request: lab.look_at(services, None, "steps", Seen()),
        lambda services, request: lab.halt(services, "run"),
        lambda services, request: lab.resume(services, "run", 5),
        lambda services, request: lab.send(services, Looked("run", 1), "run", "name", "", ""),
        lambda services, request: lab.compare(services, ["run"], "steps", WHICH[0], Laid(), request),
        lambda services, request: lab.on_search(services, "one"),
        lambda services, request: lab.on_preset(services, "quick", None),
        lambda services, request: lab.on_remove(services, "/", None),
        lambda services, request: lab.on_refresh(services, None, None),
        lambda services, request: lab.on_add(services, "/", None),
        lambda services, request: lab.new_run_chosen(services, "run"),
        lambda services, request: lab.sheet(services, "run", 1),
        lambda services, request: lab.latent(services, "run", 1),
        lambda services, request: lab.mark(services, "run", 1, True, ""),
    ],
)
def test_a_shared_studio_refuses_everything_that_the_lab_does(
    asking: Callable[[Services, gr.Request], Any], shared: Services, request_of_ann: gr.Request
) -> None:
    with pytest.raises(StudioError, match="belongs to Atelier on your own machine"):
        asking(shared, request_of_ann)


def test_pictures_are_counted_by_class_and_a_broken_one_is_named(services: Services, wardrobe: Path, request_of_ann: gr.Request) -> None:
    found = lab.on_look(services, None, str(wardrobe), "quick", "", "", request_of_ann, lambda *_, **__: None)  # type: ignore[arg-type]
    assert list(zip(found.names, found.counts, found.shown, strict=True)) == [("coats", 5, 5), ("hats", 4, 3)]
    assert "0-broken.png" in found.line
    with Image.open(found.sheet) as sheet:
        assert sheet.size == (8 * lab.LOOK_SIDE, 2 * lab.LOOK_SIDE)
    renamed = lab.on_look(services, None, str(wardrobe), "quick", "coats=jackets", "", request_of_ann, lambda *_, **__: None)  # type: ignore[arg-type]
    assert renamed.names == ("jackets",)


@pytest.mark.parametrize(
    ("settings", "grey", "wide"), [("", False, False), ("channels=1", True, False), ("framing=rectangle 64x32", False, True)]
)
def test_pictures_are_looked_at_as_the_networks_will_see_them(
    settings: str, grey: bool, wide: bool, services: Services, wardrobe: Path, request_of_ann: gr.Request
) -> None:
    found = lab.on_look(services, None, str(wardrobe), "quick", "", settings, request_of_ann, lambda *_, **__: None)  # type: ignore[arg-type]
    with Image.open(found.sheet) as sheet:
        first = np.asarray(sheet.convert("RGB").crop((0, 0, lab.LOOK_SIDE, lab.LOOK_SIDE))).astype(int)
    assert (np.ptp(first, axis=2).max() < 8) == grey
    assert (first[lab.LOOK_SIDE // 2, 8].min() > 240) == wide  # white beside an upright rectangle


def test_what_the_page_asks_for_becomes_the_train_command(services: Services, wardrobe: Path) -> None:
    made_run(services.settings.home / "runs" / "old", {})
    wanted = replace(WANTED, folder=str(wardrobe), classes="coats", settings="batch=8\n\n widths=(8,8)", source="old", seed=3)
    command = lab.arguments_of(services, wanted, Path("/out"))
    assert command[:6] == ["train", "plain-64", "--data", str(wardrobe), "--out", "/out"]
    source = services.settings.home / "runs" / "old"
    assert command[6:] == [
        "--minutes=5", "--keep=8", "--set=batch=8", "--set=widths=(8,8)", "--classes=coats", f"--from={source}", "--seed=3",
    ]  # fmt: skip


def test_a_training_can_begin_with_a_model_that_draws_with_the_same_network(services: Services, wardrobe: Path) -> None:
    assert lab.sources_for(services, {}, "default") == ["the model garments", "the model scenes"]
    assert lab.sources_for(services, {}, "plain-64") == []
    assert lab.sources_for(services, {}, "textures-128") == ["the model leather-denim"]
    wanted = replace(WANTED, preset="default", folder=str(wardrobe), source="the model garments")
    assert f"--from={services.zoo.folder('garments')}" in lab.arguments_of(services, wanted, Path("/out"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"folder": ""}, "there are no pictures to train on"),
        ({"folder": "wardrobe"}, "write its whole path"),
        ({"chosen_set": "../..", "folder": ""}, "the set is one of"),
        ({"preset": "none"}, "there is no preset 'none'"),
        ({"settings": "colour=red"}, "has no setting 'colour'"),
        ({"minutes": float("nan")}, "the time in minutes is a number"),
        ({"source": "../old"}, "there is no run '../old' any more"),
        ({"source": "the model ../old"}, "there is no model '../old'"),
        ({"seed": 1.5}, "the seed is a whole number"),
    ],
)
def test_an_impossible_training_is_refused_in_a_sentence(change: dict[str, Any], sentence: str, services: Services, wardrobe: Path) -> None:
    (services.settings.home / "sets" / "mine").mkdir(parents=True)
    with pytest.raises(StudioError, match=sentence):
        lab.begin(services, replace(WANTED, **{"folder": str(wardrobe), **change}))
    assert not list((services.settings.home / "runs").glob("*"))


def test_a_training_that_cannot_begin_says_why_and_leaves_its_name_free(services: Services, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(StudioError, match="has no pictures of any class"):
        lab.begin(services, replace(WANTED, folder=str(tmp_path / "empty")))
    assert not list((services.settings.home / "runs").glob("*"))


def test_an_earlier_run_with_the_same_settings_is_the_estimate(services: Services, wardrobe: Path) -> None:
    run = Run(services.settings.home / "runs" / "before")
    preset, _ = lab.preset_of("plain-64", "")
    run.begin({"preset": asdict(preset), "classes": ["all"]}, resume=False)
    for step in (1, 10, 20):
        run.report({"step": step, "seconds": 0.5 * step, "generator": 1.0})
    told = lab.estimate(services, replace(WANTED, folder=str(wardrobe)))
    assert "as the run before went" in told.line
    assert dict(told.facts)["Steps"].startswith("600 of the")


def test_runs_are_found_at_home_in_searches_and_where_one_says(services: Services, tmp_path: Path) -> None:
    home = services.settings.home
    made_run(home / "runs" / "first", {})
    made_run(home / "searches" / "rates" / "trial-01", {})
    made_run(tmp_path / "elsewhere" / "second", {})
    assert set(known_runs(home)) == {"first", "rates/trial-01"}
    add_folder(home, str(tmp_path / "elsewhere"))
    assert set(known_runs(home)) == {"first", "rates/trial-01", "elsewhere/second"}
    for text, sentence in (
        ("", "whole path"),
        (str(tmp_path / "nothing"), "is not a folder"),
        (str(home / "runs" / "first" / "samples"), "folder"),
    ):
        with pytest.raises(StudioError, match=sentence):
            add_folder(home, str(text))
    *_, added, remove = lab.on_refresh(services, None, None)
    assert (added["choices"], added["visible"], remove["visible"]) == ([str(tmp_path / "elsewhere")], True, True)
    runs, added, remove = lab.on_remove(services, str(tmp_path / "elsewhere"), "elsewhere/second")
    assert (set(runs["choices"]), added["choices"]) == ({"first", "rates/trial-01"}, [])
    assert (added["visible"], remove["visible"]) == (False, False)
    assert (tmp_path / "elsewhere" / "second").is_dir()
    with pytest.raises(StudioError, match="is no folder that was added"):
        lab.on_remove(services, None, None)
    with pytest.raises(StudioError, match=r"there is no run '../first' any more"):
        the_run(home, "../first")


def test_the_page_is_told_only_what_changed(services: Services) -> None:
    run = made_run(services.settings.home / "runs" / "one", {20: 9.0, 40: 5.0})
    status, curves, album, seen, *_ = lab.look_at(services, "one", "steps", Seen())
    assert "**Finished.** Step 40 of 40." in status
    assert curves.panels[0].title == "Distance to held-out pictures"
    assert (album.nearest, album.highest, len(album.snapshots)) == (40, 40, 2)
    assert lab.look_at(services, "one", "steps", seen) == (gr.skip(),) * 9
    stale = lab.look_at(services, "one", "steps", seen, compared=["one", "gone"], source="gone")
    assert (stale[5]["value"], stale[6]["value"]) == (["one"], None)
    time.sleep(0.01)
    run.rest(40, 40)
    later = lab.look_at(services, "one", "steps", seen)
    assert later[0] == status
    assert later[1] == later[2] == gr.skip()
    run.report({"step": 41, "seconds": 200.0, "generator": 1.0})
    assert lab.look_at(services, "one", "steps", later[3])[1] != gr.skip()
    assert lab.look_at(services, "one", "minutes", seen)[1].axis == "minutes"


def test_a_training_that_was_killed_does_not_seem_to_train_for_ever(services: Services) -> None:
    run = saved(made_run(services.settings.home / "runs" / "one", {20: 9.0}))
    run.beat(20, 40, 0.5)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        run.lock_file.write_text(str(process.pid))
        status, _, _, seen, *_, stop, resume = lab.look_at(services, "one", "steps", Seen())
        assert "Starting" in status
        assert (stop["interactive"], resume["interactive"]) == (True, False)
        assert lab.look_at(services, "one", "steps", seen) == (gr.skip(),) * 9
        process.kill()
    status, *_, stop, resume = lab.look_at(services, "one", "steps", seen)
    assert "Ended without a word" in status
    assert lab_runs.FROM_ITS_SAVE in status
    assert (stop["interactive"], resume["interactive"]) == (False, True)


def test_a_training_that_was_never_saved_is_not_resumed(services: Services) -> None:
    run = made_run(services.settings.home / "runs" / "one", {})
    run.note_command(["train"])
    run.beat(20, 40, 0.5)
    status, *_, resume = lab.look_at(services, "one", "steps", Seen())
    assert "there is nothing to go on from: start it anew" in status
    assert resume["interactive"] is False
    with pytest.raises(StudioError, match="one ended before its first save"):
        lab.resume(services, "one", 5)


def test_a_training_that_still_reads_pictures_is_listed_and_can_be_stopped_and_one_that_failed_says_why(services: Services) -> None:
    run = Run(services.settings.home / "runs" / "new")
    with run.locked():
        assert set(known_runs(services.settings.home)) == {"new"}
        status, curves, _, seen, *_, stop, resume = lab.look_at(services, "new", "steps", Seen())
        assert "**Starting: it reads its pictures and makes ready.**" in status
        assert curves.panels == ()
        assert (stop["interactive"], resume["interactive"]) == (True, False)
        run.log_file.write_text("error: none of the 9 pictures can be read\n")
    status, _, _, seen, *_, stop, resume = lab.look_at(services, "new", "steps", seen)
    assert "**Did not begin.**" in status
    assert "none of the 9 pictures can be read" in status
    assert (stop["interactive"], resume["interactive"]) == (False, False)
    run.log_file.unlink()
    run.folder.rmdir()
    gone = lab.look_at(services, "new", "steps", seen)
    assert gone[4]["value"] is None
    assert gone[4]["choices"] == []


def test_a_training_that_takes_long_to_start_is_among_the_choices(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "begin", lambda *_: ("new", Told("It runs.")))
    _, choice, _ = lab.on_start(services, *([None] * 9))
    assert choice["value"] in choice["choices"]


def test_a_run_that_diverged_or_does_not_know_its_command_is_not_resumed(services: Services) -> None:
    run = made_run(services.settings.home / "searches" / "rates" / "trial-01", {})
    name = "rates/trial-01"
    run.save({"step": 1})
    run.rest(20, 40)
    status, *_, resume = lab.look_at(services, name, "steps", Seen())
    assert "`search … --resume` where its search lacks it" in status
    assert resume["interactive"] is False
    run.note_command(["train"])
    assert lab.look_at(services, name, "steps", Seen())[-1]["interactive"] is True
    run.rest(20, 40, diverged=True)
    status, *_, resume = lab.look_at(services, name, "steps", Seen())
    assert "**Diverged" in status
    assert resume["interactive"] is False
    with pytest.raises(StudioError, match="start a new run with a lower rate"):
        lab.resume(services, name, 5)


def test_a_training_is_offered_to_begin_with_runs_of_its_own_kind_that_were_saved(services: Services) -> None:
    made = {name: made_run(services.settings.home / "runs" / name, {}) for name in ("saved", "unsaved")}
    swap = Run(services.settings.home / "runs" / "swap")
    swap.begin({"preset": asdict(lab.ALL_PRESETS["textures-128"]), "classes": ["denim", "leather"]}, resume=False)
    for run in (made["saved"], swap):
        run.save({"step": 1})
    assert lab.on_preset(services, "plain-64", "saved")[1]["value"] == "saved"
    about, choice = lab.on_preset(services, "textures-128", "saved")
    assert (choice["choices"], choice["value"]) == (["swap", "the model leather-denim"], None)
    assert about == lab.about_preset("textures-128")
    assert lab.look_at(services, None, "steps", Seen())[6]["choices"] == ["saved", "the model garments", "the model scenes"]
    with pytest.raises(StudioError, match="swap trains a swap, which draws nothing by itself"):
        lab.send(services, Looked("swap", 1), "swap", "mine", "", "")


def test_pictures_are_looked_at_as_the_changed_settings_frame_them(services: Services, wardrobe: Path, request_of_ann: gr.Request) -> None:
    def sheet(settings: str) -> bytes:
        found = lab.on_look(services, None, str(wardrobe), "quick", "", settings, request_of_ann, lambda *_, **__: None)  # type: ignore[arg-type]
        with Image.open(found.sheet) as opened:
            return opened.tobytes()

    assert sheet("framing=letterbox") != sheet("framing=squeeze")


def test_pictures_are_decoded_before_the_steps_are_timed(
    services: Services, wardrobe: Path, studio_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded = studio_home / "cache" / "pictures"
    before, seen = set(decoded.glob("*.npy")), []

    def measured(arguments: list[str]) -> Estimate:
        seen.extend(set(decoded.glob("*.npy")) - before)
        return Estimate(1, 1, 1.0, 1.0, 1.0, None, None, "measured")

    monkeypatch.setattr(lab, "measure_apart", measured)
    lab.estimate(services, replace(WANTED, folder=str(wardrobe)))
    assert len(seen) == 1


def test_a_folder_of_something_else_is_no_run_and_two_searches_of_one_name_are_told_apart(services: Services, tmp_path: Path) -> None:
    home = services.settings.home
    (home / "runs" / "transformer").mkdir(parents=True)
    (home / "runs" / "transformer" / "config.json").write_text('{"hidden_size": 8}')
    assert known_runs(home) == {}
    first, second = searched(home / "searches" / "rates"), searched(tmp_path / "elsewhere" / "rates")
    add_folder(home, str(tmp_path / "elsewhere"))
    assert known_searches(home) == {"rates": first, "rates (2)": second}


def test_what_is_compared_and_searched_follows_what_is_written(services: Services, request_of_ann: gr.Request) -> None:
    home = services.settings.home
    run, folder = made_run(home / "runs" / "one", {20: 3.0}), searched(home / "searches" / "rates")
    chosen = (["one"], "steps", WHICH[0])
    *_, laid = lab.compare(services, *chosen, Laid(), request_of_ann)
    assert lab.laid_anew(services, *chosen, laid, request_of_ann) == (gr.skip(),) * 3
    save_sheet(run, 30, COLUMNS)
    sheets, _, laid = lab.laid_anew(services, *chosen, laid, request_of_ann)
    assert sheets[0].note == "step 30"
    run.report({"step": 41, "seconds": 200.0, "generator": 1.0})
    sheets, curves, laid = lab.laid_anew(services, *chosen, laid, request_of_ann)
    assert sheets == gr.skip()
    assert curves.panels
    assert lab.laid_anew(services, ["one", "gone"], *chosen[1:], laid, request_of_ann) == (gr.skip(),) * 3
    _, shown = lab.on_search(services, "rates")
    assert lab.searched_anew(services, "rates", shown) == (gr.skip(),) * 3
    results = json.loads((folder / "results.json").read_text())
    (folder / "results.json").write_text(json.dumps({**results, "planned": 9}))
    _, table, shown = lab.searched_anew(services, "rates", shown)
    assert table.line == "plain-64: 3 of 9 trials have been made."
    (folder / "search.json").unlink()
    choice, table, _ = lab.searched_anew(services, "rates", shown)
    assert (choice["value"], table) == (None, None)


def test_names_from_a_run_are_no_markup(services: Services) -> None:
    run = made_run(services.settings.home / "runs" / "one", {})
    run.report({"step": 40, "notice": "<script>alert(1)</script> [link](http://x)"})
    assert "<script>" not in standing(run)
    assert "[link]" not in standing(run)


def test_marks_are_kept_beside_the_snapshots_and_hostile_questions_get_a_sentence(services: Services) -> None:
    run = made_run(services.settings.home / "runs" / "one", {20: 9.0, 40: 5.0})
    ask = lab.answering(services, lab.mark, "run", "step", "star", "note")
    assert ask({"run": "one", "step": 20, "star": True, "note": "clear"}) == {"star": True, "note": "clear"}
    assert run.marks()[20].note == "clear"
    strange: list[Any] = [{"run": "../one", "step": 20}, {"run": "one", "step": "20"}, {"run": "one", "step": 21}, {"run": ["one"]}]
    hostile = [None, [], *strange]
    for question in hostile:
        assert set(ask(question)) == {"error"}
    show = lab.answering(services, lab.sheet, "run", "step")
    assert show({"run": "one", "step": 20})["picture"].startswith("data:image/webp;base64,")
    over_time = lab.answering(services, lab.latent, "run", "place")
    assert over_time({"run": "one", "place": 3})["steps"] == [20, 40]
    assert "has no picture 60" in over_time({"run": "one", "place": 60})["error"]


def test_a_long_run_shows_at_most_so_many_moments_of_a_latent(services: Services) -> None:
    made_run(services.settings.home / "runs" / "long", dict.fromkeys(range(1, 41), 1.0))
    steps = lab.latent(services, "long", 0)["steps"]
    assert len(steps) == lab.MOST_IN_STRIP
    assert (steps[0], steps[-1]) == (1, 40)


def test_a_finished_run_is_not_resumed_and_a_resting_one_is_not_stopped(services: Services) -> None:
    run = made_run(services.settings.home / "runs" / "one", {})
    with pytest.raises(StudioError, match="has taken all 40 steps"):
        lab.resume(services, "one", 5)
    with pytest.raises(StudioError, match="nothing is training"):
        lab.halt(services, "one")
    run.save({"step": 1})
    run.rest(20, 40)
    with pytest.raises(StudioError, match="does not know how it was started"):
        lab.resume(services, "one", 5)


@pytest.mark.parametrize(
    ("looked", "name", "sentence"),
    [
        (Looked(), "mine", "no run is chosen"),
        (Looked("one", 20), "My Model", "is no model name"),
        (Looked("one", 20), "scenes", "there is a model scenes already"),
        (Looked("one", 20), "mine", "networks of step 20 are not kept, those of these steps are: none yet"),
    ],
)
def test_what_cannot_be_sent_is_said(looked: Looked, name: str, sentence: str, services: Services) -> None:
    made_run(services.settings.home / "runs" / "one", {20: 9.0})
    with pytest.raises(StudioError, match=sentence):
        lab.send(services, looked, looked.run, name, "", "")


def test_a_snapshot_is_never_sent_with_the_words_of_another_run(services: Services) -> None:
    """The run that was chosen last has no snapshot yet, so that the page still shows one of the run before."""
    made_run(services.settings.home / "runs" / "one", {20: 9.0})
    made_run(services.settings.home / "runs" / "two", {})
    with pytest.raises(StudioError, match="no snapshot of two is shown yet"):
        lab.send(services, Looked("one", 20), "two", "two", "Two", "of the set two")


def test_runs_lie_side_by_side_with_the_snapshot_that_one_asks_for(services: Services, request_of_ann: gr.Request) -> None:
    for name, distances in (("one", {20: 3.0, 40: 5.0}), ("two", {40: 7.0})):
        made_run(services.settings.home / "runs" / name, distances)
    sheets, charts, laid = lab.compare(services, ["one", "two"], "pictures", WHICH[1], Laid(), request_of_ann)
    assert [(named.name, named.note.split(";")[0]) for named in sheets] == [("one", "step 20"), ("two", "step 40")]
    assert [curve.name for curve in charts.panels[0].curves] == ["one", "two"]
    assert lab.compare(services, [], "steps", WHICH[0], laid, request_of_ann)[0] == []
    with pytest.raises(StudioError, match="at most 6 runs"):
        lab.compare(services, list("abcdefg"), "steps", WHICH[0], laid, request_of_ann)


def test_the_rights_of_a_model_are_those_of_its_set(services: Services, tmp_path: Path) -> None:
    run = made_run(services.settings.home / "runs" / "one", {})
    assert "not recorded" in lab_runs.rights_of(run)
    (tmp_path / "streets").mkdir()
    manifest = {"format": 1, "pictures": [{"file": "a.png"}, {"file": "b.png"}]}
    (tmp_path / "streets" / "manifest.json").write_text(json.dumps(manifest))
    run.note_command(["train", "quick", "--data", str(tmp_path / "streets")])
    assert lab_runs.rights_of(run) == "Inherits the rights of the 2 pictures of the set streets, listed in its ATTRIBUTION.csv."


def test_a_search_is_a_table_with_its_best_trial_first(services: Services) -> None:
    folder = searched(services.settings.home / "searches" / "rates")
    assert known_searches(services.settings.home) == {"rates": folder}
    found = trials(folder)
    assert [row[0] for row in found.rows] == ["trial-03", "trial-01", "trial-02"]
    assert found.rows[0][1] == ("0.2", '["cutout"]')
    assert found.best == "trial-03"
    assert found.line == "plain-64: 3 of 4 trials have been made."
    assert found.effects[0] == ("rate", (("0.1", 90.5, 1), ("0.2", 70.0, 1)))
    (folder / "results.json").write_text("torn")
    with pytest.raises(StudioError, match="no results that can be read"):
        lab.show_search(services, "rates")


def test_what_the_components_send_is_plain(services: Services) -> None:
    run = made_run(services.settings.home / "runs" / "one", {20: 9.0, 40: 5.0})
    run.report({"step": 40, DISTANCE: 5.0, VARIETY: float("nan"), SCORE: 0.4})
    sent = [
        LabCurves(label="Curves", empty="").postprocess(lab_runs.charts(run, AXES[0])),
        LabSnapshots(label="Snapshots", empty="").postprocess(lab_runs.album(run, "one")),
        LabTrials(label="Trials", empty="").postprocess(trials(searched(services.settings.home / "searches" / "rates"))),
    ]
    assert json.loads(json.dumps(sent, allow_nan=False)) == sent
    assert sent[1]["grid"] == {"columns": 10, "rows": 6, "names": []}


def test_the_clock_runs_only_while_the_lab_is_looked_at() -> None:
    events: list[Any] = [SimpleNamespace(value=name) for name in ("Lab", "Explore")]
    assert [lab.on_tab(event).active for event in events] == [True, False]
