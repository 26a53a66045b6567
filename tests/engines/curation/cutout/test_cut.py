import io

import numpy as np
import pytest
from PIL import Image

from engines.curation.cutout.cut import GREEN, Cut, Original, Style, compose, fetched, mask_box, parse_background, preview_sheet, too_small
from engines.curation.provenance import Failure, Fetched, Provenance
from engines.errors import StudioError

RECORD = Provenance("pexels", "77", "77.jpg", author="Ada", licence="Pexels", training_allowed="yes", permission="letter of 3 May")
BLUE = (20, 40, 200)


def square_cut(reason: str = "", crop: bool = True) -> Cut:
    """A blue square of 20 pixels in the middle of a brown picture of 40 × 60."""
    picture = Image.new("RGB", (40, 60), (120, 80, 40))
    picture.paste(BLUE, (10, 20, 30, 40))
    mask = np.zeros((60, 40), bool)
    mask[20:40, 10:30] = True
    return Cut(Original(None, RECORD, "box"), "object", reason, picture, mask, (8, 18, 32, 42) if crop else None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "colour"),
    [("#33ff33", GREEN), ("51,255,51", GREEN), ("(51, 255, 51)", GREEN), ("white", (255, 255, 255)), ("Transparent", None)],
)
def test_a_background_is_written_as_people_write_colours(text: str, colour: tuple[int, int, int] | None) -> None:
    assert parse_background(text) == colour


@pytest.mark.parametrize("text", ["", "greenish", "#12345", "1,2", "300,0,0", "1,2,3,4", "#33ff3380"])
def test_an_impossible_background_is_refused_by_name(text: str) -> None:
    with pytest.raises(StudioError, match="background"):
        parse_background(text)


def test_outside_the_outline_is_exactly_the_background_and_inside_exactly_the_picture() -> None:
    result = np.asarray(compose(square_cut(), Style((1, 2, 3))))
    assert result.shape == (24, 24, 3)
    assert (result[2:22, 2:22] == BLUE).all()
    result = result.copy()
    result[2:22, 2:22] = (1, 2, 3)
    assert (result == (1, 2, 3)).all()


def test_uncropped_the_picture_keeps_its_size() -> None:
    assert compose(square_cut(crop=False), Style()).size == (40, 60)


def test_a_transparent_cut_out_carries_nothing_of_the_old_background() -> None:
    result = compose(square_cut(), Style(None))
    pixels = np.asarray(result)
    assert result.mode == "RGBA"
    assert (pixels[pixels[..., 3] == 0] == 0).all()
    assert (pixels[2:22, 2:22] == (*BLUE, 255)).all()


def test_a_feathered_edge_fades_inwards_and_never_shows_the_old_background() -> None:
    alpha = np.asarray(compose(square_cut(), Style(None, feather=2)))[..., 3]
    assert alpha[12, 12] == 255
    assert 0 <= alpha[12, 2] < alpha[12, 3] < alpha[12, 5]
    alpha = alpha.copy()
    alpha[2:22, 2:22] = 0
    assert not alpha.any()


def test_an_object_that_the_frame_cuts_off_does_not_fade_there() -> None:
    cut = square_cut(crop=False)
    whole = Cut(cut.original, "object", "", cut.picture, np.ones((60, 40), bool))
    assert (np.asarray(compose(whole, Style(None, feather=3)))[..., 3] == 255).all()


@pytest.mark.parametrize("feather", [-1.0, 33.0, float("nan")])
def test_an_impossible_feather_is_refused(feather: float) -> None:
    with pytest.raises(StudioError, match="feather"):
        Style(feather=feather)


def test_a_cut_out_inherits_the_author_licence_and_rights_of_its_original() -> None:
    item = fetched(square_cut(), Style())
    assert isinstance(item, Fetched)
    assert isinstance(item.content, bytes)
    assert Image.open(io.BytesIO(item.content)).size == (24, 24)
    record = item.provenance
    assert (record.source, record.identity, record.name, item.label) == ("cutout", "pexels:77#object", "77.jpg#object", "box")
    assert (record.author, record.licence, record.training_allowed, record.permission) == ("Ada", "Pexels", "yes", "letter of 3 May")


def test_a_rejected_object_becomes_a_failure_with_its_reason() -> None:
    assert fetched(square_cut("no car is seen"), Style()) == Failure("pexels:77#object", "no car is seen")


def test_the_box_of_a_mask_is_the_smallest_around_it_and_small_boxes_are_named() -> None:
    cut = square_cut()
    assert cut.mask is not None
    assert mask_box(cut.mask) == (10, 20, 30, 40)
    assert mask_box(np.zeros((4, 4), bool)) is None
    assert too_small((0, 0, 20, 30), 20) == ""
    assert "20 × 30" in too_small((0, 0, 20, 30), 21)
    assert too_small((3, 3, 3, 9), 0)


def test_a_preview_has_a_row_of_three_cells_for_each_object_rejects_and_unreadable_ones_too() -> None:
    unread = Cut(square_cut().original, "object", "damaged")
    sheet = preview_sheet([square_cut(), square_cut("no car is seen"), unread], Style(None), cell=96)
    assert sheet.size == (3 * 100 - 4, 3 * 100 - 4)
    assert sheet.getpixel((48, 48)) == BLUE
    assert sheet.getpixel((148, 48)) == (255, 255, 255)
    assert sheet.getpixel((248, 48)) == BLUE
    with pytest.raises(StudioError, match="no object"):
        preview_sheet([], Style())
