"""Many visitors at once, on a real server: all are served in turn, each is told his place and gets his own pictures."""

import asyncio
import itertools
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from studio import turns
from studio.app import build, launch_kwargs
from studio.settings import Settings
from tests.tiny import publish_tiny_models

VISITORS = 32
CLICKS = 20


@dataclass(frozen=True)
class Served:
    """A studio on small models: its address, and the number of each event by its name."""

    url: str
    events: dict[str, int]


@dataclass
class Visitor:
    """A session, and what it heard of each of its wishes in the order in which it wished.

    Attributes:
        ranks: what it was told of its place; started: when its turn came, counted over all visitors; made: what it got.
    """

    session: str = field(default_factory=lambda: secrets.token_hex(5))
    wishes: list[str] = field(default_factory=list)
    ranks: dict[str, list[int]] = field(default_factory=dict)
    started: dict[str, int] = field(default_factory=dict)
    made: dict[str, list[Any]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    before = dict(os.environ)
    home = tmp_path_factory.mktemp("studio")
    publish_tiny_models(home / "models")
    settings = Settings(home=home)
    page = build(settings)
    _, url, _ = page.launch(**(launch_kwargs(settings) | {"server_port": None, "prevent_thread_lock": True, "quiet": True}))
    yield Served(url, {str(one.api_name): number for number, one in page.fns.items()})
    page.close()
    os.environ.clear()
    os.environ.update(before)


class Crowd:
    """Visitors of one studio; what runs is counted in the order in which they hear of it."""

    def __init__(self, served: Served, client: httpx.AsyncClient) -> None:
        self.served, self.client = served, client
        self.count = itertools.count()

    async def wish(self, visitor: Visitor, event: str, inputs: list[Any], told: dict[str, Any] | None = None) -> httpx.Response:
        body = {
            "data": inputs,
            "fn_index": self.served.events[event],
            "session_hash": visitor.session,
            "event_data": told,
            "trigger_id": None,
        }
        answer = await self.client.post(f"{self.served.url}gradio_api/queue/join", json=body)
        if answer.status_code == 200:
            visitor.wishes.append(answer.json()["event_id"])
        return answer

    async def draw(self, visitor: Visitor, seed: int) -> httpx.Response:
        return await self.wish(visitor, "on_draw_grid", [None, "scenes", None, 1.0, str(seed)])

    async def sample(self, visitor: Visitor, seed: int) -> httpx.Response:
        return await self.wish(visitor, "sample", ["scenes", str(seed), 1, 1.0, ""])

    async def wait(self, visitor: Visitor) -> Visitor:
        """Listen until every wish is fulfilled."""
        address = f"{self.served.url}gradio_api/queue/data"
        async with self.client.stream("GET", address, params={"session_hash": visitor.session}) as stream:
            async for line in stream.aiter_lines():
                said = json.loads(line[6:]) if line.startswith("data: ") else {}
                event = str(said.get("event_id"))
                if said.get("msg") == "estimation":
                    visitor.ranks.setdefault(event, []).append(said["rank"])
                elif said.get("msg") == "process_starts":
                    visitor.started[event] = next(self.count)
                elif said.get("msg") in ("process_generating", "process_completed") and event not in visitor.made:
                    assert said["success"], said
                    visitor.made[event] = said["output"]["data"]
                elif said.get("msg") == "close_stream":
                    return visitor
        raise AssertionError("the stream ended before the last wish was fulfilled")


def crowded(served: Served, story: Any) -> Any:
    async def run() -> Any:
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(timeout=60, limits=limits) as client:
            return await story(Crowd(served, client))

    return asyncio.run(run())


def test_32_at_once_are_served_in_the_order_in_which_they_came_and_each_sees_his_place(served: Served) -> None:
    async def story(crowd: Crowd) -> list[Visitor]:
        visitors = [Visitor() for _ in range(VISITORS)]
        answers = [await crowd.draw(visitor, 1000 * place) for place, visitor in enumerate(visitors)]
        assert {answer.status_code for answer in answers} == {200}
        return list(await asyncio.gather(*(crowd.wait(visitor) for visitor in visitors)))

    visitors = crowded(served, story)
    for place, visitor in enumerate(visitors):
        [wish] = visitor.wishes
        labels = visitor.made[wish][0]["labels"]
        assert str(1000 * place) in labels[0], "the pictures are another visitor's"
        assert visitor.ranks[wish] == sorted(visitor.ranks[wish], reverse=True)
        assert visitor.ranks[wish][-1] <= 1
        assert abs(visitor.started[wish] - place) <= 3
    firsts = [visitor.ranks[visitor.wishes[0]][0] for visitor in visitors]
    assert firsts[-1] >= VISITORS // 2
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(firsts)), "a place was left out"


def test_20_clicks_of_one_visitor_do_not_keep_the_others_waiting(served: Served) -> None:
    async def story(crowd: Crowd) -> tuple[Visitor, list[Visitor], list[int]]:
        eager, others, before = Visitor(), [Visitor() for _ in range(VISITORS - 1)], []
        for number in range(CLICKS):
            assert (await crowd.draw(eager, number)).status_code == 200
        heard = [asyncio.create_task(crowd.wait(eager))]
        for place, visitor in enumerate(others):
            before.append(len(eager.started))
            assert (await crowd.sample(visitor, place)).status_code == 200
            heard.append(asyncio.create_task(crowd.wait(visitor)))
        await asyncio.gather(*heard)
        return eager, others, before

    eager, others, before = crowded(served, story)
    assert len(eager.made) == CLICKS
    for visitor, begun in zip(others, before, strict=True):
        turn = visitor.started[visitor.wishes[0]]
        assert sum(other < turn for other in eager.started.values()) - begun <= 4, "one visitor was served again and again"
    assert max(visitor.started[visitor.wishes[0]] for visitor in others) < max(eager.started.values())


def test_what_is_kept_is_ones_own(served: Served) -> None:
    async def story(crowd: Crowd) -> list[dict[str, Any]]:
        visitors = [Visitor() for _ in range(8)]

        async def keep(place: int, visitor: Visitor) -> dict[str, Any]:
            await crowd.draw(visitor, 1000 * place)
            await crowd.wait(visitor)
            key = visitor.made[visitor.wishes[-1]][0]["key"]
            await crowd.wish(visitor, "on_pick", [None, "scenes", False, "even"], {"key": key, "places": [0]})
            await crowd.wait(visitor)
            shown = visitor.made[visitor.wishes[-1]][0]["key"]
            await crowd.wish(visitor, "on_keep_shown", [None], {"key": shown, "frame": 0})
            await crowd.wait(visitor)
            return dict(visitor.made[visitor.wishes[-1]][0])

        return list(await asyncio.gather(*(keep(place, visitor) for place, visitor in enumerate(visitors))))

    for place, word in enumerate(crowded(served, story)):
        assert f'"seed": "{1000 * place}"' in json.dumps(word) or f'"seed": {1000 * place}' in json.dumps(word).replace('\\"', '"'), word


def test_who_wishes_for_too_much_is_refused_and_nobody_else(served: Served) -> None:
    async def story(crowd: Crowd) -> tuple[list[int], int]:
        eager, other = Visitor(), Visitor()
        codes = [(await crowd.draw(eager, number)).status_code for number in range(turns.EACH + 4)]
        late = (await crowd.draw(other, 7)).status_code
        await asyncio.gather(crowd.wait(eager), crowd.wait(other))
        return codes, late

    codes, late = crowded(served, story)
    assert codes[: turns.EACH] == [200] * turns.EACH
    assert 503 in codes
    assert late == 200
