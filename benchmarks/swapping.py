"""Swapping the texture of a garment: a small picture at once, and a photograph of twelve megapixels in time and memory."""

import resource
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import torch
from PIL import Image, ImageDraw

from benchmarks import Figure, fastest
from engines import compute
from engines.exploration.sampling import draw, sample_recipes
from engines.models.zoo import Zoo
from engines.recipe import Look, Mask
from engines.translation.garment_mask import drawn_mask
from engines.translation.swap import swap

PHOTOGRAPH = (4000, 3000)
LOOK = Look(110, wash="indigo")


def run() -> Iterator[Figure]:
    zoo = Zoo()
    translator, garment = zoo.translator("leather-denim"), _garment(zoo).resize((256, 256))
    yield Figure("256 px, all of it", fastest(lambda: swap(translator, garment, "denim")), 0.3)
    yield Figure("256 px, the garment found and dyed", fastest(lambda: swap(translator, garment, "denim", LOOK, Mask("auto"))), 0.3)
    for name, mask in (("a drawn mask", _drawn()), ("the garment found", Mask("auto"))):
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:  # a peak of memory is that of a process
            seconds, gigabytes = apart.submit(_photograph, mask).result()
        yield Figure(f"4000 × 3000, {name}", seconds, 10)
        yield Figure(f"4000 × 3000, {name}, most memory", gigabytes, 3, "GB")


def _photograph(mask: Mask) -> tuple[float, float]:
    """Seconds of one swap after a small one, and the most memory that the process has held, in GB."""
    zoo = Zoo()
    translator, garment = zoo.translator("leather-denim"), _garment(zoo)
    swap(translator, garment, "denim", LOOK, Mask("auto"))
    picture = garment.resize(PHOTOGRAPH, Image.Resampling.BICUBIC)
    compute.synchronise()
    start = time.perf_counter()
    swap(translator, picture, "denim", LOOK, mask)
    seconds = time.perf_counter() - start
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return seconds, most / (2**30 if sys.platform == "darwin" else 2**20)


def _garment(zoo: Zoo) -> Image.Image:
    torch.manual_seed(0)
    generator = zoo.generator("materials")
    return next(draw(generator, sample_recipes(generator, [1], "leather")))


def _drawn() -> Mask:
    """Most of the photograph, with a round outline, at the size at which the page draws."""
    mask = Image.new("L", (1024, 768))
    ImageDraw.Draw(mask).ellipse((60, 30, 964, 738), fill=255)
    return drawn_mask(np.asarray(mask))
