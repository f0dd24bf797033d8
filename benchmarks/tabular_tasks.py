"""Measure what a linear model gets on each view of the tasks from the package index, and on all together.

Logistic regression of scikit-learn learns from the splits weights and architecture and is scored on the test
split: for htad and mfeat on five folds, for the others on five seeds of the splits. The pairs of av_digits
that it learns from are drawn five times. With the word `networks` those of mnist1d are trained too. The
tables are those of docs/tabular-tasks.md.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean, stdev

import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor

import nasframe
from nasframe import Data, Experiment, Split
from nasframe.runtime import generator, make_progress
from nasframe_tabular.tasks import AudioVisualDigits, HomeActivities, Mnist1D, MultipleFeatures

CACHE = "runs/cache"
REPEATS = 5
DRAWS = 5
EPOCHS = 100

TASKS: Mapping[str, Callable[[int], nasframe.Task]] = {
    "htad": lambda number: HomeActivities(fold=number),
    "mfeat": lambda number: MultipleFeatures(fold=number),
    "av_digits": lambda number: AudioVisualDigits(split_seed=number),
    "mnist1d": lambda number: Mnist1D(split_seed=number),
}
"""Name → the task on one of its folds, or with one seed of the splits."""

GROUPS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "htad": {
        "sound": ("sound_1", "sound_2", "sound_3"),
        "wrist": ("wrist_axes", "wrist_whole"),
    },
    "mfeat": {"fou and zer": ("fou", "zer")},
    "av_digits": {"rows and mfcc": ("rows", "mfcc")},
    "mnist1d": {},
}
"""Task → groups of inputs that are given to one model."""


def main(networks: bool) -> int:
    for task, make in TASKS.items():
        groups = GROUPS[task]
        scores: dict[str, list[float]] = {}
        for number in range(REPEATS):
            data = prepared(make(number))
            training, test = drawn(data), whole(data.splits.test())
            inputs = [*data.inputs]
            chosen = {name: [name] for name in inputs} | dict(groups) | {"all": inputs}
            for name, views in chosen.items():
                scores.setdefault(name, []).append(linear(training, test, views))
        print(f"\n{task}: {len(training[1])} examples to learn from, {len(test[1])} to test")
        print(table(scores))
    if networks:
        print(f"\nmnist1d: networks, {EPOCHS} epochs at 1e-2")
        print(table(trained()))
    return 0


def prepared(task: nasframe.Task) -> Data:
    """The data of a task."""
    experiment = Experiment.of(task=task, space="bimodal", cache=CACHE, device="cpu")
    return nasframe.prepare(experiment, None, None, make_progress()).data


def whole(split: Split) -> tuple[Mapping[str, Tensor], Tensor]:
    batch = split.batch(torch.arange(len(split)))
    return batch.inputs, batch.targets


def drawn(data: Data) -> tuple[Mapping[str, Tensor], Tensor]:
    """The examples of both splits of training; where they are drawn anew, of several epochs."""
    splits = (data.splits.weights, data.splits.architecture)
    parts = []
    for split in splits:
        epochs = [split.redrawn(generator(0, "linear", epoch)) for epoch in range(DRAWS)]
        parts += [whole(split)] if epochs[0] is split else [whole(epoch) for epoch in epochs]
    inputs = {name: torch.cat([part[0][name] for part in parts]) for name in data.inputs}
    return inputs, torch.cat([part[1] for part in parts])


def linear(
    training: tuple[Mapping[str, Tensor], Tensor],
    test: tuple[Mapping[str, Tensor], Tensor],
    views: Sequence[str],
) -> float:
    """The accuracy of logistic regression on some inputs."""
    (first, labels), (second, truth) = (
        (torch.cat([inputs[name].flatten(1) for name in views], dim=1), targets)
        for inputs, targets in (training, test)
    )
    model = LogisticRegression(max_iter=3000).fit(first, labels)
    return float(model.score(second, truth))


def trained() -> dict[str, list[float]]:
    """The accuracy of each network that the task mnist1d brings, on the test split."""
    task, scores = Mnist1D(), {}
    data = prepared(task)
    (inputs, labels), test = drawn(data), whole(data.splits.test())
    for name, baseline in task.baselines(data).items():
        torch.manual_seed(0)
        network = baseline.make()
        optimiser = torch.optim.Adam(network.parameters(), lr=1e-2)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, EPOCHS)
        for _ in range(EPOCHS):
            network.train()
            for rows in torch.randperm(len(labels)).split(100):
                optimiser.zero_grad()
                batch = {key: value[rows] for key, value in inputs.items()}
                task.loss(network(batch), labels[rows]).backward()
                optimiser.step()
            schedule.step()
        network.eval()
        with torch.no_grad():
            scores[name] = [task.metrics(network(test[0]), test[1])["accuracy"]]
    return scores


def table(scores: Mapping[str, Sequence[float]]) -> str:
    lines = ["| inputs | accuracy | sd |", "|---|---|---|"]
    lines += [
        f"| {name} | {fmean(values):.3f} | {stdev(values) if len(values) > 1 else 0:.3f} |"
        for name, values in scores.items()
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main("networks" in sys.argv[1:]))
