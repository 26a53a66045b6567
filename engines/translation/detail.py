"""Small results for large pictures: what was computed at a working size, enlarged along the edges of the picture itself."""

from dataclasses import dataclass

import cv2
import numpy as np

LEAST_WEIGHT = 1e-4


@dataclass(frozen=True)
class LocalFit:
    """Values as a linear function of a guide around each pixel: values ≈ slope · guide + offset.

    Attributes:
        slope, offset: float32, shape (h, w, channels).
    """

    slope: np.ndarray
    offset: np.ndarray

    def at(self, guide: np.ndarray) -> np.ndarray:
        """The values at another size of the same view: guide, shape (H, W) → float32, shape (H, W, channels)."""
        return enlarged(self.slope, guide.shape) * guide[..., None] + enlarged(self.offset, guide.shape)


def local_fit(guide: np.ndarray, values: np.ndarray, weight: np.ndarray, radius: int, smoothness: float) -> LocalFit:
    """Fit values to a guide in every window, counting pixels by their weight.

    Where a window has no weight at all the nearest fit is continued, so that nothing from beyond an outline mixes in at the outline.

    Args:
        guide: float32, shape (h, w); values: float32, shape (h, w, channels); weight: float32 in [0, 1], shape (h, w).
        radius: of the windows in pixels.
        smoothness: variance of the guide, in its own units squared, below which a window counts as flat.

    Source: He, Sun, Tang, "Guided Image Filtering", ECCV 2010, with weights; He, Sun, "Fast Guided Filter", arXiv 1505.00996.
    """
    size = (2 * radius + 1, 2 * radius + 1)

    def mean(array: np.ndarray) -> np.ndarray:
        return cv2.blur(array, size, borderType=cv2.BORDER_REFLECT)

    present = np.maximum(mean(weight), LEAST_WEIGHT)
    guide_mean = mean(weight * guide) / present
    variance = np.maximum(mean(weight * guide * guide) / present - guide_mean**2, 0)
    slopes, offsets = [], []
    for channel in np.moveaxis(values, -1, 0):
        value_mean = mean(weight * channel) / present
        slope = (mean(weight * guide * channel) / present - guide_mean * value_mean) / (variance + smoothness)
        slopes.append(slope)
        offsets.append(value_mean - slope * guide_mean)
    trust = present * (present > 2 * LEAST_WEIGHT)
    return LocalFit(*(spread(np.stack(parts, -1), trust, radius) for parts in (slopes, offsets)))


def spread(values: np.ndarray, weight: np.ndarray, radius: int) -> np.ndarray:
    """Weighted means over windows; where no weight is near, the windows double until some is.

    Args:
        values: float32, shape (h, w, channels); weight: float32, shape (h, w).
    """
    result = np.zeros_like(values)
    missing = np.ones(weight.shape, bool)
    while missing.any():
        size = (2 * radius + 1, 2 * radius + 1)
        total = cv2.blur(weight, size, borderType=cv2.BORDER_REFLECT)
        means = cv2.blur(values * weight[..., None], size, borderType=cv2.BORDER_REFLECT).reshape(values.shape)
        found = missing & (total > LEAST_WEIGHT)
        result[found] = means[found] / total[found][:, None]
        missing &= ~found
        if radius > max(weight.shape):
            break
        radius = 2 * radius + 1
    return result


def enlarged(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Values, float32, shape (h, w) or (h, w, channels), at the size (H, W) of `shape`; not changed where it is the same size."""
    height, width = shape[:2]
    if values.shape[:2] == (height, width):
        return values
    grown = cv2.resize(values, (width, height), interpolation=cv2.INTER_CUBIC)
    return grown.reshape(height, width, *values.shape[2:])


def reduced(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Means of the pixels that fall together: (H, W) or (H, W, channels) at the size (h, w) of `shape`."""
    height, width = shape[:2]
    if values.shape[:2] == (height, width):
        return values
    return cv2.resize(values, (width, height), interpolation=cv2.INTER_AREA).reshape(height, width, *values.shape[2:])
