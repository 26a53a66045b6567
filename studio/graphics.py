"""A picture on its way between tabs: its recipe, its pixels on this machine, and the small copies that the page shows."""

import base64
import hashlib
import io
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from engines import imaging
from engines.errors import StudioError
from engines.finishing import Step
from engines.paths import replacing
from engines.production.rendering import other_weights, proven_recipe, with_present_weights
from engines.production.steps import finished, opaque_if_whole
from engines.recipe import (
    PNG_KEY,
    Picture,
    Recipe,
    after,
    file_hash,
    given_pictures,
    read_recipe,
    rights_of,
    to_json,
)
from studio import guards
from studio.state import GIVEN, Services
from studio.wording import title

CHECKS = (244, 222)
CHECK = 12
THUMBNAIL = 144
WORKED = 1024
UNKNOWN_RIGHTS = "unknown, it is a picture of your own"


@dataclass(frozen=True)
class Graphic:
    """A picture with its recipe, and PNGs of just its pixels in the folder of the session.

    Attributes:
        file: all pixels; size: width and height of it.
        small: the same with a longer side of at most `WORKED` pixels, for what follows a slider.
    """

    recipe: Recipe
    file: Path
    size: tuple[int, int]
    small: Path

    def opened(self) -> Image.Image:
        """The pixels, RGB, or RGBA where something is transparent."""
        return opaque_if_whole(imaging.safe_open(self.file, alpha=True))

    def worked(self) -> Image.Image:
        """The pixels of `small`, RGB or RGBA as `opened`."""
        return opaque_if_whole(imaging.safe_open(self.small, alpha=True))


def from_upload(services: Services, path: Path, folder: Path) -> Graphic:
    """A graphic from an uploaded picture; a recipe inside is believed when it draws that very picture.

    Raises:
        StudioError: not a picture.
    """
    picture = opaque_if_whole(imaging.safe_open(path, alpha=True))
    try:
        known = proven_recipe(path, services.render) if read_recipe(path) is not None else None
    except StudioError:
        known = None  # a damaged recipe in a good picture
    return _graphic(known or Picture(remember(path, folder)), picture, folder)


def from_recipe(services: Services, recipe: Recipe, folder: Path, once: bool = False) -> Graphic:
    """A graphic drawn from its recipe.

    Args:
        once: what was drawn of it before in this session is taken again.

    Raises:
        StudioError: as `drawn`.
    """
    path = _file_of(recipe, folder)
    if once and path.is_file():
        small = path.with_stem(f"{path.stem}-small")
        return Graphic(recipe, path, imaging.safe_open(path, alpha=True).size, small if small.is_file() else path)
    return _graphic(recipe, drawn(services, recipe, folder), folder)


def still_there(services: Services, graphic: Graphic, folder: Path) -> Graphic:
    """A graphic whose files are there: drawn again where they went, as after an hour in which nobody asked for anything.

    Raises:
        StudioError: as `drawn`.
    """
    if graphic.file.is_file() and graphic.small.is_file():
        return graphic
    return from_recipe(services, graphic.recipe, folder)


def _file_of(recipe: Recipe, folder: Path) -> Path:
    return folder / f"graphic-{fingerprint(recipe)}.png"


def _graphic(recipe: Recipe, picture: Image.Image, folder: Path) -> Graphic:
    path = small = _file_of(recipe, folder)
    imaging.save_png(picture, path)
    if max(picture.size) > WORKED:
        small = path.with_stem(f"{path.stem}-small")
        imaging.save_png(imaging.within(picture, WORKED), small)
    return Graphic(recipe, path, picture.size, small)


def remember(path: Path, folder: Path) -> str:
    """Keep a picture from elsewhere for as long as the session, so that recipes which begin with it can be drawn; returns its sha256."""
    name = file_hash(path)
    kept = folder / f"{GIVEN}{name}"
    if not kept.is_file():
        with replacing(kept) as temporary:
            shutil.copyfile(path, temporary)
    return name


def at_hand(recipe: Recipe, folder: Path) -> bool:
    """Whether the files that a recipe begins with were given in this session."""
    return all((folder / f"{GIVEN}{name}").is_file() for name in given_pictures(recipe))


def drawn(services: Services, recipe: Recipe, folder: Path) -> Image.Image:
    """A recipe's picture, whatever it begins with.

    Raises:
        StudioError: a model that is not here, a value that cannot be, a picture from elsewhere that was not given in this session, or a
            page larger than the studio draws.
    """
    given = given_pictures(recipe)
    if len(given) > 1:
        raise StudioError("this picture begins with several files of yours: draw its parts one by one")
    if given and not at_hand(recipe, folder):
        raise StudioError(
            f"this picture begins with a file of yours (sha256 {given[0][:12]}…): open that file under Mock-up and print first"
        )
    return services.render(recipe, folder / f"{GIVEN}{given[0]}" if given else None)


def present(services: Services, recipe: Recipe) -> tuple[Recipe, str]:
    """The recipe for the weights at hand, and a sentence where these are others than those it was first drawn with."""
    changed = other_weights(services.zoo, recipe)
    if not changed:
        return recipe, ""
    note = f"Drawn with other weights of {', '.join(changed)} than at first: it may look different."
    return with_present_weights(services.zoo, recipe), note


def stepped(graphic: Image.Image, recipe: Recipe, steps: Sequence[Step]) -> tuple[Image.Image, Recipe]:
    """A picture and its recipe after some steps of the desk."""
    for step in steps:
        graphic, recipe = finished(graphic, step), after(recipe, step)
    return graphic, recipe


def saved(picture: Image.Image, recipe: Recipe, folder: Path, name: str = "", with_recipe: bool = True) -> Path:
    """A PNG for download, with its recipe and rights inside or without a word."""
    path = folder / guards.file_name(name or title(recipe), fingerprint(recipe)[:6], suffix=".png")
    chunks = {PNG_KEY: to_json(recipe), "Copyright": rights_line(recipe)} if with_recipe else {}
    imaging.save_png(picture, path, chunks)
    return path


def fingerprint(recipe: Recipe) -> str:
    """A short name for a recipe."""
    return hashlib.sha256(to_json(recipe).encode()).hexdigest()[:20]


def thumbnail(picture: Image.Image, side: int = THUMBNAIL) -> str:
    """A small copy as an address that holds the picture itself."""
    small = imaging.within(on_checks(picture), side)
    return inlined(small, quality=80)


def inlined(picture: Image.Image, quality: int) -> str:
    """A picture as an address that holds it, WebP of a quality from 0 to 100."""
    buffer = io.BytesIO()
    picture.save(buffer, format="WEBP", quality=quality)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()


def on_checks(picture: Image.Image) -> Image.Image:
    """RGB, with light checks where the picture is transparent."""
    if picture.mode != "RGBA":
        return picture.convert("RGB")
    rows, columns = np.indices((picture.height, picture.width)) // max(2, min(CHECK, min(picture.size) // 8))
    checks = np.where((rows + columns) % 2, *CHECKS).astype(np.uint8)
    ground = Image.fromarray(np.repeat(checks[..., None], 3, axis=2)).convert("RGBA")
    return Image.alpha_composite(ground, picture).convert("RGB")


def rights_line(recipe: Recipe) -> str:
    """What may be done with a picture, one sentence a model."""
    return " ".join(rights_of(recipe)) or UNKNOWN_RIGHTS
