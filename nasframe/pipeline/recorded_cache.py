"""The cache of a folder that is there, which may come from a stranger: its documents send us nowhere.

A path in a document is used where it is a cache already, made on this machine: a stage in it was finished, or
was begun when its process was killed. It may also be missing, where it is the default one of the user, or
that of earlier versions, `runs/cache`, of the working folder or of a folder above that of the document. Any
other is asked for: by `--cache`, or the environment variable `NASFRAME_CACHE`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nasframe.errors import RunError
from nasframe.runs import Run
from nasframe.runtime import CACHE_VARIABLE, FORMER_CACHE, default_cache
from nasframe.tasks import STAGE_RECORD, holds_stages, read_stage

__all__ = ["recorded_cache", "recorded_folders"]


def recorded_cache(folder: Path, path: Path, key: str) -> Path:
    """Return a cache that a document of a run or a study names.

    Args:
        folder: whose document it is.
        path: as the document has it; a relative one belongs to the working folder.
        key: of the document, for the error.

    Raises:
        RunError: nothing says that the user knows this folder.
    """
    place = path.resolve()
    # That of the working folder may be a link, which the user made; one above a folder came with it.
    defaults = [
        (Path.cwd() / FORMER_CACHE).resolve(),
        *(parent / FORMER_CACHE for parent in folder.resolve().parents),
    ]
    if place in defaults or holds_stages(place) or place == default_cache().resolve():
        return place
    raise RunError(
        f"{folder}: {key} names {path}, which is neither the default cache nor one with prepared data; a "
        f"folder may come from a stranger, so say it yourself, in the environment of the command: "
        f"{CACHE_VARIABLE}={path}"
    )


def recorded_folders(run: Run, folders: Mapping[str, str], given: Path | None) -> dict[str, Path] | None:
    """Return stage → its folder, as a run records them; None where some are gone.

    Args:
        run: that records them.
        folders: stage → path.
        given: the cache that the user gives, in which they are looked for by their names.

    Raises:
        RunError: a folder lies outside every cache, or holds another stage.
    """
    found = {}
    for stage, text in folders.items():
        path = Path(text) if given is None else given / Path(text).name
        if "\0" in text or not path.is_dir():
            return None
        if path.resolve() != path.parent.resolve() / path.name:
            raise RunError(f"{run.path}: data.folders.{stage} names {path}, a link that leads elsewhere")
        if given is None:
            recorded_cache(run.path, path.parent, f"data.folders.{stage}")
        if not (path / STAGE_RECORD).exists():
            return None
        there = read_stage(path)
        if there["stage"] != stage or not path.name.startswith(f"{stage}-"):
            raise RunError(
                f"{run.path}: data.folders.{stage} names {path}, which holds the stage {there['stage']!r}"
            )
        found[stage] = path
    return found
