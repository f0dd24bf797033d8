"""The expected size agrees with the sizes of sampled architectures."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from nasframe import Architecture, Sample, Supernet, cost_of
from nasframe.relaxations import Softmax
from nasframe.supernet import expected_parameters
from nasframe_bimodal.space import Bimodal

INPUTS = {"a": (4, 3), "b": (4, 5), "c": (4, 2)}


def net(**options: object) -> Supernet:
    found = Supernet(Bimodal(channels=6, **options).build(INPUTS, 2)).double()  # type: ignore[arg-type]
    for logits in found.architecture_parameters():
        torch.nn.init.normal_(logits)
    return found


@pytest.mark.parametrize("ports", ["shared", "distinct", "choose", "paired"])
def test_of_a_decided_architecture_it_is_its_size_but_for_the_fusion_scalars(ports: str) -> None:
    supernet, compared = net(ports=ports), 0
    for seed in range(30):
        architecture = Architecture(supernet.space, supernet.space.sample(seed))
        if not {"cell1/y", "cell2/y"} <= set(architecture.resolved.operations):
            continue  # nobody reads a cell's y: what feeds it goes, which the formula does not know
        expected = float(expected_parameters(supernet, supernet.logits.one_hot(architecture.assignment)))
        inner = [name for name in supernet.wiring.nodes if name.endswith(("/N1", "/N2"))]
        removed = sum(architecture.assignment[name] == "zero" for name in inner)
        assert expected - cost_of(architecture).parameters == removed
        compared += 1
    assert compared > 10


def test_it_is_the_mean_over_all_choices_drawn_independently() -> None:
    supernet = net(ports="shared", cells=1, nodes=1)
    probabilities = supernet.logits.probabilities(Softmax())
    tables = supernet.logits.tables
    rows = [(table, index) for table in tables for index in range(len(table.rows))]
    mean = 0.0
    for columns in itertools.product(*(range(len(table.candidates)) for table, _ in rows)):
        chance = math.prod(
            float(probabilities[t.key].weights[i, c].detach())
            for (t, i), c in zip(rows, columns, strict=True)
        )
        weights = {key: torch.zeros_like(item.weights) for key, item in probabilities.items()}
        for (table, index), column in zip(rows, columns, strict=True):
            weights[table.key][index, column] = 1.0
        decided = {key: Sample(value, True) for key, value in weights.items()}
        mean += chance * float(expected_parameters(supernet, decided).detach())
    assert float(expected_parameters(supernet, probabilities).detach()) == pytest.approx(mean, rel=1e-9)


def test_it_is_differentiable_in_every_logit_that_decides_a_size() -> None:
    supernet = net(ports="shared")
    expected_parameters(supernet, supernet.logits.probabilities(Softmax())).backward()
    assert (supernet.logits.values["alpha"].grad[:6] != 0).all()  # type: ignore[index]
    assert (supernet.logits.values["gamma"].grad != 0).all()  # type: ignore[union-attr]
