"""Evaluation on other data: what a task has to promise."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import nasframe
from nasframe import Experiment, Task
from nasframe.errors import ContractError, DataError
from nasframe.pipeline import evaluate_matrix
from nasframe.tasks import checked_other_test
from tests.toys.toy_digits import digits


def test_a_task_that_does_not_say_how_cannot_be_tested_on_other_data(
    experiment: Experiment, tmp_path: Path
) -> None:
    run = nasframe.run_experiment(experiment, tmp_path / "run")
    (tmp_path / "other").write_text("other")
    with pytest.raises(DataError, match="run on x: Digits cannot be tested on another data set than its own"):
        evaluate_matrix([run], {"x": tmp_path / "other"})


def test_what_is_no_test_on_other_data_names_the_contract(tmp_path: Path) -> None:
    class Wrong(type(digits(20))):  # type: ignore[misc]
        def other_test(self, *_: object) -> None:
            return None

    task: Task = Wrong.__new__(Wrong)
    with pytest.raises(ContractError, match=r"other_test must return a nasframe\.OtherTest, found None"):
        checked_other_test(task, {}, tmp_path, None, torch.device("cpu"), None)
