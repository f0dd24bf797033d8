"""The suite of search spaces: counting, sampling, deriving, building, searching, drawing."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from typing import Any

import pytest
import torch
from attrs import define, field
from torch import Tensor

from nasframe.module_names import module_key
from nasframe.network import build, inherit
from nasframe.operations import Shape
from nasframe.plugins import manager
from nasframe.relaxations import (
    GumbelRaoMonteCarlo,
    Relaxation,
    Sample,
    Softmax,
    StraightThroughGumbelSoftmax,
)
from nasframe.render import draw, tied_cells
from nasframe.runtime import forked_seed, generator
from nasframe.searching import Bilevel, Search, SearchOptions, Update, derive
from nasframe.space import Architecture, Choice, SearchSpace, SpaceFactory
from nasframe.supernet import Supernet
from nasframe.tasks import TensorTask
from nasframe.testing.registration import registered
from nasframe.testing.suite import PluginSuite, on_a_gpu, seeded

__all__ = ["SearchSpaceSuite"]

Probabilities = dict[str, dict[str, float]]


@define
class Counting(Relaxation):
    """Softmax that records the shape of the logits at every call."""

    shapes: list[tuple[int, ...]] = field(factory=list)

    def sample(
        self, logits: Tensor, progress: float = 0.0, generator: torch.Generator | None = None
    ) -> Sample:
        self.shapes.append(tuple(logits.shape))
        return Sample(torch.softmax(logits, dim=-1), one_hot=False)


class SearchSpaceSuite(PluginSuite):
    """Everything `nasframe.SearchSpace` promises of the space that a factory makes.

        class TestPyramid(SearchSpaceSuite):
            inputs, outputs = {"low": (4, 6), "high": (4, 3)}, 2

            def make(self):
                return Pyramid(channels=8)

    Set: valid; the same at every call; a small count is that of the enumeration; samples are valid, seeded
    and distinct. Architectures: equal when read back from JSON; they build, run, and give `(batch, outputs)`;
    every kept node is in the drawing. Derivation: any probabilities give an architecture of the space, the
    same one every time. Supernet: output shape, a finite gradient for every logit, one call of the relaxation
    for each packed parameter; one-hot weights compute the built network; an operation that is not selected
    has no gradient; an architecture update changes no weight and no buffer. Search: two epochs run, twice
    with the same bits. Options: an attrs class with help texts, equal after a round trip.

    Attributes:
        inputs: of the space, name → shape without the batch.
        outputs: of the network, numbers an example.
        exact: False where derivation changes what is computed, so that one-hot weights of an architecture
            and its network need not agree.
        enumerable: the largest number of architectures that is enumerated.
    """

    inputs: Mapping[str, Shape] = {"a": (4, 6), "b": (4, 6)}
    outputs: int = 3
    exact: bool = True
    enumerable: int = 2000

    def make(self) -> SpaceFactory:
        """Return the factory of the space to test."""
        self._lacks("make(self)", "MySpace()")

    @pytest.fixture
    def _registered(self) -> Iterator[None]:
        """Register the factory where it has no name: architectures are written with its name."""
        kind = type(self.make())
        known = manager().name_of("space", kind) is not None
        with nullcontext() if known else registered(spaces={"tested": kind}):
            yield

    # -- the set of architectures -----------------------------------------------------------------------

    @pytest.mark.usefixtures("_registered")
    def test_it_is_valid_and_knows_where_it_came_from(self) -> None:
        space = self._space()
        assert isinstance(space, SearchSpace), "make of the factory must return a nasframe.SearchSpace"
        space.check()
        assert space.origin is not None
        assert space.origin["inputs"] == {name: list(shape) for name, shape in self.inputs.items()}

    def test_it_is_the_same_at_every_call(self) -> None:
        first, again = self._space(), self._space()
        assert first.choices == again.choices
        assert first.how_many() == again.how_many()

    def test_the_count_is_that_of_distinct_valid_architectures(self) -> None:
        space = self._space()
        there = space.how_many()
        assert there.value >= 1, "there is no architecture in it"
        small = there.exact and there.value <= self.enumerable
        if small:
            found = list(space.enumerate())
            assert len(found) == space.count() == there.value
        else:
            found = [space.sample(seed) for seed in range(50)]
        distinct = {tuple(sorted(space.validate(item).items())) for item in found}
        assert len(distinct) == len(found) if small else len(distinct) > 1

    def test_a_sample_is_complete_and_valid(self) -> None:
        space = self._space()
        for seed in range(20):
            assignment = space.sample(seed)
            assert space.validate(assignment) == assignment

    def test_the_seed_alone_decides_the_sample(self) -> None:
        space, state, own = self._space(), torch.get_rng_state(), random.getstate()
        first = [space.sample(seed) for seed in range(5)]
        assert [self._space().sample(seed) for seed in range(5)] == first
        assert torch.equal(torch.get_rng_state(), state)
        assert random.getstate() == own

    # -- architectures ----------------------------------------------------------------------------------

    @pytest.mark.usefixtures("_registered")
    def test_an_architecture_reads_back_from_its_document(self) -> None:
        space = self._space()
        for seed in range(3):
            architecture = Architecture(space, space.sample(seed), {"seed": seed})
            document = json.loads(json.dumps(architecture.to_dict()))
            again = Architecture.from_dict(document)
            assert again == architecture
            assert again.space.choices == space.choices, "its recorded options make another space"
            assert again.fingerprint == architecture.fingerprint
            assert again.provenance == {"seed": seed}

    def test_a_sampled_architecture_builds_and_runs(self) -> None:
        space, inputs = self._space(), self._inputs(2)
        for seed in range(8):
            network = build(Architecture(space, space.sample(seed)), seed=0).eval()
            output = network(inputs)
            assert output.shape == (2, self.outputs)
            assert output.isfinite().all()

    def test_the_number_of_outputs_is_the_one_asked_for(self) -> None:
        for outputs in (1, self.outputs + 1):
            space = self.make().build(self.inputs, outputs)
            network = build(Architecture(space, space.sample(0)), seed=0).eval()
            assert network(self._inputs(2)).shape == (2, outputs)

    def test_every_kept_node_is_in_the_drawing(self) -> None:
        space = self._space()
        for seed in range(3):
            architecture = Architecture(space, space.sample(seed))
            drawing, tied = draw(architecture), tied_cells(architecture)
            assert drawing.dot.lstrip().startswith("digraph")
            for name in architecture.resolved.operations:
                cell = next((cell for cell in tied if name.startswith(f"{cell}/")), "")
                drawn = tied[cell].cells[0] + name[len(cell) :] if cell else name
                assert drawn.replace(":", "_") in drawing.dot, f"node {name} is not drawn"
                assert not cell or tied[cell].rows[cell][0] in drawing.dot, f"cell {cell} is not drawn"
                assert name in drawing.text

    # -- derivation -------------------------------------------------------------------------------------

    def test_any_probabilities_derive_an_architecture_of_the_space(self) -> None:
        space = self._space()
        for seed in range(20):
            architecture = derive(space, _random_probabilities(space, seed))
            if seed < 3:
                assert build(architecture, seed=0).eval()(self._inputs(2)).shape == (2, self.outputs)

    @pytest.mark.parametrize("extreme", ["first", "last", "even", "of a sample"])
    def test_extreme_probabilities_derive_an_architecture_of_the_space(self, extreme: str) -> None:
        space = self._space()
        sample = space.sample(1)
        probabilities: Probabilities = {}
        for name, choice in space.choices.items():
            one = {"first": choice.candidates[0], "last": choice.candidates[-1]}.get(extreme)
            one = sample.get(name, choice.candidates[0]) if extreme == "of a sample" else one
            share = 1 / len(choice.candidates)
            probabilities[name] = {
                item: share if one is None else float(item == one) for item in choice.candidates
            }
        architecture = derive(space, probabilities)
        assert build(architecture, seed=0).eval()(self._inputs(2)).shape == (2, self.outputs)

    def test_the_same_probabilities_derive_the_same_architecture(self) -> None:
        probabilities = _random_probabilities(self._space(), 3)
        state = torch.get_rng_state()
        first = derive(self._space(), probabilities)
        assert derive(self._space(), probabilities) == first
        assert torch.equal(torch.get_rng_state(), state)

    # -- the supernet -----------------------------------------------------------------------------------

    def test_the_supernet_gives_the_outputs_and_every_logit_a_finite_gradient(self) -> None:
        net = self._supernet()
        output = net(self._inputs(3, torch.float64), net.logits.probabilities(Softmax()))
        assert output.shape == (3, self.outputs)
        output.square().sum().backward()
        for table in net.logits.tables:
            gradient = net.logits.values[table.key].grad
            assert gradient is not None, f"no gradient reaches the logits {table.key}"
            assert gradient.isfinite().all(), f"the gradient of the logits {table.key} is not finite"

    def test_the_relaxation_is_called_once_for_each_packed_parameter(self) -> None:
        net, relaxation = self._supernet(), Counting()
        net(self._inputs(2, torch.float64), net.logits.sample(relaxation))
        packed = [(len(table.rows), len(table.candidates)) for table in net.logits.tables]
        assert relaxation.shapes == packed
        assert len(packed) == len(net.architecture_parameters())

    def test_one_hot_weights_compute_the_built_network(self) -> None:
        if not self.exact:
            pytest.skip("derivation changes what is computed")
        net, inputs = self._supernet().eval(), self._inputs(3, torch.float64)
        derived = [derive(net.space, _random_probabilities(net.space, seed)).assignment for seed in range(3)]
        for assignment in [*derived, *(net.space.sample(seed) for seed in range(5))]:
            architecture = Architecture(net.space, assignment)
            network = build(architecture).double().eval()
            assert inherit(network, net.state_dict()) == [], "these parameters are not in the supernet"
            difference = net(inputs, net.logits.one_hot(architecture.assignment)) - network(inputs)
            assert difference.abs().max() < 1e-10

    @pytest.mark.parametrize("with_logits", [False, True], ids=["weight step", "joint step"])
    def test_an_operation_that_is_not_selected_has_no_gradient(self, with_logits: bool) -> None:
        net = self._supernet()
        for seed in range(3):
            net.zero_grad(set_to_none=True)
            with torch.set_grad_enabled(with_logits):
                samples = net.logits.sample(StraightThroughGumbelSoftmax(), generator=seeded(seed))
            output = net(self._inputs(3, torch.float64), samples)
            if output.requires_grad:
                output.square().sum().backward()
            selected = _selected(net, samples)
            for name, choice, blocks in _choosing(net):
                for candidate in choice.candidates:
                    if candidate != selected[choice.name]:
                        grads = [value.grad for value in blocks[module_key(candidate)].parameters()]
                        assert all(grad is None for grad in grads), f"{candidate} of {name} has a gradient"

    # -- the search -------------------------------------------------------------------------------------

    def test_an_architecture_update_changes_no_weight_and_no_buffer(self) -> None:
        search = self._search(GumbelRaoMonteCarlo(samples=3))
        net = search.supernet.train()
        fixed = {
            name: value
            for name, value in (*net.named_parameters(), *net.named_buffers())
            if not name.startswith("logits.")
        }
        before = {name: value.detach().clone() for name, value in fixed.items()}
        batch = search.data.splits.architecture.batch(torch.arange(4))
        search.learner.update(Update("architecture", batch), 0, generator(0, "testing"))
        for name, value in fixed.items():
            assert torch.equal(value, before[name]), f"{name} was changed"

    def test_two_epochs_of_search_end_with_an_architecture_that_builds(self) -> None:
        architecture = self._search(GumbelRaoMonteCarlo(samples=3)).fit()
        assert build(architecture, seed=0).eval()(self._inputs(2)).shape == (2, self.outputs)

    def test_a_search_ends_twice_with_the_same_bits(self) -> None:
        first, again = (self._search(StraightThroughGumbelSoftmax()) for _ in range(2))
        assert first.fit() == again.fit()
        state = again.supernet.state_dict()
        for name, value in first.supernet.state_dict().items():
            assert torch.equal(value, state[name]), f"{name} differs"

    @on_a_gpu
    def test_on_a_gpu_two_epochs_of_search_run(self) -> None:
        architecture = self._search(GumbelRaoMonteCarlo(samples=3), "cuda").fit()
        assert build(architecture, seed=0).eval()(self._inputs(2)).shape == (2, self.outputs)

    # -- parts of the tests -----------------------------------------------------------------------------

    def _space(self) -> SearchSpace:
        return self.make().build(self.inputs, self.outputs)

    def _supernet(self) -> Supernet:
        """Return a supernet in float64, with random logits."""
        with forked_seed(0, "testing", "supernet"):
            net = Supernet(self._space()).double()
            for logits in net.architecture_parameters():
                torch.nn.init.normal_(logits)
        return net

    def _inputs(self, batch: int, dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:
        random = seeded(1)
        return {
            name: torch.randn((batch, *shape), generator=random).to(dtype)
            for name, shape in self.inputs.items()
        }

    def _search(self, relaxation: Relaxation, device: str = "cpu") -> Search:
        labels = torch.arange(max(20, 4 * self.outputs)) % self.outputs
        task = TensorTask(self._inputs(len(labels)), labels)
        return Search(
            space=self._space(),
            task=task,
            data=task.data({}),
            relaxation=relaxation,
            loop=Bilevel(),
            options=SearchOptions(epochs=2, batch_size=8),
            device=torch.device(device),
        )


def _random_probabilities(space: SearchSpace, seed: int) -> Probabilities:
    """Return probabilities of every choice, drawn uniformly from the simplex."""
    source = random.Random(seed)
    found: Probabilities = {}
    for name, choice in space.choices.items():
        parts = [source.expovariate(1.0) for _ in choice.candidates]
        found[name] = {
            candidate: part / sum(parts) for candidate, part in zip(choice.candidates, parts, strict=True)
        }
    return found


def _choosing(net: Supernet) -> Iterator[tuple[str, Choice, Any]]:
    """Yield each node and edge that chooses among operations: its name, its choice, candidate → module."""
    nodes = [(name, node.choice, net.nodes) for name, node in net.wiring.nodes.items()]
    arriving = [edge for edges in net.wiring.arrivals.values() for edge in edges]
    for name, choice, modules in [*nodes, *((edge.name, edge.choice, net.edges) for edge in arriving)]:
        # an edge that is there or not has no module: its weight is a factor
        if choice is not None and module_key(name) in modules:
            yield name, choice, modules[module_key(name)]


def _selected(net: Supernet, samples: Mapping[str, Sample]) -> dict[str, str]:
    """Return choice → the candidate that one-hot weights select."""
    return {
        row: table.candidates[int(samples[table.key].weights[index].argmax())]
        for table in net.logits.tables
        for index, row in enumerate(table.rows)
    }
