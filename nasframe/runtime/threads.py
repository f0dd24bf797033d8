"""The number of threads with which torch computes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["one_thread"]


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread of the CPU inside the block.

    The matrices of a search are small: handing them to several threads costs more than it saves, most of
    all on a machine that has other work. On one thread the result does not depend on the number of cores.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
