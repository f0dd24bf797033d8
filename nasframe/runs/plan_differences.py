"""The differences between what a folder was made by and what is asked for now, a line for each key."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from nasframe.runtime import shorten

__all__ = ["differing_keys"]

_MOST = 10
_SHOWN = 100  # characters of a value


def differing_keys(there: Any, now: Any, *, left_out: Collection[str] = ()) -> list[str]:
    """Return a line for each key that differs, ten at most and one that counts the others.

    Args:
        there, now: plain values; None is as good as no value.
        left_out: keys at the top that do not count.

    Example:
        >>> differing_keys({"a": {"b": 1}}, {"a": {"b": [2]}, "c": 3})
        ['a.b: there 1, now [2]', 'c: there nothing, now 3']
    """
    found = [line for key, line in _differences(there, now) if key.partition(".")[0] not in left_out]
    return found[:_MOST] + ([f"and {len(found) - _MOST} more"] if len(found) > _MOST else [])


def _differences(there: Any, now: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(there, Mapping) and isinstance(now, Mapping):
        for name in dict.fromkeys([*there, *now]):
            inner = f"{key}.{name}" if key else name
            yield from _differences(there.get(name), now.get(name), inner)
    elif there != now:
        yield key, f"{key.removeprefix('experiment.')}: there {_shown(there)}, now {_shown(now)}"


def _shown(value: Any) -> str:
    return "nothing" if value is None else shorten(json.dumps(value, ensure_ascii=False, default=str), _SHOWN)
