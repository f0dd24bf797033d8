"""Every operation on files that some work makes, counted, so that one of them can fail, or kill it."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

NAMES = ("open", "write", "fsync", "replace", "rename", "mkdir", "chmod", "truncate")


@contextmanager
def counted(at_each: Callable[[int, str, tuple[Any, ...]], None]) -> Iterator[None]:
    """Call a function before every operation that writes, with its number from 1, its name and arguments."""
    count = 0

    def wrapped(name: str, usual: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(usual)
        def operation(*arguments: Any, **options: Any) -> Any:
            nonlocal count
            if name != "open" or arguments[1] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                count += 1
                at_each(count, name, arguments)
            return usual(*arguments, **options)

        return operation

    with pytest.MonkeyPatch.context() as patch:
        for name in NAMES:
            patch.setattr(os, name, wrapped(name, getattr(os, name)))
        yield
