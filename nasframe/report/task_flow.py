"""The task of a run, drawn from what every task gives: examples of each split, inputs, outputs, objective."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from nasframe.report.experiment_options import name_in, settings_of
from nasframe.report.flow import Step, flow_chart
from nasframe.runs import Run

__all__ = ["draw_task"]

_MOST = 8
"""The most inputs that are drawn one by one."""

_FOR = {
    "weights": "train the weights",
    "architecture": "decide the architecture",
    "validation": "choose epoch and network",
    "test": "are the test",
}


def draw_task(run: Run) -> Markup:
    """Return the task of a run as a flow: its examples, inputs, outputs, and the objective.

    A run of an older version records no numbers of examples, and those of the test split are known once it
    was evaluated.
    """
    facts = (run.record["data"] or {}).get("task") or {}
    space, test = run.architecture.space, run.test or {}
    inputs = facts.get("inputs") or space.inputs
    outputs = facts.get("outputs", (space.origin or {}).get("outputs"))
    examples = dict(facts.get("examples") or {})
    if test.get("examples") is not None:
        examples["test"] = test["examples"]
    objective = facts.get("objective") or test.get("objective")
    columns = [
        [Step(f"Task {name_in(settings_of(run), 'task')}".rstrip(), _examples(examples))],
        _inputs(inputs),
        [Step("Outputs", [f"{outputs:,} for each example"] if outputs is not None else [], "output")],
        *([[Step("Objective", [str(objective), "larger is better"])]] if objective else []),
    ]
    return flow_chart(columns, "The task")


def _examples(examples: Mapping[str, int]) -> list[str]:
    if not examples:
        return ["examples were not counted"]
    lines = [f"{count:,} {_FOR.get(name, name)}" for name, count in examples.items()]
    return lines if "test" in examples else [*lines, "the test split is closed"]


def _inputs(inputs: Mapping[str, Sequence[Any] | None]) -> list[Step]:
    shown = list(inputs.items())
    left = len(shown) - _MOST
    steps = [
        Step(
            name,
            [" × ".join(map(str, shape)) if shape else "a number" if shape == [] else "any shape"],
            "input",
        )
        for name, shape in (shown[:_MOST] if left > 1 else shown)
    ]
    return [*steps, Step(f"and {left} more inputs", kind="input")] if left > 1 else steps
