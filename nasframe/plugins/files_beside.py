"""The files beside a plugin of one file, which that plugin imports, and nobody else.

The folder of a plugin file is on no path of Python: another module that imports `random` or `torch` never
gets a file of that folder. An `import helpers` in the plugin, or in a file beside it, gets the file
`helpers.py` beside it, under a name of its own: two plugins with a `helpers.py` each have their own.
"""

from __future__ import annotations

import ast
import builtins
import functools
import importlib.metadata
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from nasframe.plugins.hookspecs import PROJECT

__all__ = ["Beside", "files_beside", "import_hint", "imported_name", "plugin_module"]

_PREFIX = "files_beside_"
"""`files_beside_my_ops.helpers` is the module of `helpers.py` beside the plugin `my_ops.py`."""


class Beside:
    """The imports of one plugin file, between `begin` and `forget`.

    Args:
        plugin: name of the plugin, which is that of its module.
        file: of the plugin.
    """

    def __init__(self, plugin: str, file: Path) -> None:
        self.plugin, self.file = plugin, file.resolve()
        self.package = _PREFIX + plugin

    def begin(self, module: ModuleType) -> None:
        """Let the imports of a module, which is not executed yet, find the files beside the plugin."""
        self.forget()
        package = ModuleType(self.package)
        package.__path__ = []
        sys.modules[self.package] = package
        _FINDER.plugins[self.package] = self
        if _FINDER not in sys.meta_path:
            sys.meta_path.insert(0, _FINDER)  # before that of the folders of packages
        self.bind(module)

    def bind(self, module: ModuleType) -> None:
        """Give a module the `import` of this plugin."""
        module.__dict__["__builtins__"] = {**vars(builtins), "__import__": self._import}

    def forget(self) -> None:
        """Forget the modules of the files beside the plugin."""
        _FINDER.plugins.pop(self.package, None)
        for name in [name for name in sys.modules if f"{name}.".startswith(f"{self.package}.")]:
            del sys.modules[name]

    def module_name(self, name: str) -> str:
        """Return the name under which `import name` of this plugin finds a module."""
        return f"{self.package}.{name}" if self._is_beside(name.partition(".")[0]) else name

    def _is_beside(self, head: str) -> bool:
        found = _file_of(self.file.parent, head)
        if found is None or found == self.file:
            return False
        loaded = sys.modules.get(head)
        return not (loaded is not None and _origin(loaded) == found) and not _is_installed(head)

    def _import(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """Import as Python does; a name of a file beside the plugin is that file."""
        own = name if level else self.module_name(name)
        found = builtins.__import__(own, globals, locals, fromlist or (), level)
        if own == name or fromlist:
            return found
        return sys.modules[f"{self.package}.{name.partition('.')[0]}"]


class _Loader(SourceFileLoader):
    """Executes a file beside a plugin with the imports of that plugin."""

    def __init__(self, name: str, path: str, beside: Beside) -> None:
        super().__init__(name, path)
        self._beside = beside

    def exec_module(self, module: ModuleType) -> None:
        self._beside.bind(module)
        super().exec_module(module)

    def source_to_code(self, data: Any, path: Any, *, _optimize: int = -1) -> Any:  # type: ignore[override]
        try:
            return super().source_to_code(data, path, _optimize=_optimize)
        except SyntaxError as error:
            error.filename = error.filename or str(path)  # it is not there for a null byte
            raise


class _Finder(MetaPathFinder):
    """Finds the files beside the plugins of one file, by their names below `files_beside_…`."""

    def __init__(self) -> None:
        self.plugins: dict[str, Beside] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        package, _, rest = fullname.partition(".")
        beside = self.plugins.get(package)
        if beside is None or not rest:
            return None
        folder = beside.file.parent.joinpath(*rest.split(".")[:-1])
        file = _file_of(folder, rest.rpartition(".")[2])
        if file is None:
            return None
        inner = [str(file.parent)] if file.name == "__init__.py" else None
        loader = _Loader(fullname, str(file), beside)
        return spec_from_file_location(fullname, file, loader=loader, submodule_search_locations=inner)


_FINDER = _Finder()


def files_beside(module: Any) -> list[Path]:
    """Return the files that a plugin of one file imports from its folder, and those that these import.

    They are read from the text, so that they are the same before and after an import that comes late. A
    package counts with all its Python files. Empty for any other module.
    """
    beside = _of(module)
    if beside is None:
        return []
    found: dict[Path, None] = {}
    waiting = [beside.file]
    while waiting:
        for head in _mentioned(waiting.pop()):
            file = _file_of(beside.file.parent, head)
            if file is None or file == beside.file or _is_installed(head):
                continue
            whole = sorted(file.parent.rglob("*.py")) if file.name == "__init__.py" else [file]
            fresh = [item for item in whole if item not in found]
            found |= dict.fromkeys(fresh)
            waiting += fresh
    return sorted(found)


def imported_name(name: str, module: Any) -> str:
    """Return the name under which a plugin finds a module that it calls `name`."""
    beside = _of(module)
    return name if beside is None else beside.module_name(name)


def plugin_module(module: Any) -> Any:
    """Return the plugin to which the module of a file beside it belongs; any other module as it is."""
    package = str(getattr(module, "__name__", "")).partition(".")[0]
    beside = _FINDER.plugins.get(package)
    return module if beside is None else sys.modules.get(beside.plugin, module)


def import_hint(error: BaseException, file: Path) -> str:
    """Return the end of the message of an import in a plugin file that failed, where a file beside it was
    meant, or has the name of the installed module that was imported; else nothing."""
    if not isinstance(error, ImportError):
        return ""
    if "no known parent package" in str(error):
        return "; write the name of a file beside it without a dot, as in `import helpers`"
    head = (error.name or "").partition(".")[0]
    found = _file_of(file.resolve().parent, head) if head else None
    if found is None:
        return ""
    beside = found.relative_to(file.resolve().parent)
    if _is_installed(head):
        return (
            f"; {beside} beside it is not meant: an installed module is called {head!r}, so rename the file"
        )
    if isinstance(error, ModuleNotFoundError) and error.name == head:
        return f"; {beside} beside it is found by `import {head}` alone"
    return ""


def _of(module: Any) -> Beside | None:
    """Return the imports of a plugin of one file; None for any other module."""
    found = _FINDER.plugins.get(_PREFIX + str(getattr(module, "__name__", "")))
    return found if found is not None and _origin(module) == found.file else None


def _file_of(folder: Path, name: str) -> Path | None:
    """Return the file of a module in a folder."""
    for file in (folder / name / "__init__.py", folder / f"{name}.py"):
        if name.isidentifier() and file.is_file():
            return file
    return None


def _origin(module: Any) -> Path | None:
    file = getattr(module, "__file__", None)
    return Path(file).resolve() if isinstance(file, str) else None


def _is_installed(name: str) -> bool:
    """Return True for a module of Python or of a package, which no file beside a plugin can stand for.

    Modules of the working folder, of the folder of the program, and of other plugin files are not installed.
    """
    if name in sys.stdlib_module_names or name in sys.builtin_module_names or name in _of_packages():
        return True
    loaded = sys.modules.get(name)
    if loaded is not None and _of(loaded) is None:
        file = _origin(loaded)
        folder = None if file is None else file.parent.parent if file.name == "__init__.py" else file.parent
        return folder not in _own_folders()
    others = [item for item in sys.path if item and Path(item).resolve() not in _own_folders()]
    for finder in sys.meta_path:
        if finder.find_spec(name, others if finder is PathFinder else None) is not None:
            return True
    return False


def _own_folders() -> set[Path]:
    """Return the folders from which the user works: there, a module is no installed one."""
    program = _origin(sys.modules.get("__main__"))
    found = {Path.cwd(), *(beside.file.parent for beside in _FINDER.plugins.values())}
    if program is not None:
        found.add(program.parent)
    return found - {Path(folder).resolve() for folder in sysconfig.get_paths().values()}


@functools.cache
def _of_packages() -> frozenset[str]:
    """Return nasframe and the modules of installed plugins: they may lie in the working folder."""
    points = importlib.metadata.entry_points(group=PROJECT)
    return frozenset({PROJECT, *(point.module.partition(".")[0] for point in points)})


@functools.lru_cache(maxsize=256)
def _mentioned_in(text: bytes) -> frozenset[str]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return frozenset()
    return frozenset(name for node in ast.walk(tree) for name in _heads(node) if name.isidentifier())


def _mentioned(file: Path) -> frozenset[str]:
    """Return the first parts of all module names in a Python file: of imports, and of any short text."""
    return _mentioned_in(file.read_bytes())


def _heads(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield (node.module or "").partition(".")[0]
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 100:
        # "helpers:Biggest" in a registration, and import_module("files_beside_my_ops.helpers")
        parts = node.value.partition(":")[0].split(".")
        yield parts[1] if parts[0].startswith(_PREFIX) and len(parts) > 1 else parts[0]
