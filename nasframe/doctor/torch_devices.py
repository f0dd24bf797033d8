"""Torch: its threads, and the devices that it can use."""

from __future__ import annotations

import platform
import sys
from pathlib import Path
from typing import Any

from nasframe.doctor.findings import Findings
from nasframe.doctor.sizes import size

__all__ = ["inspect_torch"]

_DRIVER = Path("/proc/driver/nvidia/version")


def inspect_torch(findings: Findings) -> None:
    """Add the build of torch, its threads and its devices; nothing where it cannot be imported."""
    torch = sys.modules.get("torch")  # imported with the other packages, or broken: never tried twice
    if torch is None or not hasattr(torch, "get_num_threads"):
        findings.add("torch", "devices", "none: torch cannot be imported")
        return
    built = f"CUDA {torch.version.cuda}" if torch.version.cuda else f"ROCm {torch.version.hip}"
    has_gpu_build = bool(torch.version.cuda or torch.version.hip)
    findings.add("torch", "built for", built if has_gpu_build else "the processor alone")
    findings.add("torch", "threads", torch.get_num_threads())
    findings.add("torch", "devices", ", ".join(["cpu", *_gpus(findings, torch), *_mps(torch)]))


def _gpus(findings: Findings, torch: Any) -> list[str]:
    if not torch.cuda.is_available():
        if _DRIVER.exists():
            built = torch.version.cuda
            why = f"CUDA {built}, which the driver may be too old for" if built else "the processor alone"
            findings.problem(
                f"there is an NVIDIA driver, and torch {torch.__version__}, built for {why}, finds no GPU",
                "install a torch for the driver, as https://pytorch.org/get-started/locally/ says",
            )
        return []
    found = []
    for index in range(torch.cuda.device_count()):
        try:
            device = torch.cuda.get_device_properties(index)
            torch.ones(1, device=f"cuda:{index}").sum().item()
        except Exception as error:
            findings.problem(
                f"cuda:{index} is there and does not compute: {str(error).splitlines()[0]}",
                "look at it with nvidia-smi; device=cpu computes without it",
            )
            continue
        found.append(f"cuda:{index} ({device.name}, {size(device.total_memory)})")
    return found


def _mps(torch: Any) -> list[str]:
    """Return Apple's GPU where torch has it; nasframe computes on the processor there."""
    if platform.system() != "Darwin":
        return []
    return ["mps (not used by nasframe)"] if torch.backends.mps.is_available() else []
