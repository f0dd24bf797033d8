"""What is read from a run folder or a file."""

from __future__ import annotations

from pathlib import Path

from nasframe import render
from nasframe.experiment import Experiment
from nasframe.pipeline.architecture_search import SearchResult
from nasframe.render import Drawing
from nasframe.runs import Run
from nasframe.space import Architecture

__all__ = ["draw", "load_architecture", "load_experiment", "load_run"]


def load_run(path: Run | str | Path) -> Run:
    """The run in a folder; see `Run.open` for the errors."""
    return path if isinstance(path, Run) else Run.open(path)


def load_experiment(run: Run | str | Path) -> Experiment:
    """The resolved experiment of a run."""
    return Experiment.load(load_run(run).path / "experiment.toml")


def load_architecture(where: Architecture | Run | str | Path) -> Architecture:
    """An architecture from a run, a run folder, a JSON file, or a file in a format that a plugin reads."""
    if isinstance(where, Architecture):
        return where
    if isinstance(where, Run):
        return where.architecture
    path = Path(where)
    return Run.open(path).architecture if path.is_dir() else Architecture.load(path)


Drawn = Architecture | SearchResult | Run | str | Path


def draw(
    where: Drawn,
    other: Drawn | None = None,
    *,
    against: Drawn | None = None,
    titles: tuple[str, str] | None = None,
) -> Drawing:
    """The drawing of an architecture, or of two; a notebook shows it. See `Drawing.save` to write a file.

    Args:
        other: draw this one beside it, with what differs marked in both; the text lists the differences.
        against: draw the first one alone, with what differs from this one marked.
        titles: of both, with `other`; by default A and B.

    Raises:
        TypeError: `other` and `against` together, or titles without `other`.
    """
    if other is not None and against is not None:
        raise TypeError("draw: give the second architecture either as other or as against, not as both")
    if other is not None:
        return render.draw_pair(_architecture(where), _architecture(other), titles)
    if titles is not None:
        raise TypeError("draw: titles are for two architectures, and there is one")
    return render.draw(_architecture(where), against=None if against is None else _architecture(against))


def _architecture(where: Drawn) -> Architecture:
    return where.architecture if isinstance(where, SearchResult) else load_architecture(where)
