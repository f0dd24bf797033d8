"""The contract of a loop: before a search its optimisers and one epoch, then the updates of each epoch."""

from __future__ import annotations

import copy
import inspect
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, get_args, get_type_hints
from weakref import WeakValueDictionary

import torch
from attrs import define, field
from torch import Tensor, nn

from nasframe.errors import ArchitectureError, ContractError, NasframeError, in_words, nearest
from nasframe.operations import Shape
from nasframe.plugins import described, manager, raised_at
from nasframe.runtime import generator
from nasframe.searching.gradient.gradient_loop import GradientLoop, Update
from nasframe.space import Assignment, SearchSpace
from nasframe.tasks import Batch, Split, Splits
from nasframe.training import batches, number_of_batches

__all__ = ["LoopCheck", "checked_optimiser", "checked_paths", "checked_updates"]

_KINDS: tuple[str, ...] = get_args(get_type_hints(Update)["kind"])
_MOST = 100
"""Updates for each batch of an epoch, at most: a loop that yields more never ends an epoch."""


@define
class LoopCheck:
    """Reads the updates of one epoch from a copy of a loop; every batch in it is the first of its split.

    Args:
        loop: to check.
        inputs: shape of each input.
        splits: of the data.
        size: examples of a batch.
        device: of the batches.

    Attributes:
        loop: the copy, which a rehearsal of the search may use.
        firsts: kind, and whether it is of second order → its first update.
        smallest: the examples of the smallest batch.

    Raises:
        ContractError: see `checked_updates`.
    """

    loop: GradientLoop
    inputs: Mapping[str, Shape]
    splits: Splits
    size: int
    device: torch.device
    firsts: dict[tuple[str, bool], Update] = field(init=False, factory=dict)
    smallest: int = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.loop, self.smallest = _copied(self.loop), self.size
        anew = generator(0, "loop check")
        weights, architecture = self.splits.weights.redrawn(anew), self.splits.architecture.redrawn(anew)
        first = {id(split): self._first(split) for split in (weights, architecture)}

        def draw(split: Split) -> Iterator[Batch]:
            batch = first[id(split)] if id(split) in first else self._first(split)
            self.smallest = min(self.smallest, len(split) % self.size or self.size)
            return iter([batch] * number_of_batches(split, self.size))

        for update in checked_updates(self.loop, self.inputs, weights, architecture, draw, self.size):
            self.firsts.setdefault((update.kind, update.inner is not None), update)

    @property
    def is_second_order(self) -> bool:
        """True where the loop yields updates of second order."""
        return any(second for _, second in self.firsts)

    def make(self, make: Callable[[Update], Any], optimisers: Mapping[str, torch.optim.Optimizer]) -> None:
        """Make the first update of each kind.

        Args:
            make: does so, on a copy of the search.
            optimisers: of that copy, by the methods that made them.

        Raises:
            ContractError: an optimiser makes no step.
        """
        for method, optimiser in optimisers.items():
            self._guard(method, optimiser)
        for update in self.firsts.values():
            make(update)

    def _guard(self, method: str, optimiser: torch.optim.Optimizer) -> None:
        """Let a step that fails name the loop; the optimiser is used by the rehearsal alone."""
        step = optimiser.step

        def guarded() -> None:
            try:
                step()
            except (Exception, SystemExit) as error:  # a plugin may raise anything
                why = _with_line(error, self.loop)
                raise breaks(self.loop, f"the optimiser of {method} makes no step: {why}") from error

        optimiser.step = guarded  # type: ignore[method-assign, assignment]

    def _first(self, split: Split) -> Batch:
        return next(batches(split, self.size, generator(0, "loop check"), self.device))


