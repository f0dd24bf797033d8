"""The parts of a file are guessed from its head; what cannot be told is asked for in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from nasframe.errors import ConfigurationError, DataError
from nasframe.tasks.data_files.guessed_parts import GuessedParts, guess_parts


def guessed(folder: Path, text: str, **given: object) -> GuessedParts:
    (folder / "table.csv").write_text(text, encoding="utf-8")
    return guess_parts(folder / "table.csv", given)


def rows(header: str, *columns: str, count: int = 24) -> str:
    """A table; in a column `N` stands for the number of the row, and `A|B` for texts in turn."""
    lines = [header]
    for row in range(count):
        found = [column.split("|")[row % len(column.split("|"))] for column in columns]
        lines.append(",".join(item.replace("N", str(row)).replace("G", str(row // 4)) for item in found))
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("header", "columns", "target", "why"),
    [
        ("label,a,b", ("x|y", "N.5", "N"), "label", "by its name"),
        ("a,kind,b", ("N.5", "x|y", "N.5"), "kind", "the only column of texts that repeat"),
        ("a,b,c", ("N.5", "N.5", "N.25"), "c", "the last column"),
        ("a,b,Class", ("x|y", "N.5", "N.25"), "Class", "by its name"),
        ("a,b", ("N.5", "1"), "a", "the only column that can be one"),
    ],
)
def test_a_target_is_told_by_its_name_its_texts_or_its_place(
    header: str, columns: tuple[str, ...], target: str, why: str, tmp_path: Path
) -> None:
    found = guessed(tmp_path, rows(header, *columns))
    assert found.target == (target,)
    assert f"guessed: {why}" in found.notes["target"]


def test_a_target_that_cannot_be_told_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot tell which of the columns is the target; say it, as task.t"):
        guessed(tmp_path, rows("a,b,c", "left N", "right N", "text N"))


def test_columns_whose_names_begin_alike_are_a_view(tmp_path: Path) -> None:
    found = guessed(tmp_path, rows("sepal length,sepal width,petal.a,petal.b,heat,y", *["N.5"] * 5, "u|v"))
    assert {name: parts.names for name, parts in found.inputs.items()} == {
        "sepal": ("sepal length", "sepal width"),
        "petal": ("petal.a", "petal.b"),
        "rest": ("heat",),
    }
    assert found.fusable


def test_columns_whose_names_tell_no_views_are_two_halves(tmp_path: Path) -> None:
    found = guessed(tmp_path, rows("alcohol,ash,hue,y", "N.5", "N.5", "N.5", "u|v"))
    assert {name: parts.names for name, parts in found.inputs.items()} == {
        "left": ("alcohol", "ash"),
        "right": ("hue",),
    }
    assert "two views of 2 and 1 columns of numbers" in found.notes["inputs"]
    assert (found.fusable, found.columns) == (True, 3)


def test_the_only_column_is_one_input(tmp_path: Path) -> None:
    found = guessed(tmp_path, rows("alcohol,y", "N.5", "u|v"))
    assert {name: parts.names for name, parts in found.inputs.items()} == {"x": ("alcohol",)}
    assert (found.fusable, found.columns) == (False, 1)


def test_many_columns_of_a_view_are_a_pattern(tmp_path: Path) -> None:
    names = [f"left_{number}" for number in range(20)] + [f"right_{number}" for number in range(20)]
    found = guessed(tmp_path, rows(",".join([*names, "y"]), *["N.5"] * 40, "u|v"))
    assert {name: parts.to_plain() for name, parts in found.inputs.items()} == {
        "left": "left*",
        "right": "right*",
    }


def test_a_column_of_splits_and_one_of_groups_are_found(tmp_path: Path) -> None:
    text = rows("part,who,a_1,a_2,b_1,b_2,y", "train|test|val", "man G", *["N.5"] * 4, "u|v")
    found = guessed(tmp_path, text)
    assert (found.split, found.group, found.target) == ("part", "who", ("y",))
    assert {"split", "group"} <= {*found.notes}


@pytest.mark.parametrize(
    ("name", "column", "why"),
    [
        ("id", "N", "numbers the rows"),
        ("colour", "red|blue|green", "holds 3 different texts"),
        ("dose", "1|2||3", "line 4 is empty; fill the gap"),
        ("dose", "1|2|n/a|3", "line 4 holds 'n/a', which is no number; fill the gap"),
        ("dose", f"{'1|' * 22}?|much", "line 25 holds 'much', and nearly all other rows a number"),
    ],
)
def test_a_column_that_is_no_input_is_left_out_with_a_reason(
    name: str, column: str, why: str, tmp_path: Path
) -> None:
    found = guessed(tmp_path, rows(f"{name},a,b,y", column, "N.5", "N.25", "u|v"))
    assert name not in {item for parts in found.inputs.values() for item in parts.names}
    (said,) = found.left_out
    assert said.startswith(f"column '{name}': ")
    assert why in said


@pytest.mark.parametrize("kinds", [("u", "v"), ("0", "1")])
def test_rows_that_are_sorted_by_class_tell_the_target(kinds: tuple[str, str], tmp_path: Path) -> None:
    lines = [f"{row % 7}.5,{row % 5}.5,{kinds[row // 1500]}" for row in range(3000)]
    assert guessed(tmp_path, "\n".join(["a,b,c", *lines])).target == ("c",)
    np.savez(tmp_path / "a.npz", x=np.random.rand(3000, 3), y=np.arange(3000) // 1500)
    assert guess_parts(tmp_path / "a.npz", {}).target == ("y",)


def test_groups_of_neighbouring_rows_are_seen_in_a_long_table(tmp_path: Path) -> None:
    lines = [f"man {row // 4},{row % 7}.5,{'uv'[row % 2]}" for row in range(20_000)]
    assert guessed(tmp_path, "\n".join(["who,a,y", *lines])).group == "who"


@pytest.mark.parametrize(
    ("column", "why"),
    [
        ("0|1|nan|1", "line 4 holds 'nan', which is no number; fill the gap"),
        ("0|1||1", "line 4 is empty"),
        ("0", "holds one value, '0'"),
        ("text N", "holds 24 different texts in 24 rows"),
    ],
)
def test_a_column_with_the_name_of_a_target_that_cannot_be_one_is_told(
    column: str, why: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="the column 'y' is the target by its name, and cannot be it") as told:
        guessed(tmp_path, rows("a,b,y", "N.5", "N.25", column))
    assert why in str(told.value)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (
            {"x": np.zeros((0, 3)), "y": np.zeros(0)},
            "holds no example: arrays of the shapes 'y' (0,), 'x' (0, 3)",
        ),
        ({"x": np.zeros((20, 0))}, "array 'x': has the shape (20, 0), which holds no number"),
        ({"x": np.full((20, 3), np.nan)}, "array 'x': row 0 holds NaN"),
        ({"x": np.ones((20, 3)), "y": np.array([0, np.inf] * 10)}, "cannot be it: row 1 holds infinity"),
        ({"x": np.ones((20, 3)), "z": np.ones((20, 2)), "y": np.ones(0)}, "has 0 rows, and other arrays 20"),
    ],
    ids=["no row", "no column", "NaN", "infinity", "empty target"],
)
def test_arrays_without_numbers_are_told_with_their_rows_and_shapes(
    arrays: dict[str, np.ndarray], message: str, tmp_path: Path
) -> None:
    np.savez(tmp_path / "a.npz", **{"y": np.arange(20) % 2, **arrays})
    with pytest.raises(DataError) as told:
        guess_parts(tmp_path / "a.npz", {})
    assert message in str(told.value)


def test_all_mistakes_in_what_is_said_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as told:
        guessed(tmp_path, rows("a,b,y", "N", "N", "u|v"), target="x", group=3, split="z", inputs="c")
    assert [line.split(":")[0] for line in told.value.problems] == [
        "task.split",
        "task.group",
        "task.target",
        "task.inputs",
    ]


def test_what_is_said_is_not_guessed(tmp_path: Path) -> None:
    text = rows("part,who,a,b,y", "train|test|val", "man G", "N.5", "N.25", "u|v")
    found = guessed(tmp_path, text, target="a", inputs={"left": "b"}, group="part", split=None)
    assert found.target == ("a",)
    assert {name: parts.names for name, parts in found.inputs.items()} == {"left": ("b",)}
    assert "inputs" not in found.notes


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("a\n1\n", "holds one column, 'a'"),
        ("a;b;a\n1;2;3\n", "both called 'a'"),
        ("1,2\n3,4\n", "holds numbers; expected the names"),
        ("a,b\n", "holds no row below its header"),
        ("a,b\n1,2,3\n", "line 2: expected 2 fields"),
        ("a,y\nx,u\nz,v\nx,u\nz,v\n", "no column of numbers is left for an input"),
    ],
)
def test_a_table_that_is_none_is_refused(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        guessed(tmp_path, text, **({"target": "y"} if text.startswith("a,y") else {}))


def test_arrays_tell_target_and_inputs_by_their_shapes(tmp_path: Path) -> None:
    image, sound = np.zeros((20, 6, 4)), np.zeros((20, 6, 3))
    np.savez(tmp_path / "a.npz", image=image, sound=sound, loudness=np.arange(20.0), many=np.zeros((3, 2)))
    found = guess_parts(tmp_path / "a.npz", {})
    assert (found.target, [*found.inputs], found.fusable) == (("loudness",), ["image", "sound"], True)
    assert found.left_out == ["array 'many': has 3 rows, and other arrays 20, one for each example"]


def test_the_only_array_of_zeros_and_ones_is_the_target_where_no_other_can_be(tmp_path: Path) -> None:
    tags = (np.arange(60).reshape(20, 3) % 2).astype("int64")
    save_file({"image": np.random.rand(20, 6, 4), "tags": tags}, tmp_path / "a.safetensors")
    found = guess_parts(tmp_path / "a.safetensors", {})
    assert (found.target, [*found.inputs], found.fusable) == (("tags",), ["image"], False)


def test_arrays_of_another_length_are_left_out(tmp_path: Path) -> None:
    arrays = {name: np.zeros((20, length, 3)) for name, length in (("a", 4), ("b", 4), ("c", 5))}
    np.savez(tmp_path / "a.npz", y=np.arange(20) % 2, **arrays)
    found = guess_parts(tmp_path / "a.npz", {})
    assert [*found.inputs] == ["a", "b"]
    assert "is no sequence of the length 4" in found.left_out[0]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.zeros((20, 4))}, "holds 1 array"),
        (
            {"x": np.full((20, 4), 3), "z": np.full((20, 5), 2)},
            "cannot tell which of the arrays is the target",
        ),
        ({"p": np.arange(20.0), "q": np.arange(20.0)}, "cannot tell which of the arrays is the target"),
        ({"x": np.float64(1), "z": np.float64(2)}, "holds single values"),
    ],
    ids=["one", "no target", "two", "single"],
)
def test_arrays_that_do_not_tell_are_refused(
    arrays: dict[str, np.ndarray], message: str, tmp_path: Path
) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError, match=message):
        guess_parts(tmp_path / "a.npz", {})


@pytest.mark.parametrize("name", ["a.xlsx", "a.pt", "a", "a.npy"])
def test_another_format_is_refused_with_those_that_are_read(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"\x80\x02")
    with pytest.raises(DataError, match="expected a file that ends in .csv"):
        guess_parts(tmp_path / name, {})


def test_a_column_without_a_name_is_left_out_and_told(tmp_path: Path) -> None:
    found = guessed(tmp_path, rows("flow,,heat,y", "N.5", "N.5", "N.5", "u|v"))
    assert found.left_out[-1] == "column 2: has no name in the header, and an input is called by one"


def test_arrays_that_are_given_and_hold_texts_or_gaps_are_refused_as_inputs(tmp_path: Path) -> None:
    gaps = np.arange(20.0)
    gaps[3] = np.nan
    arrays = {"a": np.arange(20.0), "gaps": gaps, "texts": np.array(["u", "v"] * 10)}
    np.savez(tmp_path / "a.npz", y=np.arange(20) % 2, **arrays)
    with pytest.raises(ConfigurationError) as told:
        guess_parts(tmp_path / "a.npz", {"target": "y", "inputs": ["a", "gaps", "texts"]})
    assert [line.partition(": ")[2][:24] for line in told.value.problems] == [
        "array 'gaps': row 3 hold",
        "array 'texts': holds tex",
    ]
    assert told.value.problems[-1].endswith("Those that can be inputs: a")
