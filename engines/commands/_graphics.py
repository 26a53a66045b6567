"""The graphic that a command works on, and the steps that it goes through."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PIL import Image

from engines import imaging
from engines.finishing import Step
from engines.models.zoo import Enlarger, Zoo
from engines.production.enlarging import enlarge, enlarge_recipe
from engines.production.rendering import proven_recipe, render
from engines.production.steps import finished, opaque_if_whole
from engines.progress import Progress, silent
from engines.recipe import Picture, Recipe, after, file_hash, read_recipe


@dataclass(frozen=True)
class Graphic:
    """A picture with its recipe; without one that draws it, the recipe begins with its file."""

    picture: Image.Image
    recipe: Recipe

    def done(self, step: Step) -> "Graphic":
        """The graphic after a step of the desk.

        Raises:
            StudioError: a value of the step that cannot be.
        """
        return Graphic(finished(self.picture, step), after(self.recipe, step))

    def enlarged(self, upscaler: Enlarger, factor: float, progress: Progress = silent) -> "Graphic":
        """The graphic drawn larger.

        Raises:
            StudioError: a factor out of its range, or it was enlarged already.
        """
        recipe = enlarge_recipe(self.recipe, upscaler, factor)
        return Graphic(opaque_if_whole(enlarge(self.picture, factor, upscaler, progress)), recipe)


def opened_graphic(path: Path) -> Graphic:
    """A graphic from a file of any origin; what its recipe says is drawn and compared before it is believed.

    Raises:
        StudioError: not a picture, or its recipe is damaged.
    """
    picture = imaging.safe_open(path, alpha=True)
    known = proven_recipe(path, partial(render, Zoo())) if read_recipe(path) is not None else None
    return Graphic(picture, known or Picture(file_hash(path)))
