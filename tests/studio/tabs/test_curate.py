import json
import math
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_images

from engines.curation.catalogue import Catalogue
from engines.curation.sources.files import file_pictures
from engines.errors import StudioError
from engines.models.zoo import Zoo
from engines.paths import SHIPPED_MODELS
from engines.recipe import read_recipe
from studio import views
from studio.collections import Desk, open_catalogue
from studio.components.score_grid import ScoreView
from studio.settings import EVERYWHERE, Settings
from studio.state import Services
from studio.tabs import curate
from studio.tabs.curate import DEMO, Asked
from tests.pictures import animated_gif, climbing_zip, empty_zip, enormous_png, photograph, text_named_jpg
from tests.tiny import publish_tiny_models

ANN, BOB = gr.Request(session_hash="ann"), gr.Request(session_hash="bob")
NAME, WINDOW = "garden", "0a1b2c3d"


def quiet(*_: object, **__: object) -> None:
    """Progress that nobody sees."""


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Zoo:
    """The shipped text-image model and small generators."""
    models = tmp_path_factory.mktemp("models")
    publish_tiny_models(models)
    return Zoo([models, SHIPPED_MODELS])


@pytest.fixture(scope="module")
def warm(zoo: Zoo, tmp_path_factory: pytest.TempPathFactory) -> Services:
    """Services whose encoder is loaded, lent to those of each test."""
    return Services(zoo, Settings(home=tmp_path_factory.mktemp("warm")))


@pytest.fixture
def services(warm: Services, tmp_path: Path) -> Services:
    """A home of its own for each test."""
    made = Services(warm.zoo, Settings(home=tmp_path / "home"))
    object.__setattr__(made, "encoders", warm.encoders)
    made.views._encoders = warm.encoders
    return made


@pytest.fixture(autouse=True)
def _small_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo collection of the small generators, with fewer pictures."""
    monkeypatch.setattr(curate, "DEMO_MODELS", ("scenes", "garments"))
    monkeypatch.setattr(curate, "DEMO_COUNT", 13)


@pytest.fixture
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where the page puts uploads."""
    folder = tmp_path / "uploads"
    folder.mkdir()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(folder))
    return folder


@pytest.fixture
def photographs(uploads: Path) -> list[str]:
    for name, pixels in zip(("temple.jpg", "flower.jpg"), load_sample_images().images, strict=True):
        Image.fromarray(pixels).save(uploads / name)
    return [str(uploads / "temple.jpg"), str(uploads / "flower.jpg")]


@pytest.fixture
def desk(services: Services, photographs: list[str]) -> Desk:
    """A collection with a temple and a flower on the desk of a window."""
    catalogue = open_catalogue(services, ANN)
    catalogue.create(NAME)
    catalogue.add(NAME, file_pictures([Path(path) for path in photographs], "yes"))
    return Desk(NAME, actor=f"window {WINDOW}")


def score(services: Services, desk: Desk, positives: str = "flower", negatives: str = "", method: str = "auto") -> tuple[Desk, str]:
    _, line = curate.score(services, desk, positives, negatives, method, "studio-clip", ANN, quiet)  # type: ignore[arg-type]
    return curate.read_anew(services, desk, ANN), line


def saved(services: Services, desk: Desk) -> Desk:
    return curate.save_rule(services, desk, "Flowers", ANN)[0]


def used(services: Services, desk: Desk, name: str) -> Desk:
    curate.use_rule(services, desk, name, ANN, quiet)  # type: ignore[arg-type]
    return curate.read_anew(services, desk, ANN)


def demo(services: Services, prompt: str, desk: Desk | None = None) -> tuple[Desk, str]:
    opened, (_, _, line) = curate.open_demo(services, prompt, desk or Desk(), ANN, quiet)  # type: ignore[arg-type]
    return curate.read_anew(services, opened[0], ANN), line


def shown(services: Services, desk: Desk, compare: str = "", asked: Asked | None = None) -> tuple[ScoreView, tuple[Any, ...]]:
    view, *others = curate.look(services, desk, compare, asked or Asked(), ANN)
    return view, tuple(others)


