"""The words for a step whose loss or gradient is not finite: its examples, the place, the advice."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from attrs import frozen
from torch import Tensor, nn

from nasframe.plugins import described, manager
from nasframe.runs import Run
from nasframe.runtime import RandomStates, is_finite, rows_not_finite
from nasframe.tasks import Batch, Task
from nasframe.training.batches import DrawnBatch
from nasframe.training.first_not_finite import first_not_finite

__all__ = [
    "GrowingParameters",
    "bad_inputs",
    "kept_state",
    "loss_of",
    "names_of",
    "step_failure",
]

_GROWN = 10.0
"""Parameters whose largest value is so many times what it was, and what usual parameters are, have grown."""

_MOST_NAMES = 64


@frozen
class GrowingParameters:
    """Parameters that one learning rate moves, and their largest absolute value at the start.

    Attributes:
        parameters: of one optimiser.
        remedy: names the option to lower, such as `lower train.learning_rate`.
        largest: the largest absolute value at the start.
    """

    parameters: Sequence[nn.Parameter]
    remedy: str
    largest: float

    @classmethod
    def at_start(cls, parameters: Sequence[nn.Parameter], remedy: str) -> GrowingParameters:
        """Return the record of parameters as they are now."""
        return cls(parameters, remedy, _largest(parameters))

    def advice(self) -> str:
        """Return a sentence where the parameters have grown; "" where they have not."""
        now = _largest(self.parameters)
        if not math.isfinite(self.largest) or now <= _GROWN * max(self.largest, 1.0):
            return ""
        grown = f"to {now:.3g}" if math.isfinite(now) else "beyond all numbers"
        return f"The parameters grew from at most {self.largest:.3g} {grown}: {self.remedy}."


def kept_state(run: Run, name: str, epoch: int) -> str:
    """Return a sentence on the last checkpoint `name` of a run, after so many epochs."""
    if epoch == 0:
        return "No epoch has ended, so no checkpoint was written."
    return f"The state after epoch {epoch} is kept in {run.checkpoints / f'{name}.json'}."


def loss_of(task: Task) -> str:
    """Return `the loss of task 'deepfake' of plugin 'nasframe_deepfake' (…)`, for an error message."""
    kind = type(task)
    return f"the loss of {described('task', kind, manager().entry_of('task', kind))}"


def step_failure(
    *,
    network: nn.Module,
    batch: Batch,
    forward: Callable[[], Tensor],
    loss: Callable[[Tensor], Tensor],
    loss_name: str,
    random: RandomStates | None,
    growing: Sequence[GrowingParameters],
    samples: Mapping[str, Tensor] | None = None,
    samples_name: str = "",
) -> list[str]:
    """Return sentences on a step that gave a loss or a gradient that is not finite.

    The first names the examples, the second the place of the first bad number, the third, only where the data
    is finite and parameters grew, says which learning rate to lower.

    Args:
        network: as it was before the step.
        batch: of the step.
        forward, loss, loss_name: see `first_not_finite`.
        random: the states before the step.
        growing: the parameters that learn, by their learning rates.
        samples: weights of choices by name, where there are any; leaves that `forward` uses.
        samples_name: of the relaxation that drew them.
    """
    lines = [f"Its examples: {names_of(batch, range(len(batch.targets)))}."]
    bad = bad_inputs(batch)
    if bad:
        return [*lines, *bad]
    spoilt = [name for name, value in network.named_parameters() if not is_finite(value)]
    samples_bad = [name for name, value in (samples or {}).items() if not is_finite(value)]
    if spoilt:
        count = f", and {len(spoilt) - 1} more" if len(spoilt) > 1 else ""
        lines.append(f"Before the step, the parameter {spoilt[0]} is not finite{count}.")
    elif samples_bad:
        lines.append(
            f"The first number that is not finite: the weights {samples_bad[0]!r} of {samples_name}."
        )
    else:
        place = _place(network, forward, loss, loss_name, random) or _of_samples(samples or {}, samples_name)
        verb = "appeared in" if place.startswith("the gradient") else "was made by"
        lines.append(
            f"The first number that is not finite {verb} {place}."
            if place
            else "Done again, the step was finite, so no operation can be named."
        )
    return [*lines, *filter(None, (item.advice() for item in growing))]


def bad_inputs(batch: Batch) -> list[str]:
    """Return a sentence for each input, and for the targets, that holds a number that is not finite."""
    lines = []
    parts = {f"the input {name!r}": value for name, value in batch.inputs.items()}
    for name, value in {**parts, "the target": batch.targets}.items():
        if not is_finite(value):
            bad = rows_not_finite(value).nonzero().flatten().tolist()
            lines.append(f"Not finite is {name} of {names_of(batch, bad)}.")
    return lines


def _place(
    network: nn.Module,
    forward: Callable[[], Tensor],
    loss: Callable[[Tensor], Tensor],
    loss_name: str,
    random: RandomStates | None,
) -> str:
    if random is None:
        return first_not_finite(network, forward, loss, loss_name)

    def again() -> Tensor:
        with random.again():
            return forward()

    return first_not_finite(network, again, loss, loss_name)


def _of_samples(samples: Mapping[str, Tensor], name: str) -> str:
    """Return the place of a bad gradient behind the operations: the weighted sums, or the relaxation."""
    gradients = {key: value.grad for key, value in samples.items() if value.grad is not None}
    bad = [key for key, gradient in gradients.items() if not is_finite(gradient)]
    if bad:
        return f"the gradient of the weights {bad[0]!r}"
    return f"the gradient of {name}" if gradients else ""


def names_of(batch: Batch, places: Sequence[int]) -> str:
    """Return the names of the examples at some places of a batch, for an error message."""
    if isinstance(batch, DrawnBatch):
        names = batch.identifiers
        shown = [names[place] for place in places]
    else:
        shown = [f"number {place} of the batch" for place in places]
    rest = len(shown) - _MOST_NAMES
    return ", ".join(shown[:_MOST_NAMES]) + (f" and {rest} more" if rest > 0 else "")


def _largest(parameters: Sequence[nn.Parameter]) -> float:
    values = [item.detach().abs().max() for item in parameters if item.numel()]
    return float(torch.stack([value.double() for value in values]).max()) if values else 0.0
