import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from engines.curation.arrivals import Reached
from engines.curation.catalogue import Catalogue
from engines.curation.provenance import Failure, Fetched
from engines.curation.sources import pexels, search
from engines.curation.sources.search import Search, plain, web_address
from engines.curation.sources.web import Ledger, Patience
from engines.errors import Cancelled, StudioError
from tests.web_sources import Behaviour, Body, CutOff, Headers, Oversized, PictureServer, QuickClock, Redirect, Slow, Status

Look = Callable[..., Search]


@pytest.fixture
def look(picture_server: PictureServer, tmp_path: Path) -> Look:
    """Searches of the server, three a page, whose waits pass at once."""

    def make(pages: tuple[int, int | None] = (1, None), **options: object) -> Search:
        common: dict[str, object] = {
            "per_page": 3,
            "key": picture_server.key,
            "base": picture_server.base,
            "ledger": Ledger(tmp_path / "web.sqlite"),
            "clock": QuickClock(),
            "patience": Patience(read=0.2),
        }
        return pexels.search("street", pages=pages, **(common | options))  # type: ignore[arg-type]

    return make


def fetched(items: object) -> list[str]:
    return [item.provenance.identity for item in items if isinstance(item, Fetched)]  # type: ignore[attr-defined]


def ids(start: int, stop: int) -> list[str]:
    return [str(number) for number in range(1000 + start, 1000 + stop)]


def asked_pages(server: PictureServer) -> list[str]:
    return [one.parameters["page"] for one in server.asked_for("/v1/search")]


def test_nothing_is_asked_before_someone_iterates(look: Look, picture_server: PictureServer) -> None:
    look()
    assert picture_server.asked == []


def test_every_picture_comes_whole_and_in_the_order_of_the_pages(look: Look, picture_server: PictureServer) -> None:
    items = list(look())
    assert fetched(items) == ids(0, 12)
    assert [item.content for item in items if isinstance(item, Fetched)] == list(picture_server._pictures.values())
    assert asked_pages(picture_server) == ["1", "2", "3", "4"]
    assert [item.position["done"] for item in items if isinstance(item, Reached)] == [[[1, 1]], [[1, 2]], [[1, 3]], [[1, 4]]]


def test_a_picture_met_on_two_pages_comes_once(look: Look, picture_server: PictureServer) -> None:
    picture_server.photos[3:3] = picture_server.photos[1:3]
    found = look()
    assert fetched(found) == ids(0, 12)
    assert found.skipped == 2
    assert len(picture_server.asked_for("/pictures/")) == 12


def test_a_later_range_of_pages_adds_only_what_is_new(look: Look, picture_server: PictureServer) -> None:
    first = look((1, 2))
    had = fetched(first)
    picture_server.photos[0:0] = [picture_server.photo(identity) for identity in (5000, 5001)]  # the pages drift between runs
    picture_server._pictures |= dict.fromkeys((5000, 5001), picture_server._pictures[1000])
    later = look((1, 4), known=set(had), cursor=first.cursor)
    assert fetched(later) == ids(6, 10)
    assert later.skipped == 2
    assert asked_pages(picture_server) == ["1", "2", "3", "4"]


def test_an_interrupted_search_goes_on_at_the_page_it_was_on(look: Look, picture_server: PictureServer) -> None:
    interrupted = look()
    walk = iter(interrupted)
    had = fetched([next(walk) for _ in range(5)])
    walk.close()  # type: ignore[attr-defined]
    assert interrupted.cursor == {"format": 1, "done": [[1, 1]]}
    assert fetched(look(known=set(had), cursor=interrupted.cursor)) == [identity for identity in ids(0, 12) if identity not in had]
    assert asked_pages(picture_server) == ["1", "2", "2", "3", "4"]


def test_ranges_may_be_collected_in_any_order(look: Look, picture_server: PictureServer) -> None:
    late = look((3, 4))
    assert fetched(late) == ids(6, 12)
    early = look((1, 4), cursor=late.cursor)
    assert fetched(early) == ids(0, 6)
    assert early.cursor["done"] == [[1, 4]]
    assert fetched(look((1, 4), cursor=early.cursor)) == []
    assert asked_pages(picture_server) == ["3", "4", "1", "2"]


