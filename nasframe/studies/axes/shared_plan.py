"""The plan of a study: what all its trials share. It must be the same when the study is continued."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nasframe.experiment import Experiment, without_tensors
from nasframe.studies.axes.axis import Axis

__all__ = ["shared_plan"]

_FREE = ("device", "cache", "baselines")
"""Sections and keys that do not change the result of a trial, so they may differ between two commands."""


def shared_plan(
    experiment: Experiment, written: Mapping[str, Any], axes: Sequence[Axis], *, free: Sequence[str] = ()
) -> dict[str, Any]:
    """Return an experiment as plain values, without the options that vary or may change.

    Args:
        experiment: that of any trial.
        written: values of the user's file and overrides. Where the plugin of a section varies, its options
            vary too, and the section is taken from these values.
        axes: options that vary.
        free: other keys that may change.
    """
    base = experiment.to_dict()
    for key in (*_FREE, *free):
        base.pop(key, None)
    places = [axis.key.split(".") for axis in axes]
    varied = [section for section, *last in places if last == ["name"]]
    base |= {section: without_tensors(written.get(section, {})) for section in varied}
    for *sections, last in places:
        table = base
        for section in sections:
            table = table.get(section, {})
        table.pop(last, None)
    for section in varied:
        if base[section] and "name" in written[section]:  # the plugin that these options belong to
            base[section]["name"] = written[section]["name"]
    return base
