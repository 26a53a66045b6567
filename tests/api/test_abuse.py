"""Raw requests that no page sends, to a studio on one's own machine and to a shared one: refused, and the studio goes on."""

import base64
import json
import secrets
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest

from studio.app import build, launch_kwargs
from studio.settings import Settings
from tests import pictures

PATIENCE = 120
OWN_MACHINE_ONLY = ("on_collect", "on_train", "record_rights")


@pytest.fixture(scope="module")
def shared_url(tmp_path_factory: pytest.TempPathFactory, studio_url: str) -> Iterator[str]:
    """A second studio in this process, as strangers share it on a Space."""
    with pytest.MonkeyPatch.context() as environment:
        settings = Settings(home=tmp_path_factory.mktemp("shared"), space=True, max_zip_bytes=3 * 2**20)
        for name in ("STUDIO_HOME", "GRADIO_TEMP_DIR"):
            environment.setenv(name, str(settings.home))
        page = build(settings)
        options = launch_kwargs(settings) | {"server_port": None, "prevent_thread_lock": True, "quiet": True}
        _, url, _ = page.launch(**options)
        yield url
        page.close()


@cache
def config(url: str) -> dict[str, Any]:
    return httpx.get(f"{url}config", timeout=PATIENCE).json()


def called(url: str, endpoint: str, body: str) -> str:
    """What a public endpoint answers to a body that is sent as it is."""
    address = f"{url}gradio_api/call/{endpoint}"
    asked = httpx.post(address, content=body, headers={"content-type": "application/json"}, timeout=PATIENCE)
    if asked.status_code != 200:
        return asked.text
    return httpx.get(f"{address}/{asked.json()['event_id']}", timeout=PATIENCE).text


def joined(url: str, event: str, inputs: list[Any]) -> str:
    """What a private event answers when it is put into the queue by hand; "" when there is none of that name."""
    found = [one for one in config(url)["dependencies"] if one.get("api_name") == event]
    if not found:
        return ""
    session = secrets.token_hex(5)
    join = {"data": inputs, "fn_index": found[0]["id"], "session_hash": session, "event_data": None, "trigger_id": None}
    asked = httpx.post(f"{url}gradio_api/queue/join", json=join, timeout=PATIENCE)
    if asked.status_code != 200:
        return asked.text
    with httpx.stream("GET", f"{url}gradio_api/queue/data", params={"session_hash": session}, timeout=PATIENCE) as stream:
        for line in stream.iter_lines():
            if "process_completed" in line:
                return line
    return ""


def refused(said: str) -> bool:
    """An error, without a trace of the program."""
    marks = ("event: error", '"success": false', '"success":false', "detail")
    return "Traceback" not in said and any(mark in said for mark in marks)


def data_url(content: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


# Numbers and choices


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "99", "true", '"0.9"', "null"])
def test_a_number_that_is_none_or_out_of_reach_is_refused(studio_url: str, number: str) -> None:
    assert refused(called(studio_url, "sample", f'{{"data": ["cityscape", "1", 1, {number}, ""]}}'))


@pytest.mark.parametrize("count", ["3.7", "NaN", "0", "-1", "1e9", "true"])
def test_a_count_that_is_not_whole_is_refused(studio_url: str, count: str) -> None:
    said = called(studio_url, "sample", f'{{"data": ["cityscape", "1", {count}, 0.7, ""]}}')
    assert refused(said), said


@pytest.mark.parametrize("threshold", ["NaN", "Infinity", "7", "true"])
def test_a_threshold_that_is_none_is_refused(studio_url: str, threshold: str) -> None:
    assert refused(called(studio_url, "score", f'{{"data": [null, "cityscape", {threshold}]}}'))


def test_a_choice_that_was_not_offered_is_refused(studio_url: str) -> None:
    assert refused(called(studio_url, "sample", '{"data": ["../../etc/passwd", "1", 1, 0.7, ""]}'))
    assert refused(called(studio_url, "classes", '{"data": ["clothing", "${7*7}", "1", 1.0]}'))


