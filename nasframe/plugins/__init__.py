"""The one plugin manager: what is installed, looked up by kind and name.

`package:name` always works. A name held by two plugins fails at look-up and names both. A plugin that
cannot be imported is reported as a `PluginWarning` and takes nothing else down. A life-cycle hook that
raises is reported and disabled.
"""

from nasframe.plugins._manager import PluginManager, load_plugin, manager
from nasframe.plugins._place import raised_at
from nasframe.plugins._registered import HOOKS, KINDS, Kind, Registered, described

__all__ = [
    "HOOKS",
    "KINDS",
    "Kind",
    "PluginManager",
    "Registered",
    "described",
    "load_plugin",
    "manager",
    "raised_at",
]
