"""Who is served when, and what those who wait are told."""

from types import SimpleNamespace
from typing import Any

import pytest
from gradio.queueing import Event

from studio.turns import Turns, visitor_of


def event(visitor: str | None, host: str = "10.0.0.1") -> Event:
    request: Any = SimpleNamespace(client=SimpleNamespace(host=host))
    function: Any = SimpleNamespace(concurrency_id="model")
    return Event(visitor, function, request, None)


def line(*visitors: str) -> Turns:
    turns = Turns()
    for visitor in visitors:
        turns.append(event(visitor))
    return turns


def order(turns: Turns) -> str:
    return "".join(one.session_hash for one in turns)


def serve(turns: Turns) -> None:
    turns.remove(turns[0])


@pytest.mark.parametrize(
    ("came", "served"),
    [("abc", "abc"), ("aaab", "abaa"), ("aaabbc", "abcaba"), ("aaaaaabc", "abcaaaaa")],
)
def test_every_visitors_first_wish_comes_before_anybodys_second(came: str, served: str) -> None:
    assert order(line(*came)) == served


def test_who_comes_late_waits_for_one_wish_of_each_other_visitor_and_the_one_that_runs() -> None:
    turns = line(*"aaaaa")
    serve(turns)
    turns.append(event("b"))
    assert order(turns) == "abaaa"
    assert turns.placed == 1


def test_a_steady_flow_of_new_visitors_does_not_keep_a_second_wish_waiting() -> None:
    turns = line("a", "a")
    served = []
    for number in range(6):
        turns.append(event(f"new {number}"))
        served.append(turns[0].session_hash)
        serve(turns)
    assert served.index("a", 1) <= 3


def test_a_wish_that_is_taken_back_leaves_the_others_in_their_order() -> None:
    turns = line(*"abcab")
    turns.remove(turns[1])
    assert order(turns) == "acab"
    with pytest.raises(ValueError, match="not in list"):
        turns.remove(event("a"))
    while turns:
        serve(turns)
    turns.append(event("a"))
    turns.append(event("b"))
    assert order(turns) == "ab"


def test_calls_without_a_session_from_one_address_are_one_visitor() -> None:
    assert visitor_of(event(None)) == visitor_of(event(None)) != visitor_of(event(None, "10.0.0.2"))
    assert visitor_of(event("ann")) == visitor_of(event("ann", "10.0.0.2")) == "ann"
