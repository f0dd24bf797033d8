"""The supernet: exact, evaluated only as far as needed, and the same function on every path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from nasframe import Architecture, Sample, Supernet, build
from nasframe.errors import ArchitectureError, SpaceError
from nasframe.network import inherit, make_block
from nasframe.operations import Operation, OpSpec
from nasframe.relaxations import (
    Dirichlet,
    GappedStraightThrough,
    GumbelRaoMonteCarlo,
    ReinMax,
    Relaxation,
    Softmax,
    Sparsemax,
    StraightThroughGumbelSoftmax,
)
from nasframe.searching import derive
from nasframe.space import Choice, SearchSpace
from nasframe_bimodal.space import Bimodal

SHAPES = {"a": (4, 3), "b": (4, 5), "c": (4, 2)}
ONE_HOT = [
    StraightThroughGumbelSoftmax(),
    GumbelRaoMonteCarlo(samples=5),
    ReinMax(),
    GappedStraightThrough(),
]
# sparsemax so warm that every candidate has a weight: those without get no gradient
RELAXATIONS = [Softmax(), *ONE_HOT, Dirichlet(), Sparsemax(temperature=20.0)]


def supernet(ports: str = "shared", **options: Any) -> Supernet:
    """A small supernet in float64 with logits that differ."""
    unselected = options.pop("unselected", "evaluate")
    space = Bimodal(channels=6, ports=ports, dropout=0.0, **options).build(SHAPES, 2)  # type: ignore[arg-type]
    net = Supernet(space, unselected=unselected).double()
    for logits in net.architecture_parameters():
        torch.nn.init.normal_(logits)
    return net


def features(batch: int = 3) -> dict[str, Tensor]:
    return {name: torch.randn(batch, *shape, dtype=torch.float64) for name, shape in SHAPES.items()}


def selected_names(net: Supernet, samples: Mapping[str, Sample]) -> set[str]:
    """Names of the parameters of every block that a one-hot sample can use, by walking the derived graph."""
    columns = {
        row: table.candidates[int(samples[table.key].weights[index].argmax())]
        for table in net.logits.tables
        for index, row in enumerate(table.rows)
    }
    return {
        f"nodes.{name}.{columns[node.choice.name]}." for name, node in net.wiring.nodes.items() if node.choice
    }


@pytest.mark.parametrize("ports", ["distinct", "choose", "paired"])
def test_under_one_hot_weights_the_supernet_equals_the_built_network(ports: str) -> None:
    net, inputs = supernet(ports, cells=2, nodes=3).eval(), features()
    for seed in range(10):
        architecture = Architecture(net.space, net.space.sample(seed))
        network = build(architecture).double().eval()
        assert inherit(network, net.state_dict()) == []
        difference = net(inputs, net.logits.one_hot(architecture.assignment)) - network(inputs)
        assert difference.abs().max() < 1e-10


def test_the_derived_architecture_is_exact_where_ports_choose() -> None:
    net, inputs = supernet("choose").eval(), features()
    probabilities = net.logits.by_choice(net.logits.probabilities(Softmax()))
    architecture = derive(net.space, probabilities)
    network = build(architecture).double().eval()
    inherit(network, net.state_dict())
    difference = net(inputs, net.logits.one_hot(architecture.assignment)) - network(inputs)
    assert difference.abs().max() < 1e-10


def test_shared_ports_that_are_split_are_not_exact_by_construction() -> None:
    net, inputs = supernet("shared").eval(), features()
    architecture = Architecture(net.space, net.space.sample(0))
    network = build(architecture).double().eval()
    inherit(network, net.state_dict())
    assert not torch.allclose(net(inputs, net.logits.one_hot(architecture.assignment)), network(inputs))


def test_shared_ports_that_are_summed_are_exact() -> None:
    net, inputs = supernet("shared", derive="sum").eval(), features()
    for seed in range(5):
        architecture = Architecture(net.space, net.space.sample(seed))
        network = build(architecture).double().eval()
        inherit(network, net.state_dict())
        difference = net(inputs, net.logits.one_hot(architecture.assignment)) - network(inputs)
        assert difference.abs().max() < 1e-10


@pytest.mark.parametrize("ports", ["shared", "distinct", "choose", "paired"])
def test_all_three_paths_compute_the_same_function(ports: str) -> None:
    net, inputs = supernet(ports), features()
    one_hot = net.logits.one_hot(net.space.sample(4))
    sparse = net(inputs, one_hot)
    with_gradient = {
        key: Sample(item.weights.clone().requires_grad_(), True) for key, item in one_hot.items()
    }
    dense = {key: Sample(item.weights, False) for key, item in one_hot.items()}
    torch.testing.assert_close(net(inputs, with_gradient), sparse, rtol=0, atol=1e-12)
    torch.testing.assert_close(net(inputs, dense), sparse, rtol=0, atol=1e-12)


@pytest.mark.parametrize("ports", ["shared", "distinct", "choose", "paired"])
def test_the_one_hot_path_gives_the_weights_the_gradient_of_the_dense_path(ports: str) -> None:
    net, inputs = supernet(ports), features()
    one_hot = net.logits.one_hot(net.space.sample(4))
    gradients = []
    for flag in (True, False):
        leaves = {key: item.weights.clone().requires_grad_() for key, item in one_hot.items()}
        net(inputs, {key: Sample(leaf, flag) for key, leaf in leaves.items()}).square().sum().backward()
        gradients.append({key: leaf.grad for key, leaf in leaves.items()})
    for key, gradient in gradients[0].items():
        torch.testing.assert_close(gradient, gradients[1][key], rtol=1e-9, atol=1e-12)


def test_the_dense_gradient_agrees_with_finite_differences() -> None:
    net, inputs = supernet("choose", cells=1, nodes=1), features(2)
    keys = [table.key for table in net.logits.tables]

    def loss(*weights: Tensor) -> Tensor:
        return net(inputs, {key: Sample(item, False) for key, item in zip(keys, weights, strict=True)}).sum()

    start = [net.logits.probabilities(Softmax())[key].weights.detach().requires_grad_() for key in keys]
    assert torch.autograd.gradcheck(loss, start)


@pytest.mark.parametrize("relaxation", ONE_HOT, ids=lambda item: type(item).__name__)
@pytest.mark.parametrize("with_logits", [False, True], ids=["weight step", "joint step"])
def test_an_unselected_operation_has_no_gradient(relaxation: Relaxation, with_logits: bool) -> None:
    net, inputs = supernet("choose", nodes=3), features()
    with torch.set_grad_enabled(with_logits):
        samples = net.logits.sample(relaxation, generator=torch.Generator().manual_seed(3))
    net(inputs, samples).sum().backward()
    selected = selected_names(net, samples)
    choosing = {f"nodes.{name}." for name, node in net.wiring.nodes.items() if node.choice}
    seen = 0
    for name, parameter in net.named_parameters():
        if any(name.startswith(prefix) for prefix in choosing) and not any(map(name.startswith, selected)):
            assert parameter.grad is None, name
            seen += 1
    assert seen


@pytest.mark.parametrize("relaxation", ONE_HOT, ids=lambda item: type(item).__name__)
def test_sampled_logits_get_the_gradient_of_the_dense_path_and_with_skip_the_selected_part_of_it(
    relaxation: Relaxation,
) -> None:
    net, inputs = supernet("choose", nodes=3), features()

    def drawn() -> dict[str, Sample]:
        return net.logits.sample(relaxation, generator=torch.Generator().manual_seed(5))

    def gradients(unselected: Any, one_hot: bool) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Gradients of the logits, and of the weights."""
        net.unselected = unselected
        net.zero_grad()
        samples = drawn()
        assert all(sample.one_hot for sample in samples.values())
        for sample in samples.values():
            sample.weights.retain_grad()
        net(inputs, {key: Sample(item.weights, one_hot) for key, item in samples.items()}).sum().backward()
        return (
            {key: value.grad for key, value in net.logits.values.items()},  # type: ignore[misc]
            {key: item.weights.grad for key, item in samples.items()},  # type: ignore[misc]
        )

    dense, of_weights = gradients("evaluate", one_hot=False)
    evaluated, _ = gradients("evaluate", one_hot=True)
    skipped, _ = gradients("skip", one_hot=True)
    for key, value in net.logits.values.items():
        torch.testing.assert_close(evaluated[key], dense[key], rtol=1e-9, atol=1e-12)
        weights = drawn()[key].weights
        (part,) = torch.autograd.grad(weights, value, of_weights[key] * weights.detach())
        torch.testing.assert_close(skipped[key], part, rtol=1e-9, atol=1e-12)


