import base64
import io
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from studio.components.mask_editor import MOST_BYTES, PREFIX, SIDE, MaskEditor, MaskView, drawing

COMPONENTS = Path(__file__).resolve().parents[3] / "studio" / "components"


def address(picture: Image.Image, kind: str = "PNG") -> str:
    stream = io.BytesIO()
    picture.save(stream, kind)
    return PREFIX + base64.b64encode(stream.getvalue()).decode()


def editor() -> MaskEditor:
    return MaskEditor(label="Mask", empty="Nothing yet")


def test_a_view_reaches_the_page_as_plain_values(tmp_path: Path) -> None:
    for name in ("picture.png", "mask.png"):
        Image.new("RGBA", (8, 6)).save(tmp_path / name)
    payload = editor().postprocess(MaskView("abc", tmp_path / "picture.png", tmp_path / "mask.png", (8, 6), "check it"))
    assert payload is not None
    assert (payload["key"], payload["width"], payload["height"], payload["note"]) == ("abc", 8, 6, "check it")
    assert payload["mask"]["meta"] == {"_type": "gradio.FileData"}
    assert editor().postprocess(None) is None


def test_a_drawing_comes_back_as_pixels() -> None:
    painted = np.zeros((6, 8, 4), np.uint8)
    painted[:, :3, 3] = 255
    given = editor().preprocess({"key": "abc", "drawn": address(Image.fromarray(painted, "RGBA")), "picture": {"path": "/etc/passwd"}})
    assert given is not None
    assert given.inside is not None
    assert (given.inside == painted[..., 3]).all()
    untouched = editor().preprocess({"key": "abc", "mask": {"path": "/etc/passwd"}})
    assert untouched is not None
    assert untouched.inside is None


@pytest.mark.parametrize("payload", [None, [], "text", {}, {"key": 7}])
def test_what_is_no_drawing_is_none(payload: object) -> None:
    assert editor().preprocess(payload) is None


@pytest.mark.parametrize(
    "drawn",
    [
        7,
        "http://example.com/mask.png",
        PREFIX + "no base64",
        PREFIX + "AAAA",
        PREFIX + "A" * MOST_BYTES,
        address(Image.new("RGBA", (SIDE + 1, 4))),
        address(Image.new("L", (4, 4))),
        address(Image.new("RGB", (4, 4)), "JPEG"),
    ],
)
def test_a_strange_drawing_gets_a_sentence(drawn: object) -> None:
    with pytest.raises(gr.Error, match="draw it again"):
        editor().preprocess({"key": "abc", "drawn": drawn})


def test_text_never_becomes_markup() -> None:
    script = (COMPONENTS / "mask_editor.js").read_text()
    assert "innerHTML" not in script
    assert "insertAdjacentHTML" not in script
    assert "${" not in (COMPONENTS / "mask_editor.css").read_text()
    assert drawing(address(Image.new("RGBA", (2, 2)))).shape == (2, 2)
