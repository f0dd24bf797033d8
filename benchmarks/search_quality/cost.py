"""The cost of a search, in epochs of a median network: measured once for each task, interleaved."""

from __future__ import annotations

import json
import random
import statistics
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import torch
from trial import Trial, experiment_of

from nasframe import Architecture
from nasframe.network import build, cost_of
from nasframe.pipeline import measure_epochs, prepare, search
from nasframe.runtime import SILENT, write_json
from nasframe.searching import SuccessiveHalving

__all__ = ["CostOfSearch", "measured_costs"]

_ROUNDS = 5


@attrs.frozen
class CostOfSearch:
    """The cost of the parts of a search.

    Attributes:
        epochs: of a training.
        supernet: of an epoch of the one-shot supernet, in epochs of a median network.
        score: of one architecture by the supernet, in the same unit.
        seconds: of an epoch of that network.
    """

    epochs: int
    supernet: float
    score: float
    seconds: float

    def trainings(self, result: Mapping[str, Any]) -> float:
        """Return the cost of a one-shot search with its final training, in full trainings.

        An epoch of a finalist counts as one of a median network, as it does in random search. A final
        training that the finals held already is not counted twice.
        """
        finals = result["finals"]
        held = finals is not None and finals["rounds"][-1]["epochs"] == self.epochs
        spent = 0 if finals is None else finals["spent"]
        scored = result.get("scored", result["ranked"])  # earlier trials do not count the drawn finalists
        whole = result["epochs"] * self.supernet + scored * self.score + spent
        return float((whole + (0 if held else self.epochs)) / self.epochs)

    def halving(self, trainings: float) -> int:
        """Return the fewest candidates with which a halving (η = 3, from one epoch) costs so much."""
        candidates = 3
        while self._halving(candidates) < trainings * self.epochs:
            candidates += 1
        return candidates

    def _halving(self, candidates: int) -> float:
        """Return the epochs of a halving: each rung trains its candidates on, from where they were."""
        rungs = SuccessiveHalving(candidates=candidates, eta=3, least=1).rungs(self.epochs)
        before = [0, *(rung.epochs for rung in rungs)]
        return sum(rung.candidates * (rung.epochs - done) for rung, done in zip(rungs, before, strict=False))

    def in_words(self) -> str:
        return (
            f"an epoch of the supernet costs {self.supernet:.2f}, a score {self.score:.4f} epochs of a "
            f"median network ({self.seconds:.3f} s); a training has {self.epochs}"
        )


def measured_costs(name: str, out: Path, source: Path | None) -> CostOfSearch:
    """Return the costs of a task, measured where they are not known yet."""
    file = out / "costs" / f"{name}.json"
    if file.exists():
        return CostOfSearch(**json.loads(file.read_text("utf-8")))
    torch.set_num_threads(1)
    experiment = experiment_of(Trial(name, 0, 0, "one_shot"), out)
    prepared = prepare(experiment, None, source, SILENT)
    data = prepared.data
    space = experiment.space.build(data.inputs, data.outputs)
    drawn = [Architecture(space, space.sample(random.Random(seed))) for seed in range(21)]
    median = sorted(drawn, key=lambda item: cost_of(item).multiply_adds)[len(drawn) // 2]
    short = attrs.evolve(experiment.search, epochs=2, finalists=0, finalists_drawn=0)
    times: dict[str, list[float]] = {"supernet": [], "score": [], "network": []}
    for seed in range(_ROUNDS):
        own = attrs.evolve(experiment, search=short, seed=seed)
        with tempfile.TemporaryDirectory() as folder:
            made = search(own, Path(folder) / "run", source=source, progress=SILENT)
            assert made.run is not None
            selection = made.run.record["search"]["selection"]
        times["supernet"].append(min(line["seconds"] for line in made.history))
        times["score"].append(selection["seconds"] / selection["candidates"])
        times["network"].append(measure_epochs(build(median, seed=seed), own, data))
    seconds = statistics.median(times["network"])
    cost = CostOfSearch(
        experiment.train.epochs,
        statistics.median(times["supernet"]) / seconds,
        statistics.median(times["score"]) / seconds,
        seconds,
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    write_json(file, attrs.asdict(cost))
    return cost
