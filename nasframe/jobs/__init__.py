"""Trials in worker processes: a trial is a function's name and JSON arguments.

The names are imported when they are first used, so that a process can start the fork server before it imports
anything else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nasframe.runtime import lazy_page

if TYPE_CHECKING:
    from nasframe.jobs.execution import execute as execute
    from nasframe.jobs.execution import worker_count as worker_count
    from nasframe.jobs.failures import error_message as error_message
    from nasframe.jobs.failures import full_disk_stops as full_disk_stops
    from nasframe.jobs.failures import is_disk_full as is_disk_full
    from nasframe.jobs.forkserver import drop_server as drop_server
    from nasframe.jobs.forkserver import started_server as started_server
    from nasframe.jobs.pool import LOG_FILE as LOG_FILE
    from nasframe.jobs.queue import QUEUE_FILE as QUEUE_FILE
    from nasframe.jobs.trial import Outcome as Outcome
    from nasframe.jobs.trial import Trial as Trial

_MODULES = {
    **dict.fromkeys(("execute", "worker_count"), "nasframe.jobs.execution"),
    **dict.fromkeys(("full_disk_stops", "is_disk_full", "error_message"), "nasframe.jobs.failures"),
    **dict.fromkeys(("drop_server", "started_server"), "nasframe.jobs.forkserver"),
    "LOG_FILE": "nasframe.jobs.pool",
    "QUEUE_FILE": "nasframe.jobs.queue",
    **dict.fromkeys(("Trial", "Outcome"), "nasframe.jobs.trial"),
}

__all__ = [*_MODULES]
__getattr__ = lazy_page(__name__, _MODULES)


def __dir__() -> list[str]:
    return __all__
