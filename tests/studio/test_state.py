import os
import time
from collections.abc import Callable
from pathlib import Path

import gradio as gr
import pytest

from engines.errors import StudioError
from engines.exploration.sampling import sample_recipes
from engines.finishing import Mockup, PrintJob
from engines.models.zoo import Zoo
from engines.recipe import Finish, Recipe, Sheet, after
from studio import state
from studio.settings import SESSION_SECONDS, Settings
from studio.state import COMING_BACK_SECONDS, GIVEN, Services, refuse_full, start_sweeping, sweep

A_WHILE_AFTER_THE_END = SESSION_SECONDS - COMING_BACK_SECONDS - 1
HOURS = 7200


@pytest.fixture
def shared(tiny_zoo: Zoo, tmp_path: Path) -> Services:
    return Services(tiny_zoo, Settings(home=tmp_path, space=True))


def written(folder: Path, name: str, age: float = 0, size: int = 10) -> Path:
    """A file of some seconds of age."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(b"x" * size)
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_a_session_has_its_own_folder_and_takes_it_along_when_it_ends(services: Services) -> None:
    ann, bob = gr.Request(session_hash="ann"), gr.Request(session_hash="bob")
    folder = services.session_folder(ann)
    (folder / "mine.png").write_bytes(b"x")
    assert services.session_folder(ann) == folder
    assert services.session_folder(bob) != folder
    services.end_session(ann)
    assert sweep(services, A_WHILE_AFTER_THE_END) == 1
    assert not folder.exists()
    assert services.session_folder(bob).is_dir()
    services.end_session(ann)


def test_a_page_that_comes_back_finds_what_it_left(services: Services) -> None:
    ann = gr.Request(session_hash="ann")
    mine = written(services.session_folder(ann), "mine.png")
    services.end_session(ann)
    assert sweep(services) == 0
    assert mine.is_file()
    assert services.session_folder(ann) == mine.parent
    assert sweep(services, A_WHILE_AFTER_THE_END) == 0
    assert mine.is_file()


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


def test_sweeping_goes_on_after_a_fault(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    forget, faults = Services.forget, [OSError("the disk is away")]

    def faulty(self: Services, folder: Path) -> None:
        if faults:
            raise faults.pop()
        forget(self, folder)

    monkeypatch.setattr(Services, "forget", faulty)
    monkeypatch.setattr(state, "SWEEP_SECONDS", 0.01)
    forgotten = services.session_folder(gr.Request(session_hash="ann"))
    os.utime(forgotten, (0, 0))
    start_sweeping(services)
    deadline = time.monotonic() + 5
    while forgotten.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not forgotten.exists()


def test_of_what_lies_ready_for_the_browser_the_oldest_goes_when_it_is_too_much(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "MOST_HANDED_OUT", 25)
    folder = services.session_folder(gr.Request(session_hash="ann"))
    old, late, new = (written(folder, name, age) for name, age in (("old.zip", HOURS), ("late.zip", HOURS / 2), ("new.zip", 0)))
    collected = written(folder / "catalogue", "picture.png", HOURS, 100)
    given = written(folder, f"{GIVEN}{'0' * 64}", 2 * HOURS, 100)
    assert sweep(services) == 0
    assert [path.exists() for path in (old, late, new, collected, given)] == [False, True, True, True, True]
    written(folder, "large.zip", size=100)
    sweep(services)
    assert {path.name for path in folder.glob("*.zip")} == {"new.zip", "large.zip"}, "what is being handed out is taken away"


def test_what_visitors_of_a_shared_studio_chose_among_is_not_remembered_without_end(
    services: Services, shared: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "MOST_SEEN", 25)
    seen = shared.settings.home / "cache" / "candidates"
    for number in range(5):
        written(seen, f"{number}.npy", HOURS * (5 - number))
    sweep(services)
    assert len(list(seen.iterdir())) == 5, "one's own machine remembers"
    sweep(shared)
    assert {path.name for path in seen.iterdir()} == {"3.npy", "4.npy"}


def test_a_visit_to_a_shared_studio_has_its_share_of_the_disk_and_no_more(
    services: Services, shared: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = gr.Request(session_hash="ann"), gr.Request(session_hash="bob")
    monkeypatch.setattr(state, "MOST_HELD", 2**20)
    written(shared.session_folder(ann) / "catalogue" / "pictures", "1.png", size=2**20)
    with pytest.raises(StudioError, match="this visit holds"):
        refuse_full(shared, ann)
    refuse_full(shared, bob)
    monkeypatch.setattr(state, "LEAST_FREE", 2**70)
    with pytest.raises(StudioError, match="the disk of this studio is full"):
        refuse_full(shared, bob)
    refuse_full(services, ann)


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


@pytest.mark.parametrize("step", [PrintJob(280, 280, dpi=300), Mockup(side=3300)])
def test_pages_and_garments_that_are_too_large_together_are_refused_before_one_is_drawn(
    services: Services, step: PrintJob | Mockup
) -> None:
    [recipe] = sample_recipes(services.zoo.generator("scenes"), [1])
    begun = time.perf_counter()
    with pytest.raises(StudioError, match="44 megapixels are more than the 40"):
        services.render(Sheet(2, (after(recipe, step),) * 4))
    with pytest.raises(StudioError, match="44 megapixels are more than the 40"):
        services.render(after(after(after(after(recipe, step), step), step), step))
    assert time.perf_counter() - begun < 0.5


def test_drawing_and_rendering_agree(services: Services) -> None:
    recipes = sample_recipes(services.zoo.generator("scenes"), range(5))
    assert services.draw(recipes)[3].tobytes() == services.render(recipes[3]).tobytes()
