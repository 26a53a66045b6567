"""Many pictures swapped alike: what is done already is left, what cannot be read is named, and the rest goes on."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engines import imaging
from engines.errors import StudioError
from engines.models.zoo import Translator
from engines.recipe import AS_DRAWN, EVERYWHERE, Look, Mask, Recipe, Swap, file_hash, read_recipe, save_with_recipe
from engines.translation.swap import swap, swap_recipe

Origin = Callable[[Path], Recipe | None]
"""How a picture file was drawn, where that is proven."""


@dataclass(frozen=True)
class Place:
    """One picture file and where its swap goes."""

    source: Path
    out: Path


@dataclass(frozen=True)
class Outcome:
    """What became of one picture.

    Attributes:
        state: "swapped" now; "already" there, made by the very same recipe; or "failed".
        reason: why it failed, in a sentence that names the file.
    """

    place: Place
    state: str
    reason: str = ""


def places_of(inputs: Sequence[Path], out: Path) -> list[Place]:
    """Where the swaps of files and of all pictures below folders go: one PNG a picture, below `out`, folders kept.

    Raises:
        StudioError: two pictures would overwrite each other, a picture would overwrite itself, or a folder without pictures.
    """
    places = []
    for path in inputs:
        if path.is_dir():
            found = [file for file in imaging.picture_files(path) if not file.resolve().is_relative_to(out.resolve())]
            if not found:
                raise StudioError(f"{path} has no pictures: name a folder with JPEG, PNG or WEBP files")
            places += [Place(file, (out / file.relative_to(path)).with_suffix(".png")) for file in found]
        else:
            places.append(Place(path, out / f"{path.stem}.png"))
    doubled = [name for name, count in Counter(place.out for place in places).items() if count > 1]
    if doubled:
        raise StudioError(f"several pictures are called {doubled[0].stem!r} and would overwrite each other: rename one, or swap them apart")
    for place in places:
        if place.source.resolve() == place.out.resolve():
            raise StudioError(f"{place.source} would be overwritten by its swap: choose another folder for the swaps")
    return places


def swap_each(
    translator: Translator,
    places: Sequence[Place],
    target: str,
    look: Look = AS_DRAWN,
    mask: Mask = EVERYWHERE,
    origin: Origin = lambda path: None,
) -> Iterator[Outcome]:
    """Swap pictures one by one as they are asked for, each as it would be alone; one that was swapped so before is not done again.

    Whoever stops asking leaves whole files, and goes on from there the next time.

    Raises:
        StudioError: the model does not know the class, or an impossible look or mask.
    """
    swap_recipe(translator, target, "0" * 64, None, look, mask)
    for place in places:
        try:
            picture = imaging.safe_open(place.source)
            recipe = swap_recipe(translator, target, file_hash(place.source), None, look, mask)
            if _made_by(place.out, recipe):
                yield Outcome(place, "already")
                continue
            result = swap(translator, picture, target, recipe.look, recipe.mask)
            save_with_recipe(result, place.out, replace(recipe, source=origin(place.source)))
        except StudioError as error:
            text = str(error)
            yield Outcome(place, "failed", text if place.source.name in text else f"{place.source.name}: {text}")
        else:
            yield Outcome(place, "swapped")


def _made_by(path: Path, recipe: Swap) -> bool:
    """Whether a file is there and carries this recipe, wherever its input was drawn from."""
    try:
        found = read_recipe(path) if path.is_file() else None
    except StudioError:
        return False
    return isinstance(found, Swap) and replace(found, source=None) == recipe