def test_a_projection_that_no_sampled_edge_uses_has_no_gradient() -> None:
    net, inputs = supernet("choose", cells=1), features()
    samples = net.logits.one_hot({"cell1.x": "a", "cell1.y": "a"})
    net(inputs, samples).sum().backward()
    grads = {name: net.nodes[name]["fixed"].operation.linear.weight.grad for name in SHAPES}  # type: ignore[union-attr,index]
    assert grads["a"] is not None
    assert grads["b"] is None
    assert grads["c"] is None


def test_skipping_the_unselected_gives_their_weights_no_gradient() -> None:
    net, inputs = supernet("choose", unselected="skip"), features()
    one_hot = net.logits.one_hot(net.space.sample(4))
    leaves = {key: item.weights.clone().requires_grad_() for key, item in one_hot.items()}
    net(inputs, {key: Sample(leaf, True) for key, leaf in leaves.items()}).sum().backward()
    gradient, weights = leaves["gamma"].grad, one_hot["gamma"].weights
    assert gradient is not None
    assert (gradient[weights == 0] == 0).all()
    assert (gradient[weights == 1] != 0).any()


class Counting(Softmax):
    """A relaxation that counts its calls."""

    calls = 0

    def sample(self, *arguments: Any, **named: Any) -> Sample:
        type(self).calls += 1
        return super().sample(*arguments, **named)


