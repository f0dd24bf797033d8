"""Examples and outputs on another device than the CPU."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from nasframe import Data, Splits, TensorTask
from nasframe.errors import DataError
from nasframe.training import JoinedSplit, collect_outputs, resident
from nasframe_audiovisual import FeatureSplit
from nasframe_audiovisual.features.extractor import PICTURE_INPUTS, SOUND_INPUTS
from tests.other_device import DEVICE, OnDevice, account_kept, moved_there


@pytest.fixture
def data() -> Data:
    random = torch.Generator().manual_seed(0)
    return TensorTask({"x": torch.randn(100, 6, generator=random)}, torch.arange(100) % 2).data({})


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Linear(6, 2)


def test_outputs_on_a_device_are_those_of_the_cpu_and_are_waited_for_at_the_end(
    data: Data, network: nn.Module
) -> None:
    split = data.splits.validation
    here = collect_outputs(network, lambda x: network(x["x"]), split, 4, torch.device("cpu"))
    moved_there(network)
    with account_kept() as account:
        there = collect_outputs(network, lambda x: network(x["x"]), split, 4, DEVICE)
    for value, other in zip(there, here, strict=True):
        assert type(value) is Tensor
        assert torch.equal(value, other)
    assert len(account.waits) == 3  # outputs, targets, and that all of them are finite
    assert account.pinned == account.arrivals == 2 * math.ceil(len(split) / 4)


def test_a_bad_number_on_a_device_is_named_as_on_the_cpu(data: Data, network: nn.Module) -> None:
    split = data.splits.validation
    split.inputs["x"][3] = torch.nan  # type: ignore[attr-defined]
    moved_there(network)
    with (
        account_kept(),
        pytest.raises(DataError, match=f"(?s)'validation' holds.*'x' of {split.identifiers[3]}"),
    ):
        collect_outputs(network, lambda x: network(x["x"]), split, 4, DEVICE, "validation")


def test_examples_stay_on_a_device_where_there_is_room_and_batches_are_the_same(data: Data) -> None:
    with account_kept() as account:
        moved = resident(data, DEVICE, room=10**6)
        assert account.arrivals == 6  # inputs and targets of three splits
        joined, rows = JoinedSplit(moved.splits.weights, moved.splits.architecture), torch.tensor([50, 1, 33])
        found = joined.batch(rows)
    assert isinstance(found.inputs["x"], OnDevice)
    wanted = JoinedSplit(data.splits.weights, data.splits.architecture).batch(rows)
    assert torch.equal(found.inputs["x"].held, wanted.inputs["x"])
    assert account.waits == []
    assert moved.splits.test is data.splits.test


def test_examples_that_find_no_room_stay_where_they_are(data: Data) -> None:
    assert resident(data, DEVICE, room=1000) is data
    assert resident(data, torch.device("cpu")) is data


def test_features_that_splits_share_are_moved_once_and_stay_float16() -> None:
    features = {name: torch.randn(9, 2, 3).half() for name in (*PICTURE_INPUTS, *SOUND_INPUTS)}
    rows = torch.arange(9)
    parts = [
        FeatureSplit(features, part, part.flip(0), part % 2, [*map(str, part.tolist())])
        for part in rows.split(3)
    ]
    data = Data(dict.fromkeys(features, (2, 3)), 2, Splits(*parts, lambda: parts[0]))
    with account_kept() as account:
        moved = resident(data, DEVICE, room=10**6)
        assert account.arrivals == len(features) + 3  # and the targets of each split
        found = moved.splits.weights.batch(torch.tensor([2, 0]))
    assert account.waits == []
    assert moved.splits.weights.features["I1"].dtype == torch.float16  # type: ignore[attr-defined]
    wanted = parts[0].batch(torch.tensor([2, 0]))
    for name, value in found.inputs.items():
        assert torch.equal(value.held, wanted.inputs[name]), name  # type: ignore[attr-defined]
