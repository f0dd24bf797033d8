"""The folder of the user in which nasframe keeps what it can make again. It imports nothing but the standard
library, so that `nasframe doctor` can name it where packages are missing."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["CACHE_VARIABLE", "prepared_folder", "user_cache"]

CACHE_VARIABLE = "NASFRAME_CACHE"
"""The environment variable that names the folder of prepared data."""


def user_cache() -> Path | None:
    """Return `nasframe` in `XDG_CACHE_HOME`, else in `~/.cache`, absolute; None without a home folder.

    On Windows `LOCALAPPDATA` stands for `XDG_CACHE_HOME` where that is not set.
    """
    for variable in ("XDG_CACHE_HOME", *(["LOCALAPPDATA"] if os.name == "nt" else [])):
        place = Path(os.environ.get(variable, ""))
        if place.is_absolute():  # as the standard says; empty is not absolute either
            return place / "nasframe"
    try:
        return Path.home() / ".cache" / "nasframe"
    except RuntimeError:
        return None


def prepared_folder() -> Path | None:
    """Return the folder of prepared data where nothing names another; None where there is no home folder."""
    place = user_cache()
    return None if place is None else place / "prepared"
