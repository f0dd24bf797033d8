"""An experiment as a user gives it in Python: itself, or the path of its TOML file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nasframe.errors import ConfigurationError
from nasframe.experiment.experiment import Experiment

__all__ = ["as_experiment", "experiment_file"]


def as_experiment(given: Experiment | str | Path) -> Experiment:
    """Return an experiment that is given as itself, or as the path of a TOML file.

    Raises:
        ConfigurationError: it is neither, or the file holds no experiment.
    """
    return given if isinstance(given, Experiment) else Experiment.load(experiment_file(given))


def experiment_file(given: Any) -> Path:
    """Return the path of the TOML file that is given in place of an experiment.

    Raises:
        ConfigurationError: it is no path.
    """
    if isinstance(given, str | Path):
        return Path(given)
    problem = f"expected an Experiment or the path of a TOML file, found {type(given).__name__}"
    raise ConfigurationError("experiment", [problem])
