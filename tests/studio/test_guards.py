import inspect
import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import gradio as gr
import pytest
import torch
from PIL import Image
from torch import nn

from engines import compute
from engines.errors import Cancelled, StudioError
from engines.exploration.sampling import draw, sample_recipes
from engines.models.zoo import Zoo
from engines.recipe import MAX_SEED
from studio import guards
from studio.settings import Settings
from studio.state import Services


@pytest.mark.parametrize("value", [math.nan, math.inf, True, 1.5, "abc", "3", None, 17, -1])
def test_a_whole_number_must_be_one_and_in_range(value: object) -> None:
    with pytest.raises(StudioError, match="the count is a whole number from 0 to 16"):
        guards.finite_int(value, "the count", 0, 16)


def test_a_whole_number_may_come_as_a_float_as_json_sends_it() -> None:
    assert guards.finite_int(3.0, "the count", 0, 16) == 3


@pytest.mark.parametrize("value", [math.nan, -math.inf, False, "1", None, 2.5])
def test_a_number_must_be_finite_and_in_range(value: object) -> None:
    with pytest.raises(StudioError, match="truncation is a number from 0 to 2"):
        guards.finite_float(value, "truncation", 0, 2)


@pytest.mark.parametrize("value", ["abc", "1.5", "nan", "-3", "", "1e3", str(MAX_SEED + 1), "9" * 400, math.nan, 0.5, True, None, "١٢"])
def test_an_impossible_seed_gets_a_sentence(value: object) -> None:
    with pytest.raises(StudioError, match="a seed is a whole number from 0 to"):
        guards.seed(value)


def test_the_largest_seed_survives_the_text_field_to_the_last_digit() -> None:
    assert guards.seed(f" {MAX_SEED} ") == MAX_SEED


def test_seeds_are_a_first_one_a_list_or_a_range() -> None:
    assert guards.seeds("7", 3) == [7, 8, 9]
    assert guards.seeds("1, 2, 9") == [1, 2, 9]
    assert guards.seeds("4-6") == [4, 5, 6]
    assert guards.seeds(2.0, 2.0) == [2, 3]


@pytest.mark.parametrize("value", ["", "a", "1,b", "9-3", "0-999", "-5", "0-99999999999999999999999", str(MAX_SEED), math.nan])
def test_impossible_seeds_get_a_sentence(value: object) -> None:
    with pytest.raises(StudioError):
        guards.seeds(value, 16)


def test_an_error_reaches_the_page_as_one_sentence_that_stays() -> None:
    def fail(name: str) -> None:
        raise StudioError(f"there is no model {name}: choose another")

    with pytest.raises(gr.Error) as caught:
        guards.sentences(fail, "<b>x</b>")()
    assert caught.value.message == "There is no model ‹b›x‹/b›: choose another."
    assert caught.value.duration is None


def test_an_error_that_begins_with_a_file_keeps_its_name() -> None:
    assert guards.spoken("huge.png has more than 64 megapixels: make it smaller").message.startswith("huge.png has")
    assert guards.spoken("stopped. Nothing is kept").message == "Stopped. Nothing is kept."


def test_an_unexpected_error_shows_nothing_of_the_inside() -> None:
    def fail() -> None:
        raise RuntimeError("/secret/path")

    with pytest.raises(gr.Error) as caught:
        guards.sentences(fail)()
    assert "secret" not in caught.value.message


def test_stopping_is_no_accident() -> None:
    def stop() -> Iterator[int]:
        yield 1
        raise Cancelled

    handler = guards.sentences(stop)()
    assert next(handler) == 1
    with pytest.raises(gr.Error, match="Stopped"):
        next(handler)


def test_a_handler_keeps_what_gradio_reads_of_a_function() -> None:
    def steps(services: object, count: int, request: gr.Request) -> Iterator[int]:
        yield count

    handler = guards.sentences(steps, object())
    assert list(inspect.signature(handler).parameters) == ["count", "request"]
    assert inspect.isgeneratorfunction(handler)
    assert handler.__annotations__["request"] is gr.Request


