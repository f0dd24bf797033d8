"""The call that makes a study, as its folder records it, to go on after a kill."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nasframe.studies.base_experiment import BaseExperiment

__all__ = ["recorded_call"]


def recorded_call(function: str, base: BaseExperiment, **arguments: Any) -> dict[str, Any] | None:
    """Return a call for the record of a study, JSON-able; None for an experiment that only Python holds.

    Args:
        function: `compare`, `sweep` or `tabulate`.
        base: the experiment.
        arguments: the other arguments that count when the call is made again.
    """
    if arguments.get("source") is not None:
        arguments["source"] = str(Path(arguments["source"]).resolve())
    experiment = {"values": dict(base.values), "source": base.source, "name": base.name}
    call = {"call": function, "experiment": experiment, "arguments": arguments}
    try:
        plain: dict[str, Any] = json.loads(json.dumps(call))
    except TypeError:  # it holds tensors
        return None
    return plain
