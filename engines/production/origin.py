"""Where a file for the outside comes from: it travels inside the file, with the rights."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engines import recipe as recipes
from engines.recipe import Picture, Recipe, file_hash, read_recipe, rights_of

PNG_KEY = "atelier-origin"
UNKNOWN_RIGHTS = "unknown: the graphic names none"
UNPROVEN_RIGHTS = "unknown, for its recipe was not drawn again; the graphic names"


@dataclass(frozen=True)
class Origin:
    """What was made of which picture.

    Attributes:
        operation: such as "mockup" or "print"; `settings`: its values.
        input: sha256 of the graphic's file; of a graphic that was drawn for this, the beginning of that of its recipe.
        rights: what may be done with it, from the weights that drew it.
        source: the recipe of the graphic, where it is known to draw it.
        made: the recipe of what was made, where it can be drawn again from one.
    """

    operation: str
    settings: dict[str, Any]
    input: str
    rights: str
    source: Recipe | None
    made: Recipe | None = None

    def text(self) -> str:
        """As JSON with sorted keys."""
        fields = asdict(self)
        del fields["made"]
        return json.dumps(fields, sort_keys=True, ensure_ascii=True)

    def chunks(self) -> dict[str, str]:
        """As text chunks of a PNG."""
        recipe = {} if self.made is None else {recipes.PNG_KEY: recipes.to_json(self.made)}
        return {PNG_KEY: self.text(), "Copyright": self.rights, **recipe}


def origin(graphic: Path, source: Recipe, operation: str, settings: dict[str, Any], made: Recipe | None = None) -> Origin:
    """The origin of what is made from a graphic's file.

    Args:
        source: the graphic's recipe, proven as by `opened_graphic`. A recipe can be copied into any file: of a `Picture`, what the file
            says of rights is told as unproven.

    Raises:
        StudioError: not a picture, or the recipe in it is damaged.
    """
    recipe = None if isinstance(source, Picture) else source
    claimed = rights_of(read_recipe(graphic)) if recipe is None else []
    unproven = [f"{UNPROVEN_RIGHTS}: {'; '.join(claimed)}"] if claimed else []
    rights = list(dict.fromkeys([*unproven, *rights_of(recipe), *rights_of(made)]))
    return Origin(operation, settings, file_hash(graphic), "; ".join(rights) or UNKNOWN_RIGHTS, recipe, made)
