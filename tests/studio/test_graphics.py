"""A picture keeps its recipe on its way between tabs, and a file from elsewhere is known again in its own session only."""

import base64
import io
from pathlib import Path

import pytest
from PIL import Image

from engines import imaging
from engines.errors import StudioError
from engines.exploration.sampling import sample_recipes
from engines.finishing import Mockup, PrintJob, Shape
from engines.recipe import Picture, Sample, after, read_recipe, save_with_recipe
from studio import graphics
from studio.state import Services
from tests.pictures import photograph


@pytest.fixture
def recipe(services: Services) -> Sample:
    return sample_recipes(services.zoo.generator("garments"), [5], "hat", 0.8)[0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "session").mkdir()
    return tmp_path / "session"


def test_an_upload_with_a_recipe_that_draws_it_keeps_that_recipe(services: Services, recipe: Sample, folder: Path) -> None:
    save_with_recipe(services.render(recipe), folder / "drawn.png", recipe)
    graphic = graphics.from_upload(services, folder / "drawn.png", folder)
    assert graphic.recipe == recipe
    assert graphic.opened().tobytes() == services.render(recipe).tobytes()


def test_an_upload_with_a_borrowed_or_damaged_recipe_is_a_picture_of_ones_own(services: Services, recipe: Sample, folder: Path) -> None:
    save_with_recipe(Image.new("RGB", (32, 32), "red"), folder / "borrowed.png", recipe)
    assert isinstance(graphics.from_upload(services, folder / "borrowed.png", folder).recipe, Picture)
    given = photograph(folder / "own.jpg")
    found = graphics.from_upload(services, given, folder).recipe
    assert isinstance(found, Picture)
    assert graphics.rights_line(found) == graphics.UNKNOWN_RIGHTS


def test_what_follows_a_slider_is_worked_out_on_a_small_copy_of_a_large_graphic(services: Services, folder: Path) -> None:
    wide = 2 * graphics.WORKED
    Image.effect_noise((wide, 40), 90).convert("RGB").save(folder / "wide.png")
    graphic = graphics.from_upload(services, folder / "wide.png", folder)
    assert (graphic.size, graphic.opened().size, graphic.worked().size) == ((wide, 40), (wide, 40), (graphics.WORKED, 20))
    assert graphic.worked().tobytes() == imaging.within(graphic.opened(), graphics.WORKED).tobytes()


def test_what_was_made_of_ones_own_picture_is_drawn_again_in_the_same_session_alone(
    services: Services, folder: Path, tmp_path: Path
) -> None:
    own = graphics.from_upload(services, photograph(tmp_path / "own.png"), folder)
    shaped = after(own.recipe, Shape("heart"))
    assert graphics.drawn(services, shaped, folder).mode == "RGBA"
    (tmp_path / "another session").mkdir()
    with pytest.raises(StudioError, match="open that file"):
        graphics.drawn(services, shaped, tmp_path / "another session")


def test_a_page_too_large_for_the_studio_is_refused_before_it_is_drawn(services: Services, recipe: Sample, folder: Path) -> None:
    with pytest.raises(StudioError, match="lower the resolution"):
        graphics.drawn(services, after(recipe, PrintJob(594, 420, dpi=600)), folder)


def test_a_saved_picture_holds_its_recipe_or_not_a_word(services: Services, recipe: Sample, folder: Path) -> None:
    picture = services.render(recipe)
    assert read_recipe(graphics.saved(picture, recipe, folder)) == recipe
    bare = graphics.saved(picture, recipe, folder, name="bare", with_recipe=False)
    with Image.open(bare) as opened:
        opened.load()
        assert opened.info == {}


def test_a_small_copy_is_a_small_picture(services: Services, recipe: Sample) -> None:
    address = graphics.thumbnail(services.render(after(recipe, Mockup(side=400))))
    kind, _, pixels = address.partition(",")
    assert kind == "data:image/webp;base64"
    with Image.open(io.BytesIO(base64.b64decode(pixels))) as small:
        assert small.size == (graphics.THUMBNAIL, graphics.THUMBNAIL)
    assert len(address) < 12_000


def test_a_saved_picture_is_named_after_what_was_done_last(services: Services, recipe: Sample, folder: Path) -> None:
    picture = Image.new("RGB", (8, 8))
    named = [graphics.saved(picture, one, folder).name for one in (recipe, after(recipe, Mockup(colour="navy")))]
    assert [name.rpartition("-")[0] for name in named] == ["garments-hat-seed-5", "t-shirt-in-navy"]
