import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines import imaging
from engines.curation.framing import KINDS, Frame, frame_of, median_aspect
from engines.errors import StudioError
from tests.pictures import photograph


def test_the_median_aspect_of_odd_and_even_numbers_of_pictures() -> None:
    assert median_aspect([(150, 100), (400, 100), (100, 100)]) == 1.5
    assert median_aspect([(150, 100), (600, 400)]) == 1.5
    assert median_aspect([(100, 200), (200, 100)]) == 1.0


def test_turning_all_pictures_turns_the_median_aspect() -> None:
    sizes = [(300, 200), (100, 170), (90, 90), (640, 480)]
    assert median_aspect(sizes) * median_aspect([(height, width) for width, height in sizes]) == pytest.approx(1, abs=1e-3)


def test_extreme_and_missing_sizes_have_an_answer() -> None:
    assert median_aspect([(5000, 1)]) == 100
    assert Frame("centre rectangle", 8, 100.0).apply(Image.new("RGB", (1, 1))).size == (8, 8)
    assert Frame("centre rectangle", 8, 0.01).apply(Image.new("RGB", (5000, 1))).size == (8, 8)
    for none in ([], [(0, 4)]):
        with pytest.raises(StudioError, match="at least one picture"):
            median_aspect(none)


def test_no_picture_is_distorted_relative_to_another() -> None:
    frame = frame_of("centre rectangle", 30, [(90, 60), (150, 100), (60, 90)])
    assert frame.aspect == 1.5
    for width, height in ((90, 60), (300, 60), (90, 400)):
        picture = Image.new("RGB", (width, height), "white")
        side = min(width / 1.5, height)
        box = (width - side * 0.75) / 2, (height - side / 2) / 2, (width + side * 0.75) / 2, (height + side / 2) / 2
        picture.paste("black", tuple(round(value) for value in box))  # half of the rectangle's width and half of its height
        dark = np.asarray(frame.apply(picture).convert("L")) < 128
        assert abs(int(dark.any(axis=0).sum()) - 15) <= 1
        assert abs(int(dark.any(axis=1).sum()) - 15) <= 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [1, 17, 1024])
def test_every_frame_gives_the_same_pixels_after_json_and_after_png(kind: str, size: int, tmp_path: Path) -> None:
    picture = imaging.safe_open(photograph(tmp_path / "a.png", 90, 130))
    frame = Frame(kind, size, 1.37, (51, 255, 51))
    again = Frame.from_json(json.loads(json.dumps(frame.as_json())))
    framed = frame.apply(picture)
    imaging.save_png(framed, tmp_path / "framed.png")
    assert again == frame
    assert again.apply(picture).tobytes() == framed.tobytes() == imaging.safe_open(tmp_path / "framed.png").tobytes()
    assert kind == "whole" or framed.size == (size, size)


def test_the_square_is_the_rectangle_of_aspect_one() -> None:
    picture = Image.effect_noise((90, 61), 50).convert("RGB")
    assert Frame("centre rectangle", 16).apply(picture).tobytes() == imaging.centre_square(picture, 16).tobytes()


def test_whole_keeps_the_aspect_and_never_enlarges() -> None:
    picture = Image.new("RGB", (100, 50))
    assert Frame("whole", 0).apply(picture).size == (100, 50)
    assert Frame("whole", 20).apply(picture).size == (20, 10)
    assert Frame("whole", 500).apply(picture).size == (100, 50)


def test_a_frame_says_when_it_enlarges() -> None:
    rectangle = Frame("centre rectangle", 64, 1.5)
    assert rectangle.enlarges(90, 60)
    assert rectangle.enlarges(200, 40)
    assert not rectangle.enlarges(96, 64)
    assert Frame("pad", 64).enlarges(63, 20)
    assert not Frame("pad", 64).enlarges(64, 20)
    assert not Frame("whole", 64).enlarges(3, 3)


def test_keys_differ_exactly_when_pixels_may_differ() -> None:
    frames = [
        Frame("centre rectangle", 64, 1.5), Frame("centre rectangle", 64, 1.4), Frame("centre rectangle", 32, 1.5),
        Frame("centre square", 64), Frame("pad", 64), Frame("pad", 64, colour=(0, 0, 0)), Frame("whole", 0), Frame("whole", 64),
    ]  # fmt: skip
    assert len({frame.key() for frame in frames}) == len(frames)
    assert Frame("centre square", 64, 1.5, (1, 2, 3)) == Frame("centre square", 64)


@pytest.mark.parametrize(
    "values",
    [
        ("oval", 64), ("pad", 0), ("pad", 1025), ("pad", 64.0), ("pad", True), ("centre rectangle", 64, float("nan")),
        ("centre rectangle", 64, 0), ("pad", 64, 1.0, (0, 0)), ("pad", 64, 1.0, (0, 0, 256)),
    ],
)  # fmt: skip
def test_an_impossible_frame_is_a_mistake(values: tuple) -> None:
    with pytest.raises(StudioError):
        Frame(*values)


def test_a_frame_without_its_size_is_a_mistake() -> None:
    with pytest.raises(StudioError, match="needs a kind and a size"):
        Frame.from_json({"kind": "pad"})
