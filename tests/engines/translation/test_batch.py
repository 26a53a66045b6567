from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from engines import imaging
from engines.errors import StudioError
from engines.models.zoo import Zoo
from engines.recipe import Look, Mask, Swap, file_hash, read_recipe
from engines.translation.batch import places_of, swap_each
from engines.translation.swap import swap
from tests import pictures


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for index in range(4):
        (tmp_path / "in" / "coats").mkdir(parents=True, exist_ok=True)
        pictures.photograph(tmp_path / "in" / ("coats" if index % 2 else "") / f"{index}.png", 40 + index, 30, seed=index)
    pictures.text_named_jpg(tmp_path / "in" / "poem.jpg")
    return tmp_path / "in"


def test_a_folder_keeps_its_folders_and_names_what_it_left_out(tiny_zoo: Zoo, folder: Path, tmp_path: Path) -> None:
    places = places_of([folder], tmp_path / "out")
    outcomes = list(swap_each(tiny_zoo.translator("leather-denim"), places, "denim"))
    made = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.png"))
    assert made == ["0.png", "2.png", "coats/1.png", "coats/3.png"]
    [failed] = [outcome for outcome in outcomes if outcome.state == "failed"]
    assert failed.place.source.name == "poem.jpg"
    assert failed.reason.startswith("poem.jpg is not a JPEG")


def test_each_picture_is_swapped_as_it_would_be_alone(tiny_zoo: Zoo, folder: Path, tmp_path: Path) -> None:
    translator, look = tiny_zoo.translator("leather-denim"), Look(70, wash="black")
    for outcome in swap_each(translator, places_of([folder], tmp_path / "out"), "denim", look, Mask("auto")):
        place = outcome.place
        if outcome.state == "failed":
            continue
        alone = swap(translator, imaging.safe_open(place.source), "denim", look, Mask("auto"))
        assert alone.tobytes() == imaging.safe_open(place.out).tobytes()
        recipe = read_recipe(place.out)
        assert isinstance(recipe, Swap)
        assert (recipe.look, recipe.mask, recipe.input) == (look, Mask("auto"), file_hash(place.source))


def test_a_batch_that_was_stopped_leaves_whole_files_and_goes_on_from_there(tiny_zoo: Zoo, folder: Path, tmp_path: Path) -> None:
    translator, places = tiny_zoo.translator("leather-denim"), places_of([folder], tmp_path / "out")
    list(islice(swap_each(translator, places, "denim"), 2))
    first = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert len(first) == 2
    states = Counter(outcome.state for outcome in swap_each(translator, places, "denim"))
    assert states == {"already": 2, "swapped": 2, "failed": 1}
    assert {path: path.stat().st_mtime_ns for path in first} == first
    assert Counter(outcome.state for outcome in swap_each(translator, places, "denim", Look(50)))["swapped"] == 4


def test_pictures_that_would_overwrite_each_other_or_themselves_are_refused(tmp_path: Path) -> None:
    for name in ("a.png", "a.jpg"):
        pictures.photograph(tmp_path / name)
    with pytest.raises(StudioError, match="overwrite each other"):
        places_of([tmp_path / "a.png", tmp_path / "a.jpg"], tmp_path / "out")
    with pytest.raises(StudioError, match="overwritten by its swap"):
        places_of([tmp_path / "a.png"], tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(StudioError, match="no pictures"):
        places_of([tmp_path / "empty"], tmp_path / "out")
