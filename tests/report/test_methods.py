"""The paragraph on methods: the numbers of the record, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

from nasframe import Run
from nasframe.report import read_page
from nasframe.report.machines import machine_facts, machine_sentences

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
