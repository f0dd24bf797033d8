"""The networks that a task brings to compare with, such as concatenation, late fusion and each view alone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from trial import Trial, experiment_of

from nasframe import run_experiment
from nasframe.runtime import SILENT, write_json

__all__ = ["do_fixed"]


def do_fixed(trial: Trial, out: Path, source: Path | None) -> Mapping[str, Mapping[str, Any]]:
    """Return scores and parameters of each network, by name: one training of each, kept in a file."""
    torch.set_num_threads(1)
    file = trial.file(out)
    if file.exists():
        found: dict[str, Any] = json.loads(file.read_text("utf-8"))
        return found
    folder = file.with_suffix("")
    shutil.rmtree(folder, ignore_errors=True)
    experiment = experiment_of(trial, out, ["baselines.task=true", "baselines.random=0"])
    made = run_experiment(experiment, folder, source=source, progress=SILENT)
    assert made.test is not None
    objective = experiment.task.objective
    result = {
        name: {
            "test": values[objective],
            "validation": values["validation"][objective],
            "parameters": values["parameters"],
        }
        for name, values in made.test["baselines"].items()
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    write_json(file, result)
    shutil.rmtree(folder, ignore_errors=True)
    return result
