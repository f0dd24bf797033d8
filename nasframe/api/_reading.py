"""What is read from a run folder or a file."""

from __future__ import annotations

from pathlib import Path

from nasframe import render
from nasframe.api._search import SearchResult
from nasframe.architecture import Architecture
from nasframe.experiment import Experiment
from nasframe.render import Drawing
from nasframe.run import Run

__all__ = ["draw", "load_architecture", "load_experiment", "load_run"]


def load_run(path: Run | str | Path) -> Run:
    """The run in a folder; see `Run.open` for the errors."""
    return path if isinstance(path, Run) else Run.open(path)


def load_experiment(run: Run | str | Path) -> Experiment:
    """The resolved experiment of a run."""
    return Experiment.load(load_run(run).path / "experiment.toml")


def load_architecture(where: Architecture | Run | str | Path) -> Architecture:
    """An architecture from a run, a run folder or a JSON file."""
    if isinstance(where, Architecture):
        return where
    if isinstance(where, Run):
        return where.architecture
    path = Path(where)
    return Run.open(path).architecture if path.is_dir() else Architecture.load(path)


def draw(where: Architecture | SearchResult | Run | str | Path) -> Drawing:
    """The drawing of an architecture; a notebook shows it. See `Drawing.save` to write it to a file."""
    return render.draw(where.architecture if isinstance(where, SearchResult) else load_architecture(where))
