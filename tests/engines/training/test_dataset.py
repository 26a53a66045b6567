import gzip
import struct
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.errors import StudioError
from engines.training.dataset import FASHION_CLASSES, Batches, load_pictures, parse_classes
from engines.training.run_pictures import look_over


@pytest.fixture(scope="module")
def wardrobe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 red coats and 20 blue hats, each a little different, and one broken file."""
    folder = tmp_path_factory.mktemp("wardrobe")
    random = np.random.default_rng(0)
    for name, colour, count in (("coat", (200, 20, 20), 40), ("hat", (20, 20, 200), 20)):
        (folder / name).mkdir()
        for index in range(count):
            pixels = np.clip(random.normal(colour, 30, (24, 20, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{index}.png")
    (folder / "hat" / "broken.png").write_bytes(b"no picture")
    return folder


def test_folder_names_become_classes_and_broken_files_are_named(wardrobe: Path) -> None:
    pictures = load_pictures(wardrobe, 16, "centre square")
    assert pictures.classes == ("coat", "hat")
    assert pictures.pixels.shape == (60, 3, 16, 16)
    assert np.bincount(pictures.labels).tolist() == [40, 20]
    assert [Path(path).name for path, _ in pictures.failed] == ["broken.png"]
    assert 0 < pictures.held_out.sum() < 20


def test_a_second_reading_comes_from_the_cache_and_is_the_same(wardrobe: Path, studio_home: Path) -> None:
    first = load_pictures(wardrobe, 16, "letterbox")
    files = sorted((studio_home / "cache" / "pictures").iterdir())
    stamps = [path.stat().st_mtime_ns for path in files]
    second = load_pictures(wardrobe, 16, "letterbox")
    assert [path.stat().st_mtime_ns for path in files] == stamps
    assert (first.pixels == second.pixels).all()
    assert first.digest == second.digest


def test_classes_can_be_chosen_and_renamed(wardrobe: Path) -> None:
    assert load_pictures(wardrobe, 16, "squeeze", classes=parse_classes(["hat=cap"])).classes == ("cap",)
    with pytest.raises(StudioError, match=r"no pictures of shoes: folders with pictures are coat, hat"):
        load_pictures(wardrobe, 16, "squeeze", classes=parse_classes(["shoes"]))


def test_an_empty_folder_and_a_folder_of_broken_files_are_errors(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="no pictures"):
        load_pictures(tmp_path, 16, "squeeze")
    (tmp_path / "a.jpg").write_text("no")
    with pytest.raises(StudioError, match="none of the 1 pictures can be read"):
        load_pictures(tmp_path, 16, "squeeze")


def test_an_epoch_shows_every_training_picture_once_and_no_held_out_one(wardrobe: Path) -> None:
    pictures = load_pictures(wardrobe, 16, "centre square")
    train = set(pictures.part(False).tolist())
    batches = Batches(pictures, batch=5, seed=3)
    seen = np.concatenate([batches.indices(step) for step in range(len(train) // 5)])
    assert len(set(seen.tolist())) == len(seen)
    assert set(seen.tolist()) <= train
    assert (batches.indices(4) == Batches(pictures, 5, 3).indices(4)).all()
    assert (batches.indices(4) != Batches(pictures, 5, 4).indices(4)).any()


def test_balance_shows_every_class_equally_often(wardrobe: Path) -> None:
    pictures = load_pictures(wardrobe, 16, "centre square")
    batches = Batches(pictures, batch=8, seed=0, balanced=True)
    for step in range(5):
        assert np.bincount(pictures.labels[batches.indices(step)]).tolist() == [4, 4]


def test_balance_holds_over_steps_where_classes_do_not_divide_the_batch(wardrobe: Path) -> None:
    found = load_pictures(wardrobe, 16, "centre square")
    seven = replace(found, labels=np.arange(len(found.pixels)) % 7, classes=tuple("abcdefg"))
    batches = Batches(seven, batch=3, seed=0, balanced=True)
    seen = np.concatenate([seven.labels[batches.indices(step)] for step in range(7)])
    assert np.bincount(seen).tolist() == [3] * 7


def test_processes_share_one_batch_out(wardrobe: Path) -> None:
    pictures = load_pictures(wardrobe, 16, "centre square")
    batches = Batches(pictures, batch=8, seed=0, flip=True)
    whole, labels = batches(2)
    halves = [batches(2, process, 2) for process in range(2)]
    for process, (part, names) in enumerate(halves):
        assert (part == whole[process::2]).all()
        assert (names == labels[process::2]).all()


def write_idx(path: Path, values: np.ndarray) -> None:
    header = struct.pack(">BBBB", 0, 0, 8, values.ndim) + struct.pack(f">{values.ndim}I", *values.shape)
    path.write_bytes(gzip.compress(header + values.astype(np.uint8).tobytes()))


def test_fashion_mnist_is_read_from_its_own_files_and_its_test_part_is_held_out(tmp_path: Path) -> None:
    for part, count in (("train", 30), ("t10k", 10)):
        write_idx(tmp_path / f"{part}-images-idx3-ubyte.gz", np.random.default_rng(1).integers(0, 255, (count, 28, 28)))
        write_idx(tmp_path / f"{part}-labels-idx1-ubyte.gz", np.arange(count) % 10)
    pictures = load_pictures(tmp_path, 28, "centre square", 1)
    assert pictures.classes == FASHION_CLASSES
    assert pictures.pixels.shape == (40, 1, 28, 28)
    assert pictures.held_out.sum() == 10
    larger = load_pictures(tmp_path, 64, "centre square", 1)
    assert larger.pixels.shape == (40, 1, 64, 64)
    assert larger.digest == pictures.digest


@pytest.fixture
def fashion(tmp_path: Path) -> Path:
    """40 pictures of Fashion-MNIST's kind, four of each class."""
    for part, count in (("train", 30), ("t10k", 10)):
        write_idx(tmp_path / f"{part}-images-idx3-ubyte.gz", np.random.default_rng(1).integers(0, 255, (count, 28, 28)))
        write_idx(tmp_path / f"{part}-labels-idx1-ubyte.gz", np.arange(count) % 10)
    return tmp_path


