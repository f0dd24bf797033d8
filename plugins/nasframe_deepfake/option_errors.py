"""Errors about the value of an option, with the name of the option as the user typed it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from nasframe.errors import ConfigurationError, DataError

__all__ = ["as_typed", "of_option"]

_OPTION = re.compile(r"(?<![\w./-])task\.(\w+)(?:=(?:\"(\w+)\"|(\w+)))?(?![\w/])")
"""An option of the task in a message, with or without a value."""


@contextmanager
def of_option(key: str) -> Iterator[None]:
    """Put the key of an option, such as `task.pretrained`, before the message of an error inside the block.

    Raises:
        DataError: with both, in place of the one that the block raised.
    """
    try:
        yield
    except DataError as error:
        raise DataError(f"{key}: {error}") from error
    except ConfigurationError as error:  # of a library, whose name of the option is not the user's
        problems = (problem.partition(": ")[2] or problem for problem in error.problems)
        raise DataError(f"{key}: {'; '.join(problems)}") from error


@contextmanager
def as_typed() -> Iterator[None]:
    """Name the options of the task in an error inside the block as a command of its own has them.

    `task.split_leaks="count"` becomes `--split-leaks count`.

    Raises:
        DataError: in place of the one that the block raised.
    """
    try:
        yield
    except DataError as error:
        raise DataError(_OPTION.sub(_typed, str(error))) from error


def _typed(found: re.Match[str]) -> str:
    name, quoted, bare = found.groups()
    return " ".join(filter(None, (f"--{name.replace('_', '-')}", quoted or bare)))
