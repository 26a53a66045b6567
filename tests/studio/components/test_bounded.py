"""A number out of the bounds of its field gets a sentence that names the field, its range and its unit."""

import gradio as gr
import pytest

from studio.components.bounded import Number, Slider


@pytest.mark.parametrize("value", [500, -1, None, "wide", float("nan")])
def test_a_slider_says_what_it_takes(value: object) -> None:
    slider = Slider(0, 25, 3, step=0.5, label="Bleed", unit="millimetres")
    with pytest.raises(gr.Error, match=r"Bleed is a number from 0 to 25 millimetres, got .*: choose another") as raised:
        slider.preprocess(value)  # type: ignore[arg-type]
    assert raised.value.print_exception is False


def test_a_number_says_what_it_takes_and_may_be_empty() -> None:
    number = Number(3, minimum=0.1, label="Minutes", precision=1)
    assert number.preprocess(None) is None
    assert number.preprocess(0.1) == 0.1
    with pytest.raises(gr.Error, match=r"Minutes is a number at least 0\.1, got 0: choose another"):
        number.preprocess(0)


def test_the_page_is_told_what_gradio_tells_of_its_own() -> None:
    for ours, theirs in ((Slider(0, 25, 3, label="Bleed", unit="mm"), gr.Slider(0, 25, 3, label="Bleed")), (Number(3), gr.Number(3))):
        told, known = ours.get_config(), theirs.get_config()
        assert {**told, "component_class_name": ""}.keys() == {**known, "component_class_name": ""}.keys()
        assert ours.get_block_name() == theirs.get_block_name()
        assert isinstance(type(ours)(**ours.constructor_args), gr.Slider | gr.Number)
