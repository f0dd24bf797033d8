"""The group of processes that share a search, as the search sees it; one process is a group too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

__all__ = ["ALONE", "Group", "Message"]

Message = tuple[Any, Mapping[str, Tensor]]
"""A JSON-able value, and tensors by name."""


class Group:
    """A group of one. In a larger one every process calls each method, in the same order.

    Attributes:
        rank: of this process, from 0.
        count: of processes.
    """

    rank: int = 0
    count: int = 1

    @property
    def is_first(self) -> bool:
        """True in the process that writes, prints, and does what is no part of the search."""
        return self.rank == 0

    def device(self, device: torch.device) -> torch.device:
        """Return the device of this process, where the experiment names one."""
        return device

    def check_batch(self, smallest: int) -> None:
        """Refuse a search, given the examples in its smallest batch.

        Raises:
            ConfigurationError: it has fewer examples than there are processes.
        """

    def check_layers(self, mixing: Sequence[str]) -> None:
        """Refuse a search, given the names of layers that mix the examples of a batch.

        Raises:
            ConfigurationError: there are any, and their results would change with the number of processes.
        """

    def part(self, whole: Tensor) -> Tensor:
        """Return the rows of this process, of a tensor `(batch, …)`.

        Raises:
            RunError: it has fewer rows than there are processes.
        """
        return whole

    def whole(self, part: Tensor, size: int) -> Tensor:
        """Return the rows `(size, …)` of all processes, given those of this one.

        The mean of the gradients over the processes is then that of a loss of all rows, whatever the loss is.
        """
        return part

    def mean_gradients(self, parameters: Sequence[Tensor]) -> None:
        """Replace each gradient that is present by its mean over the processes.

        Raises:
            RunError: a process has gradients of other parameters.
        """

    def check_same(self, states: Mapping[str, Sequence[Tensor]], when: str) -> None:
        """Compare states by their hashes.

        Args:
            states: such as `logits`, each with its tensors.
            when: begins the message.

        Raises:
            RunError: a process has others than the first; says which.
        """

    @contextmanager
    def own_random(self) -> Iterator[None]:
        """Draw in the block, from torch's global generators, other numbers than the other processes do.

        After it the generators are the same in all of them.
        """
        yield

    def from_first(self, make: Callable[[], Message]) -> Message:
        """Return what the first process makes; the others make nothing."""
        return make()

    def begin(self, call: Mapping[str, Any]) -> None:
        """Tell the others, who await it, that their part of the work begins.

        Args:
            call: JSON-able.
        """

    def leave(self) -> None:
        """End what is done together, or will not begin; this process may go on alone."""


ALONE = Group()
"""The group of a process that works alone."""
