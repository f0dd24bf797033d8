"""Reading from a run folder or a file: the run, its experiment, its architecture, its supernet."""

from __future__ import annotations

from pathlib import Path

from nasframe.errors import ArchitectureError, RunError
from nasframe.experiment import Experiment
from nasframe.runs import Run, reading_run
from nasframe.runtime import shorten, visible
from nasframe.searching import read_search, restore_supernet
from nasframe.space import Architecture
from nasframe.supernet import Supernet

__all__ = ["load_architecture", "load_experiment", "load_run", "load_supernet"]


def load_run(path: Run | str | Path) -> Run:
    """Return the run in a folder; see `Run.open` for the errors."""
    return path if isinstance(path, Run) else Run.open(path)


def load_experiment(run: Run | str | Path) -> Experiment:
    """Return the resolved experiment of a run; `Experiment.load` reads one that no run has.

    Raises:
        RunError: it is no run, or its experiment cannot be read.
    """
    if not isinstance(run, Run) and Path(run).is_file():
        raise RunError(
            f"{run}: is a file; expected a run folder. The experiment of a TOML file: Experiment.load(...)"
        )
    found = load_run(run)
    with reading_run(found):
        return Experiment.load(found.path / "experiment.toml")


def load_architecture(where: Architecture | Run | str | Path) -> Architecture:
    """Return the architecture in a run, a run folder, a JSON file, or a file or text that a plugin can read.

    Such a text is a published genotype of BM-NAS.

    Raises:
        ArchitectureError, RunError: there is none: no file and no text of a known format, or a damaged one.
    """
    if isinstance(where, Architecture):
        return where
    if isinstance(where, Run):
        return where.architecture
    path = Path(where)
    if isinstance(where, str) and not _is_there(path):
        found = Architecture.from_text(where, "the genotype")
        if found is not None:
            return found
        raise ArchitectureError(
            f"{shorten(visible(where), 200)}: no such run folder or architecture file, and no text "
            "of a format that a plugin reads, such as a genotype of BM-NAS, `Genotype(edges=…, …)`"
        )
    return Run.open(path).architecture if path.is_dir() else Architecture.load(path)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a text that is too long for a path, or that cannot be one
        return False


def load_supernet(run: Run) -> Supernet:
    """Return the supernet of the last search checkpoint, on the CPU, for evaluation: without gradients.

    Raises:
        RunError: the run has no search checkpoint, or no architecture yet.
    """
    checkpoint = read_search(run.checkpoints)
    if checkpoint is None:
        raise RunError(
            f"{run.path}: has no search checkpoint, and so no supernet; "
            "expected the folder of a finished `nasframe run` or `nasframe search`"
        )
    supernet = Supernet(run.architecture.space)
    restore_supernet(supernet, checkpoint)
    return supernet.eval().requires_grad_(False)