def moved(services: Services, desk: Desk, key: str, cut: object) -> Any:
    return curate.commit(services, desk, gr.EventData(None, {"key": key, "cut": cut, "window": WINDOW}))


def names(services: Services, kept: bool) -> list[str]:
    catalogue = open_catalogue(services, ANN)
    state = catalogue.state(NAME)
    return [one.provenance.name for one in catalogue.pictures(NAME) if state[one.id].kept == kept]


def test_the_prompt_keeps_the_picture_that_shows_it_and_says_which_model_scored(services: Services, desk: Desk) -> None:
    desk, line = score(services, desk)
    view, _ = shown(services, desk)
    assert names(services, True) == ["flower.jpg"]
    assert names(services, False) == ["temple.jpg"]
    assert "scored by studio-clip@" in view.about
    assert (view.total, view.kept, view.cut) == (2, 1, 0.2)
    assert line.startswith("2 pictures of garden scored in")
    assert "2 scores are too few" in view.reason


def test_fewer_pictures_are_kept_as_the_cut_rises_and_the_catalogue_knows(services: Services, desk: Desk) -> None:
    desk, _ = score(services, desk)
    kept = []
    for cut in (-1.0, 0.2, 1.0):
        key = shown(services, desk)[0].key
        desk = moved(services, desk, key, cut)
        kept.append(shown(services, desk)[0].kept)
    assert kept == [2, 1, 0]
    assert [event.actor for event in open_catalogue(services, ANN).history(NAME)] == [f"window {WINDOW}"] * 4


@pytest.mark.parametrize("cut", [math.nan, math.inf, 2, "0.2", None, True])
def test_an_impossible_threshold_is_a_sentence(services: Services, desk: Desk, cut: object) -> None:
    desk, _ = score(services, desk)
    with pytest.raises(StudioError, match="threshold"):
        moved(services, desk, shown(services, desk)[0].key, cut)


def test_a_threshold_left_over_from_another_collection_changes_nothing(services: Services, desk: Desk) -> None:
    desk, _ = score(services, desk)
    key = shown(services, desk)[0].key
    assert not isinstance(moved(services, desk.opened("another"), key, 0.1), Desk)
    with pytest.raises(StudioError, match="open the collection again"):
        moved(services, desk, "0" * 32, 0.1)


def test_a_threshold_let_go_over_older_scores_leaves_the_newer_rule(services: Services, desk: Desk) -> None:
    desk, _ = score(services, desk, "flower")
    key = shown(services, desk)[0].key
    desk, _ = score(services, desk, "temple")
    again = moved(services, desk, key, 0.1)
    assert "temple" in shown(services, again)[0].about
    assert again.version > desk.version, "the page goes on showing what decides no longer"


def test_a_scoring_that_ends_leaves_the_collection_that_was_opened_meanwhile(services: Services, desk: Desk) -> None:
    first, line = curate.score(services, desk, "flower", "", "auto", "studio-clip", ANN, quiet)  # type: ignore[arg-type]
    second, _ = curate.use_rule(services, saved(services, desk), "Flowers", ANN, quiet)  # type: ignore[arg-type]
    assert first != second, "the page would not read the second one anew"
    assert NAME in line
    open_catalogue(services, ANN).create("another")
    meanwhile = desk.opened("another")
    after = curate.read_anew(services, meanwhile, ANN)
    assert (after.collection, after.version) == ("another", meanwhile.version + 1)
    with gr.Blocks() as page:
        built = curate.build(services)
    endings = [one for one in page.fns.values() if built.status in one.outputs and built.scored in one.outputs]
    assert len(endings) > 5
    assert {one.api_name for one in endings if built.desk in one.outputs} <= {f"on_open_demo{number}" for number in ("", "_1", "_2", "_3")}


