"""Files that are whole or absent."""

from __future__ import annotations

import errno
import json
import os
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from nasframe.runtime import (
    append_bytes,
    fingerprint,
    format_names,
    replacing,
    without_nan,
    write_json,
    write_tensors,
    write_text,
)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_text(path, "old")

    def interrupted() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_written_file_has_the_mode_a_plain_open_would_give(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    write_text(tmp_path / "whole", "")
    assert (tmp_path / "whole").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_text_has_the_same_bytes_on_every_system(tmp_path: Path) -> None:
    write_text(tmp_path / "lines.csv", "a,ü\r\nb\n")
    assert (tmp_path / "lines.csv").read_bytes() == b"a,\xc3\xbc\r\nb\n"


def test_json_keeps_lists_of_numbers_on_one_line(tmp_path: Path) -> None:
    value = {
        "shape": [8, 128],
        "names": ["a", "b"],
        "text": "[\n1,\n2]",
        "float": [1e-9, -2.5],
        "none": [None, 1],
        "empty": [],
    }
    write_json(tmp_path / "file.json", value)
    content = (tmp_path / "file.json").read_text()
    assert json.loads(content) == value
    assert '"shape": [8, 128],\n' in content


def test_json_with_nulls_among_numbers_is_written_at_once(tmp_path: Path) -> None:
    value = {"best_rank": [0.123456789012, 0.123456789, None], "long": [0.123456789012] * 20_000 + [None]}
    started = time.monotonic()
    write_json(tmp_path / "file.json", value)
    assert time.monotonic() - started < 5
    assert json.loads((tmp_path / "file.json").read_text()) == value


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_json_is_strict(value: float, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "file.json", {"a": [value]})
    assert list(tmp_path.iterdir()) == []
    write_json(tmp_path / "file.json", without_nan({"a": [value], "b": (1, {"c": value})}))
    assert json.loads((tmp_path / "file.json").read_text()) == {"a": [None], "b": [1, {"c": None}]}


def test_a_fingerprint_depends_on_values_and_not_on_the_order_of_keys() -> None:
    assert fingerprint({"a": 1, "b": [2, "x"]}) == fingerprint({"b": [2, "x"], "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": 2})
    assert len(fingerprint(None)) == 64


def test_a_name_that_is_no_utf8_can_be_written_read_and_told_from_others(tmp_path: Path) -> None:
    value = {"missing": [os.fsdecode(b"a\xff.mp4"), os.fsdecode(b"a\xfe.mp4"), "a\\udcff.mp4", "ä"]}
    write_json(tmp_path / "file.json", value)
    assert json.loads((tmp_path / "file.json").read_text(encoding="utf-8")) == value
    write_text(tmp_path / "file.txt", value["missing"][0])
    assert (tmp_path / "file.txt").read_text(encoding="utf-8") == "a\\udcff.mp4"
    assert len({fingerprint(name) for name in value["missing"]}) == 4


def test_tensors_are_written_as_safetensors_writes_them(tmp_path: Path) -> None:
    tensors = dict(torch.nn.BatchNorm1d(3).state_dict())
    save_file(tensors, tmp_path / "theirs")
    write_tensors(tmp_path / "ours", tensors)
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()


def test_bytes_are_added_to_a_file_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, write = tmp_path / "events", os.write
    append_bytes(path, b"one")
    append_bytes(path, b"two")
    assert path.read_bytes() == b"onetwo"

    def half(descriptor: int, content: memoryview) -> int:
        if len(content) <= 4:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, content[:4])

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(OSError, match="events") as found:
        append_bytes(path, b"eight by")
    assert found.value.errno == errno.ENOSPC
    assert path.read_bytes() == b"onetwo"


def test_many_names_are_the_first_ones_and_a_number() -> None:
    names = ["a", "b", "c", "d", "e"]
    assert format_names(names[:3]) == "a, b, c"
    assert format_names(names) == "a, b, c and 2 more"
    assert format_names(names, most=1) == "a and 4 more"
    assert format_names(names, most=2, between=" and ") == "a and b and 3 more"
    assert format_names(names[:3], count=10) == "a, b, c and 7 more"
