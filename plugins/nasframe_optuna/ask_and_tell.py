"""Ask-and-tell: one architecture is one trial of Optuna, and every decision of the space one parameter.

Decisions are asked for in order, each among what the earlier ones leave valid: where a node was removed,
nothing is asked about it. A parameter is named by its decision and by these alternatives, for Optuna wants
the same ones whenever a name comes again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import optuna
from attrs import define, field
from optuna.trial import TrialState

from nasframe import Proposal, Proposer, Result, SearchProblem
from nasframe.errors import RunError
from nasframe.runtime import advised

__all__ = ["Asking"]


@define
class Asking(Proposer):
    """A proposer that asks a sampler of Optuna.

    The samplers hold random states that nobody can write down; so the state is all that was asked and told,
    and it is asked and told again. Another version of Optuna may propose other architectures, to which the
    scores do not belong; then `restore` raises.

    Args:
        problem: to solve.
        sampler: seeded.
        directions: `maximize` or `minimize`, of each objective.
        objectives: the values of a result.
        trials: to propose.
        asks_inactive: ask also about choices that do not count since their node was removed. NSGA-II crosses
            only the parameters that every trial has, and draws the others at random.
    """

    problem: SearchProblem
    sampler: optuna.samplers.BaseSampler
    directions: Sequence[Literal["maximize", "minimize"]]
    objectives: Callable[[Result], list[float]]
    trials: int
    asks_inactive: bool = False
    _study: optuna.Study = field(init=False)
    _asked: list[optuna.Trial] = field(init=False, factory=list)
    _batches: list[dict[str, Any]] = field(init=False, factory=list)
    _proposed: int = field(init=False, default=0)

    def __attrs_post_init__(self) -> None:
        with _quiet():
            self._study = optuna.create_study(sampler=self.sampler, directions=list(self.directions))

    def propose(self, count: int) -> Sequence[Proposal]:
        wanted = min(count, self.trials - self._proposed)
        self._asked = [self._study.ask() for _ in range(wanted)]
        made = [
            Proposal(self._proposed + place, self._decided(trial)) for place, trial in enumerate(self._asked)
        ]
        self._proposed += wanted
        return made

    def tell(self, results: Sequence[Result]) -> None:
        self._tell(
            [dict(item.proposal.assignment) for item in results],
            [self.objectives(item) if math.isfinite(item.score) else None for item in results],
        )

    def state(self) -> Any:
        return {"optuna": optuna.__version__, "batches": self._batches}

    def restore(self, state: Any) -> None:
        for batch in state["batches"]:
            asked, told = batch["asked"], batch["told"]
            found = self.propose(len(asked))
            for item, assignment in zip(found, asked, strict=True):
                if item.assignment != assignment:
                    raise RunError(_other(item.number, state["optuna"]))
            self._tell(asked, told)

    def _tell(self, asked: Sequence[dict[str, str]], told: Sequence[list[float] | None]) -> None:
        for trial, values in zip(self._asked, told, strict=True):
            if values is None:
                self._study.tell(trial, state=TrialState.FAIL)
            else:
                self._study.tell(trial, values)
        self._batches.append({"asked": [*asked], "told": [*told]})

    def _decided(self, trial: optuna.Trial) -> dict[str, str]:
        choices = self.problem.space.choices

        def decide(step: Any, alternatives: Sequence[Any]) -> Any:
            if self.asks_inactive and step.kind != "deal":
                every = choices[step.choices[0]].candidates
                wanted = trial.suggest_categorical(step.choices[0], every)
                valid = {item.assigns[0][1]: item for item in alternatives if item.assigns}
                # of sources that are gone, the next one that is there
                place = every.index(wanted)
                in_order = (*every[place:], *every[:place])
                return next((valid[name] for name in in_order if name in valid), alternatives[0])
            if len(alternatives) == 1:
                return alternatives[0]
            labels = [_label(item) for item in alternatives]
            name = f"{step.name}: {' | '.join(labels)}"
            return alternatives[labels.index(trial.suggest_categorical(name, labels))]

        return self.problem.space.decisions.walk(decide)


def _label(alternative: Any) -> str:
    """Return an alternative in words: its candidate, or the candidate of every choice that it decides."""
    if len(alternative.assigns) == 1:
        return str(alternative.assigns[0][1])
    return ", ".join(f"{name}={value}" for name, value in alternative.assigns)


def _other(number: int, version: str) -> str:
    here = f"Optuna {optuna.__version__}"
    if version == optuna.__version__:
        before = f"{here} proposes another architecture for trial {number + 1} than it did before"
        return advised(f"{before}, so this search cannot go on", "begin it again with --overwrite")
    before = f"{here} proposes another architecture for trial {number + 1} than Optuna {version} did"
    ways = (f"install optuna=={version}", "begin again with --overwrite")
    return advised(f"{before}, which began this search", *ways)


@contextmanager
def _quiet() -> Iterator[None]:
    """Let Optuna say nothing that is no warning inside the block."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(max(before, optuna.logging.WARNING))
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)
