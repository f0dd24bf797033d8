"""Axes of a study: options of the experiment that vary between its trials, and the values each takes."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import tomli_w
from attrs import frozen

from nasframe.errors import ConfigurationError, NasframeError, near_names, nearest
from nasframe.experiment import PLUGINS, Experiment, option_keys, parse_value
from nasframe.relaxations import check_relaxation
from nasframe.runtime import bounded_file_name, fingerprint, format_names

__all__ = [
    "Axis",
    "Point",
    "experiment_at",
    "experiments_at",
    "is_axis",
    "parse_axes",
    "point_name",
    "points",
    "short_names",
    "stage_seed",
    "words_of",
]

Point = Mapping[str, Any]
"""Dotted key → value: the options that one trial sets."""

_LONGEST = 100

Word = TypeVar("Word", str, str | Path)


@frozen
class Axis:
    """An option, by its full dotted key, and the values it takes, each once."""

    key: str
    values: tuple[Any, ...]


def is_axis(word: str) -> bool:
    """Return True where a word of the command line is an axis, with several values or none, and no override.

    >>> is_axis("temperature=0.1,0.5"), is_axis("search.epochs=3")
    (True, False)
    """
    _, equals, text = word.partition("=")
    return bool(equals) and (not text.strip() or len(_split(text)) > 1)


def words_of(words: Word | Iterable[Word]) -> list[Word]:
    """Return words as a list; a single one, given without a list, is one word and not its letters.

    >>> words_of("seed=3"), words_of(["seed=3", "device=cpu"])
    (['seed=3'], ['seed=3', 'device=cpu'])
    """
    return [words] if isinstance(words, str | Path) else list(words)


def parse_axes(words: Iterable[str], values: Mapping[str, Any], source: str = "experiment") -> list[Axis]:
    """Return the axes that words like `temperature=0.1,0.5` or `space.ports=shared,choose` name.

    Args:
        words: `key=value,value…` each. Commas inside brackets and quotes belong to a value; a value is read
            as TOML, else taken as a string. A short key stands for the one option of that name; the name of
            a section, such as `relaxation`, stands for its plugin.
        values: of the experiment, as its TOML file gives them.
        source: name of the file they were read from, for the error.

    Raises:
        ConfigurationError: everything that is wrong with them: an option that is not there (with the near
            names) or that two sections have (with both), an axis without a value, a value or an axis twice.

    >>> parse_axes(["search.epochs=2,5"], {})
    [Axis(key='search.epochs', values=(2, 5))]
    """
    problems: list[str] = []
    given: list[tuple[str, tuple[Any, ...]]] = []
    for word in words:
        key, equals, text = word.partition("=")
        parts = [part.strip() for part in _split(text)]
        if not equals or not key.strip():
            problems.append(f"{word!r}: expected key=value,value…, for example temperature=0.1,0.5")
        elif not all(parts):
            empty = "has no value" if len(parts) == 1 else "has an empty value between its commas"
            problems.append(f"{key.strip()}: {empty}; expected for example {key.strip()}=0.1,0.5")
        else:
            given.append((key.strip(), tuple(parse_value(part) for part in parts)))
    swapped = {
        key.removesuffix(".name"): found
        for key, found in given
        if key in PLUGINS or (key.endswith(".name") and key.removesuffix(".name") in PLUGINS)
    }
    keys = option_keys(values, swapped)
    axes: dict[str, Axis] = {}
    for short, found in given:
        key, problem = _resolve(short, keys)
        if not problem and key in axes:
            problem = f"{short}: is an axis twice"
        problem = problem or _repeated(short, found)
        if problem:
            problems.append(problem)
        else:
            axes[key] = Axis(key, found)
    if problems:
        raise ConfigurationError(source, problems)
    return list(axes.values())


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
    exact = ",".join(f"{named[key]}={_text(value)}" for key, value in point.items())
    safe = re.sub(r"[^\w.,=+-]+", "-", exact)[:_LONGEST]
    return bounded_file_name(safe if safe == exact else f"{safe}-{fingerprint(exact)[:6]}", exact)


def short_names(keys: Collection[str]) -> dict[str, str]:
    """Return key → the name by which a reader knows it among the others.

    >>> short_names(["relaxation.name", "relaxation.temperature"])
    {'relaxation.name': 'relaxation', 'relaxation.temperature': 'temperature'}
    """
    last = [key.removesuffix(".name").rpartition(".")[2] for key in keys]
    return {key: key if last.count(short) > 1 else short for key, short in zip(keys, last, strict=True)}


def stage_seed(values: Mapping[str, Any], source: str, point: Point) -> int:
    """Return the seed of the task's stages: all trials share it, also where they have different seeds."""
    kept = {key: value for key, value in point.items() if key != "seed"}
    return experiment_at(values, source, kept).stage_seed


