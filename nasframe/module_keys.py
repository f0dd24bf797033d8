"""Names of nodes and candidates as keys of torch's containers."""

from __future__ import annotations

from torch import nn

__all__ = ["module_key"]


def module_key(name: str) -> str:
    """A name as the key of a `ModuleDict`, which takes no dot and none of its own attributes."""
    escaped = name.replace("%", "%25").replace(".", "%2E")
    return f"%{escaped}" if hasattr(nn.ModuleDict, escaped) or not escaped else escaped
