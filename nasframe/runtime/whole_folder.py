"""A folder that is whole or absent, made in one go."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from nasframe.runtime.files import publish_folder

__all__ = ["whole_folder"]


@contextmanager
def whole_folder(out: Path, refuse: Callable[[Path], None]) -> Iterator[Path]:
    """Yield an empty folder that gets the name `out` when the block ends without an error.

    Args:
        out: its place. What is there is replaced, unless it is refused.
        refuse: raises an error where what is at a path must stay. It is asked before the block, and about
            what is there by its end, as another process may have written it.

    Raises:
        OSError: with the system's number, and the name of `out` or of a file in it; then `out` is as it was.
    """
    refuse(out)
    place = out.resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        partial = Path(tempfile.mkdtemp(dir=place.parent, prefix=".nasframe.", suffix=".partial"))
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(out)) from error
    made, aside = partial / "made", partial / "replaced"  # with the usual permissions
    try:
        made.mkdir()
        yield made
        refuse(out)
        if place.exists():
            place.rename(aside)
        try:
            refuse(aside)  # a file that came in between is not lost
            publish_folder(made, place)
        except BaseException:
            if aside.exists() and not place.exists():
                aside.rename(place)
            raise
    except OSError as error:
        if (name := _users_name(error, made, out)) is None:
            raise
        raise OSError(error.errno, error.strerror, name) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _users_name(error: OSError, made: Path, out: Path) -> str | None:
    """Return the name that a file in `made` is going to have, where an error names one there; else None."""
    if error.errno is None or not isinstance(error.filename, str | bytes | os.PathLike):
        return None
    path = Path(os.fsdecode(error.filename))
    if path.is_relative_to(made):
        return str(out / path.relative_to(made))
    return str(out) if path.is_relative_to(made.parent) else None
