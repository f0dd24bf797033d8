"""The networks that a task brings to compare with, such as concatenation, late fusion and each view alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trial import Trial, experiment_of, kept

from nasframe import run_experiment
from nasframe.runtime import SILENT

__all__ = ["do_fixed"]


def do_fixed(trial: Trial, out: Path, source: Path | None) -> Mapping[str, Mapping[str, Any]]:
    """Return scores and parameters of each network, by name: one training of each, kept in a file."""
    return kept(trial.file(out), lambda folder: _trained(trial, out, source, folder))


def _trained(trial: Trial, out: Path, source: Path | None, folder: Path) -> Mapping[str, Mapping[str, Any]]:
    experiment = experiment_of(trial, out, ["baselines.task=true", "baselines.random=0"])
    made = run_experiment(experiment, folder, source=source, progress=SILENT)
    assert made.test is not None
    objective = experiment.task.objective
    return {
        name: {
            "test": values[objective],
            "validation": values["validation"][objective],
            "parameters": values["parameters"],
        }
        for name, values in made.test["baselines"].items()
    }
