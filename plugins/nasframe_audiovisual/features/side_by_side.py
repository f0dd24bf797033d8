"""Images through a network on all cores: each core computes some of them alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from nasframe_audiovisual.threads import in_threads

__all__ = ["side_by_side"]

MOST = 32
"""Images that one core computes at once: with 112 pixels, no layer writes more than the cache holds."""


def side_by_side(function: Callable[[Tensor], Sequence[Tensor]], images: Tensor) -> list[Tensor]:
    """Return what `function` gives for the images, one tensor for each of its results `(images, …)`.

    Threads that share the work on one image wait for each other after every layer. On a machine with other
    work to do that makes them several times slower than one thread.

    Args:
        function: from some images `(n, …)` to results `(n, …)`, on the processor and without gradients. It is
            called from as many threads as torch would use here, and torch uses one in each.
        images: on the processor `(images, …)`.
    """
    threads = torch.get_num_threads()
    parts = torch.split(images, max(1, min(MOST, -(-len(images) // threads))))
    if threads == 1 or len(parts) == 1:
        return _joined([function(part) for part in parts])

    @torch.inference_mode()
    def alone(part: Tensor) -> Sequence[Tensor]:
        torch.set_num_threads(1)
        return function(part)

    try:
        return _joined([*in_threads(alone, parts, threads)])
    finally:
        torch.set_num_threads(threads)  # the last one who sets it does so for threads that are still to come


def _joined(results: Sequence[Sequence[Tensor]]) -> list[Tensor]:
    return [torch.cat(same) for same in zip(*results, strict=True)]
