"""The contract of an operation, and its cost."""

from __future__ import annotations

import functools
import inspect
import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import torch
from attrs import evolve, field, frozen
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from nasframe.errors import ContractError, SpaceError, in_words
from nasframe.options import argument_problems
from nasframe.plugins import Registered, manager, raised_at
from nasframe.runtime import counted

__all__ = [
    "Cost",
    "Identity",
    "OpSpec",
    "Operation",
    "Shape",
    "Zero",
    "arity_of",
    "build_operation",
    "failure",
    "infer",
    "is_identity",
    "is_zero",
    "linear_of",
    "operation_class",
    "origin_of",
]

Shape = tuple[int, ...]
"""Shape of one example, without the batch dimension."""

Attribute = int | float | str | bool | None


class Operation(nn.Module):
    """A computation of a node or an edge of a space.

    Subclass it, set `arity`, and register the class under a name with the hook `register_operations`.
    The constructor gets the shapes of the inputs (without the batch) and, as keyword-only arguments,
    the options; `forward` gets the tensors, batch first. The shape of the output is found by running
    the module on the meta device, and so are its parameters and multiply-adds.

    Attributes:
        arity: number of inputs; None for any number.
        removes: True for an operation that stands for "nothing here": a node that chooses it is
            removed from the derived network, with the edges from it.
        passes: True for an operation that returns its input unchanged.
        names_ports: True for an operation of any number of inputs whose constructor takes `ports`, their
            names in order: removed inputs are left out of the derived network, and the parameters of the
            others keep their names. Any other operation receives zeros in their place.
        adds_noise: True for an operation of one input that is the identity in evaluation, and in training
            returns a random value whose mean is the input, such as dropout. Where only a linear function of
            a candidate's value counts, a supernet takes that mean in place of a draw.
    """

    arity: ClassVar[int | None] = 1
    removes: ClassVar[bool] = False
    passes: ClassVar[bool] = False
    names_ports: ClassVar[bool] = False
    adds_noise: ClassVar[bool] = False

    def __init__(self, shapes: Sequence[Shape]) -> None:
        super().__init__()

    @classmethod
    def interchangeable(cls, ports: Sequence[str]) -> Sequence[Sequence[str]]:
        """Return groups of ports whose inputs may be exchanged; by default none.

        An exchange inside a group must leave a network of the same kind: the same function, maybe with its
        parameters in another order. So `concat` before a linear layer says that all its ports are one group.
        Tables of architectures hold such networks once; see `network_key`.

        Args:
            ports: names of the inputs, in order.
        """
        return ()

    def as_linear(self) -> nn.Linear | None:
        """Return the linear layer that this operation is; by default None: it is not one, or is more.

        `forward(x)` must be the layer's value of x and nothing else. Such operations at several inputs of a
        network are computed beside each other, where there are cores for that. A subclass with a `forward` of
        its own has to say it anew.
        """
        return None


class Identity(Operation):
    """The input, unchanged."""

    passes = True

    def forward(self, x: Tensor) -> Tensor:
        return x


class Zero(Operation):
    """Nothing: zeros in the shape of the first input; a node that chooses it is removed."""

    arity = None
    removes = True

    def forward(self, *inputs: Tensor) -> Tensor:
        return torch.zeros_like(inputs[0])


def linear_of(operation: nn.Module) -> nn.Linear | None:
    """Return the linear layer that an operation says it is; None where it is another module."""
    if not isinstance(operation, Operation) or "forward" in vars(operation):
        return None
    return operation.as_linear() if _speaks_of_its_forward(type(operation)) else None


def _speaks_of_its_forward(kind: type[Operation]) -> bool:
    """Return whether no subclass of the class that has `as_linear` has another `forward`."""
    first = next(held for held in kind.__mro__ if {"forward", "as_linear"} & vars(held).keys())
    return "as_linear" in vars(first)


