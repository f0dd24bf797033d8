"""The settings that every study takes; they change no result."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import converters, field, frozen

from nasframe.errors import ConfigurationError
from nasframe.jobs import PATIENCE, Executor, check_executor_options, load_executor
from nasframe.runtime import SILENT, Progress, progress_of

__all__ = ["Settings"]


@frozen
class Settings:
    """The arguments that `compare`, `compare_on_table`, `sweep` and `tabulate` share.

    Attributes:
        workers: processes; 1 is this one, None is one for each core, and on GPUs one for each; of an executor
            on other machines, None is as many as it has room for.
        executor: name of a registered one; `local` is this machine.
        patience: seconds for which a trial may say nothing, before it is ended and tried again.
        source: the user's data; None is the task's own.
        overwrite: replace the study that is there.
        progress: hears of the progress; True is that of the command line, False and None are silent.
        recorded: see `BaseExperiment`.
        executor_options: those that the executor has, such as the `address` of a cluster.
    """

    workers: int | None = 1
    executor: str = "local"
    patience: float = PATIENCE
    source: Path | None = field(default=None, converter=converters.optional(Path))
    overwrite: bool = False
    progress: Progress = field(default=SILENT, converter=progress_of)
    recorded: Path | None = None
    executor_options: Mapping[str, Any] | None = None

    def check(self, kind: str) -> None:
        """Refuse settings that no study of a kind can be made with.

        Raises:
            ConfigurationError: `workers` is below 1, `patience` is no time, `source` is not there, or
                the executor has no such option.
            PluginError: no executor of this name.
            ContractError: what is registered under it is none.
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
        check_executor_options(self.executor, self.executor_class, self.executor_options or {})

    @property
    def executor_class(self) -> type[Executor]:
        """The class that is registered under the name of the executor."""
        return load_executor(self.executor)
