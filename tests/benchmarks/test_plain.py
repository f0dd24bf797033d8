"""The plain search that speed is compared with computes what the supernet computes."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from nasframe import Sample, Supernet
from nasframe_bimodal.space import Bimodal

BENCH = Path(__file__).parents[2] / "benchmarks/bench"
SHAPES = {"a": (4, 3), "b": (4, 5), "c": (4, 2)}
CHANNELS = 6
NORMS = ("sum", "attention", "linear_glu", "concat_fc")


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(BENCH)
    return importlib.import_module("plain")


def place_of(name: str) -> str:
    """The name of a parameter of the supernet in the plain one."""
    if name.startswith("logits"):
        return f"logits.{('alpha', 'beta', 'gamma').index(name.rpartition('.')[2])}"
    node, rest = name.removeprefix("nodes.").split(".", 1)
    rest = rest.removeprefix("fixed.operation.")
    if node in SHAPES:
        return f"projections.{[*SHAPES].index(node)}.{rest.removeprefix('linear.')}"
    if node == "head":
        return f"head.{rest.removeprefix('linear.')}"
    cell, part = re.fullmatch(r"cell(\d+)/(\w+)", node).groups()  # type: ignore[union-attr]
    start = f"cells.{int(cell) - 1}"
    if part == "norm":
        return f"{start}.norm.{rest.removeprefix('norm.')}"
    if part == "fusion":
        return f"{start}.fusion.{int(rest[-1]) - 1}"
    start = f"{start}.nodes.{int(part[1:]) - 1}"
    candidate, kind, *_, last = rest.split(".")
    if kind == "then":
        return f"{start}.norms.{NORMS.index(candidate)}.{last}"
    module = rest.split(".")[2]
    return f"{start}.{'concat' if candidate == 'concat_fc' else module}.{last}"


def pair(plain: Any) -> tuple[Supernet, nn.Module, dict[str, str]]:
    space = Bimodal(channels=CHANNELS, ports="shared", dropout=0.0).build(SHAPES, 1)
    ours = Supernet(space).double()
    features = [shape[1] for shape in SHAPES.values()]
    theirs = plain.PlainSupernet(features, channels=CHANNELS, rate=0.0, length=4).double()
    own = dict(theirs.named_parameters())
    places = {name: place_of(name) for name, _ in ours.named_parameters()}
    assert sorted(places.values()) == sorted(own)
    with torch.no_grad():
        for name, value in ours.named_parameters():
            own[places[name]].copy_(in_their_layout(value, own[places[name]]))
    return ours, theirs, places


def in_their_layout(value: Tensor, like: Tensor) -> Tensor:
    """Linear layers are convolutions there, and the head takes channels before positions."""
    if value.shape == (1, 8 * CHANNELS):
        return value.view(1, 4, 2 * CHANNELS).transpose(1, 2).reshape(1, -1)
    return value.view(like.shape)


@pytest.mark.parametrize("one_hot", [False, True])
def test_the_plain_search_has_the_outputs_and_gradients_of_the_supernet(plain: Any, one_hot: bool) -> None:
    ours, theirs, places = pair(plain)
    inputs = {name: torch.randn(3, *shape, dtype=torch.float64) for name, shape in SHAPES.items()}
    samples, weights = {}, []
    for table in ours.logits.tables:
        rows = torch.softmax(torch.randn(len(table.rows), len(table.candidates), dtype=torch.float64), -1)
        if one_hot:
            rows = nn.functional.one_hot(rows.argmax(-1), rows.shape[-1]).double()
        samples[table.key] = Sample(rows.clone().requires_grad_(), one_hot=one_hot)
        weights.append(rows.clone().requires_grad_())
    expected = ours(inputs, samples)
    found = theirs([value.transpose(1, 2) for value in inputs.values()], weights)
    torch.testing.assert_close(found, expected)
    expected.square().sum().backward()
    found.square().sum().backward()
    for table, theirs_of_table in zip(ours.logits.tables, weights, strict=True):
        torch.testing.assert_close(theirs_of_table.grad, samples[table.key].weights.grad)
    own = dict(theirs.named_parameters())
    for name, value in ours.named_parameters():
        if value.grad is not None:  # under one-hot weights, those of the selected operations
            other = own[places[name]]
            torch.testing.assert_close(other.grad, in_their_layout(value.grad, other))


def test_the_products_of_a_step_are_counted_with_their_backward_passes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(BENCH)
    products = importlib.import_module("products")
    linear, convolution = nn.Linear(6, 4), nn.Conv1d(6, 4, 1)
    x = torch.randn(5, 6, requires_grad=True)
    y = torch.randn(2, 6, 3, requires_grad=True)
    found = products.products_of(lambda: linear(x).sum().backward())
    assert found.flop == 3 * 2 * 5 * 6 * 4
    assert products.products_of(lambda: convolution(y).sum().backward()).flop == 3 * 2 * 6 * 6 * 4
    found()
