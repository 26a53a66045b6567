import json

import numpy as np
import pytest

from engines.curation.encoder import Encoder, encode_prompts
from engines.curation.rules import REPORT, Judgement, Pass, Rule, disagreements, judge, stacked
from engines.errors import StudioError


def drawn_vectors(encoder: Encoder, count: int = 300) -> np.ndarray:
    """Unit vectors between the directions of some words, the last one of a picture that could not be read."""
    random = np.random.default_rng(0)
    words = encode_prompts(encoder, ["a city street", "a forest", "a beach", "a face"])
    mixed = random.dirichlet(np.full(4, 0.4), count) @ words + random.normal(0, 0.02, (count, words.shape[1]))
    vectors = (mixed / np.linalg.norm(mixed, axis=1, keepdims=True)).astype(np.float32)
    vectors[-1] = np.nan
    return vectors


def rule(encoder: Encoder, *passes: Pass, name: str = "") -> Rule:
    return Rule(name, encoder.model_id, passes)


def test_the_shipped_rule_is_the_reports() -> None:
    assert REPORT.as_json() == {
        "format": 1,
        "name": "report",
        "model_id": "ViT-B-32-quickgelu/openai/float32",
        "passes": [{"positives": ["cityscape"], "negatives": [], "method": "cosine", "cut": 0.21}],
    }


def test_a_rule_survives_json() -> None:
    made = Rule("towns", "m@1/bf16", (Pass(("a  town", "a city"), ("a map",), "margin", 0.05), Pass(("night",), cut=0.2)))
    assert Rule.from_json(json.loads(json.dumps(made.as_json()))) == made
    assert made.sentence() == "a town, a city against a map (margin) ≥ 0.05, then night ≥ 0.2"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"format": 2}, "format 1"),
        ({"model_id": ""}, "no model"),
        ({"passes": []}, "1 to 16 passes"),
        ({"passes": [{"positives": ["a"]}]}, "save it anew"),
        ({"passes": [{"positives": "city", "cut": 0.2}]}, "save it anew"),
        ({"passes": [{"positives": [], "cut": 0.2}]}, "at least one prompt"),
        ({"passes": [{"positives": ["a"], "cut": 1.2}]}, "from -1 to 1"),
        ({"passes": [{"positives": ["a"], "cut": float("nan")}]}, "threshold"),
        ({"passes": [{"positives": ["a"], "cut": 0.2, "method": "sum"}]}, "cosine, margin, softmax"),
        ({"passes": [{"positives": ["a"], "cut": 0.2, "method": "margin"}]}, "negative prompt"),
        ({"name": "x" * 81}, "at most 80"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(change: dict[str, object], reason: str) -> None:
    with pytest.raises(StudioError, match=reason):
        Rule.from_json(REPORT.as_json() | change)


def test_a_rule_of_another_model_is_refused_and_names_both(encoder: Encoder) -> None:
    with pytest.raises(StudioError, match=r"'report' belongs to ViT-B-32-quickgelu/openai/float32.*studio-clip@.*score with ViT-B-32"):
        judge(REPORT, drawn_vectors(encoder), encoder)


def test_a_picture_must_pass_all_passes(encoder: Encoder) -> None:
    vectors = drawn_vectors(encoder)
    city, forest = Pass(("a city street",), cut=0.5), Pass(("a forest",), cut=0.4)
    both = judge(rule(encoder, city, forest), vectors, encoder)
    each = [judge(rule(encoder, one), vectors, encoder).kept for one in (city, forest)]
    assert 0 < both.kept.sum() < min(one.sum() for one in each)
    assert np.array_equal(both.kept, each[0] & each[1])


def test_the_one_score_of_a_picture_agrees_with_the_decision(encoder: Encoder) -> None:
    vectors = drawn_vectors(encoder)
    for passes in ((Pass(("a city street",), cut=0.5),), (Pass(("a city street",), cut=0.5), Pass(("a forest",), cut=0.2))):
        found = judge(rule(encoder, *passes), vectors, encoder)
        scores, cut = found.standing
        assert np.array_equal(scores >= cut, found.kept)


@pytest.mark.parametrize("method", ["cosine", "margin", "softmax"])
def test_a_picture_that_cannot_be_read_is_never_kept(encoder: Encoder, method: str) -> None:
    lowest = {"cosine": -1.0, "margin": -2.0, "softmax": 0.0}[method]
    found = judge(rule(encoder, Pass(("a city",), ("a face",), method, lowest)), drawn_vectors(encoder), encoder)
    assert found.kept[:-1].all()
    assert not found.kept[-1]
    assert np.isnan(found.scores[-1]).all()


def test_stacked_rules_ask_each_question_once_and_belong_to_one_model() -> None:
    night = Rule("night", REPORT.model_id, (Pass(("night",), cut=0.2), *REPORT.passes))
    assert [one.positives for one in stacked("both", [REPORT, night]).passes] == [("cityscape",), ("night",)]
    with pytest.raises(StudioError, match="one model"):
        stacked("both", [REPORT, Rule("other", "m/float32", REPORT.passes)])


def test_disagreements_are_exactly_the_pictures_decided_otherwise_the_greatest_first(encoder: Encoder) -> None:
    vectors = drawn_vectors(encoder)
    city = judge(rule(encoder, Pass(("a city street",), cut=0.5)), vectors, encoder)
    town = judge(rule(encoder, Pass(("a city street",), ("a forest",), "margin", 0.0)), vectors, encoder)
    found = disagreements(city, town)
    assert {one.place for one in found} == set(np.flatnonzero(city.kept != town.kept).tolist())
    assert all(one.kept_by_first == city.kept[one.place] for one in found)
    assert [one.amount for one in found] == sorted((one.amount for one in found), reverse=True)
    assert all(0 < one.amount <= 2 for one in found)
    assert disagreements(city, city) == ()


def test_the_greatest_disagreement_lies_farthest_from_both_cuts() -> None:
    asked = Rule("", "m/float32", (Pass(("a",), cut=0.5),))

    def judged(scores: list[float]) -> Judgement:
        column = np.array(scores)
        return Judgement(asked, column[:, None], column >= 0.5)

    first, second = judged([0.9, 0.6, 0.5, 0.1, 0.2]), judged([0.1, 0.4, 0.8, 0.9, 0.2])
    assert [one.place for one in disagreements(first, second)] == [0, 3, 1]
    with pytest.raises(StudioError, match="same pictures"):
        disagreements(first, judged([0.1]))
