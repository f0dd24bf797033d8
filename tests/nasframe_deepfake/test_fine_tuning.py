"""Both backbones trained along with the network at the end, and all that reads the detector afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from nasframe import Batch, evaluate_on, export, load_experiment, load_run, predict
from nasframe.cli import main
from nasframe.pipeline.trained_network import load_network
from nasframe.runtime import Progress
from nasframe.testing.suite import on_a_gpu
from nasframe_audiovisual import WithBackbones
from nasframe_deepfake.datasets import read_dataset
from nasframe_deepfake.detection import Detector, load_detector
from nasframe_deepfake.detection.fitted_novelty import novelty_of_streams, novelty_of_training
from nasframe_deepfake.preparation import read_index
from nasframe_deepfake.task import DeepfakeTask
from tests.nasframe_deepfake.serving.test_service import EXPERIMENT

CPU = torch.device("cpu")

HARDLY_TRAINED = EXPERIMENT.replace(
    'name = "deepfake"\n', 'name = "deepfake"\nshares = [0.35, 0.15, 0.35, 0.15]\n'
).replace("[train]\n", "[train]\nlearning_rate = 1e-9\n")
"""A network that is all but random: behind backbones that learn, it is better after each of four epochs."""

SEEDS = ("seed=6", "data_seed=0")
TUNED = ("task.finetune=true", "task.finetune_epochs=4", "task.finetune_rate=3e-3")


class Sums(nn.Module):
    """One output: the sum of all features through one weight for each input."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__()
        self.weights = nn.ParameterDict({name: nn.Parameter(torch.tensor(1e-3)) for name in names})

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        return torch.stack([self.weights[name] * value.sum((1, 2)) for name, value in inputs.items()]).sum(0)[
            :, None
        ]


