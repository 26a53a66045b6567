"""From the start of the process to the first page."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator

from benchmarks import Figure
from engines.paths import REPOSITORY

PATIENCE = 120.0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def seconds_to_first_page() -> float:
    """Start `app.py` and wait for its page."""
    port = free_port()
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"GRADIO_SERVER_PORT": str(port), "STUDIO_HOME": home}
        start = time.perf_counter()
        server = subprocess.Popen([sys.executable, "app.py"], cwd=REPOSITORY, env=environment, stdout=subprocess.DEVNULL)
        try:
            while time.perf_counter() - start < PATIENCE:
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                        answer.read()
                    return time.perf_counter() - start
                except OSError:
                    time.sleep(0.05)
            raise TimeoutError(f"no page within {PATIENCE:.0f} s")
        finally:
            server.terminate()
            server.wait()


def run() -> Iterator[Figure]:
    yield Figure("process start to first page", min(seconds_to_first_page() for _ in range(2)), 6.0)
