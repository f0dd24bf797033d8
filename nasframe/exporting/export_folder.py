"""The folder of an export: whole or absent, and replaced only where it is one."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from nasframe.errors import RunError
from nasframe.runtime import advised, format_names, whole_folder

__all__ = ["export_folder"]


@contextmanager
def export_folder(out: Path, names: Collection[str], *, overwrite: bool) -> Iterator[Path]:
    """Yield an empty folder that gets the name `out` when the block ends without an error.

    Args:
        out: its place; it may be missing or empty.
        names: of the files that an export writes.
        overwrite: replace the export that is there.

    Raises:
        RunError: something else is there, or an export that is not to be replaced.
        OSError: with the system's number; then `out` is as it was.
    """

    def refuse(there: Path) -> None:
        if there.is_symlink() and not there.exists():
            raise RunError(advised(f"{out}: is a link to nothing", "choose another --out"))
        if not there.exists():
            return
        if not there.is_dir():
            raise RunError(advised(f"{out}: is a file", "choose another --out"))
        found = sorted(item.name for item in there.iterdir())
        others = [name for name in found if name not in names or not (there / name).is_file()]
        if others:
            problem = f"{out}: holds {format_names(others)}, which no export writes; nothing was removed"
            raise RunError(advised(problem, "choose another --out"))
        if found and not overwrite:
            problem = f"{out}: holds an export ({format_names(found)})"
            raise RunError(advised(problem, "choose another --out", "say --overwrite"))

    with whole_folder(out, refuse) as folder:
        yield folder
