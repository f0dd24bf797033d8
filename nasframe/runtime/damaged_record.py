"""The way out of a record that cannot be read: a damaged one, and one of a later version."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nasframe.errors import RunError, in_lines

__all__ = ["made_later", "naming_way_out"]


@contextmanager
def naming_way_out(record: Path, kept: Callable[[Path], str]) -> Iterator[None]:
    """Add the ways out to an error of the block, which reads the record of a run or a study.

    Args:
        record: the file, `run.json` or `study.json`.
        kept: returns, for the folder, a sentence that says what else is there and of use without the record,
            and is to be copied before the folder is removed; empty where nothing is.

    Raises:
        RunError: that of the block, with the ways out.
    """
    try:
        yield
    except RunError as error:
        folder = record.parent
        again = f"or remove the folder {folder} and give the command that made it again."
        ways = f"Put back a whole copy of {record.name}, {again}"
        raise RunError(in_lines(str(error), ways, kept(folder))) from error


def made_later(found: Any, newest: int) -> str:
    """Return the end of a message on a document of another format; empty where no later version made it.

    Args:
        found: the format that the document names.
        newest: the last one that this version reads.

    Example:
        >>> made_later(3, 2), made_later("x", 2)
        ('; a later nasframe made it: upgrade nasframe', '')
    """
    is_later = type(found) is int and found > newest
    return "; a later nasframe made it: upgrade nasframe" if is_later else ""
