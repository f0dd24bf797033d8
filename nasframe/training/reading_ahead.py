"""Batches that another thread reads while the present one is learnt from."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import torch
from torch import Tensor

from nasframe.tasks import Batch, Split

__all__ = ["may_be_read_ahead", "read_ahead"]

_LEAST_BYTES = 2**18
"""A batch of less is read faster than it is handed over."""

_AHEAD = 2
"""Batches that wait: one is seldom enough, as both threads need the interpreter now and then."""


def may_be_read_ahead(split: Split) -> bool:
    """Return whether the batches of a split may be read in another thread; see `Split.reads_ahead`."""
    return getattr(split, "reads_ahead", False)


def read_ahead(read: Callable[[Tensor], Batch], all_rows: Sequence[Tensor]) -> Iterator[Batch]:
    """Yield the batch of each tensor of rows, in their order; large ones are read in a thread.

    An error of `read` is raised in the place of its batch. The thread ends with the iterator.

    Args:
        read: from rows `(batch,)` to their batch; it is called by one thread at a time.
        all_rows: the rows of each batch.
    """
    remaining = iter(all_rows)
    for rows in remaining:
        first = read(rows)
        yield first
        if sum(value.nbytes for value in first.inputs.values()) >= _LEAST_BYTES:
            break
    # one thread: the computation has the other cores
    one_thread = partial(torch.set_num_threads, 1)
    reader = ThreadPoolExecutor(1, "nasframe-batches", initializer=one_thread)
    waiting: deque[Future[Batch]] = deque()
    try:
        for rows in remaining:
            waiting.append(reader.submit(read, rows))
            if len(waiting) > _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        reader.shutdown(cancel_futures=True)
