"""Films of whatever a generator draws."""

from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from engines.errors import StudioError
from engines.production.video import FILM_SIDE, save_film

LEVELS = (40, 120, 200)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
@pytest.mark.parametrize("suffix", [".gif", ".mp4"])
def test_a_film_has_the_frames_that_it_was_given(mode: str, suffix: str, tmp_path: Path) -> None:
    frames = [Image.new("L", (64, 48), level).convert(mode) for level in LEVELS for _ in range(8)]
    save_film(frames, tmp_path / f"film{suffix}", note="how it was made")
    if suffix == ".gif":
        with Image.open(tmp_path / "film.gif") as film:
            film.seek(0)
            shades = [np.asarray(film.convert("L")).mean()]
            while film.tell() + 1 < film.n_frames:
                film.seek(film.tell() + 1)
                shades.append(np.asarray(film.convert("L")).mean())
            width = film.width
        assert len(shades) == len(LEVELS)  # frames that are alike are one, shown for longer
    else:
        reader = imageio_ffmpeg.read_frames(str(tmp_path / "film.mp4"))
        width, _ = next(reader)["size"]
        shades = [np.frombuffer(frame, dtype=np.uint8).mean() for frame in reader]
        assert len(shades) == len(frames)
    assert width == FILM_SIDE
    assert [round(shades[0]), round(shades[len(shades) // 2]), round(shades[-1])] == pytest.approx(LEVELS, abs=4)


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    save_film([Image.new("RGBA", (64, 64), (0, 0, 0, 0))] * 2, tmp_path / "film.gif")
    with Image.open(tmp_path / "film.gif") as film:
        assert np.asarray(film.convert("L")).min() > 250


def test_another_kind_of_film_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=r"saved as .mp4 or .gif, got 'film.avi'"):
        save_film([Image.new("RGB", (8, 8))], tmp_path / "film.avi")
