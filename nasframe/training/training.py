"""The training of a whole network: the best epoch on the validation split is kept."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from attrs import define, field
from torch import Tensor, nn

from nasframe.errors import RunError
from nasframe.network import Network
from nasframe.runs import (
    Checkpoint,
    Run,
    drop_checkpoint,
    load_checkpoint,
    load_optimiser,
    optimiser_tensors,
    save_checkpoint,
)
from nasframe.runtime import (
    SILENT,
    Each,
    Fields,
    Items,
    Nullable,
    Number,
    Progress,
    RandomStates,
    Text,
    forked_seed,
    generator,
    one_thread,
    shared_copy,
    shortest_number,
    without_nan,
)
from nasframe.tasks import Batch, Data, OwnLoss, Task, calibrated
from nasframe.training.batches import JoinedSplit, batches
from nasframe.training.caveats import caveats_of
from nasframe.training.failures import Failures, Step
from nasframe.training.growing_parameters import GrowingParameters
from nasframe.training.options import TrainOptions
from nasframe.training.outputs import check_inputs, collect_outputs
from nasframe.training.resident import resident
from nasframe.training.schedule import learning_rate
from nasframe.training.step_check import StepCheck, checked_backward, checked_epoch, steps_between_checks

__all__ = ["Training", "read_training"]

_VALUES = Fields(
    {
        "key": Text(),
        "epoch": Number(0, 10**9, whole=True),
        "best_epoch": Number(0, 10**9, whole=True),
        "best_rank": Items(Nullable(Number()), least=2, most=2),
        "best_validation": Each(Nullable(Number())),
    }
)


@define
class Training:
    """Trains a network on the weights and architecture splits.

    Args:
        network: from inputs by name to raw outputs.
        task: its loss, metrics and objective.
        data: its splits; the test split is never opened here.
        options: of the training.
        seed: of everything random.
        device: to compute on.
        run: to write checkpoints and metrics to; None keeps them in memory.
        progress: to report to.
        name: of this training within its run: the name of its checkpoints, and the `stage` of its metrics.
        key: fingerprint of the network; a checkpoint with another key is not resumed.
        after_epoch: called after every epoch, when its validation is known; it must leave the network and all
            random states as they are.
        check_every: the steps between two readings of the check that losses and gradients are finite; None is
            1 on the CPU and 50 on another device. It changes no number.
        own_loss: that is lowered instead of the task's loss; see `Baseline`.
        title: of this training, in an error.
        rate_option: the option that holds the learning rate, likewise.
    """

    network: nn.Module
    task: Task
    data: Data
    options: TrainOptions = field(factory=TrainOptions)
    seed: int = 0
    device: torch.device = field(factory=lambda: torch.device("cpu"))
    run: Run | None = None
    progress: Progress = SILENT
    name: str = "train"
    key: str = ""
    after_epoch: Callable[[], None] | None = None
    check_every: int | None = None
    own_loss: OwnLoss | None = None
    title: str = "training"
    rate_option: str = "train.learning_rate"

    history: list[dict[str, Any]] = field(init=False, factory=list)
    best_epoch: int = field(init=False, default=0)
    best_validation: Mapping[str, Any] = field(init=False, factory=dict)
    caveats: list[str] = field(init=False, factory=list)
    _best: dict[str, Tensor] = field(init=False, factory=dict)
    _best_rank: tuple[float, float] = field(init=False, default=(-math.inf, -math.inf))
    _failures: Failures = field(init=False)

    def fit(self) -> dict[str, float]:
        """Train, leave the best epoch's parameters in the network, and return the task's calibration.

        Raises:
            RunError: a loss, a gradient or an output is not finite.
            DataError: a number of the validation split is not finite, which would choose the epoch.
            ContractError: the calibration is not name → finite number.
        """
        self.advance(self.options.epochs)
        self.network.load_state_dict(self._best)
        outputs, targets = self.outputs_on_validation()
        self.caveats = caveats_of(self.network, outputs, targets, "validation")
        return calibrated(self.task, outputs, targets)

    def advance(self, epochs: int) -> None:
        """Train for the first so many epochs of the schedule, or go on to them from the run's checkpoint.

        The network is left with the parameters of the last epoch, not of the best. See `fit` for the errors.
        """
        self.data = resident(self.data, self.device)
        self.network.to(self.device)
        optimiser = torch.optim.Adam(
            [{"params": list(self.network.parameters())}],  # one group, which may be empty
            lr=self.options.learning_rate,
            weight_decay=self.options.weight_decay,
            fused=True,
        )
        growing = GrowingParameters.at_start([*self.network.parameters()], f"lower {self.rate_option}")
        self._failures = Failures(self.title, self.network, self.task, [growing], self.run, self.name)
        first = self._resume(optimiser)
        check_inputs(self.data.splits.validation, self.options.batch_size, "validation")
        split = JoinedSplit(self.data.splits.weights, self.data.splits.architecture)
        with one_thread(), self.progress.task(self.name, epochs) as advance:
            advance(first)
            for epoch in range(first, epochs):
                record = self._epoch(epoch, optimiser, split)
                self.history.append(record)
                if self.after_epoch is not None:
                    self.after_epoch()
                if self.run is not None:
                    self.run.log(record)
                    self._checkpoint(epoch + 1, optimiser)
                objective = self.task.objective
                reached = record["validation"].get(objective)
                self.progress.report({"loss": record["loss"], objective: reached})
                advance(1)

    def outputs_on_validation(self) -> tuple[Tensor, Tensor]:
        """Return raw outputs and targets of the validation split; see `collect_outputs` for the errors."""
        return collect_outputs(
            self.network,
            self.network,
            self.data.splits.validation,
            self.options.batch_size,
            self.device,
            "validation",
            copies=(lambda: shared_copy(self.network)) if isinstance(self.network, Network) else None,
        )

    def _epoch(self, epoch: int, optimiser: torch.optim.Optimizer, split: JoinedSplit) -> dict[str, Any]:
        started = time.monotonic()
        rate = learning_rate(self.options.learning_rate, epoch / self.options.epochs, self.options.schedule)
        losses = checked_epoch(
            lambda check: self._steps(epoch, optimiser, split, rate, check),
            self.check_every or steps_between_checks(self.device),
            [self.network],
            [optimiser],
        )
        mean = shortest_number(float(torch.stack(losses).mean()))
        validation = self._failures.validation(self.outputs_on_validation, epoch)
        self._keep_if_best(epoch + 1, validation)
        seconds = round(time.monotonic() - started, 3)
        return {
            "stage": self.name,
            "epoch": epoch + 1,
            "loss": mean,
            "validation": without_nan(validation),
            "seconds": seconds,
        }

    def _steps(
        self,
        epoch: int,
        optimiser: torch.optim.Optimizer,
        split: JoinedSplit,
        rate: float,
        check: StepCheck,
    ) -> list[Tensor]:
        """Make the steps of an epoch, and return their losses."""
        shuffle, losses = generator(self.seed, "train shuffle", epoch), []
        seen = split.redrawn(generator(self.seed, "train redrawn", epoch))
        for group in optimiser.param_groups:
            group["lr"] = rate
        self.network.train()
        with forked_seed(self.seed, "train", epoch):
            for step, batch in enumerate(
                batches(seen, self.options.batch_size, shuffle, self.device), start=1
            ):
                check.step = step
                losses.append(self._step(epoch, optimiser, batch, check))
                check.end_step()
        return losses

    def _step(self, epoch: int, optimiser: torch.optim.Optimizer, batch: Batch, check: StepCheck) -> Tensor:
        random = RandomStates.of_torch() if check.at_once else None
        own = self.own_loss

        def forward() -> Tensor:
            if own is not None:
                return own(self.network, batch.inputs, batch.targets)
            found: Tensor = self.network(batch.inputs)
            return found

        def loss_of(outputs: Tensor) -> Tensor:
            return self.task.loss(outputs, batch.targets) if own is None else outputs

        loss = loss_of(forward())

        def failure(subject: str, predicate: str) -> RunError:
            step = Step(
                epoch=epoch,
                number=check.step,
                batch=batch,
                forward=forward,
                loss=loss_of,
                random=random,
                own_loss=own is not None,
            )
            return self._failures.of_step(subject, predicate, step)

        if checked_backward(loss, [optimiser], self.options.clip_norm, check, failure):
            optimiser.step()
        return loss.detach()

    def _keep_if_best(self, epoch: int, validation: Mapping[str, float]) -> None:
        """Keep the parameters of best objective, then of lowest loss; an undefined objective is the worst."""
        objective = validation[self.task.objective]
        rank = (objective if math.isfinite(objective) else -math.inf, -validation["loss"])
        if self.best_epoch == 0 or rank > self._best_rank:
            self.best_epoch, self._best_rank, self.best_validation = epoch, rank, validation
            self._best = {name: value.detach().clone() for name, value in self.network.state_dict().items()}

    def _checkpoint(self, epoch: int, optimiser: torch.optim.Optimizer) -> None:
        assert self.run is not None
        tensors = {f"network.{name}": value for name, value in self.network.state_dict().items()}
        tensors |= {f"best.{name}": value for name, value in self._best.items()}
        tensors |= {f"adam.{name}": value for name, value in optimiser_tensors(optimiser).items()}
        rank = [value if math.isfinite(value) else None for value in self._best_rank]
        values = {
            "key": self.key,
            "epoch": epoch,
            "best_epoch": self.best_epoch,
            "best_rank": rank,
            "best_validation": without_nan(self.best_validation),
        }
        self.run.flush_metrics()
        save_checkpoint(self.run.checkpoints, self.name, Checkpoint(tensors, values), epoch)

    def _resume(self, optimiser: torch.optim.Optimizer) -> int:
        if self.run is None:
            return 0
        found = read_training(self.run.checkpoints, self.name, self.device)
        if found is not None and found.values.get("key") != self.key:
            raise RunError(
                f"{self.run.path}: another network has been trained here; "
                f"`nasframe train {self.run.path} --overwrite` trains this one in its place"
            )
        epoch = 0 if found is None else int(found.values["epoch"])
        self.history, said, is_whole = self.run.resume_history(self.name, epoch)
        for sentence in said:
            self.progress.warn(sentence)
        if not is_whole:
            drop_checkpoint(self.run.checkpoints, self.name)
            return 0
        if found is not None:
            self.network.load_state_dict(found.state_of(self.network, "network."))
            load_optimiser(optimiser, found.part("adam."), found.source)
            self._best = found.state_of(self.network, "best.")
            self.best_epoch = int(found.values["best_epoch"])
            self.best_validation = found.values["best_validation"]
            objective, loss = found.values["best_rank"]
            self._best_rank = (
                -math.inf if objective is None else objective,
                -math.inf if loss is None else loss,
            )
        return epoch


def read_training(folder: Path, name: str, device: torch.device | str = "cpu") -> Checkpoint | None:
    """Return the checkpoint of a training that has not ended; None where there is none.

    Raises:
        RunError: it is damaged.
    """
    return load_checkpoint(folder, name, device, _VALUES)
