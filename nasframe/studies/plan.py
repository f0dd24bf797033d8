"""What all trials of a study have in common: it decides whether the study may be gone on with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nasframe.experiment import Experiment
from nasframe.studies.axes import Axis

__all__ = ["shared_plan"]

_FREE = ("device", "cache", "baselines")
"""What may change between two commands: it decides nothing that a trial finds."""


def shared_plan(
    experiment: Experiment, written: Mapping[str, Any], axes: Sequence[Axis], *, free: Sequence[str] = ()
) -> dict[str, Any]:
    """An experiment as plain values, without what varies and what may change.

    Args:
        experiment: of any trial.
        written: what the user wrote: file and overrides. Where the plugin of a section varies, and its
            options with it, what was written for that section stands for them.
        axes: what varies.
        free: other keys that may change.
    """
    base = experiment.to_dict()
    for key in (*_FREE, *free):
        base.pop(key, None)
    places = [axis.key.split(".") for axis in axes]
    varied = [section for section, *last in places if last == ["name"]]
    base |= {section: dict(written.get(section, {})) for section in varied}
    for *sections, last in places:
        table = base
        for section in sections:
            table = table.get(section, {})
        table.pop(last, None)
    for section in varied:
        if base[section] and "name" in written[section]:  # whose options these are
            base[section]["name"] = written[section]["name"]
    return base
