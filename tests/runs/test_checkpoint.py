"""Checkpoints: whole or absent, and no more of them than one."""

from __future__ import annotations

import errno
import resource
import signal
from pathlib import Path

import pytest
import torch

from nasframe.errors import RunError
from nasframe.runs import Checkpoint, load_checkpoint, save_checkpoint


def checkpoint(value: float) -> Checkpoint:
    return Checkpoint({"x": torch.tensor([value])}, {"epoch": int(value)})


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_tensors_that_share_memory_are_saved(tmp_path: Path) -> None:
    layer = torch.nn.Linear(3, 3)
    tied = torch.nn.Sequential(layer, layer)
    whole = torch.arange(6.0)
    tensors = {**tied.state_dict(), "left": whole[:4], "right": whole[2:], "turned": whole.view(2, 3).T}
    save_checkpoint(tmp_path, "search", Checkpoint(tensors, {}), 1)
    found = load_checkpoint(tmp_path, "search")
    assert found is not None
    assert found.tensors.keys() == tensors.keys()
    for name, value in tensors.items():
        torch.testing.assert_close(found.tensors[name], value, rtol=0, atol=0)
    tied.load_state_dict({name: value for name, value in found.tensors.items() if name[0] in "01"})


def test_a_new_checkpoint_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    for epoch in (1, 2):
        save_checkpoint(tmp_path, "search", checkpoint(epoch), epoch)
    assert names(tmp_path) == ["search-00002.safetensors", "search.json"]


def test_old_tensors_that_a_kill_left_are_removed_on_the_next_load(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, "search", checkpoint(2), 2)
    for name in ("search-00001.safetensors", "search-00003.safetensors", "train-00001.safetensors"):
        (tmp_path / name).write_bytes(b"")
    found = load_checkpoint(tmp_path, "search")
    assert found is not None
    assert found.values["epoch"] == 2
    # A newer one may belong to a save that goes on in another process.
    assert names(tmp_path) == [
        "search-00002.safetensors",
        "search-00003.safetensors",
        "search.json",
        "train-00001.safetensors",
    ]


def test_a_checkpoint_that_is_not_there_is_none_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    assert load_checkpoint(tmp_path, "search") is None
    save_checkpoint(tmp_path, "search", checkpoint(1), 1)
    (tmp_path / "search-00001.safetensors").write_bytes(b"cut short")
    with pytest.raises(RunError, match=r"search\.json: the checkpoint is damaged"):
        load_checkpoint(tmp_path, "search")


def test_a_checkpoint_that_cannot_be_written_raises_the_systems_error(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    usual = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError) as found:  # noqa: PT011 - its number is what counts
            save_checkpoint(tmp_path, "search", Checkpoint({"a": torch.ones(1000)}, {}), 1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, usual)
    assert found.value.errno == errno.EFBIG
    assert list(tmp_path.iterdir()) == []
