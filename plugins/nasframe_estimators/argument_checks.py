"""The arguments of the laboratory: one value or several, and everything that is wrong with them at once."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

from nasframe import Experiment, Run
from nasframe.errors import nearest
from nasframe_estimators.functions import BITS, FUNCTIONS, PORT_FUNCTIONS, Function
from nasframe_estimators.gradients import SCORE_FUNCTION, full_name, relaxation_names

__all__ = ["MOST_SAMPLES", "as_tuple", "problems_of"]

_NAME, _TEMPERATURE = "a name", "a finite number greater than 0"

MOST_SAMPLES = 1_000_000
"""Largest K that is measured. One draw of a gradient holds the noise of all K, which must fit in memory."""

_SAMPLES = f"at least 1 and at most {MOST_SAMPLES:,}, or 'exact'"


def as_tuple(given: Any) -> Any:
    """Return one value, or several, as a tuple; None stays None."""
    if given is None:
        return None
    single = isinstance(given, str | type | Mapping) or not isinstance(given, Iterable)
    try:
        return tuple(map(_plain, (given,) if single else given))
    except TypeError:  # a tensor without dimensions
        return (given,)


def _plain(value: Any) -> Any:
    """Return a number of NumPy as one of Python, which JSON can hold."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return value
    return int(value) if isinstance(value, Integral) else float(value)


def problems_of(arguments: Mapping[str, Any]) -> list[str]:
    """Return everything that is wrong with the arguments of a `Laboratory`, by name, one line each."""
    return [
        *_names("relaxation", arguments["relaxations"], [*relaxation_names(), SCORE_FUNCTION]),
        *_names("function", arguments["functions"], [*FUNCTIONS, *PORT_FUNCTIONS]),
        *_numbers("temperature", arguments["temperatures"], _TEMPERATURE),
        *_numbers("samples", arguments["samples"], _SAMPLES),
        *_whole("draws", arguments["draws"], 2),
        *_whole("seed", arguments["seed"], None),
        *_bits(arguments["bits"]),
        *_typed("run", arguments["run"], (Run, str, os.PathLike), "a folder, or a nasframe.Run"),
        *_typed("experiment", arguments["experiment"], (Experiment,), "a nasframe.Experiment"),
        *_typed("source", arguments["source"], (str, os.PathLike), "a path"),
    ]


def _names(kind: str, given: Sequence[Any] | None, valid: Sequence[str]) -> Iterator[str]:
    if given is not None and not given:
        yield f"{kind}: expected {_NAME}, found none"
    for name in given or ():
        if kind == "function" and isinstance(name, Function):
            continue
        if not isinstance(name, str):
            yield f"{kind}: expected {_NAME}, found {name!r}"
        elif name not in valid and (kind != "relaxation" or full_name(name) is None):
            yield f"{kind}: unknown {kind} {name!r}{nearest(name, valid)}"


def _numbers(key: str, given: Sequence[Any] | None, expected: str) -> Iterator[str]:
    if given is not None and not given:
        yield f"{key}: must be {expected}, found none"
    for value in given or ():
        whole = key == "samples"
        kind = Integral if whole else Real
        fits = isinstance(value, kind) and not isinstance(value, bool)
        if whole and isinstance(value, str):
            fits = value == "exact"
        elif fits:
            fits = 1 <= value <= MOST_SAMPLES if whole else 0 < value < math.inf
        if not fits:
            yield f"{key}: must be {expected}, found {value!r}"


def _whole(key: str, value: Any, least: int | None) -> Iterator[str]:
    if value is None and key == "draws":
        return
    if not isinstance(value, Integral) or isinstance(value, bool):
        yield f"{key}: must be a whole number, found {value!r}"
    elif least is not None and int(value) < least:
        yield f"{key}: must be at least {least}, found {value}"


def _bits(value: Any) -> Iterator[str]:
    if not isinstance(value, Real) or isinstance(value, bool):
        yield f"bits: must be a number, found {value!r}"
    elif not 1 <= float(value) <= BITS:
        yield f"bits: must be from 1 to {BITS:g}, found {float(value)}"


def _typed(key: str, value: Any, types: tuple[type, ...], expected: str) -> Iterator[str]:
    if value is not None and not isinstance(value, types):
        yield f"{key}: expected {expected}, found {value!r}"
