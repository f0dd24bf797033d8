"""What the registered plugins are, for the record of a run; a run never loads them by itself."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from nasframe.plugins import manager

__all__ = ["plugin_record"]


def plugin_record() -> dict[str, dict[str, str | None]]:
    """Version and hash of every registered plugin; None for what has no version, or no file."""
    plugins = manager()
    versions = plugins.versions()
    return {
        name: {"version": versions.get(name), "sha256": _digest(plugins.module(name))}
        for name in plugins.names
    }


def _digest(module: Any) -> str | None:
    """SHA-256 of a module's file, or of the names and contents of all Python files of a package."""
    folders = [Path(folder) for folder in getattr(module, "__path__", ())]
    files = [
        (file.relative_to(folder).as_posix(), file)
        for folder in folders
        for file in sorted(folder.rglob("*.py"))
    ]
    if not folders and isinstance(getattr(module, "__file__", None), str):
        files = [(Path(module.__file__).name, Path(module.__file__))]
    files = [(name, file) for name, file in files if file.is_file()]
    if not files:
        return None
    digest = hashlib.sha256()
    for name, file in files:
        content = file.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()
