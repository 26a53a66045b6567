from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from engines.curation import quality
from engines.curation.quality import FILTERS, SHIPPED, Measures, around_limit, dropped, measure, measure_all
from engines.errors import StudioError
from tests.engines.curation.drawn import page, scene
from tests.pictures import text_named_jpg

DISTINCT = 200


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[int, Path], dict[int, str]]:
    """Sound pictures, and pictures with one defect each: files, and the filter that each defect is for."""
    folder = tmp_path_factory.mktemp("defects")
    paths: dict[int, Path] = {}
    defect: dict[int, str] = {}

    def put(picture: Image.Image, kind: str = "", suffix: str = ".png", written: str = "PNG") -> None:
        number = len(paths)
        paths[number] = folder / f"{number:04}{suffix}"
        picture.save(paths[number], format=written)
        if kind:
            defect[number] = kind

    for seed in range(DISTINCT):
        put(scene(seed))
    for seed in range(DISTINCT, DISTINCT + 10):
        picture = scene(seed)
        put(picture.filter(ImageFilter.GaussianBlur((1.5, 2, 3)[seed % 3])), "blurred")
        put(picture.resize((40, 40)), "tiny")
        put(picture, "wrong name", ".jpg")
        put(picture.resize((400, 100)), "odd aspect")
        put(picture.point(lambda value: value // 5), "dark")
        put(Image.fromarray((np.asarray(picture) // 100 + 120).astype(np.uint8)), "uniform")
        put(page(360 + 4 * (seed % 12), 16 + seed % 12), "text")
        put(scene(seed, 400, 400).resize((100, 100)).resize((400, 400), Image.Resampling.BICUBIC), "soft")
        number = len(paths)
        put(picture, "corrupt")
        paths[number].write_bytes(paths[number].read_bytes()[: 100 + 500 * (seed % 12)])
    return paths, defect


def test_planted_defects_are_found_and_sound_pictures_are_left_alone(planted: tuple[dict[int, Path], dict[int, str]]) -> None:
    paths, defect = planted
    measured, corrupt = measure_all(paths)
    found = {name: set(dropped(measured, name)) for name in SHIPPED} | {"corrupt": set(corrupt)}
    wanted = {kind: [number for number, one in defect.items() if one == kind] for kind in set(defect.values())}
    hits = {kind: sum(number in found[kind] for number in numbers) / len(numbers) for kind, numbers in wanted.items()}
    assert set(hits) == {*SHIPPED, "corrupt"}
    assert min(hits.values()) >= 0.9, hits
    assert np.mean(list(hits.values())) >= 0.95, hits
    alarms = set().union(*found.values()) & set(range(DISTINCT))
    assert len(alarms) <= 0.01 * DISTINCT, alarms


def test_a_defect_that_64_pixels_do_not_show_is_seen_at_full_size(tmp_path: Path) -> None:
    scene(1, 400, 400).resize((100, 100)).resize((400, 400), Image.Resampling.BICUBIC).save(tmp_path / "a.png")
    measures = measure(tmp_path / "a.png")
    assert measures.softness > FILTERS["soft"].limit
    assert measures.blur < FILTERS["blurred"].limit


def test_blur_does_not_depend_on_contrast() -> None:
    grey = np.asarray(scene(2).convert("L"), dtype=np.float32)
    assert quality.blur_effect(grey, 5) == pytest.approx(quality.blur_effect(grey * 0.3 + 40, 5), abs=1e-3)
    assert quality.blur_effect(np.full((9, 9), 7, dtype=np.float32), 5) == 0


def test_a_label_is_not_a_picture_full_of_text() -> None:
    labelled = Image.new("RGB", (400, 400), (200, 190, 180))
    ImageDraw.Draw(labelled).text((140, 190), "sale", fill="black", font=ImageFont.load_default(30))
    assert quality.text_cover(labelled) == 0
    assert quality.text_cover(page()) > FILTERS["text"].limit


def test_bricks_are_no_letters() -> None:
    wall = Image.new("RGB", (400, 400), (230, 220, 210))
    for row in range(0, 400, 24):
        for column in range(-20 * (row // 24 % 2), 400, 44):
            wall.paste((150, 60, 40), (column, row, column + 36, row + 16))
    assert quality.text_cover(wall) == 0


def test_a_moved_limit_changes_what_is_dropped_and_says_so(tmp_path: Path) -> None:
    scene(3).save(tmp_path / "a.png")
    measured, _ = measure_all({4: tmp_path / "a.png"}, text=False)
    assert dropped(measured, "tiny") == {}
    assert dropped(measured, "tiny", 128) == {4: "tiny: 96 pixels on its short side, at least 128"}
    for limit in (float("nan"), "128", True):
        with pytest.raises(StudioError, match="the limit of 'tiny' is a number"):
            dropped(measured, "tiny", limit)  # type: ignore[arg-type]
    with pytest.raises(StudioError, match="no quality filter 'ugly'"):
        dropped(measured, "ugly")


def test_the_name_that_counts_is_the_one_from_where_it_came(tmp_path: Path) -> None:
    scene(4).save(tmp_path / "a.png")
    paths = {1: tmp_path / "a.png"}
    assert dropped(measure_all(paths, {1: "holiday.jpeg"}, text=False)[0], "wrong name")
    assert not dropped(measure_all(paths, {1: "holiday.PNG"}, text=False)[0], "wrong name")
    for name in ("a photograph", "St. Paul's Cathedral", "77.jpg#object", "Plate 3.tif"):
        assert not dropped(measure_all(paths, {1: name}, text=False)[0], "wrong name"), name


def test_the_pictures_beside_the_limit_are_the_nearest_on_either_side() -> None:
    plain = Measures(100, 100, 0.3, 0.3, 0.9, 0.1, 40, 0.0, "PNG", ".png")
    measured = {side: Measures(**{**vars(plain), "width": side, "height": side}) for side in range(50, 80)}
    assert around_limit(measured, "tiny", count=3) == ([63, 62, 61], [64, 65, 66])


def test_only_broken_files_are_a_mistake_that_names_the_first(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=r"poem\.jpg"):
        measure_all({1: text_named_jpg(tmp_path / "poem.jpg")})


def test_a_picture_of_one_pixel_is_measured(tmp_path: Path) -> None:
    Image.new("RGB", (1, 1), "white").save(tmp_path / "a.png")
    measured, _ = measure_all({1: tmp_path / "a.png"})
    assert {name for name in SHIPPED if dropped(measured, name)} == {"tiny", "uniform"}
