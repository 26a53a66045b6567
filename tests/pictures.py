"""Pictures and archives as strangers send them, written cheaply."""

import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
from PIL import Image


def photograph(path: Path, width: int = 90, height: int = 120, mode: str = "RGB", seed: int = 0) -> Path:
    """A picture of soft colours in any mode, saved by its suffix."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 5, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC).convert(mode).save(path)
    return path


def text_named_jpg(path: Path) -> Path:
    """A text file that calls itself a picture."""
    path.write_text("I am a poem, not a picture.\n" * 20)
    return path


def enormous_png(path: Path, side: int = 30_000) -> Path:
    """A valid black PNG of `side` × `side` pixels, one bit each, in about a hundred kilobytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    squeezer = zlib.compressobj(1)
    row = bytes(1 + side // 8)
    pixels = b"".join(squeezer.compress(row * 100) for _ in range(side // 100)) + squeezer.flush()
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b""))
    return path


def animated_gif(path: Path) -> Path:
    """Three frames."""
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "green", "blue")]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=80)
    return path


def empty_zip(path: Path) -> Path:
    """A ZIP without a single file."""
    with zipfile.ZipFile(path, "w"):
        pass
    return path


def climbing_zip(path: Path, picture: Path) -> Path:
    """A ZIP whose picture wants to be unpacked two folders up."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(picture, "../../climbed.png")
    return path
