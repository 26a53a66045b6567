import pytest

from engines.errors import StudioError
from engines.exploration.seeds import parse_seeds
from engines.recipe import MAX_SEED


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("7", [7]),
        ("1,2,9", [1, 2, 9]),
        ("0-15", list(range(16))),
        (" 3 , 5 - 7 ", [3, 5, 6, 7]),
        ("9,1,9", [9, 1, 9]),
        (str(MAX_SEED), [MAX_SEED]),
    ],
)
def test_seeds_are_read_as_people_write_them(text: str, seeds: list[int]) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize(
    "text", ["", " ", "NaN", "inf", "1.5", "-1", "1,,2", "five", "5-", "٣", "1e3", "9" * 5000, "9-1", str(MAX_SEED + 1)]
)
def test_what_is_no_seed_gets_a_sentence(text: str) -> None:
    with pytest.raises(StudioError, match="seeds") as error:
        parse_seeds(text)
    assert len(str(error.value)) < 200


def test_too_many_seeds_are_refused_before_a_list_is_made() -> None:
    with pytest.raises(StudioError, match="at most 64 seeds"):
        parse_seeds(f"0-{MAX_SEED}", most=64)
    assert len(parse_seeds("0-63", most=64)) == 64
    with pytest.raises(StudioError, match="at most 64 seeds"):
        parse_seeds("0-63,64", most=64)
