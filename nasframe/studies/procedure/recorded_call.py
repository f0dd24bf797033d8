"""The call that makes a study, as its folder records it, to go on after a kill."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from nasframe.studies.procedure.base_experiment import BaseExperiment
from nasframe.studies.procedure.settings import Settings

__all__ = ["recorded_call"]


def recorded_call(
    function: str,
    base: BaseExperiment,
    settings: Settings,
    *,
    overrides: Sequence[str],
    device: str | None,
    **own: Any,
) -> dict[str, Any] | None:
    """Return a call for the record of a study, JSON-able; None for an experiment that only Python holds.

    Args:
        function: `compare`, `compare_on_table`, `sweep` or `tabulate`.
        base: the experiment.
        settings: of the study.
        overrides, device: that every function takes.
        own: the arguments of this function alone that count when the call is made again.
    """
    arguments = {
        **own,
        "overrides": overrides,
        "workers": settings.workers,
        "executor": settings.executor,
        "patience": settings.patience,
        "source": None if settings.source is None else str(settings.source.resolve()),
        "device": device,
    }
    experiment = {"values": dict(base.values), "source": base.source, "name": base.name}
    call = {"call": function, "experiment": experiment, "arguments": arguments}
    try:
        plain: dict[str, Any] = json.loads(json.dumps(call))
    except TypeError:  # it holds tensors
        return None
    return plain
