"""The folder of prepared data where a command names none, and where work is done for another machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from nasframe.errors import RunError
from nasframe.user_cache import CACHE_VARIABLE, prepared_folder, user_cache

__all__ = [
    "CACHE_VARIABLE",
    "FORMER_CACHE",
    "absolute_cache",
    "cache_for_another_machine",
    "default_cache",
    "given_cache",
    "recorded_place",
    "user_cache",
]

FORMER_CACHE = Path("runs/cache")
"""The default cache of earlier versions, in the working folder, which their runs name."""


_elsewhere: ContextVar[tuple[Path, Path] | None] = ContextVar("elsewhere", default=None)


def default_cache() -> Path:
    """Return the cache where nothing names another, absolute: `nasframe/prepared` in `XDG_CACHE_HOME`, or in
    `~/.cache`.

    Raises:
        RunError: there is no home folder.
    """
    place = prepared_folder()
    if place is None:
        raise RunError(f"there is no home folder to keep prepared data in; set {CACHE_VARIABLE} to a folder")
    return place


def given_cache(cache: str | Path | None) -> Path | None:
    """Return the cache that the user gives, absolute: as an argument, or in the environment; else None.

    Where this thread works for another machine, it is the cache that holds what came from there.

    Raises:
        RunError: it begins with `~`, and there is no such home folder.
    """
    elsewhere = _elsewhere.get()
    if elsewhere is not None:
        return elsewhere[0]
    found = cache if cache is not None else os.environ.get(CACHE_VARIABLE)
    return absolute_cache(found) if found else None


def absolute_cache(cache: str | Path) -> Path:
    """Return the absolute place of a cache that a file or a variable names, in which no shell expands `~`.

    Raises:
        RunError: it begins with `~`, and there is no such home folder.
    """
    try:
        return Path(cache).expanduser().resolve()
    except RuntimeError as error:
        raise RunError(f"the cache {cache} cannot be found: {error}") from error


@contextmanager
def cache_for_another_machine(here: Path, there: Path) -> Iterator[None]:
    """Let this thread work in the block for a machine that will keep the records and has another cache.

    Args:
        here: the cache of this machine, absolute.
        there: the name of the cache on the other one, absolute.

    Example:
        >>> with cache_for_another_machine(Path("/tmp/lent"), Path("/data/cache")):
        ...     print(recorded_place(Path("/tmp/lent/features-1")).as_posix())
        /data/cache/features-1
    """
    token = _elsewhere.set((here, there))
    try:
        yield
    finally:
        _elsewhere.reset(token)


def recorded_place(path: Path) -> Path:
    """Return the name under which a cache, or a folder in it, is recorded: that of the machine that will keep
    the record."""
    elsewhere = _elsewhere.get()
    if elsewhere is None or not path.is_relative_to(elsewhere[0]):
        return path
    return elsewhere[1] / path.relative_to(elsewhere[0])
