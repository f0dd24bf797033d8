"""The limits that a control group of Linux, such as that of a container, sets for this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

__all__ = ["core_limit", "memory_limit"]

_UNLIMITED = 1 << 60  # the first version writes a huge number where it means none


def core_limit(root: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> float | None:
    """Return the number of cores that the groups of this process allow; None where they set no limit."""
    found = []
    for folder in _folders(root, own, "cpu"):
        quota, _, period = _read(folder / "cpu.max").partition(" ")
        if not quota:
            quota, period = _read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us")
        if quota.isdecimal() and period.isdecimal() and int(period):
            found.append(int(quota) / int(period))
    return min(found, default=None)


def memory_limit(root: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> int | None:
    """Return the bytes of memory that the groups of this process allow; None where they set no limit."""
    texts = [
        _read(folder / name)
        for folder in _folders(root, own, "memory")
        for name in ("memory.max", "memory.limit_in_bytes")
    ]
    return min((int(text) for text in texts if text.isdecimal() and int(text) < _UNLIMITED), default=None)


def _folders(root: Path, own: Path, controller: str) -> Iterator[Path]:
    """Yield the folders of the groups of this process and of those around them, of both versions."""
    for line in _read(own).splitlines():
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if controllers and controller not in controllers.split(","):
            continue
        base = root / controller if controllers else root
        group = PurePosixPath(path)
        for inner in (group, *group.parents):
            yield base.joinpath(*inner.parts[1:])


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