def test_a_relaxation_is_called_once_for_each_packed_parameter() -> None:
    net = supernet("choose", cells=3, nodes=3)
    Counting.calls = 0
    net(features(), net.logits.sample(Counting()))
    assert Counting.calls == len(net.logits.tables) == len(net.architecture_parameters())


def test_the_supernet_never_samples() -> None:
    net, inputs = supernet(), features()
    samples = net.logits.probabilities(Softmax())
    state = torch.get_rng_state()
    torch.testing.assert_close(net(inputs, samples), net(inputs, samples), rtol=0, atol=0)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("relaxation", RELAXATIONS, ids=lambda item: type(item).__name__)
def test_every_logit_gets_a_gradient(relaxation: Relaxation) -> None:
    net, inputs = supernet("shared"), features()
    total = {key: torch.zeros_like(value) for key, value in net.logits.values.items()}
    for seed in range(30):
        net.zero_grad()
        samples = net.logits.sample(relaxation, generator=torch.Generator().manual_seed(seed))
        net(inputs, samples).square().sum().backward()
        for key, value in net.logits.values.items():
            total[key] += value.grad.abs()  # type: ignore[union-attr]
    assert all((value > 0).all() for value in total.values())


def test_logits_are_in_the_state_dict_and_load_by_name_wherever_they_stand() -> None:
    first = supernet("choose", nodes=2)
    assert {f"logits.values.{table.key}" for table in first.logits.tables} <= set(first.state_dict())
    backwards = dict(reversed(SHAPES.items()))
    second = Supernet(Bimodal(channels=6, ports="choose", nodes=2).build(backwards, 2)).double()
    second.logits.load_by_name(dict(first.logits.values.items()), first.logits.rows())
    assert second.logits.by_choice(second.logits.probabilities(Softmax())) == {
        name: pytest.approx(row)
        for name, row in first.logits.by_choice(first.logits.probabilities(Softmax())).items()
    }


