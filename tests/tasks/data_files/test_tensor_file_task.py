"""The task `tensors`: tables and arrays of a user, prepared into splits, and searched by a command."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_tensors

from nasframe import Experiment, Task
from nasframe.cli import main
from nasframe.errors import DataError
from nasframe.runtime import SILENT, default_cache
from nasframe.tasks import run_stages
from nasframe.tasks.data_files import TensorFileTask
from nasframe.tasks.data_files.csv_table import CsvTable
from nasframe.tasks.data_files.npz_arrays import NpzFile
from nasframe.testing import TaskSuite

EXPERIMENT = """
[task]
name = "tensors"
{task}
[space]
name = "bimodal"
channels = 4
cells = 1
[search]
epochs = 1
min_epochs = 1
[train]
epochs = 1
"""
ROWS = 96


def values(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(ROWS, 4)).round(3)


def table(
    path: Path, *, separator: str = ",", mark: str = "", decimal: str = ".", ending: str = "\n"
) -> Path:
    """A table of four numbers, a class, a number, two labels, a split and a group."""
    lines = [["a1", "a2", "b1", "b2", "class", "number", "tag_x", "tag_y", "split", "who"]]
    for row, numbers in enumerate(values()):
        lines.append(
            [
                *(str(number).replace(".", decimal) for number in numbers),
                ("no", "yes")[row % 2],
                str(round(float(numbers.sum()), 3)).replace(".", decimal),
                str(int(numbers[0] > 0)),
                str(int(numbers[1] > 0)),
                ("train", "train", "Val", "TEST")[row // 2 % 4],
                f"p{row // 4}",
            ]
        )
    text = ending.join(separator.join(line) for line in lines) + ending
    path.write_bytes((mark + text).encode())
    return path


def task(**options: Any) -> TensorFileTask:
    return Experiment.parse({"task": {"name": "tensors", **options}, "space": {"name": "bimodal"}}).task  # type: ignore[return-value]


INPUTS = {"left": ["a1", "a2"], "right": "b*"}


def data(made: TensorFileTask, cache: Path, source: Path | None = None) -> Any:
    results = run_stages(made.stages(source, 0), cache, torch.device("cpu"), SILENT)
    return made.data({name: result.folder for name, result in results.items()})


def everything(found: Any) -> dict[str, Any]:
    splits = found.splits
    parts = {"weights": splits.weights, "architecture": splits.architecture}
    parts |= {"validation": splits.validation, "test": splits.test()}
    return {name: (split, split.batch(torch.arange(len(split)))) for name, split in parts.items()}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return table(tmp_path_factory.mktemp("files") / "my.csv")


class _Suite(TaskSuite):
    options: ClassVar[dict[str, Any]] = {}
    file: Path

    @pytest.fixture(autouse=True)
    def _file(self, file: Path) -> None:
        self.file = file

    def make(self) -> Task:
        return task(inputs=INPUTS, file=str(self.file), **self.options)


class TestClasses(_Suite):
    options: ClassVar[dict[str, Any]] = {"target": "class"}


class TestLabels(_Suite):
    options: ClassVar[dict[str, Any]] = {"target": "tag_*", "standardise": False}


class TestNumber(_Suite):
    options: ClassVar[dict[str, Any]] = {"target": "number", "split": "split"}


@pytest.mark.parametrize(
    ("kind", "objective"), [("classes", "accuracy"), ("labels", "f1_weighted"), ("number", "r2")]
)
def test_a_kind_that_is_said_has_its_objective_before_any_file_is_read(kind: str, objective: str) -> None:
    assert task(target="y", kind=kind).objective == objective
    with pytest.raises(DataError, match="is not read yet; say task.file, or task.kind"):
        _ = task(target="y").objective


def test_a_table_is_the_same_in_whatever_way_a_spreadsheet_writes_it(file: Path, tmp_path: Path) -> None:
    made = task(inputs=INPUTS, target="class")
    expected = everything(data(made, tmp_path / "cache", file))
    for number, form in enumerate(
        (
            {"separator": ";", "decimal": ","},
            {"separator": "\t", "decimal": ","},
            {"separator": ";"},
            {"mark": "\ufeff", "ending": "\r\n"},
            {"mark": "sep=;\r\n", "separator": ";", "decimal": ",", "ending": "\r\n"},
            {"mark": "\ufeff", "separator": ";", "decimal": ",", "ending": "\r\n"},
        )
    ):
        other = table(tmp_path / f"{number}.csv", **form)  # type: ignore[arg-type]
        if number == 0:
            with other.open("a") as end:
                end.write(";;;;;;;;;\n;;;;;;;;;\n")  # as below a table in a spreadsheet
        found = everything(data(made, tmp_path / "cache", other))
        for name, (split, batch) in found.items():
            assert split.identifiers == expected[name][0].identifiers
            assert torch.equal(batch.inputs["left"], expected[name][1].inputs["left"]), form
            assert torch.equal(batch.targets, expected[name][1].targets)


def test_inputs_are_the_columns_that_were_named_standardised_by_the_weights(
    file: Path, tmp_path: Path
) -> None:
    found = data(task(inputs={"left": ["b2", "a1"]}, target="class"), tmp_path, file)
    assert found.inputs == {"left": (1, 2)}
    parts = everything(found)
    rows = {name: [int(item.split()[1]) for item in split.identifiers] for name, (split, _) in parts.items()}
    assert sorted(row for part in rows.values() for row in part) == [*range(ROWS)]
    columns = torch.from_numpy(values())[:, [3, 0]]
    known = columns[rows["weights"]]
    for name, (_, batch) in parts.items():
        expected = (columns[rows[name]] - known.mean(0)) / known.std(0, correction=0)
        assert torch.allclose(batch.inputs["left"][:, 0].double(), expected, atol=1e-6)
    plain = data(task(inputs={"left": ["b2", "a1"]}, target="class", standardise=False), tmp_path, file)
    _, batch = everything(plain)["test"]
    assert torch.equal(batch.inputs["left"][:, 0], columns[rows["test"]].float())


def test_without_inputs_all_other_columns_are_one(tmp_path: Path) -> None:
    path = tmp_path / "my.csv"
    path.write_text("a,b,y\n" + "".join(f"{row},{row * row % 7},{row % 2}\n" for row in range(40)))
    assert data(task(target="y"), tmp_path, path).inputs == {"x": (1, 2)}
    assert data(task(target="y", inputs=["a", "b"]), tmp_path, path).inputs == {"a": (1, 1), "b": (1, 1)}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_of_many_thousand_columns_is_read(tmp_path: Path, separator: str) -> None:
    genes = [f"ENSG{number:011}" for number in range(12_000)]
    path = tmp_path / "genes.csv"
    lines = [[*genes, "y"]] + [[str(row)] * len(genes) + [str(row % 2)] for row in range(10)]
    path.write_text("".join(separator.join(line) + "\n" for line in lines))
    table = CsvTable.of_file(path)
    assert (table.separator, table.names) == (separator, [*genes, "y"])
    assert data(task(target="y"), tmp_path, path).inputs == {"x": (1, 12_000)}


@pytest.mark.parametrize(
    "dtype", ["bool", "uint8", "uint16", "uint32", "uint64", "int64", "bfloat16", "float8_e5m2", "float16"]
)
def test_several_arrays_are_labels_of_whatever_type_and_with_a_column_or_without(
    tmp_path: Path, dtype: str
) -> None:
    ones = torch.arange(40) % 2
    arrays = {
        "x": torch.randn(40, 3),
        "a": ones.to(getattr(torch, dtype))[:, None].contiguous(),
        "b": 1 - ones,
    }
    save_tensors(arrays, tmp_path / "my.safetensors")
    found = everything(data(task(target=["a", "b"]), tmp_path, tmp_path / "my.safetensors"))
    for split, batch in found.values():
        rows = torch.tensor([int(item.split()[1]) for item in split.identifiers])
        assert batch.targets.tolist() == torch.stack([ones, 1 - ones], 1)[rows].tolist()


def test_a_split_column_is_kept_and_train_is_divided(file: Path, tmp_path: Path) -> None:
    parts = everything(data(task(inputs=INPUTS, target="class", split="split"), tmp_path, file))
    assert {name: len(split) for name, (split, _) in parts.items()} == {
        "weights": 32,
        "architecture": 16,
        "validation": 24,
        "test": 24,
    }
    for name, word in (("validation", 2), ("test", 3)):
        rows = [int(item.split()[1]) for item in parts[name][0].identifiers]
        assert {row // 2 % 4 for row in rows} == {word}


def test_no_group_is_in_two_splits(file: Path, tmp_path: Path) -> None:
    parts = everything(data(task(inputs=INPUTS, target="class", group="who"), tmp_path, file))
    owners: dict[int, str] = {}
    for name, (split, batch) in parts.items():
        assert len(split) == pytest.approx(ROWS * {"weights": 0.4}.get(name, 0.2), abs=4)
        assert {*batch.targets.tolist()} == {0, 1}
        for item in split.identifiers:
            assert owners.setdefault(int(item.split()[1]) // 4, name) == name


def test_the_progress_says_which_kind_the_target_tells(file: Path, tmp_path: Path) -> None:
    said: list[str] = []

    class Heard:
        def say(self, text: str) -> None:
            said.append(text)

    for target, words in (
        ("class", "96 examples, 2 classes (no, yes), as the target tells"),
        ("number", "96 examples, a number to predict, as the target tells"),
        ("tag_*", "96 examples, 2 labels at once, as the target tells"),
    ):
        stages = task(inputs=INPUTS, target=target).stages(file, 0)
        run_stages(stages, tmp_path, torch.device("cpu"), Heard())  # type: ignore[arg-type]
        assert any(words in text for text in said), said


def test_the_data_is_known_by_the_content_of_the_file(file: Path, tmp_path: Path) -> None:
    made = task(inputs=INPUTS, target="class")
    (stage,), (again,) = made.stages(file, 0), made.stages(table(tmp_path / "elsewhere.csv"), 1)
    assert stage.inputs == again.inputs
    other = tmp_path / "elsewhere.csv"
    other.write_text(other.read_text().replace("yes", "yea"))
    assert made.stages(other, 0)[0].inputs != stage.inputs


def test_arrays_without_compression_are_mapped_and_all_forms_hold_the_same(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    arrays = {"left": random.normal(size=(40, 6, 2)), "right": np.asfortranarray(random.normal(size=(40, 3)))}
    target = np.array(["a", "b"] * 20)
    np.savez(tmp_path / "plain.npz", **arrays, y=target)
    np.savez_compressed(tmp_path / "small.npz", **arrays, y=target)
    mapped = NpzFile.of_file(tmp_path / "plain.npz")
    assert isinstance(mapped.read("left"), np.memmap)
    for name, value in arrays.items():
        assert np.array_equal(mapped.read(name), value)
        assert np.array_equal(NpzFile.of_file(tmp_path / "small.npz").read(name), value)
    numbers = {**arrays, "right": np.ascontiguousarray(arrays["right"]), "y": np.arange(40) % 2}
    save_file(numbers, tmp_path / "my.safetensors")
    found = [
        data(task(target="y"), tmp_path, tmp_path / name)
        for name in ("plain.npz", "small.npz", "my.safetensors")
    ]
    for item in found:
        assert item.inputs == {"left": (6, 2), "right": (1, 3)}
        for name, (_, batch) in everything(item).items():
            assert torch.equal(batch.inputs["left"], everything(found[0])[name][1].inputs["left"])
            assert torch.equal(batch.targets, everything(found[0])[name][1].targets)


def arrays_of(path: Path) -> Path:
    random = np.random.default_rng(0)
    left, right = random.normal(size=(2, 60, 4, 3))
    found = {"left": left, "right": right, "number": left.mean((1, 2))}
    found["tags"] = np.stack([left[:, 0, 0] > 0, right[:, 0, 0] > 0], axis=1)
    if path.suffix == ".npz":
        np.savez(path, **found)
    else:
        save_file({name: np.ascontiguousarray(value) for name, value in found.items()}, path)
    return path


@pytest.mark.parametrize(
    ("name", "options", "objective"),
    [
        ("my.csv", 'target = "class"\ninputs = {left = ["a1", "a2"], right = "b*"}', "accuracy"),
        ("my.npz", 'target = "number"\ninputs = ["left", "right"]', "r2"),
        ("my.safetensors", 'target = "tags"\ninputs = ["left", "right"]', "f1_weighted"),
    ],
)
def test_a_file_is_searched_without_python(home: Path, name: str, options: str, objective: str) -> None:
    table(home / name) if name == "my.csv" else arrays_of(home / name)
    (home / "mine.toml").write_text(EXPERIMENT.format(task=f'{options}\nfile = "{name}"'))
    assert main(["run", "mine.toml", "--out", "run"]) == 0
    assert objective in json.loads((home / "run" / "test.json").read_text())
    scored = (home / "run" / "scores.json").exists()
    assert scored == (objective == "accuracy")
    (home / name).rename(home / f"other-{name}")
    assert main(["evaluate", "run"]) == 0  # from what was prepared


def test_data_that_has_moved_is_told_with_the_place_that_was_tried_and_the_way_out(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table(home / "mine.csv")
    (home / "mine.toml").write_text(
        EXPERIMENT.format(task='target = "class"\nfile = "mine.csv"\ninputs = ["a1", "b1"]')
    )
    assert main(["search", "mine.toml", "--out", "run"]) == 0
    record = json.loads((home / "run" / "run.json").read_text())
    (home / "run" / "run.json").write_text(json.dumps({**record, "unfinished": {"run": {}}, "done": {}}))
    shutil.rmtree(default_cache())
    (home / "elsewhere").mkdir()
    monkeypatch.chdir(home / "elsewhere")
    capsys.readouterr()
    assert main(["resume", "../run"]) == 2
    error = capsys.readouterr().err
    assert "mine.csv: cannot be read: no such file; from the working folder, it is " in error
    assert f"{home}/elsewhere/mine.csv; say where the data lies now, as --data FILE" in error
    assert main(["resume", "../run", "--data", "../mine.csv"]) == 0


def test_data_given_to_a_command_goes_before_the_file_of_the_experiment(home: Path) -> None:
    table(home / "mine.csv")
    (home / "mine.toml").write_text(
        EXPERIMENT.format(task='target = "class"\nfile = "gone.csv"\ninputs = ["a1", "b1"]')
    )
    assert main(["search", "mine.toml", "--out", "run", "--data", "mine.csv"]) == 0