def test_a_page_with_a_file_lost_on_the_way_is_asked_for_again(look: Look, picture_server: PictureServer) -> None:
    picture_server.files_next(*[Status(503)] * 3)
    first = look((1, 2), patience=Patience(file_tries=1))
    items = list(first)
    lost = [item for item in items if isinstance(item, Failure)]
    assert len(lost) == 3
    assert all(failure.reason == "its file answered 503" for failure in lost)
    assert first.cursor["done"] == [[2, 2]]
    again = look((1, 2), known=set(fetched(items)), cursor=first.cursor)
    assert len(fetched(again)) == 3
    assert again.cursor["done"] == [[1, 2]]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Status(404), "answered 404"),
        (Status(403), "answered 403"),
        (Body(b"<html>Log in first</html>", "image/jpeg"), "not a JPEG, PNG or WEBP picture"),
        (Body(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/jpeg"), "not a JPEG, PNG or WEBP picture"),
        (Body(b"", "image/jpeg"), "not a JPEG, PNG or WEBP picture"),
        (Redirect("http://10.0.0.1/a.jpg"), "leads to 10.0.0.1, which is not one of Pexels's hosts"),
        (Redirect("http://169.254.169.254/latest"), "leads to 169.254.169.254"),
        (Redirect("https://example.org/a.jpg"), "leads to example.org"),
        (Redirect("file:///etc/passwd"), "leads to nowhere"),
        (Oversized(5000), "has more than the 0 MB allowed"),
        (Oversized(5000, declared=False), "has more than the 0 MB allowed"),
    ],
    ids=repr,
)
def test_a_file_that_is_no_use_costs_one_line_and_is_not_tried_again(
    fault: Behaviour, reason: str, look: Look, picture_server: PictureServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engines.curation.sources.web.MAX_BYTES", 4096)
    picture_server.photos = picture_server.photos[:3]
    picture_server.files_next(fault)
    found = look()
    items = list(found)
    (failure,) = [item for item in items if isinstance(item, Failure)]
    assert reason in failure.reason
    assert failure.name.startswith("Pexels 100")
    assert len(fetched(items)) == 2
    assert found.cursor["done"] == [[1, 1]]


def test_redirects_in_a_circle_end(look: Look, picture_server: PictureServer) -> None:
    picture_server.photos = picture_server.photos[:1]
    picture_server.files_next(*[Redirect("")] * 9)
    (failure,) = [item for item in look() if isinstance(item, Failure)]
    assert failure.reason == "its file redirects without an end"
    assert len(picture_server.asked_for("/pictures/")) == 4


def test_a_redirect_within_the_host_is_followed(look: Look, picture_server: PictureServer) -> None:
    picture_server.photos = picture_server.photos[:1]
    picture_server.files_next(Redirect("/pictures/1007.jpeg"))
    (item,) = [item for item in look() if isinstance(item, Fetched)]
    assert item.content == picture_server._pictures[1007]


@pytest.mark.parametrize("fault", [CutOff(), Slow(0.4), Status(500), Status(429, {"Retry-After": "3"})], ids=repr)
def test_a_file_that_fails_once_comes_with_the_second_try(fault: Behaviour, look: Look, picture_server: PictureServer) -> None:
    picture_server.photos = picture_server.photos[:3]
    picture_server.files_next(fault)
    assert fetched(look()) == ids(0, 3)
    assert len(picture_server.asked_for("/pictures/")) == 4


def test_a_picture_with_a_wrong_declared_type_is_taken_for_what_it_is(look: Look, picture_server: PictureServer) -> None:
    picture_server.photos = picture_server.photos[:1]
    picture_server.files_next(Body(picture_server._pictures[1000], "text/html"))
    assert fetched(look()) == ["1000"]


def test_a_dead_network_stops_the_search_instead_of_failing_every_picture(look: Look, picture_server: PictureServer) -> None:
    picture_server.photos = [picture_server.photo(number) for number in range(1, 41)]
    picture_server.files_next(*[Status(503)] * 40)
    items = []
    with pytest.raises(StudioError, match="12 pictures in a row did not come: check the network and go on later"):
        items.extend(look(per_page=40, patience=Patience(file_tries=1)))
    assert len(picture_server.asked_for("/pictures/")) == 2 * search.AT_A_TIME


def test_a_claim_of_8000_pictures_ends_where_the_pictures_end(look: Look, picture_server: PictureServer) -> None:
    picture_server.total = 8000
    found = look()
    assert fetched(found) == ids(0, 12)
    assert found.total == 8000
    assert asked_pages(picture_server) == ["1", "2", "3", "4", "5"]
    assert found.cursor["done"] == [[1, 4]], "an empty page may fill later"


@pytest.mark.parametrize("there", [True, False])
def test_the_end_is_found_whether_or_not_a_next_page_is_named(there: bool, look: Look, picture_server: PictureServer) -> None:
    picture_server.always_next, picture_server.never_next = there, not there
    assert fetched(look()) == ids(0, 12)


def test_the_next_page_is_never_taken_from_the_answer(look: Look, picture_server: PictureServer) -> None:
    list(look())
    assert {one.parameters["query"] for one in picture_server.asked_for("/v1/search")} == {"street"}


def test_no_results_are_no_mistake(look: Look, picture_server: PictureServer) -> None:
    picture_server.photos = []
    found = look()
    assert list(found) == []
    assert found.total == 0


def test_a_host_that_asks_not_to_train_is_heard_unless_there_is_a_permission(look: Look, picture_server: PictureServer) -> None:
    picture_server.photos = picture_server.photos[:1]
    wish = Headers({"X-Robots-Tag": "noindex, NoAI, noimageai"})
    picture_server.files_next(wish, wish)
    unasked, permitted = [next(iter(look(permission=words))) for words in ("", "letter of 1 May")]
    assert isinstance(unasked, Fetched)
    assert unasked.provenance.training_allowed == "no"
    assert "X-Robots-Tag" in unasked.provenance.permission
    assert isinstance(permitted, Fetched)
    assert permitted.provenance.training_allowed == "yes"


def test_progress_tells_how_many_of_how_many_and_stops_when_asked(look: Look, picture_server: PictureServer) -> None:
    seen: list[tuple[int, int]] = []
    list(look((1, 2), progress=lambda done, total, message="": seen.append((done, total))))
    assert seen[-1] == (6, 6)
    assert all(done <= total <= 6 for done, total in seen)

    def stop(done: int, total: int, message: str = "") -> None:
        if done:
            raise Cancelled

    came = []
    with pytest.raises(Cancelled):
        came.extend(look(progress=stop))
    assert len(picture_server.asked_for("/pictures/")) < 12


def test_a_cursor_of_another_format_is_refused(look: Look) -> None:
    for cursor in ({"format": 2, "done": []}, {"format": 1}, {"format": 1, "done": [["a", 2]]}, {"format": 1, "done": [[1]]}):
        with pytest.raises(StudioError, match="cursor of this search is of another format"):
            look(cursor=cursor)


@pytest.mark.parametrize("pages", [(0, 3), (-1, None), (5, 4)])
def test_pages_that_are_no_range_are_refused(pages: tuple[int, int | None], look: Look) -> None:
    with pytest.raises(StudioError, match="pages go from a first to a last one"):
        look(pages)


@pytest.mark.parametrize("query", ["", "   ", "word " * 50])
def test_a_query_without_words_or_with_a_novel_is_refused(query: str) -> None:
    with pytest.raises(StudioError, match="a query has 1 to 200 characters"):
        pexels.search(query, key="key")


def test_the_key_appears_nowhere(look: Look, picture_server: PictureServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    picture_server.pages_next(Status(500), Status(429, {"Retry-After": "1"}))
    picture_server.files_next(CutOff(), Redirect("https://example.org/a.jpg"), Body(b"<html>"))
    found = look(progress=lambda done, total, message="": said.append(message))
    said += [repr(item) for item in found]
    said += [repr(found), str(vars(found)), repr(found._client), str(found.cursor), found.source_key, repr(found._client._http)]
    for fault in (Status(401), Status(403), Status(400), Body(b"{")):
        picture_server.pages_next(*[fault] * 6)
        with pytest.raises(StudioError) as caught:
            list(look())
        said += [str(caught.value), repr(caught.value), repr(caught.value.__cause__), repr(caught.value.__context__)]
    said += [record.getMessage() for record in caplog.records]
    assert len(caplog.records) > 10, "the libraries below do log"
    assert picture_server.key not in "\n".join(said)


def test_a_collection_that_is_added_to_twice_holds_each_picture_once(look: Look, picture_server: PictureServer, tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "catalogue")
    catalogue.create("streets")
    first = look((1, 2))
    assert catalogue.add("streets", first).added == 6
    later = look((1, 4), known=catalogue.known("streets", "pexels"), cursor=catalogue.cursor("streets", first.source_key))
    assert catalogue.add("streets", later).added == 6
    assert [picture.provenance.identity for picture in catalogue.pictures("streets")] == ids(0, 12)
    assert catalogue.cursor("streets", first.source_key) == {"format": 1, "done": [[1, 4]]}
    assert asked_pages(picture_server) == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("<div class='fn'> <p>Allegory of Europe </p>", "Allegory of Europe"),
        ("Tom &amp; Zoë\n\tat\x00 noon\u202e", "Tom & Zoë at noon"),
        ("a" * 500, "a" * 200),
        (None, ""),
        (["list"], ""),
        (12, "12"),
        ("1 < 2", "1 < 2"),
    ],
)
def test_text_of_strangers_becomes_one_plain_line(raw: object, shown: str) -> None:
    assert plain(raw) == shown


@pytest.mark.parametrize(
    "value", ["javascript:alert(1)", "data:text/html,x", "//host/a", "http://", "http://a b", 'http://a/"', None, 5, "http://["]
)
def test_an_address_of_a_stranger_is_kept_only_when_it_is_of_the_web(value: object) -> None:
    assert web_address(value) == ""
    assert web_address("https://www.pexels.com/@zoë/?a=1") == "https://www.pexels.com/@zoë/?a=1"
