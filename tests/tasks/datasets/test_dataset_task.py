"""Data sets and loaders of PyTorch as a task: splits, random transforms, workers, studies."""

from __future__ import annotations

import functools
import json
import multiprocessing
import os
import random
import re
import subprocess
import sys
import time
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
from nasframe.tasks.datasets import item_workers
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


def test_workers_end_when_no_batch_was_read_for_a_while_and_others_read_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(item_workers, "IDLE", 0.2)
    split = DatasetTask(train=Pairs(jitter=1.0), workers=2).data({}).splits.weights
    redrawn = split.redrawn(torch.Generator().manual_seed(3))
    first = items(redrawn)
    before = {process.pid for process in multiprocessing.active_children()}
    assert before
    ends = time.monotonic() + 60
    while before & {process.pid for process in multiprocessing.active_children()}:
        assert time.monotonic() < ends
        time.sleep(0.05)
    assert same(first, items(redrawn))


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
        (lambda: DatasetTask(train=Pairs(), inputs=("a",)).data({}), "1 name (a) for 2 inputs of an item"),
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


VALUES, THREE = torch.randn(60, 1, 5, generator=torch.Generator().manual_seed(1)), torch.arange(60) % 3
ROWS = torch.nn.functional.one_hot(THREE)


def of(*tensors: Any) -> TensorDataset:
    return TensorDataset(*tensors)


def pairs_of(*columns: Any) -> list[Any]:
    return [((left, right), label) for left, right, label in zip(*columns, strict=True)]


