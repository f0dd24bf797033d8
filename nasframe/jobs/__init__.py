"""Trials, and items of a long list, in worker processes; it knows no study and no run.

Importing it imports no torch, so that a command can start the fork server before anything else.
"""

from __future__ import annotations

from nasframe.jobs.devices import worker_count
from nasframe.jobs.execution import PATIENCE, execute
from nasframe.jobs.executor import (
    Executor,
    Report,
    check_executor,
    check_executor_options,
    load_executor,
)
from nasframe.jobs.failures import full_disk_stops, is_disk_full
from nasframe.jobs.local import LOG_FILE
from nasframe.jobs.ordered import Workers, in_order
from nasframe.jobs.starting import start_server
from nasframe.jobs.trial import Needs, Outcome, Trial, do_trial, is_done
from nasframe.plugins import error_message

__all__ = [
    "LOG_FILE",
    "PATIENCE",
    "Executor",
    "Needs",
    "Outcome",
    "Report",
    "Trial",
    "Workers",
    "check_executor",
    "check_executor_options",
    "do_trial",
    "error_message",
    "execute",
    "full_disk_stops",
    "in_order",
    "is_disk_full",
    "is_done",
    "load_executor",
    "start_server",
    "worker_count",
]
