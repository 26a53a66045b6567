"""What a translator does to a picture besides its material: what it leaves alone, keeps, hides, and the patterns it leaves behind."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from engines.errors import StudioError
from engines.evaluation.features import to_images, to_pixels

JPEG_QUALITY = 85
PERIODS = (2, 4)
NEAR, RING = 1, (4, 8)
LOUDEST = 100.0


def luma(pixels: np.ndarray) -> np.ndarray:
    """Brightness of RGB pictures: (n, 3, h, w) → (n, h, w), float32. Source: ITU-R BT.601."""
    return np.tensordot(pixels.astype(np.float32), np.array([0.299, 0.587, 0.114], dtype=np.float32), axes=([1], [0]))


def outside_change(originals: np.ndarray, swapped: np.ndarray, inside: np.ndarray) -> tuple[float, float]:
    """What happened where nothing was to happen.

    Args:
        originals, swapped: uint8, shape (n, 3, h, w).
        inside: weight of the garment, shape (n, h, w); outside is where it is 0.

    Returns:
        Mean absolute change in 255ths, and the share of pixels that are the same bit for bit.

    Raises:
        StudioError: nothing is outside.
    """
    outside = inside == 0
    if not outside.any():
        raise StudioError("all of these pictures is inside the mask: there is no background to compare")
    change = np.abs(originals.astype(np.int16) - swapped)
    return float(change.mean(axis=1)[outside].mean()), float((change.max(axis=1)[outside] == 0).mean())


def structure_kept(originals: np.ndarray, swapped: np.ndarray, inside: np.ndarray) -> float:
    """Correlation of the edges inside the garment before and after: 1 where folds and seams stay, 0 where nothing of them is left.

    The mean over the pictures of the correlation of gradient magnitudes of brightness; pictures without garment or edges are left out.

    Args:
        originals, swapped: uint8, shape (n, 3, h, w); inside: shape (n, h, w).

    Raises:
        StudioError: no picture has edges inside.
    """
    found = []
    for before, after, weight in zip(_edges(originals), _edges(swapped), inside, strict=True):
        part = weight > 0.5
        if part.sum() > 2 and before[part].std() > 0:
            spread = after[part].std()
            found.append(float(np.corrcoef(before[part], after[part])[0, 1]) if spread > 0 else 0.0)
    if not found:
        raise StudioError("no picture has edges inside its garment: the structure cannot be compared on these")
    return float(np.mean(found))


def _edges(pixels: np.ndarray) -> np.ndarray:
    down, across = np.gradient(luma(pixels), axis=(1, 2))
    return np.hypot(down, across)


def psnr(originals: np.ndarray, others: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB, the mean over the pictures: (n, 3, h, w), 0 to 255; equal pictures count as 100 dB."""
    error = np.square(originals.astype(np.float64) - others).mean(axis=(1, 2, 3))
    return float(np.minimum(LOUDEST, 10 * np.log10(255.0**2 / np.maximum(error, 1e-12))).mean())


def as_jpeg(pixels: np.ndarray, quality: int = JPEG_QUALITY) -> np.ndarray:
    """Pictures as they are after being saved as JPEG: uint8, shape (n, 3, h, w) → the same."""
    saved = []
    for picture in to_images(pixels):
        stream = io.BytesIO()
        picture.save(stream, "JPEG", quality=quality)
        saved.append(Image.open(stream).convert("RGB"))
    return to_pixels(saved)


def checkerboard(pixels: np.ndarray, periods: Sequence[int] = PERIODS) -> float:
    """How far patterns of a period of 2 and 4 pixels stand out of the spectrum around them; a natural picture has about 1.

    That is what transposed convolutions and careless upsampling leave behind. The power of brightness at these periods, along both axes
    and both ways across, over that of the frequencies around.

    Args:
        pixels: uint8, shape (n, 3, h, w), sides of at least 64 pixels.

    Source: Odena et al., "Deconvolution and Checkerboard Artifacts", distill.pub 2016; Frank et al., arXiv 2003.08685 (in spectra).
    """
    side = min(pixels.shape[-2:]) // 8 * 8
    if side < 64:
        raise StudioError(f"patterns are looked for in pictures of at least 64 pixels, got {pixels.shape[-1]} × {pixels.shape[-2]}")
    bright = luma(pixels[..., :side, :side])
    window = np.hanning(side)[:, None] * np.hanning(side)
    power = np.square(np.abs(np.fft.fft2((bright - bright.mean(axis=(1, 2), keepdims=True)) * window))).mean(axis=0)
    found = []
    for period in periods:
        step = side // period
        for row, column in ((step, 0), (0, step), (step, step), (step, side - step)):
            distance = np.hypot(*np.meshgrid(_around(side, row), _around(side, column), indexing="ij"))
            ring = (distance >= RING[0]) & (distance <= RING[1])
            found.append(power[distance <= NEAR].mean() / max(float(power[ring].mean()), 1e-12))
    return float(np.mean(found))


def _around(side: int, place: int) -> np.ndarray:
    """Distance of each frequency to one of them, on the circle."""
    away = np.abs(np.arange(side) - place)
    return np.minimum(away, side - away)
