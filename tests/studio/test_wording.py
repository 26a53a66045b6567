import pytest

from engines.finishing import Clearing, Colourway, Mockup, PrintJob, Repeat, Shape
from engines.recipe import Blend, Find, Layers, Mix, Move, Picture, Recipe, Sample, Sheet, Steer, Swap, Vary, Way, after, shift_text
from studio.wording import OWN_PICTURE, described, file_name, first_sample, short, title

FAMILY = ("cityscape", "0" * 64, "Research only.")
SEEDED = Sample(*FAMILY, 7, 0.7)
VARIED = Vary(*FAMILY, SEEDED, 3, 0.2)
SWAPPED = Swap("leather-denim", "0" * 64, "", "denim", "1" * 64)


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        (SEEDED, "cityscape: seed 7, ψ 0.7"),
        (VARIED, "cityscape: variation 3 of seed 7, 20%"),
        (Mix(*FAMILY, (SEEDED, VARIED), (1, 1)), "cityscape: a mix of 50% seed 7, 50% variation 3"),
        (Layers(*FAMILY, (SEEDED, VARIED)), "cityscape: the build of seed 7 with the finish of variation 3"),
        (Steer(*FAMILY, SEEDED, (Move("brighter", 1.5),), shift_text([1])), "cityscape: seed 7, brighter +1.5"),
        (Find(*FAMILY, SEEDED, "sunset", "studio-clip", 500), "cityscape: seed 7, ψ 0.7, found for “sunset” among 500"),
        (Way(*FAMILY, (SEEDED, VARIED), 0.25), "cityscape: 25% of the way from seed 7 to variation 3"),
        (SWAPPED, "Swap to denim by leather-denim"),
        (Sheet(2, (SEEDED, SEEDED)), "Sheet of 2 pictures"),
        (after(SEEDED, Mockup(colour="navy")), "t-shirt in navy, from cityscape: seed 7, ψ 0.7"),
        (Picture("1" * 64), OWN_PICTURE),
    ],
)
def test_a_recipe_is_told_in_words(recipe: Recipe, words: str) -> None:
    assert described(recipe) == words


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        (SEEDED, "cityscape, seed 7"),
        (Sample(*FAMILY, 7, 0.7, "hat"), "cityscape hat, seed 7"),
        (Blend(*FAMILY, (1, 2), 0.25), "cityscape, 25% from seed 1 to 2"),
        (VARIED, "cityscape, vary"),
        (Mix(*FAMILY, (SEEDED, VARIED), (1, 1)), "cityscape, mix of 2"),
        (Find(*FAMILY, SEEDED, "sunset", "studio-clip", 500), "cityscape: “sunset”"),
        (SWAPPED, "Swap to denim"),
        (Sheet(2, (SEEDED, SEEDED)), "Sheet of 2"),
        (Picture("1" * 64), OWN_PICTURE),
        (after(SEEDED, Mockup(colour="navy")), "t-shirt in navy"),
        (after(SEEDED, PrintJob(280, 330)), "Print 280 × 330 mm"),
        (after(SEEDED, Colourway(("#000000",), ("#ffffff",))), "Colourway of 1"),
        (after(SEEDED, Repeat("half-drop")), "Fabric, half-drop"),
        (after(SEEDED, Shape("heart")), "Cut to a heart"),
        (after(SEEDED, Clearing("#ffffff")), "Without #ffffff"),
    ],
)
def test_the_title_of_a_picture_names_what_was_done_last(recipe: Recipe, words: str) -> None:
    assert title(recipe) == words


def test_everything_drawn_knows_the_seed_it_began_with() -> None:
    assert first_sample(Mix(*FAMILY, (VARIED, SEEDED), (1, 1))) == SEEDED
    assert first_sample(Picture("1" * 64)) is None
    assert short(VARIED) == "Variation 3"


def test_downloads_of_different_operations_have_different_names() -> None:
    recipes: list[Recipe] = [SEEDED, VARIED, Mix(*FAMILY, (SEEDED, VARIED), (1, 1)), Way(*FAMILY, (SEEDED, VARIED), 0.25), SWAPPED]
    names = {file_name(recipe, ".png") for recipe in recipes}
    assert len(names) == len(recipes)
    assert "cityscape-seed-7-vary-3-psi-0.7.png" in names
