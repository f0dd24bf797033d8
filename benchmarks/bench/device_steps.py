"""A search step on a GPU: its time where there is one; what it launches and waits for, on any machine.

The counts come from a device that keeps account, and computes on the CPU; see `tests/other_device.py`.
"""

from __future__ import annotations

import attrs
import torch
from epochs import device_epoch_figures
from figure import Figure
from paper import batches_of_a_step, engine, engine_step, update_both
from turns import timed

from nasframe import Batch
from tests.other_device import OnDevice, account_kept, moved_there

__all__ = ["device_figures"]

SIZE = 64

STEPS = 10
"""Of which the mean is counted: samples differ in what they launch."""

NAMES = ("onehot", "softmax")


def device_figures(rounds: int = 20) -> list[Figure]:
    """Return launches and waits of a step for one-hot and for dense weights, and the times on CUDA."""
    figures = [figure for name in NAMES for figure in _counted(name)]
    figures += [_timed(name, rounds) for name in NAMES]
    return figures + device_epoch_figures()


def _counted(name: str) -> list[Figure]:
    """Return what a step, an update of the weights and one of the logits, asks of a device.

    Launches are at most so many: on a GPU, torch takes many parameters at once where it takes norms.
    """
    search = engine(name, SIZE)
    moved_there(search.supernet)
    inner, outer = (
        Batch({key: OnDevice(value) for key, value in batch.inputs.items()}, OnDevice(batch.targets))
        for batch in batches_of_a_step(search, SIZE)
    )
    # with optimisers of the parameters there
    step = update_both(attrs.evolve(search.learner).update, inner, outer)
    with account_kept():
        step()  # makes the states of the optimisers
    with account_kept() as account:
        for _ in range(STEPS):
            step()
    found = {
        "launches": account.launches.total(),
        "waits": len(account.waits),
        "arrivals": account.arrivals,
    }
    details = {"most": dict(account.launches.most_common(8)), "waits": sorted({*account.waits})}
    return [Figure(f"{key}_per_step_{name}", count / STEPS, details=details) for key, count in found.items()]


def _timed(name: str, rounds: int) -> Figure:
    figure = f"cuda_step_ms_{name}_b{SIZE}"
    if not torch.cuda.is_available():
        return Figure(figure, None, "ms", words="there is no CUDA device")
    step = engine_step(name, SIZE, torch.device("cuda", 0))

    def done() -> None:
        step()
        torch.cuda.synchronize()

    wall = timed({"step": done}, rounds)["step"].wall
    return Figure(figure, 1e3 * wall, "ms", words=torch.cuda.get_device_name(0))
