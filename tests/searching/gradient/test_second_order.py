"""Second-order updates of the architecture: the gradient of the loss after a virtual step of the weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from attrs import evolve, frozen
from torch import Tensor, nn
from torch.func import functional_call

from nasframe import (
    AdamLoop,
    Batch,
    Choice,
    Operation,
    OpSpec,
    Run,
    Sample,
    SearchOptions,
    SearchSpace,
    TensorTask,
    hookimpl,
)
from nasframe.errors import RunError
from nasframe.plugins import PluginManager
from nasframe.relaxations import (
    GumbelRaoMonteCarlo,
    Relaxation,
    Softmax,
    StraightThroughGumbelSoftmax,
)
from nasframe.searching import Bilevel, Search, Update
from nasframe.searching.gradient.held_network import HeldNetwork
from nasframe.training import StepCheck
from tests.comparing import without_time

Gradients = dict[str, Tensor]


class Smooth(Operation):
    """A linear layer, tanh and dropout."""

    def __init__(self, shapes: Sequence[tuple[int, ...]], *, outputs: int = 4, dropout: float = 0.0) -> None:
        super().__init__(shapes)
        self.linear, self.dropout = nn.Linear(shapes[0][-1], outputs), nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.dropout(self.linear(x).tanh())
        return found


class Normed(Smooth):
    """The same with batch norm before tanh, and a count of its passes."""

    seen: Tensor

    def __init__(self, shapes: Sequence[tuple[int, ...]]) -> None:
        super().__init__(shapes)
        self.norm = nn.BatchNorm1d(4)
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.seen = self.seen + 1
        found: Tensor = self.norm(self.linear(x)).tanh()
        return found


class Scaled(Operation):
    """The input times a weight."""

    def __init__(self, shapes: Sequence[tuple[int, ...]]) -> None:
        super().__init__(shapes)
        self.weight = nn.Parameter(torch.tensor(0.8))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight


class Negative(Operation):
    """The input with its sign changed: it has no weights."""

    def forward(self, x: Tensor) -> Tensor:
        return -x


class Operations:
    @hookimpl
    def register_operations(self) -> dict[str, type[Operation]]:
        return {"smooth": Smooth, "normed": Normed, "scaled": Scaled, "negative": Negative}


@pytest.fixture(autouse=True)
def _registered(plugins: PluginManager) -> None:
    plugins.register(Operations(), "operations")


@frozen
class Plain(Bilevel):
    """Bilevel with plain gradient descent for the logits, so that a step is the gradient."""

    def architecture_optimiser(self, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.SGD([{"params": list(parameters)}], lr=1.0)


def layers(dropout: float = 0.0, kind: str = "smooth") -> SearchSpace:
    """Two nodes that choose among layers, each joined to the output by an edge that chooses."""
    space = SearchSpace("layers", derivation="argmax")
    space.add_input("x", (4,))
    wide = OpSpec("smooth", {"outputs": 4, "dropout": dropout})
    space.add_node("sum", "identity")
    for name, source in (("first", "x"), ("second", "first")):
        space.add_node(name, choice=Choice(f"kind of {name}", (wide, kind, "identity"), "gamma"))
        space.connect(source, name)
        space.connect(name, "sum", choice=Choice(f"use {name}", ("zero", "identity"), "alpha"))
    space.add_node("head", OpSpec("smooth", {"outputs": 2}))
    space.connect("sum", "head")
    space.set_output("head")
    return space


def task() -> TensorTask:
    rows = torch.randn(80, 4, generator=torch.Generator().manual_seed(0))
    return TensorTask({"x": rows}, (rows[:, 0] * rows[:, 1] > 0).long())


def search(space: SearchSpace | None = None, **changes: Any) -> Search:
    made = task()
    arguments: dict[str, Any] = {
        "space": layers() if space is None else space,
        "task": made,
        "data": made.data({}),
        "relaxation": Softmax(),
        "loop": Plain(weight_rate=0.5, order=2),
        "options": SearchOptions(epochs=2, min_epochs=0, batch_size=8, clip_norm=0.0),
    }
    return Search(**arguments | changes)


def in_double(engine: Search) -> Search:
    """The same search in float64, with weights and logits that are far from even."""
    engine.supernet.double().train()
    random = torch.Generator().manual_seed(1)
    for parameter in engine.supernet.parameters():
        parameter.data = torch.randn(parameter.shape, generator=random, dtype=torch.float64)
    return engine


def batches_of(engine: Search, size: int = 8) -> tuple[Batch, Batch]:
    """A batch of the weights split and one of the architecture split, in float64."""
    splits = engine.data.splits
    found = [split.batch(torch.arange(size)) for split in (splits.weights, splits.architecture)]
    inner, outer = (evolve(batch, inputs={"x": batch.inputs["x"].double()}) for batch in found)
    return inner, outer


def sampled(engine: Search) -> dict[str, Sample]:
    return engine.supernet.logits.sample(engine.relaxation, 0.0, torch.Generator().manual_seed(5))


def exact(
    engine: Search,
    samples: Mapping[str, Sample],
    inner: Batch,
    outer: Batch,
    at: Mapping[str, Tensor],
    rate: float | Callable[[str], float] = 0.5,
) -> Gradients:
    """The gradient of the loss after one step of the weights, by differentiating through that step."""
    net = engine.supernet
    weights = {name: item for name, item in net.named_parameters() if not name.startswith("logits.")}

    def loss(values: Mapping[str, Tensor], batch: Batch) -> Tensor:
        torch.manual_seed(7)
        outputs = functional_call(net, dict(values), (batch.inputs, samples))
        return engine.task.loss(outputs, batch.targets)

    slopes = torch.autograd.grad(
        loss(weights, inner), [*weights.values()], create_graph=True, materialize_grads=True
    )
    moved = {
        name: value - (rate(name) if callable(rate) else rate) * slope
        for (name, value), slope in zip(weights.items(), slopes, strict=True)
    }
    found = torch.autograd.grad(loss(moved, outer), [*at.values()], materialize_grads=True)
    return {key: value.detach() for key, value in zip(at, found, strict=True)}


def unrolled(
    engine: Search,
    samples: Mapping[str, Sample],
    inner: Batch,
    outer: Batch,
    at: Mapping[str, Tensor],
    radius: float = 0.01,
) -> Gradients:
    """The same by the engine's finite differences."""
    torch.manual_seed(7)
    with HeldNetwork(engine.learner.weights, engine.learner.buffers) as held:
        made = engine.learner.unrolled(held, 0, StepCheck(1), samples, None)
        total = evolve(made, radius=radius)(samples, inner, outer)
    found = torch.autograd.grad(total, [*at.values()], materialize_grads=True)
    return dict(zip(at, found, strict=True))


