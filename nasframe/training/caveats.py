"""Caveats: sentences beside metrics that say less of a network than they seem to."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nasframe.network import Network

__all__ = ["caveats_of"]

_ROUNDING = 1e-6
"""Outputs that differ by less than this share of the largest one differ by rounding alone."""


def caveats_of(network: nn.Module, outputs: Tensor, targets: Tensor, split: str) -> list[str]:
    """Return a sentence for each reason why metrics of these outputs say little; mostly there is none.

    Args:
        network: that gave the outputs.
        outputs: `(examples, outputs)`, finite.
        targets: `(examples, …)`.
        split: name of the split that both belong to.

    Example:
        >>> (caveat,) = caveats_of(nn.Identity(), torch.eye(3), torch.zeros(3), "test")
        >>> caveat[:66]
        "All 3 examples of the split 'test' have the same target, so its me"
    """
    found = []
    if isinstance(network, Network) and not network.inputs:
        found.append("The network reads no input: every path from an input to its output was removed.")
    elif len(outputs) > 1 and _are_equal(outputs):
        found.append(
            f"The output of the network does not depend on its inputs: it is the same for all {len(outputs)} "
            f"examples of the split {split!r}."
        )
    if len(targets) and bool((targets == targets[:1]).all()):
        found.append(
            f"All {len(targets)} examples of the split {split!r} have the same target, so its metrics do not "
            "show that the network tells anything apart."
        )
    return found


def _are_equal(outputs: Tensor) -> bool:
    spread = (outputs - outputs[:1]).abs().max()
    return bool(spread <= _ROUNDING * outputs.abs().max().clamp_min(torch.finfo(outputs.dtype).tiny))
