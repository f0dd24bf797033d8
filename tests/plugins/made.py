"""Plugins made for a test."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

from nasframe.plugins import PluginManager, hookimpl

__all__ = ["install", "plugin", "with_plugins"]


def plugin(**hooks: Any) -> ModuleType:
    """A module that implements these hooks."""
    module = ModuleType("made_for_a_test")
    for name, function in hooks.items():
        function.__name__ = name
        setattr(module, name, hookimpl(function))
    return module


def with_plugins(**modules: ModuleType) -> PluginManager:
    """A manager that knows these plugins alone."""
    plugins = PluginManager()
    for name, module in modules.items():
        plugins.register(module, name)
    return plugins


def install(
    folder: Path, name: str, code: str, *, package: str = "", value: str = "", metadata: str = ""
) -> None:
    """Write the files that a wheel of a one-module plugin puts into site-packages."""
    package, value = package or name, value or name
    (folder / f"{value}.py").write_text(code, encoding="utf-8")
    info = folder / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n{metadata}", encoding="utf-8"
    )
    (info / "entry_points.txt").write_text(f"[nasframe]\n{name} = {value}\n", encoding="utf-8")
