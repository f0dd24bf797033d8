"""The folder of prepared data where a command names none."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["CACHE_VARIABLE", "DEFAULT_CACHE", "given_cache"]

CACHE_VARIABLE = "NASFRAME_CACHE"
"""The environment variable that names the cache."""

DEFAULT_CACHE = Path("runs/cache")
"""The cache where nothing names another, in the working folder."""


def given_cache(cache: str | Path | None) -> Path | None:
    """Return the cache that the user gives, absolute: as an argument, or in the environment; else None."""
    found = cache if cache is not None else os.environ.get(CACHE_VARIABLE)
    return Path(found).resolve() if found else None
