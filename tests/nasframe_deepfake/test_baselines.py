from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor

from nasframe_audiovisual import PICTURE_INPUTS, SOUND_INPUTS
from nasframe_deepfake.detection import fixed_networks
from nasframe_deepfake.task import DeepfakeTask


@pytest.fixture
def inputs(folders: Mapping[str, Path], task: DeepfakeTask) -> Mapping[str, Tensor]:
    return task.data(folders).splits.weights.batch(torch.arange(3)).inputs


@pytest.mark.parametrize(
    ("name", "picture", "sound"),
    [
        ("picture alone", True, False),
        ("sound alone", False, True),
        ("late fusion", True, True),
        ("concatenation", True, True),
    ],
)
def test_a_baseline_looks_at_its_own_streams_only(
    name: str,
    picture: bool,
    sound: bool,
    folders: Mapping[str, Path],
    task: DeepfakeTask,
    inputs: Mapping[str, Tensor],
) -> None:
    network = fixed_networks(task.data(folders))[name].make().eval()
    before = network(inputs)
    assert before.shape == (3, 1)
    for names, is_seen in ((PICTURE_INPUTS, picture), (SOUND_INPUTS, sound)):
        for one in names:
            changed = {**inputs, one: inputs[one] + 1.0}
            assert torch.equal(network(changed), before) != is_seen


def test_late_fusion_adds_what_each_stream_says_and_so_sees_no_pairing(
    folders: Mapping[str, Path], task: DeepfakeTask, inputs: Mapping[str, Tensor]
) -> None:
    network = fixed_networks(task.data(folders))["late fusion"].make().eval()
    swapped = dict(inputs) | {name: inputs[name].flip(0) for name in SOUND_INPUTS}
    # over all pairings of the same streams the outputs add up to the same
    torch.testing.assert_close(network(inputs).sum(), network(swapped).sum())
