"""Packages whose names are imported when they are first used."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Mapping
from typing import Any

from nasframe.runtime.extras import require_extra

__all__ = ["lazy_page"]


def lazy_page(package: str, homes: Mapping[str, str], extra: str = "") -> Callable[[str], Any]:
    """Return the function `__getattr__` of a package that imports nothing by itself (PEP 562).

    Args:
        package: its name.
        homes: name → module that defines it.
        extra: the extra that it needs, as in `require_extra`; checked when a name is first used.
    """

    @functools.cache
    def check() -> None:
        require_extra(extra, f"the package {package!r}")

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        if extra:
            check()
        return getattr(importlib.import_module(homes[name]), name)

    return get
