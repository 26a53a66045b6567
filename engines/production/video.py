"""Frames to a film: MP4 or GIF."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from engines import imaging
from engines.errors import StudioError
from engines.paths import replacing

FRAME_RATE = 24
FILM_SIDE = 512
SUFFIXES = (".mp4", ".gif")
PALETTE_FRAMES = 8


def save_film(frames: Iterable[Image.Image], path: Path, note: str = "", rate: int = FRAME_RATE) -> None:
    """Write frames as MP4 (H.264) or GIF, by the suffix; small pictures are enlarged to about `FILM_SIDE` pixels.

    Args:
        frames: pictures of one size; transparent ones are laid on white.
        note: stored as the film's comment; Atelier puts the recipes there.
        rate: frames a second.

    Raises:
        StudioError: another suffix, or the folder cannot be written to.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise StudioError(f"a film is saved as .mp4 or .gif, got {path.name!r}: change the name")
    enlarged = [_enlarge(frame) for frame in frames]
    with replacing(path) as temporary:
        if path.suffix.lower() == ".gif":
            _write_gif(enlarged, temporary, note, rate)
        else:
            _write_mp4(enlarged, temporary, note, rate)


def _enlarge(frame: Image.Image) -> Image.Image:
    factor = max(1, round(FILM_SIDE / max(frame.size)))
    size = (frame.width * factor // 2 * 2, frame.height * factor // 2 * 2)
    return imaging.to_rgb(frame).resize(size, Image.Resampling.BICUBIC)


def _write_gif(frames: list[Image.Image], path: Path, note: str, rate: int) -> None:
    """One palette for all frames, from a few of them: a palette for each costs most of a second a frame and flickers."""
    few = frames[:: max(1, len(frames) // PALETTE_FRAMES)]
    palette = imaging.sheet([frame.resize((64, 64)) for frame in few], len(few), gap=0).quantize(256)
    mapped = [frame.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG) for frame in frames]
    mapped[0].save(path, format="GIF", save_all=True, append_images=mapped[1:], duration=round(1000 / rate), loop=0, comment=note.encode())


def _write_mp4(frames: list[Image.Image], path: Path, note: str, rate: int) -> None:
    import imageio_ffmpeg

    writer = imageio_ffmpeg.write_frames(
        str(path), frames[0].size, fps=rate, codec="libx264", quality=7, macro_block_size=2, output_params=["-metadata", f"comment={note}"]
    )
    writer.send(None)
    for frame in frames:
        writer.send(np.ascontiguousarray(frame))
    writer.close()
