"""The way out of a damaged record of a folder, which its other files cannot replace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nasframe.errors import RunError, in_lines

__all__ = ["naming_way_out"]


@contextmanager
def naming_way_out(record: Path, kept: str) -> Iterator[None]:
    """Add the ways out to an error of the block, which reads the record of a run or a study.

    Args:
        record: the file, `run.json` or `study.json`.
        kept: a sentence that says which other files of the folder are of use.

    Raises:
        RunError: that of the block, with the ways out.
    """
    try:
        yield
    except RunError as error:
        again = f"or remove the folder {record.parent} and give the command that made it again."
        raise RunError(
            in_lines(str(error), f"Put back a whole copy of {record.name}, {again}", kept)
        ) from error
