"""The engine of a search: epochs, schedules, clipping, checkpoints, hooks and the stop rule.

Every random stream of an epoch is seeded from (seed, name, epoch), so a search that was killed and
resumed ends with the same bits as one that was not.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from attrs import define, field
from torch import Tensor

from nasframe.errors import DataError, RunError
from nasframe.network import build, inherit
from nasframe.plugins import manager
from nasframe.relaxations import Relaxation, Sample, check_relaxation
from nasframe.runs import (
    Checkpoint,
    Run,
    drop_checkpoint,
    load_checkpoint,
    load_optimiser,
    optimiser_tensors,
    save_checkpoint,
)
from nasframe.runtime import SILENT, Progress, forked_seed, generator, one_thread, without_nan
from nasframe.searching.derivation import derive, derive_around, find_rule
from nasframe.searching.options import SearchOptions
from nasframe.searching.search_loop import SearchLoop, Update
from nasframe.searching.selection import Selection, select
from nasframe.searching.stop import has_converged
from nasframe.space import Architecture, SearchSpace
from nasframe.supernet import Supernet, check_operations, expected_parameters
from nasframe.tasks import Batch, Data, Split, Task
from nasframe.training import batches, collect_outputs, learning_rate

__all__ = ["Search"]


@define
class Search:
    """One search, from fresh logits to a derived architecture.

    Args:
        space: to search.
        task: its loss and metrics.
        data: its splits; the test split is never opened here.
        relaxation: from logits to weights.
        loop: the order of updates.
        options: of the engine.
        seed: of everything random.
        device: to compute on.
        run: to write checkpoints and metrics to; None keeps them in memory.
        progress: to report to.
        provenance: recorded in the architecture.
    """

    space: SearchSpace
    task: Task
    data: Data
    relaxation: Relaxation
    loop: SearchLoop
    options: SearchOptions = field(factory=SearchOptions)
    seed: int = 0
    device: torch.device = field(factory=lambda: torch.device("cpu"))
    run: Run | None = None
    progress: Progress = SILENT
    provenance: Mapping[str, Any] = field(factory=dict)

    supernet: Supernet = field(init=False)
    history: list[dict[str, Any]] = field(init=False, factory=list)
    converged: bool = field(init=False, default=False)
    selection: Selection | None = field(init=False, default=None)
    _weights: list[torch.nn.Parameter] = field(init=False)
    _buffers: list[Tensor] = field(init=False)
    _weights_optimiser: torch.optim.Optimizer = field(init=False)
    _architecture_optimiser: torch.optim.Optimizer = field(init=False)

    def __attrs_post_init__(self) -> None:
        find_rule(self.space)  # refuses an unknown rule before the search
        splits = self.data.splits
        for name in ("weights", "architecture", "validation"):
            if len(getattr(splits, name)) == 0:
                raise DataError(f"the split {name!r} holds no example")
        with forked_seed(self.seed, "supernet"):
            self.supernet = Supernet(self.space, unselected=self.options.unselected)
        self.supernet.to(self.device)
        check_relaxation(self.relaxation, self.supernet.architecture_parameters())
        check_operations(self.supernet)
        self._weights = self.supernet.weights()
        self._buffers = list(self.supernet.buffers())
        self._weights_optimiser = self.loop.weights_optimiser(self._weights)
        self._architecture_optimiser = self.loop.architecture_optimiser(
            self.supernet.architecture_parameters()
        )

    # -- the search -------------------------------------------------------------------------------------

    def fit(self) -> Architecture:
        """Search until the stop rule holds or the epochs are used up; return the derived architecture."""
        self.history = []
        first = self._resume()
        plugins = manager()
        plugins.notify("search_started", run=self.run, space=self.space, relaxation=self.relaxation)
        with one_thread(), self.progress.task("search", self.options.epochs) as advance:
            advance(first)
            for epoch in range(first, self.options.epochs):
                if self.converged:
                    break
                record = self._epoch(epoch)
                self.history.append(record)
                self.converged = has_converged(self.history, self.options)
                if self.run is not None:
                    self.run.log(record)
                    self._checkpoint(epoch + 1)
                plugins.notify("search_epoch", run=self.run, epoch=epoch, record=record)
                advance(1)
        with one_thread():
            architecture = self._select()
        plugins.notify("architecture_derived", run=self.run, architecture=architecture)
        return architecture

    def derive(self) -> Architecture:
        """Return the architecture that the rule of the space derives from the logits as they are now."""
        return derive(self.space, self._probabilities(), self.provenance)

    def _select(self) -> Architecture:
        """Return the derived architecture, or the best of several around it."""
        options, random = self.options, generator(self.seed, "candidates")
        around = derive_around(
            self.space, self._probabilities(), options.candidates - 1, random, self.provenance
        )
        if len(around) > 1:
            split = self.data.splits.validation
            self.selection = select(
                around, self.supernet, self.task, split, options.batch_size, self.device, self.progress
            )
            return self.selection.architecture
        return around[0]

    def _probabilities(self) -> dict[str, dict[str, float]]:
        logits = self.supernet.logits
        return logits.by_choice(logits.probabilities(self.relaxation))

    def summary(self) -> dict[str, Any]:
        """Return the end of the search: epochs, the stop rule, the last entropies and metrics; JSON-able."""
        last = self.history[-1]
        return {
            "epochs": len(self.history),
            "converged": self.converged,
            "entropy": last["entropy"],
            "validation": last["validation"],
            "inherited": self.inherited(),
            **({} if self.selection is None else {"selection": self.selection.record()}),
            "seconds": round(sum(record["seconds"] for record in self.history), 3),
        }

    def inherited(self) -> dict[str, Any]:
        """Return the validation metrics of the derived network with the supernet's own parameters.

        Their distance from the metrics of the supernet is the cost of derivation.
        """
        network = build(self.derive() if self.selection is None else self.selection.architecture)
        network.to(self.device)
        inherit(network, self.supernet.state_dict())
        outputs, targets = collect_outputs(
            network, network, self.data.splits.validation, self.options.batch_size, self.device
        )
        return self._scored(outputs, targets)

    def _scored(self, outputs: Tensor, targets: Tensor) -> dict[str, Any]:
        found: dict[str, Any] = without_nan(
            {"loss": float(self.task.loss(outputs, targets)), **self.task.metrics(outputs, targets)}
        )
        return found

    # -- one epoch --------------------------------------------------------------------------------------

    def _epoch(self, epoch: int) -> dict[str, Any]:
        started, logits = time.monotonic(), self.supernet.logits
        splits, size = self.data.splits, self.options.batch_size
        shuffle = generator(self.seed, "shuffle", epoch)
        noise = generator(self.seed, "relaxation", epoch, device=self.device)
        anew = generator(self.seed, "redrawn", epoch)
        losses: dict[str, list[Tensor]] = {}

        def draw(split: Split) -> Iterator[Batch]:
            return batches(split, size, shuffle, self.device)

        if all(values.isfinite().all() for values in logits.values.values()):
            # a relaxation may break its contract only later in its schedule
            check_relaxation(self.relaxation, logits.values.values(), [epoch / self.options.epochs])
        self.supernet.train()
        with forked_seed(self.seed, "search", epoch):
            updates = self.loop.updates(
                splits.weights.redrawn(anew), splits.architecture.redrawn(anew), draw, size
            )
            for step, update in enumerate(updates):
                if update.kind == "architecture" and epoch < self.options.warmup_epochs:
                    continue
                loss = self.update(update, epoch, noise)
                losses.setdefault(update.kind, []).append(loss)
                manager().notify(
                    "search_step", run=self.run, step=step, record={"kind": update.kind, "loss": loss}
                )
        means = {kind: float(torch.stack(values).mean()) for kind, values in losses.items()}
        if not all(map(math.isfinite, means.values())):
            raise RunError(f"the loss of epoch {epoch + 1} is not finite ({means}); lower the learning rates")
        probabilities = logits.probabilities(self.relaxation)
        if not all(sample.weights.isfinite().all() for sample in probabilities.values()):
            raise RunError(f"the logits of epoch {epoch + 1} are not finite; lower loop.architecture_rate")
        outputs, targets = self._validate(probabilities)
        by_choice = logits.by_choice(probabilities)
        return {
            "stage": "search",
            "epoch": epoch + 1,
            "loss": means,
            "validation": self._scored(outputs, targets),
            "entropy": logits.entropies(probabilities),
            "derived": derive(self.space, by_choice).fingerprint[:16],
            "probabilities": {
                name: {candidate: round(value, 4) for candidate, value in row.items()}
                for name, row in by_choice.items()
            },
            "seconds": round(time.monotonic() - started, 3),
        }

    def update(self, update: Update, epoch: int, noise: torch.Generator) -> Tensor:
        """Make one update, and return its loss, detached."""
        warming = update.kind == "both" and epoch < self.options.warmup_epochs
        logits, progress = self.supernet.logits, epoch / self.options.epochs
        if update.kind == "weights" or warming:
            with torch.no_grad():
                samples = logits.sample(self.relaxation, progress, noise)
            return self._step(samples, update.batch, epoch, [self._weights_optimiser])
        samples = logits.sample(self.relaxation, progress, noise)
        if update.kind == "both":
            return self._step(
                samples, update.batch, epoch, [self._weights_optimiser, self._architecture_optimiser]
            )
        before = [buffer.clone() for buffer in self._buffers]
        for parameter in self._weights:
            parameter.requires_grad_(False)
        try:
            return self._step(samples, update.batch, epoch, [self._architecture_optimiser])
        finally:
            for parameter in self._weights:
                parameter.requires_grad_(True)
            for buffer, value in zip(self._buffers, before, strict=True):
                buffer.copy_(value)

    def _step(
        self, samples: Mapping[str, Sample], batch: Batch, epoch: int, optimisers: list[torch.optim.Optimizer]
    ) -> Tensor:
        loss = self.task.loss(self.supernet(batch.inputs, samples), batch.targets)
        total = loss
        if self.options.size_penalty and self._architecture_optimiser in optimisers:
            expected = expected_parameters(self.supernet, self.supernet.logits.probabilities(self.relaxation))
            total = total + self.options.size_penalty * expected / 1e6
        for optimiser in optimisers:
            optimiser.zero_grad(set_to_none=True)
        if not total.requires_grad:  # nothing to learn: no weights, or nothing to choose
            return loss.detach()
        total.backward()  # type: ignore[no-untyped-call, unused-ignore]
        for optimiser in optimisers:
            parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
            if self.options.clip_norm:
                torch.nn.utils.clip_grad_norm_(parameters, self.options.clip_norm)
            if optimiser is self._weights_optimiser:
                share = epoch / self.options.epochs
                for group in optimiser.param_groups:
                    group["lr"] = learning_rate(
                        group.setdefault("initial_lr", group["lr"]), share, self.options.schedule
                    )
            optimiser.step()
        return loss.detach()

    def _validate(self, probabilities: Mapping[str, Sample]) -> tuple[Tensor, Tensor]:
        return collect_outputs(
            self.supernet.eval(),
            lambda inputs: self.supernet(inputs, probabilities),
            self.data.splits.validation,
            self.options.batch_size,
            self.device,
        )

    # -- checkpoints ------------------------------------------------------------------------------------

    def _checkpoint(self, epoch: int) -> None:
        assert self.run is not None
        tensors = {f"supernet.{name}": value for name, value in self.supernet.state_dict().items()}
        tensors |= {
            f"weights.{name}": value for name, value in optimiser_tensors(self._weights_optimiser).items()
        }
        tensors |= {
            f"architecture.{name}": value
            for name, value in optimiser_tensors(self._architecture_optimiser).items()
        }
        self.run.flush_metrics()
        values = {"epoch": epoch, "converged": self.converged, "logits": self.supernet.logits.rows()}
        save_checkpoint(self.run.checkpoints, "search", Checkpoint(tensors, values), epoch)

    def _resume(self) -> int:
        """Load the last checkpoint, if there is one; return the epoch to go on with."""
        if self.run is None:
            return 0
        found = load_checkpoint(self.run.checkpoints, "search", self.device)
        epoch = 0 if found is None else int(found.values["epoch"])
        self.history, said, is_whole = self.run.resume_history("search", epoch)
        for sentence in said:
            self.progress.say(sentence)
        if not is_whole:
            drop_checkpoint(self.run.checkpoints, "search")
            return 0
        if found is not None:
            state = found.part("supernet.")
            logits = {key: state.pop(f"logits.values.{key}") for key in found.values["logits"]}
            self.supernet.load_state_dict(state, strict=False)
            self.supernet.logits.load_by_name(logits, found.values["logits"])
            load_optimiser(self._weights_optimiser, found.part("weights."))
            load_optimiser(self._architecture_optimiser, found.part("architecture."))
            self.converged = bool(found.values["converged"])
        return epoch
