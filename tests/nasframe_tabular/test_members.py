"""Files out of an archive: by name, bounded, and nothing but numbers."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from nasframe.errors import DataError
from nasframe_tabular.preparation import load_arrays, read_number_table
from nasframe_tabular.wheels import read_members


def archive(*files: tuple[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files:
            made.writestr(name, data)
    return file.getvalue()


def arrays(**values: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez(file, **values)
    return file.getvalue()


def test_files_are_read_by_name_and_the_others_are_left_alone() -> None:
    content = archive(("a/one.csv", b"1"), ("../../two", b"2"), ("a/three.csv", b"3"))
    found = read_members(content, ["a/one.csv", "a/three.csv"], 10, "x.whl")
    assert found == {"a/one.csv": b"1", "a/three.csv": b"3"}


def test_a_file_that_unpacks_to_more_than_its_limit_is_refused() -> None:
    content = archive(("bomb", bytes(10_000_000)))
    assert len(content) < 20_000
    with pytest.raises(DataError, match=r"x\.whl: bomb: is larger than 1,000 bytes"):
        read_members(content, ["bomb"], 1000, "x.whl")


def test_a_file_that_states_a_false_size_is_refused() -> None:
    content = archive(("bomb", bytes(10_000_000)))
    lying = content.replace((10_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lying != content
    with pytest.raises(DataError, match=r"x\.whl: cannot be read as a zip archive"):
        read_members(lying, ["bomb"], 1000, "x.whl")


def test_a_file_that_is_not_there_or_there_twice_is_refused() -> None:
    with pytest.raises(DataError, match="expected one file b, found none"):
        read_members(archive(("a", b"")), ["b"], 10, "x.whl")
    with pytest.warns(UserWarning, match="Duplicate name"):
        content = archive(("a", b"1"), ("a", b"2"))
    with pytest.raises(DataError, match="expected one file a, found 2"):
        read_members(content, ["a"], 10, "x.whl")


# Ids of their own: an archive holds the time, and workers of pytest must collect the same names.
@pytest.mark.parametrize(
    "content", [b"", b"no archive", archive(("a", b"1" * 50))[:-30]], ids=["empty", "a text", "cut off"]
)
def test_no_archive_is_refused(content: bytes) -> None:
    with pytest.raises(DataError, match=r"x\.whl: cannot be read as a zip archive"):
        read_members(content, ["a"], 10, "x.whl")


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_file_is_refused_however_it_is_packed(compression: int) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as made:
        made.writestr("a", bytes(range(256)) * 4)
    assert read_members(file.getvalue(), ["a"], 2000, "x.whl") == {"a": bytes(range(256)) * 4}
    refused = set()
    for place in range(31, file.getvalue().index(b"PK\x01\x02")):
        damaged = bytearray(file.getvalue())
        damaged[place] ^= 0xFF
        try:  # some bits mean nothing
            read_members(bytes(damaged), ["a"], 2000, "x.whl")
        except DataError as error:
            refused.add(str(error).partition(" as ")[0])
    assert refused == {"x.whl: cannot be read"}


def test_arrays_of_numbers_become_tensors() -> None:
    found = load_arrays(arrays(x=np.ones((2, 3), "float32"), y=np.arange(2)), ["x", "y"], 1000, "d.npz")
    assert torch.equal(found["x"], torch.ones(2, 3))
    assert found["y"].tolist() == [0, 1]


class Marks:
    """An object whose pickle makes a folder when it is read."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.mkdir, (self.mark,)  # type: ignore[return-value]


def test_an_array_of_pickled_objects_is_refused_and_does_not_run(tmp_path: Path) -> None:
    content = arrays(x=np.array([Marks(tmp_path / "mark")], dtype=object))
    with pytest.raises(DataError, match=r"d\.npz: x: cannot be read as an array of numbers"):
        load_arrays(content, ["x"], 10_000, "d.npz")
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("data", [b"", b"\x93NUMPY\x01\x00v\x00{'descr'", b"abc"])
def test_no_array_is_refused(data: bytes) -> None:
    with pytest.raises(DataError, match=r"d\.npz: x: cannot be read as an array of numbers"):
        load_arrays(archive(("x.npy", data)), ["x"], 1000, "d.npz")


def test_texts_in_the_place_of_numbers_are_refused() -> None:
    with pytest.raises(DataError, match=r"d\.npz: x: cannot be read as an array of numbers"):
        load_arrays(arrays(x=np.array(["a"])), ["x"], 1000, "d.npz")


def test_a_table_gives_numbers_and_labels(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text("class,a,b\nx,1,2.5\ny,-3,1e2\n")
    values, labels = read_number_table(file, ["a", "b"], label="class")
    assert values.tolist() == [[1, 2.5], [-3, 100]]
    assert labels == ["x", "y"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("class,a,c\nx,1,2\n", "line 1: expected 3 columns, class to b, found 3; missing: b"),
        ("class,b,a\nx,1,2\n", "line 1: expected 3 columns, class to b, found 3; missing: others in"),
        ("", "line 1: expected 3 columns, class to b, found 0; missing: class"),
        ("class,a,b\nx,1\n", "line 2: expected 3 fields, found 2"),
        ("class,a,b\nx,1,2\ny,1,two\n", "line 3: expected a finite number, found 'two'"),
        ("class,a,b\nx,1,nan\n", "line 2: expected a finite number, found 'nan'"),
        ("class,a,b\nx,1,\n", "line 2: expected a finite number, found ''"),
    ],
)
def test_a_table_that_is_damaged_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "table.csv"
    file.write_text(text)
    with pytest.raises(DataError) as caught:
        read_number_table(file, ["a", "b"], label="class")
    assert message in str(caught.value)
