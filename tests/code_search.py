"""Calls and imports in Python code, by their full names whatever they are called in a file."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

__all__ = ["Call", "calls_in", "modules_of"]


@frozen
class Call:
    """One call.

    Attributes:
        name: in full, such as `numpy.load` for `np.load(…)`; `.read_text` for a method of something unknown.
        line: of the file.
        node: of the syntax tree.
    """

    name: str
    line: int
    node: ast.Call

    def keyword(self, name: str) -> ast.expr | None:
        """The value of a keyword; None where it is not given by its name."""
        return next((item.value for item in self.node.keywords if item.arg == name), None)

    def says(self, keyword: str, value: object) -> bool:
        """True where the call gives the keyword that very value, written out."""
        given = self.keyword(keyword)
        return isinstance(given, ast.Constant) and given.value is value

    @property
    def has_literal_name(self) -> bool:
        """True where the first argument is written out."""
        return bool(self.node.args) and isinstance(self.node.args[0], ast.Constant)


def modules_of(source: str) -> Iterator[tuple[str, int]]:
    """Every module that code imports, and every name that it imports from one, with the line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((item.name, node.lineno) for item in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module, node.lineno
            yield from ((f"{node.module}.{item.name}", node.lineno) for item in node.names)


def calls_in(source: str) -> list[Call]:
    """Every call in code, also one that is only named: `map(eval, words)` and `@torch.load`.

    A name without a call counts as a call without arguments.
    """
    tree = ast.parse(source)
    known = dict(_aliases(tree))
    called = {node.func: node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    inner = {node.value for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Name | ast.Attribute) or (node in inner and node not in called):
            continue
        call = called.get(node, ast.Call(func=node, args=[], keywords=[]))
        found.append(Call(_full_name(node, known), node.lineno, call))
    return found


def _aliases(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield local name → full name of what imports bring."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for item in node.names:
                yield (item.asname, item.name) if item.asname else (item.name.partition(".")[0],) * 2
        elif isinstance(node, ast.ImportFrom) and node.module:
            for item in node.names:
                yield item.asname or item.name, f"{node.module}.{item.name}"


def _full_name(node: ast.expr, known: dict[str, str]) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        root = known.get(node.id)
        if root is not None:
            return ".".join([root, *parts])
        if not parts:
            return node.id
    return f".{parts[-1]}" if parts else ""


def python_files(*folders: Path) -> list[Path]:
    """Every Python file in folders, in order."""
    return sorted(file for folder in folders for file in folder.rglob("*.py"))
