"""The detector behind decoding as one module: the numbers of `predict`, and all of them in its weights."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import attrs
import pytest
import torch
from torch import Tensor, nn

from nasframe_audiovisual import PICTURE_INPUTS, Excerpt, Novelty, read_windows, window_inputs
from nasframe_deepfake.detection import Calibration, Detector, exported_detector, make_heads
from tests.nasframe_deepfake.all_inputs import AllInputs


def network(detector: Detector) -> AllInputs:
    steps = detector.extractor.steps
    return AllInputs({name: (steps, 2 * count) for name, count in detector.extractor.channels.items()}, 3)


def module(detector: Detector, temperature: float = 0.7) -> nn.Module:
    calibration = Calibration(0.4, temperature, {2: 0.5})
    heads = make_heads("separate")
    return exported_detector(detector, network(detector), heads, calibration, "a score").module


@pytest.fixture(scope="module")
def windows(detector: Detector, corpus: Path) -> list[Excerpt]:
    files = sorted(corpus.rglob("*.mp4"))[::5]
    parts = [part for file in files for part in read_windows(file, detector.window, detector.faces)]
    return [part for part in parts if isinstance(part, Excerpt)]


def as_inputs(windows: list[Excerpt]) -> dict[str, Tensor]:
    return {
        "pictures": torch.stack([torch.from_numpy(window.recording.pictures) for window in windows]),
        "samples": torch.stack([torch.from_numpy(window.recording.samples) for window in windows]),
    }


@torch.no_grad()
def test_the_exported_detector_gives_the_numbers_of_predict(
    detector: Detector, windows: list[Excerpt]
) -> None:
    found = module(detector)(as_inputs(windows))
    features = window_inputs(
        [window.recording for window in windows], detector.mels, detector.extractor, detector.standardiser
    )
    heads = make_heads("separate")
    expected = Calibration(0.4, 0.7).probability(heads.log_odds(network(detector)(features)))
    torch.testing.assert_close(found["probability"].double(), expected, atol=1e-5, rtol=0)
    assert detector.novelty is not None
    for stream, distances in detector.novelty(features).items():
        torch.testing.assert_close(found[f"novelty_of_{stream}"], distances, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_features_that_are_out_of_bounds_are_clamped_alike(
    detector: Detector, windows: list[Excerpt]
) -> None:
    """Channels that hardly varied in the training: their standardised values are beyond a float16.

    They are computed in a thread, as `predict` does, so no layers are fused: that rounds otherwise.
    """
    statistics = {
        name: torch.stack([value[0], value[1] * 1e-6])
        for name, value in detector.standardiser.statistics.items()
    }
    extreme = attrs.evolve(
        detector, standardiser=attrs.evolve(detector.standardiser, statistics=statistics), novelty=None
    )
    recordings = [window.recording for window in windows]
    with ThreadPoolExecutor(1) as thread:
        features = thread.submit(
            window_inputs, recordings, extreme.mels, extreme.extractor, extreme.standardiser
        ).result()
    found = module(extreme).get_submodule("front")(*as_inputs(windows).values())
    for name in PICTURE_INPUTS:
        assert features[name].abs().max() == 65504
        plain = features[name].shape[2] // 2
        torch.testing.assert_close(found[name][:, :, :plain], features[name][:, :, :plain], atol=50, rtol=0)


@torch.no_grad()
def test_weights_alone_make_another_module_compute_the_same(
    detector: Detector, windows: list[Excerpt]
) -> None:
    """One of another detector: other statistics, other means, another temperature, another spread."""
    whole = module(detector)
    assert detector.novelty is not None
    other = attrs.evolve(
        detector,
        extractor=attrs.evolve(detector.extractor, sound_mean=1.0, sound_deviation=9.0),
        standardiser=attrs.evolve(
            detector.standardiser,
            statistics={name: value + 1 for name, value in detector.standardiser.statistics.items()},
        ),
        novelty=_changed(detector.novelty),
    )
    fresh = module(other, temperature=3.0)
    inputs = as_inputs(windows)
    expected = whole(inputs)
    assert all(not fresh(inputs)[name].equal(values) for name, values in expected.items())
    fresh.load_state_dict({name: value.clone() for name, value in whole.state_dict().items()})
    for name, values in fresh(inputs).items():
        assert values.equal(expected[name]), name


def _changed(novelty: Novelty) -> Novelty:
    other = copy.deepcopy(novelty)
    for value in other.buffers():
        value += 0.5
    return other
