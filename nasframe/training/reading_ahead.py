"""Batches that another thread reads while the present one is learnt from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from queue import SimpleQueue
from threading import Thread

import torch
from torch import Tensor

from nasframe.tasks import Batch, Split

__all__ = ["is_large", "may_be_read_ahead", "read_ahead"]

_LEAST_BYTES = 2**18
"""A batch of less is read, or computed, faster than it is handed over."""

_AHEAD = 2
"""Batches that wait: one is seldom enough, as both threads need the interpreter now and then."""


def is_large(batch: Batch) -> bool:
    """Return whether the inputs of a batch are worth another thread."""
    return sum(value.nbytes for value in batch.inputs.values()) >= _LEAST_BYTES


def may_be_read_ahead(split: Split) -> bool:
    """Return whether the batches of a split may be read in another thread; see `Split.reads_ahead`."""
    return "reads_ahead" in vars(type(split)) and bool(split.reads_ahead)


def read_ahead(read: Callable[[Tensor], Batch], all_rows: Sequence[Tensor]) -> Iterator[Batch]:
    """Yield the batch of each tensor of rows, in their order; large ones are read in a thread.

    An error of `read` is raised in the place of its batch. The thread ends with the iterator.

    Args:
        read: from rows `(batch,)` to their batch; it is called by one thread at a time.
        all_rows: the rows of each batch.
    """
    remaining = iter(all_rows)
    for rows in remaining:
        batch = read(rows)
        large = is_large(batch)
        yield batch
        del batch
        if large:
            yield from _read_in_a_thread(read, remaining)
            return


def _read_in_a_thread(read: Callable[[Tensor], Batch], remaining: Iterator[Tensor]) -> Iterator[Batch]:
    # These queues wait in C, where a Ctrl-C is a KeyboardInterrupt and leaves no lock behind.
    asked: SimpleQueue[Tensor | None] = SimpleQueue()
    answered: SimpleQueue[Batch | BaseException | None] = SimpleQueue()
    threads = torch.get_num_threads()
    reader = Thread(target=_answer, args=(read, asked, answered), name="nasframe-batches")
    reader.start()
    waiting = 0
    try:
        for rows in remaining:
            asked.put(rows)
            waiting += 1
            if waiting > _AHEAD:
                yield _taken(answered.get())
                waiting -= 1
        for _ in range(waiting):
            yield _taken(answered.get())
    finally:
        while not asked.empty():
            asked.get()
        asked.put(None)
        while answered.get() is not None:  # the thread has nothing left to do before it is joined
            pass
        reader.join()
        torch.set_num_threads(threads)  # the last one who sets it does so for threads that are still to come


def _taken(answer: Batch | BaseException | None) -> Batch:
    if isinstance(answer, BaseException):
        raise answer
    assert answer is not None
    return answer


def _answer(
    read: Callable[[Tensor], Batch],
    asked: SimpleQueue[Tensor | None],
    answered: SimpleQueue[Batch | BaseException | None],
) -> None:
    torch.set_num_threads(1)  # the computation has the other cores
    while (rows := asked.get()) is not None:
        try:
            answered.put(read(rows))
        except BaseException as error:
            answered.put(error)
    answered.put(None)