def distance(found: Gradients, wanted: Gradients) -> float:
    """The norm of the difference, relative to what is wanted."""
    apart = torch.cat([(found[key] - wanted[key]).flatten() for key in wanted]).norm()
    return float(apart / torch.cat([item.flatten() for item in wanted.values()]).norm())


# -- the mathematics ------------------------------------------------------------------------------------


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_it_is_the_gradient_through_one_step_of_the_weights_and_its_error_falls_with_the_square(
    dropout: float,
) -> None:
    engine = in_double(search(layers(dropout)))
    inner, outer = batches_of(engine)
    logits = dict(engine.supernet.logits.values.items())
    wanted = exact(engine, sampled(engine), inner, outer, logits)
    errors = [
        distance(unrolled(engine, sampled(engine), inner, outer, logits, radius), wanted)
        for radius in (0.04, 0.02, 0.01)
    ]
    assert errors[-1] < 1e-4
    for coarse, fine in pairwise(errors):
        assert coarse / fine == pytest.approx(4, rel=0.05)


def test_the_second_term_is_a_large_part_of_what_is_compared() -> None:
    engine = in_double(search())
    inner, outer = batches_of(engine)
    logits = dict(engine.supernet.logits.values.items())
    wanted = exact(engine, sampled(engine), inner, outer, logits)
    assert distance(exact(engine, sampled(engine), inner, outer, logits, 0.0), wanted) > 0.1


def test_an_update_is_a_step_along_it() -> None:
    engine = in_double(search())
    inner, outer = batches_of(engine)
    logits = dict(engine.supernet.logits.values.items())
    before = {key: value.detach().clone() for key, value in logits.items()}
    wanted = exact(engine, sampled(engine), inner, outer, logits)
    engine.learner.update(Update("architecture", outer, inner), 0, torch.Generator().manual_seed(5))
    found = {key: before[key] - value.detach() for key, value in logits.items()}
    assert distance(found, wanted) < 1e-4


