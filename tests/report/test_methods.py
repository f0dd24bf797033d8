"""The paragraph on methods: the numbers of the record, and nothing else."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from nasframe import Run
from nasframe.report import read_page
from nasframe.report.machines import computing_sentences, machine_facts, machine_sentences
from nasframe.report.methods import run_methods, study_methods
from nasframe.report.study_record import current_names
from nasframe.space.architecture import rebuild_space
from tests.report.studies import comparison, sweep

MACHINE = {
    "processor": "Fast One",
    "cores": 4,
    "memory": 16 << 30,
    "gpus": ["NVIDIA A", "NVIDIA A"],
    "threads": 2,
    "platform": "Linux-6",
    "python": "3.11.7",
    "torch": "2.14.1",
    "nasframe": "0.2.0",
}


def test_the_paragraph_of_a_run_has_the_numbers_of_its_record(run: Run) -> None:
    text = read_page(run.path).methods
    assert "The task is louder_of_two, and its objective is auc." in text
    assert "for 8 epochs" in text
    assert "relaxed by softmax" in text
    assert "trained for 3 epochs" in text
    assert f"It has {run.test['parameters']:,} parameters" in text  # type: ignore[index]
    assert "The software was nasframe" in text


def test_the_paragraph_stands_on_the_page(run: Run) -> None:
    assert "Methods, for a paper" in read_page(run.path).html


def test_what_the_record_does_not_hold_is_left_out(run: Run, compared: Path) -> None:
    text = read_page(compared).methods
    assert "hardware" not in text
    assert "took" not in text
    assert "3 seeds (0, 1, 2)" in text
    assert "paired t-tests" in text


def test_two_machines_are_both_named() -> None:
    other = {**MACHINE, "processor": "Slow One", "gpus": [], "torch": "2.15.0"}
    first, second = machine_sentences([MACHINE, other])
    assert first == (
        "The hardware was Fast One, 4 cores, 16 GiB of memory, 2 × NVIDIA A; Slow One, 4 cores, 16 GiB of "
        "memory. Several machines took part, and times of them differ."
    )
    assert "PyTorch 2.14.1" in second
    assert "later or elsewhere" in second
    assert {"machine 1", "machine 2"} <= machine_facts([MACHINE, other]).keys()


def test_a_record_without_machines_has_no_sentence_on_them() -> None:
    assert machine_sentences([]) == []
    assert machine_sentences([{}]) == []
    assert machine_facts([]) == {}


def test_every_table_and_the_paragraph_are_written_as_latex(run: Run) -> None:
    page = read_page(run.path)
    files = page.latex_files()
    assert {"methods.tex", "time.tex", "plugins.tex", "baselines.tex"} <= files.keys()
    assert len(files) == len(page.tables) + 1
    assert r"\toprule" in files["time.tex"].decode()
    assert r"louder\_of\_two" in files["methods.tex"].decode()


def test_a_study_with_machines_shows_them(compared: Path, tmp_path: Path) -> None:
    record = json.loads((compared / "comparison.json").read_text(encoding="utf-8"))
    (tmp_path / "comparison.json").write_text(json.dumps({**record, "machines": [MACHINE]}), encoding="utf-8")
    page = read_page(tmp_path)
    assert "Fast One" in page.methods
    assert "Fast One, 4 cores" in page.html


def with_runs(run: Run, record: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Put a run with the options of its point into the folder of each trial that is done."""
    for trial in record["trials"]:
        if trial["status"] == "done":
            target = folder / trial["folder"]
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(run.path, target)
    return current_names(record)


def test_a_sweep_of_the_space_has_the_size_of_each_space(run: Run, tmp_path: Path) -> None:
    data = with_runs(run, sweep(run, {"space.nodes": [1, 2]}, (0,)), tmp_path)
    data["trials"][1] |= {"status": "done"}
    sizes = []
    for trial, nodes in zip(data["trials"], (1, 2), strict=True):
        shutil.copytree(run.path, tmp_path / trial["folder"], dirs_exist_ok=True)
        file = tmp_path / trial["folder"] / "architecture.json"
        document = json.loads(file.read_text(encoding="utf-8"))
        document["space"]["options"]["nodes"] = nodes
        space = rebuild_space(document["space"], "test")
        document["assignment"] = space.sample(random.Random(0))
        file.write_text(json.dumps(document), encoding="utf-8")
        sizes.append(space.how_many().in_words)
    assert sizes[0] != sizes[1]
    text = " ".join(study_methods(data, tmp_path))
    assert f"varies: {sizes[0]} with nodes = 1; {sizes[1]} with nodes = 2." in text
    assert "nodes = 2," not in text.partition("varies")[0]


def test_a_sweep_of_the_space_whose_runs_are_gone_has_no_size(run: Run, tmp_path: Path) -> None:
    data = current_names(sweep(run, {"space.nodes": [1, 2]}, (0,)))
    text = " ".join(study_methods(data, tmp_path))
    assert "varies with space.nodes, and its size with it" in text
    assert "architectures with" not in text


