"""Texture swap: a picture of any size, translated at the network's working size, its own detail kept."""

from dataclasses import dataclass

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from engines import compute, imaging
from engines.models.zoo import Translator
from engines.recipe import Recipe, Swap

MULTIPLE = 4
SMALLEST = 8
SMALLEST = 8
DEFAULT_SIDE = 256


@dataclass(frozen=True)
class Swapped:
    """A picture, its translation and the way back, all of the picture's size."""

    original: Image.Image
    generated: Image.Image
    recovered: Image.Image


def swap_recipe(translator: Translator, target: str, input_hash: str, source: Recipe | None = None) -> Swap:
    """The recipe of a swap to the class `target`.

    Raises:
        StudioError: the model does not know the class.
    """
    card = translator.card
    card.class_index(target)
    return Swap(card.name, card.weights_sha256, card.rights, target, input_hash, source)


def swap(translator: Translator, picture: Image.Image, target: str) -> Image.Image:
    """Translate an RGB picture of any size to the class `target`; the result has the same size.

    Pictures up to the working size (the card's `render.side`, longer side in pixels) go through the network as they are. A larger one
    is translated at the working size, and the change is enlarged and added to the original, which keeps its detail.

    Raises:
        StudioError: the model does not know the class.
    """
    return imaging.to_pictures(_translate(translator, imaging.to_tensor([picture]), target))[0]


def swap_and_back(translator: Translator, picture: Image.Image, target: str) -> Swapped:
    """Translate a picture and back again: the three rows by which a CycleGAN is judged."""
    original = imaging.to_tensor([picture])
    generated = _translate(translator, original, target)
    other = next(name for name in translator.card.classes if name != target)
    recovered = _translate(translator, generated, other)
    return Swapped(picture, imaging.to_pictures(generated)[0], imaging.to_pictures(recovered)[0])


@torch.inference_mode()
def _translate(translator: Translator, picture: Tensor, target: str) -> Tensor:
    """Pictures (1, 3, h, w) in [-1, 1] → the same shape, on the CPU."""
    card = translator.card
    network = translator.networks[card.class_index(target) or 0]
    height, width = picture.shape[-2:]
    scale = min(1.0, int(card.render.get("side", DEFAULT_SIDE)) / max(height, width))
    working = picture
    if scale < 1:
        size = (max(1, round(height * scale)), max(1, round(width * scale)))
        working = functional.interpolate(picture, size=size, mode="bilinear", antialias=True, align_corners=False)
    translated = _through(network, card.numerics, working)
    if scale < 1:
        change = functional.interpolate(translated - working, size=(height, width), mode="bicubic", align_corners=False)
        return (picture + change).clamp(-1, 1)
    return translated


def _through(network: torch.nn.Module, numerics: compute.Numerics, picture: Tensor) -> Tensor:
    """Run the network on a picture whose sides are first filled up to a multiple of 4, at least 8, by repeating the border.

    Below 8 pixels a side a quarter of the size is a single value, of which instance norm can take no variance.
    """
    height, width = picture.shape[-2:]
    right, below = (max(SMALLEST - side, -side % MULTIPLE) for side in (width, height))
    padded = functional.pad(picture, (0, right, 0, below), mode="replicate")
    with numerics.autocast():
        drawn = network(numerics.arrange(padded))
    return drawn.float().cpu()[..., :height, :width]
