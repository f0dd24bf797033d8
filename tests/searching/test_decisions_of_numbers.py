"""Numbers that are not finite decide nothing: no architecture, no candidate, no end of a search."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from nasframe import Architecture, Choice, SearchOptions, SearchSpace, TensorTask
from nasframe.errors import ArchitectureError, ContractError, RunError
from nasframe.relaxations import Softmax
from nasframe.report.scores import area, roc
from nasframe.runtime import SILENT
from nasframe.searching import Bilevel, Search, derive
from nasframe.searching.gradient.selection import choose
from nasframe.searching.gradient.stop import has_converged
from nasframe.searching.gradient.supernet_score import SupernetScore
from nasframe.supernet import Supernet

CPU = torch.device("cpu")


def space(rule: str = "argmax") -> SearchSpace:
    made = SearchSpace("small", derivation=rule)
    for name in ("x", "y"):
        made.add_input(name, (2,))
    made.add_node("sum", "identity")
    for name in ("x", "y"):
        made.connect(name, "sum", choice=Choice(f"use {name}", ("zero", "identity"), "alpha"))
    made.set_output("sum")
    return made


def task() -> TensorTask:
    rows = torch.rand(40, 2, generator=torch.Generator().manual_seed(0))
    return TensorTask({"x": rows, "y": rows.flip(1)}, (rows[:, 0] > rows[:, 1]).long())


@pytest.mark.parametrize("rule", ["argmax", "best_pair", "top_k_per_port"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_no_rule_derives_from_a_probability_that_is_not_finite(rule: str, value: float) -> None:
    probabilities = {"use x": {"zero": 0.5, "identity": 0.5}, "use y": {"zero": value, "identity": 0.5}}
    with pytest.raises(
        ArchitectureError, match=f"the probability of 'zero' in the choice 'use y' is {value}"
    ):
        derive(space(rule), probabilities)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_candidate_whose_outputs_are_not_finite_is_never_chosen(bad: float) -> None:
    made, spoilt = space(), task()
    split = spoilt.data({}).splits.validation
    candidates = [
        Architecture(made, {"use x": x, "use y": y})
        for x, y in (("identity", "identity"), ("zero", "identity"), ("identity", "zero"))
    ]
    supernet = Supernet(made)
    usual = supernet.forward

    def forward(inputs: Any, weights: Any) -> Tensor:
        found = usual(inputs, weights)
        both = bool(weights["alpha"].weights[:, 1].sum() == 2)
        return found * bad if both else found

    supernet.forward = forward  # type: ignore[method-assign]
    score = SupernetScore(supernet, spoilt, split, split, 4, CPU)
    scored, derived = [score(item.assignment) for item in candidates], candidates[0].assignment
    found = choose(scored, derived, made, {}, SearchOptions(), supernet, None, SILENT)
    assert found.architecture != candidates[0]
    assert found.rule is None
    assert found.chosen is not None


@pytest.mark.parametrize("bad", [math.inf, -math.inf])
def test_a_candidate_whose_metric_is_infinite_stops_the_choice_in_words(bad: float) -> None:
    class Infinite(TensorTask):
        def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
            return {"accuracy": bad}

    made, usual = space(), task()
    candidates = [Architecture(made, {"use x": "zero", "use y": "identity"})]
    infinite, split = Infinite(usual.tensors, usual.labels), usual.data({}).splits.validation
    with pytest.raises(ContractError, match=f"NaN where undefined, found 'accuracy': {bad}"):
        SupernetScore(Supernet(made), infinite, split, split, 4, CPU)(candidates[0].assignment)


def test_entropies_that_are_no_number_end_no_search() -> None:
    options = SearchOptions(min_epochs=2, patience=1, level=0.5)
    known = {"entropy": {"alpha": math.nan}, "derived": "5f3a"}
    assert not has_converged([known, known, known], options)


def test_a_validation_loss_that_is_no_number_stops_the_search() -> None:
    class Odd(TensorTask):
        def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
            found = super().loss(outputs, targets)
            return found if outputs.requires_grad or len(outputs) <= 4 else found * torch.nan

    made = task()
    engine = Search(
        space=space(),
        task=Odd(made.tensors, made.labels),
        data=made.data({}),
        relaxation=Softmax(),
        loop=Bilevel(),
        options=SearchOptions(epochs=3, min_epochs=0, batch_size=4),
    )
    with pytest.raises(RunError, match="the validation loss after epoch 1 of the search is not finite"):
        engine.fit()
    assert engine.history == []


def test_accuracy_of_outputs_that_are_not_finite_is_undefined() -> None:
    outputs, targets = torch.tensor([[1.0, 2.0], [math.nan, 0.0]]), torch.tensor([1, 0])
    assert math.isnan(task().metrics(outputs, targets)["accuracy"])


def test_scores_that_are_not_finite_have_no_roc_curve() -> None:
    assert roc([math.nan] * 4, [0, 0, 1, 1]) == []
    assert area(roc([0.1, math.inf, 0.3, 0.4], [0, 0, 1, 1])) is None
    assert area(roc([0.1, 0.2, 0.3, 0.4], [0, 0, 1, 1])) == 1.0
