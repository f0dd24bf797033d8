"""A search alone, and a training of its architecture or of a given one."""

from __future__ import annotations

import re
from pathlib import Path

import attrs
import pytest
import torch

import nasframe
from nasframe import Architecture, Decisions, Experiment, Run, SearchOptions, TrainOptions
from nasframe.errors import ArchitectureError, RunError, SpaceError
from nasframe_bimodal.space import Bimodal
from tests.recorded_progress import Log
from tests.toys.toy_digits import digits


def test_a_given_architecture_is_trained_and_becomes_the_runs_own(
    experiment: Experiment, tmp_path: Path
) -> None:
    found = nasframe.search(experiment, tmp_path / "search").architecture
    other = Architecture(found.space, found.space.sample(3))
    run = nasframe.train(experiment, tmp_path / "run", architecture=other)
    assert run.architecture == other
    assert nasframe.evaluate(run)["converged"] is None
    with pytest.raises(RunError, match="the run holds another architecture"):
        nasframe.train(
            experiment, tmp_path / "run", architecture=Architecture(found.space, found.space.sample(5))
        )


def test_a_space_that_is_much_work_to_count_is_announced_by_an_estimate(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Decisions, "work", 5)
    log = Log()
    nasframe.search(experiment, tmp_path / "run", progress=log)
    (line,) = (line for line in log.lines if line.startswith("search: ") and "architectures" in line)
    assert re.match(r"search: (about|at least) [\d,.e+]+ architectures, ", line)


def test_an_architecture_for_other_inputs_is_refused(experiment: Experiment, tmp_path: Path) -> None:
    space = Bimodal(channels=8).build({"a": (4, 3), "b": (4, 3)}, 10)
    with pytest.raises(ArchitectureError, match="takes the inputs .*, the task gives"):
        nasframe.train(experiment, tmp_path / "run", architecture=Architecture(space, space.sample(0)))


def test_an_architecture_with_another_number_of_outputs_is_refused_and_nothing_is_made(
    experiment: Experiment, tmp_path: Path
) -> None:
    space = Bimodal(channels=8).build({"left": (8, 4), "right": (8, 4)}, 3)
    with pytest.raises(ArchitectureError, match="gives 3 outputs, the task wants 10"):
        nasframe.train(experiment, tmp_path / "run", architecture=Architecture(space, space.sample(0)))
    assert not (tmp_path / "run").exists()


def test_train_without_an_architecture_says_so_and_makes_nothing(
    experiment: Experiment, tmp_path: Path
) -> None:
    for overwrite in (False, True):
        with pytest.raises(RunError, match="there is no architecture to train"):
            nasframe.train(experiment, tmp_path / "run", overwrite=overwrite)
    assert not (tmp_path / "run").exists()


def test_a_space_that_is_not_registered_is_refused_before_a_run_is_made(
    experiment: Experiment, tmp_path: Path
) -> None:
    @attrs.frozen
    class Mine(Bimodal):
        """Made in Python."""

    mine = Experiment.of(task="digits", space=Mine(channels=8), device="cpu", cache=tmp_path / "cache")
    with pytest.raises(SpaceError, match="is not registered, so no architecture of it can be saved"):
        nasframe.search(mine, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_search_that_is_done_builds_no_supernet(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = nasframe.search(experiment, tmp_path / "run")

    def never(*_: object) -> None:
        raise AssertionError("a space was built")

    monkeypatch.setattr(Bimodal, "make", never)
    monkeypatch.setattr("nasframe.pipeline.engines.Search", never)
    monkeypatch.setattr(Run, "architecture", property(lambda run: first.architecture))
    assert nasframe.search(experiment, tmp_path / "run").history == first.history


def test_training_can_inherit_the_supernets_weights(experiment: Experiment, tmp_path: Path) -> None:
    from nasframe.runs import load_checkpoint

    train = TrainOptions(epochs=1, batch_size=32, learning_rate=1e-9, inherit=True)
    run = nasframe.run_experiment(attrs.evolve(experiment, train=train), tmp_path / "run")
    supernet, network = (load_checkpoint(run.checkpoints, name) for name in ("search", "network"))
    assert supernet is not None
    assert network is not None
    for name, value in network.tensors.items():
        torch.testing.assert_close(value, supernet.tensors[f"supernet.{name}"], rtol=0, atol=1e-6)


def test_a_search_in_memory_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    options = SearchOptions(epochs=1)
    found = nasframe.search(
        Experiment.of(task=digits(120), space=Bimodal(channels=4), search=options, device="cpu")
    )
    assert found.run is None
    assert found.architecture.provenance["relaxation"] == "grmc"
    assert len(found.history) == 1
    assert list(tmp_path.iterdir()) == []
