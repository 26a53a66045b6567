"""What the tray asks for: pictures drawn again, trees of parents, a way on to another tab, a ZIP out and in."""

import base64
import binascii
import csv
import io
import json
import tempfile
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from engines import imaging
from engines.errors import StudioError
from engines.finishing import Mockup, PrintJob
from engines.paths import replacing
from engines.production.contact_sheet import Named, save_contact_sheet
from engines.production.origin import Origin
from engines.recipe import Enlarge, Finish, Picture, Recipe, Sheet, Swap, from_json, parents_of, to_json
from studio import graphics, guards, wording
from studio.components.tray import Compared, Kept, Looked, Node, Word
from studio.state import Services

MOST_ITEMS = 200
MOST_DRAWN = 60
MOST_NODES = 40
MOST_DIFFERENCES = 14
LARGE = 420
LIGHT_SIDE = 480
LIGHT_DPI = 50
MAX_PICTURE = 200 * 2**10
MANIFEST = "tray.json"
FORMAT = 1
PLACES = ("explore", "desk", "swap")
NOT_COMPARED = {"rights", "weights", "format"}
AS_IT_WAS, OTHER_WEIGHTS, FILE_MISSING, UNDRAWABLE = "as it was", "other weights", "file missing", "undrawable"


@dataclass(frozen=True)
class Packed:
    """A picture of the tray as the page sends it, every field checked."""

    recipe: Recipe
    tags: tuple[str, ...]
    note: str
    kept: str
    picture: str


@dataclass(frozen=True)
class Again:
    """How a picture of a tray was drawn again.

    Attributes:
        recipe: of the picture as it is now.
        state: "as it was", "other weights", "file missing" or "undrawable"; why: what an undrawable one lacks.
    """

    recipe: Recipe
    state: str = AS_IT_WAS
    why: str = ""

    @property
    def is_copy(self) -> bool:
        """Whether it is the small copy that was kept with the recipe."""
        return self.state in (FILE_MISSING, UNDRAWABLE)


def kept(services: Services, recipe: Recipe, picture: Image.Image) -> Word:
    """A picture for the tray."""
    return Word(keep=(_kept(recipe, picture),))


def _kept(recipe: Recipe, picture: Image.Image) -> Kept:
    title, rights = wording.title(recipe), graphics.rights_line(recipe)
    return Kept(to_json(recipe), title, rights, graphics.thumbnail(picture))


def keep_drawn(services: Services, recipe: Recipe, folder: Path) -> Word:
    """A picture for the tray that is drawn from its recipe first."""
    return kept(services, recipe, graphics.drawn(services, light(recipe), folder))


def light(recipe: Recipe) -> Recipe:
    """A recipe whose picture is small: for what is looked at and not saved."""
    if isinstance(recipe, Finish) and isinstance(recipe.step, Mockup):
        return replace(recipe, step=replace(recipe.step, side=min(recipe.step.side, LIGHT_SIDE)))
    if isinstance(recipe, Finish) and isinstance(recipe.step, PrintJob):
        return replace(recipe, step=replace(recipe.step, dpi=LIGHT_DPI, marks=False))
    return recipe


def home_of(recipe: Recipe) -> str:
    """The tab that a picture goes back to."""
    return "desk" if isinstance(recipe, Finish | Swap | Enlarge | Picture) else "explore"


# Looking


def look(services: Services, event: gr.EventData, request: gr.Request) -> Word:
    """A picture drawn again from its recipe, with the tree of its parents."""
    return Word(looked=_looked(services, _text(event, "recipe"), services.session_folder(request)))


def _looked(services: Services, asked: str, folder: Path) -> Looked:
    recipe, note = graphics.present(services, from_json(asked))
    picture = ""
    if graphics.at_hand(recipe, folder):
        picture = graphics.thumbnail(graphics.drawn(services, light(recipe), folder), LARGE)
    else:
        note = " ".join([note, "It begins with a file of yours: open that file under Mock-up and print to draw it again."]).strip()
    return Looked(asked, tree_of(services, recipe, folder), graphics.rights_line(recipe), home_of(recipe), picture, note)


def tree_of(services: Services, recipe: Recipe, folder: Path) -> Node:
    """A recipe with all that it was made of, each with a small picture where it can be drawn; at most `MOST_NODES`."""
    left = [MOST_NODES]

    def node(of: Recipe) -> Node:
        left[0] -= 1
        picture = ""
        if graphics.at_hand(of, folder):
            picture = graphics.thumbnail(graphics.drawn(services, light(of), folder), 88)
        above = () if isinstance(of, Sheet) else tuple(node(parent) for parent in parents_with_files(of) if left[0] > 0)
        return Node(to_json(of), wording.title(of), of.operation, picture, above)

    return node(recipe)


def parents_with_files(recipe: Recipe) -> tuple[Recipe, ...]:
    """The recipes of a picture's parents; a swap of a file has that file as its parent."""
    if isinstance(recipe, Swap) and recipe.source is None:
        return (Picture(recipe.input),)
    return parents_of(recipe)


