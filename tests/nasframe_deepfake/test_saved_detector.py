"""The saved detector: guarded by fingerprints, and held to the network and the experiment beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
import torch

import nasframe
from nasframe import Architecture, Network
from nasframe.errors import RunError
from nasframe_bimodal.space import Bimodal
from nasframe_deepfake.detection import load_detector
from nasframe_deepfake.task import DeepfakeTask

CPU = torch.device("cpu")
GUARDS = ("heads", "files", "fingerprint")


@pytest.fixture
def saved(folders: Mapping[str, Path], task: DeepfakeTask, tmp_path: Path) -> Path:
    task.save(folders, tmp_path / "task")
    return tmp_path / "task"


@pytest.fixture(scope="module")
def network(folders: Mapping[str, Path], task: DeepfakeTask) -> Network:
    data = task.data(folders)
    space = Bimodal(channels=4).build(data.inputs, data.outputs)
    return nasframe.build(Architecture(space, space.sample(0)))


def change(saved: Path, *, without: tuple[str, ...] = (), **values: Any) -> None:
    """Edit the settings of a detector by hand."""
    path = saved / "detector.json"
    found = {**json.loads(path.read_text(encoding="utf-8")), **values}
    path.write_text(json.dumps({key: item for key, item in found.items() if key not in without}))


@pytest.mark.parametrize(
    "values",
    [
        {"window": {"trim": 0.2, "seconds": 1.6, "frames": 8, "size": 64}},
        {"window": {"trim": 0.2, "seconds": 1.6, "frames": 16, "size": 128}},
        {"mels": 48},
        {"sound_mean": -5.5},
        {"synthetic": False},
        {"heads": "separate"},
    ],
    ids=str,
)
def test_settings_that_are_not_those_that_were_saved_are_refused(values: dict[str, Any], saved: Path) -> None:
    load_detector(saved, CPU)
    change(saved, **values)
    with pytest.raises(RunError, match=r"detector\.json: its values are not those that were saved"):
        load_detector(saved, CPU)
    change(saved, without=GUARDS)  # as in a run of an older version, which says nothing of it
    load_detector(saved, CPU)


@pytest.mark.parametrize("name", ["picture", "sound", "statistics", "novelty"])
def test_one_flipped_bit_of_a_file_is_refused(name: str, saved: Path) -> None:
    file = saved / f"{name}.safetensors"
    whole = file.read_bytes()
    file.write_bytes(whole[:-4] + bytes([whole[-4] ^ 1]) + whole[-3:])  # the lowest bit of the last number
    with pytest.raises(RunError, match=rf"{name}\.safetensors: is not the file that was saved"):
        load_detector(saved, CPU)
    change(saved, without=GUARDS)
    load_detector(saved, CPU)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"steps": 4}, r"detector\.json: steps: the network takes 8, found 4"),
        (
            {"standardised": False},
            r"detector\.json: standardised: it gives \d+ channels of \w+, and the network takes",
        ),
    ],
    ids=str,
)
def test_settings_that_the_network_cannot_take_are_named(
    values: dict[str, Any], words: str, saved: Path, task: DeepfakeTask, network: Network
) -> None:
    change(saved, without=GUARDS, **values)
    for use in (
        lambda: task.file_scorer(network, saved, {"threshold": 0.5}, CPU),
        lambda: task.exported(network, saved, {"threshold": 0.5}),
    ):
        with pytest.raises(RunError, match=words):
            use()


def test_other_heads_than_those_of_the_training_are_refused(
    saved: Path, task: DeepfakeTask, network: Network
) -> None:
    other = attrs.evolve(task, heads="separate")
    with pytest.raises(RunError, match=r"experiment\.toml: task\.heads: .*trained with 'single'"):
        other.file_scorer(network, saved, {"threshold": 0.5}, CPU)
    change(saved, without=GUARDS)
    with pytest.raises(RunError, match=r"task\.heads: 'separate' needs a network with 3 outputs, .* has 1"):
        other.file_scorer(network, saved, {"threshold": 0.5}, CPU)
    task.file_scorer(network, saved, {"threshold": 0.5}, CPU)
