"""Values as a person writes them on the command line."""

from __future__ import annotations

from typing import Any

from nasframe.experiment import in_toml, parse_value

__all__ = ["in_words"]


def in_words(value: Any) -> str:
    """Return a value as a person writes it on the command line."""
    if isinstance(value, str):
        return value if parse_value(value) == value and "," not in value else in_toml(value)
    return " ".join(in_toml(value).split())