@pytest.mark.parametrize("body", ["", "[]", "{", '{"data": null}', '{"data": []}', '{"data": "x"}', '{"data": [' + "[" * 2000])
def test_a_body_that_is_no_call_is_refused(studio_url: str, body: str) -> None:
    said = called(studio_url, "sample", body)
    assert "Traceback" not in said
    assert "event: complete" not in said


# Pictures


def test_a_picture_of_this_machine_is_not_opened_whether_marked_as_a_file_or_not(studio_url: str, tmp_path: Path) -> None:
    private = pictures.photograph(tmp_path / "private.png")
    for entry in ({"path": str(private)}, {"path": str(private), "meta": {"_type": "gradio.FileData"}}, {"path": "/etc/passwd"}):
        said = called(studio_url, "swap", json.dumps({"data": [entry, "denim"]}))
        assert refused(said), said
        assert "root:" not in said


def test_files_of_this_machine_are_not_scored(studio_url: str, tmp_path: Path) -> None:
    private = pictures.photograph(tmp_path / "private.png")
    for entry in ({"path": str(private)}, {"path": str(private), "meta": {"_type": "gradio.FileData"}}):
        said = called(studio_url, "score", json.dumps({"data": [[entry], "cityscape", 0.2]}))
        assert refused(said), said


def test_a_picture_in_the_body_has_the_same_caps_as_an_upload(studio_url: str, tmp_path: Path) -> None:
    bomb = data_url(pictures.enormous_png(tmp_path / "enormous.png").read_bytes())
    said = called(studio_url, "swap", json.dumps({"data": [{"url": bomb, "path": bomb}, "denim"]}))
    assert refused(said), said[:500]


def test_an_upload_beyond_the_cap_is_refused(shared_url: str) -> None:
    content = b"\x89PNG" + bytes(4 * 2**20)
    asked = httpx.post(f"{shared_url}gradio_api/upload", files={"files": ("big.png", content)}, timeout=PATIENCE)
    assert asked.status_code == 413


def test_a_program_in_a_picture_is_refused(studio_url: str) -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    for kind in ("image/svg+xml", "image/png"):
        said = called(studio_url, "swap", json.dumps({"data": [{"url": data_url(svg, kind), "path": data_url(svg, kind)}, "denim"]}))
        assert refused(said), said


# Ways around the queue and the page


@pytest.mark.parametrize("endpoint", ["sample", "score", "swap", "classes", "predict"])
def test_nothing_runs_beside_the_queue(studio_url: str, endpoint: str) -> None:
    body = {"data": ["cityscape", "1", 1, 0.7, ""], "session_hash": "x"}
    for place in (f"run/{endpoint}", f"api/{endpoint}"):
        asked = httpx.post(f"{studio_url}gradio_api/{place}", json=body, timeout=PATIENCE)
        assert asked.status_code >= 400, asked.text[:200]


def test_a_shared_studio_has_no_event_that_reads_a_folder_takes_a_key_or_trains(shared_url: str) -> None:
    names = {str(one.get("api_name")) for one in config(shared_url)["dependencies"]}
    assert not [name for name in names for own in OWN_MACHINE_ONLY if name.startswith((own, f"on_{own}"))]


def test_private_events_put_into_the_queue_by_hand_check_what_they_get(studio_url: str) -> None:
    names = [str(one.get("api_name")) for one in config(studio_url)["dependencies"]]
    for event, inputs in (
        ("on_find_copies", [None, float(2), False]),
        ("on_find_faults", [None, ["ugly"], ""]),
        ("on_on_train", [None, "nonsense", 1, "", False]),
        ("on_remove", [None, "../../x"]),
    ):
        assert event in names
        assert refused(joined(studio_url, event, inputs)), event


