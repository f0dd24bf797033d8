"""A folder that is whole or absent, made in one go."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from nasframe.runtime.files import fingerprint, publish_folder
from nasframe.runtime.unfinished_folder import unfinished_folder

__all__ = ["whole_folder"]


@contextmanager
def whole_folder(out: Path, refuse: Callable[[Path], None], *, goes_on: str | None = None) -> Iterator[Path]:
    """Yield an empty folder that gets the name `out` when the block ends without an error.

    Args:
        out: its place. What is there is replaced, unless it is refused.
        refuse: raises an error where what is at a path must stay. It is asked before the block, and about
            what is there by its end, as another process may have written it.
        goes_on: a fingerprint of what the block makes. What an earlier block for the same place and
            fingerprint left when it was killed or failed is yielded again, and the block goes on with it.

    Raises:
        OSError: with the system's number, and the name of `out` or of a file in it; then `out` is as it was.
    """
    refuse(out)
    place = out.resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        try:
            made = stack.enter_context(_unfinished(place, goes_on))
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(out)) from error
        aside = made.with_name("replaced")
        try:
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


@contextmanager
def _unfinished(place: Path, goes_on: str | None) -> Iterator[Path]:
    """Yield the folder in the making: an empty one, or that of an earlier block."""
    if goes_on is not None:
        # not the name of the place, which may be as long as a name can be
        name = f"nasframe-{fingerprint([place.name, goes_on])[:12]}"
        with unfinished_folder(place.parent / name, resumes=True) as made:
            yield made
        return
    partial = Path(tempfile.mkdtemp(dir=place.parent, prefix=".nasframe.", suffix=".partial"))
    made = partial / "made"  # with the usual permissions
    try:
        made.mkdir()
        yield made
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
