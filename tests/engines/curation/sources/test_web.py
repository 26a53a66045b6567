import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from engines.curation.sources import pexels, web
from engines.curation.sources.web import Answer, Client, Clock, Ledger, Patience, Trouble, Window, key_value, origin_of
from engines.errors import Cancelled, StudioError
from tests.web_sources import Behaviour, Body, CutOff, Oversized, PictureServer, QuickClock, Redirect, Slow, Status

HURRIED = Patience(read=0.2, whole=1.0)
Make = Callable[..., Client]


def quiet(status: str) -> None:
    """Report to nobody."""


@pytest.fixture
def make(picture_server: PictureServer, tmp_path: Path) -> Make:
    """Clients of the server, whose waits pass at once."""

    def make_client(clock: Clock | None = None, patience: Patience = HURRIED, key: str = picture_server.key) -> Client:
        site = pexels.SITE.at(picture_server.base)
        return Client(site, key, Ledger(tmp_path / "web.sqlite"), clock or QuickClock(), patience)

    return make_client


def ask(client: Client, report: Callable[[str], None] = quiet) -> dict[str, Any]:
    try:
        return client.ask("search", {"query": "street", "page": 1, "per_page": 2}, report)
    finally:
        client.close()


def test_a_request_names_the_product_and_sends_the_key_in_a_header_only(make: Make, picture_server: PictureServer) -> None:
    assert len(ask(make())["photos"]) == 2
    (asked,) = picture_server.asked
    assert asked.headers["user-agent"].startswith("Atelier/")
    assert asked.headers["authorization"] == picture_server.key
    assert picture_server.key not in str(asked.parameters)


@pytest.mark.parametrize("value", ["7", "date"])
def test_too_many_requests_waits_as_long_as_the_service_asks(value: str, make: Make, picture_server: PictureServer) -> None:
    clock = QuickClock()
    picture_server.pages_next(Status(429, {"Retry-After": formatdate(clock.time + 7, usegmt=True) if value == "date" else value}))
    seen: list[str] = []
    assert ask(make(clock), seen.append)["photos"]
    assert len(clock.slept) == 1
    assert 7 <= clock.slept[0] <= 7.7


@pytest.mark.parametrize("value", ["90000", "999999999999999"])
def test_a_wait_of_more_than_an_hour_ends_with_the_time_to_go_on(value: str, make: Make, picture_server: PictureServer) -> None:
    clock = QuickClock()
    picture_server.pages_next(Status(429, {"Retry-After": value}))
    with pytest.raises(StudioError, match=r"Pexels allows no more requests until \d{4}-\d\d-\d\d \d\d:\d\d UTC"):
        ask(make(clock))
    assert clock.slept == []


def test_too_many_requests_without_a_hint_waits_longer_each_time_then_gives_up(make: Make, picture_server: PictureServer) -> None:
    clock = QuickClock()
    picture_server.pages_next(*[Status(429)] * 6)
    with pytest.raises(StudioError, match="Pexels answered 429, after 6 tries: go on later"):
        ask(make(clock))
    assert [30 * 2**turn / 2 <= slept <= 30 * 2**turn for turn, slept in enumerate(clock.slept)] == [True] * 5


@pytest.mark.parametrize(
    "fault",
    [
        Status(500),
        Status(503),
        Slow(0.4),
        CutOff(),
        Body(b"<html>Please wait</html>"),
        Body(b'{"photos": [', "application/json"),
        Body(b"[1, 2]", "application/json"),
        Body(b"[" * 200_000, "application/json"),
        Body(b"\xff\xfe\x00", "application/json"),
    ],
    ids=repr,
)
def test_a_passing_fault_of_a_page_is_tried_again(fault: Behaviour, make: Make, picture_server: PictureServer) -> None:
    picture_server.pages_next(fault)
    clock = QuickClock()
    assert ask(make(clock))["total_results"] == 12
    assert len(clock.slept) == 1
    assert clock.slept[0] <= 1


def test_a_service_that_stays_broken_ends_in_a_sentence(make: Make, picture_server: PictureServer) -> None:
    picture_server.pages_next(*[Body(b"<html>Sorry</html>")] * 6)
    with pytest.raises(StudioError, match=r"^Pexels gave an answer that is not what its documentation says, after 6 tries: go on later"):
        ask(make())


def test_a_service_that_is_not_there_ends_in_a_sentence(tmp_path: Path) -> None:
    with PictureServer(photos=1) as gone:
        site = pexels.SITE.at(gone.base)
    with pytest.raises(StudioError, match="Pexels cannot be reached, after 6 tries"):
        ask(Client(site, "key", Ledger(tmp_path / "web.sqlite"), QuickClock()))


