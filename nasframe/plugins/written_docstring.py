"""The docstring of a class or function as its file has it. Nothing is imported for it: a list of plugins does
not wait for torch."""

from __future__ import annotations

import ast
import functools
import importlib.util
from collections.abc import Iterator, Sequence
from pathlib import Path

from nasframe.errors import PluginError
from nasframe.runtime import read_text

__all__ = ["written_docstring"]

_STEPS = 5
"""Files through which a name is followed, from a package's page to where it is defined."""

_MOST_BYTES = 1 << 20


def written_docstring(target: str) -> str | None:
    """Return the docstring of `"module:name"`, empty where it has none; None where its file does not tell.

    A name that a file imports is followed to the file that defines it. A name that is made when the file
    runs, or is inherited, is not found.
    """
    module, _, name = target.partition(":")
    for _ in range(_STEPS):
        file = _file_of(module)
        if file is None:
            return None
        try:
            tree = _parsed(file)
        except (PluginError, SyntaxError, ValueError):
            return None
        for node in _statements(tree.body):
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
                return ast.get_docstring(node) or ""
        origin = _origin(tree, module, name, is_package=file.name == "__init__.py")
        if origin is None:
            return None
        module, name = origin
    return None


def _file_of(module: str) -> Path | None:
    """Return the file of a module, found without importing the packages around it."""
    top, *inner = module.split(".")
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    if not inner:
        return None if spec.origin is None else Path(spec.origin)
    for place in spec.submodule_search_locations or ():
        path = Path(place, *inner)
        for file in (path.with_suffix(".py"), path / "__init__.py"):
            if file.is_file():
                return file
    return None


@functools.lru_cache(maxsize=64)
def _parsed(file: Path) -> ast.Module:
    return ast.parse(read_text(file, PluginError, _MOST_BYTES))


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements at the top of a file, those of a condition too: pages import for type checkers."""
    for node in body:
        yield node
        if isinstance(node, ast.If):
            yield from _statements(node.body)


def _origin(tree: ast.Module, module: str, name: str, *, is_package: bool) -> tuple[str, str] | None:
    """Return the module and the name that a file imports under a name."""
    for node in _statements(tree.body):
        if not isinstance(node, ast.ImportFrom):
            continue
        for alias in node.names:
            if (alias.asname or alias.name) == name:
                around = module.split(".")
                around = around[: len(around) - node.level + is_package] if node.level else []
                return ".".join([*around, *([node.module] if node.module else [])]), alias.name
    return None