def test_a_scalar_problem_has_its_closed_form() -> None:
    space = SearchSpace("scalar", derivation="argmax")
    space.add_input("x", (1,))
    space.add_node("y", choice=Choice("kind", ("negative", "scaled"), "gamma"))
    space.connect("x", "y")
    space.set_output("y")
    rows = torch.linspace(-2, 2, 20)[:, None]
    made = TensorTask({"x": rows}, (rows > 0).long()[:, 0])
    made.loss = lambda outputs, targets: (outputs - targets[:, None]).square().sum() / 2  # type: ignore[method-assign]
    made.metrics = lambda outputs, targets: {made.objective: float(outputs.mean())}  # type: ignore[method-assign]
    rate = 0.3
    loop = Plain(weight_rate=rate, order=2)
    engine = in_double(search(space, task=made, data=made.data({}), loop=loop))
    a, b, c, d = 1.7, 0.4, -0.9, 1.1
    inner, outer = (
        Batch({"x": torch.tensor([[x]], dtype=torch.float64)}, torch.tensor([y], dtype=torch.float64))
        for x, y in ((a, b), (c, d))
    )
    (weight,), (logits,) = engine.supernet.weights(), engine.supernet.architecture_parameters()
    s, w = float(torch.softmax(logits.detach(), -1)[0, 1]), float(weight.detach())
    # the output for x is (s w - (1 - s)) x; L_weights is half the square of its distance from b
    mixed = s * w - (1 - s)
    moved = w - rate * (mixed * a - b) * s * a
    d_moved = -rate * a * ((w + 1) * a * s + mixed * a - b)
    d_output = c * (moved + s * d_moved + 1)
    slope = ((s * moved - (1 - s)) * c - d) * d_output * s * (1 - s)
    before = logits.detach().clone()
    loss = engine.learner.update(Update("architecture", outer, inner), 0, torch.Generator())
    assert (before - logits.detach())[0].tolist() == pytest.approx([-slope, slope], rel=1e-9)
    assert float(loss) == pytest.approx(((s * moved - (1 - s)) * c - d) ** 2 / 2)


@pytest.mark.parametrize("relaxation", [Softmax(), StraightThroughGumbelSoftmax(), GumbelRaoMonteCarlo()])
def test_with_a_vanishing_rate_it_is_the_first_order_step(relaxation: Relaxation) -> None:
    found = []
    for order in (1, 2):
        loop = Plain(weight_rate=1e-12)
        engine = in_double(search(relaxation=relaxation, loop=loop))
        inner, outer = batches_of(engine)
        update = Update("architecture", outer, inner if order == 2 else None)
        engine.learner.update(update, 0, torch.Generator().manual_seed(5))
        found.append({key: value.detach() for key, value in engine.supernet.logits.values.items()})
    assert distance(found[1], found[0]) < 1e-9


def test_the_virtual_step_has_the_rate_of_its_epoch() -> None:
    engine = in_double(search(options=SearchOptions(epochs=4, schedule="cosine", clip_norm=0.0)))
    inner, outer = batches_of(engine)
    logits = dict(engine.supernet.logits.values.items())
    before = {key: value.detach().clone() for key, value in logits.items()}
    rate = 0.5 * 0.5 * (1 - 2**-0.5)  # after three quarters
    wanted = exact(engine, sampled(engine), inner, outer, logits, rate)
    engine.learner.update(Update("architecture", outer, inner), 3, torch.Generator().manual_seed(5))
    assert distance({key: before[key] - value.detach() for key, value in logits.items()}, wanted) < 1e-4


