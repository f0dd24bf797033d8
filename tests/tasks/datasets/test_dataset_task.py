"""Data sets and loaders of PyTorch as a task: splits, random transforms, workers, studies."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import (
    DataLoader,
    Dataset,
    IterableDataset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
)

import nasframe
from nasframe import DatasetTask, Experiment, SearchOptions, Task, TrainOptions
from nasframe.errors import ConfigurationError, DataError
from nasframe.testing import TaskSuite

VIEWS = torch.randn(60, 2, 3, 4, generator=torch.Generator().manual_seed(0))
LABELS = (VIEWS[:, 0].mean((1, 2)) > VIEWS[:, 1].mean((1, 2))).long()


class Pairs(Dataset[Any]):
    """Two views and a label; jittered by all three global generators."""

    def __init__(self, rows: range = range(60), jitter: float = 0.0) -> None:
        self.rows, self.jitter = rows, jitter

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: int) -> Any:
        row = self.rows[place]
        noise = torch.randn(3, 4) + np.random.normal() + random.gauss(0, 1)
        left, right = VIEWS[row] + self.jitter * noise
        return (left, right), int(LABELS[row])


def items(split: Any) -> Any:
    return split.batch(torch.arange(len(split)))


def same(one: Any, other: Any) -> bool:
    return torch.equal(one.targets, other.targets) and all(
        torch.equal(value, other.inputs[name]) for name, value in one.inputs.items()
    )


class TestPairs(TaskSuite):
    from_file = False

    def make(self) -> Task:
        return DatasetTask(train=Pairs(jitter=0.1), inputs=("left", "right"))


class TestNumbers(TaskSuite):
    from_file = False

    def make(self) -> Task:
        return DatasetTask(train=TensorDataset(VIEWS[:, 0], VIEWS.mean((1, 2, 3))), inputs=("x",))


class TestLabels(TaskSuite):
    from_file = False

    def make(self) -> Task:
        return DatasetTask(train=TensorDataset(VIEWS[:, 0], (VIEWS[:, 0, 0] > 0).float()))


def test_splits_that_are_not_given_are_shares_of_train() -> None:
    one = DatasetTask(train=Pairs()).data({}).splits
    assert [len(split) for split in (one.weights, one.architecture, one.validation, one.test())] == [
        24,
        12,
        12,
        12,
    ]
    given = DatasetTask(
        train=Pairs(range(30)), validation=Pairs(range(30, 44)), test=Pairs(range(44, 60))
    ).data({})
    splits = given.splits
    assert [len(split) for split in (splits.weights, splits.architecture)] == [20, 10]
    assert splits.validation.identifiers[0] == "validation 0"
    assert torch.equal(items(splits.test()).inputs["x1"], VIEWS[44:, 0])
    assert torch.equal(items(splits.test()).targets, LABELS[44:])


def by_key() -> list[dict[str, Any]]:
    return [
        {"sound": VIEWS[row, 0], "image": VIEWS[row, 1], "label": str(LABELS[row].item())}
        for row in range(60)
    ]


def test_items_may_be_pairs_or_dicts() -> None:
    found = DatasetTask(train=by_key()).data({})
    assert found.inputs == {"sound": (3, 4), "image": (3, 4)}
    assert DatasetTask(train=by_key(), inputs=("image",)).data({}).inputs == {"image": (3, 4)}
    assert DatasetTask(train=TensorDataset(VIEWS, LABELS)).data({}).inputs == {"x": (2, 3, 4)}
    assert DatasetTask(train=TensorDataset(VIEWS, LABELS), inputs="both").data({}).inputs == {
        "both": (2, 3, 4)
    }


def test_an_item_is_drawn_anew_in_each_epoch_and_alike_in_whatever_batch() -> None:
    splits = DatasetTask(train=Pairs(jitter=1.0)).data({}).splits
    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()  # type: ignore[index,union-attr]
    one, again, other = (splits.weights.redrawn(torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert same(items(one), items(again))
    assert not torch.equal(items(one).inputs["x1"], items(other).inputs["x1"])
    order = torch.tensor([5, 2])
    for name, value in items(one).inputs.items():
        assert torch.equal(one.batch(order).inputs[name], value[order])
    assert same(items(splits.validation), items(splits.validation.redrawn(torch.Generator())))
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1] == random.getstate()
    assert before[2] == np.random.get_state()[1].tolist()  # type: ignore[index,union-attr]


def test_workers_read_the_same_bits() -> None:
    here, there = (DatasetTask(train=Pairs(jitter=1.0), workers=workers).data({}) for workers in (0, 2))
    for name in ("weights", "validation"):
        one, other = getattr(here.splits, name), getattr(there.splits, name)
        redrawn = [split.redrawn(torch.Generator().manual_seed(3)) for split in (one, other)]
        assert same(items(redrawn[0]), items(redrawn[1]))


def padded(batch: list[Any]) -> Any:
    longest = 8
    rows = [torch.cat([x, x.new_zeros(longest - len(x), 2)]) for x, _ in batch]
    return torch.stack(rows), torch.tensor([y for _, y in batch])


def test_of_a_loader_data_collation_workers_and_weights_are_kept() -> None:
    lengths = [(torch.ones(1 + row % 8, 2) * row, row % 2) for row in range(40)]
    loader: Any = DataLoader(lengths, batch_size=7, collate_fn=padded, num_workers=1)  # type: ignore[arg-type]
    data = DatasetTask(train=loader).data({})
    assert data.inputs == {"x": (8, 2)}
    assert data.splits.weights.dataset.workers == 1  # type: ignore[attr-defined]
    weights = torch.arange(60.0) + 1
    loader = DataLoader(Pairs(), sampler=WeightedRandomSampler(weights.tolist(), 60))
    splits = DatasetTask(train=loader).data({}).splits
    rows = [int(name.split()[1]) for name in splits.weights.identifiers]
    assert splits.weights.sampling_weights is not None
    assert splits.weights.sampling_weights.tolist() == weights[rows].tolist()
    assert splits.validation.sampling_weights is None
    loader = DataLoader(Pairs(), sampler=SubsetRandomSampler(range(20, 50)))
    splits = DatasetTask(train=loader).data({}).splits
    assert sum(map(len, (splits.weights, splits.architecture, splits.validation, splits.test()))) == 30


class Stream(IterableDataset[Any]):
    def __iter__(self) -> Iterator[Any]:
        yield from TensorDataset(VIEWS, LABELS)


class Broken(Pairs):
    def __getitem__(self, place: int) -> Any:
        if place == 7:
            raise OSError("no such picture")
        return super().__getitem__(place)


class Killed(Pairs):
    def __getitem__(self, place: int) -> Any:
        os._exit(3)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: DatasetTask(train=Stream()), "gives its items one after another (IterableDataset)"),
        (lambda: DatasetTask(train=DataLoader(Stream())), "gives its items one after another"),
        (lambda: DatasetTask(train=(item for item in "ab")), "gives its items one after another"),
        (lambda: DatasetTask(train=3), "expected a map-style data set of PyTorch"),
        (lambda: DatasetTask(train=[]), "holds no item"),
        (lambda: DatasetTask(train=DataLoader(Pairs(), batch_size=None)), "has no batch_size"),
        (lambda: DatasetTask(train=DataLoader(Pairs(), sampler=[0, 1])), "loader: a list is not taken over"),
        (lambda: DatasetTask().data({}), "no data set: give train="),
        (lambda: DatasetTask(train=Pairs(), inputs=("a",)).data({}), "1 names (a) for 2 inputs of an item"),
        (lambda: DatasetTask(train=Pairs(), inputs=("a", "a")), "expected names that differ"),
        (
            lambda: DatasetTask(train=by_key(), inputs=("imge",)).data({}),
            "'imge' is no key of an item; did you mean",
        ),
        (
            lambda: DatasetTask(train=by_key(), target="lable").data({}),
            "'lable' is no key of an item; did you mean",
        ),
        (lambda: DatasetTask(train=[{"a": VIEWS[0], "b": 1}] * 9).data({}), "say which is the target"),
        (lambda: DatasetTask(train=[VIEWS[0]] * 9).data({}), "expected (x, y), ((x1, x2), y) or a dict"),
        (
            lambda: DatasetTask(train=[("text", 1)] * 9).data({}),
            "input 'x1': expected a tensor, an array or a list, found 'text'",
        ),
        (lambda: DatasetTask(train=Broken()).data({}), "Broken: item 7: OSError: no such picture"),
        (lambda: DatasetTask(train=Broken(), workers=1).data({}), "Broken: item 7: OSError: no such picture"),
        (lambda: DatasetTask(train=Killed(), workers=1).data({}), "a worker process ended"),
        (
            lambda: DatasetTask(train=[(VIEWS[0, 0, : 1 + row % 2], row % 2) for row in range(20)]).data({}),
            "the items: cannot be collated",
        ),
        (lambda: DatasetTask(train=Pairs(range(4))).data({}), "at least 8 items, found 4"),
        (
            lambda: DatasetTask(train=[(VIEWS[0], 1)] * 20, kind="classes").data({}),
            "every example has the label 1",
        ),
        (
            lambda: DatasetTask(train=Pairs(range(40)), test=[Pairs()[int(LABELS.argmin())]] * 4).data({}),
            "no example of the class '1' in the split test",
        ),
    ],
)
def test_what_is_no_data_set_for_a_search_is_refused_in_words(make: Any, words: str) -> None:
    with pytest.raises(DataError, match=re.escape(words)):
        make()


def experiment(task: Task, **options: Any) -> Experiment:
    from nasframe_bimodal.space import Bimodal

    return Experiment.of(
        task=task,
        space=Bimodal(channels=4, cells=1),
        search=SearchOptions(epochs=2, min_epochs=1, batch_size=8),
        train=TrainOptions(epochs=1, batch_size=8),
        **options,
    )


def test_an_experiment_depends_on_the_content_of_every_item_or_on_the_given_name() -> None:
    def recorded(dataset: Any, **options: Any) -> str:
        return str(experiment(DatasetTask(train=dataset, **options)).to_dict()["task"]["train"])

    first = recorded(TensorDataset(VIEWS, LABELS))
    assert first.endswith(recorded(TensorDataset(VIEWS.clone(), LABELS)).split("sha256:")[1])
    changed = VIEWS.clone()
    changed[59, 1, 2, 3] += 1e-3
    assert recorded(TensorDataset(changed, LABELS)) != first
    assert recorded(TensorDataset(VIEWS, 1 - LABELS)) != first
    assert recorded(TensorDataset(VIEWS, LABELS), known_as="views of June").endswith(
        "60 items known as views of June"
    )


def test_two_relaxations_are_compared_on_a_data_set(home: Path) -> None:
    made = experiment(DatasetTask(train=Pairs(jitter=0.1), inputs=("left", "right")))
    found = nasframe.compare(made, "compared", relaxations=["grmc", "softmax"], seeds=1, random=0)
    assert len(found["rows"]) >= 2
    again = nasframe.compare(made, "compared", relaxations=["grmc", "softmax"], seeds=1, random=0)
    assert again["rows"] == found["rows"]


def test_a_data_set_of_another_process_is_named_in_the_error() -> None:
    values = experiment(DatasetTask(train=Pairs())).to_dict()
    values["task"]["train"] = "tests:Gone 60 items sha256:0123456789abcdef"
    with pytest.raises(
        ConfigurationError, match=r"task\.train: .*was given in Python, and only that process has it"
    ):
        Experiment.parse(values)


KILLED = """
import os, signal, sys
import nasframe
from nasframe.plugins import PluginManager
from tests.tasks.datasets.test_dataset_task import jittered, experiment

def notify(self, name, **arguments):
    if name == "search_epoch":
        os.kill(os.getpid(), signal.SIGKILL)

PluginManager.notify = notify
nasframe.search(experiment(jittered()), sys.argv[1])
"""


def jittered() -> DatasetTask:
    return DatasetTask(train=Pairs(jitter=0.5), inputs=("left", "right"), workers=2)


def test_a_killed_search_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[3])}
    command = [sys.executable, "-c", KILLED, str(tmp_path / "killed")]
    ended = subprocess.run(command, env=environment, cwd=tmp_path, check=False, timeout=300)
    assert ended.returncode == -9
    assert not (tmp_path / "killed" / "architecture.json").exists()
    for out in ("whole", "killed"):
        nasframe.search(experiment(jittered()), tmp_path / out)
    found = {}
    for out in ("whole", "killed"):
        folder = tmp_path / out
        lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
        weights = max((folder / "checkpoints").glob("search-*.safetensors")).read_bytes()
        found[out] = (
            (folder / "architecture.json").read_bytes(),
            weights,
            [{key: value for key, value in line.items() if key != "seconds"} for line in lines],
        )
    assert found["killed"] == found["whole"]
