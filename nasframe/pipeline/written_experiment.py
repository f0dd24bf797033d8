"""An experiment as a trial holds it: TOML, and a file with the tensors of one that was made in Python."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch

from nasframe.errors import RunError
from nasframe.experiment import Experiment, tensors_of, with_tensors
from nasframe.jobs import full_disk_stops
from nasframe.runtime import Items, Text, damage_in_words, parse_json, read_tensors, write_tensors

__all__ = ["experiment_arguments", "read_experiment", "save_tensors"]


def experiment_arguments(experiment: Experiment, tensors: Path) -> dict[str, Any]:
    """Return the arguments of a trial that say its experiment; JSON-able.

    Args:
        experiment: of the trial.
        tensors: the file that `save_tensors` writes.
    """
    held = str(tensors.resolve()) if tensors_of(experiment) else None
    return {"experiment": experiment.to_toml(), "tensors": held}


def read_experiment(arguments: Mapping[str, Any], source: str) -> Experiment:
    """Return the experiment of a trial, given its arguments and its name for an error; `reading_names` says
    what its names mean.

    Raises:
        RunError: the file of the tensors is gone or damaged.
    """
    values, file = tomllib.loads(arguments["experiment"]), arguments["tensors"]
    if file is not None:
        path = Path(file)
        tensors = read_tensors(
            path, lambda message: RunError(f"{message}; remove the file, and it is made again")
        )
        with damage_in_words(path):
            values = with_tensors(values, {_key_path(key, path): value for key, value in tensors.items()})
    return Experiment.parse(values, source)


def _key_path(key: str, file: Path) -> tuple[str, ...]:
    found = parse_json(key, f"{file}: the name of a tensor", Items(Text(), least=1))
    return tuple(found)


def save_tensors(file: Path, experiments: Iterable[Experiment]) -> None:
    """Write the tensors of experiments that share them, once; nothing where there are none."""
    tensors = next(filter(None, map(tensors_of, experiments)), None)
    if tensors is None or file.exists():
        return
    with full_disk_stops(file.parent):
        write_tensors(file, {json.dumps(path): value for path, value in _separate(tensors)})


def _separate(
    tensors: Mapping[tuple[str, ...], torch.Tensor],
) -> Iterable[tuple[tuple[str, ...], torch.Tensor]]:
    """Yield tensors on the CPU that are contiguous and share no memory."""
    seen: set[int] = set()
    for path, value in tensors.items():
        alone = value.detach().cpu().contiguous()
        if alone.untyped_storage().data_ptr() in seen:
            alone = alone.clone()
        seen.add(alone.untyped_storage().data_ptr())
        yield path, alone
