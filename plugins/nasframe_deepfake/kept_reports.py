"""The places in a run where reports on its test clips are kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from nasframe import Run
from nasframe.errors import DataError
from nasframe.runtime import counted, file_name, fingerprint, sha256_of
from nasframe_deepfake.drawn_units import Drawn

__all__ = [
    "name_of_data",
    "network_of",
    "reports_in",
    "reports_of_network",
    "require_place",
    "sentences_on_clips",
    "sentences_on_problems",
]

OWN = "own"
"""The name of a report on the run's own data; it sorts first."""

_SHOWN = 3


def reports_in(run: Run) -> Path:
    """Return the folder of the reports of a run, which may not be there."""
    return run.path / "plugins" / "nasframe_deepfake"


def reports_of_network(
    run: Run, reports: Mapping[str, Path], read: Callable[[Path], Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Return the reports of a run that are of its network as it is now, that on its own data first.

    Args:
        run: that keeps them.
        reports: name of the data → its file.
        read: a file, which raises a RunError where it is damaged.
    """
    found = [read(reports[name]) for name in sorted(reports, key=lambda name: (name != OWN, name))]
    network = network_of(run)
    return [report for report in found if report["network"] == network]


def name_of_data(source: str | None) -> str:
    """Return the name of a report on the run's own data (None), or on another folder of data."""
    if source is None:
        return OWN
    return f"{file_name(Path(source).name or 'data')}-{fingerprint(str(Path(source).resolve()))[:8]}"


def require_place(folder: Path, name: str) -> Path:
    """Make the folder of a report, and refuse a place where it cannot be written before hours of work.

    Args:
        folder: as the user gives it, or in the run.
        name: of the file of the report.

    Returns:
        its path.

    Raises:
        DataError: the folder is a file or is called as one, or a folder has the name of the report.
        OSError: the folder cannot be made, or takes no file.
    """
    if folder.is_file() or folder.suffix == Path(name).suffix:
        raise DataError(f"{folder}: expected a folder, into which {name} is written")
    folder.mkdir(parents=True, exist_ok=True)
    if (path := folder / name).is_dir():
        raise DataError(f"{path}: is a folder; expected none of this name, since the result is written there")
    with NamedTemporaryFile(dir=folder, prefix=f".{name}-"):
        pass
    return path


def network_of(run: Run) -> str:
    """Return the hash of a run's trained network, empty where there is none.

    A report of another network is out of date.
    """
    path = run.checkpoints / "network.json"
    return sha256_of(path) if path.is_file() else ""


def sentences_on_clips(report: Mapping[str, Any], drawn: Drawn) -> list[str]:
    """Return which test clips are left out and why, the notes on the data, and whether people are few."""
    counts = [
        f"{counted(count, 'clip is', 'clips are')} left out: {reason}."
        for reason, count in report["left_out"].items()
    ]
    lost = sentences_on_problems("could not be scored", report["problems"])
    few = drawn.caveat()
    return [*counts, *lost, *map(_sentence, report["notes"]), *([few] if few else [])]


def sentences_on_problems(what: str, problems: Sequence[Mapping[str, str]]) -> list[str]:
    """Return a sentence on clips with a problem, with the first few; none where there is none."""
    if not problems:
        return []
    shown = "; ".join(problem["problem"] for problem in problems[:_SHOWN])
    more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
    return [_sentence(f"{counted(len(problems), 'clip')} {what}: {shown}{more}")]


def _sentence(words: str) -> str:
    return words if words.endswith(".") else f"{words}."