def test_entropies_are_one_when_undecided_and_zero_when_decided() -> None:
    net = supernet("choose")
    uniform = {
        t.key: Sample(torch.full_like(net.logits.values[t.key], 1 / len(t.candidates)), False)
        for t in net.logits.tables
    }
    assert net.logits.entropies(uniform) == pytest.approx({"alpha": 1.0, "beta": 1.0, "gamma": 1.0})
    assert net.logits.entropies(net.logits.one_hot({})) == {"alpha": 0.0, "beta": 0.0, "gamma": 0.0}


def test_a_missing_input_is_named() -> None:
    net = supernet()
    with pytest.raises(ArchitectureError, match="input 'c' is missing; given: a, b"):
        net(
            {name: value for name, value in features().items() if name != "c"},
            net.logits.probabilities(Softmax()),
        )


def test_weights_of_a_wrong_shape_are_refused() -> None:
    net = supernet()
    samples = net.logits.probabilities(Softmax()) | {"gamma": Sample(torch.ones(1, 5), False)}
    with pytest.raises(SpaceError, match=r"weights 'gamma' must be \(4, 5\), found \(1, 5\)"):
        net(features(), samples)


class Twice(Operation):
    """2x."""

    def forward(self, x: Tensor) -> Tensor:
        return 2 * x


class Scale(Operation):
    """A learnt factor."""

    def __init__(self, shapes: object) -> None:
        super().__init__([])
        self.factor = torch.nn.Parameter(torch.tensor(3.0))

    def forward(self, x: Tensor) -> Tensor:
        return self.factor * x


class Mean(Operation):
    """The mean of any number of inputs."""

    arity = None

    def forward(self, *inputs: Tensor) -> Tensor:
        return torch.stack(inputs).mean(0)


class Nothing(Operation):
    """Zeros under another name."""

    removes = True

    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros_like(x)


class AsItIs(Operation):
    """The identity under another name."""

    passes = True

    def forward(self, x: Tensor) -> Tensor:
        return x


class Extra:
    """A plugin with more operations."""

    from nasframe.plugins import hookimpl

    @hookimpl
    def register_operations(self) -> dict[str, Any]:
        return {"twice": Twice, "scale": Scale, "mean": Mean, "nothing": Nothing, "as_it_is": AsItIs}


@pytest.fixture
def extra(plugins: Any) -> None:
    plugins.register(Extra(), "extra")


def two_targets(edge: Choice | None) -> SearchSpace:
    """One source, two targets, each behind an edge of its own with parameters."""
    space = SearchSpace("edges")
    space.add_input("in", (1, 2))
    space.add_node("out", "concat")
    for name in ("a", "b"):
        space.add_node(name, "identity")
        choice = None if edge is None else Choice(f"e_{name}", edge.candidates, edge.group)
        space.connect("in", name, choice=choice, operation="scale" if edge is None else None)
        space.connect(name, "out", port=name)
    space.set_output("out")
    return space


@pytest.mark.usefixtures("extra")
@pytest.mark.parametrize("candidates", [None, ("zero", "scale"), ("zero", "identity", "scale", "twice")])
def test_edges_with_parameters_from_one_source_are_each_their_own(candidates: tuple[str, ...] | None) -> None:
    space = two_targets(None if candidates is None else Choice("e", candidates, "alpha"))
    net, inputs = Supernet(space).double().eval(), {"in": torch.ones(1, 1, 2, dtype=torch.float64)}
    for index, parameter in enumerate(net.weights(), start=3):
        torch.nn.init.constant_(parameter, index)
    for assignment in space.enumerate():
        network = build(Architecture(space, assignment)).double()
        inherit(network, net.state_dict())
        one_hot = net.logits.one_hot(assignment)
        torch.testing.assert_close(net(inputs, one_hot), network(inputs))
        soft = {key: Sample(item.weights, False) for key, item in one_hot.items()}
        torch.testing.assert_close(net(inputs, soft), network(inputs))
    net(inputs, net.logits.probabilities(Softmax())).sum().backward()
    assert all(parameter.grad is not None and (parameter.grad != 0).all() for parameter in net.parameters())


