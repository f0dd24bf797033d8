"""The executor `local`: worker processes of this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from attrs import define, field

from nasframe.jobs.devices import own_devices
from nasframe.jobs.executor import Executor, Report
from nasframe.jobs.pool import Pool
from nasframe.jobs.trial import Trial, do_trial
from nasframe.runtime import one_thread

__all__ = ["LOG_FILE", "LocalExecutor"]

LOG_FILE = "workers.log"
"""Name of the file with the output of worker processes, where there is any."""


@define(kw_only=True)
class LocalExecutor(Executor):
    """Worker processes of this machine, or for one worker this process; each computes on one thread.

    Only in a process of its own may a trial die or be silent without harm for the others.
    """

    _pool: Pool = field(init=False)
    _ended: list[Report] = field(init=False, factory=list)

    def __attrs_post_init__(self) -> None:
        devices = own_devices(self.device) if self.workers > 1 else []
        self._pool = Pool(self.workers, self.preload, self.folder / LOG_FILE, self.lock, devices)

    def submit(self, trial: Trial) -> None:
        if self.workers > 1:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._pool.give(trial.name, do_trial, trial)
            return
        with one_thread():
            self._ended.append(Report(trial.name, do_trial(trial)))

    def reports(self, seconds: float) -> Sequence[Report]:
        found, self._ended = self._ended, []
        for name, word, value in self._pool.answers(seconds) if self.workers > 1 else ():
            if word == "died":
                found.append(Report(name, lost=f"its process {value}"))
            else:
                found.append(Report(name, value))
        return found

    @property
    def output(self) -> Path | None:
        return self._pool.output

    def end(self, trial: str) -> None:
        self._pool.end(trial)

    def close(self) -> None:
        self._pool.close()
