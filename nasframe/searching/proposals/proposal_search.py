"""The engine of a proposal loop: architectures are asked for and trained, and the best one is kept.

A network is trained once, whatever assignments and however many proposals name it; see `network_key`. What is
told depends on the seed alone: not on the number of workers, nor on kills.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import define, field

from nasframe.errors import RunError, in_lines
from nasframe.plugins import manager
from nasframe.runs import Run
from nasframe.runtime import (
    ANYTHING,
    SILENT,
    Fields,
    Number,
    Progress,
    counted,
    read_json,
    remove_path,
    write_json,
)
from nasframe.searching.candidate import Candidate, LearningCurve, Train
from nasframe.searching.proposals.proposal_check import CheckedProposer, check_proposal_loop
from nasframe.searching.proposals.proposal_loop import Proposal, ProposalLoop, Result, SearchProblem
from nasframe.space import Architecture, Assignment, SearchSpace

__all__ = ["TRIAL", "ProposalSearch", "ended_early"]

TRIAL = "trial"
"""The `stage` of the lines that such a search writes to `metrics.jsonl`."""

_STATE = "proposals.json"
_SHAPE = Fields({"told": Number(0, 10**9, whole=True), "state": ANYTHING})


def ended_early(trials: int, most: int) -> str:
    """Return the words for a search with fewer trials than its loop makes at most."""
    return (
        f"the loop proposed nothing more after {trials:,} of at most {counted(most, 'trial')}: it found no "
        "other network that is new, or ended by itself"
    )


@define
class ProposalSearch:
    """One search by proposals, to the best architecture.

    Args:
        problem: the space, and the length of a full training.
        loop: that proposes.
        train: trains networks.
        seed: of the loop.
        run: to write trials and the state to; None keeps them in memory.
        progress: to report to.
        provenance: recorded in the architecture.
    """

    problem: SearchProblem
    loop: ProposalLoop
    train: Train
    seed: int = 0
    run: Run | None = None
    progress: Progress = SILENT
    provenance: Mapping[str, Any] = field(factory=dict)

    history: list[dict[str, Any]] = field(init=False, factory=list)
    _trained: dict[str, int] = field(init=False, factory=dict)
    _first: dict[str, Assignment] = field(init=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        check_proposal_loop(self.loop, self.problem, self.seed)

    def fit(self) -> Architecture:
        """Search until nothing more is proposed, and return the best architecture.

        It is the best one on validation among those that were trained longest; the first of equals. Where
        several assignments named its network, it is the one that was trained.

        Raises:
            RunError: every training failed.
            ContractError: see `CheckedProposer`.
        """
        proposer = CheckedProposer(self.loop, self.problem, self.seed)
        self._resume(proposer)
        plugins = manager()
        plugins.notify("search_started", run=self.run, space=self.problem.space, relaxation=None)
        with self.progress.task("search", proposer.most) as advance:
            advance(len(self.history))
            while batch := proposer.propose():
                results, lines = self._try(batch)
                proposer.tell(results)
                for line in lines:
                    if self.run is not None:
                        self.run.log(line)
                self._keep(proposer)
                for line in lines:
                    plugins.notify("search_trial", run=self.run, record=line)
                self.progress.report({"best": self.best()["score"]})
                advance(len(batch))
        if not self.history:
            raise RunError("the search has ended, and proposed nothing")
        line = self.best()
        if line["score"] is None:
            reasons = dict.fromkeys(item["failed"] for item in self.history if item.get("failed"))
            raise RunError(in_lines("no architecture has a score, so none is the best", *reasons))
        assignment = line["assignment"]
        trained = self._first[self.problem.key(assignment)]
        architecture = Architecture(self.problem.space, trained, dict(self.provenance))
        plugins.notify("architecture_derived", run=self.run, architecture=architecture)
        return architecture

    @property
    def space(self) -> SearchSpace:
        """The space that is searched."""
        return self.problem.space

    @property
    def converged(self) -> bool:
        """True: such a search ends by itself."""
        return True

    def best(self) -> dict[str, Any]:
        """Return the line of the best trial so far."""

        def rank(line: Mapping[str, Any]) -> tuple[bool, int, float]:
            score = line["score"]
            return score is not None, line["epochs"], -math.inf if score is None else score

        return max(self.history, key=rank)

    def summary(self) -> dict[str, Any]:
        """Return the end of the search: trials, their cost, and the best of them; JSON-able.

        With fewer trials than its loop makes at most, it has `caveats`.
        """
        best, last = self.best(), self.history[-1]
        tried, most = len(self.history), self.loop.most(self.problem)
        fewer = [f"The search ended early: {ended_early(tried, most)}."] if tried < most else []
        return {
            "converged": self.converged,
            "trials": tried,
            "networks": len({line["network"] for line in self.history}),
            "best_trial": best["trial"],
            "best": best["validation"],
            "cost": last["cost"],
            "seconds": round(sum(line["seconds"] for line in self.history), 3),
            **({"caveats": fewer} if fewer else {}),
        }

    def in_words(self) -> str:
        """Return the end of the search as a sentence without its subject."""
        best, cost = self.best(), self.history[-1]["cost"]
        tried = f"{counted(len(self.history), 'trial')}, {cost:g} times a full training"
        return f"{tried}; the best is trial {best['trial']}, with {best['score']:.4f} on validation"

    def _try(self, batch: Sequence[Proposal]) -> tuple[list[Result], list[dict[str, Any]]]:
        """Train what is proposed, and return the results and their lines."""
        full = self.problem.epochs
        keys = [self.problem.key(item.assignment) for item in batch]
        wanted: dict[str, Candidate] = {}
        for key, item in zip(keys, batch, strict=True):
            epochs = max(item.epochs or full, self._trained.get(key, 0))
            first = self._first.setdefault(key, item.assignment)
            wanted[key] = Candidate(key, first, max(epochs, wanted[key].epochs if key in wanted else 0))
        curves = dict(zip(wanted, self.train(list(wanted.values())), strict=True))
        before, results = len(self.history), []
        for key, item in zip(keys, batch, strict=True):
            line, result = self._result(item, key, curves[key])
            self.history.append(line)
            results.append(result)
        return results, self.history[before:]

    def _result(self, item: Proposal, key: str, curve: LearningCurve) -> tuple[dict[str, Any], Result]:
        """Return the line and the result of a proposal, given the curve of its network."""
        epochs = item.epochs or self.problem.epochs
        before = self._trained.get(key, 0)
        trained = min(epochs, len(curve.seconds)) if curve.failed else epochs
        self._trained[key] = max(before, trained)
        place = curve.best(epochs)
        objective = -math.inf if place is None else curve.objectives[place]
        score = objective if math.isfinite(objective) else -math.inf
        new = max(0, trained - before)
        seconds = sum(curve.seconds[before : before + new])
        spent = sum(line["new_epochs"] for line in self.history) + new
        line = {
            "stage": TRIAL,
            "trial": item.number + 1,
            "network": key[:16],
            "epochs": epochs,
            "new_epochs": new,
            "score": score if math.isfinite(score) else None,
            "validation": {} if place is None else dict(curve.validation[place]),
            "parameters": curve.parameters,
            "multiply_adds": curve.multiply_adds,
            "seconds": round(seconds, 3),
            "cost": round(spent / self.problem.epochs, 6),
            "assignment": dict(item.assignment),
            **({"failed": curve.failed} if curve.failed else {}),
        }
        return line, Result(item, score, curve.parameters, curve.multiply_adds, new, seconds)

    def _keep(self, proposer: CheckedProposer) -> None:
        """Write the state, behind the lines of the trials that it was told."""
        if self.run is not None:
            self.run.flush_metrics()
            write_json(self._file(self.run), {"told": len(self.history), "state": proposer.state()})

    def _resume(self, proposer: CheckedProposer) -> None:
        """Go on from the state in the run, where there is one and all its trials have their lines."""
        self.history, self._trained, self._first = [], {}, {}
        if self.run is None:
            return
        file = self._file(self.run)
        found = read_json(file, _SHAPE, _damaged) if file.exists() else {"told": 0}
        told = int(found["told"])
        why = "they are newer than the last state of the search, and these trials are made again"
        for sentence in self.run.keep_metrics(
            lambda line: line.get("stage") != TRIAL or line.get("trial", 0) <= told, why
        ):
            self.progress.warn(sentence)
        lines = self.run.history(TRIAL)
        if [line["trial"] for line in lines] != list(range(1, told + 1)):
            self.progress.warn(f"{self.run.path}: lines of trials are missing, so the search begins again")
            self.run.keep_metrics(lambda line: line.get("stage") != TRIAL)
            remove_path(file)
            return
        if told:
            proposer.restore(found["state"], told)
        self.history = lines
        for line in lines:
            assignment = line["assignment"]
            key = self.problem.key(assignment)
            self._trained[key] = self._trained.get(key, 0) + line["new_epochs"]
            self._first.setdefault(key, assignment)

    @staticmethod
    def _file(run: Run) -> Path:
        return run.checkpoints / _STATE


def _damaged(message: str) -> RunError:
    return RunError(f"{message}; remove the file, and the search begins again with the trainings that it has")
