"""The target of a table: numbers read as all others, classes that stay apart, no gap as a class."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from nasframe import Experiment
from nasframe.errors import DataError
from nasframe.runtime import SILENT
from nasframe.tasks import run_stages
from nasframe.tasks.tensors import ClassTargets


def prepared(path: Path, **options: Any) -> Any:
    """Return the task, and the class or number of each row of the file."""
    values = {"task": {"name": "tensors", "target": "y", **options}, "space": {"name": "bimodal"}}
    task: Any = Experiment.parse(values).task
    found = run_stages(task.stages(path, 0), path.parent / "cache", torch.device("cpu"), SILENT)
    splits = task.data({name: result.folder for name, result in found.items()}).splits
    targets: dict[int, Any] = {}
    for split in (splits.weights, splits.architecture, splits.validation, splits.test()):
        values = split.targets if split.targets.ndim == 1 else split.targets[:, 0]
        for name, value in zip(split.identifiers, values.tolist(), strict=True):
            targets[int(name.split()[1])] = value
    return task, [targets[row] for row in sorted(targets)]


def table(folder: Path, targets: list[str], inputs: str = "{row}.5", separator: str = ",") -> Path:
    path = folder / "my.csv"
    lines = [f"{inputs.format(row=row)}{separator}{text}" for row, text in enumerate(targets)]
    path.write_text("\n".join([f"a{separator}y", *lines]) + "\n")
    return path


@pytest.mark.parametrize("kind", [None, "number"])
@pytest.mark.parametrize(
    ("targets", "inputs"),
    [
        ([f"1.{100 + row}" if row % 2 else f"{900 + row},5" for row in range(40)], "{row},5"),
        ([f"2.{100 + row}" for row in range(40)], "{row},5"),
        ([f"2,{100 + row}" for row in range(40)], "{row}.5"),
        ([f"1.{100 + row}" if row % 2 else f"{900 + row},5" for row in range(40)], "{row}"),
    ],
)
def test_a_target_that_is_numbers_has_the_decimal_mark_of_the_file(
    tmp_path: Path, kind: str | None, targets: list[str], inputs: str
) -> None:
    path = table(tmp_path, targets, inputs, ";")
    words = (
        r"line \d, column 'y': '[12][.,]10[01]' has a decimal '[.,]', and other numbers a '[.,]'; expected"
    )
    with pytest.raises(DataError, match=words):
        prepared(path, **({} if kind is None else {"kind": kind}))


@pytest.mark.parametrize(
    "names",
    [("007", "7", "8"), ("1e1", "10", "2e1"), ("1", "1.0", "2"), ("10000000000000000000", "1e19", "3")],
)
def test_two_texts_of_one_number_are_two_classes_or_refused_and_never_one(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    texts = [names[row % 3] for row in range(60)]
    path = table(tmp_path, texts)
    words = f"line 3, column 'y': {names[1]!r} and {names[0]!r} are one number; write it in one way"
    with pytest.raises(DataError, match=re.escape(words)) as caught:
        prepared(path)
    assert 'kind = "classes"' in str(caught.value)
    task, found = prepared(path, kind="classes")
    assert task.target_kind == ClassTargets(3, tuple(sorted(names)))
    assert [task.target_kind.names[number] for number in found] == texts


@pytest.mark.parametrize("kind", [None, "classes"])
@pytest.mark.parametrize(
    ("texts", "names"),
    [
        (("0", "1"), None),
        (("0.0", "1.0"), None),
        (("9", "10"), ("9", "10")),
        (("08", "09"), ("8", "9")),
        (("-1", "1"), ("-1", "1")),
        (("1", "5+"), ("1", "5+")),
    ],
)
def test_classes_that_are_written_in_one_way_are_those_of_their_numbers(
    tmp_path: Path, kind: str | None, texts: tuple[str, ...], names: tuple[str, ...] | None
) -> None:
    path = table(tmp_path, [texts[row % 2] for row in range(40)])
    task, found = prepared(path, **({} if kind is None else {"kind": kind}))
    assert task.target_kind == ClassTargets(2, names)
    assert found == [row % 2 for row in range(40)]


def test_numbers_to_predict_may_be_written_in_several_ways(tmp_path: Path) -> None:
    texts = [("1.5", "1.50", "2", "2.0", "7.25")[row % 5] for row in range(40)]
    _, found = prepared(table(tmp_path, texts))
    assert found[0] == found[1] < found[2] == found[3] < found[4]


GAPS = "n.a.|N/A|#N/A|missing|Unknown|NULL|-|?|--|nan|None|<NA>|k. A.|#DIV/0!|#NAME?|.|not available|inf|-Inf"


@pytest.mark.parametrize("kind", [None, "classes"])
@pytest.mark.parametrize("gap", GAPS.split("|"))
def test_a_target_of_numbers_with_gaps_has_gaps_and_no_class_more(
    tmp_path: Path, gap: str, kind: str | None
) -> None:
    options = {} if kind is None else {"kind": kind}
    for every in (2, 20):
        texts = [gap if row % every == 1 else str(20 + row % 25) for row in range(300)]
        words = (
            f"line 3, column 'y': expected a number as in other rows, found {gap!r}, which looks like a gap"
        )
        with pytest.raises(DataError, match=re.escape(words)):
            prepared(table(tmp_path, texts), **options)
    np.savez(tmp_path / "my.npz", a=np.arange(300), y=np.array(texts))
    with pytest.raises(DataError, match=re.escape("my.npz: y: row 1: expected a number as in other rows")):
        prepared(tmp_path / "my.npz", **options)


@pytest.mark.parametrize(
    "numbers", [[str(row % 3) for row in range(300)], [str(row % 25) for row in range(300)]]
)
def test_a_few_texts_among_whole_numbers_are_refused_unless_classes_are_meant(
    tmp_path: Path, numbers: list[str]
) -> None:
    texts = ["many" if row % 15 == 14 else text for row, text in enumerate(numbers)]
    words = "line 16, column 'y': expected a number as in other rows, found 'many'; for classes, say kind ="
    with pytest.raises(DataError, match=words):
        prepared(table(tmp_path, texts))
    task, _ = prepared(table(tmp_path, texts), kind="classes")
    assert "many" in task.target_kind.names
    task, _ = prepared(table(tmp_path, ["cat", "dog", "unknown"] * 20))
    assert task.target_kind.names == ("cat", "dog", "unknown")


def test_a_quote_that_is_left_open_is_told_with_its_line(tmp_path: Path) -> None:
    lines = ["a,b,y", *(f"{row},{row % 5},{'no' if row % 2 else 'yes'}" for row in range(60))]
    path = tmp_path / "my.csv"
    for old, new in (("5,0,", '"5,0,'), ("5,0,no", '5,0,"no'), ("5,0,", '5,"0,')):
        text = "\n".join([*lines[:6], lines[6].replace(old, new), *lines[7:]])
        for end in ("", "\n"):
            path.write_text(text + end)
            with pytest.raises(DataError, match=r"my\.csv: line 7: a quote is opened in this row and never"):
                prepared(path)
        path.write_text(text.replace("30,0,yes", '30,0,"yes"'))
        with pytest.raises(DataError, match=r"my\.csv: line 7.* is a quote left open\?"):
            prepared(path)


def test_a_header_of_nothing_is_told_as_empty(tmp_path: Path) -> None:
    for first in ("  ", ",,"):
        (tmp_path / "my.csv").write_text(f"{first}\na,b,y\n1,2,3\n")
        with pytest.raises(DataError, match="line 1: is empty; expected the names of the columns"):
            prepared(tmp_path / "my.csv")


@pytest.mark.parametrize("as_array", [False, True])
def test_a_column_of_folds_is_not_taken_for_splits(tmp_path: Path, as_array: bool) -> None:
    numbers = np.arange(80)
    if as_array:
        path = tmp_path / "my.npz"
        np.savez(path, a=numbers, y=numbers // 4 % 2, s=numbers % 4)
    else:
        path = tmp_path / "my.csv"
        path.write_text("a,y,s\n" + "".join(f"{row},{row // 4 % 2},{row % 4}\n" for row in numbers))
    words = "holds the number '0', and numbers, such as those of folds, are no splits; write weights, arch"
    with pytest.raises(DataError, match=words):
        prepared(path, split="s")


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("1", "1.0", "are one number"),
        ("007", "7", "are one number"),
        ("10000000000000000001.0", "10000000000000000001", "are one number"),
        ("pump a", "Pump a", "differ in blanks or capitals alone"),
        ("pump a", "pump  a", "differ in blanks or capitals alone"),
    ],
)
def test_two_spellings_of_a_group_are_refused(tmp_path: Path, one: str, other: str, why: str) -> None:
    names = [one, other, *(f"x{number}" for number in range(8))]
    path = tmp_path / "my.csv"
    rows = "".join(
        f"{row},{row // 10 % 2},{names[row % 10]},{['train', 'val', 'test'][row % 3]}\n" for row in range(80)
    )
    path.write_text(f"a,y,g,s\n{rows}")
    for options in ({}, {"split": "s"}):
        with pytest.raises(
            DataError, match=re.escape(f"group: {other!r} (line 3) and {one!r} (line 2) {why}")
        ):
            prepared(path, group="g", inputs="a", **options)


def test_groups_and_classes_of_long_numbers_stay_apart(tmp_path: Path) -> None:
    path = tmp_path / "my.csv"
    path.write_text(
        "a,y,g\n" + "".join(f"{row},{10**18 + row % 2},{10**18 + row // 2}\n" for row in range(80))
    )
    task, _ = prepared(path, group="g", kind="classes")
    assert task.target_kind.names == (f"{10**18}", f"{10**18 + 1}")
    with pytest.raises(DataError, match=f"'{10**18 + 1}' and '{10**18}' are one number in floating point"):
        prepared(path, group="g")
