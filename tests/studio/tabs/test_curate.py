import json
import math
import zipfile
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_images

from engines.errors import StudioError
from engines.models.zoo import Zoo
from engines.paths import SHIPPED_MODELS
from engines.recipe import read_recipe
from studio.settings import EVERYWHERE, Settings
from studio.state import Services
from studio.tabs import curate
from studio.tabs.curate import DEMO, FOLDER, UPLOAD, Scored
from tests.pictures import animated_gif, climbing_zip, empty_zip, enormous_png, photograph, text_named_jpg
from tests.tiny import publish_tiny_models


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    """The shipped text-image model, small generators, and a home of its own."""
    models = tmp_path_factory.mktemp("models")
    publish_tiny_models(models)
    zoo = Zoo([models, SHIPPED_MODELS])
    return Services(zoo, Settings(home=tmp_path_factory.mktemp("home")))


@pytest.fixture(autouse=True)
def _small_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo collection of the small generators, with fewer pictures."""
    monkeypatch.setattr(curate, "DEMO_MODELS", ("scenes", "garments"))
    monkeypatch.setattr(curate, "DEMO_COUNT", 13)


@pytest.fixture
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where the page puts uploads."""
    folder = tmp_path / "uploads"
    folder.mkdir()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(folder))
    return folder


@pytest.fixture
def photographs(uploads: Path) -> list[str]:
    for name, pixels in zip(("temple.jpg", "flower.jpg"), load_sample_images().images, strict=True):
        Image.fromarray(pixels).save(uploads / name)
    return [str(uploads / "temple.jpg"), str(uploads / "flower.jpg")]


def scored_files(services: Services, files: list[str], prompt: str = "flower", **changed: object):  # type: ignore[no-untyped-def]
    fields = {"source": UPLOAD, "files": files, "folder_name": None, "rights": None, "model": "studio-clip", "prompt": prompt}
    return curate.score(services, **{**fields, **changed}, request=gr.Request(session_hash="ann"), progress=lambda *_, **__: None)  # type: ignore[arg-type]


def moved(services: Services, scored: Scored, threshold: object, key: str | None = None) -> tuple[object, Scored]:
    event = gr.EventData(None, {"key": key or scored.key, "threshold": threshold})
    return curate.commit(services, scored, event, gr.Request(session_hash="ann"))


def test_the_view_says_which_model_scored_and_shows_the_matching_picture_above(services: Services, photographs: list[str]) -> None:
    view, scored, line = scored_files(services, photographs)
    assert view.model.startswith("studio-clip@")
    assert (view.kept.names, view.dropped.names) == (("flower.jpg",), ("temple.jpg",))
    assert sum(view.counts) == 2
    assert json.loads(view.scores.read_text()) == sorted([*view.kept.scores, *view.dropped.scores])
    assert line.startswith("2 pictures from your files")
    assert scored.threshold == 0.2


def test_fewer_pictures_are_kept_as_the_cut_rises_and_python_counts_again(services: Services, photographs: list[str]) -> None:
    view, scored, _ = scored_files(services, photographs)
    middle = (view.kept.scores[0] + view.dropped.scores[0]) / 2
    kept = [moved(services, scored, cut)[0].kept.total for cut in (-1.0, middle, view.kept.scores[0], 1.0)]  # type: ignore[attr-defined]
    assert kept == [2, 1, 1, 0]


@pytest.mark.parametrize("threshold", [math.nan, math.inf, 2, "0.2", None, True])
def test_an_impossible_threshold_is_a_sentence(services: Services, photographs: list[str], threshold: object) -> None:
    _, scored, _ = scored_files(services, photographs)
    with pytest.raises(StudioError, match="threshold"):
        moved(services, scored, threshold)


def test_a_threshold_left_over_from_other_scores_changes_nothing(services: Services, photographs: list[str]) -> None:
    _, scored, _ = scored_files(services, photographs)
    assert moved(services, scored, 0.1, key="another")[1] != scored.threshold
    assert not isinstance(moved(services, scored, 0.1, key="another")[0], curate.ScoreView)


def test_bad_files_are_named_beside_the_good_ones(services: Services, photographs: list[str], uploads: Path) -> None:
    bad = [text_named_jpg(uploads / "poem.jpg"), enormous_png(uploads / "huge.png"), animated_gif(uploads / "moving.gif")]
    cmyk = photograph(uploads / "print.jpg", mode="CMYK")
    view, _, line = scored_files(services, [*photographs, *map(str, bad), str(cmyk)])
    assert len(view.kept.names) + len(view.dropped.names) == 3
    assert "3 left out" in line
    assert "poem.jpg" in line


def test_every_bad_input_is_a_sentence(services: Services, photographs: list[str], uploads: Path) -> None:
    poem, empty = text_named_jpg(uploads / "poem.jpg"), empty_zip(uploads / "empty.zip")
    climbing = climbing_zip(uploads / "climbing.zip", Path(photographs[0]))
    for files in ([], [str(poem)], [str(empty)], [str(climbing)], [str(empty), *photographs], ["/etc/hostname"]):
        with pytest.raises(StudioError):
            scored_files(services, files)
    for prompt in ("", "   ", "x" * 301):
        with pytest.raises(StudioError, match="prompt"):
            scored_files(services, photographs, prompt)
    with pytest.raises(StudioError, match="source"):
        scored_files(services, photographs, source="elsewhere")
    with pytest.raises(StudioError, match="model"):
        scored_files(services, photographs, model="../secrets")


