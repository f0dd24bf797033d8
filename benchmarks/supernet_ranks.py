"""How well a supernet orders architectures: asked itself, and by networks that start from its weights.

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
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

import torch

from nasframe import Architecture, Experiment, build, load_supernet, load_table, prepare, search
from nasframe.network import inherit
from nasframe.pipeline.candidate_training import CandidateTraining
from nasframe.runtime import SILENT
from nasframe.searching import Candidate
from nasframe.studies.statistics import spearman
from nasframe.tables import TabularBenchmark
from nasframe.tasks import checked_metrics
from nasframe.training import collect_outputs

SCORES = ("the supernet's", "inherited", "inherited, one epoch")


def main(recipe: str, table: str, relaxations: str = "grmc", *words: str) -> None:
    """Print a line for each relaxation, seed and score."""
    truth = load_table(table)
    trained = [truth.scores(split) for split in ("validation", "test")]
    print(f"{len(truth)} architectures; Spearman with the trained score on validation, on test", flush=True)
    for name in relaxations.split(","):
        chosen = "loop.name=one_shot" if name == "one_shot" else f"relaxation.name={name}"
        found: dict[str, list[list[float]]] = {score: [] for score in SCORES}
        for seed in range(3):
            experiment = Experiment.load(recipe, [*words, chosen, f"seed={seed}", "data_seed=0"])
            for score, values in zip(SCORES, scores(experiment, truth), strict=True):
                rho = [float(spearman(values, column).rho or math.nan) for column in trained]
                found[score].append(rho)
                print(f"{name}, seed {seed}, {score}: {rho[0]:.2f}, {rho[1]:.2f}", flush=True)
        for score, rows in found.items():
            first, second = (fmean(column) for column in zip(*rows, strict=True))
            print(f"{name}, mean, {score}: {first:.2f}, {second:.2f}", flush=True)


def scores(experiment: Experiment, truth: TabularBenchmark) -> Sequence[Sequence[float]]:
    """Return for each of `SCORES` the objective on validation of every network of the table."""
    entries = truth.listed
    with TemporaryDirectory() as folder:
        run = search(experiment, Path(folder) / "run").run
        assert run is not None
        supernet, prepared = load_supernet(run), prepare(experiment, None, None, SILENT)
        task, split = experiment.task, prepared.data.splits.validation
        size, device = experiment.search.batch_size, torch.device("cpu")

        def scored(network: torch.nn.Module, forward: object) -> float:
            outputs, targets = collect_outputs(network, forward, split, size, device)
            return float(checked_metrics(task, outputs, targets)[task.objective])

        own, inherited = [], []
        for entry in entries:
            own.append(scored(supernet, partial(supernet, weights=supernet.logits.one_hot(entry.assignment))))
            network = build(Architecture(supernet.space, entry.assignment))
            inherit(network, supernet.state_dict())
            network.eval()
            inherited.append(scored(network, network))
        with closing(CandidateTraining(experiment, prepared, Path(folder) / "trained")) as training:
            curves = training.train(
                [Candidate(entry.key, entry.assignment, 1) for entry in entries], supernet.state_dict()
            )
        return own, inherited, [curve.rank(1)[0] for curve in curves]


if __name__ == "__main__":
    main(*sys.argv[1:])
