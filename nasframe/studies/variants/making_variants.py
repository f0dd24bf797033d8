"""The variants of a comparison: the same experiment with some options at other values, and several seeds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from nasframe.errors import ConfigurationError
from nasframe.experiment import Experiment, overridden
from nasframe.runtime import bounded_file_name, fingerprint
from nasframe.studies.axes import (
    Axis,
    Point,
    experiments_at,
    experiments_with,
    given_values,
    point_name,
    points,
    with_given,
)
from nasframe.studies.variants.variant import PlannedRun, Variant
from nasframe.training import BaselineOptions

__all__ = ["make_variants"]

_FIXED = {
    "seed": "--seeds says how many are used",
    "data_seed": "all variants share their data",
    "device": "it does not change the result",
    "cache": "it does not change the result",
    "baselines": "--random says how many random architectures there are; the task's own are always trained, "
    "and those that `baselines.registered` names",
}


def make_variants(
    values: Mapping[str, Any],
    source: str,
    axes: Sequence[Axis],
    overrides: Iterable[str] = (),
    *,
    seeds: int,
    seed: int | None = None,
    device: str | None = None,
    trains: bool = True,
) -> list[Variant]:
    """Return a variant for every combination of the axes' values; without axes, the experiment as it is.

    An override holds for each variant whose plugin has the option. The runs train no baselines, which are
    trained in other trials, once for all variants.

    A loop that does not relax has no part for a relaxation, so it is one variant, whatever relaxations vary.

    Args:
        values: of the experiment, as its TOML file gives them.
        source: name of the file they were read from, for the error.
        axes: options that vary.
        overrides: `dotted.key=value` each.
        seeds: how many; they are consecutive.
        seed: the first one; None takes that of the experiment.
        device: None takes that of the experiment.
        trains: see `nasframe.pipeline.check_plan`.

    Raises:
        ConfigurationError: all problems of all variants.
    """
    given = _given(source, overrides, {"seed": seed, "device": device})
    problems = [
        f"{axis.key}: cannot be compared: {why}"
        for axis in axes
        for key, why in _FIXED.items()
        if axis.key == key or axis.key.startswith(f"{key}.")
    ]
    problems += [
        f"{axis.key}: is varied, and given as {given[axis.key]!r} too" for axis in axes if axis.key in given
    ]
    if problems:
        raise ConfigurationError(source, problems)
    chosen = points(axes)
    full = with_given(values, chosen, given)
    base = experiments_with(values, source, chosen, given, trains=trains)
    _refuse_relaxations_without_logits(source, axes, base)
    kept: dict[str, tuple[Point, Point, Experiment]] = {}
    for point, whole, first in zip(chosen, full, base, strict=True):
        own = point if first.loop.relaxes else _without_relaxation(point)
        kept.setdefault(_name(own, first), (own, whole, first))
    numbers = [base[0].seed + place for place in range(seeds)]
    trials = [(whole, number) for _, whole, _ in kept.values() for number in numbers]
    made = iter(experiments_at(values, source, trials, data_seed=base[0].stage_seed, trains=trains))
    variants = []
    for name, (point, _, _) in kept.items():
        runs = [
            PlannedRun(
                f"{name},seed={number}",
                f"{_safe(name)},seed={number}",
                attrs.evolve(next(made), baselines=BaselineOptions()),
            )
            for number in numbers
        ]
        variants.append(Variant(name, point, runs))
    return variants


def _safe(name: str) -> str:
    """Return a name as part of a folder's."""
    safe = re.sub(r"[^\w.,=+-]+", "-", name)
    return bounded_file_name(safe if safe == name else f"{safe}-{fingerprint(name)[:6]}", name)


def _given(source: str, overrides: Iterable[str], shortcuts: Mapping[str, Any]) -> dict[str, Any]:
    """Return dotted key → value of the overrides."""
    texts = list(overrides)
    overridden({}, source, texts)  # raises the problems of all of them
    given = given_values(texts)
    problems = [
        f"{key}: given twice, as {given[key]!r} and as {value!r}"
        for key, value in shortcuts.items()
        if value is not None and given.get(key, value) != value
    ]
    if problems:
        raise ConfigurationError(source, problems)
    return given | {key: value for key, value in shortcuts.items() if value is not None}


def _refuse_relaxations_without_logits(source: str, axes: Sequence[Axis], base: Sequence[Experiment]) -> None:
    """Refuse an axis of the relaxation where no loop of the variants has logits to relax."""
    keys = [axis.key for axis in axes if axis.key.startswith("relaxation.")]
    if keys and not any(experiment.loop.relaxes for experiment in base):
        loop = base[0].names["loop"]
        raise ConfigurationError(
            source,
            [f"{key}: varies nothing, as the loop {loop!r} has no logits to relax" for key in keys],
        )


def _without_relaxation(point: Point) -> Point:
    return {key: value for key, value in point.items() if not key.startswith("relaxation.")}


def _name(point: Point, experiment: Experiment) -> str:
    """Return the name of a variant; the value of `relaxation.name` stands in it without its key.

    Without a value that varies, it is the name of the relaxation, or that of a loop which does not relax.
    """
    rest = {key: value for key, value in point.items() if key != "relaxation.name"}
    own = experiment.names["relaxation" if experiment.loop.relaxes else "loop"]
    relaxation = str(point.get("relaxation.name", "" if rest else own))
    return ",".join(part for part in (relaxation, point_name(rest) if rest else "") if part)
