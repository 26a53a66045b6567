"""A graphic with more pixels: by a learned upscaler, or by Lanczos."""

import torch
from PIL import Image

from engines import imaging
from engines.errors import StudioError
from engines.models.zoo import Enlarger
from engines.networks.upscaling import FACTOR, Upscaler, strip
from engines.progress import Progress, silent
from engines.recipe import MAX_FACTOR, Enlarge, Recipe, deepened, factor_value, not_enlarged

LANCZOS = "lanczos"
MOST = int(MAX_FACTOR)
MAX_PIXELS = 100 * 10**6
TILE = 192


def enlarge(picture: Image.Image, factor: float, upscaler: Enlarger | None, progress: Progress = silent) -> Image.Image:
    """A picture `factor` times as high and wide.

    The upscaler draws it four times larger, or sixteen; what that is too much is taken back by Lanczos. What is transparent is enlarged by
    Lanczos alone.

    Args:
        picture: RGB or RGBA.
        factor: above 1, up to `MOST`.
        upscaler: None for Lanczos.

    Raises:
        StudioError: a factor out of its range, or more than `MAX_PIXELS` of result.
    """
    factor = factor_value(factor)
    size = (round(picture.width * factor), round(picture.height * factor))
    if size[0] * size[1] > MAX_PIXELS:
        raise StudioError(
            f"{size[0]} × {size[1]} pixels are more than {MAX_PIXELS // 10**6} megapixels: enlarge it less, now {factor:g} times"
        )
    if upscaler is None:
        return picture.resize(size, Image.Resampling.LANCZOS)
    drawn = picture.convert("RGB")
    while drawn.width < size[0] or drawn.height < size[1]:
        drawn = _four_times(drawn, upscaler, progress)
    drawn = drawn if drawn.size == size else drawn.resize(size, Image.Resampling.LANCZOS)
    if "A" in picture.getbands():
        drawn.putalpha(picture.getchannel("A").resize(size, Image.Resampling.LANCZOS))
    return drawn


def enlarge_recipe(source: Recipe, upscaler: Enlarger, factor: float = FACTOR) -> Enlarge:
    """The recipe of what `enlarge` makes of a picture.

    Raises:
        StudioError: as `enlarge` and `deepened`, or the picture was enlarged already.
    """
    card = upscaler.card
    return Enlarge(card.name, card.weights_sha256, card.rights, not_enlarged(deepened(source)), factor_value(factor))


def drawn_pixels(size: tuple[int, int], factor: float) -> int:
    """How many pixels an upscaler draws to make a picture of a width and height so many times larger: what the time goes by."""
    passes = 1 if factor <= FACTOR else 2
    return size[0] * size[1] * FACTOR ** (2 * passes)


def _four_times(picture: Image.Image, upscaler: Enlarger, progress: Progress) -> Image.Image:
    """Row of tiles by row of tiles, so that memory suffices and one can stop."""
    network, numerics = upscaler.network, upscaler.card.numerics
    assert isinstance(network, Upscaler)
    whole = Image.new("RGB", (picture.width * FACTOR, picture.height * FACTOR))
    rows = range(0, picture.height, TILE)
    for done, top in enumerate(rows):
        progress(done, len(rows), "enlarging")
        begin, end = max(top - network.reach, 0), min(top + TILE, picture.height)
        part = picture.crop((0, begin, picture.width, min(end + network.reach, picture.height)))
        with torch.inference_mode(), numerics.autocast():
            drawn = strip(network, numerics.arrange(imaging.to_tensor([part])), top - begin, TILE)
        whole.paste(imaging.to_pictures(drawn)[0], (0, FACTOR * top))
    progress(len(rows), len(rows), "enlarging")
    return whole
