"""Trials in worker processes: a trial is a function's name and JSON arguments.

The names are imported when they are first used: a process that only starts the fork server imports no more
than that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nasframe.runtime import lazy_page

if TYPE_CHECKING:
    from nasframe.jobs.execution import execute as execute
    from nasframe.jobs.execution import worker_count as worker_count
    from nasframe.jobs.failures import full_disk_stops as full_disk_stops
    from nasframe.jobs.failures import is_disk_full as is_disk_full
    from nasframe.jobs.failures import told as told
    from nasframe.jobs.forkserver import drop_server as drop_server
    from nasframe.jobs.forkserver import server_ahead as server_ahead
    from nasframe.jobs.pool import LOG as LOG
    from nasframe.jobs.queue import QUEUE as QUEUE
    from nasframe.jobs.trial import Cell as Cell
    from nasframe.jobs.trial import Outcome as Outcome

_HOMES = {
    **dict.fromkeys(("execute", "worker_count"), "nasframe.jobs.execution"),
    **dict.fromkeys(("full_disk_stops", "is_disk_full", "told"), "nasframe.jobs.failures"),
    **dict.fromkeys(("drop_server", "server_ahead"), "nasframe.jobs.forkserver"),
    "LOG": "nasframe.jobs.pool",
    "QUEUE": "nasframe.jobs.queue",
    **dict.fromkeys(("Cell", "Outcome"), "nasframe.jobs.trial"),
}

__all__ = [*_HOMES]
__getattr__, __dir__ = lazy_page(__name__, _HOMES)
