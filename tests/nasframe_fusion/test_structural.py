"""Projection, concatenation, head."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from nasframe_fusion.structural import Concat, Head, Projection


def test_projection_is_the_same_linear_layer_at_every_position(maps: Any) -> None:
    (x,) = maps(1)
    operation = Projection([(5, 6)], channels=3).double()
    expected = torch.einsum("blc,dc->bld", x, operation.linear.weight) + operation.linear.bias
    torch.testing.assert_close(operation(x), expected)


def test_concat_puts_channels_side_by_side(maps: Any) -> None:
    (x,), (y,) = maps(1), maps(1, (4, 5, 2))
    output = Concat([(5, 6), (5, 2)])(x, y)
    assert torch.equal(output[..., :6], x)
    assert torch.equal(output[..., 6:], y)


def test_head_reads_every_position_and_channel(maps: Any) -> None:
    (x,) = maps(1)
    operation = Head([(5, 6)], outputs=2).double()
    weight = operation.linear.weight.view(2, 5, 6)
    torch.testing.assert_close(operation(x), torch.einsum("blc,olc->bo", x, weight) + operation.linear.bias)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Projection([(5, 6)], channels=0), "channels must be at least 1, found 0"),
        (lambda: Head([(5, 6)], outputs=-1), "outputs must be at least 1, found -1"),
        (lambda: Projection([(4, 5, 6)]), r"of shape \(length, channels\), found \(4, 5, 6\)"),
        (lambda: Concat([(5, 6), (4, 6)]), r"of one length, found \(5, 6\), \(4, 6\)"),
        (lambda: Concat([]), "found no input"),
        (lambda: Head([(5, 6), (5, 6)]), "expected one input, found 2"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(build: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()
