import json
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from tests import pictures


def scored(client: Client, *paths: Path, prompt: str = "cityscape", threshold: float | None = None) -> dict[str, Any]:
    files = [handle_file(str(path)) for path in paths]
    return json.loads(client.predict(files=files, prompt=prompt, threshold=threshold, api_name="/score"))


def test_fewer_files_are_kept_the_higher_the_threshold(client: Client, tmp_path: Path) -> None:
    files = client.predict(model="cityscape", seeds="0-3", count=1, truncation=1.0, class_name="", api_name="/sample")
    drawn = [Path(file) for file in files] + [pictures.photograph(tmp_path / "colours.jpg")]
    kept = []
    for threshold in (-1.0, 0.0, 0.2, 0.4, 1.0):
        answer = scored(client, *drawn, threshold=threshold)
        assert len(answer["scores"]) == 5
        kept.append(sum(entry["kept"] for entry in answer["scores"]))
    assert kept == sorted(kept, reverse=True)
    assert (kept[0], kept[-1]) == (5, 0)


def test_files_that_are_no_pictures_are_named_and_the_others_scored(client: Client, tmp_path: Path) -> None:
    fine = pictures.photograph(tmp_path / "print.jpg", mode="CMYK")
    bad = [pictures.text_named_jpg(tmp_path / "poem.jpg"), pictures.enormous_png(tmp_path / "enormous.png")]
    answer = scored(client, fine, *bad)
    assert [entry["path"] for entry in answer["scores"]] == ["print.jpg"]
    assert sorted(entry["path"] for entry in answer["failed"]) == ["enormous.png", "poem.jpg"]
    assert all(len(entry["reason"]) > 20 for entry in answer["failed"])


def test_archives_that_cannot_be_taken_get_a_sentence_and_the_studio_goes_on(client: Client, tmp_path: Path) -> None:
    fine = pictures.photograph(tmp_path / "fine.png")
    for archive in (pictures.empty_zip(tmp_path / "empty.zip"), pictures.climbing_zip(tmp_path / "climbing.zip", fine)):
        with pytest.raises(AppError) as error:
            scored(client, archive)
        assert len(str(error.value)) > 20
        assert "Something went wrong" not in str(error.value)
    assert not list(tmp_path.parent.rglob("climbed.png"))
    assert scored(client, fine)["scores"]


@pytest.mark.parametrize("asked", [{"prompt": ""}, {"threshold": 7.0}])
def test_an_impossible_wish_gets_a_sentence(client: Client, tmp_path: Path, asked: dict[str, Any]) -> None:
    with pytest.raises(AppError) as error:
        scored(client, pictures.photograph(tmp_path / "fine.png"), **asked)
    assert "Something went wrong" not in str(error.value)
