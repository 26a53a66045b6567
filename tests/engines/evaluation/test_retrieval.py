import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from engines.errors import StudioError
from engines.evaluation.retrieval import PromptCheck, check_prompt, precision_recall, roc_auc


def test_the_auc_is_that_of_scikit_learn_with_ties_too() -> None:
    random = np.random.default_rng(0)
    positives, others = random.integers(0, 20, 60) / 10, random.integers(-5, 15, 200) / 10
    truth = np.r_[np.ones(60), np.zeros(200)]
    assert roc_auc(positives, others) == pytest.approx(roc_auc_score(truth, np.r_[positives, others]))


def test_one_side_without_pictures_is_an_error() -> None:
    with pytest.raises(StudioError):
        roc_auc(np.array([]), np.array([0.1]))


def test_classes_that_partly_match_count_neither_way() -> None:
    scores = np.array([0.9, 0.8, 0.1, 0.95])
    result = check_prompt(PromptCheck("jeans", ("denim",), ignored=("pants",)), scores, ["denim", "denim", "sea", "pants"])
    assert result.auc == 1.0
    assert result.pictures == (2, 1)
    assert result.matching == pytest.approx((0.805, 0.85, 0.895))
    assert result.others == pytest.approx((0.1, 0.1, 0.1))
    assert result.spreads == (
        "cosines: nine tenths of 2 matching pictures 0.81 to 0.90, median 0.85; of 1 others 0.10 to 0.10, median 0.10"
    )


def test_precision_is_of_what_is_kept_and_recall_of_what_matches() -> None:
    kept, matching = np.array([True, True, True, False, False]), np.array([True, False, True, True, True])
    assert precision_recall(kept, matching) == pytest.approx((2 / 3, 1 / 2))
    with pytest.raises(StudioError, match="0 kept"):
        precision_recall(np.zeros(5, bool), matching)