@frozen
class OpSpec:
    """An operation by its registered name, with the options it is built with.

    In a TOML or JSON document it is its name, or with options a table: `{name = "gate", bias = false}`.

    Example:
        >>> from nasframe import OpSpec
        >>> OpSpec("gate").label, OpSpec("gate", {"heads": 2, "bias": False}).label
        ('gate', 'gate(bias=false, heads=2)')
        >>> OpSpec.from_plain({"name": "gate", "bias": False})
        OpSpec(name='gate', options={'bias': False})
    """

    plain_name: ClassVar[str] = "{name = …, option = …}"
    """The table as an error message and `nasframe plugins show` write it."""

    name: str
    options: Mapping[str, Attribute] = field(factory=dict)
    plugin: str | None = field(default=None, eq=False, repr=False, kw_only=True)
    """The plugin that registers it, once a space is put together; a bare name means this one from then on."""

    @property
    def label(self) -> str:
        """The name of this operation as a candidate: its registered name, with its options behind it.

        Options are sorted and written as in JSON, so that equal operations have equal names. It enters
        assignments, fingerprints and the names of parameters.
        """
        shown = (f"{key}={json.dumps(value, default=str)}" for key, value in sorted(self.options.items()))
        return f"{self.name}({', '.join(shown)})" if self.options else self.name

    @classmethod
    def from_plain(cls, value: Any) -> OpSpec:
        """Return the operation that a name or a table with `name` and options describes.

        Raises:
            ValueError: it is neither, or an option is no number, text, true or false.
        """
        if isinstance(value, str):
            return cls(value)
        if not isinstance(value, Mapping) or not isinstance(value.get("name"), str):
            raise ValueError(f"expected the name of an operation or {cls.plain_name}, found {value!r}")
        options = {str(key): item for key, item in value.items() if key != "name"}
        for key, item in options.items():
            if not (item is None or isinstance(item, int | float | str | bool)):
                raise ValueError(
                    f"option {key!r} of operation {value['name']!r} must be a number, a text, true or false; "
                    f"found {item!r}"
                )
        return cls(value["name"], options)

    def to_plain(self) -> str | dict[str, Attribute]:
        """Return the name, or a table where there are options; `from_plain` reads both."""
        return {"name": self.name, **self.options} if self.options else self.name

    def bound(self) -> OpSpec:
        """Return the operation with the plugin that registers it now.

        Raises:
            PluginError: unknown or ambiguous name.
        """
        return evolve(self, plugin=_entry(self).plugin)

    def option_problems(self) -> list[str]:
        """Return a sentence for each option that the operation does not take, lacks, or takes in another
        type.

        Raises:
            PluginError: unknown or ambiguous name.
        """
        target = operation_class(self)
        given = {"ports"} if target.names_ports else set()
        problems = argument_problems(target, self.options, skip=given)
        return [f"{origin_of(self)}: {problem}" for problem in problems]


@frozen
class Cost:
    """The cost of an operation: trainable parameters, and multiply-adds for one example."""

    parameters: int
    multiply_adds: int


def _entry(operation: OpSpec | str) -> Registered:
    name, plugin = (operation, None) if isinstance(operation, str) else (operation.name, operation.plugin)
    return manager().find("operation", name if plugin is None or ":" in name else f"{plugin}:{name}")


def operation_class(operation: OpSpec | str) -> type[Operation]:
    """Return the class of an operation, which may be given by its name.

    Raises:
        PluginError: unknown or ambiguous name.
        ContractError: the registered object is no operation.
    """
    found = _entry(operation)
    target = found.load()
    if not (isinstance(target, type) and issubclass(target, Operation)):
        raise ContractError(f"{found} must be a subclass of nasframe.Operation, found {target!r}")
    if target.arity is not None and (type(target.arity) is not int or target.arity < 1):
        raise ContractError(
            f"{found} breaks the contract of nasframe.Operation: arity must be a number from 1, or None for "
            f"any number of inputs, found {target.arity!r}"
        )
    return target


def origin_of(operation: OpSpec | str) -> str:
    """Return an operation with its plugin and file, for an error message."""
    return str(_entry(operation))


def arity_of(operation: OpSpec | str) -> int | None:
    """Return the number of inputs of an operation, which may be given by its name; None for any number."""
    return operation_class(operation).arity


def is_zero(operation: OpSpec | str) -> bool:
    """Return True where an operation removes the node or edge that chooses it."""
    return operation_class(operation).removes


def is_identity(operation: OpSpec | str) -> bool:
    """Return True where an operation returns its input unchanged."""
    return operation_class(operation).passes


def failure(error: BaseException, target: type) -> str:
    """Return the text of an error of an operation's own code, with the line that raised it."""
    return f"{in_words(error)}{raised_at(error, inspect.getmodule(target))}"


def build_operation(spec: OpSpec, shapes: Sequence[Shape], ports: Sequence[str] = ()) -> Operation:
    """Return the module of `spec` for inputs of these shapes, which arrive at `ports`.

    Raises:
        SpaceError: wrong number of inputs, or the constructor refuses shapes or options.
    """
    target = operation_class(spec)
    if target.arity is not None and target.arity != len(shapes):
        raise SpaceError(
            f"operation {spec.name!r} takes {counted(target.arity, 'input')}, found {len(shapes)}"
        )
    options: dict[str, Any] = dict(spec.options)
    if target.names_ports:
        options["ports"] = tuple(ports) or tuple(f"x{index}" for index in range(len(shapes)))
    try:
        made = target(tuple(tuple(shape) for shape in shapes), **options)
    except (Exception, SystemExit) as error:  # a plugin's class may raise anything
        shown = ", ".join(str(tuple(shape)) for shape in shapes)
        raise SpaceError(
            f"{origin_of(spec)} cannot be built for inputs {shown}: {failure(error, target)}"
        ) from error
    wrong = _unmade(made) or _wrong_parameter(made)
    if wrong:
        raise ContractError(f"{origin_of(spec)} breaks the contract of nasframe.Operation: {wrong}")
    return made


def _unmade(made: Any) -> str:
    """Return the promise that the constructor breaks; empty where it made a module."""
    if not isinstance(made, Operation):
        return f"the class must make an Operation, found {made!r}"
    # what nn.Module makes first, and all its methods need
    return "" if "_parameters" in vars(made) else "__init__ must call super().__init__(shapes), first of all"


