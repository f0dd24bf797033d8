"""A plugin that is registered during a `with` block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from nasframe.plugins import hookimpl, manager

__all__ = ["PLUGIN", "registered"]

PLUGIN = "nasframe_testing"
"""The name under which the suites register their plugin."""


class _Plugin:
    def __init__(self, operations: Mapping[str, Any], spaces: Mapping[str, Any]) -> None:
        self._operations, self._spaces = operations, spaces

    @hookimpl
    def register_operations(self) -> Mapping[str, Any]:
        return self._operations

    @hookimpl
    def register_search_spaces(self) -> Mapping[str, Any]:
        return self._spaces


@contextmanager
def registered(
    *, operations: Mapping[str, Any] | None = None, spaces: Mapping[str, Any] | None = None
) -> Iterator[None]:
    """Register operations and search spaces, name → class, and unregister them after the block."""
    manager().register(_Plugin(operations or {}, spaces or {}), PLUGIN)
    try:
        yield
    finally:
        manager().unregister(PLUGIN)