def test_only_uploaded_files_are_opened(tmp_path: Path) -> None:
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    Image.new("RGB", (4, 4)).save(uploads / "in.png")
    Image.new("RGB", (4, 4)).save(tmp_path / "out.png")
    (uploads / "link.png").symlink_to(tmp_path / "out.png")
    assert guards.uploaded_picture(uploads / "in.png", uploads) == (uploads / "in.png").resolve()
    for path in (tmp_path / "out.png", uploads / ".." / "out.png", uploads / "link.png", tmp_path / "missing.png"):
        with pytest.raises(StudioError, match="was not uploaded here"):
            guards.uploaded_picture(path, uploads)
    for path in (uploads / "missing.png", uploads):
        with pytest.raises(StudioError, match="is not here any more, for files are kept for an hour"):
            guards.uploaded_picture(path, uploads)
    with pytest.raises(StudioError, match="upload one first"):
        guards.uploaded_picture(None, uploads)


def test_names_from_strangers_are_no_markup() -> None:
    assert "<" not in guards.plain("<img src=x onerror=alert(1)>.jpg")
    assert "[" not in guards.plain("[click](javascript:alert(1)).jpg")


def test_a_session_has_one_folder_name_that_others_cannot_guess() -> None:
    name = guards.session_token(b"secret", "ann")
    assert name == guards.session_token(b"secret", "ann")
    assert name not in {guards.session_token(b"other", "ann"), guards.session_token(b"secret", "bob")}
    assert guards.session_token(b"secret", None) != guards.session_token(b"secret", None)
    assert guards.session_token(b"secret", "../../etc").isalnum()


def test_a_download_has_a_safe_name() -> None:
    assert guards.file_name("cityscape", "seed", 7, suffix=".png") == "cityscape-seed-7.png"
    assert guards.file_name("../../etc/passwd", "", "a b", suffix=".gif") == "etc-passwd-a-b.gif"
    assert guards.file_name("", "..", suffix=".png") == "atelier.png"
    assert len(guards.file_name("x" * 500, suffix=".png")) == 124


def test_nothing_is_wrapped_where_there_is_no_gpu_to_borrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPACES_ZERO_GPU", raising=False)
    assert guards.gpu(len, list) is len


def test_where_a_gpu_is_lent_all_else_works_on_the_cpu(tiny_zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in for `spaces` lends in this process, after noting where all else would have worked; what it lends is on every machine."""
    worked: list[torch.device] = []

    def lent(duration: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        def wrapper(function: Callable[..., Any]) -> Callable[..., Any]:
            return lambda *args: (worked.append(compute.device()), function(*args))[1]

        return wrapper

    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    monkeypatch.setenv("STUDIO_DEVICE", "")  # and back to what it was
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)  # as it is where `spaces` is imported
    monkeypatch.setattr(guards, "BORROWED", "cpu:0")
    monkeypatch.setitem(sys.modules, "spaces", SimpleNamespace(GPU=lent))
    compute.device.cache_clear()
    try:
        zoo = Zoo([tiny_zoo.folder("scenes").parent])
        services = Services(zoo, Settings(home=tmp_path, space=True))
        recipes = sample_recipes(zoo.generator("scenes"), [1, 2])
        network = cast(nn.Module, zoo.generator("scenes").network).to(memory_format=torch.channels_last)
        drawn = services.draw(recipes)
        assert worked == [torch.device("cpu")]
        assert compute.device() == torch.device("cpu:0")
        assert all(weight.is_contiguous() for weight in network.parameters()), "what was loaded before was not placed"
    finally:
        compute.device.cache_clear()
    assert [one.tobytes() for one in drawn] == [one.tobytes() for one in draw(tiny_zoo.generator("scenes"), recipes)]
