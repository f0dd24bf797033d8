"""A folder of an export: whole or absent, and replaced only where it is one."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from nasframe.errors import RunError
from nasframe.runtime import format_names, publish_folder

__all__ = ["whole_folder"]


@contextmanager
def whole_folder(out: Path, names: Collection[str], *, overwrite: bool) -> Iterator[Path]:
    """Yield an empty folder that gets the name `out` when the block ends without an error.

    Args:
        out: its place; it may be missing or empty.
        names: of the files that an export writes.
        overwrite: replace the export that is there.

    Raises:
        RunError: something else is there, or an export that is not to be replaced.
        OSError: with the system's number; then `out` is as it was.
    """
    _refuse(out, names, overwrite)
    place = out.resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=place.parent, prefix=".export.", suffix=".partial"))
    made, aside = partial / "made", partial / "replaced"  # with the usual permissions
    try:
        made.mkdir()
        yield made
        _refuse(out, names, overwrite)  # by now another process may have written there
        if place.exists():
            place.rename(aside)
        try:
            publish_folder(made, place)
        except BaseException:
            if aside.exists() and not place.exists():
                aside.rename(place)
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _refuse(out: Path, names: Collection[str], overwrite: bool) -> None:
    if out.is_symlink() and not out.exists():
        raise RunError(f"{out}: is a link to nothing; choose another --out")
    if not out.exists():
        return
    if not out.is_dir():
        raise RunError(f"{out}: is a file; choose another --out")
    found = sorted(item.name for item in out.iterdir())
    others = [name for name in found if name not in names or not (out / name).is_file()]
    if others:
        raise RunError(
            f"{out}: holds {format_names(others)}, which no export writes; nothing was removed. "
            "Choose another --out"
        )
    if found and not overwrite:
        raise RunError(
            f"{out}: holds an export ({format_names(found)}); choose another --out, or say --overwrite"
        )
