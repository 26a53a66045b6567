import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from engines.errors import StudioError
from engines.recipe import (
    MAX_DRAWN,
    MAX_SEED,
    Blend,
    Diverse,
    Enlarge,
    Find,
    Layers,
    Look,
    Mask,
    Mix,
    Move,
    Picture,
    Recipe,
    Sample,
    Sheet,
    Steer,
    Swap,
    Vary,
    Way,
    from_json,
    parents_of,
    read_recipe,
    rights_of,
    save_with_recipe,
    seed_value,
    shift_text,
    to_json,
)

HASH = "0" * 64
SAMPLE = Sample("cityscape", HASH, "Research only.", MAX_SEED, 0.7)
BLEND = Blend("clothing", HASH, "Research only.", (1, 2), 0.25, 1.0, "dress")
SWAP = Swap("leather-denim", HASH, "Research only.", "denim", HASH, SAMPLE)
WASHED = replace(SWAP, source=None, look=Look(80, 120, 0, 33.5, "indigo"), mask=Mask("drawn", "AAAA", 2, True))
SHEET = Sheet(2, (SAMPLE, BLEND))
LARGER = Enlarge("upscale-4", HASH, "Free.", SWAP)


@pytest.mark.parametrize("recipe", [SAMPLE, BLEND, SWAP, WASHED, SHEET, LARGER], ids=lambda recipe: recipe.operation)
def test_a_recipe_survives_json_and_png(recipe: Recipe, tmp_path: Path) -> None:
    assert from_json(to_json(recipe)) == recipe
    save_with_recipe(Image.new("RGB", (4, 4)), tmp_path / "made.png", recipe)
    assert read_recipe(tmp_path / "made.png") == recipe


def test_a_picture_without_a_recipe_has_none(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "plain.png")
    Image.new("RGB", (4, 4)).save(tmp_path / "plain.jpg")
    assert read_recipe(tmp_path / "plain.png") is None
    assert read_recipe(tmp_path / "plain.jpg") is None


@pytest.mark.parametrize(
    "change",
    [
        {"seed": -1},
        {"seed": 1.5},
        {"seed": 10**30},
        {"seed": True},
        {"truncation": math.nan},
        {"truncation": 10**400},
        {"truncation": 3},
        {"truncation": "1"},
        {"model": "../../etc/passwd"},
        {"model": None},
        {"weights": "abc"},
        {"rights": "x" * 5000},
        {"class_name": 7},
        {"operation": "exec"},
        {"format": 2},
    ],
)
def test_a_strange_value_is_refused_with_a_sentence(change: dict[str, object]) -> None:
    fields = json.loads(to_json(SAMPLE)) | change
    with pytest.raises(StudioError):
        from_json(json.dumps(fields))


@pytest.mark.parametrize(
    "change",
    [
        {"look": {"strength": 151}},
        {"look": {"colour": math.nan}},
        {"look": {"texture": True}},
        {"look": {"wash": "url(x)"}},
        {"look": {"gloss": 1}},
        {"look": [1]},
        {"mask": {"kind": "magic"}},
        {"mask": {"kind": "drawn"}},
        {"mask": {"kind": "auto", "drawn": "AAAA"}},
        {"mask": {"kind": "drawn", "drawn": "<svg>"}},
        {"mask": {"kind": "drawn", "drawn": "A" * (MAX_DRAWN + 4)}},
        {"mask": {"feather": 6}},
        {"mask": {"inverted": 1}},
    ],
)
def test_a_strange_look_or_mask_is_refused_with_a_sentence(change: dict[str, object]) -> None:
    fields = json.loads(to_json(WASHED)) | change
    with pytest.raises(StudioError):
        from_json(json.dumps(fields))