def checked_updates(
    loop: GradientLoop,
    inputs: Mapping[str, Shape],
    weights: Split,
    architecture: Split,
    draw: Callable[[Split], Iterator[Batch]],
    size: int,
    when: str = "",
) -> Iterator[Update]:
    """Yield the updates of one epoch, each after its check: an epoch may be another than those before it.

    Args:
        loop: whose updates they are.
        inputs: shape of each input.
        weights, architecture, draw, size: see `GradientLoop.updates`.
        when: begins an error message, such as `in epoch 2`.

    Raises:
        ContractError: the loop yields nothing, no end, something else than updates, or batches of another
            split or shape; or it raises. An error of `draw` is passed on.
    """
    start = f"{when}, " if when else ""
    names = {} if weights is architecture else {id(weights): "weights", id(architecture): "architecture"}
    drawn: dict[str, WeakValueDictionary[int, Batch]] = {name: WeakValueDictionary() for name in _KINDS}
    of_draw: list[BaseException] = []

    def noted(split: Split) -> Iterator[Batch]:
        try:
            for batch in draw(split):
                if id(split) in names and isinstance(batch, Batch):
                    drawn[names[id(split)]][id(batch)] = batch
                yield batch
        except Exception as error:
            of_draw.append(error)
            raise

    count, most = 0, _MOST * sum(number_of_batches(split, size) for split in (weights, architecture))
    try:
        found = loop.updates(weights, architecture, noted, size)
        if not isinstance(found, Iterable):
            raise breaks(loop, f"{start}updates must yield updates, found {found!r}")
        for count, update in enumerate(found, start=1):
            if count > most:
                raise breaks(loop, f"{start}an epoch must end, and it yields more than {most:,} updates")
            wrong = _wrong_update(update, inputs, drawn)
            if not wrong and not loop.relaxes and update.kind != "weights":
                wrong = f"a loop that does not relax must update the weights alone, found {update.kind!r}"
            if wrong:
                raise breaks(loop, start + wrong)
            yield update
    except NasframeError:
        raise
    except (Exception, SystemExit) as error:  # a plugin may raise anything
        if any(error is other for other in of_draw):
            raise
        raise breaks(loop, f"{start}updates raised {_with_line(error, loop)}") from error
    if not count:
        raise breaks(loop, f"{start}updates must yield the updates of an epoch, and it yields none")


def _wrong_update(update: Any, inputs: Mapping[str, Shape], drawn: Mapping[str, Mapping[int, Batch]]) -> str:
    """Return the promise that is broken by what is no update, or has another batch than its kind learns from.

    Args:
        update: what a loop yielded.
        inputs: shape of each input.
        drawn: split → the batches that were drawn from it and are still held, by their ids.
    """
    if not isinstance(update, Update):
        return f"updates must yield nasframe.Update, found {type(update).__name__}"
    if update.kind not in _KINDS:
        return f"unknown kind of update {update.kind!r}{nearest(str(update.kind), _KINDS)}"
    batch = update.batch
    of = [name for name, held in drawn.items() if batch is not None and held.get(id(batch)) is batch]
    if of and update.kind not in ("both", *of):
        return (
            f"an update of kind {update.kind!r} must have a batch of the split {update.kind!r}, found one of "
            f"{of[0]!r}"
        )
    wrong = _wrong_batch(batch, inputs)
    if wrong:
        return f"the batch of an update of kind {update.kind!r} {wrong}"
    return _wrong_inner(update, inputs, drawn["architecture"]) if update.inner is not None else ""


def _wrong_inner(update: Update, inputs: Mapping[str, Shape], other: Mapping[int, Batch]) -> str:
    """Return the promise that is broken by the inner batch of an update; `other` are not of its split."""
    if update.kind != "architecture":
        return (
            f"an update of kind {update.kind!r} has no inner batch: second order is of 'architecture' alone"
        )
    if other.get(id(update.inner)) is update.inner:
        return "the inner batch of an update must be one of the split 'weights', found one of 'architecture'"
    wrong = _wrong_batch(update.inner, inputs)
    return f"the inner batch of an update {wrong}" if wrong else ""


