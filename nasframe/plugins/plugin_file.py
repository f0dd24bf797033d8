"""A plugin that is one file, without a package around it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import Loader
from pathlib import Path
from types import ModuleType

from nasframe.errors import PluginError, in_words
from nasframe.plugins.files_beside import Beside, import_hint
from nasframe.plugins.former_names import moved_to
from nasframe.plugins.source_location import raised_at

__all__ = ["importing"]


@contextmanager
def importing(path: Path) -> Iterator[ModuleType]:
    """Import a file as a module under its own name; forget the module if the block fails.

    It may import the files beside it.

    Raises:
        PluginError: no such file, no Python file, a name that another module has, or an error in it.
    """
    name = path.stem
    if not path.is_file():
        if not path.exists():
            raise PluginError(f"{path}: no such file")
        what = "a folder" if path.is_dir() else "no regular file"
        raise PluginError(f"{path}: is {what}; expected a Python file")
    if path.suffix != ".py" or not name.isidentifier():
        raise PluginError(f"{path}: a plugin is a Python file whose name can be imported, such as my_ops.py")
    if _is_taken(name, path):
        raise PluginError(f"{path}: there is another Python module {name!r}; rename the file")
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # so that its classes can be found by their module's name
    beside = Beside(name, path)
    beside.begin(module)
    try:
        _execute(spec.loader, module, path)
        yield module
    except BaseException:
        del sys.modules[name]
        beside.forget()
        raise


def _execute(loader: Loader, module: ModuleType, path: Path) -> None:
    try:
        loader.exec_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a plugin may raise anything, SystemExit too
        hint = moved_to(error) + import_hint(error, path)
        why = f"{in_words(error)}{raised_at(error, module)}{hint}"
        raise PluginError(f"{path}: cannot be imported: {why}") from error


def _is_taken(name: str, path: Path) -> bool:
    """Return True where `import name` would find something else than this file."""
    if name in sys.modules:
        found = getattr(sys.modules[name], "__file__", None)
    else:
        spec = importlib.util.find_spec(name)
        found = None if spec is None else spec.origin
        if spec is None:
            return False
    return found is None or Path(found).resolve() != path.resolve()
