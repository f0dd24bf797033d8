"""The points of axes: every combination of their values, and its name."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from nasframe.runtime import bounded_file_name, fingerprint
from nasframe.studies.axes.axis import Axis
from nasframe.studies.axes.written_values import in_words

__all__ = ["Point", "point_name", "points", "short_names"]

Point = Mapping[str, Any]
"""Dotted key → value: the options that one trial sets."""

_LONGEST = 100


def points(axes: Sequence[Axis]) -> list[Point]:
    """Return every combination of the axes' values; the last axis varies fastest."""
    keys = [axis.key for axis in axes]
    return [
        dict(zip(keys, chosen, strict=True)) for chosen in itertools.product(*(axis.values for axis in axes))
    ]


def point_name(point: Point) -> str:
    """Return a name for a folder. Where characters must be replaced, a few digits are added.

    >>> point_name({"relaxation.temperature": 0.1, "relaxation.samples": 10})
    'temperature=0.1,samples=10'
    """
    named = short_names(point)
    exact = ",".join(f"{named[key]}={in_words(value)}" for key, value in point.items())
    safe = re.sub(r"[^\w.,=+-]+", "-", exact)[:_LONGEST]
    return bounded_file_name(safe if safe == exact else f"{safe}-{fingerprint(exact)[:6]}", exact)


def short_names(keys: Collection[str]) -> dict[str, str]:
    """Return key → the name by which a reader knows it among the others.

    >>> short_names(["relaxation.name", "relaxation.temperature"])
    {'relaxation.name': 'relaxation', 'relaxation.temperature': 'temperature'}
    """
    last = [key.removesuffix(".name").rpartition(".")[2] for key in keys]
    return {key: key if last.count(short) > 1 else short for key, short in zip(keys, last, strict=True)}
