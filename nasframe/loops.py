"""The former place of search loops and of the options of a search; these names are on the public page now."""

from __future__ import annotations

from typing import Any

from nasframe.former_names import FORMER_NAMES, RENAMED, forwarded

__all__ = [*FORMER_NAMES["nasframe"][__name__], *RENAMED[__name__]]


def __getattr__(name: str) -> Any:
    return forwarded(__name__, name)


def __dir__() -> list[str]:
    return __all__
