import os
import time
from collections.abc import Callable

import gradio as gr
import pytest

from engines.errors import StudioError
from engines.exploration.sampling import sample_recipes
from engines.finishing import Mockup, PrintJob
from engines.recipe import Finish, Recipe, Sheet, after
from studio.state import Services, sweep


def test_a_session_has_its_own_folder_and_takes_it_along_when_it_ends(services: Services) -> None:
    ann, bob = gr.Request(session_hash="ann"), gr.Request(session_hash="bob")
    folder = services.session_folder(ann)
    (folder / "mine.png").write_bytes(b"x")
    assert services.session_folder(ann) == folder
    assert services.session_folder(bob) != folder
    services.end_session(ann)
    assert not folder.exists()
    assert services.session_folder(bob).is_dir()


def test_a_call_without_a_session_has_a_folder_of_its_own(services: Services) -> None:
    assert services.session_folder(None) != services.session_folder(None)


def test_what_nobody_used_for_an_hour_is_removed(services: Services) -> None:
    used, forgotten = (services.session_folder(gr.Request(session_hash=name)) for name in ("ann", "bob"))
    long_ago = time.time() - 3700
    os.utime(forgotten, (long_ago, long_ago))
    assert sweep(services) == 1
    assert used.is_dir()
    assert not forgotten.exists()


def test_sweeping_nothing_is_fine(services: Services) -> None:
    assert sweep(services) == 0


@pytest.mark.parametrize("within", [lambda page: page, lambda page: after(page, Mockup(side=300)), lambda page: Sheet(1, (page,))])
def test_a_page_too_large_for_the_studio_is_refused_before_it_is_drawn_however_deep_it_lies(
    services: Services, within: Callable[[Finish], Recipe]
) -> None:
    [recipe] = sample_recipes(services.zoo.generator("scenes"), [1])
    assert services.render(within(after(recipe, PrintJob(100, 100, dpi=72))))
    begun = time.perf_counter()
    with pytest.raises(StudioError, match="lower the resolution"):
        services.render(within(after(recipe, PrintJob(550, 400, dpi=350))))
    assert time.perf_counter() - begun < 0.5


def test_drawing_and_rendering_agree(services: Services) -> None:
    recipes = sample_recipes(services.zoo.generator("scenes"), range(5))
    assert services.draw(recipes)[3].tobytes() == services.render(recipes[3]).tobytes()
