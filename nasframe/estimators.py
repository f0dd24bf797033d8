"""The former place of the laboratory of estimators, which is the plugin `nasframe_estimators` now."""

from __future__ import annotations

from typing import Any

from nasframe.former_names import FORMER_NAMES, forwarded

__all__ = [*FORMER_NAMES["nasframe_estimators"][__name__]]


def __getattr__(name: str) -> Any:
    return forwarded(__name__, name)


def __dir__() -> list[str]:
    return __all__
