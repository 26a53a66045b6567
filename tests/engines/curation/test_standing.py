"""What decides about many pictures, as arrays."""

from pathlib import Path

import numpy as np
import pytest

from engines.curation.catalogue import Catalogue
from engines.curation.decisions import RuleVerdict
from engines.curation.provenance import Fetched, Provenance
from engines.errors import StudioError
from tests import pictures

NAME = "towns"


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    made = Catalogue(tmp_path / "catalogue")
    for name, count in (("others", 2), (NAME, 8)):
        made.create(name)
        files = [pictures.photograph(tmp_path / f"{name}-{seed}.png", 12, 9, seed=seed) for seed in range(count)]
        made.add(name, [Fetched(path, Provenance("files", path.name, path.name)) for path in files])
    return made


def kept_by_state(catalogue: Catalogue) -> list[bool]:
    return [decision.kept for decision in catalogue.state(NAME).values()]


def test_the_arrays_agree_with_the_decision_about_each_picture(catalogue: Catalogue) -> None:
    empty = catalogue.standing(NAME)
    ids = empty.ids
    assert empty.kept.tolist() == kept_by_state(catalogue) == [True] * 8
    assert np.isnan(empty.scores).all()
    scores = np.linspace(0, 0.7, 7, dtype=np.float32)
    catalogue.set_verdict(NAME, RuleVerdict(ids[:7], scores >= 0.35, scores, {"cut": 0.35}), "ann")
    catalogue.decide(NAME, [int(ids[0])], "keep", "ann")
    catalogue.decide(NAME, [int(ids[5])], "drop", "ann")
    catalogue.apply_filter(NAME, "dark", {}, {int(ids[6]): "too dark", int(ids[0]): "too dark"}, "ann")
    standing = catalogue.standing(NAME)
    assert standing.kept.tolist() == kept_by_state(catalogue) == [True, False, False, True, True, False, False, True]
    assert standing.hand.tolist() == [1, 0, 0, 0, 0, -1, 0, 0]
    assert np.array_equal(standing.scores[:7], scores)
    assert np.isnan(standing.scores[7])
    assert standing.event == catalogue.last_event(NAME) == catalogue.history(NAME)[-1].id


def test_a_verdict_in_arrays_is_the_rule_in_words_and_can_be_taken_back(catalogue: Catalogue) -> None:
    ids = catalogue.standing(NAME).ids
    scores = np.linspace(0, 0.7, 8, dtype=np.float32)
    catalogue.set_verdict(NAME, RuleVerdict(ids, scores >= 0.35, scores, {"name": "towns", "cut": 0.35}), "ann")
    assert catalogue.history(NAME)[-1].what == "rule 'towns' keeps 4 of 8"
    before = catalogue.state(NAME)
    values = dict(zip(ids.tolist(), scores.tolist(), strict=True))
    kept = ids[scores >= 0.35].tolist()
    catalogue.set_rule(NAME, {"name": "towns", "cut": 0.35}, values, kept, "bob")
    assert catalogue.state(NAME) == before
    catalogue.undo(NAME, "bob")
    catalogue.undo(NAME, "ann")
    assert catalogue.standing(NAME).verdict is None


def test_pictures_of_other_collections_are_refused_and_left_out(catalogue: Catalogue) -> None:
    ids, strange = catalogue.standing(NAME).ids, catalogue.standing("others").ids
    verdict = RuleVerdict(np.concatenate([strange, ids]), np.ones(10, bool), None, {})
    with pytest.raises(StudioError, match="2 of the 10 pictures are not in this collection"):
        catalogue.set_verdict(NAME, verdict, "ann")
    asked = [int(ids[3]), int(strange[0]), int(ids[1])]
    assert [picture.id for picture in catalogue.some_pictures(NAME, asked)] == [int(ids[3]), int(ids[1])]


def test_files_come_in_order_with_their_hashes(catalogue: Catalogue) -> None:
    ids, files = catalogue.files(NAME)
    found = catalogue.pictures(NAME)
    assert ids.tolist() == [picture.id for picture in found]
    assert files == [(picture.sha256, picture.path) for picture in found]
    assert catalogue.names() == ["others", NAME]


def test_rights_recorded_later_are_told_of_some_pictures_too(catalogue: Catalogue) -> None:
    ids = catalogue.standing(NAME).ids.tolist()
    catalogue.set_rights(NAME, ids[:1], "yes", "my own", "ann")
    said = [picture.provenance.training_allowed for picture in catalogue.some_pictures(NAME, ids[:2])]
    assert said == ["yes", "unknown"]


def test_hands_and_filters_say_why(catalogue: Catalogue) -> None:
    ids = catalogue.standing(NAME).ids.tolist()
    catalogue.decide(NAME, ids[:1], "keep", "ann", "it is the best one")
    catalogue.decide(NAME, ids[1:2], "drop", "ann")
    catalogue.apply_filter(NAME, "dark", {}, {ids[2]: "too dark"}, "ann")
    assert catalogue.by_hand(NAME) == {ids[0]: (True, "it is the best one"), ids[1]: (False, "")}
    assert catalogue.filter_reasons(NAME, "dark") == {ids[2]: "too dark"}
    assert catalogue.filter_reasons(NAME, "blurred") == {}
    assert catalogue.named(NAME, ["towns-4.png", "nowhere.png"]) == {"towns-4.png": ids[4]}