def test_classes_of_fashion_mnist_can_be_chosen_and_renamed(fashion: Path) -> None:
    whole = load_pictures(fashion, 28, "centre square", 1)
    some = load_pictures(fashion, 28, "centre square", 1, parse_classes(["sneaker=shoe", "ankle boot=shoe", "bag"]))
    assert some.classes == ("bag", "shoe")
    assert np.bincount(some.labels).tolist() == [4, 8]
    assert some.held_out.sum() == 3
    assert (some.pixels[some.labels == 0] == whole.pixels[whole.labels == FASHION_CLASSES.index("bag")]).all()
    assert some.digest != whole.digest
    assert [(one.name, one.count) for one in look_over(fashion, 28, "centre square", 1, {"bag": "bag"}).classes] == [("bag", 4)]
    with pytest.raises(StudioError, match=r"has no class hat: its classes are t-shirt, .* ankle boot"):
        load_pictures(fashion, 28, "centre square", 1, parse_classes(["hat"]))


def cut(content: bytes) -> bytes:
    return content[:-20]


def spoilt(content: bytes) -> bytes:
    return content[:20] + b"\xff" * 20 + content[40:]


def empty(content: bytes) -> bytes:
    return gzip.compress(b"")


def headless(content: bytes) -> bytes:
    return gzip.compress(gzip.decompress(content)[:9])


def short(content: bytes) -> bytes:
    return gzip.compress(gzip.decompress(content)[:-1])


@pytest.mark.parametrize("spoil", [cut, spoilt, empty, headless, short])
def test_a_damaged_idx_file_is_named_with_what_to_do(spoil: Callable[[bytes], bytes], fashion: Path) -> None:
    path = fashion / "train-images-idx3-ubyte.gz"
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(StudioError, match=r"train-images-idx3-ubyte.gz is damaged or cut off: fetch it anew"):
        load_pictures(fashion, 28, "centre square", 1)


def test_idx_files_of_different_lengths_do_not_belong_together(fashion: Path) -> None:
    write_idx(fashion / "t10k-labels-idx1-ubyte.gz", np.arange(9))
    with pytest.raises(StudioError, match="has 10 pictures and 9 labels"):
        load_pictures(fashion, 28, "centre square", 1)


def test_decoding_holds_a_few_pictures_in_memory_and_not_all(tmp_path: Path) -> None:
    for index in range(40):
        Image.new("RGB", (8, 8), (index, 0, 0)).save(tmp_path / f"{index:02}.png")
    (tmp_path / "07.png").write_bytes(b"no picture")
    tracemalloc.start()
    pictures = load_pictures(tmp_path, 512, "squeeze")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert pictures.pixels.shape == (39, 3, 512, 512)
    assert pictures.pixels[:, 0, 0, 0].tolist() == [index for index in range(40) if index != 7]
    assert peak < pictures.pixels.nbytes / 2


def test_pictures_keep_their_transparency_where_four_channels_are_asked_for(tmp_path: Path) -> None:
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[:4] = (200, 100, 50, 255)
    Image.fromarray(pixels).save(tmp_path / "half.png")
    Image.new("RGB", (8, 8), (10, 20, 30)).save(tmp_path / "whole.png")
    half, whole = load_pictures(tmp_path, 8, "centre square", 4).pixels
    assert half[:, 0, 0].tolist() == [200, 100, 50, 255]
    assert half[3, 7, 7] == 0
    assert whole[:, 4, 4].tolist() == [10, 20, 30, 255]


def test_a_rectangle_stands_in_the_middle_of_a_white_square(tmp_path: Path) -> None:
    Image.new("RGB", (60, 40), (10, 20, 30)).save(tmp_path / "wide.png")
    (picture,) = load_pictures(tmp_path, 16, "rectangle 8x12").pixels
    assert (picture[:, 4:12, 2:14] == np.array([10, 20, 30])[:, None, None]).all()
    assert (picture[:, :4] == 255).all()
    assert (picture[:, :, :2] == 255).all()
    with pytest.raises(StudioError, match="rectangle HxW of at most 16 pixels"):
        load_pictures(tmp_path, 16, "rectangle 20x12")
