"""The GPUs of a machine, shared out among workers."""

from __future__ import annotations

import os

from nasframe.runtime import cores

__all__ = ["own_devices", "worker_count"]


def own_devices(device: str | None) -> list[str]:
    """Return the GPUs of which each worker sees one, as `CUDA_VISIBLE_DEVICES` names them.

    Args:
        device: name of the device that the trials ask for. With `auto` and `cuda` each worker has its own;
            for any other there is nothing to share out.
    """
    import torch

    count = torch.cuda.device_count() if device in ("auto", "cuda") else 0
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = visible.split(",") if visible else [str(number) for number in range(count)]
    return names[:count] if count > 1 else []


def worker_count(workers: int | None, device: str) -> int:
    """Return `workers`, or where it is None one for each core, and on GPUs one for each that is shared out.

    Args:
        workers: as the user gave it.
        device: name of the device that the trials ask for: `auto`, `cpu`, `cuda` or `cuda:N`.
    """
    import torch

    if workers is not None:
        return workers
    on_cpu = device == "cpu" or (device == "auto" and not torch.cuda.is_available())
    return cores() if on_cpu else max(1, len(own_devices(device)))
