"""Options that are given for all points, where the plugins of sections vary with the points."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nasframe.errors import ConfigurationError, nearest
from nasframe.experiment import PLUGINS, Experiment, option_keys, parse_value
from nasframe.studies.axes.experiments import experiments_at
from nasframe.studies.axes.points import Point

__all__ = ["experiments_with", "given_values", "with_given"]


def given_values(words: Iterable[str]) -> dict[str, Any]:
    """Return dotted key → value, of valid words `dotted.key=value`."""
    pairs = (word.partition("=") for word in words)
    return {
        ".".join(part.strip() for part in key.split(".")): parse_value(value.strip())
        for key, _, value in pairs
    }


def with_given(values: Mapping[str, Any], points: Sequence[Point], given: Mapping[str, Any]) -> list[Point]:
    """Return the points, each with the given options that the plugins have which it names.

    Args:
        values: of the experiment, as its TOML file gives them.
        points: each takes precedence over what is given.
        given: dotted key → value.
    """
    having = {key: [_has(values, {**given, **point}, key) for point in points] for key in given}
    return [
        {key: value for key, value in given.items() if having[key][place]} | dict(point)
        for place, point in enumerate(points)
    ]


def experiments_with(
    values: Mapping[str, Any],
    source: str,
    points: Sequence[Point],
    given: Mapping[str, Any],
    *,
    trains: bool = True,
) -> list[Experiment]:
    """Return the experiments at points with given options, each checked as far as it can be without data.

    Args:
        values, points, given: see `with_given`.
        source: name of the file they were read from, for the error.
        trains: see `nasframe.pipeline.check_plan`.

    Raises:
        ConfigurationError: all problems of all of them; an option that no point has is one, once.
    """
    whole = [{**given, **point} for point in points]
    unknown = [
        _unknown(values, whole, key) for key in given if not any(_has(values, point, key) for point in whole)
    ]
    full = with_given(values, points, given)
    try:
        trials = [(point, None) for point in full]
        found = experiments_at(values, source, trials, shown=points, trains=trains)
    except ConfigurationError as error:
        raise ConfigurationError(source, [*unknown, *error.problems]) from error
    if unknown:
        raise ConfigurationError(source, unknown)
    return found


def _has(values: Mapping[str, Any], point: Mapping[str, Any], key: str) -> bool:
    """Return True where the plugins that a point names have an option."""
    section = key.partition(".")[0]
    if section not in PLUGINS or key == f"{section}.name":
        return True
    return any(key == known or key.startswith(f"{known}.") for known in _options(values, point, section))


def _options(values: Mapping[str, Any], point: Mapping[str, Any], section: str) -> list[str]:
    """Return the keys of the options of the plugin that a point names for a section."""
    table = values.get(section, {})
    name = point.get(f"{section}.name", table.get("name") if isinstance(table, Mapping) else None)
    keys = option_keys({section: {} if name is None else {"name": name}})
    return [key for key in keys if key.startswith(f"{section}.")]


def _unknown(values: Mapping[str, Any], points: Iterable[Mapping[str, Any]], key: str) -> str:
    """Return in words that the plugins of no point have an option, with the near names."""
    section = key.partition(".")[0]
    known = sorted({known for point in points for known in _options(values, point, section)})
    names = [name for one in known if (name := one.removeprefix(f"{section}.")) != "name"]
    return f"{key}: unknown key{nearest(key.removeprefix(f'{section}.'), names)}"
