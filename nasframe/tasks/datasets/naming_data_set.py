"""An error says in which of the data sets of a task it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from nasframe.errors import DataError

__all__ = ["naming_data_set"]


@contextmanager
def naming_data_set(name: str) -> Iterator[None]:
    """Put the name of a data set, such as `test`, before the text of a `DataError`."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{name}: {error}") from error
