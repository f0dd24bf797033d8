"""One cell of a study: a piece of work with a folder of its own, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from attrs import field, frozen

__all__ = ["Cell", "Outcome"]


@frozen
class Cell:
    """A piece of work that any process can do, and that skips what is done when it is done again.

    Attributes:
        name: unique within its study; shown to the user.
        folder: where it writes, its own.
        work: `"module:function"`, called with the folder, the arguments and a `Progress`.
        arguments: JSON-able.
    """

    name: str
    folder: Path
    work: str
    arguments: Mapping[str, Any] = field(factory=dict)


@frozen
class Outcome:
    """How a cell ended.

    Attributes:
        status: `failed` with the message in `error`; `open` where it was never finished.
        error: for the user, without a traceback.
        seconds: of the attempt that ended it; None where it was found done.
    """

    status: Literal["done", "failed", "open"]
    error: str = ""
    seconds: float | None = None
