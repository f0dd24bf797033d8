"""Reading of files that a stranger may have written."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path
from typing import Any

import pytest
import torch

from nasframe.errors import ArchitectureError, DataError, RunError
from nasframe.runtime import (
    Each,
    Fields,
    Flag,
    Items,
    Nullable,
    Number,
    Text,
    check_shape,
    damage_in_words,
    path_inside,
    read_csv,
    read_json,
    read_json_lines,
    read_tensors,
    read_text,
    write_tensors,
)

EPOCH = Fields({"epoch": Number(1, 100, whole=True)}, {"loss": Each(Nullable(Number()))})


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(RunError, match="pipe: is a pipe; expected a regular file"):
        read_json(tmp_path / "pipe")
    with pytest.raises(RunError, match="is a pipe"):
        read_tensors(tmp_path / "pipe")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/dev/zero", "is a device; expected a regular file"),
        (".", "is a folder; expected a regular file"),
        ("nowhere", "cannot be read: no such file"),
        ("a\0b", "cannot be read: embedded null byte"),
    ],
)
def test_what_is_no_file_is_refused_by_its_kind(path: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        read_text(tmp_path / path)


def test_a_file_of_more_bytes_than_its_kind_may_have_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "large.json").open("wb") as file:
        file.truncate(300 * 10**6)  # with a hole: it takes no space
    with pytest.raises(RunError, match=r"large\.json: has 300 MB; expected 34 MB or less"):
        read_json(tmp_path / "large.json")


def test_the_error_is_of_the_class_that_the_caller_names(tmp_path: Path) -> None:
    with pytest.raises(ArchitectureError):
        read_json(tmp_path / "none.json", error=ArchitectureError)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot be read as JSON: "),
        ('{"epoch": NaN}', "cannot be read as JSON: JSON has no NaN"),
        ('{"epoch": 1, "epoch": 2}', "cannot be read as JSON: the key 'epoch' is there twice"),
        ('{"seconds": 1e400}', "seconds: is a number that is too large"),
        (f'{{"seconds": {"9" * 400}}}', "seconds: is a number that is too large"),
        (f'{{"seconds": {"9" * 10_000}}}', "cannot be read as JSON: Exceeds the limit"),
        ('{"a": {"b": ["\\ud800"]}}', r"a\.b\.0: holds half a character of UTF-16"),
        (f"{'[' * 65}{']' * 65}", "has more than 64 levels of lists and objects"),
        (f"{'[' * 100_000}", "has more than 64 levels of lists and objects"),
    ],
)
def test_a_document_that_only_looks_like_json_is_refused_with_the_place(
    text: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(RunError, match=f"a.json: .*{message}"):
        read_json(tmp_path / "a.json")


def test_a_file_name_that_is_not_utf8_is_read_back_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('["\\udcff"]')
    assert read_json(tmp_path / "a.json") == ["\udcff"]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "expected an object, found a list of 0"),
        ({}, "lacks the key 'epoch'"),
        ({"epoch": "3"}, "epoch: expected a whole number, found '3'"),
        ({"epoch": True}, "epoch: expected a whole number, found true"),
        ({"epoch": 1.0}, r"epoch: expected a whole number, found 1\.0"),
        ({"epoch": 0}, "epoch: expected a number from 1 to 100, found 0"),
        ({"epoch": 1, "loss": {"a": {}}}, r"loss\.a: expected a number, found an object of 0"),
    ],
)
def test_another_shape_is_refused_with_the_key_and_what_was_expected(value: Any, message: str) -> None:
    with pytest.raises(RunError, match=f"^x: {message}$"):
        check_shape(value, EPOCH, "x")


def test_a_document_of_the_shape_passes_with_keys_that_are_not_named() -> None:
    check_shape({"epoch": 3, "loss": {"a": None, "b": 0.5}, "more": [1]}, EPOCH, "x")
    check_shape([[True]], Items(Items(Flag(), least=1, most=1)), "x")
    with pytest.raises(RunError, match="0: expected 1 value, found 2"):
        check_shape([[True, False]], Items(Items(Flag(), least=1, most=1)), "x")
    with pytest.raises(RunError, match="unknown value 'don'; did you mean 'done'"):
        check_shape("don", Text(("done", "failed")), "x")


def test_json_lines_name_the_line_and_may_end_torn(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"epoch": 1}\n{"epoch": "\u2028"}\n', encoding="utf-8")
    with pytest.raises(RunError, match=r"a\.jsonl: line 2: epoch: expected a whole number"):
        read_json_lines(path, EPOCH)
    path.write_text('{"epoch": 1}\n{"epo')
    assert read_json_lines(path, EPOCH, torn=True) == [{"epoch": 1}]
    with pytest.raises(RunError, match="line 2: cannot be read as JSON"):
        read_json_lines(path, EPOCH)


@pytest.mark.parametrize(
    ("content", "message"),
    [("a,b\n\0,1\n", "line 2: holds a NUL"), ("a\n" + "x" * 200_000, "line 2: .*limit")],
)
def test_rows_of_csv_that_nobody_writes_are_refused_with_the_line(
    content: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text(content)
    with pytest.raises(DataError, match=message):
        list(read_csv(tmp_path / "a.csv"))


def test_csv_of_other_programs_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbfa,b\r\n1,2\r\n")
    assert list(read_csv(tmp_path / "a.csv")) == [(1, ["a", "b"]), (2, ["1", "2"])]


def test_tensors_fit_what_is_expected_by_name_shape_and_dtype(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    write_tensors(path, {"w": torch.ones(2, 3), "b": torch.full((2,), torch.nan)})
    expected = {"w": torch.empty(2, 3, device="meta"), "b": torch.empty(2, device="meta")}
    assert read_tensors(path, expected=expected)["w"].equal(torch.ones(2, 3))
    for other, message in (
        ({**expected, "c": torch.ones(1)}, "lacks the tensor 'c'"),
        ({"w": expected["w"]}, "holds a tensor 'b' that is not expected"),
        ({**expected, "w": torch.ones(3, 2)}, r"w: expected the shape \[3, 2\], found \[2, 3\]"),
        ({**expected, "w": torch.ones(2, 3).half()}, r"w: expected torch\.float16, found torch\.float32"),
    ):
        with pytest.raises(RunError, match=message):
            read_tensors(path, expected=other)
    with pytest.raises(RunError, match="b: holds a value that is not finite"):
        read_tensors(path, finite=True)


def _described(shape: list[int], begin: int = 0, end: int = 4, dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


@pytest.mark.parametrize(
    "header",
    [
        {"a": _described([2**62, 4], end=0)},
        {"a": _described([1]), "b": _described([1])},
        {"a": _described([1], 4, 0)},
        {"a": _described([1] * 1000)},
        {"a": _described([1], dtype="X")},
    ],
)
def test_a_hostile_header_of_tensors_ends_in_words(header: Any, tmp_path: Path) -> None:
    text, path = json.dumps(header).encode(), tmp_path / "a.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"1234")
    with pytest.raises(RunError, match=r"a\.safetensors: "):
        read_tensors(path)
    path.write_bytes(struct.pack("<Q", 2**63) + text)
    with pytest.raises(RunError, match=r"a\.safetensors: cannot be read as safetensors"):
        read_tensors(path)


@pytest.mark.parametrize(
    "name", ["../x", "/etc/passwd", "a/../../x", "", "a\0b", "C:x", "..\\x", "out", "out/x"]
)
def test_a_path_in_a_document_stays_in_its_folder(name: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "out").symlink_to(tmp_path)
    with pytest.raises(RunError, match=r"a\.json: tensors: .*expected a path inside it"):
        path_inside(tmp_path / "in", name, "a.json: tensors")
    assert path_inside(tmp_path / "in", "a/b.c", "a.json") == tmp_path / "in/a/b.c"


@pytest.mark.parametrize("name", ["x" * 300, "x/" + "[" * 300, "x/" * 3000])
def test_a_path_that_is_too_long_for_the_disk_is_refused_in_words(name: str, tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    with pytest.raises(RunError, match=r"a\.json: '[x/\[]+….*: File name too long; expected a path inside"):
        path_inside(tmp_path, name, "a.json")


def test_an_error_that_values_of_a_document_raise_names_the_document() -> None:
    with pytest.raises(RunError, match=r"a\.json: is damaged: KeyError: 'x'"), damage_in_words("a.json"):
        raise KeyError("x")
    with pytest.raises(DataError, match="mine"), damage_in_words("a.json"):
        raise DataError("mine")
