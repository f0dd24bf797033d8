"""A lock is a file of its own: what has its name already is neither followed, waited for nor emptied."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from nasframe import Stage
from nasframe.errors import RunError
from nasframe.runtime import SILENT, Lock
from nasframe.tasks import run_stages, stage_fingerprints

pytestmark = pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="this system opens files through links")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("link", "is a link; expected"),
        ("name", "is another name of some file; expected"),
        ("pipe", "is a pipe or a device; expected"),
        ("folder", "is a folder; expected"),
    ],
)
def test_what_is_no_lock_is_refused_and_not_emptied(kind: str, words: str, tmp_path: Path) -> None:
    precious, file = tmp_path / "precious.txt", tmp_path / "a.lock"
    precious.write_text("mine", encoding="utf-8")
    makers = {
        "link": lambda: file.symlink_to(precious),
        "name": lambda: file.hardlink_to(precious),
        "pipe": lambda: os.mkfifo(file),
        "folder": file.mkdir,
    }
    makers[kind]()
    with pytest.raises(RunError, match=rf"a\.lock: {words} a file of nasframe's own"):
        Lock.acquire(file)
    assert precious.read_text(encoding="utf-8") == "mine"


def test_a_link_to_nothing_is_no_lock(tmp_path: Path) -> None:
    (tmp_path / "a.lock").symlink_to(tmp_path / "new")
    with pytest.raises(RunError, match="is a link"):
        Lock.acquire(tmp_path / "a.lock")
    assert not (tmp_path / "new").exists()


def test_a_link_among_the_locks_of_a_cache_leads_nowhere(tmp_path: Path) -> None:
    precious, stage = tmp_path / "precious.txt", Stage("make", {}, lambda context: None)
    precious.write_text("mine", encoding="utf-8")
    key = stage_fingerprints([stage])["make"][:16]
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / f".make-{key}.zzz.lock").symlink_to(precious)
    assert run_stages([stage], tmp_path / "cache", torch.device("cpu"), SILENT)["make"].folder.is_dir()
    assert precious.read_text(encoding="utf-8") == "mine"


def test_a_lock_is_taken_and_leaves_nothing(tmp_path: Path) -> None:
    lock = Lock.acquire(tmp_path / "a.lock")
    assert (tmp_path / "a.lock").read_text(encoding="utf-8") == f"{os.getpid()}\n"
    lock.release()
    assert list(tmp_path.iterdir()) == []