@pytest.mark.usefixtures("extra")
def test_edges_may_choose_among_operations_with_parameters() -> None:
    space = SearchSpace("edges")
    space.add_input("in", (2,))
    space.add_node("out", "identity")
    space.connect("in", "out", choice=Choice("e", ("zero", "twice", "scale"), "alpha"))
    space.set_output("out")
    net, inputs = Supernet(space).eval(), {"in": torch.ones(1, 2)}
    for candidate, factor in (("twice", 2.0), ("scale", 3.0)):
        architecture = Architecture(space, {"e": candidate})
        network = build(architecture)
        inherit(network, net.state_dict())
        assert (network(inputs) == factor).all()
        assert (net(inputs, net.logits.one_hot(architecture.assignment)) == factor).all()
    probabilities = {"alpha": Sample(torch.tensor([[0.2, 0.5, 0.3]]), False)}
    torch.testing.assert_close(net(inputs, probabilities), torch.full((1, 2), 0.5 * 2 + 0.3 * 3))


@pytest.mark.usefixtures("extra")
def test_the_expected_size_counts_edges_with_parameters() -> None:
    from nasframe.supernet import expected_parameters

    net = Supernet(two_targets(Choice("e", ("zero", "scale"), "alpha")))
    probabilities = {"alpha": Sample(torch.tensor([[0.75, 0.25], [0.5, 0.5]]), False)}
    assert float(expected_parameters(net, probabilities)) == pytest.approx(0.25 + 0.5)


@pytest.mark.parametrize("operation", ["concat", "mean"])
def test_a_removed_input_of_a_variadic_operation_is_zeros(operation: str, plugins: Any) -> None:
    plugins.register(Extra(), "extra")
    space = SearchSpace("variadic")
    space.add_input("in", (3, 2))
    space.add_node("out", operation)
    for name in ("a", "b"):
        space.add_node(name, choice=Choice(name, ("zero", "identity"), "gamma"), ports=("x",))
        space.connect("in", name)
        space.connect(name, "out", port=name)
    space.set_output("out")
    net, inputs = Supernet(space).double().eval(), {"in": torch.randn(2, 3, 2, dtype=torch.float64)}
    for assignment in space.enumerate():
        network = build(Architecture(space, assignment)).double()
        torch.testing.assert_close(network(inputs), net(inputs, net.logits.one_hot(assignment)))


@pytest.mark.usefixtures("extra")
def test_zero_and_identity_are_known_by_what_they_declare_not_by_their_names() -> None:
    from nasframe.searching import derive as derived

    space = SearchSpace("names")
    space.add_input("in", (2,))
    space.add_node("out", "identity")
    space.connect("in", "out", choice=Choice("e", ("nothing", "as_it_is"), "alpha"))
    space.set_output("out")
    assert space.validate({}) == {"e": "nothing"}
    space.derivation = "top_k_per_port:1"
    assert derived(space, {"e": {"nothing": 0.9, "as_it_is": 0.1}}).assignment == {"e": "as_it_is"}
    net = Supernet(space)
    ones = {"in": torch.ones(1, 2)}
    assert (net(ones, net.logits.one_hot({"e": "as_it_is"})) == 1).all()
    assert (net(ones, net.logits.one_hot({"e": "nothing"})) == 0).all()


def test_in_the_joint_step_too_an_unused_projection_has_no_gradient() -> None:
    net, inputs = supernet("choose", cells=1), features()
    choices = {"cell1.x": "a", "cell1.y": "b", "cell1/N1.x": "x", "cell1/N1.y": "x", "cell1/N2": "zero"}
    one_hot = net.logits.one_hot({"cell1/N1": "sum", **choices})
    leaves = {key: Sample(item.weights.clone().requires_grad_(), True) for key, item in one_hot.items()}
    net(inputs, leaves).square().sum().backward()
    grads = {name: net.nodes[name]["fixed"].operation.linear.weight.grad for name in SHAPES}  # type: ignore[union-attr,index]
    assert grads["a"] is not None
    assert grads["b"] is None
    assert grads["c"] is None


