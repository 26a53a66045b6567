"""How varied drawn pictures of a class are, next to real pictures of that class."""

import numpy as np

from engines.errors import StudioError

ROWS = 1000


def mean_distance(features: np.ndarray) -> float:
    """Mean Euclidean distance between two different pictures; does not depend on how many there are, only its error does.

    Args:
        features: shape (n, d), n at least 2.
    """
    if len(features) < 2:
        raise StudioError(f"variety needs at least two pictures, got {len(features)}: draw or add more")
    points = features.astype(np.float64)
    squares = (points**2).sum(axis=1)
    total = 0.0
    for begin in range(0, len(points), ROWS):
        rows = slice(begin, begin + ROWS)
        squared = np.maximum(squares[rows, None] + squares[None] - 2 * points[rows] @ points.T, 0)
        np.fill_diagonal(squared[:, begin:], 0)
        total += float(np.sqrt(squared).sum())
    return total / (len(points) * (len(points) - 1))


def relative_diversity(drawn: np.ndarray, real: np.ndarray) -> float:
    """Mean distance among drawn pictures of a class divided by that among real ones: 1 is as varied, 0 is one picture.

    Args:
        drawn, real: features of one class, shapes (n, d) and (m, d).
    """
    return mean_distance(drawn) / max(mean_distance(real), 1e-12)
