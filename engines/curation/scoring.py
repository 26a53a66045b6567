"""How well pictures match a prompt, and which of them a cut keeps."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engines.curation.encoder import Encoder, encode_pictures, encode_prompts, prompt_value
from engines.errors import StudioError
from engines.progress import Progress, silent

DIGITS = 6


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


@dataclass(frozen=True)
class Histogram:
    """Counts of scores between equally spaced edges, shapes (bins,) and (bins + 1,)."""

    counts: np.ndarray
    edges: np.ndarray


def threshold_value(value: object) -> float:
    """A cut given by anybody, checked.

    Raises:
        StudioError: not a finite number from -1 to 1.
    """
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not number or not -1 <= value <= 1:  # type: ignore[operator]
        raise StudioError(f"the threshold is a cosine from -1 to 1, got {str(value)[:40]}: choose another")
    return float(value)  # type: ignore[arg-type]


def cosine_scores(vectors: np.ndarray, prompt: np.ndarray) -> np.ndarray:
    """Cosine of each picture with a prompt, rounded to 6 digits so that what is shown is what is compared.

    Args:
        vectors: unit vectors, shape (n, dimensions), float32; prompt: one more, shape (dimensions,).

    Returns:
        Shape (n,), float64 in [-1, 1].
    """
    return np.round(np.clip((vectors @ prompt).astype(np.float64), -1, 1), DIGITS)


def kept_mask(scores: np.ndarray, threshold: float) -> np.ndarray:
    """Which pictures a cut keeps: those that score at least as much, shape (n,), bool."""
    return scores >= threshold


def nearest_cut_first(scores: np.ndarray, threshold: float) -> np.ndarray:
    """Places of the pictures, the ones nearest the cut first, ties in their own order; shape (n,)."""
    return np.argsort(np.abs(scores - threshold), kind="stable")


def histogram(scores: np.ndarray, bins: int = 48) -> Histogram:
    """Counts of scores over their own range, which is widened a little so that nothing lies on its edge.

    Raises:
        StudioError: no scores.
    """
    if not len(scores):
        raise StudioError("there are no scores to count: score some pictures first")
    low, high = float(scores.min()), float(scores.max())
    margin = max(0.01, (high - low) * 0.02)
    counts, edges = np.histogram(scores, bins=bins, range=(max(-1.0, low - margin), min(1.0, high + margin)))
    return Histogram(counts, edges)


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
