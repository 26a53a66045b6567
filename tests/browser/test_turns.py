"""A visitor who waits reads, and hears, how many people are before him, until it is his turn."""

import json
import secrets
import threading
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Opener
from tests.browser.test_curate_access import violations

OTHERS = 3
GRID = "#explore-grid"


class Other:
    """A visitor whose wishes take long, heard to their end in a thread."""

    def __init__(self, url: str) -> None:
        self.url, self.session = url, secrets.token_hex(5)
        with urllib.request.urlopen(f"{url}config") as answer:
            events = json.load(answer)["dependencies"]
        self.event = next(one["id"] for one in events if one["api_name"] == "sample")
        self.wish()
        self.listening = threading.Thread(target=self.listen, daemon=True)
        self.listening.start()

    def wish(self) -> None:
        inputs: list[Any] = ["cityscape", "1", 64, 1.0, ""]
        body = {"data": inputs, "fn_index": self.event, "session_hash": self.session, "event_data": None, "trigger_id": None}
        address = f"{self.url}gradio_api/queue/join"
        asked = urllib.request.Request(address, json.dumps(body).encode(), {"content-type": "application/json"})
        urllib.request.urlopen(asked).close()

    def listen(self) -> None:
        with urllib.request.urlopen(f"{self.url}gradio_api/queue/data?session_hash={self.session}") as stream:
            for line in stream:
                if b"close_stream" in line:
                    return


@pytest.fixture
def others(studio_url: str) -> Iterator[list[Other]]:
    """Is filled when a test wishes for company; nobody is left when it ends."""
    company: list[Other] = []
    yield company
    for other in company:
        other.listening.join(timeout=120)


def explored(open_tab: Opener, viewport: dict[str, int] = DESKTOP) -> Page:
    page = open_tab("Explore", viewport=viewport)
    expect(page.locator(f"{GRID} .picture-grid[data-ready='16']")).to_be_attached()
    return page


def crowd(page: Page, others: list[Other], url: str) -> None:
    """Others come first, then this visitor wishes for pictures."""
    others.extend(Other(url) for _ in range(OTHERS))
    page.get_by_role("button", name="Draw", exact=True).click()


def test_a_page_that_waits_says_how_many_people_are_before_it(open_tab: Opener, others: list[Other], studio_url: str) -> None:
    page = explored(open_tab)
    heard = page.evaluate_handle(
        """() => {
          const heard = [];
          const status = document.querySelector('#turns-said');
          new MutationObserver(() => status.textContent && heard.push(status.textContent)).observe(status, {childList: true});
          return heard;
        }"""
    )
    assert page.locator(".turn").count() == 0
    page.get_by_label("First seed").fill("4711")
    crowd(page, others, studio_url)
    line = page.locator(f"{GRID} > .turn")
    expect(line).to_have_text(f"Waiting: {OTHERS} people before you")
    expect(line).to_have_text("Waiting: 1 person before you")
    expect(line).to_have_count(0)
    expect(page.locator(f"{GRID} .picture-grid[data-ready='16']")).to_be_attached()
    expect(page.locator("#turns-said")).to_be_empty()
    said = heard.json_value()
    assert said[0] == f"Waiting: {OTHERS} people before you"
    assert said[-1] == "It is your turn"


@pytest.mark.parametrize(("mode", "viewport"), [("light", DESKTOP), ("dark", DESKTOP), ("light", PHONE)])
def test_axe_finds_nothing_in_a_page_that_waits(
    open_tab: Opener, others: list[Other], studio_url: str, mode: str, viewport: dict[str, int]
) -> None:
    page = explored(open_tab, viewport)
    page.evaluate("(dark) => document.body.classList.toggle('dark', dark)", mode == "dark")
    page.get_by_label("First seed").fill("4712")
    crowd(page, others, studio_url)
    expect(page.locator(f"{GRID} > .turn")).to_be_visible()
    assert violations(page, set()) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    expect(page.locator(f"{GRID} > .turn")).to_be_in_viewport()
    expect(page.locator(".turn")).to_have_count(0)
