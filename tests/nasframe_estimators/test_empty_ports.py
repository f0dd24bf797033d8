"""Functions whose outcomes include empty ports: each mechanism against enumeration."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from nasframe import Batch, Choice, Operation, SearchSpace, Shape, Supernet, TensorTask, hookimpl
from nasframe.errors import SpaceError
from nasframe.plugins import PluginManager
from nasframe.relaxations import GumbelRaoMonteCarlo, StraightThroughGumbelSoftmax
from nasframe_bimodal.space import Bimodal
from nasframe_estimators import MECHANISMS, Laboratory, exact_gradient, functions_of_ports, measure_estimators
from nasframe_estimators.functions import (
    PORT_FUNCTIONS,
    Clipping,
    Pack,
    distribution,
    every_outcome,
    one_hot_weights,
    standard_ports,
)
from nasframe_estimators.functions.empty_ports import PortsLoss
from nasframe_estimators.gradients.relaxed import relaxed_gradients
from nasframe_estimators.gradients.score_function import draw_outcomes, score_function_gradients
from nasframe_estimators.measurements.conditional_bias import conditional_slopes, enumerated_gradients
from nasframe_estimators.measurements.statistics import summarise


@pytest.fixture(scope="module")
def cell() -> dict[str, PortsLoss]:
    return {function.mechanism: function for function in standard_ports(PORT_FUNCTIONS)}


def random(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def logits_of(function: PortsLoss) -> list[Tensor]:
    return [pack.logits for pack in function.packs]


def test_a_function_is_named_after_each_mechanism() -> None:
    assert tuple(f"cell-{mechanism}" for mechanism in MECHANISMS) == PORT_FUNCTIONS
    assert [function.name for function in standard_ports(["cell-redraw"])] == ["cell-redraw"]


def test_the_numbers_of_the_small_supernet_are_the_same_each_time(cell: dict[str, PortsLoss]) -> None:
    (again,) = standard_ports(["cell-allow"])
    outcomes = every_outcome(again.packs)[::97]
    assert torch.equal(again.values(outcomes), cell["allow"].values(outcomes))


def test_what_stands_is_every_outcome_without_an_empty_port(cell: dict[str, PortsLoss]) -> None:
    function = cell["redraw"]
    every = every_outcome(function.packs)
    outcomes, log_q = distribution(function, logits_of(function))
    feeds = function.feeds_empty_port(every)
    assert len(every) == 1152
    assert torch.equal(outcomes, every[~feeds.any(-1)])
    assert float(log_q.exp().sum()) == pytest.approx(1)
    assert len(distribution(cell["allow"], logits_of(function))[0]) == 1152
    # the two choices of nodes stay as they were drawn
    groups = [pack.group for pack in function.packs for _ in pack.logits]
    assert {group for group, again in zip(groups, feeds.any(0).tolist(), strict=True) if again} == {
        "alpha",
        "beta",
    }


@pytest.mark.parametrize("how", ["score function", "relaxation"])
def test_draws_have_the_distribution_that_the_exact_gradient_is_taken_of(
    cell: dict[str, PortsLoss], how: str
) -> None:
    function, number = cell["redraw"], 40_000
    outcomes, log_q = distribution(function, logits_of(function))
    if how == "score function":
        drawn = draw_outcomes(function, number, random())
    else:
        seen: list[Tensor] = []
        slopes = function.slopes

        def noted(weights: Sequence[Tensor], one_hot: bool) -> list[Tensor]:
            seen.append(torch.cat([part.argmax(-1) for part in weights], -1))
            return slopes(weights, one_hot)

        function.slopes = noted  # type: ignore[method-assign]
        relaxed_gradients(StraightThroughGumbelSoftmax(), function, number, random())
        del function.slopes  # type: ignore[attr-defined]
        drawn = torch.cat(seen)
    assert len(drawn) == number
    place = {tuple(row): index for index, row in enumerate(outcomes.tolist())}
    counts = torch.zeros(len(outcomes), dtype=torch.float64)
    counts.index_add_(
        0, torch.tensor([place[tuple(row)] for row in drawn.tolist()]), torch.ones(number).double()
    )
    q = log_q.exp()
    likely = q * number >= 5
    statistic = float(((counts - q * number).square() / (q * number))[likely].sum())
    freedom = int(likely.sum())
    assert abs(statistic - freedom) < 4.5 * math.sqrt(2 * freedom)


def test_the_exact_gradient_is_the_derivative_of_the_mean_over_what_is_drawn(
    cell: dict[str, PortsLoss],
) -> None:
    function, step = cell["redraw"], 1e-5
    gradient, place = exact_gradient(function), 0
    for index, pack in enumerate(function.packs):
        for entry in range(pack.logits.numel()):
            means = []
            for sign in (1, -1):
                moved = [logits.clone() for logits in logits_of(function)]
                moved[index].view(-1)[entry] += sign * step
                outcomes, log_q = distribution(function, moved)
                means.append(float(log_q.exp() @ function.values(outcomes)))
            assert float(gradient[place]) == pytest.approx((means[0] - means[1]) / (2 * step), abs=1e-7)
            place += 1
    assert not torch.allclose(gradient, exact_gradient(cell["allow"]), rtol=0.1)


@pytest.mark.parametrize("mechanism", ["allow", "redraw"])
def test_the_score_function_has_no_bias(cell: dict[str, PortsLoss], mechanism: str) -> None:
    function = cell[mechanism]
    found = score_function_gradients(function, 30_000, random(3))
    error = (found.mean(0) - exact_gradient(function)) / (found.std(0) / math.sqrt(len(found)))
    assert float(error.abs().max()) < 4.5


def test_enumerated_outcomes_give_the_mean_of_redrawn_samples(cell: dict[str, PortsLoss]) -> None:
    function, temperature = cell["redraw"], 0.5
    drawn = relaxed_gradients(
        GumbelRaoMonteCarlo(samples=10, temperature=temperature), function, 20_000, random(5)
    )
    (exact,) = enumerated_gradients(
        function, conditional_slopes(function), temperature, "exact", 1, random(6)
    )
    error = drawn.std(0) / math.sqrt(len(drawn))
    assert ((drawn.mean(0) - exact).abs() < 4.5 * error + 1e-9).all()


def test_differences_are_those_of_the_loss_and_only_at_empty_ports(cell: dict[str, PortsLoss]) -> None:
    function, plain = cell["differences"], cell["allow"]
    outcomes = every_outcome(function.packs)[torch.arange(0, 1152, 13)]
    weights = one_hot_weights(function.packs, outcomes)
    ours, theirs = (
        torch.cat([part.flatten(1) for part in which.slopes(weights, True)], -1)
        for which in (function, plain)
    )
    feeds = function.feeds_empty_port(outcomes)
    assert 0 < int(feeds.any(-1).sum()) < len(outcomes)
    first = 0
    for choice, size in enumerate(pack.logits.shape[1] for pack in function.packs for _ in pack.logits):
        for row, outcome in enumerate(outcomes):
            here = slice(first, first + size)
            if feeds[row, choice]:
                others = outcome.repeat(size, 1)
                others[:, choice] = torch.arange(size)
                values = function.values(others)
                assert torch.allclose(ours[row, here], values - values[outcome[choice]])
            else:
                assert torch.equal(ours[row, here], theirs[row, here])
        first += size


def test_clipping_holds_together_or_each_choice_on_its_own() -> None:
    gradients = [torch.tensor([[[3.0, 4.0], [0.0, 0.1]]]), torch.tensor([[[0.0, 0.0, 12.0]]])]
    together = Clipping(1.0, by_choice=False).clipped(gradients)
    alone = Clipping(1.0, by_choice=True).clipped(gradients)
    assert torch.cat([part.flatten() for part in together]).norm() == pytest.approx(1)
    assert torch.allclose(together[0] / together[1].max(), gradients[0] / 12)
    assert torch.allclose(alone[0], torch.tensor([[[0.6, 0.8], [0.0, 0.1]]]))
    assert torch.allclose(alone[1], torch.tensor([[[0.0, 0.0, 1.0]]]))


def test_of_all_mechanisms_redraws_alone_leave_an_error_near_that_of_the_score_function() -> None:
    found = {
        (entry.function, entry.relaxation): entry
        for entry in measure_estimators(
            ["grmc", "score_function"],
            functions=PORT_FUNCTIONS,
            temperatures=0.1,
            samples=100,
            draws=2000,
        )
        if ":" not in entry.function
    }
    assert all(entry.error is None for entry in found.values())
    mse = {name: found[name, "grmc"].mse or 0.0 for name in PORT_FUNCTIONS}
    least = found["cell-redraw", "score_function"].mse or 0.0
    assert mse["cell-redraw"] < least
    assert min(mse["cell-clip"], mse["cell-clip-rows"]) > 100 * mse["cell-redraw"]
    assert min(mse["cell-allow"], mse["cell-differences"]) > 1e6 * mse["cell-redraw"]
    assert mse["cell-clip-rows"] > mse["cell-clip"]
    assert (found["cell-redraw", "grmc"].cosine or 0.0) > 0.8


def test_the_cosine_is_that_of_the_mean() -> None:
    exact = torch.tensor([1.0, 1.0])
    drawn = torch.tensor([[2.0, 0.0], [1.0, 0.0], [3.0, 0.0]])
    assert summarise(drawn, exact).cosine == pytest.approx(math.sqrt(0.5))
    assert summarise(torch.zeros(3, 2), exact).cosine is None


def test_the_third_proposition_leaves_out_what_is_clipped() -> None:
    laboratory = Laboratory(
        relaxations="grmc",
        functions=["cell-redraw", "cell-clip"],
        temperatures=0.5,
        samples="exact",
        draws=100,
    )
    names = {entry.function.split(":")[0] for entry in laboratory.conditional_biases()}
    assert names == {"cell-redraw"}


class Halved(Operation):
    """Half of the input, divided by its largest entry."""

    arity = 1

    def __init__(self, shapes: Sequence[Shape]) -> None:
        super().__init__(shapes)

    def forward(self, x: Tensor) -> Tensor:
        return x / (2 * x.abs().amax(-1, keepdim=True) + 1e-8)


class Foreign:
    @hookimpl
    def register_operations(self) -> dict[str, Any]:
        return {"halved": Halved}


def test_a_space_of_another_package_with_its_own_operations_is_measured(plugins: PluginManager) -> None:
    plugins.register(Foreign(), "foreign")
    space = SearchSpace("of another package")
    space.add_node("sum", "halved", ports=("in",))
    for name in ("left", "right"):
        space.add_input(name, (2,))
        choice = Choice(name, ("zero", "halved", "identity"), "mine")
        space.connect(name, "sum", "in", choice=choice)
    space.set_output("sum")
    tensors = {
        name: torch.randn(20, 2, generator=random(seed)) for seed, name in enumerate(("left", "right"))
    }
    task = TensorTask(tensors, (tensors["left"][:, 0] > 0).long())
    supernet = Supernet(space).eval()
    functions = functions_of_ports(supernet, task, Batch(tensors, task.labels), ["allow", "redraw"], "mine")
    found = measure_estimators("stgs", functions=functions, temperatures=0.5, draws=500)
    errors = {entry.function: entry.mse or 0.0 for entry in found}
    assert list(errors) == ["mine-allow", "mine-redraw"]
    assert errors["mine-allow"] > 1e6 * errors["mine-redraw"] > 0


def test_a_supernet_with_too_many_outcomes_is_refused() -> None:
    space = Bimodal(channels=2, ports="shared").build({"a": (1, 2), "b": (1, 2)}, 2)
    inputs = {name: torch.zeros(8, 1, 2) for name in ("a", "b")}
    task = TensorTask(inputs, torch.arange(8) % 2)
    with pytest.raises(SpaceError, match="outcomes; 4,096 are enumerated"):
        functions_of_ports(Supernet(space), task, Batch(inputs, task.labels))


def test_packs_of_the_small_supernet_are_its_groups(cell: dict[str, PortsLoss]) -> None:
    packs: Sequence[Pack] = cell["allow"].packs
    assert [(pack.group, tuple(pack.logits.shape)) for pack in packs] == [
        ("alpha", (2, 2)),
        ("beta", (5, 2)),
        ("gamma", (2, 3)),
    ]
