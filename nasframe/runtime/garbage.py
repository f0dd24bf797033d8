"""The garbage collection of Python, which waits while a large package is imported.

The import of torch makes hundreds of thousands of objects that stay. To look through them again and again
takes a quarter of its time.
"""

from __future__ import annotations

import gc
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from attrs import define, field

__all__ = ["import_uncollected"]


@contextmanager
def _collection_paused() -> Iterator[None]:
    """Collect no garbage in the block."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def import_uncollected(*names: str) -> Iterator[None]:
    """Collect no garbage while modules of these names are imported in the block, by whomever.

    What is there after such an import is never collected, nor looked at again (`gc.freeze`): it is for
    packages that are imported before there is work.
    """
    finder = _Finder(frozenset(names))
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


@define(eq=False)
class _Finder(MetaPathFinder):
    names: frozenset[str]
    _asked: set[str] = field(factory=set, init=False)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self.names or fullname in self._asked:
            return None
        self._asked.add(fullname)  # the others are asked below, and so is this one
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._asked.discard(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _Uncollected(spec.loader)
        return spec


@define(eq=False)
class _Uncollected(Loader):
    """Another loader, without garbage collection; the module keeps no trace of this one."""

    loader: Loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None
        module.__spec__.loader = module.__loader__ = self.loader
        with _collection_paused():
            self.loader.exec_module(module)
        gc.freeze()
