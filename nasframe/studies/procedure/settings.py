"""The settings that every study takes; they change no result."""

from __future__ import annotations

from pathlib import Path

from attrs import converters, field, frozen

from nasframe.errors import ConfigurationError
from nasframe.jobs import PATIENCE
from nasframe.plugins import manager
from nasframe.runtime import SILENT, Progress

__all__ = ["Settings"]


@frozen
class Settings:
    """The arguments that `compare`, `compare_on_table`, `sweep` and `tabulate` share.

    Attributes:
        workers: processes; 1 is this one, None is one for each core, and on GPUs one for each.
        executor: name of a registered one; `local` is this machine.
        patience: seconds for which a trial may say nothing, before it is ended and tried again.
        source: the user's data; None is the task's own.
        overwrite: replace the study that is there.
        progress: hears of the progress.
        recorded: see `BaseExperiment`.
    """

    workers: int | None = 1
    executor: str = "local"
    patience: float = PATIENCE
    source: Path | None = field(default=None, converter=converters.optional(Path))
    overwrite: bool = False
    progress: Progress = SILENT
    recorded: Path | None = None

    def check(self, kind: str) -> None:
        """Refuse settings that no study of a kind can be made with.

        Raises:
            ConfigurationError: `workers` is below 1, `patience` is no time, or `source` is not there.
            PluginError: no executor of this name.
        """
        problems = []
        if self.source is not None and not self.source.exists():
            problems.append(f"--data {self.source}: no such file or folder")
        if self.workers is not None and self.workers < 1:
            problems.append(f"--workers: expected 1 or more, found {self.workers}")
        if not self.patience > 0:
            problems.append(f"--patience: expected more than 0 seconds, found {self.patience}")
        if problems:
            raise ConfigurationError(kind, problems)
        manager().find("executor", self.executor, builtin="local").load()