def test_an_unselected_batch_norm_keeps_its_running_values() -> None:
    net, inputs = supernet("choose", cells=1, nodes=1, norm="batch_norm").train(), features()
    one_hot = net.logits.one_hot({"cell1/N1": "sum"})
    before = {name: value.clone() for name, value in net.named_buffers()}
    net(inputs, {key: Sample(item.weights.clone().requires_grad_(), True) for key, item in one_hot.items()})
    moved = {name for name, value in net.named_buffers() if not torch.equal(value, before[name])}
    assert moved
    assert all(".sum." in name for name in moved)


def test_an_unselected_candidate_counts_with_the_mean_of_the_noise_that_is_added_to_it() -> None:
    net = supernet("choose", cells=1, nodes=1).train()
    noisy = Bimodal(channels=6, ports="choose", dropout=0.5, cells=1, nodes=1).build(SHAPES, 2)
    dropping = Supernet(noisy).double().train()
    dropping.load_state_dict(net.state_dict())
    inputs, one_hot = features(), net.logits.one_hot({"cell1/N1": "zero"})  # nothing that counts is dropped

    def gradients(module: Supernet) -> dict[str, Tensor]:
        leaves = {key: item.weights.clone().requires_grad_() for key, item in one_hot.items()}
        output = module(inputs, {key: Sample(leaf, True) for key, leaf in leaves.items()})
        found = torch.autograd.grad(output.square().sum(), [*leaves.values()], allow_unused=True)
        return {key: one for key, one in zip(leaves, found, strict=True) if one is not None}

    torch.testing.assert_close(gradients(dropping), gradients(net), rtol=0, atol=0)


def test_a_draw_of_the_noise_has_that_mean() -> None:
    block = make_block(OpSpec("sum"), [OpSpec("layer_norm"), OpSpec("dropout")], [(3, 4)] * 2).train()
    x, y = torch.randn(2, 3, 4), torch.randn(2, 3, 4)
    drawn = torch.stack([block(x, y) for _ in range(4000)])
    standard_error = drawn.std(0) / 4000**0.5
    assert ((drawn.mean(0) - block.mean(x, y)).abs() <= 5 * standard_error + 1e-6).all()


def test_a_candidate_that_is_noise_alone_has_its_input_as_mean() -> None:
    x = torch.randn(2, 3, 4)
    assert torch.equal(make_block(OpSpec("dropout"), [], [(3, 4)]).train().mean(x), x)
    then = [OpSpec("layer_norm")]
    assert not torch.equal(make_block(OpSpec("dropout"), then, [(3, 4)]).train().mean(x), x)


def test_noise_that_another_operation_follows_is_drawn() -> None:
    block = make_block(OpSpec("sum"), [OpSpec("dropout", {"rate": 0.9}), OpSpec("layer_norm")], [(3, 4)] * 2)
    x = torch.randn(2, 3, 4)
    assert not torch.equal(block.train().mean(x, x), block.eval()(x, x))


def test_names_that_torch_refuses_for_modules_are_accepted() -> None:
    space = Bimodal(channels=4, cells=1, nodes=1).build({"values": (3, 2), "type": (3, 2)}, 1)
    net, inputs = Supernet(space), {name: torch.randn(2, 3, 2) for name in ("values", "type")}
    network = build(Architecture(space, space.sample(0)))
    assert inherit(network, net.state_dict()) == []
    assert network(inputs).shape == net(inputs, net.logits.probabilities(Softmax())).shape == (2, 1)


def test_a_long_chain_needs_no_recursion() -> None:
    space = SearchSpace("chain")
    last = space.add_input("in", (2,))
    for index in range(1500):
        name = space.add_node(f"n{index}", "identity")
        space.connect(last, name)
        last = name
    space.set_output(last)
    assert (Supernet(space)({"in": torch.ones(1, 2)}, {}) == 1).all()


def test_its_repr_is_a_line_and_that_of_its_modules_is_torch_s() -> None:
    net = supernet()
    weights = sum(value.numel() for value in net.weights())
    logits = sum(value.numel() for value in net.architecture_parameters())
    choices = len(net.space.choices)
    assert (
        repr(net) == f"<Supernet of bimodal: {choices} choices, {weights:,} parameters and {logits} logits>"
    )
    assert repr(net.nodes).startswith("ModuleDict(\n")
