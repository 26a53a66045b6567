"""A step from a stranger is what it says, or it is refused in one sentence."""

import json
from dataclasses import asdict

import pytest

from engines.errors import StudioError
from engines.finishing import STEPS, Clearing, Colourway, Mockup, PrintJob, Repeat, Shape, Step, step_value

ALL: dict[str, Step] = {
    "clearing": Clearing("#ffffff", 4.5),
    "shape": Shape("heart", 12.0, 80.0),
    "colourway": Colourway(("#112233", "#445566"), ("#000000", "#ffffff")),
    "repeat": Repeat("half-drop", 4, 2),
    "mockup": Mockup(colour="#1f2a44", rotation=-4.0, seed=7),
    "print": PrintJob(280.0, 330.0, bleed=3.0, mirrored=True),
}


@pytest.mark.parametrize("operation", STEPS)
def test_every_step_comes_back_from_json_as_it_was(operation: str) -> None:
    assert step_value(operation, json.loads(json.dumps(asdict(ALL[operation])))) == ALL[operation]


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("mockup", {"side": 1e300}),
        ("mockup", {"side": 900.5}),
        ("mockup", {"rotation": float("nan")}),
        ("mockup", {"seed": True}),
        ("mockup", {"colour": "x" * 41}),
        ("mockup", {"colour": ["navy"]}),
        ("mockup", {"__class__": "os.system"}),
        ("mockup", [1, 2]),
        ("mockup", None),
        ("clearing", {}),
        ("print", {"width": 100}),
        ("print", {"width": 100, "height": 100, "mirrored": "yes"}),
        ("colourway", {"old": ["#000000"] * 17, "new": ["#000000"] * 17}),
        ("colourway", {"old": "#000000", "new": [7]}),
    ],
)
def test_a_step_that_cannot_be_is_refused_in_one_sentence(operation: str, given: object) -> None:
    with pytest.raises(StudioError, match="recipe") as refused:
        step_value(operation, given)
    assert "\n" not in str(refused.value)
