"""Plugins are found and registered: those that packages install, and those that are one file."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

from nasframe.errors import PluginError, in_words
from nasframe.plugins.contract import UnfitPluginError, registered_entries
from nasframe.plugins.former_names import moved_to
from nasframe.plugins.installed import installed, version_of
from nasframe.plugins.plugin_file import importing
from nasframe.plugins.registry import PluginRegistry
from nasframe.plugins.source_location import file_of, in_brackets, raised_at

__all__ = ["load_entry_points", "load_files"]


def load_entry_points(registry: PluginRegistry) -> None:
    """Register every installed plugin; see `PluginManager.load_entry_points`."""
    owners: dict[str, str] = {}
    for point in installed():
        package = version_of(point)
        if point.name in owners:
            message = f"is there already, from {owners[point.name]}; that of {package} is left out"
            registry.report(point.name, f"{message}; uninstall one of them")
        elif point.name not in registry:
            _load_entry_point(registry, point)
        owners.setdefault(point.name, package)
    registry.report_unknown_hooks()


def _load_entry_point(registry: PluginRegistry, point: EntryPoint) -> None:
    try:
        module = point.load()
    except BaseException as error:  # a plugin may raise anything
        if isinstance(error, KeyboardInterrupt):
            raise
        why = f"{_reason(error)}{raised_at(error)}{moved_to(error)}"
        registry.report(point.name, f"cannot be loaded from {point.value!r}: {why}")
        return
    try:
        registry.register(module, point.name)
    except UnfitPluginError as error:
        registry.report(point.name, error.reason)


def _reason(error: BaseException) -> str:
    """Return the words of an error; an import that failed says enough without its class."""
    return str(error) if isinstance(error, ImportError) else in_words(error)


def load_files(registry: PluginRegistry, paths: Iterable[str | Path]) -> list[str]:
    """Register Python files as plugins; return their names. See `PluginManager.load_file` for the errors."""
    names = [_load_file(registry, Path(path)) for path in paths]
    registry.report_unknown_hooks()
    return names


def _load_file(registry: PluginRegistry, path: Path) -> str:
    name = path.stem
    if name in registry.files and registry.files[name].resolve() == path.resolve():
        return name
    if name in registry:
        there = in_brackets(file_of(registry.module(name)))
        raise PluginError(f"{path}: there is a plugin {name!r} already{there}; rename the file")
    with importing(path) as module:
        registry.register(module, name)
        try:
            _check_file(registry, module, path)
        except PluginError:
            registry.unregister(name)
            raise
    registry.files[name] = path
    return name


def _check_file(registry: PluginRegistry, module: ModuleType, path: Path) -> None:
    """Refuse a file without a hook, or with a registration hook that fails."""
    hooks = registry.hooks_in(module)
    if not hooks:
        raise PluginError(
            f"{path}: implements no hook; mark a function such as register_operations with @nasframe.hookimpl"
        )
    for hook in hooks & {registry.hook_of(kind) for kind in registry.kinds}:
        try:
            registered_entries(getattr(module, hook), hook, module)
        except PluginError as error:
            raise PluginError(f"{path}: {error}") from error
