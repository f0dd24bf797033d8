"""Compare the order that a supernet gives architectures with the order of their trainings.

    nasframe tabulate examples/embedded.toml --architectures 40 --out runs/table
    python benchmarks/supernet_ranks.py examples/embedded.toml runs/table softmax,stgs,grmc

The experiment is the one that the table was made from; words after the third, such as
`space.ports=distinct search.epochs=100`, change it, and `one_shot` among the relaxations is that loop. Prints
Spearman's rank correlation of three scores on validation with those of the table's trainings, on validation
and on test, for three seeds each:

- the supernet's own, under one-hot weights;
- the built network's, with the supernet's weights and no training;
- the built network's after one epoch of training from these weights, as finalists are trained.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

import torch

from nasframe import Architecture, Experiment, build, load_supernet, load_table, prepare, search
from nasframe.network import inherit
from nasframe.runtime import SILENT
from nasframe.studies.statistics import spearman
from nasframe.tables import TabularBenchmark
from nasframe.tasks import checked_metrics
from nasframe.training import Training, collect_outputs

SCORES = ("the supernet's", "inherited", "inherited, one epoch")


def main(recipe: str, table: str, relaxations: str = "grmc", *words: str) -> None:
    """Print a line for each relaxation, seed and score."""
    truth = load_table(table)
    trained = [truth.scores(split) for split in ("validation", "test")]
    print(f"{len(truth)} architectures; Spearman with the trained score on validation, on test", flush=True)
    early = truth.curves("validation")[:, 0, 0].tolist()  # of the table's own trainings, to compare with
    print("from scratch, one epoch: " + ", ".join(f"{rank_correlation(early, one):.2f}" for one in trained))
    for name in relaxations.split(","):
        chosen = "loop.name=one_shot" if name == "one_shot" else f"relaxation.name={name}"
        found: dict[str, list[list[float]]] = {score: [] for score in SCORES}
        for seed in range(3):
            experiment = Experiment.load(recipe, [*words, chosen, f"seed={seed}", "data_seed=0"])
            for score, values in zip(SCORES, scores(experiment, truth), strict=True):
                rho = [rank_correlation(values, column) for column in trained]
                found[score].append(rho)
                print(f"{name}, seed {seed}, {score}: {rho[0]:.2f}, {rho[1]:.2f}", flush=True)
        for score, rows in found.items():
            first, second = (fmean(column) for column in zip(*rows, strict=True))
            print(f"{name}, mean, {score}: {first:.2f}, {second:.2f}", flush=True)


def rank_correlation(values: Sequence[float], column: Sequence[float | None]) -> float:
    """Return Spearman's; NaN where one of both does not vary."""
    found = spearman(values, column).rho
    return math.nan if found is None else float(found)


def scores(experiment: Experiment, truth: TabularBenchmark) -> Sequence[Sequence[float]]:
    """Return for each of `SCORES` the objective on validation of every network of the table."""
    with TemporaryDirectory() as folder:
        run = search(experiment, Path(folder) / "run").run
        assert run is not None
        supernet, prepared = load_supernet(run), prepare(experiment, None, None, SILENT)
        task, split = experiment.task, prepared.data.splits.validation
        size, device = experiment.search.batch_size, torch.device("cpu")

        def scored(
            network: torch.nn.Module, forward: Callable[[Mapping[str, torch.Tensor]], torch.Tensor]
        ) -> float:
            outputs, targets = collect_outputs(network, forward, split, size, device)
            return float(checked_metrics(task, outputs, targets)[task.objective])

        found: list[list[float]] = [[], [], []]
        for entry in truth.listed:
            one_hot = supernet.logits.one_hot(entry.assignment)
            found[0].append(scored(supernet, partial(supernet, weights=one_hot)))
            network = build(Architecture(supernet.space, entry.assignment), seed=experiment.seed)
            inherit(network, supernet.state_dict())
            found[1].append(scored(network.eval(), network))
            training = Training(
                network=network,
                task=task,
                data=prepared.data,
                options=experiment.train,
                seed=experiment.seed,
                device=device,
            )
            training.advance(1)
            found[2].append(float(training.history[0]["validation"][task.objective]))
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