NOT_ALIKE: list[tuple[dict[str, Any], str]] = [
    (
        {"train": of(VALUES, THREE), "test": of(VALUES, ROWS)},
        "test: the targets are rows of 3 zeros and ones; those of train are whole numbers, such as 0, 1, 2; "
        "expected targets of one form",
    ),
    (
        {"train": of(VALUES, THREE), "test": of(VALUES, VALUES)},
        "test: the targets are arrays (1, 5) of numbers; those of train are whole numbers, such as 0, 1, 2",
    ),
    (
        {"train": of(VALUES, ROWS), "validation": of(VALUES, ROWS[:, :2])},
        "validation: the targets are rows of 2 zeros and ones; those of train are rows of 3 zeros and ones",
    ),
    (
        {"train": of(VALUES, THREE), "test": [(value, "good") for value in VALUES]},
        "test: the targets are texts, such as 'good'; those of train are whole numbers, such as 0, 1, 2",
    ),
    (
        {"train": of(VALUES, THREE), "test": of(VALUES, VALUES[:, 0, 0])},
        "those of train are whole numbers, such as 0, 1, 2; if they are of one kind, say it: kind=",
    ),
    (
        {"train": of(VALUES, VALUES[:, 0, 0]), "test": of(VALUES, THREE)},
        "test: the targets are whole numbers, such as 0, 1, 2; those of train are numbers, such as -",
    ),
    (
        {"train": of(VALUES, THREE), "test": of(VALUES[..., :4], THREE)},
        "test: input 'x' of an item has the shape (1, 4), that of train (1, 5)",
    ),
    (
        {"train": pairs_of(VALUES, VALUES, THREE), "test": of(VALUES, THREE)},
        "test: the inputs of an item are x; those of train are x1, x2",
    ),
    (
        {"train": pairs_of(VALUES, VALUES, THREE), "test": of(VALUES, THREE), "inputs": ("left", "right")},
        "test: inputs: 2 names (left, right) for 1 input of an item",
    ),
    (
        {"train": of(VALUES, THREE), "architecture": of(VALUES, THREE + 1)},
        "architecture: target: the class '3' is none of train; architecture has 1, 2, 3, train has 0, 1, 2",
    ),
    (
        {"train": of(VALUES, THREE), "test": of(VALUES, THREE % 2)},
        "target: no example of the class '2' in the split test; test has 0, 1, train has 0, 1, 2",
    ),
    (
        {
            "train": of(VALUES, THREE),
            "test": of(VALUES, torch.where(THREE == 1, 0.5, 0.0)),
            "kind": "classes",
        },
        "test: labels: no whole number in rows 1, 4, 7 and 17 more, such as 0.5",
    ),
    (
        {"train": of(VALUES, VALUES[:, 0, 0]), "test": of(VALUES, VALUES[:, 0, 0] / 0), "kind": "number"},
        "test: target: NaN or infinity in rows 0, 1, 2 and 57 more",
    ),
    ({"train": of(VALUES, THREE), "test": of(VALUES, VALUES, THREE)}, "test: items: expected (x, y)"),
    ({"train": of(VALUES, THREE), "test": Stream()}, "test: the data set, of the class 'Stream', gives"),
    (
        {"train": [(VALUES[0, :, : 4 + row // 64], row % 2) for row in range(100)]},
        "train: items 64 to 99: input 'x' has the shape (1, 5), and (1, 4) before",
    ),
]


@pytest.mark.parametrize(("given", "words"), NOT_ALIKE)
def test_a_split_that_does_not_fit_train_is_named_with_what_both_have_before_any_search(
    given: dict[str, Any], words: str
) -> None:
    with pytest.raises(DataError, match=re.escape(words)):
        nasframe.search(experiment(DatasetTask(**given)))


def test_splits_of_one_form_are_taken_whatever_holds_them() -> None:
    numbers, columns = DatasetTask(train=of(VALUES, THREE)), of(VALUES, THREE[:, None].float())
    found = DatasetTask(train=of(VALUES, THREE), test=columns, validation=[*of(VALUES, THREE)])
    assert found.data({}).outputs == numbers.data({}).outputs == 3
    assert items(found.data({}).splits.test()).targets.tolist() == THREE.tolist()
    one = DatasetTask(train=of(VALUES, ROWS), test=[(VALUES[row], ROWS[row]) for row in range(3)])
    assert items(one.data({}).splits.test()).targets.tolist() == [0, 1, 2]
    whole = of(VALUES, THREE.double())
    learned = DatasetTask(train=of(VALUES, VALUES[:, 0, 0]), test=whole, kind="number").data({})
    assert learned.outputs == 1


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


def numbered(seed: int, count: int = 40) -> TensorDataset:
    random = torch.Generator().manual_seed(seed)
    return TensorDataset(torch.randn(count, 3, generator=random), torch.arange(count) % 2)


def found_again(task: DatasetTask) -> Any:
    return Experiment.parse(experiment(task).to_dict()).task


def test_two_data_sets_of_one_class_and_length_stay_apart_under_one_name() -> None:
    learned, validated = numbered(1), numbered(2)
    task = DatasetTask(train=learned, validation=validated, known_as="june")
    again = found_again(task)
    assert again.train.reader.dataset is learned
    assert again.validation.reader.dataset is validated


class Pictures(Dataset[Any]):
    """Tells its targets, so that its items need not be read for them."""

    def __init__(self, seed: int) -> None:
        self.values, labels = numbered(seed).tensors
        self.targets = labels.tolist()

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, row: int) -> Any:
        return self.values[row], self.targets[row]


@pytest.mark.parametrize("make", [numbered, Pictures])
def test_another_data_set_under_a_name_that_is_taken_is_refused_and_the_same_is_not(make: Any) -> None:
    name = f"taken by {make.__name__}"
    experiment(DatasetTask(train=make(3), known_as=name)).to_dict()
    experiment(DatasetTask(train=make(3), known_as=name)).to_dict()  # as a cell of a notebook that runs again
    with pytest.raises(DataError, match=f"another one of this process is recorded as .* known as {name}"):
        experiment(DatasetTask(train=make(4), known_as=name)).to_dict()


def test_a_data_set_that_differs_in_one_item_is_another_one() -> None:
    values, labels = numbered(5).tensors
    changed = values.clone()
    changed[38, 2] += 1e-3
    experiment(DatasetTask(train=TensorDataset(values, labels), known_as="one item")).to_dict()
    with pytest.raises(DataError, match="give each a name of its own: known_as="):
        experiment(DatasetTask(train=TensorDataset(changed, labels), known_as="one item")).to_dict()


def weighted(weights: list[float]) -> Any:
    return DataLoader(numbered(6), sampler=WeightedRandomSampler(weights, 40))


def test_a_loader_with_weights_is_recorded_apart_from_one_without_or_with_others() -> None:
    even, odd = [1.0, 3.0] * 20, [3.0, 1.0] * 20
    tasks = [DatasetTask(train=given) for given in (weighted(even), weighted(odd), numbered(6))]
    assert len({experiment(task).fingerprint() for task in tasks}) == 3
    assert experiment(DatasetTask(train=weighted(even))).fingerprint() == experiment(tasks[0]).fingerprint()
    for task, weights in zip(tasks, (even, odd, None), strict=True):
        found = found_again(task).train.sampling_weights
        assert weights == (None if found is None else found.tolist())


def cut(batch: list[Any], most: int = 3) -> Any:
    return torch.stack([x[:most] for x, _ in batch]), torch.tensor([y for _, y in batch])


class Cut:
    def __init__(self, most: int) -> None:
        self.most = most

    def __call__(self, batch: list[Any]) -> Any:
        return cut(batch, self.most)

    def method(self, batch: list[Any]) -> Any:
        return cut(batch, self.most)


@pytest.mark.parametrize(
    "make",
    [
        lambda most: functools.partial(cut, most=most),
        Cut,
        lambda most: Cut(most).method,
        lambda most: lambda batch: cut(batch, most),
    ],
)
def test_loaders_that_collate_in_other_ways_are_recorded_apart(make: Any) -> None:
    def task(most: int | None, **options: Any) -> DatasetTask:
        collate = None if most is None else make(most)
        return DatasetTask(train=DataLoader(numbered(7), collate_fn=collate), **options)

    for options in ({}, {"known_as": "collated"}):
        tasks = [task(most, **options) for most in (None, 2, 1)]
        assert len({experiment(each).fingerprint() for each in tasks}) == 3
        assert experiment(task(2, **options)).fingerprint() == experiment(tasks[1]).fingerprint()
        assert [found_again(each).data({}).inputs["x"] for each in tasks] == [(3,), (2,), (1,)]


def test_a_loader_of_some_rows_is_recorded_apart_from_one_of_others() -> None:
    def task(*rows: int) -> DatasetTask:
        loader = DataLoader(numbered(8), sampler=SubsetRandomSampler(range(*rows)))
        return DatasetTask(train=loader, known_as="rows")

    assert experiment(task(20)).fingerprint() != experiment(task(20, 40)).fingerprint()
    assert found_again(task(20, 40)).train.reader.rows == [*range(20, 40)]


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
