"""How well pictures match prompts, and which of them a cut keeps."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engines.curation.encoder import Encoder, encode_pictures, encode_prompts, prompt_value
from engines.curation.prompts import Directions
from engines.errors import StudioError
from engines.progress import Progress, silent

DIGITS = 6
BLOCK = 65_536
METHODS = {"cosine": (-1.0, 1.0), "margin": (-2.0, 2.0), "softmax": (0.0, 1.0)}


@dataclass(frozen=True)
class Scored:
    """One picture: where it lies, its cosine with the prompt, and whether the cut keeps it."""

    path: str
    score: float
    kept: bool


@dataclass(frozen=True)
class Scoring:
    """Pictures against one prompt.

    Attributes:
        model: the `model_id` that scored; a threshold belongs to it and to the prompt.
        scores: in the order of the pictures.
        failed: (path, reason) of each picture that could not be read.
    """

    model: str
    prompt: str
    threshold: float
    scores: tuple[Scored, ...]
    failed: tuple[tuple[str, str], ...]

    def as_json(self) -> dict[str, Any]:
        """`{model, prompt, threshold, scores: [{path, score, kept}], failed: [{path, reason}]}`."""
        return {
            "model": self.model,
            "prompt": self.prompt,
            "threshold": self.threshold,
            "scores": [{"path": one.path, "score": one.score, "kept": one.kept} for one in self.scores],
            "failed": [{"path": path, "reason": reason} for path, reason in self.failed],
        }


def threshold_value(value: object, method: str = "cosine") -> float:
    """A cut given by anybody, checked against the range of its method.

    Raises:
        StudioError: not a finite number in that range.
    """
    low, high = METHODS[method]
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not number or not low <= value <= high:  # type: ignore[operator]
        raise StudioError(f"the threshold is a {method} from {low:g} to {high:g}, got {str(value)[:40]}: choose another")
    return float(value)  # type: ignore[arg-type]


def cosine_scores(vectors: np.ndarray, prompt: np.ndarray) -> np.ndarray:
    """Cosine of each picture with a prompt, rounded to 6 digits so that what is shown is what is compared.

    Args:
        vectors: unit vectors, shape (n, dimensions), float32; prompt: one more, shape (dimensions,).

    Returns:
        Shape (n,), float64 in [-1, 1].
    """
    return np.round(np.clip((vectors @ prompt).astype(np.float64), -1, 1), DIGITS)


def method_scores(vectors: np.ndarray, asked: Directions, method: str = "cosine") -> np.ndarray:
    """Score pictures against prompts, rounded to 6 digits.

    "cosine" is the cosine with what is wanted. "margin" is that less the cosine with the unwanted thing that fits best. "softmax" is the
    probability of what is wanted among it, all that is unwanted and "a photo", without which something would always have to be probable.

    Args:
        vectors: unit vectors, shape (n, dimensions), float32; rows of NaN are pictures that could not be read.
        method: a key of `METHODS`, which holds the range of each.

    Returns:
        Shape (n,), float64, NaN for rows of NaN.

    Raises:
        StudioError: an unknown method, or a margin without anything unwanted.
    """
    if method not in METHODS:
        raise StudioError(f"the method is {', '.join(METHODS)}, got {method[:40]!r}: choose one of these")
    if method == "cosine":
        return cosine_scores(vectors, asked.positive)
    if method == "margin" and not len(asked.negatives):
        raise StudioError("a margin needs something unwanted to be measured against: add a negative prompt, or score by cosine")
    others = asked.negatives if method == "margin" else np.concatenate([asked.negatives, asked.generic[None]])
    texts = np.ascontiguousarray(np.concatenate([asked.positive[None], others]).T)
    scores = np.empty(len(vectors))
    for start in range(0, len(vectors), BLOCK):
        cosines = (vectors[start : start + BLOCK] @ texts).astype(np.float64)
        if method == "margin":
            scores[start : start + BLOCK] = cosines[:, 0] - cosines[:, 1:].max(axis=1)
        else:
            logits = asked.logit_scale * (cosines - cosines[:, :1])
            scores[start : start + BLOCK] = 1 / np.exp(np.minimum(logits, 700)).sum(axis=1)
    return np.round(scores, DIGITS)


def kept_mask(scores: np.ndarray, threshold: float) -> np.ndarray:
    """Which pictures a cut keeps: those that score at least as much, shape (n,), bool."""
    return scores >= threshold


def score_pictures(
    encoder: Encoder, paths: Sequence[Path], prompt: str, threshold: float | None = None, progress: Progress = silent,
    names: Sequence[str] | None = None,
) -> Scoring:  # fmt: skip
    """Score picture files against a prompt.

    Args:
        threshold: pictures that score at least as much are kept; by default the encoder's own start value.
        names: what the pictures are called in the result; by default their paths.

    Raises:
        StudioError: an empty prompt, an impossible threshold, no pictures, or none that can be read.
        Cancelled: when `progress` says so.
    """
    text = prompt_value(prompt)
    cut = encoder.default_threshold if threshold is None else threshold_value(threshold)
    wanted = encode_prompts(encoder, [text])[0]
    called = [str(path) for path in paths] if names is None else list(names)
    encoded = encode_pictures(encoder, paths, progress)
    scores = cosine_scores(encoded.vectors, wanted)
    kept = kept_mask(scores, cut)
    rows = zip(encoded.kept, scores, kept, strict=True)
    scored = tuple(Scored(called[place], float(score), bool(keep)) for place, score, keep in rows)
    return Scoring(encoder.model_id, text, cut, scored, tuple((called[place], reason) for place, reason in encoded.failed))