def checked_paths(
    loop: GradientLoop, space: SearchSpace, source: random.Random
) -> Iterator[Sequence[Assignment]]:
    """Yield the paths of a loop that does not relax, each after its check.

    Raises:
        ContractError: the loop yields an end, no architecture, or one that is not in the space; or it raises.
    """
    try:
        for item in loop.paths(space, source):
            if not isinstance(item, Sequence) or isinstance(item, str) or not item:
                raise breaks(loop, f"paths must yield sequences of architectures, found {item!r}")
            try:
                yield [space.validate(path) for path in item]
            except ArchitectureError as error:
                raise breaks(loop, f"paths must yield architectures of the space: {error}") from error
    except NasframeError:
        raise
    except (Exception, SystemExit) as error:  # a plugin may raise anything
        raise breaks(loop, f"paths raised {_with_line(error, loop)}") from error
    raise breaks(loop, "paths must yield without end")


def checked_optimiser(
    loop: GradientLoop, method: str, parameters: Sequence[nn.Parameter]
) -> torch.optim.Optimizer:
    """Return the optimiser that a method of a loop makes.

    Args:
        loop: of which the method is.
        method: `weights_optimiser` or `architecture_optimiser`.
        parameters: it must hold these, each once.

    Raises:
        ContractError: it fails, or returns no optimiser of these parameters that makes a step on its own.
    """
    try:
        found = getattr(loop, method)(parameters)
    except NasframeError:
        raise
    except (Exception, SystemExit) as error:  # a plugin may raise anything
        raise breaks(loop, f"{method} raised {_with_line(error, loop)}") from error
    if not isinstance(found, torch.optim.Optimizer):
        raise breaks(loop, f"{method} must return a torch.optim.Optimizer, found {_shown(found)}")
    held = [id(parameter) for group in found.param_groups for parameter in group["params"]]
    given = {id(parameter) for parameter in parameters}
    if given and not given & {*held}:
        raise breaks(loop, f"the optimiser of {method} holds none of the {len(given)} parameters it is given")
    if {*held} != given:
        missing, others = len(given - {*held}), len({*held} - given)
        raise breaks(
            loop,
            f"the optimiser of {method} must hold the {len(given)} parameters that it is given; it lacks "
            f"{missing}, and holds {others} others",
        )
    if any("lr" not in group for group in found.param_groups):
        raise breaks(loop, f"the optimiser of {method} must have a learning rate 'lr' in every group")
    closure = inspect.signature(type(found).step).parameters.get("closure")
    if closure is not None and closure.default is closure.empty:
        kind = type(found).__name__
        raise breaks(loop, f"{method} must return an optimiser whose step needs no closure, found {kind}")
    return found


def breaks(loop: GradientLoop, promise: str) -> ContractError:
    """Return the error of a loop that breaks a promise, with its plugin and file."""
    kind = type(loop)
    name = described("loop", kind, manager().entry_of("loop", kind))
    return ContractError(f"{name} breaks the contract of nasframe.GradientLoop: {promise}")


def _copied(loop: GradientLoop) -> GradientLoop:
    """Return a copy, whose state may change; the loop itself where it cannot be copied."""
    try:
        return copy.deepcopy(loop)
    except Exception:  # a plugin's class may hold anything
        return loop


def _wrong_batch(batch: Any, inputs: Mapping[str, Shape]) -> str:
    if not isinstance(batch, Batch):
        return f"must be a nasframe.Batch, found {_shown(batch)}"
    if not isinstance(batch.targets, Tensor) or batch.targets.ndim < 1 or not len(batch.targets):
        return "must have targets, at least one"
    count = len(batch.targets)
    for name, shape in inputs.items():
        value = batch.inputs.get(name)
        found = tuple(value.shape) if isinstance(value, Tensor) else _shown(value)
        if found != (count, *shape):
            return f"must have the input {name!r} in the shape {(count, *shape)}, found {found}"
    return ""


def _with_line(error: BaseException, loop: GradientLoop) -> str:
    return f"{in_words(error)}{raised_at(error, inspect.getmodule(type(loop)))}"


def _shown(value: Any) -> str:
    return "None" if value is None else type(value).__name__
