"""The states of the global random generators of Python, NumPy and torch: kept, and given back."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from attrs import frozen

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["RandomStates", "random_states_kept"]


@frozen
class RandomStates:
    """States of global generators, from which dropout, for example, draws.

    Attributes:
        processor: of torch on the CPU.
        devices: of torch on each CUDA device; empty where CUDA is not in use.
        python: of `random`; None leaves it as it is.
        numpy: of `numpy.random`; None leaves it as it is.
    """

    processor: Tensor
    devices: tuple[Tensor, ...]
    python: Any = None
    numpy: Any = None

    @classmethod
    def now(cls) -> RandomStates:
        """Return the present states; without NumPy's where nothing has imported it."""
        numpy = sys.modules.get("numpy.random")
        states = cls.of_torch()
        return cls(
            states.processor,
            states.devices,
            random.getstate(),
            None if numpy is None else numpy.get_state(),
        )

    @classmethod
    def of_torch(cls) -> RandomStates:
        """Return the present states of torch alone: quick enough for every step of a training."""
        import torch

        in_use = torch.cuda.is_initialized()  # type: ignore[no-untyped-call, unused-ignore]
        return cls(torch.get_rng_state(), tuple(torch.cuda.get_rng_state_all()) if in_use else ())

    def restore(self) -> None:
        """Make these the present states."""
        import torch

        if self.python is not None:
            random.setstate(self.python)
        if self.numpy is not None:
            sys.modules["numpy.random"].set_state(self.numpy)
        torch.set_rng_state(self.processor)
        if self.devices:
            torch.cuda.set_rng_state_all(self.devices)

    @contextmanager
    def again(self) -> Iterator[None]:
        """Draw inside the block what was drawn after these states, and give the present ones back."""
        with random_states_kept():
            self.restore()
            yield


@contextmanager
def random_states_kept() -> Iterator[None]:
    """Give the states of all global generators back after the block."""
    states = RandomStates.now()
    try:
        yield
    finally:
        states.restore()