def test_what_was_found_in_a_collection_goes_from_the_page_with_it(services: Services) -> None:
    with gr.Blocks() as page:
        built = curate.build(services)
    ids = {f"filters-{name}" for name in ("copies", "of-copies", "faults", "of-faults", "of-standing")} | {"cutouts-cuts"}
    [emptying] = [one for one in page.fns.values() if ids <= {getattr(output, "elem_id", None) for output in one.outputs}]
    assert emptying.targets == [(built.desk._id, "change")]
    assert emptying.fn is not None
    assert emptying.fn(Desk("streets"), NAME) == ["streets", *[None] * len(ids)]
    assert emptying.fn(Desk(NAME).touched(), NAME) == [NAME, *[gr.skip()] * len(ids)]


def test_the_demo_is_opened_before_it_is_scored_and_not_once_more_after(services: Services) -> None:
    steps = list(curate.open_demo(services, "shoes", Desk(), ANN, quiet))  # type: ignore[arg-type]
    assert [step[0].collection for step in steps if isinstance(step[0], Desk)] == [DEMO]
    assert isinstance(steps[0][0], Desk)


def test_a_window_that_the_server_has_forgotten_goes_on_where_it_was(services: Services, desk: Desk) -> None:
    desk, _ = score(services, desk)
    key = shown(services, desk)[0].key
    again = moved(services, Desk(), key, 0.1)
    assert (again.collection, again.actor) == (NAME, f"window {WINDOW}")
    assert shown(services, again)[0].cut == 0.1
    assert curate.touched(services, Desk(), gr.EventData(None, {"key": key})).collection == NAME
    for ask in (curate.touched, curate.commit):
        with pytest.raises(StudioError, match="open the collection again"):
            ask(services, Desk(), gr.EventData(None, {"key": "0" * 32, "cut": 0.1, "window": WINDOW}))


def test_what_a_window_looks_at_is_not_forgotten_while_it_is_open(services: Services) -> None:
    with gr.Blocks():
        built = curate.build(services)
    assert {state.time_to_live for state in (built.desk, built.asked)} == {math.inf}


def test_unwanted_things_lower_what_shows_them(services: Services, desk: Desk) -> None:
    desk, _ = score(services, desk, "a building", "a plant\n\na flower")
    view, others = shown(services, desk)
    assert view.axis == "margin over the unwanted"
    assert view.reach == (-2.0, 2.0)
    assert others[1:4] == ("a building", "a plant\na flower", "auto")
    assert names(services, True) == ["temple.jpg"]


def test_prompts_are_written_back_only_when_the_rule_is_another_one(services: Services, desk: Desk) -> None:
    desk, _ = score(services, desk, "flower\na blossom")
    _, others = shown(services, desk)
    assert others[1] == "flower\na blossom"
    _, again = shown(services, desk.touched(), asked=others[-1])
    assert not isinstance(again[1], str)


def test_new_prompts_score_again_without_looking_at_a_picture(services: Services, desk: Desk, photographs: list[str]) -> None:
    fields = ("temple", "", "auto", "studio-clip", ANN)
    assert not isinstance(curate.rescore(services, desk, *fields)[0], str)
    desk, _ = score(services, desk)
    for path in (open_catalogue(services, ANN).folder / "pictures").rglob("*.jpg"):
        path.unlink()
    assert isinstance(curate.rescore(services, desk, *fields)[0], str)
    assert names(services, True) == ["temple.jpg"]
    assert not isinstance(curate.rescore(services, desk, *fields)[0], str)


def test_the_same_question_keeps_the_cut_and_another_one_does_not(services: Services, desk: Desk) -> None:
    desk, _ = score(services, desk)
    desk = moved(services, desk, shown(services, desk)[0].key, 0.123)
    desk, _ = score(services, desk)
    assert shown(services, desk)[0].cut == 0.123
    desk, line = score(services, desk, "temple")
    assert shown(services, desk)[0].cut == 0.2
    assert "usual start" in line


def test_presets_add_unwanted_things_once() -> None:
    once = curate.add_preset("people", "a map")
    assert once.splitlines()[:2] == ["a map", "a person"]
    assert curate.add_preset("people", once) == once