def compare(services: Services, event: gr.EventData, request: gr.Request) -> Word:
    """Two pictures side by side, and in what their recipes differ."""
    texts = event._data.get("recipes")
    if not isinstance(texts, list) or len(texts) != 2:
        raise StudioError("two pictures are compared: choose two in the tray")
    folder = services.session_folder(request)
    first, second = (from_json(str(text)) for text in texts)
    one, other = (_looked(services, str(text), folder) for text in texts)
    return Word(compared=Compared(one, other, differences(first, second)))


def differences(first: Recipe, second: Recipe) -> tuple[tuple[str, str, str], ...]:
    """Field, first value and second value wherever two recipes differ."""
    one, other = (_flat(json.loads(to_json(recipe))) for recipe in (first, second))
    names = [name for name in dict.fromkeys([*one, *other]) if one.get(name) != other.get(name)]
    return tuple((name, one.get(name, "–"), other.get(name, "–")) for name in names[:MOST_DIFFERENCES])


def _flat(value: Any, name: str = "") -> dict[str, str]:
    if isinstance(value, dict):
        parts = ((f"{name} {key}".strip(), part) for key, part in value.items() if key not in NOT_COMPARED)
    elif isinstance(value, list):
        parts = ((f"{name} {place + 1}", part) for place, part in enumerate(value))
    else:
        return {name: str(value)[:80]}
    return {found: text for key, part in parts for found, text in _flat(part, key).items()}


# Sending on


def sent(event: gr.EventData) -> tuple[str, Recipe]:
    """Where a picture is sent, and its recipe.

    Raises:
        StudioError: no such place, or no recipe.
    """
    return guards.one_of(event._data.get("to"), PLACES, "the place"), from_json(_text(event, "recipe"))


def save_picture(services: Services, event: gr.EventData, request: gr.Request) -> Path:
    """One picture as PNG, with its recipe or without a word."""
    recipe, _ = graphics.present(services, from_json(_text(event, "recipe")))
    folder = services.session_folder(request)
    return graphics.saved(graphics.drawn(services, recipe, folder), recipe, folder, with_recipe=event._data.get("stripped") is not True)


# A ZIP out


def pack(services: Services, event: gr.EventData, request: gr.Request) -> tuple[Path, Word]:
    """The tray as ZIP: PNGs, a contact sheet, a table, and what opens it again; without recipes only the first three."""
    items, stripped, folder = packed_items(event._data.get("items")), event._data.get("stripped") is True, services.session_folder(request)
    if not items:
        raise StudioError("the tray is empty: keep a picture first")
    if len(items) > MOST_DRAWN:
        raise StudioError(f"{len(items)} pictures are more than the {MOST_DRAWN} that are packed at once: choose a tag first")
    path = folder / "tray.zip"
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        all_again = write_zip(services, items, path, Path(scratch), folder, with_recipes=not stripped)
    return path, Word(said=" ".join([f"Packed {len(items)} pictures.", *remarks_on(all_again)]))


def write_zip(services: Services, items: Sequence[Packed], path: Path, scratch: Path, folder: Path, with_recipes: bool) -> list[Again]:
    """Draw the pictures of a tray and write them into a ZIP that appears only when whole; returns how each was drawn."""
    rows, sheet, all_again = [], [], []
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        for number, item in enumerate(items, 1):
            picture, again = drawn_again(services, item, folder)
            all_again.append(again)
            title, rights = wording.title(again.recipe), graphics.rights_line(again.recipe)
            made = graphics.saved(picture, again.recipe, scratch, with_recipe=with_recipes and not again.is_copy)
            name = f"pictures/{number:03d}-{made.name}"
            archive.write(made, name)
            made.unlink()
            recipe = [to_json(again.recipe)] if with_recipes else []
            rows.append([name, title, ", ".join(item.tags), item.note, item.kept, rights, *recipe])
            sheet.append(
                Named(imaging.within(graphics.on_checks(picture), 600), f"{number:03d} {title}", item.note or ", ".join(item.tags))
            )
        archive.writestr("tray.csv", table(rows, with_recipes))
        save_contact_sheet(
            sheet, scratch / "contact-sheet.pdf", Origin("contact sheet", {"pictures": len(items)}, "", _all_rights(all_again), None)
        )
        archive.write(scratch / "contact-sheet.pdf", "contact-sheet.pdf")
        if with_recipes:
            kept_items = [
                {"recipe": to_json(item.recipe), "tags": item.tags, "note": item.note, "kept": item.kept, "picture": item.picture}
                for item in items
            ]
            archive.writestr(MANIFEST, json.dumps({"format": FORMAT, "items": kept_items}, ensure_ascii=False))
    return all_again


def drawn_again(services: Services, item: Packed, folder: Path, made_light: bool = False) -> tuple[Image.Image, Again]:
    """A picture of a tray, drawn with the weights at hand; the small copy that came with it where it cannot be drawn any more.

    Args:
        made_light: draw it as small as `light` makes it.

    Raises:
        StudioError: it cannot be drawn, and there is no small copy.
    """
    if not graphics.at_hand(item.recipe, folder):
        return small_copy(item.picture), Again(item.recipe, FILE_MISSING)
    try:
        recipe, note = graphics.present(services, item.recipe)
        picture = graphics.drawn(services, light(recipe) if made_light else recipe, folder)
    except StudioError as error:
        return small_copy(item.picture), Again(item.recipe, UNDRAWABLE, str(error))
    return picture, Again(recipe, OTHER_WEIGHTS if note else AS_IT_WAS)


