"""The versions of the programs that made a study."""

from __future__ import annotations

import platform

import torch

from nasframe import __version__

__all__ = ["versions"]


def versions() -> dict[str, str]:
    """Return the versions of nasframe, torch and Python."""
    return {
        "nasframe": __version__,
        "torch": str(torch.__version__),
        "python": platform.python_version(),
    }
