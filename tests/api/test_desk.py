"""What programs get from the desk is what the command line and the studio draw, bit for bit."""

from pathlib import Path

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from engines import imaging
from engines.commands import main
from engines.models.zoo import Zoo
from engines.production.rendering import render
from engines.recipe import Finish, read_recipe, to_json
from tests.pictures import photograph

WORN = {"garment": "tote", "look": "flat", "colour": "sage", "place": "chest", "scale": 80, "rotation": 5, "side": 400}
PAGE = {"size": "a6", "dpi": 72, "bleed": 3, "fit": "fill", "mirrored": True, "shape": "vignette", "kind": "PNG"}


@pytest.fixture
def graphic(tmp_path: Path) -> Path:
    assert main(["sample", "cityscape", "--seeds", "7", "--out", str(tmp_path)]) == 0
    return tmp_path / "seed-0007.png"


def pixels(path: Path) -> bytes:
    return imaging.safe_open(path, alpha=True).tobytes()


def test_a_mockup_is_the_same_picture_for_programs_on_the_command_line_and_from_its_recipe(
    client: Client, shipped_zoo: Zoo, graphic: Path, tmp_path: Path
) -> None:
    made = Path(client.predict(picture=handle_file(str(graphic)), **WORN, api_name="/mockup"))
    recipe = read_recipe(made)
    assert isinstance(recipe, Finish)
    options = [word for name, value in WORN.items() for word in (f"--{name}", str(value))]
    assert main(["mockup", str(graphic), *options, "--out", str(tmp_path / "cli.png")]) == 0
    assert read_recipe(tmp_path / "cli.png") == recipe
    again = Path(client.predict(recipe=to_json(recipe), picture=None, api_name="/render"))
    assert main(["render", str(made), "--out", str(tmp_path / "again.png")]) == 0
    assert pixels(made) == pixels(tmp_path / "cli.png") == pixels(again) == pixels(tmp_path / "again.png")
    assert render(shipped_zoo, recipe).tobytes() == imaging.safe_open(made).tobytes()


def test_a_print_file_has_its_size_and_is_drawn_again(client: Client, graphic: Path, tmp_path: Path) -> None:
    made = Path(client.predict(picture=handle_file(str(graphic)), **PAGE, api_name="/print"))
    with Image.open(made) as page:
        assert [round(side / 72 * 25.4) for side in page.size] == [111, 154]
    assert main(["render", str(made), "--out", str(tmp_path / "again.png")]) == 0
    assert pixels(made) == pixels(tmp_path / "again.png")
    sheet = client.predict(picture=handle_file(str(graphic)), **PAGE | {"kind": "PDF"}, api_name="/print")
    assert Path(sheet).read_bytes().startswith(b"%PDF")


def test_a_learned_print_is_the_same_for_programs_on_the_command_line_and_from_its_recipe(
    client: Client, shipped_zoo: Zoo, graphic: Path, tmp_path: Path
) -> None:
    made = Path(client.predict(picture=handle_file(str(graphic)), **PAGE | {"enlarge": "upscale-4"}, api_name="/print"))
    recipe = read_recipe(made)
    assert recipe is not None
    options = ["--size", "a6", "--dpi", "72", "--bleed", "3", "--fit", "fill", "--mirrored", "--shape", "vignette"]
    assert main(["print", str(graphic), *options, "--enlarge", "upscale-4", "--out", str(tmp_path / "cli.png")]) == 0
    assert read_recipe(tmp_path / "cli.png") == recipe
    again = Path(client.predict(recipe=to_json(recipe), picture=None, api_name="/render"))
    assert pixels(made) == pixels(tmp_path / "cli.png") == pixels(again)
    assert render(shipped_zoo, recipe).tobytes() == imaging.safe_open(made, alpha=True).tobytes()
    with pytest.raises(AppError, match="draws nothing larger"):
        client.predict(picture=handle_file(str(graphic)), **PAGE | {"enlarge": "cityscape"}, api_name="/print")


def test_a_picture_of_ones_own_is_given_again_to_be_drawn_again(client: Client, tmp_path: Path) -> None:
    own = photograph(tmp_path / "own.png")
    made = Path(client.predict(picture=handle_file(str(own)), **WORN, api_name="/mockup"))
    text = to_json(read_recipe(made))  # type: ignore[arg-type]
    again = client.predict(recipe=text, picture=handle_file(str(own)), api_name="/render")
    assert pixels(Path(again)) == pixels(made)
    with pytest.raises(AppError, match="begins with a file of yours"):
        Client(client.src, verbose=False).predict(recipe=text, picture=None, api_name="/render")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"garment": "hat"}, "choose one of"),
        ({"scale": 1e9}, "choose another"),
        ({"colour": "<script>"}, "choose one of"),
        ({"side": 4.5}, "whole"),
    ],
)
def test_a_value_that_cannot_be_gets_a_sentence(client: Client, graphic: Path, changed: dict[str, object], sentence: str) -> None:
    with pytest.raises(AppError, match=sentence):
        client.predict(picture=handle_file(str(graphic)), **WORN | changed, api_name="/mockup")
    with pytest.raises(AppError, match="not JSON"):
        client.predict(recipe="<script>", picture=None, api_name="/render")
