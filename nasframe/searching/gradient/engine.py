"""The engine of a search: epochs, schedules, clipping, checkpoints, hooks and the stop rule.

Every random stream of an epoch is seeded from (seed, name, epoch), so a search that was killed and
resumed ends with the same bits as one that was not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from attrs import define, evolve, field
from torch import Tensor

from nasframe.errors import DataError
from nasframe.network import build, inherit
from nasframe.plugins import manager
from nasframe.processes import ALONE, Group, Message
from nasframe.relaxations import Relaxation, Sample, check_relaxation
from nasframe.runs import Checkpoint, Run, drop_checkpoint
from nasframe.runtime import (
    SILENT,
    Progress,
    counted,
    forked_seed,
    generator,
    is_finite,
    one_thread,
    shared_copy,
    shortest_number,
    without_nan,
)
from nasframe.searching.candidate import CandidateTrainer
from nasframe.searching.derivation import check_rule, derive, find_rule
from nasframe.searching.gradient.batch_statistics import batch_norms, layers_of_a_batch
from nasframe.searching.gradient.candidates import Candidates
from nasframe.searching.gradient.dealt_sources import cost_of_dealing
from nasframe.searching.gradient.gradient_loop import GradientLoop
from nasframe.searching.gradient.learner import Learner
from nasframe.searching.gradient.loop_check import LoopCheck, checked_updates
from nasframe.searching.gradient.options import SearchOptions
from nasframe.searching.gradient.saved_search import SearchState, read_search
from nasframe.searching.gradient.selection import Selection, choose
from nasframe.searching.gradient.selection_check import check_selection
from nasframe.searching.gradient.stop import has_converged
from nasframe.searching.gradient.supernet_score import SupernetScore
from nasframe.searching.gradient.unmoved_logits import unmoved_logits
from nasframe.space import Architecture, SearchSpace
from nasframe.supernet import Supernet, check_derivatives, check_operations
from nasframe.tasks import Batch, Data, Split, Task, validation_metrics
from nasframe.training import (
    OutputError,
    StepCheck,
    batches,
    caveats_of,
    check_inputs,
    checked_epoch,
    collect_outputs,
    resident,
    steps_between_checks,
)

__all__ = ["Search"]


@define
class Search:
    """One search, from fresh logits to a derived architecture.

    Args:
        space: to search.
        task: its loss and metrics.
        data: its splits; the test split is never opened here.
        relaxation: from logits to weights; it has no part where the loop does not relax.
        loop: the order of updates.
        options: of the engine.
        seed: of everything random.
        device: to compute on.
        run: to write checkpoints and metrics to; None keeps them in memory.
        progress: to report to.
        provenance: recorded in the architecture.
        trainer: of finalists; needed where `options.finalists` asks for some.
        check_every: the steps between two readings of the check that losses and gradients are finite; None is
            1 on the CPU and 50 on another device. It changes no number.
        group: of the processes that make this search together, each with a part of every batch.
    """

    space: SearchSpace
    task: Task
    data: Data
    relaxation: Relaxation
    loop: GradientLoop
    options: SearchOptions = field(factory=SearchOptions)
    seed: int = 0
    device: torch.device = field(factory=lambda: torch.device("cpu"))
    run: Run | None = None
    progress: Progress = SILENT
    provenance: Mapping[str, Any] = field(factory=dict)
    trainer: CandidateTrainer | None = None
    check_every: int | None = None
    group: Group = ALONE

    learner: Learner = field(init=False)
    history: list[dict[str, Any]] = field(init=False, factory=list)
    converged: bool = field(init=False, default=False)
    selection: Selection | None = field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        find_rule(self.space)  # refuses an unknown rule before the search
        check_selection(self.options, self.loop, self.space, self.trainer)
        self.data = resident(self.data, self.device)
        splits = self.data.splits
        for name in ("weights", "architecture", "validation"):
            if len(getattr(splits, name)) == 0:
                raise DataError(f"the split {name!r} holds no example")
        size = self.options.batch_size
        check = LoopCheck(self.loop, self.data.inputs, splits, size, self.device)
        self.learner = self._learner(self.loop)
        if self.loop.relaxes:
            check_relaxation(self.relaxation, self.supernet.architecture_parameters())
        self.group.check_batch(check.smallest)
        self.group.check_layers(layers_of_a_batch(self.supernet))
        check_operations(self.supernet, size, alone=check.smallest // self.group.count == 1)
        if check.is_second_order:
            check_derivatives(self.supernet)
        if self.loop.relaxes:
            check_rule(self.space, self._probabilities())
        self._rehearse(check)

    def _learner(self, loop: GradientLoop) -> Learner:
        """Return a fresh supernet with its optimisers."""
        with forked_seed(self.seed, "supernet"):
            supernet = Supernet(
                self.space, unselected=self.options.unselected, empty_ports=self.options.empty_ports
            )
        supernet.to(self.device)
        return Learner(
            supernet, self.task, self.relaxation, loop, self.options, self.seed, self.run, self.group
        )

    def _rehearse(self, check: LoopCheck) -> None:
        """Make one update of each kind on a copy, so that what fails does so before the search."""
        learner, epoch = self._learner(check.loop), min(self.options.warmup_epochs, self.options.epochs)
        learner.supernet.train()
        noise = generator(self.seed, "rehearsal")
        optimisers = {
            "weights_optimiser": learner.weights_optimiser,
            "architecture_optimiser": learner.architecture_optimiser,
        }
        unread = StepCheck(10**9)  # a number that is not finite is told by the search, with its step
        with forked_seed(self.seed, "rehearsal"), one_thread():
            paths = learner.sampling.paths(0)
            check.make(lambda update: learner.update(update, epoch, noise, unread, next(paths)), optimisers)

    @property
    def supernet(self) -> Supernet:
        """The supernet that is trained."""
        return self.learner.supernet

    # -- the search -------------------------------------------------------------------------------------

    def fit(self) -> Architecture:
        """Search until the stop rule holds or the epochs are used up; return the derived architecture.

        Raises:
            RunError: a loss, a gradient, a logit or an output is not finite.
            DataError: a number of the validation split is not finite, which would steer the search.
        """
        self.take_part()
        with one_thread():
            architecture = self._select()
        manager().notify("architecture_derived", run=self.run, architecture=architecture)
        return architecture

    def take_part(self) -> None:
        """Make the epochs of `fit` alone: all that there is to do in a process that is not the first of its
        group. The errors are those of `fit`."""
        self.history = []
        first = self._resume()
        check_inputs(self.data.splits.validation, self.options.batch_size, "validation")
        self._notify("search_started", space=self.space, relaxation=self.relaxation)
        self._check_same("before the first epoch")
        with one_thread(), self.progress.task("search", self.options.epochs) as advance:
            advance(first)
            for epoch in range(first, self.options.epochs):
                if self.converged:
                    break
                record = self._epoch(epoch)
                self.history.append(record)
                self._check_same(f"after epoch {epoch + 1} of the search")
                self.converged = self.loop.relaxes and has_converged(self.history, self.options)
                if self.run is not None:
                    self.run.log(record)
                    self._state().save(self.run, epoch + 1, self.converged)
                self._notify("search_epoch", epoch=epoch, record=record)
                self.progress.report(self._numbers(record))
                advance(1)
        if not self.loop.relaxes:
            self.converged = True  # such a search ends by itself
        self.group.leave()

    def _numbers(self, record: Mapping[str, Any]) -> dict[str, float | None]:
        """Return the numbers of an epoch for those who watch: loss, objective, mean entropy of all groups."""
        objective, entropy = self.task.objective, record["entropy"]
        losses = record["loss"]
        return {
            "loss": losses.get("weights", next(iter(losses.values()), None)),
            objective: record["validation"].get(objective),
            **({"entropy": fmean(entropy.values())} if entropy else {}),
        }

    def derive(self) -> Architecture:
        """Return the architecture that the rule of the space derives from the logits as they are now."""
        return derive(self.space, self._probabilities(), self.provenance)

    def _select(self) -> Architecture:
        """Return the derived architecture, or the best of several candidates."""
        options, started = self.options, time.monotonic()
        if self.loop.relaxes and options.candidates == 1:
            return self.derive()
        score = self._score()
        found = self._candidates(score)
        draws = found.draws(self.space, score, options.finalists_drawn, self.seed)
        taken = time.monotonic() - started
        chosen = choose(
            found.scored,
            found.derived,
            self.space,
            self.provenance,
            options,
            self.supernet,
            self.trainer,
            self.progress,
            draws,
        )
        # fewer candidates than asked for are no loss where the finalists are as many as they should be
        is_full = chosen.finals is not None and len(chosen.finals.finalists) >= options.finalists
        notes = [*([] if is_full else found.notes), *chosen.notes]
        self.selection = evolve(chosen, notes=notes, seconds=taken + chosen.seconds)
        return chosen.architecture

    def _score(self) -> SupernetScore:
        splits = self.data.splits
        return SupernetScore(
            self.supernet,
            self.task,
            splits.validation,
            splits.weights,
            self.options.batch_size,
            self.device,
            by_loss=self.loop.rank_by == "loss",
        )

    def _candidates(self, score: SupernetScore) -> Candidates:
        """Return the architectures among which one is chosen, with their scores by the supernet."""
        asked = self.options.candidates
        if not self.loop.relaxes:
            return Candidates.of_space(self.space, score, asked, self.seed, self.progress)
        probabilities = self._probabilities()
        return Candidates.around(
            self.space, probabilities, score, asked, self.seed, self.progress, self.provenance
        )

    def _probabilities(self) -> dict[str, dict[str, float]]:
        logits = self.supernet.logits
        return logits.by_choice(logits.probabilities(self.relaxation))

    def summary(self) -> dict[str, Any]:
        """Return the end of the search: epochs, the stop rule, the last entropies and metrics; JSON-able.

        `caveats` are there where the metrics say less than they seem to, and `unmoved` where the logits
        hardly moved; both are sentences. `batch_norms` is the number of layers whose statistics are taken
        anew for each architecture that the supernet ranks. Where sources are dealt out at derivation,
        `searched` are the metrics of the supernet under the architecture's one-hot weights, and `dealt` says
        what that costs.
        """
        last, (inherited, caveats), unmoved = self.history[-1], self._inherited(), self._unmoved()
        norms = len(batch_norms(self.supernet))
        return {
            "epochs": len(self.history),
            "converged": self.converged,
            **({"entropy": last["entropy"]} if self.loop.relaxes else {}),
            "validation": last["validation"],
            "inherited": inherited,
            **self._dealt(inherited),
            **({} if self.selection is None else {"selection": self.selection.record()}),
            **({"batch_norms": norms} if norms else {}),
            "seconds": round(self._seconds(), 3),
            **({"unmoved": unmoved} if unmoved else {}),
            **({"caveats": caveats} if caveats else {}),
        }

    def _seconds(self) -> float:
        """Return what the search took: its epochs, the scores of candidates, the trainings of finalists."""
        after = 0.0 if self.selection is None else self.selection.all_seconds
        return after + sum(float(record["seconds"]) for record in self.history)

    def in_words(self) -> str:
        """Return the end of the search without its subject, and what was chosen from.

        What else is to be said of the choice and of the logits stands in `summary`.
        """
        last, chosen = self.history[-1], self.selection
        if self.loop.relaxes:
            entropies = ", ".join(f"{group} {value:.3f}" for group, value in last["entropy"].items())
            verdict = "converged" if self.converged else "did not converge"
            ended = f"{verdict} after {counted(len(self.history), 'epoch')} (normalised entropy: {entropies})"
        else:
            ended = f"ended after {counted(len(self.history), 'epoch')}"
        if chosen is None:
            return ended
        ended = f"{ended}; the supernet ranked {counted(chosen.candidates, 'architecture')}"
        if chosen.finals is None:
            return ended
        return (
            f"{ended}, and {counted(len(chosen.finals.finalists), 'finalist was', 'finalists were')} trained"
        )

    def _unmoved(self) -> list[str]:
        if not self.loop.relaxes:
            return []
        rate = getattr(self.loop, "architecture_rate", None)
        return unmoved_logits(self.history[-1]["probabilities"], rate, self.options.epochs)

    def inherited(self) -> dict[str, Any]:
        """Return the validation metrics of the derived network with the supernet's own parameters.

        Their distance from the metrics of the supernet is the cost of derivation. All are None where an
        output of that network is not finite.
        """
        return self._inherited()[0]

    def _inherited(self) -> tuple[dict[str, Any], list[str]]:
        """Return the metrics of `inherited`, and what makes them and those of the search say little."""
        network = build(self.derive() if self.selection is None else self.selection.architecture)
        network.to(self.device)
        inherit(network, self.supernet.state_dict())
        try:
            outputs, targets = collect_outputs(
                network,
                network,
                self.data.splits.validation,
                self.options.batch_size,
                self.device,
                copies=lambda: shared_copy(network),
            )
        except OutputError as error:  # nobody has trained this network with these weights
            names = self.history[-1]["validation"] if self.history else ["loss"]
            return dict.fromkeys(names), [f"With the weights of the supernet, {error}."]
        return self._scored(outputs, targets), caveats_of(network, outputs, targets, "validation")

    def _dealt(self, inherited: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the search evaluated where another network is built; nothing where it is the same."""
        if not self.space.wiring.deals:
            return {}
        architecture = self.derive() if self.selection is None else self.selection.architecture
        try:
            searched = self._scored(*self._validate(self.supernet.logits.one_hot(architecture.assignment)))
        except OutputError:
            searched = dict.fromkeys(inherited)
        cost = cost_of_dealing(self.space, self.task.objective, searched, inherited)
        return {"searched": searched, "dealt": [cost]}

    def _scored(self, outputs: Tensor, targets: Tensor) -> dict[str, Any]:
        found: dict[str, Any] = without_nan(validation_metrics(self.task, outputs, targets))
        return found

    # -- one epoch --------------------------------------------------------------------------------------

    def _epoch(self, epoch: int) -> dict[str, Any]:
        started, logits = time.monotonic(), self.supernet.logits
        if self.loop.relaxes and is_finite(self.supernet.architecture_parameters()):
            # a relaxation may break its contract only later in its schedule
            check_relaxation(self.relaxation, logits.values.values(), [epoch / self.options.epochs])
        losses = checked_epoch(
            lambda check: self._updates(epoch, check),
            self.check_every or steps_between_checks(self.device),
            [self.supernet],
            [self.learner.weights_optimiser, self.learner.architecture_optimiser],
        )
        means = {kind: shortest_number(float(torch.stack(values).mean())) for kind, values in losses.items()}
        if self.loop.relaxes:
            probabilities = logits.probabilities(self.relaxation)
            if not is_finite([sample.weights for sample in probabilities.values()]):
                what = f"the logits of epoch {epoch + 1} of the search are not finite"
                raise self.learner.failures.after_epoch(what, epoch)
            validation = self.learner.failures.validation(lambda: self._validate(probabilities), epoch)
            reached = self._reached(probabilities)
        else:
            validation = self.learner.failures.validation(self._validate, epoch)
            reached = {"entropy": {}, "derived": "", "probabilities": {}}
        return {
            "stage": "search",
            "epoch": epoch + 1,
            "loss": means,
            "validation": without_nan(validation),
            **reached,
            "seconds": round(time.monotonic() - started, 3),
        }

    def _reached(self, probabilities: Mapping[str, Sample]) -> dict[str, Any]:
        """Return what the logits have come to: entropies, the architecture, and the probabilities."""
        logits = self.supernet.logits
        by_choice = logits.by_choice(probabilities)
        return {
            "entropy": logits.entropies(probabilities),
            **self.supernet.redraws.record(),
            "derived": derive(self.space, by_choice).fingerprint[:16],
            "probabilities": {
                name: {candidate: round(value, 4) for candidate, value in row.items()}
                for name, row in by_choice.items()
            },
        }

    def _updates(self, epoch: int, check: StepCheck) -> dict[str, list[Tensor]]:
        """Make the updates of an epoch, and return their losses by kind."""
        splits, size = self.data.splits, self.options.batch_size
        shuffle = generator(self.seed, "shuffle", epoch)
        noise = generator(self.seed, "relaxation", epoch)
        anew = generator(self.seed, "redrawn", epoch)
        losses: dict[str, list[Tensor]] = {}
        paths = self.learner.sampling.paths(epoch)

        def draw(split: Split) -> Iterator[Batch]:
            return batches(split, size, shuffle, self.device)

        self.supernet.train()
        self.supernet.redraws.forget()
        with forked_seed(self.seed, "search", epoch):
            redrawn = splits.weights.redrawn(anew), splits.architecture.redrawn(anew)
            when = f"in epoch {epoch + 1}"
            updates = checked_updates(self.loop, self.data.inputs, *redrawn, draw, size, when)
            for step, update in enumerate(updates):
                if update.kind == "architecture" and epoch < self.options.warmup_epochs:
                    continue
                check.step = step + 1
                loss = self.learner.update(update, epoch, noise, check, next(paths))
                losses.setdefault(update.kind, []).append(loss)
                check.end_step()
                if step >= check.notified:
                    check.notified = step + 1
                    self._notify("search_step", step=step, record={"kind": update.kind, "loss": loss})
        return losses

    def _validate(self, probabilities: Mapping[str, Sample] | None = None) -> tuple[Tensor, Tensor]:
        """Return outputs and targets of the validation split; without probabilities, of architectures that
        are drawn uniformly, another one for each batch."""

        def copied() -> Callable[[Mapping[str, Tensor]], Tensor]:
            return partial(shared_copy(self.supernet), weights=probabilities)

        if probabilities is None:
            forward, copies = self.learner.sampling.uniform_forward(), None
        else:
            forward, copies = partial(self.supernet, weights=probabilities), copied
        return collect_outputs(
            self.supernet.eval(),
            forward,
            self.data.splits.validation,
            self.options.batch_size,
            self.device,
            "validation",
            copies=copies,
        )

    def _state(self) -> SearchState:
        return SearchState(self.supernet, self.learner.weights_optimiser, self.learner.architecture_optimiser)

    def _resume(self) -> int:
        """Load the last checkpoint, if there is one; return the epoch to go on with."""
        (values, self.history, source), tensors = self.group.from_first(self._kept)
        if values is None:
            return 0
        self._state().restore(Checkpoint(tensors, values, None if source is None else Path(source)))
        self.converged = bool(values["converged"])
        return int(values["epoch"])

    def _kept(self) -> Message:
        """Return the values of the last checkpoint, the lines of its epochs and its file; and its tensors.

        The values are None where the search begins.
        """
        if self.run is None:
            return (None, [], None), {}
        found = read_search(self.run.checkpoints, self.device)
        epoch = 0 if found is None else int(found.values["epoch"])
        history, said, is_whole = self.run.resume_history("search", epoch)
        for sentence in said:
            self.progress.warn(sentence)
        if not is_whole:
            drop_checkpoint(self.run.checkpoints, "search")
        if found is None or not is_whole:
            return (None, history, None), {}
        return (dict(found.values), history, str(found.source)), found.tensors

    def _check_same(self, when: str) -> None:
        """Refuse to go on where processes of the group no longer compute the same."""
        states: dict[str, Sequence[Tensor]] = {
            "logits": self.supernet.architecture_parameters(),
            "weights": self.learner.weights,
            "buffers": [*self.supernet.buffers()],
        }
        self.group.check_same(states, when)

    def _notify(self, hook: str, **values: Any) -> None:
        """Tell plugins, in the process that writes."""
        if self.group.is_first:
            manager().notify(hook, run=self.run, **values)
