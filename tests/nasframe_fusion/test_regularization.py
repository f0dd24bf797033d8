"""Normalisation and dropout."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from nasframe_fusion.regularization import BatchNorm, Dropout, LayerNorm


def test_layer_norm_standardises_the_channels_of_each_position(maps: Any) -> None:
    (x,) = maps(1)
    mean, variance = x.mean(-1, keepdim=True), x.var(-1, correction=0, keepdim=True)
    torch.testing.assert_close(LayerNorm([(5, 6)]).double()(x), (x - mean) / (variance + 1e-5).sqrt())


def test_batch_norm_standardises_each_channel_over_batch_and_positions(maps: Any) -> None:
    (x,) = maps(1)
    mean, variance = x.mean((0, 1)), x.var((0, 1), correction=0)
    operation = BatchNorm([(5, 6)]).double()
    torch.testing.assert_close(operation(x), (x - mean) / (variance + 1e-5).sqrt())
    reference = torch.nn.BatchNorm1d(6).double()
    torch.testing.assert_close(operation(x), reference(x.mT).mT)


def test_batch_norm_uses_what_it_has_seen_when_evaluated(maps: Any) -> None:
    (x,) = maps(1)
    operation = BatchNorm([(5, 6)]).double()
    for _ in range(200):
        operation(x)
    operation.eval()
    torch.testing.assert_close(operation(x).mean((0, 1)), torch.zeros(6).double(), atol=1e-6, rtol=0)
    torch.testing.assert_close(operation(x[:1]), operation(x)[:1])


def test_dropout_keeps_the_mean_while_training_and_everything_when_evaluated() -> None:
    x = torch.ones(50, 20, 40)
    operation = Dropout([(20, 40)], rate=0.25)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        output = operation(x)
    # 40,000 entries: the share of zeros has standard error 0.002
    assert float((output == 0).float().mean()) == pytest.approx(0.25, abs=0.01)
    torch.testing.assert_close(output[output != 0].unique(), torch.tensor([1 / 0.75]))
    assert torch.equal(operation.eval()(x), x)


def test_dropout_draws_from_the_global_generator() -> None:
    operation, x = Dropout([(20, 40)]), torch.ones(2, 20, 40)
    with torch.random.fork_rng():
        torch.manual_seed(3)
        first = operation(x)
        torch.manual_seed(3)
        assert torch.equal(operation(x), first)


def test_a_rate_just_below_one_leaves_something_to_learn_from() -> None:
    operation, x = Dropout([(20, 40)], rate=1 - 1e-9), torch.ones(500, 20, 40)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        output = operation(x)
    assert output.isfinite().all()
    assert 0 < int((output != 0).sum()) < 100  # of 400,000 entries, 6 are expected


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_a_rate_outside_zero_to_one_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match=f"rate must be at least 0 and below 1, found {rate}"):
        Dropout([(5, 6)], rate=rate)
