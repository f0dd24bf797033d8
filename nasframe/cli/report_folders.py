"""The folders that `report` writes files into: none that runs and studies write into, or lie in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nasframe.runtime import format_names

__all__ = ["misplaced"]

_RECORDS = (
    *("run.json", "study.json", "comparison.json", "sweep.json", "matrix.json", "studies.json"),
    *("table.json.xz", "table.json", "census.json"),
)
"""Files of which each makes its folder one of a run, a study or a page of several studies."""


def misplaced(places: Mapping[str, Path | None], out: Path | None) -> list[str]:
    """Return a problem for each folder that is one of a run or a study, lies in one, or holds some.

    In the folder of a run or a study, a folder of its own for the files of a report is no problem.

    Args:
        places: option → the folder that it names; None where it was not given.
        out: the folder of the page of several studies, where there is one.
    """
    problems = [problem for option, place in places.items() if place and (problem := _problem(option, place))]
    if out is not None and (above := _nearest([*out.resolve().parents])) is not None:
        problems.append(f"--out {out}: lies in {above}, a folder of a run or a study; expected one beside it")
    return problems


def _problem(option: str, place: Path) -> str:
    start = f"--{option} {place}:"
    path = place.resolve()
    if _has_record(path):
        return (
            f"{start} is the folder of a run or a study, or of the page; expected one for these files alone, "
            f"such as {place / option}"
        )
    above = _nearest([*path.parents])
    if above is not None and not (above == path.parent and _is_for_reports(path)):
        return (
            f"{start} lies in {above}, among what a run or a study writes; expected a folder for these files "
            f"alone, such as {above / option}"
        )
    inside = sorted(item.name for item in path.iterdir() if _has_record(item)) if path.is_dir() else []
    if inside:
        return (
            f"{start} holds runs or studies ({format_names(inside)}); expected a folder for these files "
            f"alone, such as {place / option}"
        )
    return ""


def _is_for_reports(folder: Path) -> bool:
    """Return True for a folder in that of a run or a study that neither writes, now or later."""
    from nasframe.report import TRIAL_FOLDERS, WRITTEN_BY
    from nasframe.runs import RUN_FOLDERS

    if folder.name in {*RUN_FOLDERS, *TRIAL_FOLDERS, "architectures"}:
        return False
    return not folder.is_dir() or not any(folder.iterdir()) or (folder / WRITTEN_BY).is_file()


def _nearest(folders: list[Path]) -> Path | None:
    return next((folder for folder in folders if _has_record(folder)), None)


def _has_record(folder: Path) -> bool:
    return any((folder / name).is_file() for name in _RECORDS)
