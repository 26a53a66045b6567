from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.curation import duplicates
from engines.curation.duplicates import Appearance, appearance, appearances, find_duplicates
from engines.errors import Cancelled, StudioError
from tests.engines.curation.drawn import scene
from tests.pictures import text_named_jpg

DISTINCT = 200


def planted(folder: Path) -> tuple[dict[int, Path], dict[int, int]]:
    """Distinct pictures, then copies of every kind: files by id, and the original's id of each copy."""
    paths: dict[int, Path] = {}
    origin: dict[int, int] = {}

    def put(picture: Image.Image, of: int | None, **options: int) -> None:
        number = len(paths)
        paths[number] = folder / f"{number:04}{'.jpg' if options else '.png'}"
        picture.save(paths[number], **options)
        if of is not None:
            origin[number] = of

    for seed in range(DISTINCT):
        put(scene(seed), None)
    for number in range(0, DISTINCT, 5):
        picture = scene(number)
        put(picture, number)
        put(picture, number, quality=(30, 50, 75, 95)[number // 5 % 4])
        factor = (0.25, 0.5, 0.75, 1.5)[number // 5 % 4]
        put(picture.resize((round(96 * factor), round(96 * factor)), Image.Resampling.LANCZOS), number, quality=90)
        put(picture.transpose(list(Image.Transpose)[number // 5 % 7]), number, quality=90)
    return paths, origin


@pytest.fixture(scope="module")
def seen_and_origin(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[int, Appearance], dict[int, int]]:
    paths, origin = planted(tmp_path_factory.mktemp("planted"))
    seen, failed = appearances(paths)
    assert not failed
    return seen, origin


def test_planted_copies_are_found_and_distinct_pictures_are_not(seen_and_origin: tuple[dict[int, Appearance], dict[int, int]]) -> None:
    seen, origin = seen_and_origin
    group_of = {}
    for group in find_duplicates(seen):
        members = {group.kept, *(copy.picture for copy in group.copies)}
        assert len({origin.get(number, number) for number in members}) == 1, "two different pictures in one group"
        group_of |= dict.fromkeys(members, group.kept)
    found = [copy for copy, first in origin.items() if group_of.get(copy) is not None and group_of.get(copy) == group_of.get(first)]
    assert len(found) >= 0.99 * len(origin)


def test_groups_do_not_depend_on_the_order(seen_and_origin: tuple[dict[int, Appearance], dict[int, int]]) -> None:
    seen, _ = seen_and_origin
    backwards = {number: seen[number] for number in reversed(seen)}
    assert find_duplicates(backwards) == find_duplicates(seen)


def test_small_blocks_find_the_same_groups(
    seen_and_origin: tuple[dict[int, Appearance], dict[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = {number: one for number, one in seen_and_origin[0].items() if number < 20 or number >= len(seen_and_origin[0]) - 40}
    whole = find_duplicates(seen)
    for name, value in (("_FIRST_BLOCK", 3), ("_BLOCK", 7), ("_COLUMNS", 11), ("_PAIRS", 2), ("_SKETCH", 5)):
        monkeypatch.setattr(duplicates, name, value)
    assert len(whole) >= 10
    assert find_duplicates(seen) == whole


def test_the_largest_of_a_group_stays_and_then_the_earliest(tmp_path: Path) -> None:
    sizes = {3: 64, 1: 96, 7: 128, 5: 128}
    for number, side in sizes.items():
        scene(1, 128, 128).resize((side, side), Image.Resampling.LANCZOS).save(tmp_path / f"{number}.png")
    (group,) = find_duplicates({number: appearance(tmp_path / f"{number}.png") for number in sizes})
    assert group.kept == 5
    assert [(copy.picture, copy.how) for copy in group.copies] == [(1, "near"), (3, "near"), (7, "same file")]


def test_the_same_pixels_in_another_file_are_told_from_the_same_file(tmp_path: Path) -> None:
    scene(2).save(tmp_path / "a.png")
    scene(2).save(tmp_path / "b.webp", lossless=True)
    (group,) = find_duplicates({1: appearance(tmp_path / "a.png"), 2: appearance(tmp_path / "b.webp")})
    assert group.copies == (duplicates.Copy(2, "same pixels", 1.0),)
    assert duplicates.dropped([group], {1: "a", 2: "b"}) == {2: "same pixels as a"}


def test_plain_pictures_of_other_shapes_are_no_copies(tmp_path: Path) -> None:
    for number, (size, colour) in enumerate([((10, 20), 90), ((20, 10), 90), ((20, 20), 90), ((20, 20), 93)]):
        Image.new("RGB", size, (colour,) * 3).save(tmp_path / f"{number}.png")
    assert find_duplicates({number: appearance(tmp_path / f"{number}.png") for number in range(4)}) == ()


def test_another_colourway_of_a_design_is_another_picture(tmp_path: Path) -> None:
    red, green, blue = scene(4).split()
    Image.merge("RGB", (red, green, blue)).save(tmp_path / "1.png")
    Image.merge("RGB", (blue, red, green)).save(tmp_path / "2.png")
    seen = {number: appearance(tmp_path / f"{number}.png") for number in (1, 2)}
    assert find_duplicates(seen, likeness=0.3) == ()
    assert len(find_duplicates(seen, likeness=0.3, colour_limit=255)) == 1


def test_groups_never_chain_to_a_different_picture(tmp_path: Path) -> None:
    scene(5).save(tmp_path / "a.png")
    one = appearance(tmp_path / "a.png")
    angles = np.arange(10) * 0.3
    across = np.roll(one.waves, 1) - np.roll(one.waves, 1) @ one.waves * one.waves
    across /= np.linalg.norm(across)
    seen = {
        number: replace(one, pixels=str(number), waves=(np.cos(angle) * one.waves + np.sin(angle) * across).astype(np.float32))
        for number, angle in enumerate(angles)
    }
    groups = find_duplicates(seen, likeness=float(np.cos(0.35)))
    assert [group.kept for group in groups] == [0, 2, 4, 6, 8]
    assert all(copy.likeness >= np.cos(0.35) - 1e-3 for group in groups for copy in group.copies)


def test_vectors_find_what_looks_do_not(tmp_path: Path) -> None:
    for number in range(3):
        scene(number).save(tmp_path / f"{number}.png")
    seen = {number: appearance(tmp_path / f"{number}.png") for number in range(3)}
    vectors = {0: np.array([1.0, 0.0]), 1: np.array([0.999, 0.0447]), 2: np.array([np.nan, np.nan])}
    (group,) = find_duplicates(seen, vectors=vectors)
    assert (group.kept, group.copies[0].picture, group.copies[0].how) == (0, 1, "similar vectors")
    assert find_duplicates(seen, vectors=vectors, similarity=0.9999) == ()


def test_thousands_of_copies_of_one_picture_are_one_group(tmp_path: Path) -> None:
    scene(6).save(tmp_path / "a.png")
    one = appearance(tmp_path / "a.png")
    (group,) = find_duplicates({number: replace(one, pixels=str(number)) for number in range(2000)})
    assert (group.kept, len(group.copies)) == (0, 1999)


def test_a_broken_file_is_told_and_only_broken_files_are_a_mistake(tmp_path: Path) -> None:
    broken = text_named_jpg(tmp_path / "poem.jpg")
    scene(7).save(tmp_path / "a.png")
    seen, failed = appearances({1: tmp_path / "a.png", 2: broken})
    assert (list(seen), list(failed)) == ([1], [2])
    with pytest.raises(StudioError, match=r"poem\.jpg"):
        appearances({2: broken})


@pytest.mark.parametrize("likeness", [0, 1.5, float("nan"), True, "high"])
def test_an_impossible_likeness_is_a_mistake(likeness: object) -> None:
    with pytest.raises(StudioError, match="likeness is a cosine"):
        find_duplicates({}, likeness=likeness)  # type: ignore[arg-type]


def test_looking_can_be_cancelled(tmp_path: Path) -> None:
    scene(8).save(tmp_path / "a.png")

    def stop(done: int, total: int, message: str = "") -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        appearances(dict.fromkeys(range(100), tmp_path / "a.png"), stop)
