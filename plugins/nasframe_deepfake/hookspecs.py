"""The hook that the deepfake task offers to other plugins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nasframe import hookspec

__all__ = ["KINDS", "VERSION"]

KINDS = {"dataset": "register_deepfake_datasets"}
"""Kind of things that are registered by name → the hook that registers them."""

VERSION = 1
"""Version of the hook; it grows when the hook or the contract of a data set changes."""


@hookspec
def register_deepfake_datasets() -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Name → subclass of `nasframe_deepfake.Dataset`: the layout of a data set of fake and genuine clips.

    `task.dataset` names one; `auto` asks each whether a folder is its own.
    """
