"""Options, checks and last lines of the commands of studies; those that make a run share some options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from nasframe.errors import ConfigurationError, RunError
from nasframe.runtime import print_columns

__all__ = [
    *("Data", "Device", "Json", "Out", "Overrides", "Overwrite", "Seed", "Workers"),
    *("at_least", "check_options", "print_files"),
]

Overrides = Annotated[str, Parameter(name="KEY=VALUE", help="Change an option: search.epochs=3.")]
Data = Annotated[Path | None, Parameter(help="Your data. [default: the task's own, if any]")]
Out = Annotated[Path | None, Parameter(help="The folder. [default: runs/NAME-COMMAND]")]
Overwrite = Annotated[bool, Parameter(help="Replace what an earlier command left in --out.")]
Workers = Annotated[
    int | None,
    Parameter(help="Processes that work side by side. [default: one for each core; on GPUs, one for each]"),
]
Json = Annotated[bool, Parameter(help="For scripts: JSON instead of tables.")]
Seed = Annotated[int | None, Parameter(help="The first seed. [default: the experiment's]")]
Device = Annotated[str | None, Parameter(help="Short for device=…: auto, cpu, cuda, cuda:N.")]


def check_options(data: Path | None, out: Path | None, workers: int | None) -> None:
    """Refuse options that no study can be made with, before torch is imported."""
    if workers is not None:
        at_least("--workers", workers, 1)
    if data is not None and not data.exists():
        raise ConfigurationError("command line", [f"--data {data}: no such file or folder"])
    if out is not None and out.is_file():
        raise RunError(f"--out {out}: is a file; expected a folder, or a name for one")


def at_least(option: str, value: int, least: int) -> None:
    """Refuse a number that is too small."""
    if value < least:
        raise ConfigurationError("command line", [f"{option}: expected {least} or more, found {value}"])


def print_files(**paths: object) -> None:
    """Print the places of the files, a line each."""
    print()
    print_columns([(name.replace("_", " "), str(path)) for name, path in paths.items()])
