"""One trial: a search, and the test score of the network that it finds; kept in files, made once."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import torch
from other_candidates import candidates_of
from strategies import overrides
from tasks import TASKS

from nasframe import Architecture, Experiment, network_key
from nasframe.network import cost_of
from nasframe.pipeline import prepare, search, train_alone
from nasframe.runtime import SILENT, write_json

__all__ = ["Trial", "do_trial", "experiment_of", "kept"]


@attrs.frozen
class Trial:
    """A search on a task, by a strategy.

    Attributes:
        task: key of `TASKS`.
        draw: of its data.
        seed: of everything random but the data.
        strategy: see `overrides`.
    """

    task: str
    draw: int
    seed: int
    strategy: str

    def file(self, out: Path) -> Path:
        """Return the file of its result."""
        strategy = self.strategy.replace(" ", "-")
        return out / self.task / f"draw-{self.draw}" / strategy / f"{self.seed}.json"


def kept(file: Path, make: Callable[[Path], Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return what a file holds; where it is not there, what `make` returns, given a folder of its own."""
    torch.set_num_threads(1)
    if file.exists():
        found: dict[str, Any] = json.loads(file.read_text("utf-8"))
        return found
    folder = file.with_suffix("")
    shutil.rmtree(folder, ignore_errors=True)
    result = make(folder)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_json(file, result)
    shutil.rmtree(folder, ignore_errors=True)
    return result


def do_trial(trial: Trial, out: Path, source: Path | None) -> Mapping[str, Any]:
    """Return the result of a trial, which is made where its file is not there."""
    return kept(trial.file(out), lambda folder: _searched(trial, out, source, folder))


def _searched(trial: Trial, out: Path, source: Path | None, folder: Path) -> Mapping[str, Any]:
    experiment = experiment_of(trial, out)
    with candidates_of(trial.strategy):
        made = search(experiment, folder, source=source, progress=SILENT)
    assert made.run is not None
    record = made.run.record["search"]
    finals = (record.get("selection") or {}).get("finals")
    truth = truth_of(made.architecture, trial, experiment, out, source)
    return {
        **attrs.asdict(trial),
        "network": network_key(made.architecture),
        "assignment": dict(made.architecture.assignment),
        "test": truth["test"],
        "parameters": truth["parameters"],
        "seconds": record["seconds"],
        "converged": made.converged,
        "epochs": record.get("epochs"),
        "cost": record.get("cost"),  # of loops that train what they propose, in full trainings
        "ranked": (record.get("selection") or {}).get("candidates"),
        **({} if finals is None else {"scored": finals["scored"]}),
        "finals": None if finals is None else {"spent": finals["spent"], "rounds": finals["rounds"]},
    }


def experiment_of(trial: Trial, out: Path, more: Sequence[str] = ()) -> Experiment:
    """Return the experiment of a trial with `more` overrides; its data does not depend on the seed."""
    task = TASKS[trial.task]
    point = task.points[trial.seed % len(task.points)]
    common = [f"cache='{out / 'cache'}'", *task.overrides, *task.draws[trial.draw], *point]
    base = Experiment.parse(task.values(), task.name, common)
    rate = float(getattr(base.loop, "weight_rate", 1e-3))
    words = overrides(trial.strategy, base.train.epochs, rate)
    proposes = any(word.startswith("loop.name=") for word in words)
    kept = [word for word in common if not (proposes and word.startswith("loop."))]
    kept = [word for word in kept if word.split("=")[0] not in {item.split("=")[0] for item in more}]
    found = Experiment.parse(task.values(), task.name, [*kept, *words, *more], seed=trial.seed)
    return attrs.evolve(found, data_seed=0)


def truth_of(
    architecture: Architecture, trial: Trial, experiment: Experiment, out: Path, source: Path | None
) -> Mapping[str, Any]:
    """Return the mean test score of a network over the trainings that count, kept in a file."""
    task = TASKS[trial.task]
    place = trial.seed % len(task.points)
    key = network_key(architecture)
    file = out / "truth" / trial.task / f"draw-{trial.draw}" / str(place) / f"{key[:24]}.json"
    # where one training counts, it is one with the seed of the trial
    seeds = range(task.trainings) if task.trainings > 1 else [trial.seed]
    known: dict[str, Any] = json.loads(file.read_text("utf-8")) if file.exists() else {"scores": {}}
    for seed in seeds:
        if str(seed) not in known["scores"]:
            known["scores"][str(seed)] = _trained(architecture, attrs.evolve(experiment, seed=seed), source)
    known["parameters"] = cost_of(architecture).parameters
    file.parent.mkdir(parents=True, exist_ok=True)
    write_json(file, known)
    scores = [known["scores"][str(seed)] for seed in seeds]
    return {"test": sum(scores) / len(scores), "parameters": known["parameters"]}


def _trained(architecture: Architecture, experiment: Experiment, source: Path | None) -> float:
    prepared = prepare(experiment, None, source, SILENT)
    found = train_alone(architecture, "searched", experiment, prepared, SILENT)
    return float(found["test"][experiment.task.objective])
