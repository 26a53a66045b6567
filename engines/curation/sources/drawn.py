"""Pictures that were drawn rather than found: kept once drawn, each with its recipe inside."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from PIL import Image

from engines.curation.provenance import Fetched, Provenance, now
from engines.paths import replacing
from engines.recipe import Recipe, save_with_recipe

_FACTS = "drawn.json"


def drawn_pictures(folder: Path, permission: str, pictures: Callable[[], Iterable[tuple[str, Image.Image, Recipe]]]) -> list[Fetched]:
    """Pictures from a folder of drawings, which are made when the folder is not complete yet, for a catalogue.

    Args:
        permission: why they may be trained on, in words.
        pictures: draws them; gives (file stem, picture, recipe) each. Their order is kept.
    """
    if not (folder / _FACTS).exists():
        names = []
        for stem, picture, recipe in pictures():
            names.append(f"{stem}.png")
            save_with_recipe(picture, folder / names[-1], recipe)
        with replacing(folder / _FACTS) as temporary:
            temporary.write_text(json.dumps({"format": 1, "pictures": names}))
    names = json.loads((folder / _FACTS).read_text())["pictures"]
    collected = now()
    return [
        Fetched(folder / name, Provenance("drawn", name, name, training_allowed="yes", permission=permission, collected=collected))
        for name in names
    ]
