"""Plugins: the hooks that they implement, and the one manager that looks them up by kind and name.

`package:name` always works. A name held by two plugins fails at look-up and names both. A plugin that
cannot be imported is reported as a `PluginWarning` and takes nothing else down. A life-cycle hook that
raises is reported and disabled.
"""

from __future__ import annotations

from nasframe.plugins.error_source import (
    ErrorSource,
    error_message,
    find_error_source,
    keep_error_source,
)
from nasframe.plugins.former_names import moved_to
from nasframe.plugins.hookspecs import PROJECT, hookimpl, hookspec
from nasframe.plugins.name_record import record_names
from nasframe.plugins.plugin_manager import PluginManager, load_plugin, manager
from nasframe.plugins.recorded_names import RecordedNames
from nasframe.plugins.registered import Registered, described
from nasframe.plugins.source_location import defined_at, raised_at

__all__ = [
    "PROJECT",
    "ErrorSource",
    "PluginManager",
    "RecordedNames",
    "Registered",
    "defined_at",
    "described",
    "error_message",
    "find_error_source",
    "hookimpl",
    "hookspec",
    "keep_error_source",
    "load_plugin",
    "manager",
    "moved_to",
    "raised_at",
    "record_names",
]
