"""The studio as a Space: strangers share it, nothing is kept, and only a temporary folder can be written to."""

import hashlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client, handle_file
from PIL import Image

from tests.pictures import photograph

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60
UNTOUCHED = ("app.py", "assets", "engines", "studio")


@dataclass(frozen=True)
class Space:
    """A running Space: its address, and the one folder it may write to."""

    url: str
    writable: Path


def repository_state() -> dict[str, str]:
    """Every file that the studio runs from, by its hash; Python's own caches left out."""
    files = [path for name in UNTOUCHED for path in ([ROOT / name] if (ROOT / name).is_file() else sorted((ROOT / name).rglob("*")))]
    return {
        str(path.relative_to(ROOT)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.is_file() and "__pycache__" not in path.parts
    }


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_until_served(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    pytest.fail(f"the Space did not come up:\n{log.read_text()[-3000:]}", pytrace=False)


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Space]:
    """`python app.py` with `SPACE_ID` set, and an environment that knows one writable folder and little else."""
    writable, port = tmp_path_factory.mktemp("space"), free_port()
    log = tmp_path_factory.mktemp("log") / "log.txt"
    environment = {
        "PATH": os.defpath,
        "SPACE_ID": "somebody/atelier",
        "HOME": str(writable),
        "XDG_CACHE_HOME": str(writable),
        "TMPDIR": str(writable),
        "GRADIO_SERVER_PORT": str(port),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    before = repository_state()
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        url = f"http://127.0.0.1:{port}/"
        wait_until_served(url, process, log)
        yield Space(url, writable)
        assert process.poll() is None, f"the Space went down:\n{log.read_text()[-3000:]}"
    finally:
        process.terminate()
        process.wait(timeout=20)
    assert "Traceback" not in log.read_text(), log.read_text()[-3000:]
    assert repository_state() == before, "the Space wrote into the repository"


@pytest.fixture(scope="module")
def client(space: Space, tmp_path_factory: pytest.TempPathFactory) -> Client:
    return Client(space.url, verbose=False, download_files=str(tmp_path_factory.mktemp("downloads")))


def components(client: Client) -> list[dict[str, Any]]:
    return [component["props"] for component in client.config["components"]]


def test_the_page_says_that_nothing_is_kept(client: Client) -> None:
    texts = [str(props.get("value", "")) for props in components(client)]
    assert any("keeps nothing" in text for text in texts)


def test_folder_key_and_training_controls_are_absent_with_a_reason(client: Client) -> None:
    ids = {str(props.get("elem_id")) for props in components(client)}
    assert not ids & {"collect-folder", "collect-query", "collect-key", "collect-rights", "collect-permission"}
    labels = " ".join(str(props.get("label", "")) for props in components(client)).lower()
    assert "api key" not in labels
    assert "train on these" not in labels
    assert not any("A folder here" in str(props.get("choices")) for props in components(client))
    texts = " ".join(str(props.get("value", "")) for props in components(client))
    assert "only when Atelier runs on your own" in texts


def test_pictures_are_scored(client: Client, tmp_path: Path) -> None:
    picture = photograph(tmp_path / "colours.png")
    answer = json.loads(client.predict(files=[handle_file(str(picture))], prompt="cityscape", threshold=None, api_name="/score"))
    assert [entry["path"] for entry in answer["scores"]] == ["colours.png"]


def test_seeds_are_drawn(client: Client) -> None:
    files = client.predict(model="cityscape", seeds="0-3", count=4, truncation=0.8, class_name="", api_name="/sample")
    assert len({Path(file).read_bytes() for file in files}) == 4


def test_the_way_between_two_seeds_is_filmed(client: Client) -> None:
    film = client.predict(
        model="cityscape", seed_a="1", seed_b="2", frames=4, truncation=1.0, class_name="", kind="gif", api_name="/interpolate"
    )
    assert Path(film).stat().st_size > 1000


def test_a_class_is_drawn(client: Client) -> None:
    files = client.predict(model="clothing", class_name="dress", seeds="1,2", truncation=0.8, api_name="/classes")
    assert len(files) == 2


def test_a_texture_is_swapped(client: Client, tmp_path: Path) -> None:
    picture = photograph(tmp_path / "jacket.png")
    path = client.predict(picture=handle_file(str(picture)), target="denim", api_name="/swap")
    with Image.open(path) as swapped:
        assert swapped.size == (90, 120)


def test_what_is_written_lies_in_the_one_writable_folder(space: Space, client: Client) -> None:
    client.predict(model="cityscape", seeds="9", count=1, truncation=0.8, class_name="", api_name="/sample")
    assert list(space.writable.rglob("cityscape-seed-9*.png"))
