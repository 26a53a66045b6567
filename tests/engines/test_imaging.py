import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines import imaging
from engines.errors import StudioError
from tests.pictures import enormous_png


def flat_png(path: Path, width: int, height: int) -> Path:
    """A one-bit PNG of any size, written without holding its pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    squeezer = zlib.compressobj(9)
    rows = b"".join(squeezer.compress(bytes(1 + (width + 7) // 8)) for _ in range(height)) + squeezer.flush()
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b""))
    return path


def test_a_huge_picture_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    bomb = flat_png(tmp_path / "bomb.png", 30_000, 30_000)
    assert bomb.stat().st_size < 2**20
    with pytest.raises(StudioError, match=r"bomb\.png .*64 megapixels"):
        imaging.safe_open(bomb)
    wide = flat_png(tmp_path / "wide.png", 10_000, 10_000)
    with pytest.raises(StudioError, match=r"10000 × 10000"):
        imaging.safe_open(wide)


def test_a_file_of_too_many_bytes_is_refused_by_its_size(tmp_path: Path) -> None:
    large = tmp_path / "large.png"
    with large.open("wb") as handle:
        handle.truncate(imaging.MAX_BYTES + 1)
    with pytest.raises(StudioError, match="40 MB allowed"):
        imaging.safe_open(large)


@pytest.mark.parametrize("content", [b"", b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a" + bytes(20)])
def test_what_is_no_picture_is_named_with_the_remedy(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    with pytest.raises(StudioError, match=r"photo\.jpg is not a JPEG, PNG or WEBP picture: convert it"):
        imaging.safe_open(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_cut_off_picture_is_damaged(tmp_path: Path, share: float) -> None:
    whole = tmp_path / "whole.jpg"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)).save(whole)
    content = whole.read_bytes()
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(StudioError, match=r"cut\.jpg"):
        imaging.safe_open(cut)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_turns_the_picture(tmp_path: Path, orientation: int) -> None:
    upright = Image.new("RGB", (20, 10), "white")
    upright.paste((255, 0, 0), (0, 0, 5, 5))
    turns = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    stored = upright.transpose(Image.Transpose(turns[orientation])) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "turned.png"
    stored.save(path, exif=exif)
    opened = imaging.safe_open(path)
    assert opened.size == (20, 10)
    assert opened.getpixel((1, 1)) == (255, 0, 0)
    assert opened.getpixel((18, 8)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_any_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    picture = Image.new("L", (8, 8), 255)
    if mode == "I;16":
        picture = Image.fromarray(np.full((8, 8), 65535, dtype=np.uint16))
    else:
        picture = picture.convert("RGB").convert(mode) if mode in ("CMYK", "P", "RGBA") else picture.convert(mode)
    path = tmp_path / ("any.jpg" if mode == "CMYK" else "any.png")
    picture.save(path)
    opened = imaging.safe_open(path)
    assert opened.mode == "RGB"
    assert min(opened.getpixel((4, 4))) >= 250


def test_transparency_is_laid_on_the_background(tmp_path: Path) -> None:
    path = tmp_path / "clear.png"
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(path)
    assert imaging.safe_open(path).getpixel((0, 0)) == (255, 255, 255)
    assert imaging.safe_open(path, background=(51, 255, 51)).getpixel((0, 0)) == (51, 255, 51)


def test_the_first_frame_of_an_animation_is_taken(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    path = tmp_path / "moving.webp"
    frames[0].save(path, save_all=True, append_images=frames[1:], lossless=True)
    assert imaging.safe_open(path).getpixel((4, 4)) == (255, 0, 0)


def test_tensors_and_pictures_are_the_same_pixels() -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    picture = Image.fromarray(np.stack([pixels, pixels.T, 255 - pixels], axis=2))
    tensor = imaging.to_tensor([picture])
    assert tensor.shape == (1, 3, 16, 16)
    assert imaging.to_pictures(tensor)[0].tobytes() == picture.tobytes()


def test_framing_gives_squares_and_letterbox_keeps_the_whole_picture() -> None:
    picture = Image.new("RGB", (30, 60), "black")
    assert imaging.centre_square(picture, 16).size == (16, 16)
    boxed = imaging.letterbox(picture, 16)
    assert boxed.getpixel((0, 8)) == (255, 255, 255)
    assert boxed.getpixel((8, 0)) == (0, 0, 0)
    assert imaging.squeeze(picture, 16).getpixel((0, 0)) == (0, 0, 0)


@pytest.mark.parametrize("framing", ["letterbox", "rectangle 16x8"])
def test_beside_a_transparent_picture_there_is_nothing(framing: str) -> None:
    boxed = imaging.framed(Image.new("RGBA", (30, 60), (10, 20, 30, 128)), 16, framing)
    assert boxed.getpixel((0, 8)) == (255, 255, 255, 0)
    assert boxed.getpixel((8, 8)) == pytest.approx((10, 20, 30, 128), abs=1)


def test_picture_files_stay_inside_the_folder(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for folder in (inside, inside / ".hidden", outside):
        folder.mkdir()
        Image.new("RGB", (2, 2)).save(folder / "a.png")
    (inside / "link.png").symlink_to(outside / "a.png")
    (inside / "notes.txt").write_text("no picture")
    assert imaging.picture_files(inside) == [inside / "a.png"]
    with pytest.raises(StudioError, match="is not a folder"):
        imaging.picture_files(tmp_path / "missing")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_header_tells_format_and_shown_size_without_decoding(orientation: int, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "a.png"  # a JPEG that calls itself a PNG
    Image.effect_noise((300, 200), 50).convert("RGB").save(path, format="JPEG", exif=exif)
    header = imaging.read_header(path)
    assert (header.width, header.height) == imaging.safe_open(path).size
    assert header.format == "JPEG"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert imaging.read_header(path) == header


def test_a_header_is_under_the_same_caps(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="megapixels"):
        imaging.read_header(enormous_png(tmp_path / "a.png"))
    with pytest.raises(StudioError, match="cannot be read"):
        imaging.read_header(tmp_path / "missing.png")