def test_a_rule_is_saved_used_compared_and_deleted(services: Services, desk: Desk) -> None:
    desk, _ = score(services, desk)
    desk, emptied, line = curate.save_rule(services, desk, "  Flowers ", ANN)
    assert emptied == ""
    assert line.startswith("Saved: Flowers, flower ≥ 0.2")
    desk, _ = score(services, desk, "temple")
    view, others = shown(services, desk, "Flowers")
    assert view.compare == "Flowers"
    assert others[5]["choices"] == ["Flowers"]
    told = views.disagreement(services.views.get(view.key), "Flowers", services.views)
    assert sorted(told["notes"]) == ["Flowers drops it", "Flowers keeps it"]
    desk = used(services, desk, "Flowers")
    assert names(services, True) == ["flower.jpg"]
    desk, _, _ = curate.forget_rule(services, desk, "Flowers", ANN)
    assert open_catalogue(services, ANN).rules() == {}
    assert names(services, True) == ["flower.jpg"]
    for act in (lambda: curate.use_rule(services, desk, "Flowers", ANN, quiet), lambda: curate.forget_rule(services, desk, None, ANN)):  # type: ignore[arg-type]
        with pytest.raises(StudioError, match="the saved rule"):
            act()


def test_the_model_that_scored_is_the_one_that_reads_the_next_prompts(services: Services, desk: Desk, tmp_path: Path) -> None:
    shutil.copytree(SHIPPED_MODELS / "studio-clip", tmp_path / "models" / "second-clip")
    services = Services(Zoo([tmp_path / "models", SHIPPED_MODELS]), services.settings)
    curate.score(services, desk, "flower", "", "auto", "second-clip", ANN, quiet)  # type: ignore[arg-type]
    desk = saved(services, curate.read_anew(services, desk, ANN))
    fresh = curate.arrive(services, Desk(), gr.EventData(None, {"window": WINDOW, "collection": NAME}), ANN)
    assert (desk.model, fresh.model) == ("second-clip", "second-clip")
    assert shown(services, fresh)[1][4] == "second-clip"
    desk, _ = score(services, desk, "temple")
    view, others = shown(services, desk)
    assert (desk.model, others[4], "studio-clip@" in view.about) == ("studio-clip", "studio-clip", True)
    desk = used(services, desk, "Flowers")
    view, others = shown(services, desk)
    assert (desk.model, others[4], "second-clip@" in view.about) == ("second-clip", "second-clip", True)


def test_every_prompt_is_told_about_a_picture(services: Services, desk: Desk) -> None:
    desk, _ = score(services, desk, "flower\na blossom", "a building")
    view = services.views.get(shown(services, desk)[0].key)
    told = views.prompts(view, 1, services.views)
    assert [(one["kind"], one["prompt"]) for one in told["prompts"]] == [("+", "flower"), ("+", "a blossom"), ("−", "a building")]
    assert views.details(view, 1)["name"] == "flower.jpg"
    assert told["prompts"][0]["score"] > told["prompts"][2]["score"]


def test_a_window_opens_the_collection_it_had_before(services: Services, desk: Desk) -> None:
    def arriving(**told: object) -> Desk:
        return curate.arrive(services, Desk(), gr.EventData(None, told), ANN)

    assert arriving(window=WINDOW, collection=NAME).collection == NAME
    assert arriving(window=WINDOW, collection=NAME).actor == f"window {WINDOW}"
    assert arriving(window=WINDOW, collection="gone").collection == ""
    assert arriving(window=WINDOW, collection=["garden"]).collection == ""
    with pytest.raises(StudioError, match="hexadecimal"):
        arriving(window="<b>", collection=NAME)


def test_a_window_that_comes_back_after_its_visit_was_swept_away_has_nothing_open(services: Services, desk: Desk) -> None:
    event = gr.EventData(None, {"window": WINDOW, "collection": "swept away"})
    assert curate.arrive(services, Desk("swept away"), event, ANN).collection == ""
    event = gr.EventData(None, {"window": WINDOW, "collection": NAME})
    assert curate.arrive(services, Desk("swept away"), event, ANN).collection == NAME