def experiment_at(
    values: Mapping[str, Any],
    source: str,
    point: Point,
    *,
    seed: int | None = None,
    data_seed: int | None = None,
) -> Experiment:
    """Return the experiment of one trial.

    Args:
        values: of the experiment, as its TOML file gives them, or `overridden`.
        source: name of the file they were read from, for the error.
        point: options that the trial sets; naming another plugin starts that section from its defaults.
        seed: of the trial; None takes that of the point, else of the experiment.
        data_seed: of the task's stages, unless the point sets one; None takes that of the experiment.

    Raises:
        ConfigurationError: everything that is wrong.
    """
    chosen = dict(point)
    if seed is not None:
        chosen["seed"] = seed
    if data_seed is not None:
        chosen.setdefault("data_seed", data_seed)
    return Experiment.parse(values, source, [f"{key}={_toml(value)}" for key, value in chosen.items()])


def experiments_at(
    values: Mapping[str, Any],
    source: str,
    trials: Sequence[tuple[Point, int | None]],
    *,
    data_seed: int | None = None,
) -> list[Experiment]:
    """Return the experiments of all trials, each checked as far as it can be without data.

    Args:
        values, source, data_seed: see `experiment_at`.
        trials: point and seed of each.

    Raises:
        ConfigurationError: all problems of all of them; a problem that every point has is there once.
    """
    experiments: list[Experiment] = []
    wrong: dict[str, list[str]] = {}
    for point, seed in trials:
        try:
            experiment = experiment_at(values, source, point, seed=seed, data_seed=data_seed)
            experiment.torch_device()
            check_relaxation(experiment.relaxation)
            experiments.append(experiment)
        except NasframeError as error:
            problems = error.problems if isinstance(error, ConfigurationError) else [str(error)]
            for problem in problems:
                wrong.setdefault(problem, []).append(point_name(point))
    if wrong:
        count = len({point_name(point) for point, _ in trials})
        raise ConfigurationError(source, [_where(problem, names, count) for problem, names in wrong.items()])
    return experiments


def _where(problem: str, names: Sequence[str], count: int) -> str:
    """Return a problem; where only some points have it, with their names."""
    different = list(dict.fromkeys(names))
    if len(different) == count:
        return problem
    return f"{problem} (at {format_names(different, between=' and ')})"


def _split(text: str) -> list[str]:
    """Return the parts between commas; commas inside brackets and quotes do not count."""
    parts, depth, quote = [""], 0, ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in "[{(":
            depth += 1
        elif character in ")}]":
            depth -= 1
        if character == "," and depth <= 0 and not quote:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _resolve(key: str, keys: Sequence[str]) -> tuple[str, str]:
    """Return the full key that a short one stands for, and a problem, empty where there is none."""
    if key in PLUGINS:
        return f"{key}.name", ""
    if key in keys or any(key.startswith(f"{known}.") for known in keys):
        return key, ""
    owners = [known for known in keys if known.endswith(f".{key}")]
    if len(owners) == 1:
        return owners[0], ""
    if owners:
        return key, f"{key}: is an option of several sections; say {' or '.join(owners)}"
    valid = keys if "." in key else [*(known.rpartition(".")[2] for known in keys), *PLUGINS]
    hint = "; `nasframe plugins show NAME` prints the options of a plugin"
    if near_names(key, valid):
        hint = nearest(key, valid)
    return key, f"{key}: there is no such option{hint}"


def _repeated(key: str, values: Sequence[Any]) -> str:
    seen: dict[Any, list[Any]] = {}  # by hashes: there may be many
    for value in values:
        like = seen.setdefault(None if isinstance(value, list | dict) else (type(value) is bool, value), [])
        if value in like:
            return f"{key}: has the value {_text(value)} twice"
        like.append(value)
    return ""


def _text(value: Any) -> str:
    """Return a value as a person writes it on the command line."""
    if isinstance(value, str):
        return value if parse_value(value) == value and "," not in value else _toml(value)
    return " ".join(_toml(value).split())


def _toml(value: Any) -> str:
    """Return a value as TOML, which `parse_value` reads back."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(_items(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return tomli_w.dumps({"value": value}).removeprefix("value = ").rstrip("\n")


def _items(value: Mapping[str, Any]) -> Iterator[str]:
    for key, inner in value.items():
        yield f"{tomli_w.dumps({key: 0}).partition(' = ')[0]} = {_toml(inner)}"