@pytest.fixture(scope="module")
def runs(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A run with frozen backbones, and one that trained what it found again and the backbones along."""
    folder = tmp_path_factory.mktemp("runs")
    frozen, tuned = folder / "frozen", folder / "tuned"
    (folder / "frozen.toml").write_text(HARDLY_TRAINED)
    words = [*SEEDS, f"cache={folder / 'cache'}", "--data", str(corpus), "--out", str(frozen)]
    assert main(["run", str(folder / "frozen.toml"), *words]) == 0
    assert main(["train", str(frozen), *TUNED, "--out", str(tuned)]) == 0
    assert main(["evaluate", str(tuned)]) == 0
    return frozen, tuned


def raw_batch(task: DeepfakeTask, folders: Mapping[str, Path], network: nn.Module) -> tuple[Any, Batch]:
    tuning = attrs.evolve(task, finetune=True).fine_tuning(network, folders)
    assert tuning is not None
    return tuning, tuning.data.splits.validation.batch(torch.arange(3))


def test_outputs_behind_the_backbones_are_those_of_cached_features(
    task: DeepfakeTask, folders: Mapping[str, Path]
) -> None:
    data = task.data(folders)
    network = Sums(tuple(data.inputs))
    tuning, batch = raw_batch(task, folders, network)
    cached = data.splits.validation.batch(torch.arange(3))
    with torch.no_grad():
        behind, before = tuning.module.eval()(batch.inputs), network(cached.inputs)
    torch.testing.assert_close(behind, before, atol=2e-2, rtol=2e-3)  # they are stored in half precision
    assert torch.equal(batch.targets, cached.targets)


def test_every_weight_of_both_backbones_gets_a_gradient_and_no_statistic_moves(
    task: DeepfakeTask, folders: Mapping[str, Path]
) -> None:
    tuning, batch = raw_batch(task, folders, Sums(tuple(task.data(folders).inputs)))
    module = tuning.module.train()
    assert isinstance(module, WithBackbones)
    before = {name: value.clone() for name, value in module.named_buffers()}
    module(batch.inputs).square().sum().backward()
    for name, parameter in module.named_parameters():
        assert parameter.grad is not None, name
    assert any(bool(value.grad.abs().sum() > 0) for value in module.picture.parameters())
    assert any(bool(value.grad.abs().sum() > 0) for value in module.sound.parameters())
    for name, value in module.named_buffers():
        assert torch.equal(value, before[name]), name


def test_the_streams_of_training_are_drawn_anew_as_the_features_are(
    task: DeepfakeTask, folders: Mapping[str, Path]
) -> None:
    data = task.data(folders)
    tuning, _ = raw_batch(task, folders, Sums(tuple(data.inputs)))
    drawn = [
        split.redrawn(torch.Generator().manual_seed(1))
        for split in (data.splits.weights, tuning.data.splits.weights)
    ]
    assert torch.equal(drawn[0].pictures, drawn[1].pictures)
    assert torch.equal(drawn[0].sounds, drawn[1].sounds)


def test_a_run_that_is_trained_again_elsewhere_keeps_its_data_its_architecture_and_says_what_was_done(
    runs: tuple[Path, Path], corpus: Path
) -> None:
    frozen, tuned = map(load_run, runs)
    assert frozen.record["data"]["source"] == tuned.record["data"]["source"] == str(corpus)
    assert frozen.record["data"]["folders"] == tuned.record["data"]["folders"]
    assert frozen.architecture == tuned.architecture
    assert not tuned.history("search")
    assert "finetune = true" in tuned.experiment_toml
    assert [line["epoch"] for line in tuned.history("finetune")] == [1, 2, 3, 4]


def test_what_was_tuned_is_evaluated_predicted_exported_and_tested_on_other_data(
    runs: tuple[Path, Path], corpus: Path, other_corpus: Path, tmp_path: Path
) -> None:
    frozen, tuned = map(load_run, runs)
    assert tuned.record["finetune"]["epoch"] in (1, 2, 3, 4)
    weights = [load_detector(run.task_folder, CPU).extractor for run in (frozen, tuned)]
    for stream in ("picture", "sound"):
        first, second = (next(getattr(each, stream).parameters()) for each in weights)
        assert not torch.equal(first, second)
    # the test split behind the tuned backbones, by hand
    experiment = load_experiment(tuned)
    task: Any = experiment.task
    network, calibration, _ = load_network(tuned, experiment, "cpu")
    folders = {name: Path(path) for name, path in tuned.record["data"]["folders"].items()}
    detector = load_detector(tuned.task_folder, CPU)
    data = task.data(folders)
    module = WithBackbones(detector.extractor, detector.standardiser, network).eval()
    streams = task.fine_tuning(nn.Identity(), folders).data.splits.test()
    batch = streams.batch(torch.arange(len(streams)))
    with torch.no_grad():
        outputs = module(batch.inputs)
    assert tuned.test is not None
    found = task.evaluate(outputs, streams, calibration)
    assert found["auc"] == pytest.approx(tuned.test["auc"], abs=1e-6)
    assert found["acc"] == pytest.approx(tuned.test["acc"], abs=1e-6)
    assert len(data.splits.test()) == tuned.test["examples"]
    # a file is scored by the same weights
    (clip, *_) = read_dataset("fakeavceleb", corpus, "pairing").clips
    (answer,) = predict(tuned, [corpus / clip.path])
    (other,) = predict(frozen, [corpus / clip.path])
    assert answer["score"] != other["score"]
    assert json.loads((tuned.task_folder / "detector.json").read_text())["finetuned"] is True
    assert evaluate_on(tuned, other_corpus)["metrics"]["auc"] is not None
    export(tuned, tmp_path / "exported", formats=["safetensors"])
    exported = load_file(tmp_path / "exported" / "network.safetensors")
    tuned_weight = next(iter(weights[1].picture.parameters()))
    alike = [value for value in exported.values() if value.shape == tuned_weight.shape]
    assert any(torch.equal(value, tuned_weight) for value in alike)


def test_the_spread_of_tuned_features_is_computed_for_the_clips_that_it_is_taken_from_alone_and_told(
    task: DeepfakeTask, folders: Mapping[str, Path], detector: Detector
) -> None:
    seen = Counting()
    found = novelty_of_streams(folders["prepare"], detector.extractor, detector.standardiser, seen)
    kept = novelty_of_training(folders["prepare"], folders["features"], task.standardised)
    for name, value in kept.state_dict().items():
        torch.testing.assert_close(found.state_dict()[name].abs(), value.abs(), atol=5e-3, rtol=5e-3)
    index = [clip for clip in read_index(folders["prepare"] / "index.csv") if clip.split != "test"]
    streams = {
        (clip.split == "weights", *kind)
        for clip in index
        for kind in (("v", clip.picture), ("a", clip.sound))
    }
    assert seen.steps == seen.total == len(streams)


class Counting(Progress):
    """Counts the steps of its one task."""

    steps, total = 0, None

    @contextmanager
    def task(self, description: str, total: int | None) -> Iterator[Callable[[int], None]]:
        assert self.total is None
        self.total = total

        def advance(steps: int) -> None:
            self.steps += steps

        yield advance


def test_copies_of_clips_are_among_the_streams(corpus: Path, task: DeepfakeTask, tmp_path: Path) -> None:
    from tests.nasframe_deepfake.conftest import run_stages

    with_copies = attrs.evolve(task, augmented=1)
    folders = run_stages(with_copies, corpus, tmp_path)
    tuning, _ = raw_batch(with_copies, folders, Sums(tuple(task.data(folders).inputs)))
    weights = tuning.data.splits.weights.redrawn(torch.Generator().manual_seed(0))
    batch = weights.batch(torch.arange(len(weights)))
    assert len(batch.inputs["pictures"]) == len(weights)
    own = len(task.data({name: path for name, path in folders.items() if name != "augment"}).splits.weights)
    assert int(weights.pictures.max()) > own


@on_a_gpu
def test_on_a_gpu_backbones_are_tuned_and_files_get_the_scores_of_the_processor(
    corpus: Path, tmp_path: Path
) -> None:
    (tmp_path / "tuned.toml").write_text(HARDLY_TRAINED)
    overrides = [*SEEDS, *TUNED, f"cache={tmp_path / 'cache'}", "device=cuda"]
    words = [*overrides, "--data", str(corpus), "--out", str(tmp_path / "run")]
    assert main(["run", str(tmp_path / "tuned.toml"), *words]) == 0
    assert load_run(tmp_path / "run").record["finetune"]["epoch"] > 0
    files = [corpus / clip.path for clip in read_dataset("fakeavceleb", corpus, "pairing").clips[:6]]
    on_gpu, on_cpu = (
        [answer["score"] for answer in predict(tmp_path / "run", files, device=device)]
        for device in ("cuda", "cpu")
    )
    assert on_gpu == pytest.approx(on_cpu, abs=2e-3)