def test_an_unscored_collection_and_none_at_all_are_shown_as_such(services: Services, desk: Desk) -> None:
    view, _ = shown(services, desk)
    assert view.about == curate.NOT_SCORED
    assert view.kept == view.total == 2
    nothing, others = shown(services, Desk())
    assert nothing is None
    assert others[0]["choices"] == [NAME]


def test_every_bad_input_is_a_sentence(services: Services, desk: Desk) -> None:
    for prompt in ("", "   ", "x" * 301, None, "x" * 5000):
        with pytest.raises(StudioError, match="prompt"):
            score(services, desk, prompt)  # type: ignore[arg-type]
    with pytest.raises(StudioError, match="method"):
        score(services, desk, method="guess")
    with pytest.raises(StudioError, match="model"):
        curate.score(services, desk, "flower", "", "auto", "../secrets", ANN, quiet)  # type: ignore[arg-type]
    with pytest.raises(StudioError, match="no collection is open"):
        score(services, replace(desk, collection=""))
    with pytest.raises(StudioError, match="the collection"):
        curate.open_collection(services, desk, "../secrets", ANN)
    with pytest.raises(StudioError, match="no rule to save"):
        curate.save_rule(services, desk, "mine", ANN)


def test_pictures_that_cannot_be_read_any_more_are_named_and_left_as_they_are(services: Services, desk: Desk) -> None:
    first = open_catalogue(services, ANN).pictures(NAME)[0]
    first.path.write_bytes(b"damaged")
    desk, line = score(services, desk)
    assert "1 left as they are: temple.jpg" in line
    assert shown(services, desk)[0].kept == 2


def test_the_demo_mixes_what_the_generators_draw_and_is_quick_the_second_time(services: Services) -> None:
    desk, line = demo(services, "cityscape")
    assert desk.collection == DEMO
    assert line.startswith("13 pictures of Demo collection scored")
    found = open_catalogue(services, ANN).pictures(DEMO)
    told = [picture.provenance.name for picture in found]
    assert sum("scenes" in name for name in told) == 7
    assert {name.split("-")[1] for name in told if "garments" in name} == {"coat", "hat", "shoes"}
    assert read_recipe(found[0].path) is not None
    assert found[0].provenance.training_allowed == "yes"
    drawn = next((services.settings.home / "cache").rglob("*.png"))
    before = drawn.stat().st_mtime_ns
    again, _ = demo(services, "shoes", desk)
    assert drawn.stat().st_mtime_ns == before
    assert len(open_catalogue(services, ANN).pictures(again.collection)) == 13


def test_a_shared_studio_gives_each_session_its_own_demo_which_goes_with_it(warm: Services, tmp_path: Path) -> None:
    shared = Services(warm.zoo, Settings(home=tmp_path / "shared", host=EVERYWHERE))
    object.__setattr__(shared, "encoders", warm.encoders)
    shared.views._encoders = warm.encoders
    curate.warm_up(shared)
    desk, _ = demo(shared, "shoes")
    assert open_catalogue(shared, ANN).names() == [DEMO]
    assert open_catalogue(shared, BOB).names() == []
    view = curate.look(shared, desk, "", Asked(), ANN)[0]
    shared.forget(shared.session_folder(ANN))
    answer = curate.answering(shared, views.tiles, "positions")({"key": view.key, "positions": [0]})
    assert answer["gone"] is True
    assert not list(shared.settings.sessions.rglob("*.png"))


def test_what_the_grid_asks_is_answered_with_sentences_when_it_is_nonsense(services: Services, desk: Desk) -> None:
    desk, _ = score(services, desk)
    key = shown(services, desk)[0].key
    asked = {function.__name__: function for function in curate.answers(services)}
    assert set(asked) == {
        "arrays", "states", "tiles", "details", "decide", "turn", "fresh", "queue", "estimate", "groups", "disagreement", "prompts",
    }  # fmt: skip
    for question in (None, [], "key", {}, {"key": key, "positions": "0"}, {"key": ["a"]}, {"key": key, "positions": [10**30]}):
        answer = asked["tiles"](question)
        assert answer["error"].endswith(".")
        assert "Traceback" not in answer["error"]
    for name in set(asked) - {"groups", "arrays", "states", "fresh"}:
        told = asked[name]({"key": key, "window": {"a": 1}, "cut": "x", "position": 1.5, "decision": "burn", "positions": [0]})
        assert name == "tiles" or told["error"], name


