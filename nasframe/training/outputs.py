"""The outputs of a network on a whole split."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from itertools import islice

import torch
from torch import Tensor

from nasframe.errors import DataError, RunError, in_lines
from nasframe.runtime import beside, is_finite, one_thread, rows_not_finite, threads_beside
from nasframe.seen_calls import has_hooks
from nasframe.tasks import Batch, Split
from nasframe.training.batches import in_order
from nasframe.training.first_not_finite import first_not_finite
from nasframe.training.named_examples import bad_inputs, names_of
from nasframe.training.reading_ahead import is_large

__all__ = ["OutputError", "check_inputs", "collect_outputs"]

_SMALL = 2**22
"""Parameters of a network that computes on one thread; a backbone has more."""


class OutputError(RunError):
    """A network gives outputs that are not finite, for finite inputs."""


def collect_outputs(
    module: torch.nn.Module,
    forward: Callable[[Mapping[str, Tensor]], Tensor],
    split: Split,
    size: int,
    device: torch.device,
    name: str = "",
    *,
    copies: Callable[[], Callable[[Mapping[str, Tensor]], Tensor]] | None = None,
) -> tuple[Tensor, Tensor]:
    """Return raw outputs and targets of a whole split, in its order, on the CPU; in evaluation mode.

    Args:
        module: the network.
        forward: one pass of it, from inputs to outputs `(batch, outputs)`.
        split: to be read.
        size: examples in a batch.
        device: of the computation.
        name: of the split, for an error.
        copies: makes another pass that gives the same and stores nothing where `forward` does, such as one
            of a `shared_copy`: on a CPU, as many batches are then computed `beside` each other as there are
            threads. None: one after the other. It is not asked where a module has hooks.

    Raises:
        DataError: an input or a target holds a number that is not finite, by the name of its example.
        OutputError: the data is finite, and the outputs are not: no metric can be computed of them.
    """
    module.eval()
    if device.type != "cpu":
        outputs, targets, finite = _collected_there(forward, split, size, device)
        if finite:
            return outputs, targets
    return _collected_at_once(module, forward, split, size, device, name, copies)


def _collected_there(
    forward: Callable[[Mapping[str, Tensor]], Tensor], split: Split, size: int, device: torch.device
) -> tuple[Tensor, Tensor, bool]:
    """Return outputs and targets on the CPU, and whether all numbers were finite; wait once, at the end."""
    outputs, targets, sums = [], [], []
    with torch.no_grad():
        for batch in in_order(split, size, device):
            outputs.append(forward(batch.inputs))
            targets.append(batch.targets)
            # neither a NaN nor an infinity is lost in a sum
            sums += [value.sum().float() for value in (*batch.inputs.values(), batch.targets, outputs[-1])]
        finite = torch.stack(sums).isfinite().all()
        return torch.cat(outputs).cpu(), torch.cat(targets).cpu(), bool(finite)


def _collected_at_once(
    module: torch.nn.Module,
    forward: Callable[[Mapping[str, Tensor]], Tensor],
    split: Split,
    size: int,
    device: torch.device,
    name: str,
    copies: Callable[[], Callable[[Mapping[str, Tensor]], Tensor]] | None,
) -> tuple[Tensor, Tensor]:
    """Return outputs and targets on the CPU; those of batches that are computed at once are checked next."""
    outputs, targets = [], []
    # threads are taken for the forward pass alone: a batch may take much more work to be read
    guard = one_thread if _is_small(module) else nullcontext

    def passed(forward: Callable[[Mapping[str, Tensor]], Tensor], batch: Batch) -> tuple[Tensor, bool]:
        found = forward(batch.inputs)
        return found, is_finite((batch.inputs, batch.targets, found))

    with guard():
        together = 1 if copies is None or has_hooks(*module.modules()) else threads_beside()
    forwards = [forward]
    with torch.no_grad():
        for some in _in_groups(in_order(split, size, device), together):
            if copies is not None:
                forwards += [copies() for _ in range(len(some) - len(forwards))]
            with guard():
                results = beside([partial(passed, *pair) for pair in zip(forwards, some, strict=False)])
            for batch, (found, finite) in zip(some, results, strict=True):
                if not finite:
                    _refuse(module, forward, batch, found, name)
                outputs.append(found.cpu())
                targets.append(batch.targets.cpu())
    return torch.cat(outputs), torch.cat(targets)


def _in_groups(batches: Iterator[Batch], most: int) -> Iterator[list[Batch]]:
    """Yield the batches in their order, several at once; small ones alone, as a pass is made faster than it
    is handed over."""
    for batch in batches:
        group = [batch]
        if is_large(batch):
            group += islice(batches, most - 1)
        yield group


def _is_small(module: torch.nn.Module) -> bool:
    """Return True for a network that several threads would only slow down."""
    return sum(parameter.numel() for parameter in module.parameters()) <= _SMALL


def check_inputs(split: Split, size: int, name: str) -> None:
    """Read a whole split once, before a search or a training is steered by it.

    Raises:
        DataError: an input or a target holds a number that is not finite.
    """
    for batch in in_order(split, size, torch.device("cpu")):
        if bad := bad_inputs(batch):
            raise DataError(_of_data(bad, name))


def _refuse(
    module: torch.nn.Module,
    forward: Callable[[Mapping[str, Tensor]], Tensor],
    batch: Batch,
    outputs: Tensor,
    name: str,
) -> None:
    if bad := bad_inputs(batch):
        raise DataError(_of_data(bad, name))
    rows = rows_not_finite(outputs).nonzero().flatten().tolist()
    spoilt = [key for key, value in module.named_parameters() if not is_finite(value)]
    if spoilt:
        cause = f"its parameter {spoilt[0]} is not finite"
    else:
        place = first_not_finite(
            module, lambda: forward(batch.inputs), lambda found: found.sum(), "their sum"
        )
        cause = f"the first number that is not finite was made by {place or 'no operation that can be named'}"
    raise OutputError(
        f"the outputs of the network{f' on the split {name!r}' if name else ''} are not finite for "
        f"{names_of(batch, rows)}: {cause}"
    )


def _of_data(bad: Sequence[str], name: str) -> str:
    holder = f"the split {name!r} holds" if name else "there are"
    return in_lines(f"{holder} numbers that are not finite", *bad)
