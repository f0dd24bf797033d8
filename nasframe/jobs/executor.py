"""The contract of an executor: it does trials somewhere, and tells how each of them ended."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import attrs
from attrs import define, frozen

from nasframe.errors import ConfigurationError, ContractError, NasframeError, in_words
from nasframe.jobs.trial import Outcome, Trial
from nasframe.plugins import manager

__all__ = ["ATTEMPTS", "Executor", "Report", "check_executor", "check_executor_options", "load_executor"]

ATTEMPTS = 3
"""The most attempts at a trial, or another piece of work, whose process dies."""


@frozen
class Report:
    """News of a trial: that it has ended, or is lost, or else a sign of life.

    Attributes:
        trial: its name.
        outcome: how it ended, as `do_trial` returns it.
        lost: why it has not ended and will not: the end of its process, for instance.
    """

    trial: str
    outcome: Outcome | None = None
    lost: str = ""


@define(kw_only=True)
class Executor(ABC):
    """Does trials, in processes of this machine or on others.

    The caller decides: it submits no more than `workers` trials at a time, tries a lost one again, and ends
    one that was silent for too long. One thread calls all methods. A subclass may have options of its own,
    such as the address of a cluster: fields that are made by `nasframe.options.option`.

    Attributes:
        elsewhere: True for one whose trials are done on machines that may not see the files of this one. It
            knows how many it has room for: where the user does not say how many there may be, it gets the
            number of trials as `workers`, and lowers it.
        workers: the most trials at the same time.
        folder: the caller's, for output and logs.
        lock: descriptor of a lock of the caller; processes that this machine starts for trials hold it open,
            so that nobody else works in the folder while they do.
        preload: names of modules that every trial needs.
        device: name of the device that the trials ask for, where they all ask for the same.
    """

    elsewhere: ClassVar[bool] = False

    workers: int
    folder: Path
    lock: int | None = None
    preload: Sequence[str] = ()
    device: str | None = None

    @classmethod  # noqa: B027 - most executors can always begin
    def check(cls, device: str | None, **options: Any) -> None:
        """Refuse what no trial could be done with, such as a cluster that does not answer.

        A study asks before it runs a stage of its data, and makes the executor after that.

        Args:
            device: as the attribute.
            options: of this executor, as the user gave them.

        Raises:
            ConfigurationError: an option or the device is of no use here.
            RunError: no trial can be done.
        """

    @abstractmethod
    def submit(self, trial: Trial) -> None:
        """Begin a trial, or do it at once.

        Raises:
            RunError: no trial can be done.
        """

    @abstractmethod
    def reports(self, seconds: float) -> Sequence[Report]:
        """Return the news of submitted trials; wait so long where there are none yet.

        Every trial ends in one report with an outcome, or that it is lost. Before that it gives signs of life
        whenever it speaks; of a trial that waits for its turn elsewhere, the executor gives them.

        Raises:
            RunError: no trial can be done: the disk is full, for instance.
        """

    @property
    def output(self) -> Path | None:
        """The file with what trials printed, for the message of one that failed; None where there is none."""
        return None

    @abstractmethod
    def end(self, trial: str) -> None:
        """End a trial that is under way, by its name; nothing more is reported of it."""

    def close(self) -> None:  # noqa: B027 - not every executor has something to end
        """End all that is under way. Called once, also after an error or Ctrl-C."""


def load_executor(name: str) -> type[Executor]:
    """Return the class that is registered under a name.

    Raises:
        PluginError: there is none.
        ContractError: it is no subclass of `Executor`.
    """
    entry = manager().find("executor", name, builtin="local")
    found = entry.load()
    if not (inspect.isclass(found) and issubclass(found, Executor)):
        raise ContractError(f"{entry}: must be a subclass of nasframe.jobs.Executor")
    return found


def check_executor(name: str, device: str | None, options: Mapping[str, Any]) -> None:
    """Ask an executor whether trials could be done; see `Executor.check`.

    Args:
        name: by which it is registered.
        device: name of the device that the trials ask for.
        options: of the executor, as the user gave them.

    Raises:
        NasframeError: they could not.
        ContractError: it fails to answer.
    """
    try:
        load_executor(name).check(device, **options)
    except NasframeError:
        raise
    except Exception as error:
        entry = manager().find("executor", name, builtin="local")
        promise = "check(device, **options) must say whether trials can be done"
        raise ContractError(f"{entry}: {promise}; it raised {in_words(error)}") from error


def check_executor_options(name: str, executor: type[Executor], options: Mapping[str, Any]) -> None:
    """Refuse options that an executor does not take.

    Args:
        name: by which it is registered, for the error.
        executor: the class.
        options: as the user gave them.

    Raises:
        ConfigurationError: with those that it does not take.
    """
    fields = attrs.fields(executor) if attrs.has(executor) else ()
    known = [field.name for field in fields if "help" in field.metadata]
    takes = f"it takes {', '.join(known)}" if known else "it takes none"
    unknown = [key for key in options if key not in known]
    if unknown:
        problems = [f"the executor {name!r} has no option {key!r}; {takes}" for key in unknown]
        raise ConfigurationError("executor", problems)
