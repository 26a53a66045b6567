from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.curation.collection import Sources, key_of, prepare, read, thumbnail_sheet, thumbnails
from engines.curation.encoder import Encoder
from engines.curation.sources.files import from_files, from_folder
from engines.errors import Cancelled, StudioError
from tests.pictures import photograph, text_named_jpg


def test_a_collection_reads_back_as_it_was_made(encoder: Encoder, photographs: list[Path], tmp_path: Path) -> None:
    bad = text_named_jpg(tmp_path / "poem.jpg")
    made = prepare(from_files([photographs[0], bad, photographs[1]], "yes"), tmp_path / "kept", encoder)
    found = read(tmp_path / "kept")
    assert found is not None
    assert found.sources == made.sources
    assert [source.name for source in found.sources.pictures] == ["temple.jpg", "flower.jpg"]
    assert found.sources.training_allowed == "yes"
    assert found.sources.failed[0][0] == "poem.jpg"
    assert np.array_equal(found.vectors, made.vectors)


def test_thumbnails_show_the_pictures_they_belong_to(encoder: Encoder, tmp_path: Path) -> None:
    colours = [(250, 20, 20), (20, 250, 20), (20, 20, 250)]
    files = []
    for index, colour in enumerate(colours):
        files.append(tmp_path / f"{index}.png")
        Image.new("RGB", (60, 60), colour).save(files[-1])
    made = prepare(from_files(files), tmp_path / "kept", encoder)
    shown = [picture.getpixel((48, 48)) for picture in thumbnails(made, [2, 0, 1])]
    for pixel, colour in zip(shown, [colours[2], colours[0], colours[1]], strict=True):
        assert np.abs(np.array(pixel) - colour).max() < 12
    thumbnail_sheet(made, [0, 1, 2], tmp_path / "sheet.webp")
    assert Image.open(tmp_path / "sheet.webp").size == (16 * 96, 96) or Image.open(tmp_path / "sheet.webp").size[1] == 96
    with pytest.raises(StudioError):
        thumbnail_sheet(made, [], tmp_path / "none.webp")


def test_a_stopped_collection_leaves_nothing_that_could_be_taken_for_whole(encoder: Encoder, tmp_path: Path) -> None:
    files = [photograph(tmp_path / f"{index}.png", seed=index) for index in range(5)]

    def impatient(done: int, total: int, message: str = "") -> None:
        if done == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        prepare(from_files(files), tmp_path / "kept", encoder, impatient)
    assert read(tmp_path / "kept") is None


def test_a_folder_gives_names_below_it_and_leaves_out_links_that_lead_away(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in" / "deep", tmp_path / "out"
    inside.mkdir(parents=True)
    outside.mkdir()
    photograph(inside / "a.png")
    secret = photograph(outside / "secret.png")
    (tmp_path / "in" / "link.png").symlink_to(secret)
    assert [source.name for source in from_folder(tmp_path / "in").pictures] == ["deep/a.png"]
    with pytest.raises(StudioError, match="not a folder"):
        from_folder(tmp_path / "nowhere")


def test_no_pictures_is_a_sentence(encoder: Encoder, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="no pictures in an empty box"):
        prepare(Sources("an empty box", ()), tmp_path / "kept", encoder)


def test_the_key_changes_with_the_rights(tmp_path: Path) -> None:
    file = photograph(tmp_path / "a.png")
    assert key_of(from_files([file], "yes")) != key_of(from_files([file], "unknown"))
