"""Checkpoints: tensors in safetensors, everything else in JSON, whole or absent.

The tensors are written first, under a name of their own; the JSON file that names them takes the old
one's place in one step, so a kill at any moment leaves a checkpoint that fits together.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from attrs import frozen
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from nasframe.errors import RunError
from nasframe.runtime import write_json, write_tensors

__all__ = [
    "Checkpoint",
    "drop_checkpoint",
    "load_checkpoint",
    "load_optimiser",
    "optimiser_tensors",
    "save_checkpoint",
]


@frozen
class Checkpoint:
    """Tensors by name, and JSON-able values beside them."""

    tensors: Mapping[str, Tensor]
    values: Mapping[str, Any]

    def part(self, prefix: str) -> dict[str, Tensor]:
        """Return the tensors whose names begin with `prefix`, by the rest of their names."""
        return {name[len(prefix) :]: value for name, value in self.tensors.items() if name.startswith(prefix)}


def save_checkpoint(folder: Path, name: str, checkpoint: Checkpoint, version: int) -> None:
    """Write `folder/name.json` and the tensors it names; the tensors of older versions are removed."""
    tensors = folder / f"{name}-{version:05d}.safetensors"
    write_tensors(tensors, _separate(checkpoint.tensors))
    write_json(folder / f"{name}.json", {"tensors": tensors.name, **checkpoint.values})
    for old in folder.glob(f"{name}-?????.safetensors"):
        if old != tensors:
            old.unlink(missing_ok=True)


def load_checkpoint(folder: Path, name: str, device: torch.device | str = "cpu") -> Checkpoint | None:
    """Return the checkpoint called `name`, or None where there is none.

    Raises:
        RunError: a file of it is missing or damaged.
    """
    path = folder / f"{name}.json"
    if not path.exists():
        return None
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        tensors = load_file(folder / values["tensors"], device=str(device))
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise RunError(f"{path}: the checkpoint is damaged: {error}") from error
    # A kill between the two steps of a save left these. Newer tensors may belong to a save that goes on now.
    for old in folder.glob(f"{name}-?????.safetensors"):
        if old.name < values["tensors"]:
            old.unlink(missing_ok=True)
    return Checkpoint(tensors, values)


def drop_checkpoint(folder: Path, name: str) -> None:
    """Remove the checkpoint called `name`, if there is one: the JSON file first, then the tensors."""
    (folder / f"{name}.json").unlink(missing_ok=True)
    for tensors in folder.glob(f"{name}-?????.safetensors"):
        tensors.unlink(missing_ok=True)


def _separate(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return contiguous tensors on the CPU that share no memory: tied ones are written twice."""
    found: dict[str, Tensor] = {}
    seen: set[int] = set()
    for name, value in tensors.items():
        plain = value.detach().cpu().contiguous()
        place = plain.untyped_storage().data_ptr()
        found[name] = plain.clone() if place in seen else plain
        seen.add(place)
    return found


def optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return the state of an optimiser as `index.name` → tensor; parameters without state have none."""
    state = optimiser.state_dict()["state"]
    return {
        f"{index}.{name}": torch.as_tensor(value)
        for index, slots in state.items()
        for name, value in slots.items()
    }


def load_optimiser(optimiser: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Give an optimiser the state that `optimiser_tensors` returned."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        index, _, slot = name.partition(".")
        state.setdefault(int(index), {})[slot] = value.cpu() if slot == "step" else value
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
