"""Visitors are served in turn: every visitor's first wish, then every visitor's second, and each is told how many people are before him."""

from typing import Any

from gradio.queueing import Event, Queue
from gradio.server_messages import EstimationMessage, EventMessage

MODEL_QUEUE = "model"
"""The line in which everything waits that draws with a model or looks with one."""

EACH = 24
"""Wishes of one visitor that wait at once; more are refused."""

VISITORS = 32
"""So many may wait with all that each may wish before anybody is refused for the others' sake."""


class Turns(list[Event]):
    """Events that wait, in the order in which they are served.

    An event takes the first round that its visitor has no event in and that has not begun; within a round who came first is first. So
    nobody waits for more than one event of each other visitor, and for the one that runs.

    Attributes:
        placed: where the event that came last stands.
    """

    def __init__(self) -> None:
        super().__init__()
        self.placed = 0
        self._begun = 0
        self._rounds: dict[str, int] = {}
        self._last: dict[str, int] = {}

    def append(self, event: Event) -> None:
        """Let an event wait, behind those of its round and before those of later ones."""
        visitor = visitor_of(event)
        turn = max(self._begun, self._last.get(visitor, 0)) + 1
        self.placed = next((place for place, other in enumerate(self) if self._rounds[other._id] > turn), len(self))
        self._rounds[event._id] = self._last[visitor] = turn
        super().insert(self.placed, event)

    def remove(self, event: Event) -> None:
        """Take an event out: its turn has come, or it is not wished for any more."""
        first = bool(self) and self[0] is event
        super().remove(event)
        turn = self._rounds.pop(event._id)
        if first:
            self._begun = turn
        if not self:
            self._begun = 0
            self._last.clear()


class FairQueue(Queue):
    """Gradio's queue, in turns; the rank that it tells is the number of other people before a visitor."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._before: dict[str, int] = {}

    @classmethod
    def like(cls, queue: Queue) -> "FairQueue":
        """A queue with the settings of another that has not begun."""
        return cls(
            live_updates=queue.live_updates,
            concurrency_count=queue.max_thread_count,
            update_intervals=queue.update_intervals,
            max_size=queue.max_size,
            blocks=queue.blocks,
            default_concurrency_limit=queue.default_concurrency_limit,
        )

    def create_event_queue_for_fn(self, block_fn: Any) -> None:
        """Each line of events that wait for each other is one of turns."""
        super().create_event_queue_for_fn(block_fn)
        line = self.event_queue_per_concurrency_id[block_fn.concurrency_id]
        if not isinstance(line.queue, Turns):
            line.queue = Turns()

    async def push(self, body: Any, request: Any, username: str | None) -> Any:
        """Let an event wait, unless its visitor has as many waiting as one may have."""
        visitor = body.session_hash or address_of(request)
        waiting = sum(visitor_of(event) == visitor for line in self.event_queue_per_concurrency_id.values() for event in line.queue)
        if waiting >= EACH:
            return False, f"{waiting} of your wishes wait already: let some of them come first", "queue_full"
        return await super().push(body, request, username)

    def broadcast_estimations(self, concurrency_id: str, after: int | None = None) -> None:
        """Tell who waits, from a place on, how many people are before him; a new event may stand before others."""
        line = self.event_queue_per_concurrency_id[concurrency_id]
        limit = line.concurrency_limit
        served = {visitor_of(event) for job in self.active_jobs for event in job or () if event.concurrency_id == concurrency_id}
        self._before = {}
        for event in line.queue:
            others = len(served - {visitor_of(event)})
            self._before[event._id] = 0 if limit is None else max(0, others - (limit - 1))
            served.add(visitor_of(event))
        if after is not None and isinstance(line.queue, Turns):
            after = min(after, line.queue.placed)
        super().broadcast_estimations(concurrency_id, after)

    def send_message(self, event: Event, event_message: EventMessage) -> None:
        """Send what Gradio sends, with people in place of events."""
        if isinstance(event_message, EstimationMessage) and event_message.rank is not None:
            event_message.rank = self._before.get(event._id, event_message.rank)
        super().send_message(event, event_message)


def visitor_of(event: Event) -> str:
    """Whose event it is: the session's, or without one, as bare calls come, all those from one address."""
    return address_of(event.request) if event.session_hash == event._id else event.session_hash


def address_of(request: Any) -> str:
    """Where a request comes from."""
    client = getattr(request, "client", None)
    return f"from {client.host}" if client else "from nowhere"
