"""Files that are whole or absent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nasframe.files import fingerprint, replacing, write_json, write_text


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


def test_a_fingerprint_depends_on_values_and_not_on_the_order_of_keys() -> None:
    assert fingerprint({"a": 1, "b": [2, "x"]}) == fingerprint({"b": [2, "x"], "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": 2})
    assert len(fingerprint(None)) == 64
