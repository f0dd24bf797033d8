"""Files that the task `tensors` refuses, each in words, with the place and the near name."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from nasframe import Experiment
from nasframe.cli import main
from nasframe.errors import ConfigurationError, DataError
from nasframe.runtime import SILENT
from nasframe.tasks import run_stages
from nasframe.tasks.data_files.npz_arrays import NpzFile

HEADER = "a1,a2,b1,y,split,who"
ROWS = [f"{row}.5,{row % 5},{row % 7},{'no' if row % 2 else 'yes'},train,p{row}" for row in range(40)]


def prepared(path: Path, **options: Any) -> None:
    values = {"task": {"name": "tensors", "target": "y", **options}, "space": {"name": "bimodal"}}
    stages = Experiment.parse(values).task.stages(path, 0)
    run_stages(stages, path.parent / "cache", torch.device("cpu"), SILENT)


def table(path: Path, change: Callable[[list[str]], list[str]]) -> Path:
    path.write_text("\n".join(change([HEADER, *ROWS])) + "\n", encoding="utf-8")
    return path


def line(number: int, old: str, new: str) -> Callable[[list[str]], list[str]]:
    """Change a line, counted from 1."""

    def change(lines: list[str]) -> list[str]:
        assert old in lines[number - 1]
        return [*lines[: number - 1], lines[number - 1].replace(old, new, 1), *lines[number:]]

    return change


def unchanged(lines: list[str]) -> list[str]:
    return lines


IN = ["a1", "a2"]


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        (line(7, "5.5,", ","), {}, "my.csv: line 7, column 'a1': is empty; fill the gap"),
        (line(7, "5.5,", "five,"), {}, "line 7, column 'a1': expected a finite number, found 'five'"),
        (line(7, "5.5,", "nan,"), {}, "line 7, column 'a1': expected a finite number, found 'nan'"),
        (line(7, "5.5,", "-inf,"), {}, "line 7, column 'a1': expected a finite number, found '-inf'"),
        (line(7, "5.5,", "1e999,"), {}, "line 7, column 'a1': expected a finite number, found '1e999'"),
        (line(7, "5.5,", "1_000,"), {}, "line 7, column 'a1': expected a finite number, found '1_000'"),
        (line(7, "5.5,", '"5,5",'), {}, "found '5,5'; with a decimal comma, separate the fields by ';'"),
        (line(7, "5.5,", "5.5,6,"), {}, "line 7: expected 6 fields, as in the header, found 7"),
        (line(7, "no", ""), {}, "line 7, column 'y': is empty"),
        (line(1, "a2", "a1"), {}, "line 1: the columns 1 and 2 are both called 'a1'"),
        (lambda found: [*found[:9], HEADER, *found[9:]], {}, "line 10: holds the header once more"),
        (
            lambda found: [HEADER, "m,m,m,text,text,text", *found[1:]],
            {},
            "line 2, column 'a1': expected a finite number, found 'm', or a second header",
        ),
        (
            lambda found: ["1,2,3,4,5,6", *found[1:]],
            {},
            "line 1: holds numbers; expected the names of the columns",
        ),
        (lambda found: [*found[:5], ",,,,,", *found[5:]], {}, "line 6: is empty; leave the row out"),
        (lambda found: found[:1], {}, "holds no row below its header"),
        (lambda found: [], {}, "is empty; expected a header and rows"),
        (lambda found: found[:7], {}, "at least 8 examples, found 6"),
        (unchanged, {"inputs": ["a1", "a3"]}, "inputs: 'a3' is none of the columns; did you mean"),
        (unchanged, {"inputs": {"l": "c*"}}, "inputs.l: the pattern 'c*' matches none of the columns"),
        (unchanged, {"inputs": ["a1", "y"]}, "inputs.y: 'y' is the target"),
        (unchanged, {"inputs": ["a1", "a1"]}, "inputs: 'a1' is chosen twice"),
        (unchanged, {"inputs": {"l": "a1", "r": "a*"}}, "inputs: 'a1' is in 'l' and in 'r'"),
        (unchanged, {"target": "Y"}, "target: 'Y' is none of the columns; did you mean 'y'"),
        (unchanged, {"split": "splt"}, "split: 'splt' is none of the columns; did you mean 'split'"),
        (unchanged, {"group": "y"}, "group: 'y' is used twice"),
        (
            unchanged,
            {"kind": "number"},
            "line 2, column 'y': expected a finite number, found 'yes'; the column holds texts; kind = "
            '"number" learns numbers: leave it out to learn classes',
        ),
        (
            unchanged,
            {"target": ["y", "b1"]},
            "found 'yes'; the column holds texts; several labels at once are columns of 0 and 1",
        ),
        (
            unchanged,
            {"inputs": ["a1", "who"]},
            "found 'p0'; the column holds texts; say by task.inputs which columns are inputs",
        ),
        (
            unchanged,
            {"target": "a1", "inputs": ["a2", "who", "y"]},
            "found 'p0'; the columns 'who', 'y' hold texts; say by task.inputs which columns are inputs",
        ),
        (
            line(2, "0.5,", "'m',"),
            {"kind": "number", "target": "b1", "inputs": "a*"},
            "line 2, column 'a1': expected a finite number, found \"'m'\", or a second header",
        ),
        (line(7, "train", "vali"), {"split": "split"}, "line 7 holds 'vali'; did you mean 'validation'?"),
        (line(7, "train", "x"), {"split": "split"}, "valid: arch, architecture, dev, test, testing, train, "),
        (unchanged, {"target": "who"}, "40 classes for 40 examples"),
        (
            lambda found: [row.replace("yes", "no") for row in found],
            {},
            "target y: every example has the label no",
        ),
        (line(7, "no,", "maybe,"), {}, "no example of the class 'maybe' in the split"),
        (line(7, "train", "tran"), {"split": "split"}, "split: line 7 holds 'tran'; did you mean 'train'?"),
        (
            lambda found: [row.replace("train", "weights") for row in found],
            {"split": "split"},
            "split: no row of architecture and validation and test",
        ),
        (
            line(7, "train", "weights"),
            {"split": "split"},
            "holds train, which is divided into weights and architecture, and also weights",
        ),
        (
            lambda found: [found[0], *(row.replace(",train,", ",test,") for row in found[1:5]), *found[5:]],
            {"split": "split", "target": "b1", "kind": "classes"},
            "no example of the class '4' in the split test",
        ),
        (
            lambda found: [found[0], found[1].replace("train,p0", "test,p1"), *found[2:]],
            {"split": "split", "group": "who"},
            "group: 'p1' is in two splits: line 2 in test, line 3 in train",
        ),
    ],
)
def test_a_table_is_refused_in_words(
    tmp_path: Path, change: Callable[[list[str]], list[str]], options: dict[str, Any], words: str
) -> None:
    path = table(tmp_path / "my.csv", change)
    with pytest.raises(DataError, match=re.escape(words)) as error:
        prepared(path, **{"inputs": IN, **options})
    assert str(error.value).startswith(str(path))


def test_numbers_with_two_kinds_of_decimal_mark_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "my.csv"
    path.write_text("a;y\n" + "".join(f"{row},5;{row % 2}\n" for row in range(20)) + "1.234;0\n")
    with pytest.raises(
        DataError, match="line 22, column 'a': '1.234' has a decimal '.', and other numbers a ','"
    ):
        prepared(path)


def test_a_text_among_numbers_to_predict_is_refused_and_a_mark_of_a_missing_one(tmp_path: Path) -> None:
    path = tmp_path / "my.csv"
    for word, hint in (
        ("much", '; for classes, say kind = "classes"'),
        ("NA", ", which looks like a gap; fill"),
    ):
        path.write_text("a,y\n" + "".join(f"{row},{row / 7}\n" for row in range(20)) + f"1,{word}\n")
        words = f"line 22, column 'y': expected a number as in other rows, found '{word}'{hint}"
        with pytest.raises(DataError, match=re.escape(words)):
            prepared(path)


GOOD = {"left": np.random.default_rng(0).normal(size=(20, 3)), "y": np.arange(20) % 2}


@pytest.mark.parametrize(
    ("arrays", "options", "words"),
    [
        ({"right": np.zeros((19, 2))}, {}, "the arrays have different lengths: left 20, right 19, y 20"),
        (
            {"right": np.full((20, 2), np.nan)},
            {},
            "input 'right': NaN or infinity in rows 0, 1, 2 and 17 more",
        ),
        (
            {"right": np.full((20, 2), np.inf)},
            {"standardise": False},
            "input 'right': NaN or infinity in rows 0",
        ),
        ({"right": np.array(["a"] * 20)}, {}, "input 'right': expected numbers, found texts"),
        (
            {"right": np.array(3.0)},
            {},
            "input 'right': expected a row for each example, found a single number",
        ),
        ({"y": np.array(3.0)}, {}, "y: is a single value"),
        ({}, {"inputs": ["left", "rigth"]}, "inputs: 'rigth' is none of the arrays"),
        (
            {"right": np.zeros((20, 2))},
            {"inputs": {"l": ["left", "right"]}},
            "is made of 2 arrays (left, right)",
        ),
        ({}, {"inputs": ["y"]}, "inputs.y: 'y' is the target"),
        ({"y": np.zeros(20)}, {}, "every example has the label 0"),
        (
            {"y": np.zeros((20, 2)), "z": np.ones((20, 2))},
            {"target": ["y", "z"]},
            "target 'y': expected a label for each example, (examples,), found the shape (20, 2)",
        ),
        (
            {"z": np.array(["a", "b"] * 10)},
            {"target": ["y", "z"]},
            "target 'z': expected numbers, found texts",
        ),
        ({"z": np.full(20, "2020", "M8[Y]")}, {"target": ["y", "z"]}, "'z': expected numbers, found dates"),
        ({"z": np.arange(20)}, {"target": ["y", "z"]}, "expected 0 or 1, found 2 in rows 2, 3, 4 and 15"),
        ({"left": np.zeros((0, 3)), "y": np.zeros(0)}, {}, "the arrays hold no example"),
        (
            {"left": np.zeros((0, 3)), "y": np.zeros(0)},
            {"standardise": False},
            "the arrays hold no example",
        ),
        ({"y": np.linspace(0, 1, 20), "left": np.zeros((20, 3), complex)}, {}, "complex numbers"),
    ],
)
def test_arrays_are_refused_in_words(
    tmp_path: Path, arrays: dict[str, Any], options: dict[str, Any], words: str
) -> None:
    path = tmp_path / "my.npz"
    np.savez(path, **{**GOOD, **arrays})
    with pytest.raises(DataError, match=re.escape(words)) as error:
        prepared(path, **options)
    assert str(error.value).startswith(str(path))


class Bomb:
    """Says that it was unpickled."""

    unpickled = False

    def __reduce__(self) -> Any:
        return setattr, (Bomb, "unpickled", True)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_pickled_objects_are_refused_and_never_loaded(tmp_path: Path, save: Any) -> None:
    path = tmp_path / "my.npz"
    save(path, **GOOD, right=np.array([Bomb()] * 20, dtype=object))
    with pytest.raises(DataError, match="right: holds pickled Python objects, which are never loaded"):
        prepared(path)
    assert not Bomb.unpickled


def test_an_array_that_is_refused_names_its_file_once(tmp_path: Path) -> None:
    np.savez(tmp_path / "my.npz", right=np.array([{}] * 9), y=np.arange(9))
    with pytest.raises(DataError) as caught:
        prepared(tmp_path / "my.npz")
    assert str(caught.value).startswith(f"{tmp_path / 'my.npz'}: right: holds pickled Python objects")


def test_a_table_that_is_not_utf_8_says_where_and_what_to_do(tmp_path: Path) -> None:
    text = "\n".join([HEADER, *ROWS]).replace("3.5,", "Größe,", 1)
    words = r"line 5, character 3: byte \d+ is not UTF-8; save the file as UTF-8"
    for mark in (b"", b"\xef\xbb\xbf"):
        (tmp_path / "my.csv").write_bytes(mark + text.encode("latin-1"))
        with pytest.raises(DataError, match=words):
            prepared(tmp_path / "my.csv")


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "my.npz"
    np.savez(path, **GOOD)
    content = path.read_bytes()
    for damaged in (content[:200], b"no archive", content.replace(b"(20, 3)", b"(99, 3)")):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=r"my\.npz: .*cannot be read"):
            prepared(path)
    safe = tmp_path / "my.safetensors"
    safe.write_bytes(b"nothing")
    with pytest.raises(DataError, match="cannot be read as safetensors"):
        prepared(safe)


@pytest.mark.parametrize(
    "compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_a_damaged_array_is_refused_however_it_is_packed(tmp_path: Path, compression: int) -> None:
    path = tmp_path / "my.npz"
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, value in GOOD.items():
            content = io.BytesIO()
            np.save(content, value)
            archive.writestr(f"{name}.npy", content.getvalue())
    prepared(path)
    content = bytearray(path.read_bytes())
    refused: set[bool] = set()
    for place in range(30, 500):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        path.write_bytes(damaged)
        try:  # a number of an array that is not compressed may be another, and no worse
            found = NpzFile.of_file(path)
            for name in found.names:
                found.read(name)
        except DataError as error:
            refused.add(str(error).startswith(str(path)))
    assert refused == {True}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("my.xlsx", "is a workbook; save the sheet as CSV"),
        ("my.pkl", "is a pickle, which is never loaded"),
        ("my.npy", "is a single array"),
        ("my.bin", "has another format; expected a file that ends in .csv"),
    ],
)
def test_files_of_another_kind_are_refused(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / name).write_bytes(b"PK\x03\x04")
    with pytest.raises(DataError, match=re.escape(words)):
        prepared(tmp_path / name)


def test_what_is_no_text_is_refused_as_a_table(tmp_path: Path) -> None:
    path = tmp_path / "my.csv"
    path.write_bytes(b"a,y\n\xff\xfe1,2\n")
    with pytest.raises(DataError, match="byte 4 is not UTF-8"):
        prepared(path)
    path.write_bytes(b"a\0,y\n1,2\n")
    with pytest.raises(DataError, match="holds a NUL"):
        prepared(path)
    with pytest.raises(DataError, match="no such file"):
        prepared(tmp_path / "gone.csv")


def test_a_table_whose_only_column_has_too_long_a_name_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "my.csv"
    path.write_text("a" * 140_000 + "\n1\n")
    with pytest.raises(DataError, match="line 1: cannot be read as CSV: field larger than field limit"):
        prepared(path)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float8_e5m2, torch.complex64])
def test_a_split_or_group_of_numbers_that_are_not_whole_is_refused(
    tmp_path: Path, dtype: torch.dtype
) -> None:
    path = tmp_path / "my.safetensors"
    arrays = {name: torch.from_numpy(value) for name, value in GOOD.items()}
    save_file({**arrays, "s": torch.zeros(20).to(dtype)}, path)
    for option in ("split", "group"):
        words = f"s: expected a text or a whole number .* of {str(dtype).removeprefix('torch.')}"
        with pytest.raises(DataError, match=words):
            prepared(path, **{option: "s"})


def test_a_table_beyond_the_bound_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "my.csv"
    with path.open("wb") as file:
        file.truncate(300 * 2**20)
    with pytest.raises(DataError, match="has 315 MB; expected 268 MB or less"):
        prepared(path)


def test_options_are_refused_with_their_keys(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = {"task": {"name": "tensors", "inputs": 3, "kind": "clases", "fractions": [1, 0, 0, 0]}}
    with pytest.raises(ConfigurationError) as error:
        Experiment.parse({**values, "space": {"name": "bimodal"}})
    for words in (
        "task.target: is missing",
        "task.inputs: expected a name or a list of names, found 3",
        "task.kind: 'clases' is none of classes, labels, number; did you mean 'classes' or 'labels'?",
        "task.fractions: must be four numbers above 0, found [1.0, 0.0, 0.0, 0.0]",
    ):
        assert words in str(error.value)
    (home / "mine.toml").write_text('[task]\nname = "tensors"\ntarget = "y"\n[space]\nname = "bimodal"\n')
    assert main(["search", "mine.toml", "--out", "run"]) == 2
    assert 'say file = "my.csv" in [task], or --data FILE' in capsys.readouterr().err
