from __future__ import annotations

from pathlib import Path

import pytest
import torch

import nasframe
from nasframe.runtime import MACHINE, check_shape, cores, machine, machine_record, one_thread


def test_the_record_names_the_machine_and_the_versions() -> None:
    found = machine_record()
    check_shape(found, MACHINE, "here")
    assert found["cores"] == cores()
    assert found["torch"] == torch.__version__
    assert found["nasframe"] == nasframe.__version__
    assert found["processor"]
    assert found["memory"] > 1 << 28


def test_the_threads_are_those_of_torch_at_that_moment() -> None:
    with one_thread():
        assert machine_record()["threads"] == 1


def test_the_same_machine_has_the_same_record() -> None:
    assert machine_record() == machine_record()


def test_gpus_are_named_by_the_driver_where_torch_uses_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for bus, name in (("0000:01:00.0", "NVIDIA A"), ("0000:02:00.0", "NVIDIA B")):
        (tmp_path / bus).mkdir()
        (tmp_path / bus / "information").write_text(f"Model: \t\t {name}\nIRQ: 1\n", encoding="utf-8")
    monkeypatch.setattr(machine, "_NVIDIA", tmp_path)
    monkeypatch.setattr("torch.cuda.is_initialized", lambda: False)
    assert machine_record()["gpus"] == ["NVIDIA A", "NVIDIA B"]


def test_a_system_that_tells_nothing_leaves_values_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("_CPUINFO", "_MEMINFO", "_NVIDIA"):
        monkeypatch.setattr(machine, name, tmp_path / "nothing")
    monkeypatch.setattr("platform.processor", lambda: "")
    monkeypatch.setattr("platform.machine", lambda: "")
    machine._hardware.cache_clear()
    try:
        found = machine_record()
    finally:
        machine._hardware.cache_clear()
    assert found["processor"] is None
    assert found["gpus"] == []
    check_shape(found, MACHINE, "here")
