"""Baselines: random architectures and the task's own networks, trained like the searched one."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

import nasframe
from nasframe import BaselineOptions, Experiment, SearchOptions, TrainOptions
from nasframe.pipeline import draw_distinct_architectures
from tests.pipeline.killed_runs import assert_same, killed_at_every_write
from tests.recorded_progress import Log


@pytest.fixture
def compared(experiment: Experiment) -> Experiment:
    return attrs.evolve(experiment, baselines=BaselineOptions(random=2, task=True))


def test_a_run_is_measured_against_random_architectures_and_the_tasks_own_networks(
    compared: Experiment, tmp_path: Path
) -> None:
    run = nasframe.run_experiment(compared, tmp_path / "run")
    assert run.test is not None
    baselines = run.test["baselines"]
    assert list(baselines) == ["random 1", "random 2", "left alone"]
    assert baselines["random 1"]["architecture"] != baselines["random 2"]["architecture"]
    assert baselines["left alone"]["parameters"] == 330
    assert all({"accuracy", "validation"} <= values.keys() for values in baselines.values())
    assert "random, mean of 2" in (run.path / "report.html").read_text()
    assert nasframe.evaluate(run) == run.test


def test_a_baseline_is_trained_as_the_searched_network_is(compared: Experiment, tmp_path: Path) -> None:
    whole = nasframe.run_experiment(compared, tmp_path / "run")
    assert whole.test is not None
    space = whole.architecture.space
    stages = {line["stage"] for line in whole.metrics} - {"search", "train"}
    assert len(stages) == 3
    assert all(len(whole.history(stage)) == compared.train.epochs for stage in stages)
    for number, drawn in enumerate(draw_distinct_architectures(space, compared.seed, 2), start=1):
        scored = whole.test["baselines"][f"random {number}"]
        assert scored["architecture"] == drawn.fingerprint[:16]
        alone = nasframe.train(compared, tmp_path / str(number), architecture=drawn)
        assert nasframe.evaluate(alone)["accuracy"] == scored["accuracy"]


def test_random_architectures_differ_and_no_more_are_drawn_than_there_are(experiment: Experiment) -> None:
    space = experiment.space.build({"left": (8, 4), "right": (8, 4)}, 10)
    drawn = {architecture.fingerprint for architecture in draw_distinct_architectures(space, 0, 10**9)}
    assert len(drawn) == space.count()


def test_trained_baselines_are_skipped_and_asked_for_later_they_are_added(
    experiment: Experiment, compared: Experiment, tmp_path: Path
) -> None:
    run = nasframe.run_experiment(experiment, tmp_path / "run")
    assert run.test is not None
    assert run.test["baselines"] == {}
    log = Log()
    nasframe.run_experiment(compared, run.path, progress=log)
    assert [line for line in log.lines if "unchanged" in line and "digits" not in line] == [
        "search: unchanged, skipped",
        "train: unchanged, skipped",
    ]
    assert nasframe.load_experiment(run).baselines == compared.baselines
    log = Log()
    nasframe.run_experiment(compared, run.path, progress=log)
    assert {"baselines: unchanged, skipped", "evaluate: unchanged, skipped"} <= set(log.lines)


def test_killed_among_the_baselines_the_same_command_goes_on_to_the_same_result(
    compared: Experiment, tmp_path: Path
) -> None:
    options = {
        "search": SearchOptions(epochs=1, batch_size=64),
        "train": TrainOptions(epochs=2, batch_size=64),
    }
    compared = attrs.evolve(compared, **options)
    with killed_at_every_write(tmp_path / "run", tmp_path / "killed") as states:
        whole = nasframe.run_experiment(compared, tmp_path / "run")
    among = [state for state in states if (state / "checkpoints/network.json").exists()]
    assert len(among) > 15
    for state in among[::3]:
        assert_same(nasframe.run_experiment(compared, state), whole)


def test_a_damaged_baseline_stands_in_nobodys_way_and_is_made_again(
    compared: Experiment, tmp_path: Path
) -> None:
    run = nasframe.run_experiment(compared, tmp_path / "run")
    file = next(run.checkpoints.glob("baseline-left-alone-*.safetensors"))
    before = file.read_bytes()
    file.write_bytes(before[:50])
    log = Log()
    assert list(nasframe.evaluate(run, progress=log)["baselines"]) == ["random 1", "random 2"]
    assert any("is damaged" in line for line in log.lines)
    nasframe.run_experiment(compared, run.path)
    assert file.read_bytes() == before


def test_training_again_forgets_the_baselines(compared: Experiment, tmp_path: Path) -> None:
    nasframe.run_experiment(compared, tmp_path / "run")
    longer = attrs.evolve(compared, train=attrs.evolve(compared.train, epochs=4))
    run = nasframe.train(longer, tmp_path / "run", overwrite=True)
    assert not list(run.checkpoints.glob("baseline-*"))
    assert {line["stage"] for line in run.metrics} == {"search", "train"}
