"""The work of a process: a search, or the networks without one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fixed_networks import do_fixed
from strategies import FIXED
from trial import Trial, do_trial

__all__ = ["do_work"]


def do_work(work: tuple[Trial, Path, Path | None]) -> tuple[Trial, Mapping[str, Any]]:
    """Do a trial in a worker process, which finds this function by the name of its file."""
    trial, out, source = work
    return trial, (do_fixed if trial.strategy == FIXED else do_trial)(trial, out, source)
