"""Shapes, parameters and multiply-adds found on the meta device, against counting by hand."""

from __future__ import annotations

from typing import Any

import pytest

from nasframe.operations import OpSpec, Shape, infer

L, C = 8, 128
MAP = (L, C)


@pytest.mark.parametrize(
    ("name", "options", "shapes", "output", "parameters", "multiply_adds"),
    [
        ("sum", {}, [MAP, MAP], MAP, 0, 0),
        # x yᵀ and the product with y
        ("attention", {}, [MAP, MAP], MAP, 0, 2 * L * L * C),
        ("linear_glu", {}, [MAP, MAP], MAP, 2 * C * C, 2 * L * C * C),
        ("concat_fc", {}, [MAP, MAP], MAP, 2 * C * C + C, L * 2 * C * C),
        ("projection", {"channels": 128}, [(L, 512)], MAP, 512 * C + C, L * 512 * C),
        ("layer_norm", {}, [MAP], MAP, 2 * C, 0),
        ("batch_norm", {}, [MAP], MAP, 2 * C, 0),
        ("dropout", {"rate": 0.2}, [MAP], MAP, 0, 0),
        ("weighted_fusion", {}, [MAP] * 3, MAP, 2, 0),
        ("concat", {}, [MAP, (L, 3)], (L, C + 3), 0, 0),
        ("head", {"outputs": 2}, [MAP], (2,), L * C * 2 + 2, L * C * 2),
    ],
)
def test_output_shape_and_cost(
    name: str, options: Any, shapes: list[Shape], output: Shape, parameters: int, multiply_adds: int
) -> None:
    found, cost = infer(OpSpec(name, options), shapes)
    assert found == output
    assert cost.parameters == parameters
    assert cost.multiply_adds == multiply_adds
