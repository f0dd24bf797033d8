"""The options of attrs instances as values that TOML can hold."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import torch

from nasframe.errors import ConfigurationError
from nasframe.options import unstructure

__all__ = ["is_plain", "kept_options", "plain_options", "plain_value"]


def plain_options(instance: Any, section: str) -> dict[str, Any]:
    """Return the options of an attrs instance, defaults included, None left out.

    What TOML cannot hold (the tensors of a task made in Python) appears as its type, shape and hash, so
    that a fingerprint still depends on the data.

    Raises:
        ConfigurationError: an option is None though its default is not; leaving it out would change it.
    """
    problems = [
        f"{section}.{item.name}: TOML has no None, and leaving the key out would mean {item.default!r}"
        for item in attrs.fields(type(instance))
        if item.init and getattr(instance, item.name) is None and item.default is not None
    ]
    if problems:
        raise ConfigurationError("experiment", problems)
    return {key: plain_value(value) for key, value in kept_options(instance).items()}


def kept_options(instance: Any) -> dict[str, Any]:
    """Return the options of an attrs instance, None left out, with what TOML cannot hold as it is."""
    options = {item.name for item in attrs.fields(type(instance)) if item.init}
    values = unstructure(instance)
    return {key: values[key] for key in values if key in options and values[key] is not None}


def is_plain(value: Any) -> bool:
    """Return True where TOML can hold a value, so that `plain_value` returns it and no text in its place."""
    if isinstance(value, Mapping):
        return all(inner is None or is_plain(inner) for inner in value.values())
    if isinstance(value, list | tuple | set | frozenset):
        return all(map(is_plain, value))
    return isinstance(value, str | bool | int | float | Path)


def plain_value(value: Any) -> Any:
    """Return a value as TOML can hold it; text in place of what it cannot hold."""
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain_value(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple | set | frozenset):
        items = [plain_value(inner) for inner in value]
        return sorted(items) if isinstance(value, set | frozenset) else items
    if isinstance(value, torch.Tensor):
        content = value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes()
        kind = str(value.dtype).removeprefix("torch.")
        return f"{kind} {list(value.shape)} sha256:{hashlib.sha256(content).hexdigest()[:16]}"
    return f"{type(value).__module__}:{type(value).__qualname__}"
