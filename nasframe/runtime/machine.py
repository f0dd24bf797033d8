"""The machine and the programs that compute, as records keep them; nothing is measured or fetched."""

from __future__ import annotations

import functools
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from nasframe.kernel_file import kernel_field
from nasframe.runtime.processor import cores
from nasframe.runtime.shapes import MAX_EXACT_INTEGER, Fields, Items, Nullable, Number, Text

__all__ = ["MACHINE", "machine_record"]

_COUNT = Nullable(Number(0, MAX_EXACT_INTEGER, whole=True))
_TEXT = Nullable(Text())

MACHINE = Fields(
    {},
    {
        **dict.fromkeys(("processor", "platform", "python", "torch", "nasframe"), _TEXT),
        **dict.fromkeys(("cores", "memory", "threads"), _COUNT),
        "gpus": Items(Text()),
    },
)
"""The shape of such a record."""

_CPUINFO, _MEMINFO = Path("/proc/cpuinfo"), Path("/proc/meminfo")
_NVIDIA = Path("/proc/driver/nvidia/gpus")
_PATIENCE = 5.0
"""Seconds after which the question to a system program is given up."""


def machine_record() -> dict[str, Any]:
    """Return the machine and the versions of the programs, JSON-able.

    Returns:
        `processor` (its name), `cores` (that this process may use), `memory` (bytes), `gpus` (their names),
        `threads` (of torch in this process; a search and a training take one of them), `platform`, and the
        versions of `python`, `torch` and `nasframe`. A value that the system does not tell is None.
    """
    import torch

    import nasframe

    return {
        **_hardware(),
        "cores": cores(),
        "gpus": _gpus(),
        "threads": torch.get_num_threads(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "nasframe": nasframe.__version__,
    }


@functools.cache
def _hardware() -> dict[str, Any]:
    """Return what stays the same for as long as the process lives."""
    return {"processor": _processor(), "memory": _memory()}


def _processor() -> str | None:
    named = kernel_field(_CPUINFO, "model name") or _system_value("machdep.cpu.brand_string")
    return named or platform.processor() or platform.machine() or None


def _memory() -> int | None:
    kibibytes = kernel_field(_MEMINFO, "MemTotal").removesuffix("kB").strip()
    if kibibytes.isdecimal():
        return int(kibibytes) * 1024
    told = _system_value("hw.memsize")
    if told.isdecimal():
        return int(told)
    if hasattr(os, "sysconf") and {"SC_PHYS_PAGES", "SC_PAGE_SIZE"} <= os.sysconf_names.keys():
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _gpus() -> list[str]:
    """Return the names of the GPUs: those that torch uses already, else those that the driver names.

    Torch is not asked to look for any: that takes memory on each of them.
    """
    import torch

    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call, unused-ignore]
        return [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    try:
        folders = sorted(_NVIDIA.iterdir())
    except OSError:  # no such driver, or no Linux
        return []
    return [name for folder in folders if (name := kernel_field(folder / "information", "Model"))]


def _system_value(name: str) -> str:
    """Return a value of macOS's kernel; empty on other systems, and where it does not answer."""
    program = shutil.which("sysctl", path="/usr/sbin:/sbin") if sys.platform == "darwin" else None
    if program is None:
        return ""
    try:
        found = subprocess.run(
            [program, "-n", name], capture_output=True, text=True, timeout=_PATIENCE, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return found.stdout.strip()
