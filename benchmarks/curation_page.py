"""The Curate tab in Chromium with 100,000 pictures and with 1,000,000: opening, dragging the cut, letting it go, new windows of the grid.

Rows, scores and thumbnails are made straight in the studio's files, because looking at as many pictures takes hours and has benchmarks of
its own. The thumbnails are there as scoring leaves them. Needs what the browser tests need.
"""

import hashlib
import io
import json
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from benchmarks import Figure, fastest
from engines.curation import thumbnails
from engines.curation.catalogue import DATABASE_FILE, Catalogue
from engines.curation.decisions import RuleVerdict
from engines.curation.provenance import Provenance
from engines.curation.rules import Pass, Rule
from engines.curation.thumbnails import Thumbnails
from studio import views
from studio.app import launch_kwargs, page, services_for
from studio.collections import open_catalogue, open_store, open_thumbnails
from studio.settings import Settings
from studio.state import Services
from tests.browser.chromium import ARGUMENTS, REMEDY, find_chromium

COUNTS = {"hundred": 100_000, "million": 1_000_000}
DISTINCT = 64
CUT = 0.22
FRAMES, WINDOWS = 180, 8
PATIENCE = 300_000
GRID = "#curate-grid .score-grid"

DRAG = """
async ([selector, frames]) => {
  const range = document.querySelector(selector + " .range");
  const low = Number(range.min), high = Number(range.max);
  const spent = [];
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  range.focus();
  for (let index = 0; index < frames; index++) {
    await frame();
    // In one frame, in this order: the clock, whatever the page does about the drag, and the layout that follows from it.
    let begun = 0;
    requestAnimationFrame(() => (begun = performance.now()));
    range.value = String(low + (high - low) * (0.5 + 0.45 * Math.sin(index / 9)));
    const before = performance.now();
    range.dispatchEvent(new Event("input", { bubbles: true }));
    const event = performance.now() - before;
    await new Promise((done) => requestAnimationFrame(() => {
      document.querySelector(selector).getBoundingClientRect();
      spent.push(event + performance.now() - begun);
      done();
    }));
  }
  range.value = String(CUT);
  range.dispatchEvent(new Event("input", { bubbles: true }));
  range.dispatchEvent(new Event("change", { bubbles: true }));
  return spent;
}
""".replace("CUT", str(CUT))

WINDOW = """
async ([selector, button]) => {
  const root = document.querySelector(selector);
  const before = root.dataset.tiles, begun = performance.now();
  document.querySelector(button).click();
  const ready = () => root.dataset.tiles !== before &&
    [...root.querySelectorAll("[data-testid=score-cells] img")].every((one) => one.src && one.complete);
  while (!ready() && performance.now() - begun < 60000) await new Promise((done) => setTimeout(done, 5));
  return performance.now() - begun;
}
"""


def run() -> Iterator[Figure]:
    found = find_chromium()
    if found is None:
        print(f"curation_page is left out: {REMEDY}")
        return
    with tempfile.TemporaryDirectory() as folder, _studio(Path(folder)) as (services, url), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(found), args=list(ARGUMENTS))
        page_of = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        page_of.set_default_timeout(PATIENCE)
        page_of.goto(url)
        catalogue = open_catalogue(services, None)
        for name, count in COUNTS.items():
            fill(Path(folder), name, count)
            page_of.reload()
            first = name == "hundred"
            of = f"{count:,} pictures"
            yield Figure(f"{of}: chosen until the first are seen", _opened(page_of, name), 2.0 if first else 20.0)
            spent = np.array(page_of.evaluate(DRAG, [GRID, FRAMES])) / 1000
            yield Figure(f"{of}: a frame while dragging, 95 of 100", float(np.quantile(spent, 0.95)), 0.016)
            page_of.wait_for_timeout(3000)
            seconds = [page_of.evaluate(WINDOW, [GRID, NEXT]) / 1000 for _ in range(WINDOWS)]
            yield Figure(f"{of}: tiles of a new window", float(np.median(seconds)), 0.3)
            view, _ = services.views.look(catalogue, name, open_store(services, None), open_thumbnails(services, None))
            cuts = iter(np.linspace(0.18, 0.26, 50))
            commit = fastest(lambda view=view, cuts=cuts: views.move_cut(view, float(next(cuts)), "a benchmark"))  # type: ignore[misc]
            yield Figure(f"{of}: a cut written by the server", commit, 0.05 if first else 0.5)
        browser.close()


