"""`overwrite`: what is replaced, what is kept, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

import nasframe
from nasframe import Architecture, Experiment, StageContext, TrainOptions
from nasframe.errors import RunError
from tests.comparing import tree
from tests.pipeline.killed_runs import assert_same
from tests.recorded_progress import Log
from tests.toys.toy_digits import Digits


def test_train_overwrite_keeps_the_search(experiment: Experiment, tmp_path: Path) -> None:
    run = nasframe.run_experiment(experiment, tmp_path / "run")
    run.log({"mine": 1})
    before, searched = tree(run.path), run.history("search")
    longer = attrs.evolve(experiment, train=TrainOptions(epochs=4, batch_size=32))
    with pytest.raises(RunError, match=r"\n  train\.epochs: there 3, now 4\n"):
        nasframe.train(longer, run.path)
    assert tree(run.path) == before
    nasframe.train(longer, run.path, overwrite=True)
    after = tree(run.path)
    kept = [name for name in before if name.startswith(("architecture.", "checkpoints/search"))]
    assert len(kept) == 5
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert run.history("search") == searched
    assert {"mine": 1} in run.metrics
    assert [record["epoch"] for record in run.history("train")] == [1, 2, 3, 4]
    assert run.test is None
    log = Log()
    nasframe.run_experiment(longer, run.path, progress=log)
    assert [line for line in log.lines if "skipped" in line] == [
        "search: unchanged, skipped",
        "train: unchanged, skipped",
    ]
    assert run.test is not None


def test_train_overwrite_refuses_the_search_of_another_experiment_and_loses_nothing(
    experiment: Experiment, tmp_path: Path
) -> None:
    run = nasframe.search(experiment, tmp_path / "run").run
    assert run is not None
    before = tree(run.path)
    other = attrs.evolve(experiment, seed=1)
    with pytest.raises(RunError, match="differs in more than the training"):
        nasframe.train(other, run.path, overwrite=True)
    assert tree(run.path) == before


def test_train_overwrite_with_another_architecture_replaces_the_run(
    experiment: Experiment, tmp_path: Path
) -> None:
    found = nasframe.search(experiment, tmp_path / "run").architecture
    sampled = (Architecture(found.space, found.space.sample(seed)) for seed in range(20))
    other = next(architecture for architecture in sampled if architecture != found)
    run = nasframe.train(experiment, tmp_path / "run", architecture=other, overwrite=True)
    assert run.architecture == other
    assert run.history("search") == []


@pytest.mark.parametrize("command", [nasframe.search, nasframe.run_experiment])
def test_a_failing_task_leaves_the_run_that_was_to_be_replaced(
    experiment: Experiment, command: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command(experiment, tmp_path / "run")
    before = tree(tmp_path / "run")

    def fail(self: Digits, context: StageContext) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(Digits, "_save", fail)
    other = attrs.evolve(experiment, task=Digits(examples=100))
    with pytest.raises(OSError, match="the disk is gone"):
        command(other, tmp_path / "run", overwrite=True)
    assert tree(tmp_path / "run") == before
    with pytest.raises(OSError, match="the disk is gone"):
        command(other, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_run_is_replaced_by_that_of_another_experiment(experiment: Experiment, tmp_path: Path) -> None:
    nasframe.run_experiment(experiment, tmp_path / "run")
    other = attrs.evolve(experiment, seed=1)
    fresh = nasframe.run_experiment(other, tmp_path / "fresh")
    assert_same(nasframe.run_experiment(other, tmp_path / "run", overwrite=True), fresh)


def test_a_cache_in_the_run_folder_is_used_again_and_never_deleted(
    experiment: Experiment, tmp_path: Path
) -> None:
    nested = attrs.evolve(experiment, cache=tmp_path / "run/cache")
    nasframe.search(nested, tmp_path / "run")
    nasframe.search(nested, tmp_path / "run")
    before = tree(tmp_path / "run")
    with pytest.raises(RunError, match="holds cache, which no run writes"):
        nasframe.search(nested, tmp_path / "run", overwrite=True)
    assert tree(tmp_path / "run") == before
