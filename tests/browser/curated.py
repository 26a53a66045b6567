"""Collections made for a browser to look at, and what the journeys ask of the grid."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from engines.curation.catalogue import Catalogue
from engines.curation.decisions import RuleVerdict
from engines.curation.provenance import Fetched, Provenance
from engines.curation.rules import Pass, Rule

TAB = "Curate"
GRID = "#curate-grid .score-grid"
CUT = 0.2


def made(home: Path, folder: Path, name: str, count: int = 60, called: Callable[[int], str] = "town-{:03}.png".format) -> Catalogue:
    """A collection whose k-th picture scores from 0 to 0.4 in the order of k, cut in the middle.

    Args:
        home: where the studio under test lives; folder: for the pictures to import.
    """
    catalogue = Catalogue(home / "catalogue")
    catalogue.create(name)
    folder.mkdir(parents=True, exist_ok=True)
    items = []
    for index in range(count):
        path = folder / f"{index}.png"
        Image.new("RGB", (48, 36), (index * 255 // count, 90, 255 - index * 255 // count)).save(path)
        items.append(Fetched(path, Provenance("files", str(index), called(index), author=called(index), licence="CC0")))
    catalogue.add(name, items)
    scores = np.linspace(0, 0.4, count).round(6).astype(np.float32)
    rule = Rule("", "studio-clip@0/float32", (Pass(("town",), cut=CUT),))
    ids = catalogue.standing(name).ids
    catalogue.set_verdict(name, RuleVerdict(ids, scores >= np.float32(CUT), scores, rule.as_json() | {"cut": CUT}), "a test")
    return catalogue


def opened(page: Page, name: str) -> Locator:
    """Choose a collection by its name; gives the grid when it shows it."""
    field = page.locator("#curate-collection input")
    expect(field).to_be_visible()
    expect(page.locator(GRID)).to_be_attached()
    page.wait_for_timeout(300)
    field.click()
    page.get_by_role("option", name=name, exact=True).click()
    grid = page.locator(f"{GRID}[data-collection='{name}'][data-key]:not([data-key=''])")
    expect(grid).to_be_attached(timeout=60_000)
    return page.locator(GRID)


def number(page: Page, name: str) -> float:
    """A number that the grid tells of itself: kept, dropped, threshold, event, shown, answers."""
    return float(page.locator(GRID).get_attribute(f"data-{name}") or "nan")


def cells(page: Page) -> Locator:
    """The pictures of the grid."""
    return page.get_by_test_id("score-cells").get_by_role("option")


def view(page: Page, title: str) -> None:
    """Choose which pictures the grid shows."""
    page.get_by_role("radiogroup", name="Which pictures").get_by_role("radio", name=re.compile(f"^{title}")).check(force=True)


def settled(page: Page, catalogue: Catalogue, name: str) -> None:
    """Wait until the page knows the last thing decided about a collection."""
    expect(page.locator(f"{GRID}[data-event='{catalogue.last_event(name)}']")).to_be_attached()