NEXT = f"{GRID} button[title='The pictures after']"


def _opened(page_of: Page, name: str) -> float:
    """Seconds from choosing a collection until its histogram and the first window's pictures are seen."""
    field = page_of.locator("#curate-collection input")
    field.click()
    option = page_of.get_by_role("option", name=name, exact=True)
    option.wait_for()
    return float(page_of.evaluate(OPEN, [GRID, name])) / 1000


OPEN = """
async ([selector, name]) => {
  const option = [...document.querySelectorAll("[role=option]")].find((one) => one.textContent.trim().endsWith(name));
  const begun = performance.now();
  option.dispatchEvent(new MouseEvent("mousedown", { bubbles: true }));
  const ready = () => {
    const root = document.querySelector(selector);
    const seen = root ? [...root.querySelectorAll("[data-testid=score-cells] img")] : [];
    return root && root.dataset.collection === name && seen.length && seen.some((one) => one.src && one.complete);
  };
  while (!ready() && performance.now() - begun < 60000) await new Promise((done) => setTimeout(done, 5));
  return performance.now() - begun;
}
"""


@contextmanager
def _studio(home: Path) -> Iterator[tuple[Services, str]]:
    before = {name: os.environ.get(name) for name in ("STUDIO_HOME", "GRADIO_TEMP_DIR")}
    settings = Settings(home=home)
    services = services_for(settings)
    demo = page(services)
    _, url, _ = demo.launch(**launch_kwargs(settings) | {"server_port": None, "prevent_thread_lock": True, "quiet": True})
    try:
        yield services, url
    finally:
        demo.close()
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def fill(home: Path, name: str, count: int) -> None:
    """A collection of `count` pictures of two kinds, scored and cut, with a thumbnail each."""
    catalogue = Catalogue(home / "catalogue")
    catalogue.create(name)
    digests = [hashlib.sha256(f"{name} {number}".encode()).hexdigest() for number in range(count)]
    record = json.dumps(Provenance("folder", "NUMBER", "street-NUMBER.jpg", author="somebody", training_allowed="yes").as_json())
    with sqlite3.connect(catalogue.folder / DATABASE_FILE) as rows:
        (collection,) = rows.execute("SELECT id FROM collections WHERE name = ?", (name,)).fetchone()
        entries = (
            (collection, digest, ".jpg", 640, 480, record.replace("NUMBER", str(number)), "") for number, digest in enumerate(digests)
        )
        query = "INSERT INTO pictures (collection, sha256, suffix, width, height, provenance, label) VALUES (?, ?, ?, ?, ?, ?, ?)"
        rows.executemany(query, entries)
    rows.close()
    drawn = [_drawn(number) for number in range(DISTINCT)]
    Thumbnails(home / "thumbnails").get([])
    with sqlite3.connect(home / "thumbnails" / thumbnails.FILE) as kept:
        kept.execute("PRAGMA synchronous = OFF")
        tiles = sorted((bytes.fromhex(digest), drawn[number % DISTINCT]) for number, digest in enumerate(digests))
        kept.executemany("INSERT INTO thumbnails VALUES ('', ?, ?)", tiles)
    kept.close()
    random = np.random.default_rng(0)
    right = random.random(count) < 0.4
    scores = np.where(right, random.normal(0.26, 0.02, count), random.normal(0.18, 0.02, count)).astype(np.float32)
    rule = Rule("", "studio-clip@0/float32", (Pass(("a street",), cut=CUT),))
    verdict = RuleVerdict(catalogue.standing(name).ids, scores >= np.float32(CUT), scores, rule.as_json() | {"cut": CUT})
    catalogue.set_verdict(name, verdict, "a benchmark")
    catalogue.close()


def _drawn(seed: int) -> bytes:
    """A thumbnail of soft colours, about as large as one of a photograph."""
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(coarse).resize((128, 96), Image.Resampling.BICUBIC).save(buffer, format="JPEG", quality=thumbnails.QUALITY)
    return buffer.getvalue()
