import threading
import time

from engines.curation.reading import AHEAD, READERS, read_each
from engines.errors import StudioError


def test_results_come_in_order_and_a_mistake_takes_its_place() -> None:
    def read(item: int) -> int:
        time.sleep(0.002 * (item % 3))
        if item == 5:
            raise StudioError("five")
        return item * item

    found = list(read_each(range(50), read))
    assert str(found[5]) == "five"
    assert [one for one in found if not isinstance(one, StudioError)] == [item * item for item in range(50) if item != 5]


def test_reading_runs_only_a_little_ahead_and_in_a_few_threads() -> None:
    started: list[int] = []
    threads: set[int] = set()

    def read(item: int) -> int:
        started.append(item)
        threads.add(threading.get_ident())
        return item

    outcomes = read_each(range(1000), read)
    next(outcomes)
    time.sleep(0.1)
    assert len(started) <= AHEAD
    assert len(threads) <= READERS
    outcomes.close()  # type: ignore[attr-defined]
    assert len(started) <= AHEAD
