"""The way on from a damaged table, in its message."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from nasframe.errors import RunError

__all__ = ["with_a_way_on"]


@contextmanager
def with_a_way_on() -> Iterator[None]:
    """Within the block, which reads a table, an error also says how to get a whole one."""
    try:
        yield
    except RunError as error:
        raise RunError(
            f"{error}; put a whole copy of the table in its place (that of a plugin comes with its package), "
            "or make it anew with `nasframe tabulate`"
        ) from error.__cause__