def test_a_zip_is_unpacked_and_scored(services: Services, photographs: list[str], uploads: Path) -> None:
    with zipfile.ZipFile(uploads / "both.zip", "w") as archive:
        for path in photographs:
            archive.write(path, f"in/{Path(path).name}")
    view, _, line = scored_files(services, [str(uploads / "both.zip")])
    assert view.kept.names == ("in/flower.jpg",)
    assert "both.zip" in line


@pytest.mark.parametrize("part", ["kept", "dropped", "all"])
def test_an_export_follows_the_committed_cut_and_records_the_rights(services: Services, photographs: list[str], part: str) -> None:
    folder = str(Path(photographs[0]).parent)
    view, scored, _ = scored_files(services, [], source=FOLDER, folder_name=folder, rights=True)
    _, scored = moved(services, scored, view.kept.scores[0])
    path = curate.export(services, scored, part, gr.Request(session_hash="ann"))
    with zipfile.ZipFile(path) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        inside = [name for name in archive.namelist() if name.endswith(".jpg")]
    assert manifest["training_allowed"] == "yes"
    assert manifest["threshold"] == view.kept.scores[0]
    assert len(inside) == len(manifest["pictures"]) == {"kept": 1, "dropped": 1, "all": 2}[part]


def test_without_the_tick_the_rights_are_unknown(services: Services, photographs: list[str]) -> None:
    _, scored, _ = scored_files(services, photographs)
    path = curate.export(services, scored, "all", gr.Request(session_hash="ann"))
    with zipfile.ZipFile(path) as archive:
        assert json.loads(archive.read("manifest.json"))["training_allowed"] == "unknown"


def test_nothing_to_export_is_a_sentence(services: Services) -> None:
    with pytest.raises(StudioError, match="nothing was scored"):
        curate.export(services, Scored(), "kept", gr.Request(session_hash="ann"))


def test_the_demo_mixes_what_the_generators_draw_and_is_quick_the_second_time(services: Services) -> None:
    request, silent = gr.Request(session_hash="ann"), lambda *_, **__: None
    view, scored, line, source, _, prompt = curate.score_demo(services, "cityscape", request, silent)  # type: ignore[arg-type]
    names = [*view.kept.names, *view.dropped.names]
    assert sum("scenes" in name for name in names) == 7
    assert {name.split("-")[1] for name in names if "garments" in name} == {"coat", "hat", "shoes"}
    assert (source, prompt) == (DEMO, "cityscape")
    assert "demo collection" in line
    drawn = next(Path(scored.collection).parent.glob("pictures/*.png"))
    assert read_recipe(drawn) is not None
    before = drawn.stat().st_mtime_ns
    curate.score_demo(services, "shoes", request, silent)  # type: ignore[arg-type]
    assert drawn.stat().st_mtime_ns == before


def test_a_shared_studio_reads_no_folders_and_says_so(services: Services, tmp_path: Path) -> None:
    shared = Services(services.zoo, Settings(home=tmp_path, host=EVERYWHERE))
    with pytest.raises(StudioError, match="on your own"):
        scored_files(shared, [], source=FOLDER, folder_name="/etc")
    with gr.Blocks():
        handles = curate.build(shared)
    assert handles.folder is None
    assert handles.rights is None
    assert FOLDER not in [value for _, value in handles.source.choices]


def test_the_endpoint_answers_like_the_command_line(services: Services, photographs: list[str], uploads: Path) -> None:
    poem = text_named_jpg(uploads / "poem.jpg")
    found = json.loads(curate.score_files(services, [*photographs, str(poem)], "flower", 0.2, gr.Request(session_hash="ann")))
    assert list(found) == ["model", "prompt", "threshold", "scores", "failed"]
    assert [(one["path"], one["kept"]) for one in found["scores"]] == [("temple.jpg", False), ("flower.jpg", True)]
    assert found["failed"][0]["path"] == "poem.jpg"
    with pytest.raises(StudioError, match="threshold"):
        curate.score_files(services, photographs, "flower", math.nan, gr.Request(session_hash="ann"))


def test_names_from_strangers_are_no_markup() -> None:
    assert "<" not in curate._plain("<img src=x onerror=alert(1)>.jpg")
    assert "[" not in curate._plain("[click](javascript:alert(1)).jpg")


def test_thumbnails_are_drawn_again_and_never_the_uploads_themselves(services: Services, photographs: list[str]) -> None:
    view, _, _ = scored_files(services, photographs)
    payload = json.dumps(view.payload())
    assert "temple.jpg" in payload
    assert photographs[0] not in payload
    with Image.open(view.kept.sheet) as sheet:  # type: ignore[arg-type]
        assert sheet.format == "WEBP"
        assert np.asarray(sheet).std() > 10
