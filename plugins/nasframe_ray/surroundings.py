"""The versions and plugins that a trial runs with, which have to be the same on every machine."""

from __future__ import annotations

import importlib
import platform
import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import entry_points, version
from pathlib import Path
from types import ModuleType

from attrs import frozen

import nasframe
from nasframe import manager
from nasframe.errors import RunError
from nasframe.runtime import fingerprint, sha256_of

__all__ = ["Surroundings", "differences"]


@frozen
class Surroundings:
    """The programs of this process, for one on another machine.

    Attributes:
        versions: of Python, torch, nasframe and the installed plugins → the version, and of each plugin's
            code its hash behind it.
        modules: plugins that are neither installed nor a file → their module, which the other machine has to
            have.
        files: plugins of one file → its code.
    """

    versions: Mapping[str, str]
    modules: Mapping[str, str]
    files: Mapping[str, bytes]

    @classmethod
    def here(cls) -> Surroundings:
        """Return those of this process."""
        plugins = manager()
        installed = {point.name for point in entry_points(group="nasframe")}
        others = {name: plugins.module(name) for name in plugins.names if name not in installed}
        modules = {
            name: module.__name__
            for name, module in others.items()
            if name not in plugins.files
            and isinstance(module, ModuleType)
            and sys.modules.get(module.__name__) is module
        }
        files = {file.name: file.read_bytes() for file in plugins.files.values()}
        return cls(_versions(installed, modules), modules, files)

    def take_over(self) -> None:
        """Load the plugins of another process that this one has not loaded yet."""
        plugins = manager()
        for name, module in self.modules.items():
            if name not in plugins.names:
                plugins.register(importlib.import_module(module), name)
        known = {file.name: file.read_bytes() for file in plugins.files.values()}
        changed = sorted(name for name in self.files if known.get(name, self.files[name]) != self.files[name])
        if changed:
            raise RunError(f"{', '.join(changed)}: has changed since this process was connected")
        missing = {name: code for name, code in self.files.items() if name not in known}
        if missing:
            # it stays until this process ends: an error shows the line of the file that failed
            folder = Path(tempfile.mkdtemp(prefix="nasframe-plugins-"))
            for name, code in missing.items():
                (folder / name).write_bytes(code)
            plugins.load_files([folder / name for name in missing])


def differences(driver: Mapping[str, str], node: Mapping[str, str]) -> list[str]:
    """Return a clause for each version that a node has otherwise than the machine that wants its work."""
    found = []
    for name in sorted({*driver, *node}):
        here, there = driver.get(name), node.get(name)
        if here == there:
            continue
        if here is None or there is None:
            found.append(f"{name} is installed {'on the node' if here is None else 'here'} alone")
        elif here.partition(" ")[0] == there.partition(" ")[0]:
            found.append(f"{name} {here.partition(' ')[0]} has other code there")
        else:
            found.append(f"{name} is {there.partition(' ')[0]} there, and {here.partition(' ')[0]} here")
    return found


def _versions(installed: set[str], modules: Mapping[str, str]) -> dict[str, str]:
    plugins = manager()
    versions = plugins.versions()
    core = Path(nasframe.__file__).parent
    code = {file.relative_to(core).as_posix(): sha256_of(file) for file in sorted(core.rglob("*.py"))}
    found = {
        "Python": platform.python_version(),
        "torch": version("torch"),  # it is not imported: a node is refused before that
        "nasframe": f"{nasframe.__version__} {fingerprint(code)[:16]}",
    }
    for name in plugins.names:
        if name != "nasframe" and (name in installed or name in modules) and name not in plugins.files:
            found[f"plugin {name}"] = f"{versions.get(name, '')} {(plugins.code_of(name) or '')[:16]}"
    return found