def test_the_endpoint_answers_like_the_command_line(services: Services, photographs: list[str], uploads: Path) -> None:
    poem = text_named_jpg(uploads / "poem.jpg")
    found = json.loads(curate.score_files(services, [*photographs, str(poem)], "flower", 0.2, ANN))
    assert list(found) == ["model", "prompt", "threshold", "scores", "failed"]
    assert [(one["path"], one["kept"]) for one in found["scores"]] == [("temple.jpg", False), ("flower.jpg", True)]
    assert found["failed"][0]["path"] == "poem.jpg"
    with pytest.raises(StudioError, match="threshold"):
        curate.score_files(services, photographs, "flower", math.nan, ANN)


def test_the_endpoint_takes_a_zip_and_names_bad_files(services: Services, photographs: list[str], uploads: Path) -> None:
    with zipfile.ZipFile(uploads / "both.zip", "w") as archive:
        for path in photographs:
            archive.write(path, f"in/{Path(path).name}")
        archive.writestr("in/notes.doc", "x")
    found = json.loads(curate.score_files(services, [str(uploads / "both.zip")], "flower", None, ANN))
    assert [one["path"] for one in found["scores"]] == ["in/temple.jpg", "in/flower.jpg"]
    assert [one["path"] for one in found["failed"]] == ["in/notes.doc"]
    assert list(services.session_folder(ANN).iterdir()) == [], "what was in the ZIP is gone"
    bad = [text_named_jpg(uploads / "poem.jpg"), enormous_png(uploads / "huge.png"), animated_gif(uploads / "moving.gif")]
    cmyk = photograph(uploads / "print.jpg", mode="CMYK")
    told = json.loads(curate.score_files(services, [*photographs, *map(str, bad), str(cmyk)], "flower", None, ANN))
    assert len(told["scores"]) == 3
    empty, climbing = empty_zip(uploads / "empty.zip"), climbing_zip(uploads / "climbing.zip", Path(photographs[0]))
    for files in ([], [str(bad[0])], [str(empty)], [str(climbing)], [str(empty), *photographs], ["/etc/hostname"]):
        with pytest.raises(StudioError):
            curate.score_files(services, files, "flower", None, ANN)


def test_thumbnails_are_drawn_again_and_never_the_files_themselves(services: Services, desk: Desk) -> None:
    desk, _ = score(services, desk)
    view = shown(services, desk)[0]
    told = json.dumps([view.payload(), views.tiles(services.views.get(view.key), [0, 1])])
    assert "temple.jpg" in told
    assert str(services.settings.home) not in told


def test_a_sheet_leaves_as_a_png(services: Services, desk: Desk) -> None:
    desk, _ = score(services, desk)
    key = shown(services, desk)[0].key
    event = gr.EventData(None, {"key": key, "positions": [0, 1], "kept": [False, True], "title": "../Random kept"})
    path = curate.sheet(services, event, ANN)
    assert path.parent == services.session_folder(ANN)
    with Image.open(path) as drawn:
        assert drawn.format == "PNG"
        assert np.asarray(drawn).std() > 10


def test_the_catalogue_of_the_page_is_the_one_of_the_command_line(services: Services, desk: Desk, tmp_path: Path) -> None:
    score(services, desk)
    copied = shutil.copytree(services.settings.home / "catalogue", tmp_path / "copy")
    chosen = Catalogue(copied).selection(NAME, "kept")
    assert [one.name for one in chosen.chosen] == ["flower.jpg"]
    assert chosen.model_id.startswith("studio-clip@")