def _wrong_parameter(operation: Operation) -> str:
    """Return the promise that a parameter breaks; empty where all can be trained and saved."""
    default = torch.empty(0).device
    for name, value in (*operation.named_parameters(), *operation.named_buffers()):
        if is_lazy(value):
            return (
                f"{name!r} is lazy, so it cannot be counted or trained before the first batch; make it in "
                "the constructor, which gets the shapes of the inputs"
            )
        if isinstance(value, nn.Parameter) and value.is_complex():
            return f"parameter {name!r} must be real, found {value.dtype}; hold two real ones"
        if isinstance(value, nn.Parameter) and not value.is_floating_point():
            return f"parameter {name!r} must be of floating-point numbers, found {value.dtype}; hold a buffer"
        if value.device != default and default.type != "meta":
            return f"{name!r} must be made on the default device, {default}, found {value.device}"
    return ""


def _check_arity(target: type[Operation], spec: OpSpec, count: int) -> None:
    """Refuse a `forward` that does not take as many inputs as arrive."""
    try:
        inspect.signature(target.forward).bind(None, *range(count))
    except TypeError as error:
        takes = ", ".join(list(inspect.signature(target.forward).parameters)[1:])
        arity = "any number" if target.arity is None else target.arity
        raise ContractError(
            f"{origin_of(spec)} breaks the contract of nasframe.Operation: arity is {arity} and {count} "
            f"inputs arrive, but it defines forward(self, {takes}): {error}"
        ) from None


def infer(spec: OpSpec, shapes: Sequence[Shape], ports: Sequence[str] = ()) -> tuple[Shape, Cost]:
    """Return the output shape and cost of an operation, found on the meta device.

    Raises:
        SpaceError: the operation cannot be built or run on these shapes.
        ContractError: it takes another number of inputs than it says, or returns no tensor, batch first.

    Example:
        >>> from nasframe import OpSpec
        >>> infer(OpSpec("linear_glu"), [(4, 8), (4, 8)])  # an operation of nasframe_fusion
        ((4, 8), Cost(parameters=128, multiply_adds=512))
    """
    options = tuple(sorted(spec.options.items()))
    target: Any = operation_class(spec)
    return _infer(target, spec.name, spec.plugin, options, tuple(map(tuple, shapes)), tuple(ports))


@functools.lru_cache(maxsize=4096)
def _infer(
    target: type[Operation],
    name: str,
    plugin: str | None,
    options: tuple[tuple[str, Attribute], ...],
    shapes: tuple[Shape, ...],
    ports: tuple[str, ...],
) -> tuple[Shape, Cost]:
    """Return the same as `infer`, from the cache where it can.

    `target` is an argument so that a name that another class has taken over is not found in the cache.
    """
    if target in (Identity, Zero):
        return shapes[0], Cost(0, 0)
    spec = OpSpec(name, dict(options), plugin=plugin)
    _check_arity(target, spec, len(shapes))
    with torch.device("meta"):
        module = build_operation(spec, shapes, ports).eval()
        inputs = [torch.empty((2, *shape)) for shape in shapes]
        more = [torch.empty((3, *shape)) for shape in shapes]
    output, flops = _run_on_meta(spec, module, inputs)
    larger, _ = _run_on_meta(spec, module, more)
    for count, value in ((2, output), (3, larger)):
        if not isinstance(value, Tensor) or value.ndim < 1 or value.shape[0] != count:
            found = f"shape {tuple(value.shape)}" if isinstance(value, Tensor) else repr(value)
            raise ContractError(
                f"{origin_of(spec)} breaks the contract of nasframe.Operation: forward must return one "
                f"tensor with the batch first, here ({count}, …), found {found}"
            )
    if output.shape[1:] != larger.shape[1:]:
        raise ContractError(
            f"{origin_of(spec)} breaks the contract of nasframe.Operation: the shape of an example must not "
            f"depend on the batch, found {tuple(output.shape)} and {tuple(larger.shape)}"
        )
    parameters = sum(parameter.numel() for parameter in module.parameters())
    return tuple(output.shape[1:]), Cost(parameters, math.ceil(flops / 4))


def _run_on_meta(spec: OpSpec, module: Callable[..., Any], inputs: Sequence[Tensor]) -> tuple[Any, int]:
    """Return the output, and the floating-point operations (two a multiply-add) for the batch of two."""
    from torch.utils.flop_counter import FlopCounterMode  # it imports triton

    counter = FlopCounterMode(display=False)
    try:
        with torch.no_grad(), counter:
            output = module(*inputs)
    except (Exception, SystemExit) as error:  # a plugin's class may raise anything
        shown = ", ".join(str(tuple(tensor.shape[1:])) for tensor in inputs)
        why = failure(error, operation_class(spec))
        raise SpaceError(f"{origin_of(spec)} fails on inputs {shown}: {why}") from error
    return output, counter.get_total_flops()
