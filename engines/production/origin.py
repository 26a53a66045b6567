"""Where a file for the outside comes from: it travels inside the file, with the rights."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engines.recipe import Recipe, Sheet, Swap, file_hash, read_recipe

PNG_KEY = "atelier-origin"
UNKNOWN_RIGHTS = "unknown: the graphic names none"


@dataclass(frozen=True)
class Origin:
    """What was made of which picture.

    Attributes:
        operation: such as "mockup" or "print"; `settings`: its values.
        input: sha256 of the graphic's file.
        rights: what may be done with it, from the weights that drew it.
        source: the recipe inside the graphic, if it had one.
    """

    operation: str
    settings: dict[str, Any]
    input: str
    rights: str
    source: Recipe | None

    def text(self) -> str:
        """As JSON with sorted keys."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=True)

    def chunks(self) -> dict[str, str]:
        """As text chunks of a PNG."""
        return {PNG_KEY: self.text(), "Copyright": self.rights}


def origin(graphic: Path, operation: str, settings: dict[str, Any]) -> Origin:
    """The origin of what is made from a graphic's file.

    Raises:
        StudioError: not a picture, or its recipe is damaged.
    """
    recipe = read_recipe(graphic)
    return Origin(operation, settings, file_hash(graphic), "; ".join(rights_of(recipe)) or UNKNOWN_RIGHTS, recipe)


def rights_of(recipe: Recipe | None) -> list[str]:
    """The rights of all weights that took part, each once."""
    if recipe is None:
        return []
    if isinstance(recipe, Sheet):
        return list(dict.fromkeys(rights for tile in recipe.tiles for rights in rights_of(tile)))
    earlier = rights_of(recipe.source) if isinstance(recipe, Swap) else []
    return list(dict.fromkeys([recipe.rights, *earlier]))
