"""Where to cut a list of scores: at a number, at a share, or in the valley between two humps when there are two."""

import math
from dataclasses import dataclass

import numpy as np

from engines.errors import StudioError

FEWEST = 100
BINS = 1024
TRIM = 0.002
SMALLEST_SIDE = 0.03
DEEPEST_VALLEY = 0.8
LOWEST_HUMP = 0.02
SIGNIFICANCE = 0.05
REDRAWN = 200
EQUAL = 1e-6


@dataclass(frozen=True)
class Suggestion:
    """A cut that the scores themselves suggest, or why they suggest none.

    Attributes:
        cut: the lowest point between the two humps, or None.
        reason: one sentence for people.
    """

    cut: float | None
    reason: str


def finite(scores: np.ndarray) -> np.ndarray:
    """The scores that are numbers: a picture that could not be read has none."""
    return scores[np.isfinite(scores)]


def percentile(scores: np.ndarray, value: float) -> float:
    """Percentage of the scores that lie below a value, 0 to 100.

    Raises:
        StudioError: there are no scores.
    """
    known = _some(scores)
    return 100 * float(np.mean(known < value))


def top_cut(scores: np.ndarray, share: float) -> float:
    """The cut that keeps the best part of the pictures; with equal scores at the cut it keeps all of these.

    Args:
        scores: shape (n,); NaN counts as no picture.
        share: above 0, at most 1; at least one picture is kept.

    Raises:
        StudioError: an impossible share, or no scores.
    """
    if not (math.isfinite(share) and 0 < share <= 1):
        raise StudioError(f"the best part is above 0 % and at most 100 %, got {100 * share:g} %: choose another")
    known = _some(scores)
    kept = max(1, math.floor(share * len(known) + 1e-9))
    return float(np.partition(known, len(known) - kept)[len(known) - kept])


def suggest_cut(scores: np.ndarray) -> Suggestion:
    """A cut in the valley between two humps of the scores, and only when there are two.

    Scores are smoothed with a Gaussian kernel. The narrowest kernel under which one hump is left says how much smoothing it takes to hide
    a second one; samples redrawn from that single hump say how often chance alone would need as much. When it seldom would, the cut is
    the lowest point between the two humps, provided that the valley is deep and that neither side is a mere handful: a skewed hump or a few
    odd pictures suggest nothing.

    Args:
        scores: shape (n,), any of the methods' scores; NaN is passed over.

    Source: Silverman, "Using kernel density estimates to investigate multimodality", Journal of the Royal Statistical Society B 43 (1981).
    """
    known = finite(scores)
    if len(known) < FEWEST:
        return Suggestion(None, f"{len(known)} scores are too few to show two humps: at least {FEWEST} are needed")
    low, high = float(known.min()), float(known.max())
    if high - low < EQUAL:
        return Suggestion(None, f"all scores are {low:.3f}: nothing sets the pictures apart")
    inner = np.quantile(known, [TRIM, 1 - TRIM])
    known = known[(known >= inner[0]) & (known <= inner[1])]
    pad = max(float(np.ptp(known)), EQUAL)
    counts, edges = np.histogram(known, BINS, range=(float(known.min()) - pad, float(known.max()) + pad))
    one = _narrowest(counts, 1)
    chance = _chance(counts, one, float(known.std()) / (edges[1] - edges[0]))
    if chance > SIGNIFICANCE:
        return Suggestion(None, f"the scores make one hump (chance alone looks like two in {100 * chance:.0f} % of such samples)")
    two = _narrowest(counts, 2)
    smooth = _smoothed(counts, math.sqrt(one * two))
    humps = _humps(smooth)
    if len(humps) != 2:
        return Suggestion(None, f"the scores make {len(humps)} humps that no single cut sets apart")
    valley = int(humps[0] + np.argmin(smooth[humps[0] : humps[1] + 1]))
    depth = float(smooth[valley] / smooth[humps].min())
    cut = round(float(edges[valley] + edges[valley + 1]) / 2, 3)
    above = float(np.mean(finite(scores) >= cut))
    if depth > DEEPEST_VALLEY:
        return Suggestion(None, f"the two humps run into each other: the valley is {100 * depth:.0f} % as high as the lower one")
    if min(above, 1 - above) < SMALLEST_SIDE:
        side = f"{100 * min(above, 1 - above):.1f} %"
        return Suggestion(None, f"only {side} of the pictures stand apart, too few to call a hump (at least {100 * SMALLEST_SIDE:.0f} %)")
    shape = f"two humps with a valley at {cut:.3f}, {100 * (1 - depth):.0f} % below the lower one"
    return Suggestion(cut, f"{shape}; {100 * above:.0f} % of the pictures lie above it")


def _some(scores: np.ndarray) -> np.ndarray:
    known = finite(np.asarray(scores, dtype=np.float64))
    if not len(known):
        raise StudioError("there are no scores to cut: score some pictures first")
    return known


def _smoothed(counts: np.ndarray, width: float) -> np.ndarray:
    """Counts under a Gaussian kernel; `width` is its standard deviation in bins. Works on the last axis."""
    frequencies = 2 * np.pi * np.fft.rfftfreq(counts.shape[-1])
    smooth = np.fft.irfft(np.fft.rfft(counts, axis=-1) * np.exp(-0.5 * (frequencies * width) ** 2), counts.shape[-1], axis=-1)
    return np.where(smooth > 1e-9 * smooth.max(axis=-1, keepdims=True), smooth, 0)


def _humps(smooth: np.ndarray) -> np.ndarray:
    """Places of the local maxima that are not negligible beside the highest."""
    higher = (smooth[1:-1] > smooth[:-2]) & (smooth[1:-1] >= smooth[2:]) & (smooth[1:-1] > LOWEST_HUMP * smooth.max())
    return np.flatnonzero(higher) + 1


def _narrowest(counts: np.ndarray, humps: int) -> float:
    """Width in bins of the narrowest kernel under which at most so many humps are left."""
    low, high = 0.5, counts.size / 4
    for _ in range(24):
        middle = math.sqrt(low * high)
        low, high = (low, middle) if len(_humps(_smoothed(counts, middle))) <= humps else (middle, high)
    return high


def _chance(counts: np.ndarray, width: float, spread: float) -> float:
    """Share of samples, redrawn from the counts smoothed to one hump, that show more than one under the same kernel.

    Smoothing widens the whole, so the samples are drawn as wide as the scores are: their kernel grows by as much instead.
    """
    total = int(counts.sum())
    source = _smoothed(counts, width)
    redrawn = np.random.default_rng(0).multinomial(total, source / source.sum(), size=REDRAWN)
    wider = width * math.sqrt(1 + (width / spread) ** 2)
    return float(np.mean([len(_humps(row)) > 1 for row in _smoothed(redrawn, wider)]))
