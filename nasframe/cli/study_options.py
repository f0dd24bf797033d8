"""Options, checks and last lines of the commands of studies; those that make a run share some options."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from attrs import frozen
from cyclopts import Parameter

from nasframe.cli.refused_paths import refuse_default_folder
from nasframe.errors import ConfigurationError, RunError
from nasframe.runtime import make_progress, print_columns, print_message, print_text
from nasframe.studies import default_folder

__all__ = [
    *("Data", "Device", "Overrides", "Preset", "StudyOptions", "Study"),
    *("at_least", "print_files", "say_old_name"),
]

Overrides = Annotated[str, Parameter(name="KEY=VALUE", help="Change an option: search.epochs=3.")]
Data = Annotated[Path | None, Parameter(help="Your data. [default: the task's own, if any]")]
Preset = Annotated[
    str | None,
    Parameter(help="Options that a plugin registers, laid over the file: see `nasframe plugins`."),
]
Device = Annotated[str | None, Parameter(help="Short for device=…: auto, cpu, cuda, cuda:N.")]


@frozen
class StudyOptions:
    """Options that every command of a study takes."""

    workers: Annotated[
        int | None,
        Parameter(
            help="Processes that work side by side. [default: one for each core; on GPUs, one for each]"
        ),
    ] = None
    executor: Annotated[
        str, Parameter(help="Where the trials are done: local, or one that a plugin registers.")
    ] = "local"
    address: Annotated[
        str | None,
        Parameter(help="Address of a cluster, HOST:PORT, for an executor that takes one, such as ray."),
    ] = None
    patience: Annotated[
        float | None,
        Parameter(help="Seconds of silence after which a trial is ended and tried again. [default: 1800]"),
    ] = None
    data: Data = None
    preset: Preset = None
    out: Annotated[
        Path | None, Parameter(help="The folder. [default: runs/NAME-compare, -sweep or -table]")
    ] = None
    overwrite: Annotated[bool, Parameter(help="Replace what an earlier command left in --out.")] = False
    json: Annotated[bool, Parameter(help="For scripts: JSON instead of tables.")] = False
    seed: Annotated[int | None, Parameter(help="The first seed. [default: the experiment's]")] = None
    device: Device = None

    def folder(self, experiment: Path, ending: str) -> Path:
        """Return the folder of the study: `--out`, or `runs/NAME-ENDING`.

        Raises:
            ConfigurationError: NAME is not UTF-8.
        """
        folder = self.out or default_folder(experiment.stem, ending)
        refuse_default_folder(folder, self.out)
        return folder

    def check(self) -> None:
        """Refuse options that no study can be made with, before torch is imported."""
        if self.workers is not None:
            at_least("--workers", self.workers, 1)
        if self.patience is not None and not self.patience > 0:
            problem = f"--patience: expected more than 0 seconds, found {self.patience}"
            raise ConfigurationError("command line", [problem])
        if self.data is not None and not self.data.exists():
            raise ConfigurationError("command line", [f"--data {self.data}: no such file or folder"])
        if self.out is not None and self.out.is_file():
            raise RunError(f"--out {self.out}: is a file; expected a folder, or a name for one")

    def experiment_words(self) -> list[str]:
        """Return the options that say the experiment and its data, for another command on the same ones."""
        given = {"--preset": self.preset, "--data": self.data, "--seed": self.seed, "--device": self.device}
        return [word for key, value in given.items() if value is not None for word in (key, str(value))]

    def arguments(self) -> Mapping[str, Any]:
        """Return the arguments that `compare`, `sweep` and `tabulate` share."""
        return {
            "workers": self.workers,
            "executor": self.executor,
            "executor_options": {} if self.address is None else {"address": self.address},
            **({} if self.patience is None else {"patience": self.patience}),
            "preset": self.preset,
            "source": self.data,
            "seed": self.seed,
            "device": self.device,
            "overwrite": self.overwrite,
            "progress": make_progress(),
        }


Study = Annotated[StudyOptions, Parameter(name="*")]


def at_least(option: str, value: int, least: int) -> None:
    """Refuse a number that is too small."""
    if value < least:
        raise ConfigurationError("command line", [f"{option}: expected {least} or more, found {value}"])


def print_files(**paths: object) -> None:
    """Print the places of the files, a line each."""
    print_text()
    print_columns([(name.replace("_", " "), str(path)) for name, path in paths.items()])


def say_old_name(old: str, new: str) -> None:
    """Print that a command or option has another name now."""
    print_message(f"nasframe: {old} is now {new}; the old name goes with the next release")
