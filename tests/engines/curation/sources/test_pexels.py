import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engines.curation.provenance import Failure, Fetched, Provenance
from engines.curation.sources import pexels
from engines.curation.sources.search import Search
from engines.curation.sources.web import Ledger
from engines.errors import StudioError
from tests.web_sources import PictureServer, QuickClock


def look(server: PictureServer, folder: Path, **options: Any) -> Search:
    common: dict[str, Any] = {"key": server.key, "base": server.base, "ledger": Ledger(folder / "web.sqlite"), "clock": QuickClock()}
    return pexels.search(options.pop("query", "street"), **(common | options))


def first(found: Search) -> Provenance:
    item = next(iter(found))
    assert isinstance(item, Fetched)
    return item.provenance


def test_a_record_says_who_made_the_picture_where_it_is_and_under_which_licence(picture_server: PictureServer, tmp_path: Path) -> None:
    record = first(look(picture_server, tmp_path))
    assert replace(record, file_url="") == Provenance(
        source="pexels",
        identity="1000",
        name="A street, number 1000",
        page_url="https://www.pexels.com/photo/a-street-1000/",
        author="Zoë Å. 1000",
        author_url="https://www.pexels.com/@zoe-1000",
        licence="Pexels License",
        licence_url="https://www.pexels.com/license/",
        training_allowed="no",
        permission="",
        collected="2027-01-15T08:00:00+00:00",
    )


def test_training_is_refused_without_a_permission_and_allowed_with_one(picture_server: PictureServer, tmp_path: Path) -> None:
    assert first(look(picture_server, tmp_path, permission="  ")).training_allowed == "no"
    record = first(look(picture_server, tmp_path, permission="Letter from Pexels, 1 May 2026"))
    assert (record.training_allowed, record.permission) == ("yes", "Letter from Pexels, 1 May 2026")


def test_a_search_works_beside_a_running_event_loop(picture_server: PictureServer, tmp_path: Path) -> None:
    async def inside_a_server() -> str:
        return first(look(picture_server, tmp_path)).identity

    with ThreadPoolExecutor(1) as elsewhere:  # this thread may run a loop of its own
        assert elsewhere.submit(asyncio.run, inside_a_server()).result() == "1000"


def test_filters_are_sent_as_pexels_names_them(picture_server: PictureServer, tmp_path: Path) -> None:
    picture_server.photos = []
    filters = {"orientation": "landscape", "size": "large", "colour": "33AA55", "per_page": 80}
    list(look(picture_server, tmp_path, query=" city  scape ", pages=(2, 2), **filters))
    sent = {"query": "city scape", "orientation": "landscape", "size": "large", "color": "#33aa55", "per_page": "80", "page": "2"}
    assert picture_server.asked[0].parameters == sent


@pytest.mark.parametrize("file", ["original", "large2x", "large", "medium", "small"])
def test_the_chosen_size_of_file_is_fetched(file: str, picture_server: PictureServer, tmp_path: Path) -> None:
    picture_server.photos = picture_server.photos[:1]
    assert f"size={file}" in first(look(picture_server, tmp_path, file=file)).file_url
    assert picture_server.asked[-1].parameters == {"size": file}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"orientation": "tall"}, "orientation 'tall' is not known: choose one of landscape, portrait, square"),
        ({"size": "huge"}, "size 'huge' is not known: choose one of large, medium, small"),
        ({"colour": "mauve"}, "colour 'mauve' is not known: choose one of red, orange, .* or a hexadecimal one such as #33aa55"),
        ({"colour": "#12345"}, "colour '#12345' is not known"),
        ({"file": "tiny"}, "file 'tiny' is cropped by Pexels and no use for training"),
        ({"file": "big"}, "file 'big' is not known: choose one of original, large2x, large, medium, small"),
        ({"per_page": 81}, "a page holds 1 to 80 pictures, got 81"),
        ({"per_page": 0}, "a page holds 1 to 80 pictures, got 0"),
    ],
)
def test_a_value_that_pexels_does_not_know_is_refused_with_those_it_does(
    options: dict[str, Any], sentence: str, picture_server: PictureServer, tmp_path: Path
) -> None:
    with pytest.raises(StudioError, match=sentence):
        look(picture_server, tmp_path, **options)
    assert picture_server.asked == []


def test_a_wrong_key_is_one_sentence(picture_server: PictureServer, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=r"Pexels does not accept the key \(it answered 401\)"):
        list(look(picture_server, tmp_path, key="another"))


def test_entries_that_lack_something_are_read_as_far_as_they_go(picture_server: PictureServer, tmp_path: Path) -> None:
    whole = picture_server.photo(1000)
    sparse = {"id": "1001", "src": {"large2x": whole["src"]["large2x"]}, "alt": None, "photographer": 7, "url": "javascript:alert(1)"}
    picture_server.photos = [sparse, {"src": whole["src"]}, "nonsense", whole | {"src": None}, whole | {"id": 10**30}]
    items = [item for item in look(picture_server, tmp_path) if isinstance(item, Fetched | Failure)]
    failures = [item for item in items if isinstance(item, Failure)]
    (taken,) = [item.provenance for item in items if isinstance(item, Fetched)]
    assert (taken.identity, taken.name, taken.author, taken.page_url) == ("1001", "Pexels 1001", "7", "")
    assert [failure.reason for failure in failures] == ["the answer does not say which photo it is"] * 2 + [
        "it has no file of the size large2x",
        "the answer does not say which photo it is",
    ]


def test_the_same_search_has_the_same_key_and_another_filter_another(picture_server: PictureServer, tmp_path: Path) -> None:
    keys = [
        look(picture_server, tmp_path, **options).source_key
        for options in ({}, {"query": " Street "}, {"size": "large"}, {"per_page": 40}, {"query": "lane"})
    ]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 4
