"""From the start of the process to the first page, and what a browser gets with it."""

import os
import re
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


def first_page() -> tuple[float, bytes]:
    """Start `app.py` and wait for its page: the seconds, and the page."""
    port = free_port()
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"GRADIO_SERVER_PORT": str(port), "STUDIO_HOME": home}
        start = time.perf_counter()
        server = subprocess.Popen([sys.executable, "app.py"], cwd=REPOSITORY, env=environment, stdout=subprocess.DEVNULL)
        try:
            while time.perf_counter() - start < PATIENCE:
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                        page = answer.read()
                    return time.perf_counter() - start, page
                except OSError:
                    time.sleep(0.05)
            raise TimeoutError(f"no page within {PATIENCE:.0f} s")
        finally:
            server.terminate()
            server.wait()


def configuration(page: bytes) -> bytes:
    """What the page says of its components and events, with its style sheet."""
    found = re.search(rb"window\.gradio_config = (\{.*?\});</script>", page)
    if found is None:
        raise ValueError("the page has no configuration")
    return found[1]


def run() -> Iterator[Figure]:
    starts = [first_page() for _ in range(2)]
    yield Figure("process start to first page", min(seconds for seconds, _ in starts), 6.0)
    page = starts[0][1]
    yield Figure("configuration of the page, not compressed", len(configuration(page)) / 1000, 150.0, unit="kB")
    yield Figure("the whole page, not compressed", len(page) / 1000, 155.0, unit="kB")
