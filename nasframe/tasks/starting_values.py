"""The values of an experiment that a task proposes to start from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

__all__ = ["StartingValues"]


@frozen
class StartingValues:
    """The values of an experiment to start from, which `nasframe new` writes.

    Attributes:
        values: section → option → value, as TOML holds them. A section that is not here is chosen by
            nasframe, and an option that is not here has its default.
        notes: dotted key → a line or several on its value, such as a guess, and how to say another one.
    """

    values: Mapping[str, Mapping[str, Any]] = field(factory=dict)
    notes: Mapping[str, str] = field(factory=dict)
