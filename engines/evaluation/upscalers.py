"""How near an enlarged picture comes to the one it was made small from, against the usual resamplings."""

from collections.abc import Callable, Mapping

import numpy as np
from PIL import Image

from engines import imaging
from engines.errors import StudioError
from engines.evaluation import distances
from engines.evaluation.features import FeatureSet, cached_features, compute_features, to_images, to_pixels
from engines.evaluation.generators import Clock, Findings, Pictures
from engines.evaluation.report import Figure
from engines.evaluation.traces import psnr
from engines.progress import Progress, silent

MOST = 400
LEAST = 30
ROWS = 6
RESAMPLINGS = {"bicubic": Image.Resampling.BICUBIC, "Lanczos": Image.Resampling.LANCZOS}

Enlarge = Callable[[Image.Image], Image.Image]


def evaluate_upscaler(
    pictures: Pictures, crop: int, factor: int, enlarge: Enlarge, features: FeatureSet, most: int = MOST, progress: Progress = silent
) -> Findings:
    """Measure an upscaler on the middle squares of held-out pictures, chosen by lot and made small by averaging.

    Figures, for the upscaler and for each of `RESAMPLINGS`: peak signal-to-noise ratio in dB; mean distance of what a network that the
    upscaler never saw finds in the enlarged picture and in the true one, over that between two true ones; KID to the true ones.

    Args:
        pictures: larger than `crop`; crop: side of the squares in pixels.
        factor: how much smaller they are made; enlarge: makes a picture so much larger again.
        most: held-out pictures used; of more, so many are drawn by lot.

    Raises:
        StudioError: fewer than `LEAST` held-out pictures.
    """
    held = np.sort(np.random.default_rng(0).permutation(np.flatnonzero(pictures.held_out))[:most])
    if len(held) < LEAST:
        raise StudioError(f"an upscaler is measured on {LEAST} held-out pictures or more, got {len(held)}: take a larger folder")
    clock, edge = Clock(), (pictures.pixels.shape[-1] - crop) // 2
    real = np.ascontiguousarray(pictures.pixels[held][:, :, edge : edge + crop, edge : edge + crop])
    originals = to_images(real)
    small = [one.resize((crop // factor, crop // factor), Image.Resampling.BOX) for one in originals]
    ways: Mapping[str, Enlarge] = {"the model": enlarge} | {name: _resampling(how, crop) for name, how in RESAMPLINGS.items()}
    of_real = cached_features(features, real, progress)
    apart = float(np.linalg.norm(of_real - np.roll(of_real, 1, axis=0), axis=1).mean())
    figures, drawn = [], {}
    for name, way in ways.items():
        enlarged = []
        for place, one in enumerate(small):
            progress(place, len(small), f"enlarging by {name}")
            enlarged.append(way(one))
        drawn[name] = enlarged
        pixels = to_pixels(enlarged)
        seen = compute_features(features, pixels, progress)
        unlike = float(np.linalg.norm(seen - of_real, axis=1).mean() / apart)
        chief, by = name != "bicubic", f"by {features.name}"
        figures += [
            Figure(f"PSNR, {name}", psnr(real, pixels), "dB", len(held), headline=chief, note="higher is nearer"),
            Figure(f"unlike the original, {name}", unlike, "", len(held), headline=chief, note=f"{by}; 1: as unlike as another picture"),
            Figure(f"KID, {name}", distances.kid(seen, of_real), "", len(held), headline=chief, note=f"{by}; lower is more real"),
        ]
        clock.stage(name)
    rows = [*(drawn[name][:ROWS] for name in ("Lanczos", "the model")), originals[:ROWS]]
    sheet = imaging.sheet([one for row in rows for one in row], ROWS)
    return Findings(tuple(figures), {"enlarged": sheet}, clock.seconds)


def _resampling(how: Image.Resampling, side: int) -> Enlarge:
    return lambda picture: picture.resize((side, side), how)
