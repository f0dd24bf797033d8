"""The temperature of a relaxation over the course of a search, and the options that describe it."""

from __future__ import annotations

import math
from typing import Any, Literal, get_args

import attrs

from nasframe.options import option
from nasframe.relaxations.relaxation import Relaxation

__all__ = ["Schedule", "ScheduledRelaxation", "schedule_last", "temperature_at", "temperature_option"]

Schedule = Literal["constant", "linear", "exponential", "cosine"]
"""The course of the temperature from its first value to its last."""


def temperature_at(progress: float, start: float, end: float | None, schedule: Schedule) -> float:
    """Return the temperature after a share `progress` of the search.

    Args:
        progress: 0 to 1; values outside are taken as the nearer end.
        start: the temperature at 0, greater than 0.
        end: the temperature at 1, greater than 0; None keeps `start`.
        schedule: `linear` moves by equal differences, `exponential` by equal ratios, `cosine` slowly at
            both ends; `constant` keeps `start`.

    Example:
        >>> [temperature_at(share, 1.0, 0.25, "exponential") for share in (0.0, 0.5, 1.0)]
        [1.0, 0.5, 0.25]
    """
    if end is None or schedule == "constant":
        return start
    done = min(max(progress, 0.0), 1.0)
    if schedule == "linear":
        return start + (end - start) * done
    if schedule == "exponential":
        return float(start * (end / start) ** done)
    return end + (start - end) * (1 + math.cos(math.pi * done)) / 2


def _positive(instance: object, attribute: attrs.Attribute[Any], value: float | None) -> None:
    """Refuse a number that is not finite or not greater than 0.

    None passes; the type of the option decides about it.
    """
    if value is not None and not 0 < value < math.inf:
        raise ValueError(f"{attribute.name} must be a finite number greater than 0, found {value!r}")


def temperature_option(
    default: float = 1.0, help: str = "of the softmax behind the gradient; lower is less biased and noisier"
) -> float:
    """Return the option `temperature`, a finite number greater than 0, with this default and help text."""
    return option(default, help=help, validator=_positive, rule="more than 0")


def schedule_last(kind: type, fields: list[attrs.Attribute[Any]]) -> list[attrs.Attribute[Any]]:
    """Return the fields of a scheduled relaxation in the order in which they are listed and written.

    attrs puts what is inherited first. Here `temperature_end` and `schedule` come last, after the options
    that the subclass adds. Give it to attrs as `field_transformer`.
    """
    last = ("temperature_end", "schedule")
    return sorted(fields, key=lambda item: item.name in last)


@attrs.frozen(kw_only=True)
class ScheduledRelaxation(Relaxation):
    """A relaxation whose temperature may change while a search goes on.

    It has the options `temperature`, `temperature_end` and `schedule`. A subclass is an attrs class with
    options of its own. To change the default or help text of the temperature it declares
    `temperature: float = temperature_option(0.1)` again.
    """

    temperature: float = temperature_option()
    temperature_end: float | None = option(
        None,
        help="temperature when the search ends, for every schedule but 'constant'",
        validator=_positive,
        rule="more than 0",
    )
    schedule: Schedule = option("constant", help="how the temperature goes to temperature_end")

    def __attrs_post_init__(self) -> None:
        _check_schedule(self.temperature_end, self.schedule)

    def temperature_after(self, progress: float) -> float:
        """Return the temperature after a share `progress` of the search, 0 to 1."""
        return temperature_at(progress, self.temperature, self.temperature_end, self.schedule)


def _check_schedule(end: float | None, schedule: Schedule) -> None:
    """Refuse an unknown schedule, one without a last temperature, and a last temperature without one.

    Raises:
        ValueError: what does not fit, and what would.
    """
    if schedule not in get_args(Schedule):
        raise ValueError(f"schedule must be one of {', '.join(get_args(Schedule))}, found {schedule!r}")
    if schedule == "constant" and end is not None:
        raise ValueError(
            f"temperature_end = {end!r} has no effect with schedule = 'constant'; "
            "choose 'linear', 'exponential' or 'cosine', or leave temperature_end out"
        )
    if schedule != "constant" and end is None:
        raise ValueError(f"schedule = {schedule!r} needs temperature_end, found none")
