"""A supernet that learns: its optimisers, and one update of its weights, of its logits, or of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from attrs import define, evolve, field
from torch import Tensor, nn

from nasframe.errors import RunError
from nasframe.plugins import described, manager
from nasframe.processes import ALONE, Group
from nasframe.relaxations import Relaxation, Sample
from nasframe.runs import Run
from nasframe.runtime import RandomStates
from nasframe.searching.gradient.accumulation import accumulated, parts_of
from nasframe.searching.gradient.gradient_loop import GradientLoop, Update
from nasframe.searching.gradient.held_network import HeldNetwork
from nasframe.searching.gradient.loop_check import checked_optimiser
from nasframe.searching.gradient.options import SearchOptions
from nasframe.searching.gradient.sampling import Sampling
from nasframe.searching.gradient.unrolled import Unrolled
from nasframe.space import Assignment
from nasframe.supernet import Supernet, expected_parameters
from nasframe.tasks import Batch, Task
from nasframe.training import (
    Failures,
    GrowingParameters,
    Step,
    StepCheck,
    checked_backward,
    learning_rate,
)

__all__ = ["Learner"]


@define
class Learner:
    """A supernet with the optimisers that a loop makes for it.

    Args:
        supernet: whose parameters and logits learn.
        task: its loss.
        relaxation: from logits to weights; it has no part where the loop does not relax.
        loop: makes the optimisers, and draws paths where it does not relax.
        options: of the search.
        seed: of the search.
        run: whose checkpoints an error names; None where nothing is written.
        group: of the processes that share each batch.

    Attributes:
        sampling: draws the weights of candidates.
        weights: every parameter that is no logit.
        buffers: each with the module that holds it, by its name.
        weights_optimiser, architecture_optimiser: of the loop.
        failures: makes the errors of numbers that are not finite.
    """

    supernet: Supernet
    task: Task
    relaxation: Relaxation
    loop: GradientLoop
    options: SearchOptions
    seed: int
    run: Run | None
    group: Group = ALONE

    sampling: Sampling = field(init=False)
    weights: list[nn.Parameter] = field(init=False)
    buffers: list[tuple[nn.Module, str]] = field(init=False)
    weights_optimiser: torch.optim.Optimizer = field(init=False)
    architecture_optimiser: torch.optim.Optimizer = field(init=False)
    failures: Failures = field(init=False)

    def __attrs_post_init__(self) -> None:
        logits = self.supernet.architecture_parameters()
        self.sampling = Sampling(self.supernet, self.loop, self.relaxation, self.seed)
        self.weights = self.supernet.weights()
        self.buffers = [
            (module, name)
            for module in self.supernet.modules()
            for name, _ in module.named_buffers(recurse=False)
        ]
        self.weights_optimiser = checked_optimiser(self.loop, "weights_optimiser", self.weights)
        self.architecture_optimiser = checked_optimiser(self.loop, "architecture_optimiser", logits)
        growing = [
            GrowingParameters.at_start(parameters, f"lower {_rate(self.loop, option)}")
            for parameters, option in ((self.weights, "weight_rate"), (logits, "architecture_rate"))
        ]
        self.failures = Failures("search", self.supernet, self.task, growing, self.run, "search")

    def update(
        self,
        update: Update,
        epoch: int,
        noise: torch.Generator,
        check: StepCheck | None = None,
        paths: Sequence[Assignment] | None = None,
    ) -> Tensor:
        """Make one update, and return its loss, detached.

        Args:
            update: to be made.
            epoch: of the search, from 0.
            noise: of the relaxation.
            check: of losses and gradients.
            paths: the architectures whose mean loss is lowered; None is a sample of the relaxation.

        Raises:
            RunError: the loss or a gradient is not finite, where `check` reads them at once, as it does by
                default; the parameters are then those before the update.
        """
        check = StepCheck(1) if check is None else check
        warming = update.kind == "both" and epoch < self.options.warmup_epochs
        learnt = update.kind != "weights" and not warming
        samples = self.sampling.of_update(paths, epoch / self.options.epochs, noise, learnt=learnt)
        if not learnt:
            return self._step(samples, update, epoch, [self.weights_optimiser], check)
        if update.kind == "both":
            both = [self.weights_optimiser, self.architecture_optimiser]
            return self._step(samples, update, epoch, both, check)
        with HeldNetwork(self.weights, self.buffers) as held:
            return self._step(samples, update, epoch, [self.architecture_optimiser], check, held)

    def _step(
        self,
        samples: Sequence[Mapping[str, Sample]],
        update: Update,
        epoch: int,
        optimisers: list[torch.optim.Optimizer],
        check: StepCheck,
        held: HeldNetwork | None = None,
    ) -> Tensor:
        before = RandomStates.of_torch() if check.at_once else None
        penalised = bool(self.options.size_penalty) and self.architecture_optimiser in optimisers
        batch = update.batch
        if held is not None and update.inner is not None:
            (drawn,) = samples
            loss = self.unrolled(held, epoch, check, drawn, before)(drawn, update.inner, batch)
        else:
            loss = self._loss_of(batch, samples)
        total = self._penalised(loss) if penalised else loss

        def failure(subject: str, predicate: str) -> RunError:
            step = self._step_again(samples, update, epoch, check.step, before, penalised)
            return self.failures.of_step(subject, predicate, step)

        if not checked_backward(total, optimisers, self.options.clip_norm, check, failure, self.group):
            return loss.detach()  # nothing to learn: no weights, or nothing to choose
        for optimiser in optimisers:
            if optimiser is self.weights_optimiser:
                for group, rate in zip(optimiser.param_groups, self._rates(epoch), strict=True):
                    group.setdefault("initial_lr", group["lr"])
                    group["lr"] = rate
            elif self.options.architecture_schedule != "constant":
                # with a constant one, a loop may have a schedule of its own for its logits
                share, schedule = epoch / self.options.epochs, self.options.architecture_schedule
                for group in optimiser.param_groups:
                    group["lr"] = learning_rate(group.setdefault("initial_lr", group["lr"]), share, schedule)
            optimiser.step()
        return loss.detach()

    def _loss_of(self, batch: Batch, samples: Sequence[Mapping[str, Sample]]) -> Tensor:
        """Return the loss of a batch, which passes at once, or in parts with an example for each process."""
        count = min(self.options.accumulation_steps, len(batch.targets) // self.group.count)
        if count > 1:
            return accumulated(self._loss_at_once, parts_of(batch, count), samples, self.weights)
        return self._loss_at_once(batch, samples)

    def _loss_at_once(self, batch: Batch, samples: Sequence[Mapping[str, Sample]]) -> Tensor:
        return self._loss(self._shared_outputs(batch, samples), batch.targets, len(samples))

    def _shared_outputs(self, batch: Batch, samples: Sequence[Mapping[str, Sample]]) -> Tensor:
        """Return the outputs of `_outputs`, of which each process computes those of its part of the batch."""
        inputs = {name: self.group.part(value) for name, value in batch.inputs.items()}
        with self.group.own_random():
            parts = [self._output(inputs, item) for item in samples]
        return _together([self.group.whole(part, len(batch.targets)) for part in parts])

    def _outputs(self, batch: Batch, samples: Sequence[Mapping[str, Sample]]) -> Tensor:
        """Return the outputs of the supernet; of several samples `(samples, batch, …)`."""
        return _together([self._output(batch.inputs, item) for item in samples])

    def _output(self, inputs: Mapping[str, Tensor], samples: Mapping[str, Sample]) -> Tensor:
        found: Tensor = self.supernet(inputs, samples, bfloat16=self.options.bfloat16)
        return found

    def _loss(self, outputs: Tensor, targets: Tensor, samples: int) -> Tensor:
        """Return the loss, the mean over several samples."""
        parts = [outputs] if samples == 1 else outputs.unbind()
        losses = [self.task.loss(part, targets) for part in parts]
        return losses[0] if samples == 1 else torch.stack(losses).mean()

    def _rates(self, epoch: int) -> list[float]:
        """Return the learning rate of each group of weights in an epoch."""
        share, groups = epoch / self.options.epochs, self.weights_optimiser.param_groups
        initial = [group.get("initial_lr", group["lr"]) for group in groups]
        return [learning_rate(rate, share, self.options.schedule) for rate in initial]

    def unrolled(
        self,
        held: HeldNetwork,
        epoch: int,
        check: StepCheck,
        samples: Mapping[str, Sample],
        before: RandomStates | None,
    ) -> Unrolled:
        """Return what computes a second-order gradient in an epoch, at weights that are held."""
        rates = {
            id(parameter): rate
            for group, rate in zip(self.weights_optimiser.param_groups, self._rates(epoch), strict=True)
            for parameter in group["params"]
        }

        def failure(batch: Batch, where: str, subject: str, predicate: str) -> RunError:
            update = Update("architecture", batch)
            step = self._step_again([samples], update, epoch, check.step, before, penalised=False)
            return self.failures.of_step(subject, predicate, evolve(step, kind=f"{step.kind}, {where}"))

        def loss_of(batch: Batch, drawn: Mapping[str, Sample]) -> Tensor:
            return self._loss_of(batch, [drawn])

        learning = [rates[id(item)] for item in held.learning]
        return Unrolled(held, learning, loss_of, check, failure, group=self.group)

    def _penalised(self, loss: Tensor) -> Tensor:
        expected = expected_parameters(self.supernet, self.supernet.logits.probabilities(self.relaxation))
        return loss + self.options.size_penalty * expected / 1e6

    def _step_again(
        self,
        samples: Sequence[Mapping[str, Sample]],
        update: Update,
        epoch: int,
        number: int,
        before: RandomStates | None,
        penalised: bool,
    ) -> Step:
        """Return the record of a step, whose samples are leaves: a bad gradient is found at them too."""
        first, *others = samples
        leaves = {
            key: sample.weights.detach().clone().requires_grad_(sample.weights.requires_grad)
            for key, sample in first.items()
        }
        again = [{key: Sample(leaf, first[key].one_hot) for key, leaf in leaves.items()}, *others]

        def total(outputs: Tensor) -> Tensor:
            loss = self._loss(outputs, update.batch.targets, len(samples))
            return self._penalised(loss) if penalised else loss

        learning = {"weights": "the weights", "architecture": "the logits", "both": "weights and logits"}
        relaxation = type(self.relaxation)
        relaxed = described("relaxation", relaxation, manager().entry_of("relaxation", relaxation))
        return Step(
            epoch=epoch,
            number=number,
            batch=update.batch,
            forward=lambda: self._outputs(update.batch, again),
            loss=total,
            random=before,
            kind=f"an update of {learning[update.kind]}",
            added=" with its size penalty" if penalised else "",
            samples=leaves,
            samples_name=relaxed if self.loop.relaxes else "",
        )


def _together(outputs: Sequence[Tensor]) -> Tensor:
    return outputs[0] if len(outputs) == 1 else torch.stack([*outputs])


def _rate(loop: GradientLoop, name: str) -> str:
    return f"loop.{name}" if hasattr(loop, name) else "the learning rates of the loop"
