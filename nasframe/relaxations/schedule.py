"""The temperature of a relaxation over the course of a search, and the options that describe it."""

from __future__ import annotations

import math
from typing import Any, Literal, get_args

import attrs

from nasframe.relaxations.relaxation import Relaxation

__all__ = [
    "SCHEDULE_HELP",
    "Schedule",
    "Scheduled",
    "check_schedule",
    "positive",
    "temperature_at",
    "temperature_end_option",
    "temperature_option",
]

Schedule = Literal["constant", "linear", "exponential", "cosine"]
"""How the temperature goes from its first value to its last."""

SCHEDULE_HELP = {"help": "how the temperature goes to temperature_end"}
"""Metadata of the attrs field of option `schedule`."""


def temperature_at(progress: float, start: float, end: float | None, schedule: Schedule) -> float:
    """The temperature after a share `progress` of the search.

    Args:
        progress: 0 to 1; values outside are taken as the nearer end.
        start: the temperature at 0, greater than 0.
        end: the temperature at 1, greater than 0; None keeps `start`.
        schedule: `linear` moves by equal differences, `exponential` by equal ratios, `cosine` slowly at
            both ends; `constant` keeps `start`.
    """
    if end is None or schedule == "constant":
        return start
    done = min(max(progress, 0.0), 1.0)
    if schedule == "linear":
        return start + (end - start) * done
    if schedule == "exponential":
        return float(start * (end / start) ** done)
    return end + (start - end) * (1 + math.cos(math.pi * done)) / 2


def positive(instance: object, attribute: attrs.Attribute[Any], value: float | None) -> None:
    """Validator: a finite number greater than 0, or None where the option allows it."""
    if value is not None and not 0 < value < math.inf:
        raise ValueError(f"{attribute.name} must be a finite number greater than 0, found {value!r}")


def check_schedule(end: float | None, schedule: Schedule) -> None:
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


def temperature_option(default: float) -> float:
    """The attrs field of option `temperature`."""
    text = "of the softmax behind the gradient; lower is less biased and noisier"
    return attrs.field(default=default, validator=positive, metadata={"help": text})


def temperature_end_option() -> float | None:
    """The attrs field of option `temperature_end`."""
    text = "temperature when the search ends, for every schedule but 'constant'"
    option: float | None = attrs.field(default=None, validator=positive, metadata={"help": text})
    return option


class Scheduled(Relaxation):
    """A relaxation whose temperature may change while a search goes on.

    Subclasses are attrs classes with the fields `temperature`, `temperature_end` and `schedule`.
    """

    temperature: float
    temperature_end: float | None
    schedule: Schedule

    def __attrs_post_init__(self) -> None:
        check_schedule(self.temperature_end, self.schedule)

    def temperature_after(self, progress: float) -> float:
        """The temperature after a share `progress` of the search, 0 to 1."""
        return temperature_at(progress, self.temperature, self.temperature_end, self.schedule)
