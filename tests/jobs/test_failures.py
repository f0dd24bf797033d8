"""Failures of trials: those that stop all, and their messages."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from nasframe.jobs import Trial, do_trial, full_disk_stops, is_disk_full
from nasframe.runtime import SILENT, write_tensors
from nasframe.tasks import Stage, StageContext, run_stages


def raised(act: Callable[[], object]) -> Exception:
    with pytest.raises(Exception) as found:  # noqa: PT011 - any
        act()
    return found.value


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_the_number_of_the_systems_error_says_that_the_disk_is_full(number: int, tmp_path: Path) -> None:
    assert is_disk_full(OSError(number, "in any language"), tmp_path)


def test_an_error_that_a_full_disk_led_to_counts_too(tmp_path: Path) -> None:
    error = ValueError("no data")
    error.__cause__ = OSError(errno.ENOSPC, "")
    assert is_disk_full(error, tmp_path)


def test_words_do_not_say_that_the_disk_is_full(tmp_path: Path) -> None:
    assert not is_disk_full(ValueError("No space left on device"), tmp_path)
    assert not is_disk_full(OSError(errno.EACCES, "No space left on device"), tmp_path)


def test_where_an_error_has_no_number_the_free_space_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage, asked = shutil.disk_usage(tmp_path), []

    def full(place: Path) -> object:
        asked.append(place)
        return usage._replace(free=0)

    monkeypatch.setattr(shutil, "disk_usage", full)
    assert is_disk_full(RuntimeError("unexpected position 576"), tmp_path / "run" / "file")
    assert asked == [tmp_path]  # the part of the path that is there
    assert not is_disk_full(OSError(errno.EACCES, "denied"), tmp_path)


def test_a_full_disk_is_told_with_its_file_and_one_remedy(tmp_path: Path) -> None:
    def full() -> None:
        with full_disk_stops(tmp_path / "trial"):
            try:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "run.json")
            except OSError as error:
                raise RuntimeError("cannot write") from error

    said = str(raised(full))
    assert said.startswith(
        f"{tmp_path / 'trial'}: the disk is full: run.json: no space left on device; make room"
    )
    assert said.count("finished work is kept") == 1


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on a disk of 64 KiB; without the right to mount one, no tensors can be written anywhere."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(disk)]
    if os.geteuid() == 0 and subprocess.run(mounting, check=False, capture_output=True).returncode == 0:
        yield disk
        subprocess.run(["umount", str(disk)], check=True)
        return

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    yield disk


def test_the_full_disk_of_the_cache_is_known_after_a_stage_has_removed_its_files(
    small_disk: Path, tmp_path: Path
) -> None:
    def save(context: StageContext) -> None:
        write_tensors(context.out / "weights.safetensors", {"a": torch.zeros(100_000)})

    stages = [Stage("pretrain", {}, save)]
    error = raised(lambda: run_stages(stages, small_disk, torch.device("cpu"), SILENT))
    assert is_disk_full(error, tmp_path / "trial")
    assert list(small_disk.iterdir()) == []


def test_a_trial_whose_function_is_not_there_says_so_without_a_line_of_ours(tmp_path: Path) -> None:
    outcome = do_trial(Trial("a", tmp_path, "no_such_module:do"))
    assert outcome.error == "ModuleNotFoundError: No module named 'no_such_module'"
