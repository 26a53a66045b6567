"""A translator as what an evaluation measures: within its mask, alone, and against colour transfer."""

from collections.abc import Callable

import numpy as np
import torch
from PIL import Image

from engines.errors import StudioError
from engines.evaluation.features import to_images, to_pixels
from engines.evaluation.generators import Pictures
from engines.evaluation.translators import Swapping
from engines.models.zoo import Translator
from engines.progress import Progress, silent
from engines.recipe import Look, Mask
from engines.translation.colour_transfer import Colours, colours_of, transfer_colours
from engines.translation.garment_mask import weight_of
from engines.translation.swap import swap_within

COLOUR_TRANSFER = "colour transfer"
AT_ONCE = 8
REFERENCES = 60
GARMENT = Mask("auto")


def swapping_of(translator: Translator, pictures: Pictures, mask: Mask = GARMENT, progress: Progress = silent) -> Swapping:
    """The functions by which `evaluate_translator` measures a model.

    Args:
        pictures: colours for the transfer are those of training pictures of the target, one drawn by lot for each picture.
        mask: where a picture is swapped.
    """
    masks: dict[bytes, np.ndarray] = {}
    palettes: dict[str, list[Colours]] = {}

    def weight(picture: Image.Image) -> np.ndarray:
        key = picture.tobytes()
        if key not in masks:
            masks[key] = _weight(mask, picture)
        return masks[key]

    def swap(pixels: np.ndarray, target: str) -> np.ndarray:
        swapped = []
        for index, picture in enumerate(to_images(pixels)):
            within = None if mask.kind == "none" else weight(picture)
            swapped.append(swap_within(translator, picture, target, Look(), within))
            progress(index + 1, len(pixels), f"swapping to {target}")
        return to_pixels(swapped)

    def transfer(pixels: np.ndarray, target: str) -> np.ndarray:
        if target not in palettes:
            palettes[target] = _palette(pictures, target, weight)
        drawn = np.random.default_rng(1).integers(0, len(palettes[target]), len(pixels))
        changed = [
            transfer_colours(np.asarray(picture), weight(picture), palettes[target][lot])
            for picture, lot in zip(to_images(pixels), drawn.tolist(), strict=True)
        ]
        return np.stack(changed).transpose(0, 3, 1, 2)

    def draw(shown: np.ndarray, target: str) -> np.ndarray:
        return network_alone(translator, shown, target)

    def inside(pixels: np.ndarray) -> np.ndarray:
        return np.stack([weight(picture) for picture in to_images(pixels)])

    return Swapping(swap, draw, inside, {COLOUR_TRANSFER: transfer})


@torch.inference_mode()
def network_alone(translator: Translator, shown: np.ndarray, target: str) -> np.ndarray:
    """What the network draws of pictures, with nothing before or behind it: float32 in [-1, 1], shape (n, 3, h, w) → the same."""
    card = translator.card
    network = translator.networks[card.class_index(target) or 0]
    parts = []
    for begin in range(0, len(shown), AT_ONCE):
        with card.numerics.autocast():
            drawn = network(card.numerics.arrange(torch.from_numpy(np.ascontiguousarray(shown[begin : begin + AT_ONCE]))))
        parts.append(drawn.float().cpu().numpy())
    return np.concatenate(parts)


def _weight(mask: Mask, picture: Image.Image) -> np.ndarray:
    """As in a swap; nothing where no garment is found, so that the picture counts as not swapped."""
    try:
        found = weight_of(mask, picture)
    except StudioError:
        return np.zeros((picture.height, picture.width), dtype=np.float32)
    return np.ones((picture.height, picture.width), dtype=np.float32) if found is None else found


def _palette(pictures: Pictures, target: str, weight: Callable[[Image.Image], np.ndarray]) -> list[Colours]:
    """Colours of training garments of a class, some drawn by lot."""
    train = np.flatnonzero(~pictures.held_out & (pictures.labels == pictures.classes.index(target)))
    lot = np.random.default_rng(0).permutation(train)[:REFERENCES]
    found = [colours_of(np.asarray(picture), weight(picture)) for picture in to_images(np.ascontiguousarray(pictures.pixels[np.sort(lot)]))]
    palette = [colours for colours in found if colours is not None]
    if not palette:
        raise StudioError(f"no garment is found in the training pictures of {target}: colours cannot be taken from them")
    return palette
