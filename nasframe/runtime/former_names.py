"""Functions that moved to `nasframe.display`; they are kept here for one release."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from nasframe.former_names import warn_renamed
from nasframe.runtime.console import print_text

__all__ = ["format_number", "print_metrics"]


def format_number(value: Any) -> str:
    """Return `nasframe.display.format_value` of a value, with a warning."""
    return str(_display("format_number", "format_value").format_value(value))


def print_metrics(metrics: Mapping[str, Any]) -> None:
    """Print `nasframe.display.metric_tables` of metrics, with a warning."""
    tables = _display("print_metrics", "metric_tables").metric_tables(metrics)
    print_text("\n\n".join(table.to_text(indent="  ") for table in tables))


def _display(old: str, new: str) -> Any:
    warn_renamed(f"nasframe.runtime.{old}", f"nasframe.display.{new}", level=4)
    return importlib.import_module("nasframe.display")  # by its name: it stands on this package
