import io
from pathlib import Path

import numpy as np
from PIL import Image

from engines import imaging
from engines.curation.framing import Frame
from engines.curation.thumbnails import FILE, SIDE, Thumbnails
from engines.imaging import safe_open
from tests import pictures

ONE, TWO = "ab" * 32, "cd" * 32


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content), formats=("JPEG",))


def test_a_thumbnail_is_drawn_once_and_then_kept(tmp_path: Path) -> None:
    path = pictures.photograph(tmp_path / "a.png", 400, 300)
    kept = Thumbnails(tmp_path / "kept")
    first = kept.get([(ONE, path)])
    assert opened(first[0]).size == (SIDE, 96)
    path.unlink()
    assert kept.get([(ONE, path), (ONE, path)]) == first * 2
    assert Thumbnails(tmp_path / "kept").get([(ONE, path)]) == first


def test_what_cannot_be_read_has_no_thumbnail_and_the_others_have(tmp_path: Path) -> None:
    poem, fine = pictures.text_named_jpg(tmp_path / "poem.jpg"), pictures.photograph(tmp_path / "fine.jpg")
    broken, whole = Thumbnails(tmp_path / "kept").get([(ONE, poem), (TWO, fine)])
    assert broken == b""
    assert opened(whole).size == (90, 120)


def test_a_frame_shows_the_pixels_that_are_scored_and_exported(tmp_path: Path) -> None:
    path = pictures.photograph(tmp_path / "a.png", 400, 300)
    frame = Frame("centre square", 64)
    kept = Thumbnails(tmp_path / "kept")
    framed, whole = kept.get([(ONE, path)], frame)[0], kept.get([(ONE, path)])[0]
    assert opened(framed).size == (64, 64)
    assert framed != whole
    scored = np.asarray(frame.apply(imaging.safe_open(path))).astype(int)
    assert np.abs(np.asarray(opened(framed)).astype(int) - scored).mean() < 4
    assert np.abs(np.asarray(opened(whole).resize((64, 64))).astype(int) - scored).mean() > 8


def test_pictures_seen_by_something_else_are_kept_even_when_it_is_cut_short(tmp_path: Path) -> None:
    path = pictures.photograph(tmp_path / "a.png", 400, 300)
    kept = Thumbnails(tmp_path / "kept")
    try:
        with kept.keeping([ONE, TWO]) as seen:
            seen(1, safe_open(path))
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    path.unlink()
    missing, found = kept.get([(ONE, path), (TWO, path)])
    assert missing == b""
    assert opened(found).size == (SIDE, 96)


def test_a_damaged_file_is_begun_anew(tmp_path: Path) -> None:
    path = pictures.photograph(tmp_path / "a.png")
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / FILE).write_bytes(b"no database at all, whatever its name says" * 100)
    assert opened(Thumbnails(tmp_path / "kept").get([(ONE, path)])[0]).size == (90, 120)


def test_a_file_that_is_damaged_inside_is_begun_anew_when_that_shows(tmp_path: Path) -> None:
    paths = {f"{place:02x}" * 32: pictures.photograph(tmp_path / f"{place}.png", seed=place) for place in range(40)}
    kept = Thumbnails(tmp_path / "kept")
    first = kept.get(list(paths.items()))
    kept.close()
    content = bytearray((tmp_path / "kept" / FILE).read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    (tmp_path / "kept" / FILE).write_bytes(content)
    assert kept.get(list(paths.items())) == first
    assert kept.get(list(paths.items())) == first
    for path in paths.values():
        path.unlink()
    assert Thumbnails(tmp_path / "kept").get(list(paths.items())) == first
