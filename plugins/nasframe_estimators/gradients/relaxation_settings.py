"""The settings in which each installed relaxation is measured.

No relaxation is known here by name. An option called `temperature` is varied over temperatures, one
called `samples` over K; everything else keeps its default.
"""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Callable, Sequence
from typing import Any, Literal

import attrs
from attrs import frozen

from nasframe import Registered, manager
from nasframe.errors import PluginError
from nasframe.relaxations import Relaxation
from nasframe_estimators.gradients.score_function import SCORE_FUNCTION

__all__ = [
    "SAMPLES",
    "TEMPERATURES",
    "Samples",
    "Setting",
    "class_path",
    "full_name",
    "relaxation_names",
    "settings_of",
    "target_of",
]

Samples = int | Literal["exact"]

TEMPERATURES: tuple[float, ...] = (0.1, 0.5, 1.0)
SAMPLES: tuple[Samples, ...] = (1, 10, 100, 1000, "exact")


@frozen
class Setting:
    """A relaxation with its options, not yet made: making it may raise.

    Attributes:
        relaxation: its name.
        make: makes it; None for the score function, which is no relaxation.
        target: its class, as `Measurement` has it.
    """

    relaxation: str
    make: Callable[[], Relaxation] | None
    target: str | None = None
    samples: Samples | None = None
    temperature: float | None = None


def relaxation_names() -> list[str]:
    """Return the names of all installed relaxations; with the plugin, where two plugins use one name."""
    return [_name(entry) for entry in manager().registered("relaxation")]


def full_name(name: str) -> str | None:
    """Return the name under which a relaxation is measured, from it or `plugin:name`; None if unknown."""
    entries = manager().registered("relaxation")
    names = {_name(entry): _name(entry) for entry in entries}
    return ({f"{entry.plugin}:{entry.name}": _name(entry) for entry in entries} | names).get(name)


def settings_of(
    name: str, temperatures: Sequence[float] | None, samples: Sequence[Samples] | None
) -> list[Setting]:
    """Return the settings in which one relaxation is measured.

    Args:
        name: one of `relaxation_names`, or `score_function`.
        temperatures: of its option `temperature`; None is `TEMPERATURES` and its own default.
        samples: of its option `samples`; None is those of `SAMPLES` that its type admits.
    """
    if name == SCORE_FUNCTION:
        return [Setting(name, None)]
    try:
        target = manager().load("relaxation", name)
        options = _options(target)
        return [
            Setting(name, functools.partial(_make, target, k, t), class_path(target), k, t)
            for t in _temperatures(options.get("temperature"), temperatures)
            for k in _samples(options.get("samples"), samples)
        ]
    except (Exception, SystemExit) as error:  # a plugin's class may raise anything
        return [Setting(name, functools.partial(_raise, error))]


def class_path(target: Any) -> str:
    """Return `module:name` of a registered class, which no other class has."""
    return f"{getattr(target, '__module__', None)}:{getattr(target, '__qualname__', repr(target))}"


def target_of(name: str) -> str | None:
    """Return the `class_path` of a registered name; None where it cannot be loaded."""
    try:
        return class_path(manager().load("relaxation", name))
    except (Exception, SystemExit):  # a plugin's module may raise anything
        return None


def _make(target: Any, samples: Samples | None, temperature: float | None) -> Relaxation:
    varied = {"samples": samples, "temperature": temperature}
    made: Relaxation = target(**{option: value for option, value in varied.items() if value is not None})
    return made


def _raise(error: BaseException) -> Relaxation:
    raise error


def _name(entry: Registered) -> str:
    names = [other.name for other in manager().registered("relaxation")]
    taken = names.count(entry.name) > 1 or entry.name == SCORE_FUNCTION
    return f"{entry.plugin}:{entry.name}" if taken else entry.name


def _options(target: Any) -> dict[str, attrs.Attribute[Any]]:
    if not attrs.has(target):
        return {}
    attrs.resolve_types(target)
    return {item.name: item for item in attrs.fields(target) if item.init}


def _temperatures(
    option: attrs.Attribute[Any] | None, wanted: Sequence[float] | None
) -> Sequence[float | None]:
    if option is None:
        return [None]
    if wanted is not None:
        return list(dict.fromkeys(wanted))
    own = [option.default] if isinstance(option.default, int | float) else []
    return sorted({*TEMPERATURES, *map(float, own)})


def _samples(
    option: attrs.Attribute[Any] | None, wanted: Sequence[Samples] | None
) -> Sequence[Samples | None]:
    if option is None:
        return [None]
    admitted = [k for k in dict.fromkeys(SAMPLES if wanted is None else wanted) if _admits(option.type, k)]
    if not admitted:
        raise PluginError(f"its option samples admits none of {', '.join(map(str, wanted or SAMPLES))}")
    return admitted


def _admits(annotation: Any, value: Samples) -> bool:
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return value in parts
    if origin in (typing.Union, types.UnionType):
        return any(_admits(part, value) for part in parts)
    return annotation in (Any, None, type(value))