def test_a_study_that_varies_its_data_has_no_numbers_of_one_of_them(run: Run, tmp_path: Path) -> None:
    data = with_runs(run, sweep(run, {"data_seed": [1, 2]}, (0,)), tmp_path)
    text = " ".join(study_methods(data, tmp_path))
    assert "The numbers of examples" not in text
    assert "the data was made with seed" not in text


def test_each_variant_has_its_own_options(run: Run, tmp_path: Path) -> None:
    data = comparison(run, tmp_path, (0,))
    data["trials"][-1] |= {"status": "done"}
    data = with_runs(run, data, tmp_path)
    file = tmp_path / data["trials"][-1]["folder"] / "experiment.toml"
    toml = file.read_text(encoding="utf-8")
    swapped = toml.replace('name = "softmax"', 'name = "grmc"\nsamples = 7')
    file.write_text(swapped, encoding="utf-8")
    text = " ".join(study_methods(data, tmp_path))
    assert "Relaxations: softmax (temperature = 1); grmc (samples = 7, temperature = 1)." in text


def test_the_networks_that_a_search_is_compared_with_are_counted(run: Run, compared: Path) -> None:
    assert "Trained in the same way, for comparison: 2 random architectures of the same space." in run_text(
        run
    )
    record = json.loads((compared / "comparison.json").read_text(encoding="utf-8"))
    record["baselines"] = [
        *({"kind": "random", "group": "", "name": f"random {n}", "seed": s} for n in (1, 2) for s in (0, 1)),
        {"kind": "task", "group": "", "name": "late fusion", "seed": 0},
    ]
    text = " ".join(study_methods(current_names(record)))
    assert "comparison: 2 random architectures of the same space for each seed; the fixed network" in text


def run_text(run: Run) -> str:
    return read_page(run.path).methods


@pytest.mark.parametrize(
    ("asked", "gpus", "said"),
    [
        ("auto", [], "on the processor alone"),
        ("auto", ["NVIDIA A"], "on a GPU"),
        ("cpu", ["NVIDIA A"], "on the processor alone"),
        ("cuda:1", ["NVIDIA A", "NVIDIA A"], "on GPU 1"),
    ],
)
def test_the_device_that_was_used_is_said(asked: str, gpus: list[str], said: str) -> None:
    (found,) = computing_sentences([{**MACHINE, "gpus": gpus}], asked)
    assert found.startswith(f"Everything was computed {said}.")
    assert "the other work, such as the preparation of data, had 2" in found
    assert "auto" not in found


def test_one_thread_for_everything_is_said_in_words() -> None:
    (found,) = computing_sentences([{**MACHINE, "threads": 1, "gpus": []}], "auto")
    assert found == (
        "Everything was computed on the processor alone, with one thread of the processor in each process."
    )


def with_record(run: Run, folder: Path, toml: str, **record: Any) -> Run:
    """A copy of a run with another experiment, and with other parts of its record."""
    shutil.copytree(run.path, folder)
    (folder / "experiment.toml").write_text(toml, encoding="utf-8")
    known = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    known["data"] |= record.pop("data", {})
    (folder / "run.json").write_text(json.dumps(known | record), encoding="utf-8")
    return Run.open(folder)


def test_lists_and_tables_of_options_stand_in_the_paragraph(run: Run, tmp_path: Path) -> None:
    toml = '[space]\nname = "any"\noperations = ["sum", "gate"]\nmixer = {width = 8}\nnone = []\n'
    text = " ".join(run_methods(with_record(run, tmp_path / "run", toml)))
    assert "any (operations = [sum, gate], mixer = {width = 8})" in text


@pytest.mark.parametrize(
    ("objective", "outputs", "said"),
    [
        ("accuracy", 3, "It is a classification into 3 classes."),
        ("f1_weighted", 4, "It predicts 4 labels at once."),
        ("r2", 1, "It predicts a number."),
    ],
)
def test_the_paragraph_names_the_file_the_kind_and_the_inputs_of_a_table(
    objective: str, outputs: int, said: str, run: Run, tmp_path: Path
) -> None:
    inputs = {"left": [1, 2], "right": [1, 1]}
    facts = {"objective": objective, "inputs": inputs, "outputs": outputs, "examples": {"weights": 9}}
    toml = '[task]\nname = "tensors"\nfile = "/home/me/my.csv"\n'
    found = run_methods(with_record(run, tmp_path / "run", toml, data={"task": facts, "source": None}))
    assert found[:3] == [
        f"The task is tensors, on the data my.csv, and its objective is {objective}.",
        said,
        "Its inputs are left (2 columns) and right (1 column).",
    ]


def test_a_task_that_was_made_in_python_is_said_in_words(run: Run, tmp_path: Path) -> None:
    toml = '[task]\nname = "nasframe.task:TensorTask"\n'
    assert run_methods(with_record(run, tmp_path / "run", toml))[0].startswith(
        "The task is made in Python, a TensorTask, and its objective is"
    )


def test_a_computing_time_says_what_it_is_of_beside_the_time_of_the_stage(run: Run) -> None:
    cost = next(line for line in run_methods(run) if line.startswith("In computing time"))
    assert " alone; the whole stage took " in cost
    assert "(its epochs" in cost
