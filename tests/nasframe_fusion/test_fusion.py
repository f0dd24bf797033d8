"""The four candidates, each against its formula and against torch."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F

from nasframe.errors import SpaceError
from nasframe.operations import Operation, OpSpec, build_operation
from nasframe_fusion.fusion import Attention, ConcatFC, LinearGLU, Sum

SHAPES = ((5, 6), (5, 6))
CANDIDATES = [Sum, Attention, LinearGLU, ConcatFC]


def test_sum_adds(maps: Any) -> None:
    x, y = maps(2)
    assert torch.equal(Sum(SHAPES)(x, y), x + y)


def test_attention_looks_from_x_at_y(maps: Any) -> None:
    x, y = maps(2)
    scores = torch.einsum("bic,bjc->bij", x, y) / 6**0.5
    shares = scores.exp() / scores.exp().sum(-1, keepdim=True)
    output = Attention(SHAPES)(x, y)
    torch.testing.assert_close(output, torch.einsum("bij,bjc->bic", shares, y))
    torch.testing.assert_close(output, F.scaled_dot_product_attention(x, y, y))


def test_attention_has_the_gradient_of_torchs_attention(maps: Any) -> None:
    x, y = maps(2)
    direction = torch.randn_like(x)
    ours = torch.autograd.grad(Attention(SHAPES)(x, y), (x, y), direction)
    theirs = torch.autograd.grad(F.scaled_dot_product_attention(x, y, y), (x, y), direction)
    torch.testing.assert_close(ours, theirs)


def test_linear_glu_lets_y_decide_how_much_of_x_passes(maps: Any) -> None:
    x, y = maps(2)
    operation = LinearGLU(SHAPES).double()
    value = torch.einsum("blc,dc->bld", x, operation.value.weight)
    gate = torch.einsum("blc,dc->bld", y, operation.gate.weight)
    output = operation(x, y)
    torch.testing.assert_close(output, value / (1 + (-gate).exp()))
    torch.testing.assert_close(output, F.glu(torch.cat((value, gate), dim=-1), dim=-1))
    assert operation.value.bias is None
    assert operation.gate.bias is None


@pytest.mark.parametrize("kind", CANDIDATES)
def test_one_tensor_at_both_ports_is_computed_as_two_equal_ones(kind: type[Operation], maps: Any) -> None:
    (x,) = maps(1)
    operation = kind(SHAPES).double()
    leaves = [x, *operation.parameters()]
    direction = torch.randn_like(x)
    once, twice = operation(x, x), operation(x, x.clone())
    torch.testing.assert_close(once, twice)
    torch.testing.assert_close(
        torch.autograd.grad(once, leaves, direction), torch.autograd.grad(twice, leaves, direction)
    )


def test_concat_fc_is_one_layer_over_the_channels_of_both(maps: Any) -> None:
    x, y = maps(2)
    operation = ConcatFC(SHAPES).double()
    of_x, of_y = operation.linear.weight.split(6, dim=1)
    expected = torch.einsum("blc,dc->bld", x, of_x) + torch.einsum("blc,dc->bld", y, of_y)
    torch.testing.assert_close(operation(x, y), (expected + operation.linear.bias).clamp(min=0))


@pytest.mark.parametrize("kind", CANDIDATES)
def test_the_gradient_is_that_of_finite_differences(kind: Any, maps: Any) -> None:
    operation = kind(SHAPES).double()
    parameters = tuple(operation.parameters())

    def run(x: torch.Tensor, y: torch.Tensor, *_: torch.Tensor) -> torch.Tensor:
        output: torch.Tensor = operation(x, y)
        return output

    assert torch.autograd.gradcheck(run, (*maps(2, (2, 5, 6)), *parameters))


@pytest.mark.parametrize("name", ["sum", "attention", "linear_glu", "concat_fc"])
@pytest.mark.parametrize(
    ("shapes", "found"),
    [
        (((5, 6), (5, 7)), r"\(5, 6\), \(5, 7\)"),
        (((5, 6), (4, 6)), r"\(5, 6\), \(4, 6\)"),
        (((6,), (6,)), r"\(6,\)"),
    ],
)
def test_inputs_that_do_not_fit_are_named(name: str, shapes: Any, found: str) -> None:
    with pytest.raises(SpaceError, match=f"{name}.*expected 2 inputs of one shape.*found {found}"):
        build_operation(OpSpec(name), shapes)
