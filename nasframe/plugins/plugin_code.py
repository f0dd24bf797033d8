"""The hash of the Python code of a plugin."""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
from pathlib import Path
from typing import Any

from attrs import field, frozen

from nasframe.plugins.files_beside import files_beside

__all__ = ["LoadedCode", "hash_of_code"]


@frozen
class LoadedCode:
    """The code of plugins as this process has loaded it, whatever becomes of their files afterwards."""

    _known: dict[str, tuple[Any, Any, dict[Any, str | None]]] = field(factory=dict, init=False)

    def of(self, plugin: str, module: Any, target: Any = None) -> str | None:
        """Return what `hash_of_code` returned when it was first asked for this module.

        Args:
            plugin: its name.
            module, target: see `hash_of_code`. A module that is loaded anew, by `reload` too, is another one.
        """
        spec = getattr(module, "__spec__", None)  # `reload` makes a new one
        known = self._known.get(plugin)
        if known is None or known[0] is not module or known[1] is not spec:
            known = self._known[plugin] = (module, spec, {})
        hashes = known[2]
        if target not in hashes:
            hashes[target] = hash_of_code(module, target)
        return hashes[target]

    def forget(self, plugin: str) -> None:
        """Forget a plugin."""
        self._known.pop(plugin, None)


def hash_of_code(module: Any, target: Any = None) -> str | None:
    """Return the SHA-256 of a module's file, or of names and contents of all Python files of a package.

    The packages that a plugin names in `NASFRAME_LIBRARIES` are a part of it, and so are the files beside a
    plugin of one file that it imports.

    Args:
        module: the module or object that is the plugin.
        target: a class or function that it registers, whose file counts too where it lies elsewhere.

    Returns:
        None where no file is known.
    """
    folders = [Path(folder) for folder in getattr(module, "__path__", ())]
    for name in getattr(module, "NASFRAME_LIBRARIES", ()):
        library = importlib.util.find_spec(name)
        folders += [Path(folder) for folder in (library and library.submodule_search_locations) or ()]
    files = [
        (file.relative_to(folder).as_posix(), file)
        for folder in folders
        for file in sorted(folder.rglob("*.py"))
    ]
    if not hasattr(module, "__path__") and isinstance(getattr(module, "__file__", None), str):
        own = Path(module.__file__)
        files.append((own.name, own))
        folder = own.resolve().parent
        files += [(file.relative_to(folder).as_posix(), file) for file in files_beside(module)]
    other = _file_of(target)
    if other is not None and other.resolve() not in {file.resolve() for _, file in files}:
        files.append((other.name, other))
    files = [(name, file) for name, file in files if file.is_file()]
    if not files:
        return None
    digest = hashlib.sha256()
    for name, file in files:
        content = file.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _file_of(target: Any) -> Path | None:
    try:
        found = None if target is None else inspect.getsourcefile(target)
    except TypeError:  # a class that was made without a file
        return None
    return None if found is None else Path(found)
