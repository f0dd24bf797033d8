"""Clips on disk: where nobody else reads them, gone after, and a full disk is said."""

from __future__ import annotations

import os
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nasframe.runtime import Lock
from nasframe_deepfake.serving import UploadFolder, remove_left_overs
from nasframe_deepfake.serving.clip_queue import QueueClosedError
from nasframe_deepfake.serving.request_error import RequestError
from tests.nasframe_deepfake.serving.conftest import LIMIT, Serving


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let the system refuse to write more into a file, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_clip_is_there_for_the_detector_alone_and_gone_after(serving: Serving) -> None:
    running = serving(holds=True)
    client = running.client().post(3, body=b"abc")
    running.detector.wait_for(1)
    (path,) = running.detector.begun
    assert path.read_bytes() == b"abc"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    running.detector.go_on()
    assert client.answer().status == 200
    assert not path.exists()
    running.wait_until_empty()


@pytest.mark.parametrize("chunked", [False, True])
def test_a_disk_that_gets_full_meanwhile_is_507_and_leaves_nothing(chunked: bool, serving: Serving) -> None:
    running = serving()
    client = running.client()
    with files_of_at_most(100_000):
        if chunked:
            client.post(None, "Transfer-Encoding: chunked")
            client.send(*[b"8000\r\n" + bytes(0x8000) + b"\r\n"] * 20)
        else:
            client.post(LIMIT, body=bytes(LIMIT))
        answer = client.answer()
        assert (answer.status, answer.json["reason"]) == (507, "disk-full")
        running.wait_until_empty()
    assert running.detector.begun == []
    assert running.client().post(LIMIT, body=bytes(LIMIT)).answer().status == 200


def test_a_small_clip_that_the_disk_refuses_at_the_end_is_507_too(serving: Serving) -> None:
    running = serving()
    with files_of_at_most(10):
        assert running.client().post(100, body=bytes(100)).answer().status == 507
        running.wait_until_empty()


def test_a_clip_larger_than_what_is_free_is_507_before_it_is_sent(serving: Serving) -> None:
    running = serving(body=1 << 62)
    client = running.client().post(1 << 60)
    assert client.answer().status == 507
    assert client.is_closed
    running.wait_until_empty()


def test_a_folder_that_a_cleaner_removed_is_made_again(serving: Serving) -> None:
    running = serving()
    (folder,) = running.server.context.uploads.parent.iterdir()
    (folder / "lock").unlink()
    folder.rmdir()
    assert running.client().post(1, body=b"a").answer().status == 200


def test_a_folder_in_which_nobody_may_write_is_said_without_its_path(serving: Serving) -> None:
    running = serving()
    parent = running.server.context.uploads.parent
    (folder,) = parent.iterdir()
    folder.rename(parent.with_name("elsewhere"))
    parent.rmdir()
    answer = running.client().post(1, body=b"a").answer()
    assert (answer.status, answer.json["reason"]) == (500, "no-upload")
    assert str(parent) not in answer.json["error"]
    parent.mkdir()


def test_nothing_is_written_after_the_end(tmp_path: Path) -> None:
    uploads = UploadFolder(tmp_path)
    uploads.open()
    with uploads.file(".mp4", None) as (path, file):
        file.write(b"some")
        uploads.close()
        assert list(tmp_path.iterdir()) == []
    assert not path.exists()
    with pytest.raises(QueueClosedError), uploads.file(".mp4", None):
        pass
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_the_disk_is_words_for_a_client(tmp_path: Path) -> None:
    uploads = UploadFolder(tmp_path)
    with files_of_at_most(1000), pytest.raises(RequestError) as caught, uploads.file("", None) as (_, file):
        file.write(bytes(100_000))
    assert caught.value.status == 507
    uploads.close()


def test_what_a_killed_server_left_is_removed_at_once_and_what_a_living_one_holds_is_not(
    tmp_path: Path,
) -> None:
    living = UploadFolder(tmp_path)
    living.open()
    (alive,) = tmp_path.iterdir()
    killed, foreign = (tmp_path / f"nasframe-serve-{name}" for name in ("killed", "foreign"))
    for folder in (killed, foreign):
        folder.mkdir()
        (folder / "clip-a.mp4").write_bytes(b"some")
    (killed / "lock").touch()
    link = tmp_path / "nasframe-serve-link"
    link.symlink_to(foreign)
    assert remove_left_overs(tmp_path) == 1
    assert sorted(tmp_path.iterdir()) == sorted([alive, foreign, link])
    assert (foreign / "clip-a.mp4").exists()
    living.close()


def test_where_users_have_no_numbers_a_left_over_is_removed_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "geteuid")
    folder = tmp_path / "nasframe-serve-killed"
    folder.mkdir()
    (folder / "lock").touch()
    assert remove_left_overs(tmp_path) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_another_process_holds_is_respected(tmp_path: Path) -> None:
    folder = tmp_path / "nasframe-serve-other"
    lock = Lock.acquire(folder / "lock")
    assert remove_left_overs(tmp_path) == 0
    lock.release()


def test_a_folder_has_its_name_only_while_it_is_locked_so_that_a_server_that_starts_never_takes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acquire = Lock.acquire
    seen: list[list[Path]] = []

    def between(file: Path) -> Lock:
        assert remove_left_overs(tmp_path) == 0  # another server starts before the lock is held
        seen.append(list(tmp_path.glob("nasframe-serve-*")))
        return acquire(file)

    monkeypatch.setattr(Lock, "acquire", between)
    uploads = UploadFolder(tmp_path)
    uploads.open()
    monkeypatch.undo()
    assert seen == [[]]
    (folder,) = tmp_path.iterdir()
    assert folder.name.startswith("nasframe-serve-")
    assert remove_left_overs(tmp_path) == 0
    with uploads.file(".mp4", 3) as (path, file):
        file.write(b"abc")
        assert path.parent == folder
    uploads.close()
    assert list(tmp_path.iterdir()) == []
