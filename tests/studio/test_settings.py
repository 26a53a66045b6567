from pathlib import Path

import pytest

from engines.errors import StudioError
from studio.settings import Settings

NAMES = ("SPACE_ID", "STUDIO_HOME", "GRADIO_SERVER_NAME", "GRADIO_SERVER_PORT")


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path / "home"))


def test_a_laptop_is_local_and_listens_to_itself_alone() -> None:
    settings = Settings.from_env()
    assert settings.local
    assert settings.host == "127.0.0.1"
    assert settings.max_zip_bytes == 512 * 2**20


@pytest.mark.parametrize(
    ("host", "local"), [("localhost", True), ("::1", True), ("127.0.0.1", True), ("0.0.0.0", False), ("192.168.1.4", False)]
)
def test_only_loopback_is_local(monkeypatch: pytest.MonkeyPatch, host: str, local: bool) -> None:
    monkeypatch.setenv("GRADIO_SERVER_NAME", host)
    assert Settings.from_env().local is local


def test_a_space_is_never_local_and_takes_smaller_archives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACE_ID", "ann/atelier")
    monkeypatch.setenv("GRADIO_SERVER_NAME", "127.0.0.1")
    settings = Settings.from_env()
    assert settings.space
    assert not settings.local
    assert settings.max_zip_bytes == 200 * 2**20


def test_a_space_without_a_home_writes_to_a_temporary_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("STUDIO_HOME")
    monkeypatch.setenv("SPACE_ID", "ann/atelier")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert Settings.from_env().home.parent == tmp_path


@pytest.mark.parametrize("port", ["abc", "0", "70000", "-1", "²"])
def test_an_impossible_port_gets_a_sentence(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("GRADIO_SERVER_PORT", port)
    with pytest.raises(StudioError, match="expected a port from 1 to 65535"):
        Settings.from_env()


def test_everything_served_lies_below_the_home() -> None:
    settings = Settings.from_env()
    assert settings.sessions.is_relative_to(settings.served)
    assert settings.served.is_relative_to(settings.home)
