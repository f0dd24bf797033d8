"""A folder that is whole or absent, made in one go."""

from __future__ import annotations

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
        OSError: with the system's number; then `out` is as it was.
    """
    refuse(out)
    place = out.resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=place.parent, prefix=".nasframe.", suffix=".partial"))
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
    finally:
        shutil.rmtree(partial, ignore_errors=True)
