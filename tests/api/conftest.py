"""A program that uses the studio through gradio_client."""

import pytest
from gradio_client import Client


@pytest.fixture(scope="session")
def client(studio_url: str, tmp_path_factory: pytest.TempPathFactory) -> Client:
    """Connected to the studio; downloads lie in a folder of the test."""
    return Client(studio_url, verbose=False, download_files=str(tmp_path_factory.mktemp("downloads")))
