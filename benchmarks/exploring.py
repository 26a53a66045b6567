"""Exploring: the first pictures, finding by words, neighbours and the way through pictures; scrubbing in Chromium."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import Figure, fastest
from engines.curation.encoder import load_encoder
from engines.exploration.choosing import AMONG, candidate_recipes, find, gather
from engines.exploration.sampling import draw, sample_recipes, way_recipes
from engines.exploration.variation import vary_recipes
from engines.models.zoo import Generator, Zoo
from engines.recipe import Drawn

TRUNCATION = 0.8
FRAMES = 120
SCRUB = """async (frames) => {
  const slider = document.querySelector('#explore-viewer .slider');
  const times = [];
  for (let frame = 0; frame < frames; frame++) {
    const began = performance.now();
    slider.value = String(frame % (Number(slider.max) + 1));
    slider.dispatchEvent(new Event('input', {bubbles: true}));
    times.push(performance.now() - began);
    await new Promise(requestAnimationFrame);
  }
  return times.sort((a, b) => a - b)[Math.floor(frames * 0.95)] / 1000;
}"""


def run() -> Iterator[Figure]:
    zoo = Zoo()
    generator, encoder = zoo.generator("cityscape"), load_encoder()
    sixteen = sample_recipes(generator, range(16), truncation=TRUNCATION)
    list(draw(generator, sixteen))
    yield Figure("first 4 of 16 pictures", fastest(lambda: _first(generator, sixteen, 4)), 0.3)
    yield Figure("16 pictures", fastest(lambda: list(draw(generator, sixteen))), 0.3)
    yield Figure("16 neighbours of a picture", fastest(lambda: list(draw(generator, vary_recipes(sixteen[0], range(16))))), 0.3)
    yield Figure("32 frames through 4 pictures", fastest(lambda: list(draw(generator, way_recipes(sixteen[:4], 32)))), 1.0)

    def seek() -> list[object]:
        seen = gather(generator, encoder, candidate_recipes(generator, AMONG, truncation=TRUNCATION))
        return list(draw(generator, find(seen, encoder, "city at night")))

    yield Figure(f"find among {AMONG}, as shipped", fastest(seek), 5.0)
    yield Figure("scrubbing in Chromium, a frame (95 % of them)", _scrubbed(), 0.016)


def _first(generator: Generator, recipes: Sequence[Drawn], count: int) -> None:
    pictures = draw(generator, recipes)
    for _ in range(count):
        next(pictures)


def _scrubbed() -> float:
    """Seconds in which the page answers a move of the slider, at the 95th percentile."""
    from playwright.sync_api import sync_playwright

    from studio.app import build, launch_kwargs
    from studio.settings import Settings
    from tests.browser.chromium import ARGUMENTS, find_chromium

    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        settings = Settings(home=Path(home))
        demo = build(settings)
        _, url, _ = demo.launch(**(launch_kwargs(settings) | {"server_port": None, "prevent_thread_lock": True, "quiet": True}))
        browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=list(ARGUMENTS))
        try:
            page = browser.new_page()
            page.set_default_timeout(120_000)
            page.goto(url)
            page.get_by_role("tab", name="Explore", exact=True).click()
            page.locator("#explore-grid .picture-grid[data-ready='16']").wait_for()
            for place in (0, 5):
                page.locator("#explore-grid [role=option]").nth(place).click()
            page.locator("#explore-viewer .picture-viewer[data-ready='32']").wait_for()
            return float(page.evaluate(SCRUB, FRAMES))
        finally:
            browser.close()
            demo.close()
