"""Published detectors beside a searched network: what each learns from, and what it can see."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
import torch
from torch import Tensor, nn

import nasframe
from nasframe import Baseline, Data, Experiment
from nasframe_audiovisual import PICTURE_INPUTS, SOUND_INPUTS
from nasframe_deepfake.detection import LABELS, make_heads
from nasframe_deepfake.metrics import auc
from nasframe_deepfake.published import published_detectors
from nasframe_deepfake.published.alignment import Alignment
from nasframe_deepfake.published.ensemble import Ensemble
from nasframe_deepfake.task import DeepfakeTask

NAMES = ("modality dissonance", "MultimodalTrace", "ensemble", "synchrony anomaly", "alignment")
SMALL = {
    "seed": 3,
    "device": "cpu",
    "space": {"name": "bimodal", "channels": 8, "cells": 1, "nodes": 1},
    "search": {"epochs": 2, "min_epochs": 1},
    "train": {"epochs": 2},
    "task": {
        "name": "deepfake",
        "size": 32,
        "frames": 8,
        "mels": 32,
        "faces": "none",
        "backbone": "resnet10t",
        "picture_epochs": 1,
        "sound_epochs": 1,
        "workers": 1,
    },
}
"""The smallest experiment on clips."""

OF_GENUINE_CLIPS = ("synchrony anomaly", "alignment")
CHANNELS, STEPS = 12, 8


@pytest.fixture
def data(folders: Mapping[str, Path], task: DeepfakeTask) -> Data:
    return task.data(folders)


def clips(count: int, seed: int, kind: str) -> tuple[dict[str, Tensor], Tensor]:
    """Return features of clips and their targets: each second one a fake.

    Of a genuine clip, what is heard at a step is a fixed function of what is seen there. A `pairing` has the
    sound of another clip; a `voice` adds a constant to every sound.
    """
    random = torch.Generator().manual_seed(seed)
    seen = torch.randn(count, STEPS, CHANNELS, generator=random)
    turn = torch.linalg.qr(torch.randn(CHANNELS, CHANNELS, generator=torch.Generator().manual_seed(9)))[0]
    heard = seen @ turn + 0.1 * torch.randn(count, STEPS, CHANNELS, generator=random)
    fake = torch.arange(count) % 2 == 1
    if kind == "pairing":
        heard[fake] = heard[fake].roll(1, 0)
    else:
        heard[fake] += 1.0
    targets = torch.zeros(count, len(LABELS))
    targets[fake, LABELS.index("fake")] = 1.0
    targets[fake, LABELS.index("false_pairing" if kind == "pairing" else "fake_voice")] = 1.0
    inputs = {**dict.fromkeys(PICTURE_INPUTS, seen), **dict.fromkeys(SOUND_INPUTS, heard)}
    return inputs, targets


def published(data: Data, name: str, outputs: int = 1) -> Baseline:
    """Return a detector for the clips above."""
    shapes = dict.fromkeys((*PICTURE_INPUTS, *SOUND_INPUTS), (STEPS, CHANNELS))
    return published_detectors(attrs.evolve(data, inputs=shapes, outputs=outputs))[name]


def own_loss(baseline: Baseline, network: nn.Module, inputs: Mapping[str, Tensor], targets: Tensor) -> Tensor:
    assert baseline.loss is not None
    return baseline.loss(network, inputs, targets)


def trained(baseline: Baseline, kind: str) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = baseline.make().train()
        optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
        for step in range(300):
            optimiser.zero_grad()
            own_loss(baseline, network, *clips(64, step, kind)).backward()  # type: ignore[no-untyped-call, unused-ignore]
            optimiser.step()
    return network.eval()


def score(network: nn.Module, kind: str) -> float:
    inputs, targets = clips(400, 10_000, kind)
    with torch.no_grad():
        return auc(network(inputs)[:, 0], targets[:, 0])


@pytest.mark.parametrize("name", NAMES)
def test_a_detector_has_the_outputs_that_the_task_wants_and_their_noisy_or_is_its_score(
    name: str, data: Data
) -> None:
    inputs, _ = clips(6, 1, "pairing")
    torch.manual_seed(3)
    one = published(data, name).make().eval()
    three = published(data, name, outputs=3).make().eval()
    three.load_state_dict(one.state_dict())
    joined = make_heads("separate").joined(three(inputs))
    assert three(inputs).shape == (6, 3)
    torch.testing.assert_close(joined, one(inputs)[:, 0], atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", NAMES)
def test_the_score_of_a_clip_does_not_depend_on_the_others_of_its_batch(name: str, data: Data) -> None:
    inputs, _ = clips(6, 1, "pairing")
    network = published(data, name).make().eval()
    alone = [network({key: value[[row]] for key, value in inputs.items()})[0] for row in range(6)]
    torch.testing.assert_close(torch.stack(alone), network(inputs))


@pytest.mark.parametrize("name", OF_GENUINE_CLIPS)
def test_what_learns_from_genuine_clips_alone_sees_no_fake(name: str, data: Data) -> None:
    baseline = published(data, name)
    network = baseline.make().eval()  # without dropout both losses draw nothing
    inputs, targets = clips(10, 1, "voice")
    fake = targets[:, 0] == 1
    changed = {key: torch.where(fake[:, None, None], 100.0, value) for key, value in inputs.items()}
    torch.testing.assert_close(
        own_loss(baseline, network, changed, targets), own_loss(baseline, network, inputs, targets)
    )


@pytest.mark.parametrize("name", OF_GENUINE_CLIPS)
@pytest.mark.parametrize("genuine", [0, 1])
def test_a_batch_with_one_genuine_clip_or_none_has_a_finite_loss_that_can_be_differentiated(
    name: str, genuine: int, data: Data
) -> None:
    baseline = published(data, name)
    network = baseline.make().train()
    inputs, targets = clips(4, 1, "voice")
    targets[:, 0] = 1.0
    targets[:genuine, 0] = 0.0
    loss = own_loss(baseline, network, inputs, targets)
    loss.backward()  # type: ignore[no-untyped-call, unused-ignore]
    assert math.isfinite(float(loss.detach()))
    assert (float(loss.detach()) == 0.0) == (genuine == 0)
    assert all(item.grad is None or item.grad.isfinite().all() for item in network.parameters())


@pytest.mark.parametrize("name", ["modality dissonance", "synchrony anomaly", "alignment"])
def test_a_detector_that_compares_the_streams_learns_to_see_false_pairings(name: str, data: Data) -> None:
    assert score(trained(published(data, name), "pairing"), "pairing") > 0.85


@pytest.mark.parametrize("name", ["modality dissonance", "MultimodalTrace", "ensemble"])
def test_a_detector_that_learns_from_fakes_learns_to_see_altered_voices(name: str, data: Data) -> None:
    assert score(trained(published(data, name), "voice"), "voice") > 0.95


def test_multimodal_trace_has_no_label_for_a_false_pairing_and_stays_at_chance(data: Data) -> None:
    baseline = published(data, "MultimodalTrace")
    assert abs(score(trained(baseline, "voice"), "pairing") - 0.5) < 0.08
    assert abs(score(trained(baseline, "pairing"), "pairing") - 0.5) < 0.08


def test_the_score_of_the_ensemble_is_the_mean_probability_of_its_members(data: Data) -> None:
    network = published(data, "ensemble").make().eval()
    assert isinstance(network, Ensemble)
    inputs, _ = clips(5, 1, "voice")
    mean = torch.stack([torch.sigmoid(member(inputs)[:, 0]) for member in network.members]).mean(0)
    torch.testing.assert_close(torch.sigmoid(network(inputs)[:, 0]), mean)


def test_the_score_of_the_alignment_pools_the_misfit_of_all_steps(data: Data) -> None:
    network = published(data, "alignment").make().eval()
    assert isinstance(network, Alignment)
    inputs, _ = clips(3, 1, "voice")
    fits = network.fits(inputs)
    assert fits.shape == (3, STEPS, STEPS)
    own = torch.stack([fits[:, step, step] for step in range(STEPS)], dim=1)
    torch.testing.assert_close(network(inputs)[:, 0], torch.log(torch.exp(-own).sum(1)))


def test_an_experiment_that_names_them_trains_and_scores_all_of_them(corpus: Path, tmp_path: Path) -> None:
    named = {"registered": ["published_detectors"], "task": False, "random": 0}
    values: dict[str, Any] = {**SMALL, "baselines": named, "cache": str(tmp_path / "cache")}
    run = nasframe.run_experiment(Experiment.parse(values), tmp_path / "run", source=corpus)
    assert run.test is not None
    assert tuple(run.test["baselines"]) == NAMES
    assert all(0.0 <= found["auc"] <= 1.0 for found in run.test["baselines"].values())
    page = (tmp_path / "run/report.html").read_text()
    assert all(name in page for name in NAMES)
