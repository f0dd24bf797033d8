"""The lines and files that a run keeps and forgets when it is trained again, or its search goes on."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import nasframe
from nasframe import BaselineOptions, Experiment, Run, SearchOptions, TensorTask, TrainOptions
from nasframe.pipeline.training_records import forget_training, is_training
from nasframe_bimodal.space import Bimodal

STAGES = ["search", "train", "baseline-random-1-0a1b2c", "of a plugin", None]


@pytest.mark.parametrize(
    ("stage", "training"), list(zip(STAGES, [False, True, True, False, False], strict=True))
)
def test_a_line_of_metrics_belongs_to_a_training_by_its_stage(stage: str | None, training: bool) -> None:
    assert is_training({} if stage is None else {"stage": stage}) == training


def test_a_run_forgets_its_training_and_baselines_and_keeps_its_search(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", "seed = 0\n", identity="old")
    names = [
        *("search", "train", "network", "baseline-left-0a1b2c", "baseline-left-0a1b2c-network"),
        *("of-a-plugin",),
    ]
    for name in names:
        for file in (f"{name}.json", f"{name}-00001.safetensors"):
            (run.checkpoints / file).write_text("old")
    for name in ("architecture.json", "test.json", "scores.json", "report.html"):
        (run.path / name).write_text("old")
    run.task_folder.mkdir()
    for stage in STAGES:
        run.log({"epoch": 1} if stage is None else {"stage": stage, "epoch": 1})
    for step in ("search", "train", "baselines", "evaluate"):
        run.mark_done(step, "inputs", 1.0)
    forget_training(run, "seed = 1\n", identity="new")
    assert sorted(path.name for path in run.checkpoints.iterdir()) == [
        *("of-a-plugin-00001.safetensors", "of-a-plugin.json", "search-00001.safetensors", "search.json"),
    ]
    assert sorted(path.name for path in run.path.iterdir()) == [
        *("architecture.json", "checkpoints", "experiment.toml", "metrics.jsonl", "run.json"),
    ]
    assert [record.get("stage") for record in run.metrics] == ["search", "of a plugin", None]
    assert run.record["done"] == {"search": {"inputs": "inputs", "seconds": 1.0}}
    assert run.identity == "new"
    assert run.experiment_toml == "seed = 1\n"


def test_a_search_that_goes_on_drops_the_lines_of_the_trainings_after_it_and_no_others(
    tmp_path: Path,
) -> None:
    inputs = torch.rand(60, 2, 4, generator=torch.Generator().manual_seed(0))
    experiment = Experiment.of(
        task=TensorTask({"left": inputs, "right": inputs.flip(1)}, torch.arange(60) % 2),
        space=Bimodal(channels=4),
        search=SearchOptions(epochs=1, batch_size=16),
        train=TrainOptions(epochs=1, batch_size=16),
        baselines=BaselineOptions(random=1),
        cache=tmp_path / "cache",
    )
    run = nasframe.run_experiment(experiment, tmp_path / "run")
    run.log({"mine": 1})
    assert len({record.get("stage") for record in run.metrics}) == 4
    (run.path / "architecture.json").unlink()
    nasframe.search(experiment, run.path)
    assert [record.get("stage") for record in run.metrics] == ["search", None]
