"""How well a text-image model finds pictures by a prompt."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engines.errors import StudioError

SPREAD = (0.05, 0.5, 0.95)
Spread = tuple[float, float, float]


@dataclass(frozen=True)
class PromptCheck:
    """A prompt with the classes it should find.

    Attributes:
        prompt: what is asked for.
        positives: classes whose pictures match.
        ignored: classes that partly match and count neither way.
    """

    prompt: str
    positives: tuple[str, ...]
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True)
class PromptResult:
    """What a prompt found.

    Attributes:
        auc: chance that a matching picture scores above another one.
        matching, others: the scores of each side below which 5, 50 and 95 % of them lie.
        pictures: how many match, and how many do not.
    """

    prompt: str
    auc: float
    matching: Spread
    others: Spread
    pictures: tuple[int, int]

    @property
    def spreads(self) -> str:
        """How the scores lie, in words."""
        (low, middle, high), (other_low, other, other_high) = self.matching, self.others
        return (
            f"cosines: nine tenths of {self.pictures[0]} matching pictures {low:.2f} to {high:.2f}, median {middle:.2f}; "
            f"of {self.pictures[1]} others {other_low:.2f} to {other_high:.2f}, median {other:.2f}"
        )


def roc_auc(positives: np.ndarray, others: np.ndarray) -> float:
    """Area under the ROC curve: the chance that a positive scores above another, ties counting half.

    Args:
        positives, others: scores, shapes (n,) and (m,).

    Raises:
        StudioError: one side is empty.
    """
    if not len(positives) or not len(others):
        raise StudioError(f"AUC needs pictures on both sides, got {len(positives)} and {len(others)}: add the missing ones")
    order = np.sort(others)
    below = np.searchsorted(order, positives, "left")
    up_to = np.searchsorted(order, positives, "right")
    return float((below + up_to).mean() / 2 / len(others))


def precision_recall(kept: np.ndarray, matching: np.ndarray) -> tuple[float, float]:
    """Part of the kept pictures that match, and part of the matching pictures that are kept; shapes (n,) and (n,), bool.

    Raises:
        StudioError: nothing is kept, or nothing matches.
    """
    if not kept.any() or not matching.any():
        raise StudioError(f"precision and recall need pictures, got {kept.sum()} kept and {matching.sum()} matching: choose a lower cut")
    right = float((kept & matching).sum())
    return right / float(kept.sum()), right / float(matching.sum())


def check_prompt(check: PromptCheck, scores: np.ndarray, classes: Sequence[str]) -> PromptResult:
    """Compare the scores of one prompt between matching pictures and all others.

    Args:
        scores: cosine of each picture with the prompt, shape (n,).
        classes: the class of each picture.
    """
    names = np.asarray(classes)
    positive = np.isin(names, check.positives)
    other = ~positive & ~np.isin(names, check.ignored)
    auc = roc_auc(scores[positive], scores[other])
    return PromptResult(check.prompt, auc, _spread(scores[positive]), _spread(scores[other]), (int(positive.sum()), int(other.sum())))


def _spread(scores: np.ndarray) -> Spread:
    low, middle, high = np.quantile(scores, SPREAD).tolist()
    return low, middle, high
