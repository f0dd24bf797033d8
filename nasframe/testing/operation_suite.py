"""The suite of operations, alone and in a supernet."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor

from nasframe.errors import SpaceError
from nasframe.network import build, inherit
from nasframe.operations import Operation, OpSpec, Shape, build_operation, infer, linear_of
from nasframe.relaxations import GumbelRaoMonteCarlo, Sample
from nasframe.runtime import forked_seed
from nasframe.searching import Bilevel, Search, SearchOptions
from nasframe.space import Architecture, Choice, SearchSpace
from nasframe.supernet import Supernet
from nasframe.testing.minimal_plugins import FirstInput, SmallOutputs
from nasframe.testing.registration import registered
from nasframe.testing.suite import Suite, on_a_gpu, seeded

__all__ = ["OperationSuite"]

NAME, TWIN, FIRST = "tested", "twin_of_tested", "first_input"


class OperationSuite(Suite):
    """Everything `nasframe.Operation` promises.

        class TestMaximum(OperationSuite):
            shapes = ((4, 8), (4, 8))

            def make(self, shapes):
                return Maximum(shapes)

    Shape: the inputs fit `arity` and `forward`; the output has the batch first and the shape that the meta
    device finds, for batches of 1, 2 and 5; there are as many parameters as on the meta device; another
    number of inputs is refused. Values: in eval mode an example does not depend on the others of its batch,
    and nothing is changed or drawn; ports that it calls interchangeable are; training draws from torch's
    global generator alone; inputs stay as they are; `removes` gives zeros, `passes` gives its input,
    `adds_noise` gives it in evaluation and on average, `as_linear` is a layer with its values. Gradient:
    reaches every parameter and input and is finite, also for zeros. State: moves with `to` and `state_dict`;
    a copy computes the same and shares nothing. In a space: it is searched, derived and built; one-hot
    weights compute the built network; an operation that is not selected has no gradient.

    Attributes:
        shapes: of the inputs, without the batch; as many as the operation takes.
        no_gradient: the reason where some parameter or input rightly gets no gradient.
    """

    shapes: Sequence[Shape] = ((4, 8),)
    no_gradient: str = ""

    def make(self, shapes: Sequence[Shape]) -> Operation:
        """Return the operation to test, for inputs of these shapes; with `names_ports` also for `ports`."""
        self._lacks("make(self, shapes)", "MyOperation(shapes)")

    # -- shape ------------------------------------------------------------------------------------------

    def test_it_is_an_operation_with_a_sentence_about_it(self) -> None:
        operation = self._made()
        assert isinstance(operation, Operation), "make must return a nasframe.Operation"
        kind = type(operation)
        own = (kind.__doc__ or "").strip()
        assert own, f"{kind.__name__} needs a docstring: its first line is what users read about it"
        assert kind.__doc__ != Operation.__doc__

    def test_its_inputs_fit_its_arity_and_its_forward(self) -> None:
        operation, count = self._made(), len(self.shapes)
        assert operation.arity in (None, count), (
            f"it says arity {operation.arity}, and the suite has {count} shapes: set `shapes`, or `arity`"
        )
        inspect.signature(operation.forward).bind(*self._inputs(1))

    def test_a_variadic_one_takes_one_input_more_or_less(self) -> None:
        if self._made().arity is not None:
            pytest.skip("it takes a fixed number of inputs")
        for shapes in (self.shapes[:-1], [*self.shapes, self.shapes[-1]]):
            if shapes:
                module = self.make(_tuples(shapes)).eval()
                assert module(*_inputs(shapes, 2)).shape[0] == 2

    @pytest.mark.parametrize("batch", [1, 2, 5])
    def test_the_output_has_the_batch_first_and_the_shape_found_on_meta(self, batch: int) -> None:
        with self._registered():
            shape, _ = infer(OpSpec(NAME), self.shapes)
        output = self._made().eval()(*self._inputs(batch))
        assert isinstance(output, Tensor), "forward must return one tensor"
        assert tuple(output.shape) == (batch, *shape)

    def test_it_has_as_many_parameters_as_counted_on_meta(self) -> None:
        with self._registered():
            _, cost = infer(OpSpec(NAME), self.shapes)
        assert cost.parameters == sum(parameter.numel() for parameter in self._made().parameters())

    def test_another_number_of_inputs_is_refused_by_its_name(self) -> None:
        if self._made().arity is None:
            pytest.skip("it takes any number of inputs")
        with self._registered():
            for shapes in (self.shapes[:-1], [*self.shapes, self.shapes[-1]]):
                with pytest.raises(SpaceError, match=NAME):
                    build_operation(OpSpec(NAME), shapes)

    # -- values -----------------------------------------------------------------------------------------

    def test_examples_of_a_batch_do_not_see_each_other_when_evaluated(self) -> None:
        module, inputs = self._made().double().eval(), self._inputs(5, torch.float64)
        output = module(*inputs)
        for row in range(5):
            others = [torch.randn(value.shape, dtype=value.dtype) for value in inputs]
            for other, value in zip(others, inputs, strict=True):
                other[row] = value[row]
            close = torch.isclose(module(*others)[row], output[row], rtol=1e-10, atol=1e-10)
            assert close.all(), f"the output of example {row} depends on the other examples"

    def test_interchangeable_ports_are_ports_and_may_be_exchanged(self) -> None:
        module, inputs = self._made().double().eval(), self._inputs(2, torch.float64)
        ports = [f"x{index}" for index in range(len(inputs))]
        groups = [list(group) for group in module.interchangeable(ports)]
        named = [port for group in groups for port in group]
        assert set(named) <= set(ports), f"each must be one of {ports}"
        assert len(set(named)) == len(named), "a port is in one group"
        if any(True for _ in module.parameters()):
            return  # their order may follow that of the inputs
        for group in (group for group in groups if len(group) > 1):
            one, other = ports.index(group[0]), ports.index(group[1])
            exchanged = list(inputs)
            exchanged[one], exchanged[other] = inputs[other], inputs[one]
            found, expected = module(*exchanged).flatten(), module(*inputs).flatten()
            assert torch.allclose(found.sort().values, expected.sort().values), (
                f"it says that {group[0]} and {group[1]} may be exchanged, and then gives other numbers"
            )

    def test_evaluation_draws_nothing_and_changes_nothing(self) -> None:
        module, inputs = self._made().eval(), self._inputs(3)
        state = {name: value.clone() for name, value in module.state_dict().items()}
        random = torch.get_rng_state()
        first = module(*inputs).clone()
        assert torch.equal(module(*inputs), first), "the same inputs gave two outputs"
        assert torch.equal(torch.get_rng_state(), random), "eval mode drew random numbers"
        assert all(torch.equal(value, state[name]) for name, value in module.state_dict().items())

    def test_training_draws_from_the_global_generator_alone(self) -> None:
        module, inputs, outputs = self._made().train(), self._inputs(3), []
        state = copy.deepcopy(module.state_dict())
        for _ in range(2):
            torch.manual_seed(5)
            module.load_state_dict(state)
            outputs.append(module(*inputs).clone())
        assert torch.equal(*outputs), "the same seed gave two outputs, so a killed search could not go on"

    @pytest.mark.parametrize("training", [False, True], ids=["evaluated", "training"])
    def test_the_inputs_stay_as_they_are(self, training: bool) -> None:
        module, inputs = self._made().train(training), self._inputs(3)
        before = [value.clone() for value in inputs]
        module(*inputs)
        for index, (value, kept) in enumerate(zip(inputs, before, strict=True)):
            assert torch.equal(value, kept), f"input {index} was changed in place"

    @pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16], ids=["float64", "bfloat16"])
    def test_it_computes_in_the_dtype_it_is_moved_to(self, dtype: torch.dtype) -> None:
        output = self._made().to(dtype).eval()(*self._inputs(2, dtype))
        assert output.dtype == dtype
        assert output.isfinite().all()

    def test_what_removes_gives_zeros_and_what_passes_gives_its_input(self) -> None:
        module, inputs = self._made().eval(), self._inputs(3)
        if not (module.removes or module.passes):
            pytest.skip("it neither removes nor passes")
        expected = torch.zeros_like(inputs[0]) if module.removes else inputs[0]
        assert torch.equal(module(*inputs), expected)

    def test_what_adds_noise_gives_its_input_in_evaluation_and_on_average(self) -> None:
        module, inputs = self._made(), self._inputs(3)
        if not module.adds_noise:
            pytest.skip("it adds no noise")
        assert torch.equal(module.eval()(*inputs), inputs[0])
        draws, module = 2000, module.train()
        drawn = torch.stack([module(*inputs) for _ in range(draws)])
        error = (drawn.mean(0) - inputs[0]).abs()
        assert (error <= 5 * drawn.std(0) / draws**0.5 + 1e-6).all(), "the mean is not the input"

    def test_what_says_that_it_is_a_linear_layer_gives_its_value(self) -> None:
        module, inputs = self._made().train(), self._inputs(3)
        layer = linear_of(module)
        if layer is None:
            pytest.skip("it does not say that it is a linear layer")
        assert torch.equal(module(*inputs), layer(*inputs))
        others = {id(item) for item in module.parameters()} ^ {id(item) for item in layer.parameters()}
        assert not others, "its parameters are not those of the layer"

    # -- gradient and state -----------------------------------------------------------------------------

    def test_a_finite_gradient_reaches_every_parameter_and_every_input(self) -> None:
        module = self._made().double().train()
        if module.removes or self.no_gradient:
            pytest.skip(self.no_gradient or "zeros depend on nothing")
        inputs = [value.requires_grad_() for value in self._inputs(5, torch.float64)]
        output = module(*inputs)
        output.backward(torch.randn(output.shape, generator=seeded(2), dtype=output.dtype))
        leaves = {f"input {index}": value for index, value in enumerate(inputs)}
        leaves |= {f"parameter {name}": value for name, value in module.named_parameters()}
        for name, leaf in leaves.items():
            assert leaf.grad is not None, f"no gradient reaches {name}; say why in `no_gradient`"
            assert leaf.grad.isfinite().all(), f"the gradient of {name} is not finite"
            assert (leaf.grad != 0).any(), f"the gradient of {name} is zero; say why in `no_gradient`"

    def test_zeros_which_an_empty_port_receives_give_finite_values_and_gradients(self) -> None:
        module = self._made().train()
        inputs = [torch.zeros_like(value).requires_grad_() for value in self._inputs(3)]
        output = module(*inputs)
        assert output.isfinite().all()
        if output.requires_grad:
            output.sum().backward()
        for leaf in (*inputs, *module.parameters()):
            assert leaf.grad is None or leaf.grad.isfinite().all(), "a gradient is not finite"

    def test_its_state_holds_all_that_it_computes_with(self) -> None:
        module, other, inputs = self._made(1).eval(), self._made(2).eval(), self._inputs(3)
        other.load_state_dict(module.state_dict())
        torch.testing.assert_close(other(*inputs), module(*inputs), rtol=0, atol=0)

    def test_it_moves_to_another_device_as_a_whole(self) -> None:
        module = self._made().eval().to("meta")
        output = module(*(value.to("meta") for value in self._inputs(2)))
        assert output.device.type == "meta", "a tensor that is no parameter and no buffer stayed behind"

    def test_a_copy_computes_the_same_and_shares_nothing(self) -> None:
        module, inputs = self._made().eval(), self._inputs(3)
        expected = module(*inputs).clone()
        twin = copy.deepcopy(module)
        assert torch.equal(twin(*inputs), expected)
        with torch.no_grad():
            for parameter in twin.parameters():
                parameter.add_(1)
        assert torch.equal(module(*inputs), expected)

    @on_a_gpu
    def test_on_a_gpu_it_computes_the_same(self) -> None:
        module, inputs = self._made().double().eval(), self._inputs(3, torch.float64)
        expected = module(*inputs)
        output = module.to("cuda")(*(value.to("cuda") for value in inputs))
        torch.testing.assert_close(output.cpu(), expected)

    # -- in a space -------------------------------------------------------------------------------------

    def test_in_a_space_it_is_searched_derived_and_built(self) -> None:
        with self._registered():
            space = self._space()
            task = SmallOutputs(dict(space.inputs))  # type: ignore[arg-type]
            search = Search(
                space=space,
                task=task,
                data=task.data({}),
                relaxation=GumbelRaoMonteCarlo(samples=3),
                loop=Bilevel(),
                options=SearchOptions(epochs=1, batch_size=4),
            )
            architecture = search.fit()
            network = build(architecture, seed=0).eval()
            batch = task.data({}).splits.validation.batch(torch.arange(2))
            assert network(batch.inputs).shape == (2, *search.supernet.shapes.nodes["out"])
            assert all(value.isfinite().all() for value in search.supernet.parameters())

    def test_in_a_space_one_hot_weights_compute_the_built_network(self) -> None:
        with self._registered():
            space = self._space()
            net, inputs = Supernet(space).double().eval(), self._named(3)
            for assignment in space.enumerate():
                network = build(Architecture(space, assignment)).double().eval()
                assert inherit(network, net.state_dict()) == []
                expected = network(inputs)
                one_hot = net.logits.one_hot(assignment)
                dense = {key: Sample(sample.weights, one_hot=False) for key, sample in one_hot.items()}
                for weights in (one_hot, dense):
                    torch.testing.assert_close(net(inputs, weights), expected, rtol=1e-10, atol=1e-10)

    @pytest.mark.parametrize("with_logits", [False, True], ids=["weight step", "joint step"])
    def test_in_a_space_what_is_not_selected_has_no_gradient(self, with_logits: bool) -> None:
        if self._made().removes:
            pytest.skip("there is nothing to learn in it")
        with self._registered():
            net = Supernet(self._space()).double()
            one_hot = net.logits.one_hot({"node": NAME})
            samples = {
                key: Sample(sample.weights.requires_grad_(with_logits), one_hot=True)
                for key, sample in one_hot.items()
            }
            output = net(self._named(5), samples)
            if output.requires_grad:
                output.square().sum().backward()
            for name, parameter in net.named_parameters():
                assert parameter.grad is None or f".{TWIN}." not in name, f"{name} has a gradient"

    # -- parts of the tests -----------------------------------------------------------------------------

    def _made(self, seed: int = 0) -> Operation:
        with forked_seed(seed, "testing", "operation"):
            return self.make(_tuples(self.shapes))

    def _inputs(self, batch: int, dtype: torch.dtype = torch.float32) -> list[Tensor]:
        return _inputs(self.shapes, batch, dtype)

    def _named(self, batch: int) -> dict[str, Tensor]:
        return {f"in{index}": value for index, value in enumerate(self._inputs(batch, torch.float64))}

    @contextmanager
    def _registered(self) -> Iterator[None]:
        """Register the class as `tested`, and again as its twin; `make` builds both."""
        kind, make = type(self._made()), self.make

        def new(_: type, shapes: Sequence[Shape], **options: Any) -> Operation:
            return make(shapes, **options)  # no instance of the subclass below: `__init__` is not called

        names = {"__new__": new, "__doc__": kind.__doc__, "__module__": kind.__module__}
        target = type(kind.__name__, (kind,), names)
        with registered(operations={NAME: target, TWIN: target, FIRST: FirstInput}):
            yield

    def _space(self) -> SearchSpace:
        """Return a space with one node that chooses the operation, or its twin, or zero."""
        candidates = (NAME, FIRST) if self._made().removes else (NAME, TWIN, "zero")
        space, ports = SearchSpace("tested"), [f"x{index}" for index in range(len(self.shapes))]
        space.add_node("node", choice=Choice("node", candidates, "gamma"), ports=ports)
        for index, (port, shape) in enumerate(zip(ports, self.shapes, strict=True)):
            space.add_input(f"in{index}", tuple(shape))
            space.connect(f"in{index}", "node", port)
        space.add_node("out", "identity")
        space.connect("node", "out")
        space.set_output("out")
        return space


def _tuples(shapes: Sequence[Shape]) -> tuple[Shape, ...]:
    return tuple(tuple(shape) for shape in shapes)


def _inputs(shapes: Sequence[Shape], batch: int, dtype: torch.dtype = torch.float32) -> list[Tensor]:
    generator = seeded(1)
    values = [torch.randn((batch, *shape), generator=generator, dtype=torch.float64) for shape in shapes]
    return [value.to(dtype) for value in values]