def test_an_answer_that_drips_for_ever_is_given_up(make: Make, picture_server: PictureServer) -> None:
    picture_server.pages_next(Slow(0.5), Slow(0.5))
    client = make(patience=Patience(read=5, whole=0.1, page_tries=2))
    with pytest.raises(StudioError, match="did not answer in time"):
        ask(client)


@pytest.mark.parametrize("declared", [True, False])
def test_an_answer_without_an_end_is_not_read_to_it(
    declared: bool, make: Make, picture_server: PictureServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "MAX_ANSWER", 2**20)
    picture_server.pages_next(Oversized(3 * 2**20, declared))
    with pytest.raises(StudioError, match="has more than the 1 MB allowed"):
        ask(make())


@pytest.mark.parametrize("code", [401, 403])
def test_a_wrong_key_is_said_at_once_and_never_tried_again(code: int, make: Make, picture_server: PictureServer) -> None:
    picture_server.pages_next(Status(code))
    with pytest.raises(StudioError, match=rf"does not accept the key \(it answered {code}\): check PEXELS_API_KEY"):
        ask(make())
    assert len(picture_server.asked) == 1


def test_the_key_never_follows_a_redirect_to_another_host(make: Make, picture_server: PictureServer) -> None:
    with PictureServer(photos=1) as other:
        picture_server.pages_next(Redirect(f"{other.base}/v1/search"))
        with pytest.raises(StudioError, match=r"leads to 127\.0\.0\.1, which is not one of Pexels's hosts"):
            ask(make())
        assert other.asked == []


@pytest.mark.parametrize("fault", [Status(429, {"Retry-After": "30"}), Slow(8)], ids=["waiting", "hanging"])
def test_a_stop_is_heard_within_a_second(fault: Behaviour, make: Make, picture_server: PictureServer) -> None:
    client = make(Clock(), Patience())
    heard = []

    def stop(status: str) -> None:
        if time.monotonic() - began > 0.5:
            heard.append(time.monotonic())
            raise Cancelled

    ask(make())
    picture_server.pages_next(fault)
    began = time.monotonic()
    with pytest.raises(Cancelled):
        ask(client, stop)
    assert time.monotonic() - heard[0] < 1


@pytest.fixture
def keyboard() -> Iterator[None]:
    """Ctrl-C interrupts, as in a terminal: what a shell starts in the background is deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("keyboard")
@pytest.mark.parametrize("fault", [Status(429, {"Retry-After": "30"}), Slow(8)], ids=["waiting", "hanging"])
def test_an_interrupt_from_the_keyboard_is_heard_within_a_second(fault: Behaviour, make: Make, picture_server: PictureServer) -> None:
    client = make(Clock(), Patience())
    ask(make())
    picture_server.pages_next(fault)
    pressed = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    began = time.monotonic()
    pressed.start()
    with pytest.raises(KeyboardInterrupt):
        ask(client)
    assert 0.4 < time.monotonic() - began < 1.5
    client.close()


def test_a_wait_is_explained(make: Make, picture_server: PictureServer) -> None:
    picture_server.pages_next(Status(429, {"Retry-After": "1"}))
    seen: set[str] = set()
    ask(make(Clock()), seen.add)
    assert "Pexels: waiting 1 s, it answered 429" in seen


def test_who_is_told_knows_whose_work_it_is(make: Make, picture_server: PictureServer) -> None:
    """A page's progress finds its event so."""
    work: ContextVar[str] = ContextVar("work", default="nobody's")
    seen: set[str] = set()
    work.set("this one")
    ask(make(Clock()), lambda _: seen.add(work.get()))
    assert seen == {"this one"}


def test_the_hourly_limit_holds_across_runs(tmp_path: Path) -> None:
    limit = (Window(3, 3600.0),)
    assert [Ledger(tmp_path / "web.sqlite").turn("pexels", limit, 1000.0 + turn) for turn in range(3)] == [0, 0, 0]
    assert Ledger(tmp_path / "web.sqlite").turn("pexels", limit, 1010.0) == 3590
    assert Ledger(tmp_path / "web.sqlite").turn("openverse", limit, 1010.0) == 0
    assert Ledger(tmp_path / "web.sqlite").turn("pexels", limit, 4600.5) == 0
    assert Ledger(tmp_path / "web.sqlite").turn("pexels", limit, 4600.6) == pytest.approx(0.4)