@frozen
class TwoRates(Plain):
    """The head learns at a rate of its own."""

    def weights_optimiser(self, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.SGD(
            [{"params": parameters[:-2], "lr": 0.5}, {"params": parameters[-2:], "lr": 0.05}]
        )


def test_each_group_of_weights_steps_at_its_own_rate() -> None:
    engine = in_double(search(loop=TwoRates(order=2)))
    inner, outer = batches_of(engine)
    logits = dict(engine.supernet.logits.values.items())
    slow = [name for name, _ in engine.supernet.named_parameters() if not name.startswith("logits.")][-2:]
    assert all(name.startswith("nodes.head.") for name in slow)
    wanted = exact(engine, sampled(engine), inner, outer, logits, lambda name: 0.05 if name in slow else 0.5)
    assert distance(unrolled(engine, sampled(engine), inner, outer, logits), wanted) < 1e-4


# -- one-hot samples ------------------------------------------------------------------------------------


@pytest.mark.parametrize("unselected", ["evaluate", "skip"])
@pytest.mark.parametrize("seed", range(4))
def test_under_one_hot_samples_it_is_the_derivative_with_respect_to_the_weights_of_the_mixtures(
    seed: int, unselected: Any
) -> None:
    options = SearchOptions(epochs=2, batch_size=8, clip_norm=0.0, unselected=unselected)
    engine = in_double(search(options=options))
    inner, outer = batches_of(engine)
    hot = engine.supernet.logits.one_hot(engine.space.sample(seed))
    leaves = {key: item.weights.double().clone().requires_grad_() for key, item in hot.items()}
    mixed = {key: Sample(leaf, one_hot=False) for key, leaf in leaves.items()}
    wanted = exact(engine, mixed, inner, outer, leaves)
    sparse = {key: Sample(leaf, one_hot=True) for key, leaf in leaves.items()}
    found = unrolled(engine, sparse, inner, outer, leaves)
    if unselected == "skip":  # the others learn nothing
        wanted = {key: value * hot[key].weights for key, value in wanted.items()}
        assert all(not (value * (1 - hot[key].weights)).any() for key, value in found.items())
    assert distance(found, wanted) < 1e-4


@pytest.mark.parametrize("relaxation", [StraightThroughGumbelSoftmax(), GumbelRaoMonteCarlo(samples=5)])
def test_the_estimator_of_a_straight_through_relaxation_takes_it_to_the_logits(
    relaxation: Relaxation,
) -> None:
    engine = in_double(search(relaxation=relaxation))
    inner, outer = batches_of(engine)
    drawn = sampled(engine)
    leaves = {key: item.weights.detach().requires_grad_() for key, item in drawn.items()}
    mixed = {key: Sample(leaf, one_hot=False) for key, leaf in leaves.items()}
    slopes = exact(engine, mixed, inner, outer, leaves)
    logits = dict(engine.supernet.logits.values.items())
    outputs = [item.weights for item in drawn.values()]
    through = torch.autograd.grad(outputs, [*logits.values()], [slopes[key] for key in drawn])
    before = {key: value.detach().clone() for key, value in logits.items()}
    engine.learner.update(Update("architecture", outer, inner), 0, torch.Generator().manual_seed(5))
    found = {key: before[key] - value.detach() for key, value in logits.items()}
    assert distance(found, dict(zip(logits, through, strict=True))) < 1e-4


# -- what stays as it is --------------------------------------------------------------------------------


@pytest.mark.parametrize("relaxation", [Softmax(), StraightThroughGumbelSoftmax(), GumbelRaoMonteCarlo()])
def test_weights_buffers_and_the_optimiser_of_the_weights_keep_their_bits(relaxation: Relaxation) -> None:
    engine = search(layers(0.3, "normed"), relaxation=relaxation)
    engine.supernet.train()
    splits = engine.data.splits
    inner, outer = (split.batch(torch.arange(8)) for split in (splits.weights, splits.architecture))
    noise = torch.Generator().manual_seed(0)
    engine.learner.update(Update("weights", inner), 0, noise)
    states = engine.learner.weights_optimiser.state_dict()
    kept = {key: {k: v.clone() for k, v in state.items()} for key, state in states["state"].items()}
    before = {name: value.clone() for name, value in engine.supernet.state_dict().items()}
    for _ in range(3):
        engine.learner.update(Update("architecture", outer, inner), 1, noise)
    after = engine.supernet.state_dict()
    changed = {name for name, value in after.items() if not torch.equal(value, before[name])}
    assert changed
    assert all(name.startswith("logits.") for name in changed)
    assert any(name.endswith("running_mean") for name in after)
    assert any(name.endswith("seen") for name in after)
    now = engine.learner.weights_optimiser.state_dict()
    assert now["param_groups"] == states["param_groups"]
    assert kept
    for key, state in kept.items():
        assert all(torch.equal(value, now["state"][key][name]) for name, value in state.items())
    assert all(parameter.requires_grad for parameter in engine.supernet.parameters())


class Fixed(Scaled):
    """Its weight does not learn."""

    def __init__(self, shapes: Sequence[tuple[int, ...]]) -> None:
        super().__init__(shapes)
        self.bias = nn.Parameter(torch.zeros(()))
        self.weight.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + self.bias


@pytest.mark.parametrize("order", [1, 2])
def test_a_weight_that_does_not_learn_goes_on_so_after_an_update_of_the_architecture(
    plugins: PluginManager, order: Any
) -> None:
    class More:
        @hookimpl
        def register_operations(self) -> dict[str, type[Operation]]:
            return {"partly fixed": Fixed}

    plugins.register(More(), "more")
    engine = search(layers(kind="partly fixed"), loop=Bilevel(order=order))
    engine.fit()
    fixed = [
        item for name, item in engine.supernet.named_parameters() if name.endswith("partly fixed.weight")
    ]
    fixed += [item for item in engine.supernet.parameters() if not item.requires_grad]
    assert len({id(item) for item in fixed}) == 2
    assert all(not item.requires_grad and float(item) == pytest.approx(0.8) for item in fixed)


# -- whole searches -------------------------------------------------------------------------------------


@pytest.mark.parametrize("unselected", ["evaluate", "skip"])
@pytest.mark.parametrize("relaxation", [Softmax(), StraightThroughGumbelSoftmax(), GumbelRaoMonteCarlo()])
def test_a_whole_search_of_second_order_is_another_than_one_of_first(
    relaxation: Relaxation, unselected: Any
) -> None:
    options = SearchOptions(epochs=3, min_epochs=0, batch_size=8, unselected=unselected, size_penalty=0.1)
    found = []
    for order in (1, 2):
        loop = Bilevel(order=order, architecture_rate=1e-2)
        engine = search(layers(0.3, "normed"), relaxation=relaxation, loop=loop, options=options)
        engine.fit()
        found.append(engine)
    assert without_time(found[0].history) != without_time(found[1].history)
    for engine in found:
        assert engine.history[-1]["loss"].keys() == {"weights", "architecture"}


class Killed(BaseException):
    """Stands for the end of the process."""


def test_a_killed_search_resumes_to_the_same_bits(plugins: PluginManager, tmp_path: Path) -> None:
    class Killer:
        armed = True

        @hookimpl
        def search_step(self, run: Any, step: int) -> None:
            if self.armed and run is not None and run.metrics and run.metrics[-1]["epoch"] == 2 and step == 3:
                raise Killed

    killer = Killer()
    plugins.register(killer, "killer")
    options: dict[str, Any] = {
        "space": layers(0.3, "normed"),
        "relaxation": GumbelRaoMonteCarlo(samples=5),
        "loop": Bilevel(order=2, architecture_rate=1e-2),
        "options": SearchOptions(epochs=4, min_epochs=0, batch_size=8),
    }
    whole = search(**options)
    whole.fit()
    run = Run.create(tmp_path / "run", "")
    with pytest.raises(Killed):
        search(run=run, **options).fit()
    killer.armed = False
    resumed = search(run=run, **options)
    resumed.fit()
    assert without_time(run.metrics) == without_time(resumed.history) == without_time(whole.history)
    for name, value in whole.supernet.state_dict().items():
        assert torch.equal(value, resumed.supernet.state_dict()[name]), name


def test_both_ways_to_check_that_numbers_are_finite_give_the_same_bits() -> None:
    engines = [search(layers(0.3, "normed"), check_every=every) for every in (1, 50)]
    for engine in engines:
        engine.fit()
    assert without_time(engines[0].history) == without_time(engines[1].history)
    first, second = (engine.supernet.state_dict() for engine in engines)
    assert all(torch.equal(value, second[name]) for name, value in first.items())


def test_an_update_evaluates_four_losses_and_one_of_first_order_one(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = search()
    engine.supernet.train()
    splits = engine.data.splits
    inner, outer = (split.batch(torch.arange(8)) for split in (splits.weights, splits.architecture))
    passes: list[int] = []
    engine.supernet.register_forward_hook(lambda *_: passes.append(1))
    counts = []
    for second in (None, inner):
        passes.clear()
        engine.learner.update(Update("architecture", outer, second), 0, torch.Generator())
        counts.append(len(passes))
    assert counts == [1, 4]


def test_a_space_without_weights_has_no_virtual_step_and_searches_as_with_first_order() -> None:
    def space() -> SearchSpace:
        made = SearchSpace("no weights", derivation="argmax")
        made.add_input("x", (4,))
        made.add_node("y", choice=Choice("kind", ("negative", "identity"), "gamma"))
        made.connect("x", "y")
        made.set_output("y")
        return made

    rows = torch.randn(80, 4, generator=torch.Generator().manual_seed(0))
    made = TensorTask({"x": rows}, rows.argmax(1))
    found = []
    for inner in (False, True):
        engine = search(space(), task=made, data=made.data({}))
        splits = engine.data.splits
        first, second = (split.batch(torch.arange(8)) for split in (splits.weights, splits.architecture))
        for _ in range(5):
            engine.learner.update(
                Update("architecture", second, first if inner else None), 0, torch.Generator()
            )
        found.append(engine.supernet.architecture_parameters()[0])
    assert torch.equal(*found)
    search(space(), task=made, data=made.data({})).fit()


# -- numbers that are not finite ------------------------------------------------------------------------


class Fragile(Operation):
    """Finite as long as its weight lies below 1.5, and no number above."""

    def __init__(self, shapes: Sequence[tuple[int, ...]]) -> None:
        super().__init__(shapes)
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight + 0 * (1.5 - self.weight).sqrt()


class Steep(Scaled):
    """Finite for all inputs; its gradient at zero is not."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).abs().sqrt()


@frozen
class Ahead(Plain):
    """Updates the architecture first."""

    def updates(self, weights: Any, architecture: Any, draw: Any, size: int) -> Iterator[Update]:
        for inner, outer in zip(draw(weights), draw(architecture), strict=False):
            yield Update("architecture", outer, inner)
            yield Update("weights", inner)


def fragile(plugins: PluginManager, kind: str, rate: float, every: int, spoil: bool = False) -> Search:
    class More:
        @hookimpl
        def register_operations(self) -> dict[str, type[Operation]]:
            return {"brittle": Fragile, "steep": Steep}

    plugins.register(More(), "more")
    space = SearchSpace("one", derivation="argmax")
    space.add_input("x", (2,))
    space.add_node("y", choice=Choice("kind", (kind, "negative"), "gamma"))
    space.connect("x", "y")
    space.set_output("y")
    rows = torch.rand(40, 2, generator=torch.Generator().manual_seed(0)) + 0.1
    made = TensorTask({"x": rows}, (rows[:, 0] < rows[:, 1]).long())
    data = made.data({})
    if spoil:
        data.splits.weights.inputs["x"].zero_()  # type: ignore[attr-defined]
    return search(space, task=made, data=data, loop=Ahead(weight_rate=rate), check_every=every)


def message(engine: Search) -> str:
    before = {name: value.clone() for name, value in engine.supernet.state_dict().items()}
    with pytest.raises(RunError) as caught:
        engine.fit()
    assert all(torch.equal(value, before[name]) for name, value in engine.supernet.state_dict().items())
    return str(caught.value)


@pytest.mark.parametrize("every", [1, 50])
def test_a_loss_that_is_not_finite_after_the_virtual_step_is_told_with_its_operation(
    plugins: PluginManager, every: int
) -> None:
    engine = fragile(plugins, "brittle", 1e3, every)
    found = message(engine)
    assert "the loss of epoch 1 of the search is not finite (nan) in step 1" in found
    assert "an update of the logits, after the virtual step of the weights" in found
    assert "made by operation 'brittle' of plugin 'more'" in found
    names = {*engine.data.splits.architecture.identifiers}
    (line,) = (line for line in found.splitlines() if line.startswith("  Its examples: "))
    assert {*line.removeprefix("  Its examples: ").rstrip(".").split(", ")} <= names


@pytest.mark.parametrize("every", [1, 50])
def test_a_gradient_that_is_not_finite_in_the_virtual_step_is_told_with_its_examples(
    plugins: PluginManager, every: int
) -> None:
    engine = fragile(plugins, "steep", 0.1, every, spoil=True)
    found = message(engine)
    assert "a gradient of epoch 1 of the search is not finite, though its loss is" in found
    assert "an update of the logits, in the virtual step of the weights" in found
    assert "appeared in the gradient of operation 'steep' of plugin 'more'" in found
    (line,) = (line for line in found.splitlines() if line.startswith("  Its examples: "))
    names = {*engine.data.splits.weights.identifiers}
    assert {*line.removeprefix("  Its examples: ").rstrip(".").split(", ")} <= names


# -- loops of others ------------------------------------------------------------------------------------


@frozen
class Sometimes(AdamLoop):
    """Of second order in every other update of the architecture."""

    def updates(self, weights: Any, architecture: Any, draw: Any, size: int) -> Iterator[Update]:
        for step, (inner, outer) in enumerate(zip(draw(weights), draw(architecture), strict=False)):
            yield Update("architecture", outer, inner=inner if step % 2 else None)
            yield Update("weights", inner)


def test_a_loop_of_a_plugin_may_be_of_second_order_in_some_updates() -> None:
    engine = search(loop=Sometimes())
    engine.fit()
    assert engine.history[-1]["loss"].keys() == {"weights", "architecture"}