def test_a_swap_from_before_there_were_looks_and_masks_is_one_of_the_whole_picture() -> None:
    fields = json.loads(to_json(SWAP))
    del fields["look"], fields["mask"]
    assert from_json(json.dumps(fields)) == SWAP


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", "[" * 100_000, '{"format": 1}'])
def test_what_is_no_recipe_is_refused(text: str) -> None:
    with pytest.raises(StudioError):
        from_json(text)


def test_sheets_and_swaps_do_not_nest_without_end() -> None:
    deep = replace(SHEET, tiles=(replace(SHEET, tiles=(replace(SHEET, tiles=(SHEET,)),)),))
    with pytest.raises(StudioError, match="structure"):
        from_json(to_json(deep))


@pytest.mark.parametrize("value", [math.nan, math.inf, 0.5, -1, "7", None, True, MAX_SEED + 1, [1]])
def test_what_is_no_seed_is_refused_by_name(value: object) -> None:
    with pytest.raises(StudioError, match="a seed is a whole number"):
        seed_value(value)


def test_whole_floats_are_seeds() -> None:
    assert seed_value(7.0) == 7


VARIED = Vary("cityscape", HASH, "Research only.", SAMPLE, 9, 0.2)
MIXED = Mix("cityscape", HASH, "Research only.", (SAMPLE, VARIED), (0.5, 0.25))
LAYERED = Layers("cityscape", HASH, "Research only.", (MIXED, SAMPLE))
STEERED = Steer("cityscape", HASH, "Research only.", LAYERED, (Move("brighter", -1.5),), shift_text([0.5, -2.0]))
WALKED = Way("cityscape", HASH, "Research only.", (STEERED, SAMPLE, VARIED), 0.4, True, "soft")
FOUND = Find("cityscape", HASH, "Research only.", SAMPLE, "sunset", "studio-clip@012345678901/float32", 500)
APART = Diverse("cityscape", HASH, "Research only.", FOUND, "studio-clip@012345678901/float32", 200)


@pytest.mark.parametrize("recipe", [VARIED, MIXED, LAYERED, STEERED, WALKED, FOUND, APART], ids=lambda recipe: recipe.operation)
def test_a_recipe_made_of_others_survives_json_and_knows_its_parents(recipe: Recipe) -> None:
    assert from_json(to_json(recipe)) == recipe
    assert parents_of(recipe)
    assert from_json(to_json(replace(SWAP, source=recipe))) == replace(SWAP, source=recipe)


@pytest.mark.parametrize(
    ("recipe", "change"),
    [
        (VARIED, {"strength": 1.1}),
        (VARIED, {"strength": math.nan}),
        (VARIED, {"seed": -1}),
        (VARIED, {"parent": None}),
        (VARIED, {"parent": {"operation": "sheet", "columns": 1, "tiles": []}}),
        (VARIED, {"parent": [1]}),
        (MIXED, {"shares": [1]}),
        (MIXED, {"shares": [0, 0]}),
        (MIXED, {"shares": [1, "1"]}),
        (MIXED, {"parents": []}),
        (MIXED, {"parents": "all"}),
        (MIXED, {"parents": None}),
        (LAYERED, {"parents": [{"operation": "exec"}] * 2}),
        (STEERED, {"shift": "<svg>"}),
        (STEERED, {"shift": ""}),
        (STEERED, {"shift": "AAA"}),
        (STEERED, {"shift": "AHw="}),
        (STEERED, {"shift": shift_text([65.0])}),
        (STEERED, {"shift": 7}),
        (STEERED, {"moves": []}),
        (STEERED, {"moves": [{"name": "x", "amount": 6}]}),
        (STEERED, {"moves": [3]}),
        (WALKED, {"position": 1.5}),
        (WALKED, {"loop": 1}),
        (WALKED, {"easing": "javascript:"}),
        (FOUND, {"among": 0}),
        (FOUND, {"words": "x" * 5000}),
        (APART, {"encoder": None}),
    ],
)
def test_a_strange_operation_is_refused_with_a_sentence(recipe: Recipe, change: dict[str, object]) -> None:
    fields = json.loads(to_json(recipe)) | change
    with pytest.raises(StudioError):
        from_json(json.dumps(fields))


def test_a_family_without_end_is_refused() -> None:
    fields = json.loads(to_json(VARIED))
    for _ in range(200):
        fields = {**fields, "parent": {key: value for key, value in fields.items() if key != "format"}}
    with pytest.raises(StudioError, match="structure"):
        from_json(json.dumps(fields))


def test_a_strange_enlargement_is_refused_with_a_sentence() -> None:
    told = json.loads(to_json(LARGER))
    for change in ({"factor": 1}, {"factor": 1e300}, {"factor": "4"}, {"factor": None}, {"source": None}, {"weights": "no"}):
        with pytest.raises(StudioError):
            from_json(json.dumps(told | change))
    with pytest.raises(StudioError, match="was enlarged already"):
        from_json(to_json(replace(LARGER, source=LARGER)))
    with pytest.raises(StudioError, match="a sheet's pictures are not enlarged"):
        from_json(to_json(Sheet(1, (LARGER,))))


def test_what_an_upscaler_allows_is_said_of_the_upscaler_and_not_of_the_picture() -> None:
    assert rights_of(LARGER) == ["Research only.", "Enlarged by upscale-4: Free."]
    assert rights_of(replace(LARGER, source=Picture(HASH)))[0].endswith("unknown.")