def test_two_runs_at_once_share_one_limit(tmp_path: Path) -> None:
    ledgers = [Ledger(tmp_path / "web.sqlite") for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        waits = list(pool.map(lambda turn: ledgers[turn % 4].turn("pexels", (Window(9, 60.0),), 1000.0), range(24)))
    assert waits.count(0) == 9


def test_a_clock_set_back_does_not_block_for_ever(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "web.sqlite")
    assert ledger.turn("pexels", (Window(1, 60.0),), 9_000_000.0) == 0
    assert ledger.turn("pexels", (Window(1, 60.0),), 1000.0) == 0


def test_a_client_waits_when_the_limit_is_reached(make: Make, picture_server: PictureServer) -> None:
    clock = QuickClock()
    client = make(clock)
    for _ in range(200):
        client._ledger.turn(client.site.account, client.site.windows, clock.now())
    assert ask(client)["photos"]
    assert clock.slept == [3600]


def test_a_spent_month_is_remembered_by_the_next_run(make: Make, picture_server: PictureServer) -> None:
    clock = QuickClock()
    spent = {"X-Ratelimit-Remaining": "0", "X-Ratelimit-Reset": str(int(clock.time) + 20 * 86400)}
    picture_server.pages_next(Body(b'{"photos": []}', "application/json", spent))
    ask(make(clock))
    with pytest.raises(StudioError, match="Pexels allows no more requests until 2027-02-04"):
        ask(make(clock))
    assert len(picture_server.asked) == 1
    clock.time += 3601
    assert ask(make(clock))["photos"], "a key that got a higher limit is not locked out"


def test_strange_limit_headers_do_no_harm(make: Make, picture_server: PictureServer) -> None:
    odd = {"X-Ratelimit-Remaining": "9" * 5000, "X-Ratelimit-Reset": "soon"}
    picture_server.pages_next(Body(b"{}", "application/json", odd))
    assert ask(make()) == {}


def test_a_damaged_ledger_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "web.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(StudioError, match=r"web\.sqlite cannot be used .*: remove it"):
        Ledger(tmp_path / "web.sqlite").turn("pexels", (Window(1, 1.0),), 0.0)


def test_files_come_in_the_order_asked_and_without_the_key(make: Make, picture_server: PictureServer) -> None:
    picture_server.files_next(Slow(0.1), Status(500))
    client = make()
    answers = client.fetch([f"{picture_server.base}/pictures/{1000 + number}.jpeg" for number in range(6)], quiet)
    client.close()
    assert [answer.content for answer in answers if isinstance(answer, Answer)] == list(picture_server._pictures.values())[:6]
    assert all("authorization" not in asked.headers for asked in picture_server.asked)


def test_a_file_from_elsewhere_is_never_asked_for(make: Make, picture_server: PictureServer) -> None:
    client = make()
    with PictureServer(photos=1) as other:
        addresses = [f"{other.base}/pictures/1000.jpeg", "http://10.0.0.1/a.jpg", "file:///etc/passwd", "http://[", f"//{other.base}", ""]
        answers = client.fetch(addresses, quiet)
        assert other.asked == []
    client.close()
    assert all(isinstance(answer, Trouble) and not answer.passing for answer in answers)


@pytest.mark.parametrize(
    "base",
    ["https://api.pexels.com", "http://10.0.0.1", "http://127.0.0.1.example.org", "http://localhost@example.org", "file:///etc", "x"],
)
def test_a_key_can_only_be_led_to_this_machine(base: str) -> None:
    with pytest.raises(StudioError, match="is not an http address of this machine"):
        pexels.SITE.at(base)


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://images.pexels.com/photos/1/a.jpeg?w=1", "https://images.pexels.com"),
        ("https://IMAGES.pexels.com:443/a", "https://images.pexels.com"),
        ("https://images.pexels.com:8443/a", "https://images.pexels.com:8443"),
        ("https://me:word@images.pexels.com/a", ""),
        ("http://[::1]:80/a", "http://[::1]"),
        ("https://images.pexels.com:port/a", ""),
        ("a.jpg", ""),
    ],
)
def test_an_origin_is_scheme_host_and_port(address: str, origin: str) -> None:
    assert origin_of(address) == origin


def test_the_key_comes_from_the_argument_or_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEXELS_API_KEY", " from-the-environment\n")
    assert key_value(None, pexels.SITE, needed=True) == "from-the-environment"
    assert key_value("given", pexels.SITE, needed=True) == "given"
    monkeypatch.delenv("PEXELS_API_KEY")
    assert key_value(None, pexels.SITE, needed=False) == ""
    with pytest.raises(StudioError, match="Pexels needs a key and PEXELS_API_KEY is not set"):
        key_value(None, pexels.SITE, needed=True)


@pytest.mark.parametrize("key", ["sécret", "one two", "line\nAnother: header", "k" * 1001])
def test_a_key_that_cannot_be_one_is_refused_without_repeating_it(key: str) -> None:
    with pytest.raises(StudioError) as caught:
        key_value(key, pexels.SITE, needed=True)
    assert key not in str(caught.value)
