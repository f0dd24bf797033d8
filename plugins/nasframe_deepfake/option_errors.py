"""Errors about the file that an option names, with the name of the option."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from nasframe.errors import DataError

__all__ = ["of_option"]


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
