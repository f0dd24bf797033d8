"""Python, the operating system, the processor, the cores, the memory, and how texts are encoded."""

from __future__ import annotations

import locale
import os
import platform
import sys
from pathlib import Path

from nasframe.doctor.control_group import core_limit, memory_limit
from nasframe.doctor.findings import Findings
from nasframe.doctor.sizes import size
from nasframe.kernel_file import kernel_field

__all__ = ["inspect_machine", "inspect_python"]

_LITTLE_MEMORY = 1 << 30
_CPUINFO = Path("/proc/cpuinfo")
_MEMINFO = Path("/proc/meminfo")


def inspect_python(findings: Findings) -> None:
    """Add the version and the file of Python, the encodings, and the folders that imports come from."""
    import nasframe

    add = findings.add
    add("nasframe", "version", nasframe.__version__)
    add("nasframe", "folder", str(Path(nasframe.__file__).parent))
    add("Python", "version", f"{platform.python_version()} ({platform.python_implementation()})")
    add("Python", "program", sys.executable)
    add("Python", "virtual environment", sys.prefix != sys.base_prefix)
    stdout = getattr(sys.__stdout__, "encoding", None)
    add("Python", "locale", ".".join(part or "none" for part in locale.getlocale()))
    add("Python", "encoding of names", sys.getfilesystemencoding())
    add("Python", "encoding of output", stdout)
    if sys.getfilesystemencoding().lower() != "utf-8":
        findings.problem(
            f"names of files are encoded as {sys.getfilesystemencoding()}, so not every name can be read",
            "set PYTHONUTF8=1",
        )
    if stdout is not None and not _can_write("λ→é", stdout):
        findings.problem(
            f"output is encoded as {stdout}: other letters are shown as codes such as \\u03bb",
            "set PYTHONUTF8=1, or a locale such as LC_ALL=C.UTF-8",
        )
    entries = os.environ.get("PYTHONPATH", "").split(os.pathsep) if os.environ.get("PYTHONPATH") else []
    if any(entry in ("", ".") for entry in entries):
        findings.problem(
            "PYTHONPATH holds the working folder (an empty entry, or '.'): a file there such as json.py runs",
            "take the empty entry out of PYTHONPATH; often it is a colon too many",
        )


def _can_write(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeError, LookupError):
        return False
    return True


def inspect_machine(findings: Findings) -> None:
    """Add the system, the processor, the cores and threads, and the memory."""
    findings.add("machine", "system", platform.platform())
    findings.add("machine", "processor", _processor())
    _inspect_instructions(findings)
    _inspect_cores(findings)
    _inspect_memory(findings)


def _processor() -> str:
    name = kernel_field(_CPUINFO, "model name") or platform.processor()
    return f"{platform.machine()}{f', {name}' if name and name != platform.machine() else ''}"


def _inspect_instructions(findings: Findings) -> None:
    from nasframe.errors import NasframeError
    from nasframe.runtime import require_processor

    try:
        require_processor()
    except NasframeError as error:
        findings.problem(str(error), "use another machine, or build PyTorch and NumPy from source")


def _inspect_cores(findings: Findings) -> None:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit = core_limit()
    allowed = "" if limit is None else f"; the control group allows {limit:g}"
    findings.add("machine", "cores", f"{usable} of {os.cpu_count() or usable}{allowed}")
    if limit is not None and limit < usable:
        findings.problem(
            f"the control group allows {limit:g} of {usable} cores, and a study takes {usable} workers",
            f"give studies --workers {max(1, int(limit))}",
        )
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        value = os.environ.get(name)
        if value is not None:
            findings.add("machine", name, value)
            if not all(part.strip().isdecimal() and int(part) for part in value.split(",")):
                findings.problem(f"{name} is {value!r}; expected a number above 0", f"unset {name}")


def _inspect_memory(findings: Findings) -> None:
    found, free, limit = _bytes("MemTotal"), _bytes("MemAvailable"), memory_limit()
    if found is None and hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        found = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    parts = [size(found) if found is not None else "unknown"]
    parts += [f"{size(free)} free"] if free is not None else []
    parts += [f"the control group allows {size(limit)}"] if limit is not None else []
    findings.add("machine", "memory", ", ".join(parts))
    least = min((value for value in (free, limit) if value is not None), default=None)
    if least is not None and least < _LITTLE_MEMORY:
        findings.problem(
            f"{size(least)} of memory can be had; torch alone takes about half a GiB, each worker as much",
            "end other programs, raise the limit, or give studies --workers 1",
        )


def _bytes(name: str) -> int | None:
    value = kernel_field(_MEMINFO, name).removesuffix("kB").strip()
    return int(value) * 1024 if value.isdecimal() else None
