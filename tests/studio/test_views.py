"""What the grid asks, answered without a page."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.curation.catalogue import Catalogue
from engines.curation.decisions import RuleVerdict
from engines.curation.embeddings import EmbeddingStore
from engines.curation.encoder import Encoders
from engines.curation.framing import Frame
from engines.curation.provenance import Fetched, Provenance
from engines.curation.rules import Pass, Rule
from engines.curation.thumbnails import Thumbnails
from engines.errors import StudioError
from engines.models.zoo import Zoo
from engines.paths import SHIPPED_MODELS
from studio import views
from studio.views import QUEUE_REASON, View, Views
from tests import pictures

NAME, WINDOW = "towns", "0a1b2c3d"
SCORES = np.array([0.3, 0.1, 0.2, 0.4, 0.15, 0.25, np.nan, 0.2], np.float32)
HOSTILE = "<img src=x onerror=alert(1)>${alert(2)}\u202egnp.exe"


@pytest.fixture(scope="module")
def encoders() -> Encoders:
    return Encoders(Zoo([SHIPPED_MODELS]))


@pytest.fixture
def looking(encoders: Encoders) -> Views:
    return Views(encoders)


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    made = Catalogue(tmp_path / "catalogue")
    made.create(NAME)
    items = []
    for seed in range(8):
        path = pictures.photograph(tmp_path / f"{seed}.png", 40 + seed, 30, seed=seed)
        name = HOSTILE if seed == 3 else f"town-{seed}.png"
        items.append(Fetched(path, Provenance("files", name, name, author=HOSTILE if seed == 3 else "", page_url="javascript:alert(3)")))
    made.add(NAME, items)
    return made


def judged(catalogue: Catalogue, cut: float = 0.2) -> None:
    known = np.isfinite(SCORES)
    rule = Rule("", "studio-clip@0/float32", (Pass(("town",), cut=cut),))
    ids = catalogue.standing(NAME).ids[known]
    scores = SCORES[known]
    catalogue.set_verdict(NAME, RuleVerdict(ids, scores >= np.float32(cut), scores, rule.as_json() | {"cut": cut}), "ann")


def looked(looking: Views, catalogue: Catalogue, tmp_path: Path) -> View:
    return looking.look(catalogue, NAME, EmbeddingStore(tmp_path / "vectors"), Thumbnails(tmp_path / "thumbnails"))[0]


@pytest.fixture
def view(looking: Views, catalogue: Catalogue, tmp_path: Path) -> View:
    judged(catalogue)
    return looked(looking, catalogue, tmp_path)


def unpacked(text: str, dtype: str) -> list[float]:
    return np.frombuffer(base64.b64decode(text), dtype).tolist()


def test_pictures_stand_in_the_order_of_their_scores_and_those_without_one_come_last(view: View) -> None:
    order = [1, 4, 2, 7, 5, 0, 3, 6]
    ids = view.catalogue.standing(NAME).ids
    assert view.ids.tolist() == ids[order].tolist()
    told = views.arrays(view)
    assert np.allclose(unpacked(told["scores"], "<f4"), sorted(SCORES[np.isfinite(SCORES)]))
    assert unpacked(told["states"], "u1") == [0] * 8
    assert told["event"] == view.catalogue.last_event(NAME)
    assert view.positions_of([int(ids[3]), 10**9, int(ids[6])]).tolist() == [6, 7]


def test_a_collection_that_was_not_scored_is_shown_in_order_of_arrival(looking: Views, catalogue: Catalogue, tmp_path: Path) -> None:
    view = looked(looking, catalogue, tmp_path)
    assert view.ids.tolist() == catalogue.standing(NAME).ids.tolist()
    assert views.arrays(view)["scores"] == ""
    for ask in (lambda: views.queue(view, 0.2, 1), lambda: views.move_cut(view, 0.2, "ann")):
        with pytest.raises(StudioError, match="no scores yet"):
            ask()


def test_hands_and_filters_are_told_by_position(view: View) -> None:
    views.decide(view, [0], "keep", WINDOW, False)
    views.decide(view, [6], "drop", WINDOW, False)
    view.catalogue.apply_filter(NAME, "dark", {}, {int(view.ids[2]): "too dark", int(view.ids[0]): "too dark"}, "ann")
    assert unpacked(views.states(view)["states"], "u1") == [1 | 4, 0, 4, 0, 0, 0, 2, 0]
    assert [event.actor for event in view.catalogue.history(NAME)][1:3] == [f"window {WINDOW}"] * 2
    assert views.why(view, int(view.ids[0])) == ["Kept by hand", "Dropped by the filter dark: too dark"]


def test_the_cut_goes_into_the_catalogue_and_is_counted_there_again(view: View) -> None:
    views.move_cut(view, 0.25, "ann")
    standing = view.catalogue.standing(NAME)
    assert standing.verdict is not None
    assert standing.verdict.rule["cut"] == standing.verdict.rule["passes"][0]["cut"] == 0.25
    assert standing.kept.sum() == 4
    assert [one.kept for one in view.catalogue.state(NAME).values()] == standing.kept.tolist()


def test_a_score_equal_to_the_cut_is_kept_as_in_the_page(looking: Views, catalogue: Catalogue, tmp_path: Path) -> None:
    judged(catalogue)
    view = looked(looking, catalogue, tmp_path)
    for cut in (0.1, 0.15, 0.2, 0.3, 0.4):
        views.move_cut(view, cut, "ann")
        shown = sum(np.float32(score) >= np.float32(cut) for score in view.scores)
        assert catalogue.standing(NAME).kept.sum() == shown + 1


def test_moving_the_cut_keeps_the_view_and_new_scores_make_another(view: View, looking: Views, tmp_path: Path) -> None:
    views.move_cut(view, 0.25, "ann")
    again = looked(looking, view.catalogue, tmp_path)
    assert again.key == view.key
    assert again.rule is not None
    assert again.rule.passes[0].cut == 0.25
    assert looking.get(view.key).rule == again.rule
    view.catalogue.set_frame(NAME, Frame("centre square", 32).as_json(), "ann")
    assert looked(looking, view.catalogue, tmp_path).key != view.key


def test_a_rule_of_two_passes_moves_all_its_cuts_together(looking: Views, catalogue: Catalogue, tmp_path: Path) -> None:
    ids = catalogue.standing(NAME).ids
    rule = Rule("both", "studio-clip@0/float32", (Pass(("town",), cut=0.2), Pass(("night",), cut=0.1)))
    surplus = np.linspace(-0.2, 0.15, 8, dtype=np.float32)
    catalogue.set_verdict(NAME, RuleVerdict(ids, surplus >= 0, surplus, rule.as_json() | {"cut": 0.0}), "ann")
    view = looked(looking, catalogue, tmp_path)
    views.move_cut(view, 0.1, "ann")
    standing = catalogue.standing(NAME)
    assert standing.verdict is not None
    assert [one["cut"] for one in standing.verdict.rule["passes"]] == [0.3, 0.2]
    assert standing.kept.sum() == 2


def test_undo_takes_back_what_this_window_did_and_says_when_another_touched_it_since(view: View) -> None:
    views.decide(view, [0], "keep", WINDOW, False)
    views.decide(view, [1], "keep", "ffff0000", False)
    told = views.turn(view, True, WINDOW)
    assert told["what"] == "Took back: kept 1 picture by hand"
    assert unpacked(told["states"], "u1")[:2] == [0, 1]
    assert views.turn(view, False, WINDOW)["what"].startswith("Did again")
    views.decide(view, [0], "drop", "ffff0000", False)
    with pytest.raises(StudioError, match="window ffff0000 has decided about 1 of these pictures since"):
        views.turn(view, True, WINDOW)


def test_a_window_learns_what_another_did(view: View) -> None:
    before = view.catalogue.last_event(NAME)
    assert views.fresh(view, before) == {"event": before}
    views.decide(view, [0], "keep", "ffff0000", False)
    told = views.fresh(view, before)
    assert (told["actor"], told["what"]) == ("window ffff0000", "kept 1 picture by hand")


def test_one_answer_brings_the_thumbnails_of_a_window_of_the_grid(view: View) -> None:
    told = views.tiles(view, [6, 0])
    assert told["names"] == [HOSTILE, "town-1.png"]
    content = base64.b64decode(told["pixels"])
    assert len(content) == sum(told["lengths"])
    assert content[:2] == content[told["lengths"][0] :][:2] == b"\xff\xd8"


def test_everything_about_one_picture_is_text(view: View, looking: Views) -> None:
    view.catalogue.set_frame(NAME, Frame("centre square", 32).as_json(), "ann")
    framed = looked(looking, view.catalogue, view.store.folder.parent)
    told = views.details(framed, 6)
    facts = dict(told["facts"])
    assert facts["Name"] == facts["Author"] == HOSTILE
    assert facts["Page"] == "javascript:alert(3)"
    assert told["frame"] == "centre square, reduced to 32 × 32"
    assert told["before"]
    assert told["after"]
    assert views.prompts(framed, 6, looking)["prompts"] == []
    json.dumps(told)


def test_a_queue_asks_around_the_cut_and_its_answers_are_kept_apart(looking: Views, tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "many")
    catalogue.create(NAME)
    items = []
    for seed in range(60):
        path = tmp_path / f"{seed}.png"
        Image.new("RGB", (8, 8), (seed * 4, 40, 90)).save(path)
        items.append(Fetched(path, Provenance("files", str(seed), str(seed))))
    catalogue.add(NAME, items)
    scores = np.linspace(0, 0.6, 60, dtype=np.float32)
    rule = Rule("", "studio-clip@0/float32", (Pass(("town",), cut=0.3),))
    catalogue.set_verdict(
        NAME, RuleVerdict(catalogue.standing(NAME).ids, scores >= 0.3, scores, rule.as_json() | {"cut": 0.3}), "ann"
    )  # fmt: skip
    view = looked(looking, catalogue, tmp_path)
    views.decide(view, [5], "keep", WINDOW, False)
    drawn = views.queue(view, 0.3, 7)["positions"]
    assert 5 not in drawn
    assert 40 <= len(drawn) <= 55
    few = views.estimate(view, 0.3)
    assert few["curve"] is None
    assert few["answers"] == 0
    for place in drawn:
        views.decide(view, [place], "keep" if place >= 30 else "drop", WINDOW, True)
    assert {reason for _, reason in catalogue.by_hand(NAME).values()} == {"", QUEUE_REASON}
    told = views.estimate(view, 0.3)
    assert told["answers"] == len(drawn)
    curve = told["curve"]
    at = int(np.searchsorted(curve["cuts"], 0.3))
    assert curve["precision_lower"][at] <= curve["precision"][at] <= curve["precision_upper"][at]
    assert curve["precision"][at] > 0.9
    json.dumps(told)


def test_copies_are_grouped_behind_the_one_that_stays(view: View) -> None:
    assert views.groups(view) == {"groups": [], "copies": 0, "all": 0}
    dropped = {int(view.ids[3]): "near as town-0.png", int(view.ids[1]): "the same file as town-0.png"}
    view.catalogue.apply_filter(NAME, "duplicates", {}, dropped, "ann")
    told = views.groups(view)
    (group,) = told["groups"]
    first = view.positions_of([view.catalogue.named(NAME, ["town-0.png"])["town-0.png"]]).tolist()
    assert group["positions"] == [*first, 3, 1]
    assert group["notes"] == ["stays", "near", "the same file"]
    assert told["copies"] == 2


@pytest.mark.parametrize("positions", [[], [-1], [8], ["0"], [True], [0.0], "0", None, list(range(8)) * 40])
def test_positions_from_anybody_are_checked(view: View, positions: object) -> None:
    with pytest.raises(StudioError, match="positions"):
        views.tiles(view, positions)


@pytest.mark.parametrize("cut", [float("nan"), float("inf"), 2, "0.2", None, True])
def test_an_impossible_cut_is_a_sentence(view: View, cut: object) -> None:
    with pytest.raises(StudioError, match="threshold"):
        views.move_cut(view, cut, "ann")


@pytest.mark.parametrize("window", ["", "ann", "0a1b2c3d; --", None, 7, "0" * 40])
def test_a_window_is_called_by_its_number_alone(window: object) -> None:
    with pytest.raises(StudioError, match="hexadecimal"):
        views.window_name(window)


def test_a_sheet_shows_the_pictures_asked_for(view: View) -> None:
    drawn = views.sheet(view, [0, 6, 7], [True, False, True])
    assert drawn.width > 3 * 128
    with pytest.raises(StudioError, match="positions"):
        views.sheet(view, [], [])


def test_many_visitors_look_at_once_and_none_loses_what_he_looks_at(looking: Views, catalogue: Catalogue, tmp_path: Path) -> None:
    store, thumbnails = EmbeddingStore(tmp_path / "vectors"), Thumbnails(tmp_path / "thumbnails")
    for number in range(40):
        catalogue.create(f"visit {number}")
    seen = [looking.look(catalogue, f"visit {number}", store, thumbnails)[0] for number in range(40)]
    assert [looking.get(view.key).collection for view in seen] == [view.collection for view in seen]


def test_of_views_with_very_many_pictures_the_last_stay(
    looking: Views, catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "MAX_LOOKED_AT", 10)
    first = looked(looking, catalogue, tmp_path)
    judged(catalogue)
    second = looked(looking, catalogue, tmp_path)
    with pytest.raises(StudioError, match="open the collection again"):
        looking.get(first.key)
    assert looking.get(second.key).key == second.key


def test_a_view_that_is_gone_is_a_sentence(looking: Views, view: View, tmp_path: Path) -> None:
    for key in ("", None, "../../etc", view.key + "0"):
        with pytest.raises(StudioError, match="open the collection again"):
            looking.get(key)
    looking.forget_below(tmp_path)
    with pytest.raises(StudioError, match="open the collection again"):
        looking.get(view.key)
