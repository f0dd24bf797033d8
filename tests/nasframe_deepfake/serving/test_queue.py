"""The queue is bounded, serves two clients at once, and forgets who goes away."""

from __future__ import annotations

import threading

import pytest

from nasframe_deepfake.serving import ClipQueue
from tests.nasframe_deepfake.serving.conftest import Serving


def test_two_clients_are_served_at_once(serving: Serving) -> None:
    running = serving(workers=2, holds=True)
    clients = [running.client().post(size, body=bytes(size)) for size in (3, 4)]
    running.detector.wait_for(2)  # neither has an answer yet
    assert running.client().get("/health").json == {"status": "ok", "scoring": 2, "waiting": 0}
    running.detector.go_on()
    assert [client.answer().json["bytes"] for client in clients] == [3, 4]
    running.wait_until_empty()


def test_one_worker_scores_one_clip_after_the_other_in_the_order_in_which_they_came(serving: Serving) -> None:
    running = serving(workers=1, holds=True)
    clients = []
    for size in (1, 2, 3):
        clients.append(running.client().post(size, body=bytes(size)))
        running.wait_until(lambda size=size: len(running.uploads) == size)  # type: ignore[misc]
        running.wait_until(lambda: running.server.context.queue.counts["scoring"] == 1)
    assert len(running.detector.begun) == 1
    running.detector.go_on()
    assert [client.answer().json["bytes"] for client in clients] == [1, 2, 3]
    running.wait_until_empty()


def test_a_full_queue_is_503_at_once_and_has_room_again(serving: Serving) -> None:
    running = serving(workers=1, waiting=1, holds=True)
    waiting = [running.client().post(1, body=b"a") for _ in range(2)]
    running.wait_until(lambda: running.server.context.queue.counts == {"scoring": 1, "waiting": 1})
    refused = running.client().post(100)  # its body is not asked for
    answer = refused.answer()
    assert (answer.status, answer.json["reason"], answer.headers["Retry-After"]) == (503, "busy", "5")
    assert running.client().get("/").status == 200
    running.detector.go_on()
    assert [client.answer().status for client in waiting] == [200, 200]
    running.wait_until_empty()
    assert running.client().post(1, body=b"a").answer().status == 200


def test_a_clip_that_is_being_sent_has_a_place_too(serving: Serving) -> None:
    running = serving(workers=1, waiting=0)
    slow = running.client().post(2, body=b"a")
    running.wait_until(lambda: len(running.uploads) == 1)
    assert running.client().post(1, body=b"a").answer().status == 503
    assert slow.send(b"b").answer().status == 200


def test_a_client_that_goes_away_in_the_middle_of_its_clip_leaves_nothing(serving: Serving) -> None:
    running = serving()
    client = running.client().post(100, body=b"some")
    running.wait_until(lambda: len(running.uploads) == 1)
    client.go_away()
    running.wait_until_empty()
    assert running.detector.begun == []


def test_a_client_that_goes_away_in_the_middle_of_a_chunk_leaves_nothing(serving: Serving) -> None:
    running = serving()
    client = running.client().post(None, "Transfer-Encoding: chunked").send(b"A\r\nabc")
    running.wait_until(lambda: len(running.uploads) == 1)
    client.go_away()
    running.wait_until_empty()
    assert running.detector.begun == []


def test_a_client_that_goes_away_while_it_waits_is_dropped_and_not_scored(serving: Serving) -> None:
    running = serving(workers=1, holds=True)
    first = running.client().post(1, body=b"a")
    running.detector.wait_for(1)
    second, third = running.client().post(2, body=b"ab"), running.client().post(3, body=b"abc")
    running.wait_until(lambda: len(running.uploads) == 3)
    second.go_away()
    running.wait_until(lambda: len(running.uploads) == 2)
    running.detector.go_on()
    assert [first.answer().json["bytes"], third.answer().json["bytes"]] == [1, 3]
    assert len(running.detector.begun) == 2
    running.wait_until_empty()


def test_a_client_that_ends_its_sending_and_waits_gets_its_answer(serving: Serving) -> None:
    running = serving(workers=1, holds=True)
    first = running.client().post(1, body=b"a")
    running.detector.wait_for(1)
    second = running.client().post(2, body=b"ab")
    second.end_sending()
    assert second.answer().status == 100  # it was asked whether it is there
    assert not second.has_answer(0.5)
    running.detector.go_on()
    assert [first.answer().json["bytes"], second.answer().json["bytes"]] == [1, 2]
    running.wait_until_empty()


def test_a_client_that_ends_its_sending_while_its_clip_is_scored_gets_its_answer(serving: Serving) -> None:
    running = serving(workers=1, holds=True)
    client = running.client().post(1, body=b"a")
    running.detector.wait_for(1)
    client.end_sending()
    assert client.answer().status == 100  # it was asked whether it is there
    running.detector.go_on()
    assert client.answer().json["bytes"] == 1
    running.wait_until_empty()


def test_a_client_that_goes_away_while_its_clip_is_scored_frees_its_place_at_once(
    serving: Serving,
) -> None:
    running = serving(workers=1, waiting=0, holds=True)
    client = running.client().post(1, body=b"a")
    running.detector.wait_for(1)
    client.go_away()
    running.wait_until_empty()  # the detector was not let go on
    running.detector.go_on()
    assert running.client().post(2, body=b"ab").answer().json["bytes"] == 2


def test_an_error_that_nobody_foresaw_is_500_without_its_text_and_frees_the_place(
    serving: Serving, capsys: pytest.CaptureFixture[str]
) -> None:
    running = serving(workers=1, waiting=0)
    running.detector.fails = True
    answer = running.client().post(1, body=b"a").answer()
    assert answer.status == 500
    assert "stand-in" not in answer.json["error"]
    assert "RuntimeError: of the stand-in" in capsys.readouterr().err
    running.wait_until_empty()
    running.detector.fails = False
    assert running.client().post(1, body=b"a").answer().status == 200


def test_who_waits_when_the_service_ends_is_told_so(serving: Serving) -> None:
    running = serving(workers=1, holds=True)
    first = running.client().post(1, body=b"a")
    running.detector.wait_for(1)
    second = running.client().post(2, body=b"ab")
    running.wait_until(lambda: running.server.context.queue.counts == {"scoring": 1, "waiting": 1})
    assert not running.server.context.queue.close(0)
    answer = second.answer()
    assert (answer.status, answer.json["reason"]) == (503, "ending")
    assert running.client().post(1, body=b"a").answer().status == 503
    running.detector.go_on()
    assert first.answer().status == 200


def test_many_clients_never_exceed_the_bounds() -> None:
    queue, most, guard = ClipQueue(3, 20), 0, threading.Lock()
    inside = 0

    def client() -> None:
        nonlocal inside, most
        for _ in range(20):
            with queue.place(), queue.turn(lambda: False):
                with guard:
                    inside += 1
                    most = max(most, inside)
                with guard:
                    inside -= 1

    threads = [threading.Thread(target=client) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= most <= 3
    assert queue.counts == {"scoring": 0, "waiting": 0}
