"""Texture swap: a picture of any size, translated within a mask at the network's working size, its own detail kept."""

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image

from engines import imaging
from engines.errors import StudioError
from engines.models.zoo import Translator
from engines.recipe import AS_DRAWN, EVERYWHERE, Look, Mask, Recipe, Swap, deepened, look_value, mask_value
from engines.translation.change import changed, observed_change
from engines.translation.garment_mask import weight_of
from engines.translation.washes import wash_colour

DEFAULT_SIDE = 256
FINER = 2
MARGIN = 0.06


@dataclass(frozen=True)
class Swapped:
    """A picture, its translation and the way back; the first two of the picture's size, all of one size unless another was asked for."""

    original: Image.Image
    generated: Image.Image
    recovered: Image.Image


def swap_recipe(
    translator: Translator, target: str, input_hash: str, source: Recipe | None = None, look: Look = AS_DRAWN, mask: Mask = EVERYWHERE
) -> Swap:
    """The recipe of a swap to the class `target`.

    Raises:
        StudioError: the model does not know the class, a value of the look or the mask that cannot be, or as `deepened`.
    """
    card = translator.card
    card.class_index(target)
    source = None if source is None else deepened(source)
    look, mask = look_value(look), mask_value(mask)
    wash_colour(look.wash, target)
    return Swap(card.name, card.weights_sha256, card.rights, target, input_hash, source, look, mask)


def swap(translator: Translator, picture: Image.Image, target: str, look: Look = AS_DRAWN, mask: Mask = EVERYWHERE) -> Image.Image:
    """Translate an RGB picture of any size to the class `target`; the result has the same size.

    Outside the mask it is the input, bit for bit, and with strength 0 everywhere. The part inside goes through the network at the working
    size (the card's `render.side`, longer side in pixels); what a larger picture shows beyond that is its own. A picture within the
    working size, swapped whole and with the plain look, is exactly what the network draws.

    Raises:
        StudioError: the model does not know the class, an impossible value, or nothing inside the mask.
    """
    return swap_within(translator, picture, target, look, weight_of(mask, picture))


def swap_and_back(
    translator: Translator,
    picture: Image.Image,
    target: str,
    look: Look = AS_DRAWN,
    mask: Mask = EVERYWHERE,
    back_side: int | None = None,
) -> Swapped:
    """Translate a picture and back again, within the same mask: the three rows by which a CycleGAN is judged.

    Args:
        back_side: longer side in pixels at which the way back is drawn, for large pictures; the picture's own when left out.

    Raises:
        StudioError: as `swap`, or a model that goes one way only.
    """
    if len(translator.card.classes) < 2:
        raise StudioError(f"{translator.card.name} goes one way only and never comes back: choose a model of two classes")
    weight = weight_of(mask, picture)
    generated = swap_within(translator, picture, target, look, weight)
    other = next(name for name in translator.card.classes if name != target)
    begin = generated
    if back_side is not None and max(picture.size) > back_side:
        begin = imaging.within(generated, back_side)
        weight = weight if weight is None else np.asarray(Image.fromarray(weight).resize(begin.size, Image.Resampling.BOX))
    return Swapped(picture, generated, swap_within(translator, begin, other, AS_DRAWN, weight))


def swap_within(translator: Translator, picture: Image.Image, target: str, look: Look, weight: np.ndarray | None) -> Image.Image:
    """Translate where `weight` says so: float32 in [0, 1], shape (h, w) of the picture; None for everywhere.

    Raises:
        StudioError: as `swap`.
    """
    card = translator.card
    network = translator.networks[card.class_index(target) or 0]
    look = look_value(look)
    colour = wash_colour(look.wash, target)
    side = int(card.render.get("side", DEFAULT_SIDE))
    if not look.strength or not (colour or look.colour or look.shading or look.texture):
        return picture.copy()

    @torch.inference_mode()
    def draw(shown: np.ndarray) -> np.ndarray:
        batch = torch.from_numpy(np.ascontiguousarray(shown.transpose(2, 0, 1))).mul(2).sub(1)[None]
        with card.numerics.autocast():
            drawn = network(card.numerics.arrange(batch))
        return drawn[0].float().cpu().add(1).div(2).permute(1, 2, 0).contiguous().numpy()

    pixels = np.asarray(picture)
    if weight is None and look == AS_DRAWN and max(picture.size) <= side:
        return Image.fromarray(_eight_bit(draw(pixels.astype(np.float32) / 255)))
    view = _view(weight, picture.size)
    if view is None:
        return picture.copy()
    part, within = pixels[view].astype(np.float32), None if weight is None else weight[view]
    part /= 255
    change = observed_change(part, within, draw, side, FINER)
    new = changed(part, change, look, target)
    if within is not None:  # in place: a photograph has many pixels
        new -= part
        new *= within[..., None]
        new += part
    result = pixels.copy()
    result[view] = _eight_bit(new)
    if within is not None:
        result[view][within == 0] = pixels[view][within == 0]
    return Image.fromarray(result)


def _eight_bit(pixels: np.ndarray) -> np.ndarray:
    return (np.clip(pixels, 0, 1) * np.float32(255)).round().astype(np.uint8)


def _view(weight: np.ndarray | None, size: tuple[int, int]) -> tuple[slice, slice] | None:
    """The rectangle around the garment with a margin; everything without a mask, None where nothing is inside."""
    width, height = size
    if weight is None:
        return slice(0, height), slice(0, width)
    rows, columns = np.flatnonzero(weight.any(axis=1)), np.flatnonzero(weight.any(axis=0))
    if not len(rows):
        return None
    margin = 2 + int(MARGIN * max(rows[-1] - rows[0], columns[-1] - columns[0]))
    return (
        slice(max(0, rows[0] - margin), min(height, rows[-1] + 1 + margin)),
        slice(max(0, columns[0] - margin), min(width, columns[-1] + 1 + margin)),
    )
