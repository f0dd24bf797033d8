"""The options of the command that is running, so that no message advises one that it does not have."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["advised", "offered", "offering", "ways_out"]

_QUOTED = re.compile("`[^`]*`")
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")

_offered: ContextVar[frozenset[str] | None] = ContextVar("offered", default=None)


@contextmanager
def offering(options: Collection[str] | None) -> Iterator[None]:
    """Let messages in the block advise these options of a command, such as `--out`, and no others.

    None is no command: they advise all.
    """
    token = _offered.set(None if options is None else frozenset(options))
    try:
        yield
    finally:
        _offered.reset(token)


def offered() -> frozenset[str] | None:
    """Return the options of the running command, which a worker takes over; None where there is none."""
    return _offered.get()


def ways_out(*ways: str, otherwise: str = "") -> str:
    """Return the ways out of a mistake, without those by an option that the running command lacks.

    An option within back-quotes is one of the command that stands there with it. Where no command runs, as in
    Python, all are returned.

    Args:
        ways: each in words, in the imperative.
        otherwise: is returned where none is left.

    Example:
        >>> ways_out("choose another --out", "say --overwrite to replace it")
        'choose another --out, or say --overwrite to replace it'
        >>> with offering(["--data"]):
        ...     ways_out("move it away", "choose another --out")
        'move it away'
    """
    has = offered()
    kept = [way for way in ways if has is None or has.issuperset(_options(way))]
    return ", or ".join(kept) or otherwise


def advised(problem: str, *ways: str, otherwise: str = "") -> str:
    """Return a problem and the ways out of it, see `ways_out`; the problem alone where there is none.

    Example:
        >>> advised("out: is a file", "choose another --out")
        'out: is a file; choose another --out'
    """
    advice = ways_out(*ways, otherwise=otherwise)
    return f"{problem}; {advice}" if advice else problem


def _options(way: str) -> list[str]:
    return _OPTION.findall(_QUOTED.sub("", way))
