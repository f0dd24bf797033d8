"""The result that a study reads from the folder of a run, finished or not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from nasframe.cli import main
from nasframe.jobs import Outcome, Trial
from nasframe.runs import Run
from nasframe.studies.variants import measured
from nasframe.studies.variants.run_result import read_result
from tests.toys import SUMS as EXPERIMENT


def read(folder: Path, outcome: Outcome) -> dict[str, object]:
    trial = Trial("grmc,seed=1", folder, "")
    study = folder.parent
    return read_result(
        trial, outcome, study=study, objective="accuracy", seed=1, variant="grmc", point={"a.b": 1}
    )


def test_a_run_that_never_began_has_a_place_and_no_numbers(tmp_path: Path) -> None:
    found = read(tmp_path / "run", Outcome("failed", "the loss is not finite"))
    assert found["status"] == "failed"
    assert found["error"] == "the loss is not finite"
    assert (found["name"], found["variant"], found["point"], found["seed"], found["folder"]) == (
        *("grmc,seed=1", "grmc", {"a.b": 1}, 1),
        "run",
    )
    assert (found["test"], found["search"], found["entropy"], found["architecture"]) == (None, None, {}, None)


def test_a_run_that_stopped_after_its_search_has_the_numbers_of_it(home: Path) -> None:
    assert main(["search", str(EXPERIMENT), "--out", "run"]) == 0
    found = read(home / "run", Outcome("open"))
    run = Run.open(home / "run")
    assert found["test"] is None
    assert found["search"] == {
        key: run.record["search"][key] for key in ("epochs", "converged", "seconds", "entropy")
    }
    assert found["entropy"] == {
        group: [line["entropy"][group] for line in run.history("search")]
        for group in run.record["search"]["entropy"]
    }
    assert found["validation"] == {
        "supernet": run.record["search"]["validation"]["accuracy"],
        "inherited": run.record["search"]["inherited"]["accuracy"],
        "trained": None,
    }
    assert found["architecture"] == run.architecture.fingerprint[:16]


def test_of_a_search_without_logits_the_supernet_counts_by_its_best_architecture(home: Path) -> None:
    options = ["loop.name=one_shot", "search.candidates=20"]
    assert main(["search", str(EXPERIMENT), *options, "--out", "run"]) == 0
    found = read(home / "run", Outcome("open"))
    assert found["entropy"] == {}
    assert found["validation"]["supernet"] == Run.open("run").record["search"]["selection"]["chosen"]  # type: ignore[index]


def test_a_finished_run_has_what_evaluate_found_without_its_baselines(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(EXPERIMENT), "baselines.random=1", "train.epochs=3", "--out", "run"]) == 0
    capsys.readouterr()
    assert main(["evaluate", "run", "--json"]) == 0
    evaluated = json.loads(capsys.readouterr().out)
    assert evaluated.pop("baselines")
    found = read(home / "run", Outcome("done"))
    assert found["test"] == evaluated
    scores = [line["validation"]["accuracy"] for line in Run.open(home / "run").history("train")]
    assert found["validation"]["trained"] == max(scores)  # type: ignore[index]
    assert found["seconds"] == Run.open(home / "run").seconds


def test_a_damaged_run_has_failed_and_says_why(home: Path) -> None:
    assert main(["search", str(EXPERIMENT), "--out", "run"]) == 0
    (home / "run" / "run.json").write_text("{", encoding="utf-8")
    found = read(home / "run", Outcome("done"))
    assert found["status"] == "failed"
    assert "run.json: cannot be read" in str(found["error"])


def test_what_is_measured_is_read_from_a_run_that_still_has_its_history(home: Path) -> None:
    assert main(["run", str(EXPERIMENT), "search.epochs=1", "search.min_epochs=1", "--out", "whole"]) == 0
    shutil.copytree("whole", "lost")
    Path("lost/metrics.jsonl").unlink()
    lost, whole = (
        {"folder": name, "test": read(home / name, Outcome("done"))["test"]} for name in ("lost", "whole")
    )
    validation, test = measured([{"folder": "none", "test": None}, lost, whole], home)
    assert "accuracy" in validation
    assert test == whole["test"]
    assert measured([lost], home) == ({}, {})
