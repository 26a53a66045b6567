"""A film through seeds or pictures: two to eight keyframes.

python -m engines interpolate cityscape --seeds 1,2 --frames 60 --out way.mp4
python -m engines interpolate clothing --seeds 3,8,21 --class skirt --loop --easing soft --out way.gif
python -m engines interpolate cityscape --seeds 1,2,3 --out frames
"""

import argparse
from pathlib import Path

from engines import imaging
from engines.commands._options import seed_list
from engines.errors import StudioError
from engines.exploration.sampling import draw, sample_recipes, way_recipes
from engines.models.zoo import Zoo
from engines.production.video import SUFFIXES, save_film
from engines.progress import TextProgress
from engines.recipe import EASINGS, MAX_TILES, Sheet, save_with_recipe, to_json

HELP = "a film through two to eight pictures"
CONTACT_COLUMNS = 8
OUT = "FILE.mp4, FILE.gif, FILE.png for a contact sheet, or a folder for the frames"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a generator; `models list` shows them")
    parser.add_argument("--seeds", type=seed_list, required=True, help="two to eight seeds, such as 1,2 or 4-9")
    parser.add_argument("--frames", type=int, default=60, help="how many pictures (default 60)")
    parser.add_argument("--loop", action="store_true", help="go back to the first picture, so that the film has no end")
    parser.add_argument("--easing", choices=EASINGS, default="even", help="soft is slow at each keyframe (default even)")
    parser.add_argument("--class", dest="class_name", metavar="NAME", help="for a model with classes")
    parser.add_argument("--truncation", type=float, default=1.0, help="ψ: 0 always the same safe picture, 1 all of the variety (default 1)")
    parser.add_argument("--out", type=Path, required=True, metavar="PATH", help=OUT)


def run(arguments: argparse.Namespace) -> None:
    out: Path = arguments.out
    if out.suffix.lower() not in ("", ".png", *SUFFIXES):
        raise StudioError(f"a way is saved as .mp4, .gif, .png or to a folder, got {out.name!r}: change the name")
    generator = Zoo().generator(arguments.model)
    keyframes = sample_recipes(generator, arguments.seeds, arguments.class_name, arguments.truncation)
    recipes = way_recipes(keyframes, arguments.frames, arguments.loop, arguments.easing)
    pictures = draw(generator, recipes, TextProgress())
    if out.suffix.lower() in SUFFIXES:
        save_film(pictures, out, to_json(Sheet(len(recipes), (recipes[0], recipes[-1]))))
    elif out.suffix.lower() == ".png":
        if len(recipes) > MAX_TILES:
            raise StudioError(f"a contact sheet holds {MAX_TILES} frames, got {len(recipes)}: give fewer with --frames")
        sheet = Sheet(CONTACT_COLUMNS, tuple(recipes))
        save_with_recipe(imaging.sheet(list(pictures), CONTACT_COLUMNS), out, sheet)
    else:
        for number, (recipe, picture) in enumerate(zip(recipes, pictures, strict=True)):
            save_with_recipe(picture, out / f"frame-{number:04d}.png", recipe)
