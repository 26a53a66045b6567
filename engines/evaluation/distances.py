"""How far drawn pictures are from real ones: one function a metric, feature arrays in, numbers out.

The arithmetic is torch-fidelity's; its registry, its cache and its loaders are not used.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from engines.errors import StudioError

SUBSET = 1000
SUBSETS = 30
NEIGHBOURS = 3
SPLITS = 10


@dataclass(frozen=True)
class Measured:
    """A number with its standard error."""

    value: float
    error: float


def frechet(drawn: np.ndarray, real: np.ndarray) -> float:
    """Fréchet distance of the two Gaussians; biased upwards for few pictures, the more the fewer.

    Args:
        drawn, real: features, shapes (n, d) and (m, d).

    Source: Heusel et al., arXiv 1706.08500.
    """
    _check(drawn, real, least=2)
    from torch_fidelity.metric_fid import KEY_METRIC_FID, fid_features_to_statistics, fid_statistics_to_metric

    statistics = [fid_features_to_statistics(torch.from_numpy(part.astype(np.float64))) for part in (drawn, real)]
    return float(fid_statistics_to_metric(*statistics, verbose=False)[KEY_METRIC_FID])


def kid(drawn: np.ndarray, real: np.ndarray, seed: int = 0) -> float:
    """Kernel distance (cubic kernel, subsets of at most 1000): unbiased whatever the number of pictures, so it may fall below 0.

    Args:
        drawn, real: features, shapes (n, d) and (m, d).

    Source: Bińkowski et al., arXiv 1801.01401.
    """
    _check(drawn, real, least=2)
    size = min(len(drawn), len(real), SUBSET)
    # Where a subset is everything there is, all subsets are alike.
    subsets = 1 if len(drawn) == len(real) == size else SUBSETS
    return _kid(drawn, real, size, subsets, seed)[0]


def kid_with_error(drawn: np.ndarray, real: np.ndarray, seed: int = 0) -> Measured:
    """`kid` with its standard error: the spread over random halves.

    With as many pictures on both sides, 2000 at most, that is the delete-half jackknife. With more on one side, or on both, it is the error
    of a distance between so many as the smaller side has, 2000 at most, and thus too large rather than too small.

    Source: Shao and Wu, "A General Theory for Jackknife Variance Estimation", Annals of Statistics 17 (1989).
    """
    _check(drawn, real, least=4)
    half = min(len(drawn), len(real), 2 * SUBSET) // 2
    return Measured(kid(drawn, real, seed), _kid(drawn, real, half, SUBSETS, seed)[1])


def _kid(drawn: np.ndarray, real: np.ndarray, size: int, subsets: int, seed: int) -> tuple[float, float]:
    from torch_fidelity.metric_kid import KEY_METRIC_KID_MEAN, KEY_METRIC_KID_STD, kid_features_to_metric

    first, second = (torch.from_numpy(np.ascontiguousarray(part, dtype=np.float64)) for part in (drawn, real))
    found = kid_features_to_metric(first, second, kid_subsets=subsets, kid_subset_size=size, rng_seed=seed, verbose=False)
    return float(found[KEY_METRIC_KID_MEAN]), float(found[KEY_METRIC_KID_STD])


def precision_recall(drawn: np.ndarray, real: np.ndarray, neighbours: int = NEIGHBOURS) -> tuple[float, float]:
    """Share of drawn pictures within the real manifold, and of real pictures within the drawn one.

    A manifold is the union of balls around its pictures that reach to their k-th neighbour, so both numbers depend on how many pictures
    there are: compare only where n and k are the same.

    Args:
        drawn, real: features, shapes (n, d) and (m, d), both more than `neighbours`.

    Source: Kynkäänniemi et al., arXiv 1904.06991.
    """
    _check(drawn, real, least=neighbours + 2)
    from torch_fidelity.metric_prc import KEY_METRIC_PRECISION, KEY_METRIC_RECALL, prc_features_to_metric

    first, second = (torch.from_numpy(np.ascontiguousarray(part, dtype=np.float32)) for part in (drawn, real))
    options: dict[str, Any] = {"prc_neighborhood": neighbours, "prc_batch_size": 10_000, "save_cpu_ram": False, "verbose": False}
    found = prc_features_to_metric(first, second, **options)
    return float(found[KEY_METRIC_PRECISION]), float(found[KEY_METRIC_RECALL])


def inception_score(logits: np.ndarray, splits: int = SPLITS, seed: int = 0) -> Measured:
    """Inception Score of drawn pictures, and its spread over the splits.

    Args:
        logits: Inception's own, shape (n, classes), n at least `splits`.

    Source: Salimans et al., arXiv 1606.03498.
    """
    if logits.ndim != 2 or len(logits) < splits:
        raise StudioError(f"an Inception Score of {splits} splits needs that many pictures, got {len(logits)}: draw more")
    from torch_fidelity.metric_isc import KEY_METRIC_ISC_MEAN, KEY_METRIC_ISC_STD, isc_features_to_metric

    found = isc_features_to_metric(torch.from_numpy(np.ascontiguousarray(logits)), splits, True, seed)
    return Measured(float(found[KEY_METRIC_ISC_MEAN]), float(found[KEY_METRIC_ISC_STD]))


def _check(drawn: np.ndarray, real: np.ndarray, least: int) -> None:
    if drawn.ndim != 2 or real.ndim != 2 or drawn.shape[1] != real.shape[1]:
        raise StudioError(f"features must have the shapes (n, d) and (m, d), got {drawn.shape} and {real.shape}: use one feature set")
    if min(len(drawn), len(real)) < least:
        raise StudioError(f"this distance needs at least {least} pictures on each side, got {len(drawn)} and {len(real)}: add some")
