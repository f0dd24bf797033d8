"""An import whose failure is an answer."""

from __future__ import annotations

import importlib
from types import ModuleType

__all__ = ["imported"]


def imported(module: str) -> ModuleType | str:
    """Return a module, or the error of its import in one line, whatever it raises."""
    try:
        return importlib.import_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # an extension may raise anything, SystemExit too
        lines = str(error).strip().splitlines()
        return f"{type(error).__name__}{f': {lines[0]}' if lines else ''}"
