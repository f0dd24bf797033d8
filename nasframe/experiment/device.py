"""From the name of a device to the device of torch."""

from __future__ import annotations

import re

import torch

from nasframe.errors import ConfigurationError

__all__ = ["resolve_device", "valid_device"]

_FORM = re.compile(r"auto|cpu|cuda(:\d+)?")


def valid_device(value: str) -> None:
    """Check the form of a device's name; the device may be one that this machine lacks.

    A run's own experiment names the device it was made on, and must load on every machine.

    Raises:
        ValueError: not of the form.
    """
    if not _FORM.fullmatch(value):
        raise ValueError(f"unknown device {value!r}; valid: auto, cpu, cuda, cuda:N")


def resolve_device(name: str) -> torch.device:
    """Return the device called `name`; `auto` is the first CUDA device where there is one, else the CPU.

    Raises:
        ConfigurationError: no such device, or not on this machine.
    """
    try:
        valid_device(name)
    except ValueError as error:
        raise ConfigurationError("device", [f"device: {error}"]) from None
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "auto":
        return torch.device("cuda", 0) if count else torch.device("cpu")
    if name == "cpu":
        return torch.device("cpu")
    index = int(name.partition(":")[2] or 0)
    if index >= count:
        found = ", ".join(["auto", "cpu", *(f"cuda:{number}" for number in range(count))])
        raise ConfigurationError(
            "device", [f"device: {name!r} is not on this machine (torch {torch.__version__}); valid: {found}"]
        )
    return torch.device("cuda", index)