def remarks_on(all_again: Sequence[Again]) -> list[str]:
    """A sentence for each reason why pictures of a tray are not what they were."""
    counts = Counter(again.state for again in all_again)
    why = next((again.why for again in all_again if again.why), "")
    sentences = {
        FILE_MISSING: "begin with files of yours that are not here: they are in it as small copies.",
        UNDRAWABLE: f"cannot be drawn here any more ({why}): they are in it as small copies.",
        OTHER_WEIGHTS: "are drawn with other weights than at first: they may look different.",
    }
    return [f"{counts[state]} of them {sentence}" for state, sentence in sentences.items() if counts[state]]


def _all_rights(all_again: Sequence[Again]) -> str:
    return " ".join(dict.fromkeys(graphics.rights_line(again.recipe) for again in all_again))


def table(rows: Sequence[Sequence[str]], with_recipes: bool) -> str:
    """A CSV of the tray; no cell is a formula to a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["file", "title", "tags", "note", "kept", "rights", *(["recipe"] if with_recipes else [])])
    writer.writerows([["'" + cell if cell.startswith(("=", "+", "-", "@", "\t")) else cell for cell in row] for row in rows])
    return text.getvalue()


def packed_items(given: object) -> list[Packed]:
    """The pictures of a tray as anybody sends them, each checked.

    Raises:
        StudioError: too many, a damaged recipe, or a field of another kind.
    """
    if not isinstance(given, list) or len(given) > MOST_ITEMS:
        raise StudioError(f"a tray holds at most {MOST_ITEMS} pictures: this is none")
    return [_packed(one) for one in given]


def _packed(one: object) -> Packed:
    if not isinstance(one, dict):
        raise StudioError("this tray is damaged: save it again where it came from")
    tags, note, moment, picture = (one.get(name, "") for name in ("tags", "note", "kept", "picture"))
    sound = isinstance(tags, list) and len(tags) <= 10 and all(isinstance(tag, str) and len(tag) <= 40 for tag in tags)
    sound = sound and isinstance(note, str) and len(note) <= 2000 and isinstance(moment, str) and len(moment) <= 40
    if not sound or not isinstance(picture, str) or len(picture) > MAX_PICTURE:
        raise StudioError("this tray is damaged: save it again where it came from")
    return Packed(from_json(str(one.get("recipe"))), tuple(tags), str(note), str(moment), str(picture))


def small_copy(address: str) -> Image.Image:
    """The picture inside a data address of any origin.

    Raises:
        StudioError: none there.
    """
    try:
        pixels = base64.b64decode(address.partition(",")[2], validate=True)
        with tempfile.NamedTemporaryFile(suffix=".webp") as file:
            file.write(pixels)
            file.flush()
            return imaging.safe_open(Path(file.name))
    except (ValueError, binascii.Error) as error:
        raise StudioError("this tray is damaged: save it again where it came from") from error


# A ZIP in


def take(services: Services, event: gr.EventData, request: gr.Request) -> Word:
    """The pictures of a tray that was saved as ZIP, drawn again."""
    folder = services.session_folder(request)
    path = guards.uploaded_file(event._data.get("path"))
    items = packed_items(read_manifest(path))
    added: list[Kept] = []
    all_again: list[Again] = []
    for item in items[:MOST_ITEMS]:
        if len(added) < MOST_DRAWN:
            picture, again = drawn_again(services, item, folder, made_light=True)
        else:
            picture, again = small_copy(item.picture), Again(item.recipe)
        all_again.append(again)
        added.append(replace(_kept(again.recipe, picture), tags=item.tags, note=item.note, kept=item.kept))
    return Word(keep=tuple(added), said=" ".join([f"{len(added)} pictures came with the ZIP.", *remarks_on(all_again)]))


def read_manifest(path: Path) -> object:
    """The list inside a tray's ZIP.

    Raises:
        StudioError: no ZIP of a tray.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            inside = archive.getinfo(MANIFEST)
            if inside.file_size > 32 * 2**20:
                raise StudioError(f"{path.name} holds a tray of {inside.file_size // 2**20} MB: split it")
            fields = json.loads(archive.read(inside))
    except (zipfile.BadZipFile, KeyError, ValueError, NotImplementedError, RuntimeError, OSError) as error:
        raise StudioError(f"{path.name} is no tray: use a ZIP as it was saved from the tray, with its recipes") from error
    if not isinstance(fields, dict) or fields.get("format") != FORMAT:
        raise StudioError(f"{path.name} has another format than {FORMAT}: update Atelier")
    return fields.get("items")


def _text(event: gr.EventData, name: str) -> str:
    value = event._data.get(name)
    if not isinstance(value, str):
        raise StudioError("this is not a recipe: the text is not JSON")
    return value