def test_the_grid_answers_nobody_who_does_not_hold_its_key(studio_url: str) -> None:
    grid = next(one for one in config(studio_url)["components"] if one.get("props", {}).get("elem_id") == "curate-grid")
    functions = ["tiles", "details", "decide", "arrays", "states", "queue", "groups", "__init__", "postprocess", "preprocess", "_x"]
    bodies: list[Any] = [None, "x", {}, {"key": "0" * 32}, {"key": "../../x", "positions": [0]}, [1] * 1000]
    bodies.append({"key": None, "positions": [10**400]})
    for name in functions:
        for body in bodies:
            sent = json.dumps({"data": body, "component_id": grid["id"], "fn_name": name, "session_hash": "x"})
            asked = httpx.post(
                f"{studio_url}gradio_api/component_server", content=sent, headers={"content-type": "application/json"}, timeout=PATIENCE
            )
            assert "Traceback" not in asked.text
            answer = asked.json() if asked.status_code == 200 else {"error": asked.text}
            assert isinstance(answer, dict), (name, body, answer)
            assert "error" in answer, (name, body, answer)


# Files and origins


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "{home}/catalogue/catalogue.sqlite3", "../../../../etc/passwd", "{root}/pyproject.toml", "http://127.0.0.1:1/x"]
)
def test_files_outside_the_served_folder_are_not_served(studio_url: str, studio_home: Path, path: str) -> None:
    (studio_home / "catalogue").mkdir(exist_ok=True)
    wanted = path.format(home=studio_home, root=Path(__file__).resolve().parents[2])
    asked = httpx.get(f"{studio_url}gradio_api/file={wanted}", timeout=PATIENCE, follow_redirects=False)
    assert asked.status_code in (403, 404), (wanted, asked.status_code)


@pytest.mark.parametrize(("name", "kind"), [("evil.svg", "image/svg+xml"), ("evil.html", "text/html"), ("evil.js", "text/javascript")])
def test_an_uploaded_program_is_never_shown_by_the_studios_own_origin(studio_url: str, name: str, kind: str) -> None:
    content = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    asked = httpx.post(f"{studio_url}gradio_api/upload", files={"files": (name, content, kind)}, timeout=PATIENCE)
    if asked.status_code != 200:
        return
    shown = httpx.get(f"{studio_url}gradio_api/file={asked.json()[0]}", timeout=PATIENCE)
    assert shown.status_code >= 400 or shown.headers.get("content-disposition", "").startswith("attachment")


def test_an_uploads_name_never_becomes_a_path(studio_url: str, studio_home: Path) -> None:
    asked = httpx.post(f"{studio_url}gradio_api/upload", files={"files": ("../../../evil.png", b"x")}, timeout=PATIENCE)
    assert asked.status_code >= 400 or Path(asked.json()[0]).resolve().is_relative_to(studio_home / "served")
    assert not (studio_home / "evil.png").exists()


def test_another_sites_page_cannot_ask_the_studio(studio_url: str) -> None:
    asked = httpx.post(
        f"{studio_url}gradio_api/queue/join",
        json={"data": [], "fn_index": 0, "session_hash": "x"},
        headers={"origin": "https://evil.example", "host": "localhost:1", "sec-fetch-site": "cross-site"},
        timeout=PATIENCE,
    )
    assert asked.headers.get("access-control-allow-origin") != "https://evil.example"


def test_ones_own_studio_is_answered_under_the_names_of_this_machine_alone(studio_url: str, shared_url: str) -> None:
    port = httpx.URL(studio_url).port
    for host, status in (("127.0.0.1", 200), ("localhost", 200), ("[::1]", 200), ("evil.example", 400), ("0.0.0.0", 400)):
        asked = httpx.get(studio_url, headers={"host": f"{host}:{port}"}, timeout=PATIENCE)
        assert asked.status_code == status, host
    assert httpx.get(shared_url, headers={"host": "studio.example"}, timeout=PATIENCE).status_code == 200


def test_the_studio_goes_on_after_all_of_this(studio_url: str, shared_url: str) -> None:
    for url in (studio_url, shared_url):
        assert "event: complete" in called(url, "classes", '{"data": ["clothing", "hat", "1", 1.0]}')
