"""What no polite client sends: numbers that are none."""

import json

import httpx
import pytest


def answer(studio_url: str, endpoint: str, body: str) -> str:
    """The event stream of one call whose body is sent as it is."""
    address = f"{studio_url.rstrip('/')}/gradio_api/call/{endpoint}"
    asked = httpx.post(address, content=body, headers={"content-type": "application/json"}, timeout=60)
    if asked.status_code != 200:
        return asked.text
    return httpx.get(f"{address}/{asked.json()['event_id']}", timeout=60).text


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_a_truncation_that_is_no_number_gets_a_sentence(studio_url: str, number: str) -> None:
    for endpoint, body in (
        ("classes", f'{{"data": ["clothing", "hat", "1", {number}]}}'),
        ("sample", f'{{"data": ["cityscape", "1", 1, {number}, ""]}}'),
    ):
        said = answer(studio_url, endpoint, body)
        assert "runcation is a number" in said, said
        assert "Traceback" not in said


def test_the_studio_goes_on_after_numbers_that_are_none(studio_url: str) -> None:
    said = answer(studio_url, "classes", json.dumps({"data": ["clothing", "hat", "1", 1.0]}))
    assert "event: complete" in said
