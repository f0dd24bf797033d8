"""Former names of nasframe: they warn for one release, and are forwarded to the place they have now."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Mapping
from typing import Any

from nasframe.errors import PluginError

__all__ = ["FORMER_NAMES", "RENAMED", "forwarded", "warn_renamed"]

FORMER_NAMES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "nasframe_estimators": {
        "nasframe": ("Measurement", "measure_estimators"),
        "nasframe.estimators": (
            "BITS",
            "ConditionalBias",
            "Function",
            "Laboratory",
            "Measurement",
            "Pack",
            "exact_gradient",
            "measure_estimators",
            "save_biases",
            "save_measurements",
            "save_results",
            "table_of_biases",
            "table_of_measurements",
            "tables_of_functions",
        ),
    },
    "nasframe": {
        "nasframe.loops": ("BaselineOptions", "SearchOptions", "TrainOptions", "Update"),
    },
}
"""Plugin, or the public page → old module → the names that it has now."""

RENAMED: Mapping[str, Mapping[str, str]] = {
    "nasframe": {"SearchLoop": "GradientLoop"},
    "nasframe.loops": {"SearchLoop": "GradientLoop"},
}
"""Old module → old name → the name that it has on the public page now."""


def forwarded(module: str, name: str) -> Any:
    """Return what a module had under a name, from the place where it is now, with a warning.

    It is for the function `__getattr__` of that module (PEP 562). The warning names the line that used the
    old name.

    Raises:
        AttributeError: the name is none that moved.
        PluginError: the plugin is not installed.
    """
    if name in RENAMED.get(module, {}):
        new = RENAMED[module][name]
        warn_renamed(f"{module}.{name}", f"nasframe.{new}", level=4)
        return getattr(importlib.import_module("nasframe"), new)
    for plugin, places in FORMER_NAMES.items():
        if name not in places.get(module, ()):
            continue
        try:
            found = getattr(importlib.import_module(plugin), name)
        except ModuleNotFoundError as error:
            if error.name != plugin:
                raise
            message = f"{module}.{name} is now {plugin}.{name}, and the plugin {plugin!r} is not installed"
            raise PluginError(message) from error
        warn_renamed(f"{module}.{name}", f"{plugin}.{name}", level=4)
        return found
    raise AttributeError(f"module {module!r} has no attribute {name!r}")


def warn_renamed(old: str, new: str, level: int = 3) -> None:
    """Warn of an old name.

    Args:
        old: the name in full, such as `nasframe.census`.
        new: the one that it has now.
        level: of the code that used it; 3 is the caller of the function that calls this one.
    """
    message = f"{old} is now {new}; the old name goes with the next release"
    warnings.warn(message, DeprecationWarning, stacklevel=level)
