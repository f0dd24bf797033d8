"""The content of a run folder: the check that it is a run, and removal of what runs write, nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nasframe import __version__
from nasframe.errors import RunError
from nasframe.runs.documents import naming_ways_out
from nasframe.runtime import (
    advised,
    format_names,
    made_later,
    read_bytes,
    read_json,
    remove_path,
    require_regular,
    write_json,
)

__all__ = [
    "FORMAT",
    "LOCK",
    "OTHER_TESTS",
    "RECORD",
    "RUN_FOLDERS",
    "begin",
    "check_format",
    "clear",
    "holds_run",
    "is_begun",
    "partials",
    "read_record",
    "refuse_links_outside",
    "refuse_other_kinds",
    "refuse_strange",
    "require_utf8",
]

FORMAT = 1
RECORD = "run.json"
LOCK = "run.lock"

_FILES = (
    *(RECORD, LOCK, "experiment.toml", "metrics.jsonl", "test.json", "scores.json", "report.html"),
    *("architecture.json", "architecture.dot", "architecture.svg"),
)
_CHECKPOINTS = "checkpoints"
OTHER_TESTS = "other_data"
"""The folder of the results on other data sets."""

RUN_FOLDERS = (_CHECKPOINTS, "task", "estimators", "plugins", "trials", OTHER_TESTS)
"""The folders that a run may have."""


def read_record(path: Path) -> dict[str, Any]:
    """Return the content of a folder's `run.json`.

    Raises:
        RunError: there is none, or it is not ours.
    """
    if not (path / RECORD).exists():
        raise RunError(f"{path}: is no run folder: it has no {RECORD}")
    with naming_ways_out(path / RECORD):
        content = read_json(path / RECORD)
    if isinstance(content, dict) and {"format", "nasframe"} <= content.keys():
        found: dict[str, Any] = content
        return found
    if isinstance(content, dict):
        _refuse_later(path, content.get("format"))
    with naming_ways_out(path / RECORD):
        raise RunError(f"{path}: is no run folder: its {RECORD} is none of nasframe's, or is damaged")


def check_format(path: Path, record: Mapping[str, Any]) -> None:
    """Refuse the record of a folder that is in another format.

    Raises:
        RunError: a later version made it; or the record is damaged.
    """
    found = record["format"]
    if found != FORMAT:
        _refuse_later(path, found)
        with naming_ways_out(path / RECORD):
            raise RunError(_other_format(path, found))


def _refuse_later(path: Path, found: Any) -> None:
    if later := made_later(found, FORMAT):
        raise RunError(f"{_other_format(path, found)}{later}")


def _other_format(path: Path, found: Any) -> str:
    return f"{path}: run format {found!r} cannot be read; this version reads format {FORMAT}"


def is_begun(record: dict[str, Any]) -> bool:
    """Return True for the record of a run whose creation began and did not end."""
    return record.get("format") == FORMAT and record.get("experiment", "") is None


def holds_run(path: Path, experiment: str | None) -> bool:
    """Return True where there is a run in the folder, False where one may be made in it.

    Args:
        path: of the folder, which need not be there.
        experiment: of the run to be made; a folder that holds nothing but it is one whose creation was cut
            short, while any other file `experiment.toml` is somebody's.

    Raises:
        RunError: the folder holds something else.
    """
    if path.is_symlink() and not path.exists():
        raise RunError(advised(f"{path}: is a link to nothing", "choose another --out"))
    if not path.exists():
        return False
    if not path.is_dir():
        raise RunError(advised(f"{path}: is a file and is no run folder", "choose another --out"))
    if (path / LOCK).is_symlink():  # what is locked is emptied
        raise RunError(f"{path / LOCK}: is a link, and no run makes one; remove it")
    if (path / RECORD).exists():
        return not is_begun(read_record(path))
    ours = {LOCK, *(item.name for item in partials(path))}
    if (path / _CHECKPOINTS).is_dir() and not any((path / _CHECKPOINTS).iterdir()):
        ours.add(_CHECKPOINTS)
    toml = path / "experiment.toml"
    if experiment is not None and toml.is_file() and read_bytes(toml, RunError) == experiment.encode():
        ours.add(toml.name)
    others = sorted(item.name for item in path.iterdir() if item.name not in ours)
    if others:
        problem = f"{path}: is there already and is no run folder (it holds {format_names(others)})"
        raise RunError(advised(problem, "choose another --out"))
    return False


def begin(path: Path, more: Mapping[str, Any] | None = None) -> None:
    """Mark the folder as ours, and as one whose creation has not ended.

    Args:
        path: of the folder.
        more: what is needed to go on after a kill.
    """
    head = {"format": FORMAT, "nasframe": __version__, "experiment": None}
    write_json(path / RECORD, {**head, **(more or {})})


def refuse_links_outside(path: Path, *, deep: bool = True) -> None:
    """Refuse a folder in which a link leads outside: reading and writing would follow it.

    Args:
        path: of the folder, which may be a link itself, or missing.
        deep: look into the folders in it, too.

    Raises:
        RunError: names the link.
    """
    root = path.resolve()
    for folder, folders, files in os.walk(root):
        for item in (Path(folder, name) for name in (*folders, *files)):
            if item.is_symlink() and not _leads_inside(item, root):
                shown = path / item.relative_to(root)
                raise RunError(f"{shown}: is a link that leads outside {path}; put its target in its place")
        if not deep:
            break


def refuse_other_kinds(path: Path) -> None:
    """Refuse a run in which a folder stands in the place of a file, or a file in that of a folder.

    Else the step that writes there fails at its end.

    Raises:
        RunError: names it.
    """
    for name in _FILES:
        if (path / name).exists():
            require_regular(path / name, RunError)
    for name in RUN_FOLDERS:
        if (path / name).exists() and not (path / name).is_dir():
            raise RunError(f"{path / name}: is no folder; expected a folder")


def _leads_inside(link: Path, root: Path) -> bool:
    try:
        return link.resolve().is_relative_to(root)
    except (OSError, RuntimeError):  # a link to itself
        return False


def refuse_strange(path: Path) -> None:
    """Refuse to replace a run whose folder holds files that no run writes.

    Raises:
        RunError: names it.
    """
    found = [
        item
        for item in path.iterdir()
        if not (_is_partial(item) or item.name in (RUN_FOLDERS if item.is_dir() else _FILES))
    ]
    checkpoints = path / _CHECKPOINTS
    found += [
        item
        for item in (checkpoints.iterdir() if checkpoints.is_dir() else ())
        if item.is_dir() or not (_is_partial(item) or item.suffix in (".json", ".safetensors"))
    ]
    if found:
        names = format_names(sorted(item.relative_to(path).as_posix() for item in found))
        problem = f"{path}: holds {names}, which no run writes; nothing was removed"
        raise RunError(advised(problem, "move it away", "choose another --out"))


def clear(path: Path) -> None:
    """Remove everything that a run writes, except `run.json` and the lock; the folder itself stays."""
    for name in (*_FILES, *RUN_FOLDERS):
        if name not in (RECORD, LOCK):
            remove_path(path / name)
    for item in partials(path):
        item.unlink(missing_ok=True)


def partials(path: Path) -> Iterator[Path]:
    """Yield the files that a kill left half written, in the folder and among its checkpoints."""
    for folder in (path, path / _CHECKPOINTS):
        if folder.is_dir():
            yield from filter(_is_partial, list(folder.iterdir()))


def _is_partial(item: Path) -> bool:
    return item.name.startswith(".") and item.suffix == ".partial" and item.is_file()


def require_utf8(path: Path) -> None:
    """Refuse a folder whose name is not UTF-8: the libraries that write weights into it take no other.

    Raises:
        RunError: the path has such a name.
    """
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise RunError(f"{str(path)!r}: the name is not UTF-8; choose another folder") from None
