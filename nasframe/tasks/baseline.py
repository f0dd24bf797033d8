"""Baselines: the networks that a task or a plugin brings, to measure a searched one against."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping

from attrs import frozen
from torch import Tensor, nn

__all__ = ["Baseline", "OwnLoss", "baseline_records"]

OwnLoss = Callable[[nn.Module, Mapping[str, Tensor], Tensor], Tensor]
"""The loss `()` of a network, given inputs by name and targets, each with the batch first."""


@frozen
class Baseline:
    """A network that a task or a plugin brings, to measure a searched one against.

    Attributes:
        make: returns the untrained network, a new one at each call. The network takes the inputs by name and
            gives raw outputs `(batch, outputs)`.
        single_stream: the network looks at a single stream; a comparison shows the best of these.
        loss: of the network in training mode on a batch, for a method that learns from something else than
            the task's loss, such as from genuine examples alone; None is the task's loss. The epoch that is
            kept is the best on validation by the task's metrics all the same.
    """

    make: Callable[[], nn.Module]
    single_stream: bool = False
    loss: OwnLoss | None = None

    def __call__(self) -> nn.Module:
        """Return an untrained network, as `make` does."""
        return self.make()


def baseline_records(found: Mapping[str, Baseline | Callable[[], nn.Module]]) -> dict[str, Baseline]:
    """Return what `Task.baselines` returned with a record for each name, in the same order.

    >>> records = baseline_records({"sum": nn.Identity, "left": Baseline(nn.Identity, single_stream=True)})
    >>> [name for name, record in records.items() if record.single_stream]
    ['left']
    """
    return {
        name: item if isinstance(item, Baseline) else _of_function(name, item) for name, item in found.items()
    }


def _of_function(name: str, make: Callable[[], nn.Module]) -> Baseline:
    # Compatibility: before there were records, a name that ended so said that there is a single stream.
    single_stream = name.endswith(" alone")
    if single_stream:
        warnings.warn(
            f"baseline {name!r}: taken as a single stream for its name, which the next release does not do; "
            "return `Baseline(make, single_stream=True)`",
            FutureWarning,
            stacklevel=1,  # one place, so that Python shows it once, and not for every caller
        )
    return Baseline(make, single_stream)
