"""Requests, right ones and wrong ones: each gets the status that HTTP has for it, and words."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

import nasframe_deepfake.serving as serving_package
from tests.nasframe_deepfake.serving.conftest import LIMIT, PATIENCE, Serving


def test_a_clip_that_is_posted_gets_its_record(serving: Serving) -> None:
    answer = serving().client().post(5, target="/score?name=a%20b.MP4", body=b"abcde").answer()
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.json["file"] == "a b.MP4"
    assert answer.json["bytes"] == 5
    assert answer.json["ending"] == ".mp4"
    assert answer.json["decision"] == "fake"


def test_the_form_in_which_curl_sends_bytes_is_taken(serving: Serving) -> None:
    client = serving().client()
    answer = client.post(2, "Content-Type: application/x-www-form-urlencoded", "Accept: */*", body=b"ab")
    assert answer.answer().json["bytes"] == 2


def test_a_clip_without_a_score_is_422_with_its_reason_in_words_that_name_no_path(serving: Serving) -> None:
    answer = serving().client().post(7, target="/score?name=me.mp4", body=b"refused").answer()
    assert answer.status == 422
    assert answer.json == {"file": "me.mp4", "reason": "no-face", "error": "me.mp4: no face was found"}


@pytest.mark.parametrize(
    ("name", "file", "ending"),
    [
        ("..%2F..%2Fetc%2Fpasswd.mp4", "passwd.mp4", ".mp4"),
        ("a%5Cb.mkv", "b.mkv", ".mkv"),
        ("a.m%2Fp4", "p4", ""),
        ("a.%00mp4", "a.\0mp4", ""),
        ("a.toolongforanending", "a.toolongforanending", ""),
        ("a.%C3%A4", "a.ä", ""),
        ("", "clip", ""),
        ("a.mp4&name=b.mov", "b.mov", ".mov"),
    ],
)
def test_a_name_is_used_for_its_ending_and_in_the_answer_alone(
    name: str, file: str, ending: str, serving: Serving
) -> None:
    answer = serving().client().post(1, target=f"/score?name={name}", body=b"a").answer()
    assert (answer.json["file"], answer.json["ending"]) == (file, ending)


def test_a_query_with_many_fields_is_400(serving: Serving) -> None:
    fields = "&".join(f"a{number}=1" for number in range(12))
    answer = serving().client().post(1, target=f"/score?{fields}", body=b"a").answer()
    assert (answer.status, answer.json["reason"]) == (400, "bad-request")
    assert "more than 8 fields" in answer.json["error"]


def test_what_nobody_foresaw_is_500_in_words_without_its_text(
    serving: Serving, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(f"{__package__}.conftest.record", lambda path: {"score": math.nan})
    running = serving()
    client = running.client().post(1, body=b"a")
    answer = client.answer()
    assert (answer.status, answer.json["reason"]) == (500, "failed")
    assert client.is_closed
    assert "a request failed: ValueError" in capsys.readouterr().err
    running.wait_until_empty()


def test_a_body_in_chunks_is_read_to_its_end(serving: Serving) -> None:
    client = serving().client().post(None, "Transfer-Encoding: chunked")
    client.send(b"3\r\nabc\r\n", b"A;extension=1\r\n0123456789\r\n", b"0\r\nTrailer: yes\r\n\r\n")
    assert client.answer().json["bytes"] == 13
    assert client.get("/health").status == 200


def test_a_connection_is_kept_for_the_next_request(serving: Serving) -> None:
    client = serving().client()
    assert [client.post(3, body=b"abc").answer().json["bytes"] for _ in range(3)] == [3, 3, 3]
    assert client.get("/health").json == {"status": "ok", "scoring": 0, "waiting": 0}


# -- the limit ------------------------------------------------------------------------------------------


def test_a_body_that_is_announced_too_large_is_refused_before_it_is_sent(serving: Serving) -> None:
    client = serving().client().post(LIMIT + 1)
    answer = client.answer()
    assert answer.status == 413
    assert str(LIMIT) in answer.json["error"]
    assert client.is_closed


def test_who_asks_first_gets_the_refusal_in_place_of_100_continue(serving: Serving) -> None:
    assert serving().client().post(LIMIT + 1, "Expect: 100-continue").answer().status == 413


def test_who_asks_first_is_told_to_go_on(serving: Serving) -> None:
    client = serving().client().post(3, "Expect: 100-continue")
    assert client.answer().status == 100
    assert client.send(b"abc").answer().status == 200


def test_a_body_of_exactly_the_limit_is_taken(serving: Serving) -> None:
    assert serving().client().post(LIMIT, body=bytes(LIMIT)).answer().json["bytes"] == LIMIT


def test_a_body_in_chunks_is_cut_at_the_limit_while_it_is_read(serving: Serving) -> None:
    running = serving()
    client = running.client().post(None, "Transfer-Encoding: chunked")
    piece = b"10000\r\n" + bytes(0x10000) + b"\r\n"
    client.send(*[piece] * (LIMIT // 0x10000 + 1))
    assert client.answer().status == 413
    assert client.is_closed
    assert running.detector.begun == []
    running.wait_until_empty()


def test_a_chunk_that_is_announced_too_large_is_refused_before_it_is_sent(serving: Serving) -> None:
    client = serving().client().post(None, "Transfer-Encoding: chunked").send(b"FFFFFFFFFF\r\n")
    assert client.answer().status == 413


def test_who_sends_more_than_it_announced_has_made_another_request(serving: Serving) -> None:
    running = serving()
    client = running.client().post(10, body=b"0123456789 and more\r\n\r\n")
    assert client.answer().json["bytes"] == 10
    assert client.answer().status == 400
    assert client.is_closed


def test_a_client_that_still_sends_gets_to_read_the_refusal(serving: Serving) -> None:
    client = serving().client().post(40 * LIMIT, body=bytes(40 * LIMIT))
    assert client.answer().status == 413


# -- who asks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:9", "[::1]", "[0:0::1]:8000"])
def test_the_names_of_this_machine_are_right_with_any_port(host: str, serving: Serving) -> None:
    assert serving().client().get("/health", host=host).status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example:8000", "192.0.2.1", "[2001:db8::1]"]
)
def test_another_host_is_403(host: str, serving: Serving) -> None:
    answer = serving().client().get("/", host=host)
    assert answer.status == 403
    assert "--allow-host" in answer.json["error"]


@pytest.mark.parametrize(
    "host", ["", "a b", "localhost:80:80", "http://localhost", "local\xadhost", "@localhost"]
)
def test_a_host_that_is_none_is_400(host: str, serving: Serving) -> None:
    assert serving().client().get("/", host=host).status == 400


def test_two_hosts_are_400(serving: Serving) -> None:
    assert serving().client().get("/", "Host: localhost").status == 400


def test_a_name_that_is_allowed_is_right(serving: Serving) -> None:
    running = serving(names=("clips.example",))
    assert running.client().get("/health", host="Clips.example:81").status == 200


def test_a_post_from_a_page_of_another_site_is_403_and_is_not_read(serving: Serving) -> None:
    running = serving()
    for origin in ("http://evil.example", "null", "http://localhost:9", "http://localhost.evil.example"):
        answer = running.client().post(3, f"Origin: {origin}", body=b"abc").answer()
        assert answer.status == 403
        assert answer.json["reason"] == "other-origin"
    assert running.detector.begun == []


def test_a_post_from_the_page_itself_is_taken(serving: Serving) -> None:
    assert serving().client().post(3, "Origin: http://localhost", body=b"abc").answer().status == 200


def test_no_answer_lets_another_site_read_it(serving: Serving) -> None:
    client = serving().client()
    preflight = client.get("/score", "Origin: http://localhost", method="OPTIONS")
    assert preflight.status == 405
    for answer in (preflight, client.get("/"), client.get("/health")):
        assert not [name for name in answer.headers if name.startswith("Access-Control-")]
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


# -- what is asked --------------------------------------------------------------------------------------


def test_head_has_the_headers_of_get_and_no_body(serving: Serving) -> None:
    client = serving().client()
    for path in ("/", "/page.css", "/page.js", "/health"):
        full = client.get(path)
        assert full.status == 200
        head = client.get(path, method="HEAD")
        assert {**head.headers, "Date": ""} == {**full.headers, "Date": ""}


@pytest.mark.parametrize(
    ("method", "path", "status", "allowed"),
    [
        ("GET", "/score", 405, "POST"),
        ("PUT", "/score", 405, "POST"),
        ("POST", "/", 405, "GET, HEAD"),
        ("BREW", "/health", 405, "GET, HEAD"),
        ("GET", "/nothing", 404, None),
        ("GET", "/../page.css", 404, None),
        ("GET", "/page.html", 404, None),
        ("OPTIONS", "*", 404, None),
    ],
)
def test_another_method_is_405_and_another_path_404(
    method: str, path: str, status: int, allowed: str | None, serving: Serving
) -> None:
    answer = serving().client().get(path, method=method)
    assert (answer.status, answer.headers.get("Allow")) == (status, allowed)
    assert answer.json["error"]


@pytest.mark.parametrize("target", ["*", "localhost:80", "ftp://localhost/health", "/nothing", "//nothing"])
def test_a_target_that_is_not_there_is_named(target: str, serving: Serving) -> None:
    answer = serving().client().get(target)
    assert answer.status == 404
    assert f"there is no {target.replace('//nothing', '/nothing')}; POST" in answer.json["error"]


def test_a_whole_address_is_asked_for_like_its_path(serving: Serving) -> None:
    running = serving()
    for start in (f"http://127.0.0.1:{running.port}", "HTTP://LocalHost", "https://localhost"):
        assert running.client().get(f"{start}/health").json["status"] == "ok"
    assert running.client().get("http://localhost").headers["Content-Type"].startswith("text/html")
    assert running.client().get("http://localhost//nothing").json["error"].startswith("there is no /nothing;")
    answer = running.client().post(3, target="http://localhost/score?name=a.mp4", body=b"abc").answer()
    assert (answer.status, answer.json["file"]) == (200, "a.mp4")


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("http://evil.example/health", 403),
        ("http://evil.example?/health", 403),
        ("http:///health", 400),
        ("http://[::/health", 400),
        ("http://localhost@evil.example/health", 400),
    ],
)
def test_a_whole_address_with_another_host_is_refused(address: str, status: int, serving: Serving) -> None:
    answer = serving().client().get(address)
    assert (answer.status, bool(answer.json["error"])) == (status, True)


def test_a_body_that_was_not_read_ends_the_connection_and_is_no_request(serving: Serving) -> None:
    client = serving().client()
    smuggled = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    answer = client.post(len(smuggled), target="/nothing", body=smuggled).answer()
    assert answer.status == 404
    assert answer.headers["Connection"] == "close"
    assert client.is_closed


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([], 411),
        (["Content-Length: ten"], 400),
        (["Content-Length: -1"], 400),
        (["Content-Length: +1"], 400),
        (["Content-Length: 1_0"], 400),
        (["Content-Length: 3", "Content-Length: 4"], 400),
        (["Content-Length: 3", "Transfer-Encoding: chunked"], 400),
        (["Transfer-Encoding: gzip, chunked"], 501),
        (["Transfer-Encoding : chunked"], 400),
        (["Content-Length: " + "9" * 30], 413),
        (["Content-Type: multipart/form-data; boundary=x", "Content-Length: 3"], 415),
    ],
)
def test_a_body_whose_end_is_unclear_is_refused(headers: list[str], status: int, serving: Serving) -> None:
    running = serving()
    client = running.client().post(None, *headers, body=b"abc")
    assert client.answer().status == status
    if "Content-Length" in "".join(headers) or "Transfer" in "".join(headers):
        client.end_sending()
        assert client.is_closed
    assert running.detector.begun == []


@pytest.mark.parametrize(
    "chunks", [b"x\r\n", b"-1\r\n", b"3\r\nabcd\r\n", b"3\nabc\n", b"\r\n", b"0x3\r\nabc\r\n"]
)
def test_chunks_that_are_none_are_400(chunks: bytes, serving: Serving) -> None:
    running = serving()
    assert running.client().post(None, "Transfer-Encoding: chunked").send(chunks).answer().status == 400
    running.wait_until_empty()


@pytest.mark.parametrize(
    "text",
    [
        b"GET\r\n\r\n",
        b"GET / HTTP/2.0\r\n\r\n",
        b"\x16\x03\x01 tls hello\r\n\r\n",
        b"GET / / HTTP/1.1\r\n\r\n",
    ],
)
def test_what_is_no_request_of_http_1_is_refused(text: bytes, serving: Serving) -> None:
    client = serving().client().send(text)
    assert client.answer().status in (400, 505)
    assert client.is_closed


def test_a_request_of_another_version_of_http_is_505_in_words(serving: Serving) -> None:
    answer = serving().client().send(b"GET / HTTP/2.0\r\nHost: localhost\r\n\r\n").answer()
    assert (answer.status, answer.json["reason"]) == (505, "bad-request")
    assert "version" in answer.json["error"]


def test_ninety_headers_are_taken_and_a_hundred_and_ten_are_431_in_words(serving: Serving) -> None:
    running = serving()
    more = [f"X-{number}: y" for number in range(110)]
    assert running.client().get("/health", *more[:90]).status == 200
    answer = running.client().get("/health", *more)
    assert (answer.status, answer.json) == (431, {"error": "Too many headers", "reason": "bad-request"})


def test_the_page_about_the_service_lists_every_status_that_it_answers_with() -> None:
    page = (Path(__file__).parents[3] / "docs" / "serving.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| ")]
    listed = {word for row in rows for word in row.replace(",", " ").split() if word.isdecimal()}
    sources = Path(serving_package.__file__).parent.glob("*.py")
    text = "".join(path.read_text(encoding="utf-8") for path in sources)
    found = set(re.findall(r"(?:RequestError\(\s*|send_error\(|_send_record\()(\d{3})", text))
    assert {"404", "408", "415", "431", "500", "503", "507"} <= found
    assert found | {"400", "431", "505"} <= listed  # these three are of the base class


def test_headers_without_end_are_431(serving: Serving) -> None:
    running = serving(head=4096)
    for line in (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000, b"GET /" + b"a" * 100_000):
        client = running.client().send(line)
        assert client.answer().status in (414, 431)


# -- slow clients ---------------------------------------------------------------------------------------


def test_a_client_that_stalls_in_its_headers_is_408(serving: Serving) -> None:
    client = serving(head_seconds=0.2).client().send(b"GET / HTTP/1.1\r\nHost: ")
    assert client.answer().status == 408
    assert client.is_closed


def test_a_connection_on_which_nothing_comes_is_closed_without_a_word(serving: Serving) -> None:
    assert serving(head_seconds=0.2).client().is_closed


def test_a_client_that_stalls_in_its_clip_is_408_and_its_place_is_free(serving: Serving) -> None:
    running = serving(idle_seconds=0.2, linger_seconds=0.2)
    client = running.client().post(100, body=b"some")
    assert client.answer().status == 408
    assert client.is_closed
    running.wait_until_empty()


def test_a_client_that_sends_a_byte_now_and_then_is_408_all_the_same(serving: Serving) -> None:
    running = serving(idle_seconds=0.4, rate=1e6, linger_seconds=0.1)
    client = running.client().post(100_000)
    for _ in range(round(PATIENCE / 0.05)):
        if client.has_answer(0.05):
            break
        client.send(b"a")
    assert client.answer().status == 408
    running.wait_until_empty()


def test_a_client_that_is_slow_but_keeps_the_rate_is_waited_for(serving: Serving) -> None:
    running = serving(idle_seconds=0.4, rate=100)
    client = running.client().post(60 * 20)
    for _ in range(20):  # a second in all
        assert not client.has_answer(0.05)
        client.send(bytes(60))
    assert client.answer().json["bytes"] == 60 * 20


def test_a_client_that_reads_no_answers_is_given_up(serving: Serving) -> None:
    running = serving(idle_seconds=0.2, head_seconds=PATIENCE)
    client = running.client()
    client.send(b"GET /page.js HTTP/1.1\r\nHost: localhost\r\n\r\n" * 2000)
    assert client.has_answer(PATIENCE)
    running.wait_until(lambda: running.server.connections == 0)


def test_more_connections_than_allowed_are_503_and_others_go_on(serving: Serving) -> None:
    running = serving(connections=2)
    first, second = running.client(), running.client()
    assert first.get("/health").status == second.get("/health").status == 200
    refused = running.client().answer()
    assert (refused.status, refused.headers["Retry-After"]) == (503, "5")
    assert refused.json.keys() == {"error", "reason"}
    assert (refused.json["reason"], refused.headers["X-Content-Type-Options"]) == ("busy", "nosniff")
    second.go_away()
    running.wait_until(lambda: running.client().send(b"").get("/health").status == 200)
    assert first.get("/health").status == 200
