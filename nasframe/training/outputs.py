"""The outputs of a network on a whole split."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from nasframe.tasks import Split
from nasframe.training.batches import in_order

__all__ = ["collect_outputs"]


def collect_outputs(
    module: torch.nn.Module,
    forward: Callable[[Mapping[str, Tensor]], Tensor],
    split: Split,
    size: int,
    device: torch.device,
) -> tuple[Tensor, Tensor]:
    """Return raw outputs and targets of a whole split, in its order, on the CPU; in evaluation mode."""
    module.eval()
    outputs, targets = [], []
    with torch.no_grad():
        for batch in in_order(split, size, device):
            outputs.append(forward(batch.inputs).cpu())
            targets.append(batch.targets.cpu())
    return torch.cat(outputs), torch.cat(targets)
