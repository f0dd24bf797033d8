"""The errors of a search or a training whose numbers are not finite: in a step, or after an epoch.

An error of a step names its examples and the place of the first bad number. Each error says which learning
rate to lower where the data is finite and parameters grew, and which state is kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from attrs import field, frozen
from torch import Tensor, nn

from nasframe.errors import RunError, in_lines
from nasframe.plugins import described, manager
from nasframe.runs import Run
from nasframe.runtime import RandomStates, is_finite
from nasframe.tasks import Batch, Task, validation_metrics
from nasframe.training.first_not_finite import first_not_finite
from nasframe.training.growing_parameters import GrowingParameters
from nasframe.training.named_examples import bad_inputs, names_of
from nasframe.training.outputs import OutputError

__all__ = ["Failures", "Step"]


@frozen
class Step:
    """A step that can be done again, so that its first bad number is found.

    Attributes:
        epoch: from 0.
        number: of the step in its epoch, from 1.
        batch: of the step.
        forward: one forward pass; see `first_not_finite`.
        loss: from the outputs to the loss.
        random: the states before the step; None where nobody kept them.
        kind: words such as `an update of the weights`.
        added: words for what is added to the loss of the task.
        samples: weights of choices by name, where there are any; leaves that `forward` uses.
        samples_name: of the relaxation that drew them.
        own_loss: `forward` gives the loss itself, which the network brings, and not its outputs.
    """

    epoch: int
    number: int
    batch: Batch
    forward: Callable[[], Tensor]
    loss: Callable[[Tensor], Tensor]
    random: RandomStates | None
    kind: str = ""
    added: str = ""
    samples: Mapping[str, Tensor] = field(factory=dict)
    samples_name: str = ""
    own_loss: bool = False


@frozen
class Failures:
    """Makes the errors of one search or training.

    Attributes:
        stage: such as `search` or `training`, for the words.
        network: that learns.
        task: its loss and metrics.
        growing: the parameters that learn, by their learning rates.
        run: holds the checkpoints; None where nothing is written.
        name: of the checkpoint.
    """

    stage: str
    network: nn.Module
    task: Task
    growing: Sequence[GrowingParameters]
    run: Run | None
    name: str

    def of_step(self, subject: str, predicate: str, step: Step) -> RunError:
        """Return the error of a step: its examples, the place, the advice, what is kept.

        Args:
            subject, predicate: such as `the loss` and `is not finite (nan)`.
            step: with the network as it was before it.
        """
        kind = f", {step.kind}" if step.kind else ""
        what = (
            f"{subject} of epoch {step.epoch + 1} of the {self.stage} {predicate} in step {step.number}{kind}"
        )
        lines = [f"Its examples: {names_of(step.batch, range(len(step.batch.targets)))}."]
        bad = bad_inputs(step.batch)
        lines += bad or [self._first_bad(step), *self._advice()]
        return RunError(in_lines(what, *lines, self._kept(step.epoch)))

    def after_epoch(self, what: str, epoch: int) -> RunError:
        """Return the error of an epoch, from 0, whose steps were finite: the advice, what is kept."""
        return RunError(in_lines(what, *self._advice(), self._kept(epoch)))

    def validation(self, collect: Callable[[], tuple[Tensor, Tensor]], epoch: int) -> dict[str, float]:
        """Return the validation metrics after an epoch; numbers that are not finite steer nothing.

        Args:
            collect: returns outputs and targets of the validation split.
            epoch: from 0.

        Raises:
            RunError: the outputs or their loss are not finite.
            ContractError: see `validation_metrics`.
        """
        after = f"after epoch {epoch + 1} of the {self.stage}"
        try:
            outputs, targets = collect()
        except OutputError as error:
            raise self.after_epoch(f"{after}, {error}", epoch) from None
        loss = float(self.task.loss(outputs, targets))
        if not math.isfinite(loss):
            what = f"the validation loss {after} is not finite ({loss}), of finite outputs"
            raise self.after_epoch(what, epoch)
        return validation_metrics(self.task, outputs, targets)

    def _first_bad(self, step: Step) -> str:
        """Return a sentence on the first number of a step that is not finite, of finite data."""
        spoilt = [name for name, value in self.network.named_parameters() if not is_finite(value)]
        if spoilt:
            count = f", and {len(spoilt) - 1} more" if len(spoilt) > 1 else ""
            return f"Before the step, the parameter {spoilt[0]} is not finite{count}."
        samples = [name for name, value in step.samples.items() if not is_finite(value)]
        if samples:
            return f"The first number that is not finite: the weights {samples[0]!r} of {step.samples_name}."
        loss_name = "its own loss" if step.own_loss else f"{_loss_of(self.task)}{step.added}"
        made = loss_name if step.own_loss else "the sum that makes the output of the network"
        place = first_not_finite(self.network, lambda: _again(step), step.loss, loss_name, made)
        place = place or _of_samples(step)
        if not place:
            return "Done again, the step was finite, so no operation can be named."
        verb = "appeared in" if place.startswith("the gradient") else "was made by"
        return f"The first number that is not finite {verb} {place}."

    def _advice(self) -> list[str]:
        return [item.advice() for item in self.growing]

    def _kept(self, epoch: int) -> str:
        if self.run is None:
            return ""
        if epoch == 0:
            return "No epoch has ended, so no checkpoint was written."
        return f"The state after epoch {epoch} is kept in {self.run.checkpoints / f'{self.name}.json'}."


def _again(step: Step) -> Tensor:
    if step.random is None:
        return step.forward()
    with step.random.again():
        return step.forward()


def _of_samples(step: Step) -> str:
    """Return the place of a bad gradient behind the operations: the weighted sums, or the relaxation."""
    gradients = {key: value.grad for key, value in step.samples.items() if value.grad is not None}
    bad = [key for key, gradient in gradients.items() if not is_finite(gradient)]
    if bad:
        return f"the gradient of the weights {bad[0]!r}"
    return f"the gradient of {step.samples_name}" if gradients else ""


def _loss_of(task: Task) -> str:
    """Return `the loss of task 'deepfake' of plugin 'nasframe_deepfake' (…)`."""
    kind = type(task)
    return f"the loss of {described('task', kind, manager().entry_of('task', kind))}"
