"""Checkpoints: tensors in safetensors, everything else in JSON, whole or absent.

The tensors are written first, under a name of their own; the JSON file that names them takes the old
one's place in one step, so a kill at any moment leaves a checkpoint that fits together.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from attrs import field, frozen
from torch import Tensor, nn

from nasframe.errors import RunError
from nasframe.runtime import (
    ANYTHING,
    Fields,
    Shape,
    Text,
    check_shape,
    check_tensors,
    path_inside,
    read_json,
    read_tensors,
    sha256_of,
    write_json,
    write_tensors,
)

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
    """Tensors by name, and JSON-able values beside them.

    Attributes:
        tensors: by name.
        values: JSON-able.
        source: the JSON file it was read from, for messages.
    """

    tensors: Mapping[str, Tensor]
    values: Mapping[str, Any]
    source: Path | None = field(default=None, eq=False)

    def part(self, prefix: str) -> dict[str, Tensor]:
        """Return the tensors whose names begin with `prefix`, by the rest of their names."""
        return {name[len(prefix) :]: value for name, value in self.tensors.items() if name.startswith(prefix)}

    def check_unchanged(self) -> None:
        """Compare the file of the tensors with the SHA-256 that was written with it; older ones have none.

        Raises:
            RunError: it is another file, as after a bit of a disk has flipped.
        """
        wanted = self.values.get("sha256")
        if self.source is None or wanted is None:
            return
        file = self.source.parent / self.values["tensors"]
        found = sha256_of(file)
        if found != wanted:
            raise _damaged(
                f"{file}: is not the file that was saved: expected the SHA-256 {wanted}, found {found}"
            )

    def state_of(self, module: nn.Module, prefix: str = "") -> dict[str, Tensor]:
        """Return the tensors whose names begin with `prefix`, which are the whole state of a module.

        Raises:
            RunError: they have other names, shapes or dtypes.
        """
        return self.checked(self.part(prefix), module.state_dict())

    def checked(self, found: dict[str, Tensor], expected: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return tensors of this checkpoint that have the names, shapes and dtypes of others.

        Raises:
            RunError: they have not.
        """
        check_tensors(found, expected, str(self.source), _damaged)
        return found


def save_checkpoint(folder: Path, name: str, checkpoint: Checkpoint, version: int) -> None:
    """Write `folder/name.json` and the tensors it names; the tensors of older versions are removed."""
    tensors = folder / f"{name}-{version:05d}.safetensors"
    write_tensors(tensors, _separate(checkpoint.tensors))
    guarded = {"tensors": tensors.name, "sha256": sha256_of(tensors)}
    write_json(folder / f"{name}.json", {**guarded, **checkpoint.values})
    for old in folder.glob(f"{name}-?????.safetensors"):
        if old != tensors:
            old.unlink(missing_ok=True)


def load_checkpoint(
    folder: Path, name: str, device: torch.device | str = "cpu", shape: Shape = ANYTHING
) -> Checkpoint | None:
    """Return the checkpoint called `name`, or None where there is none.

    Args:
        folder: of the checkpoints.
        name: of the checkpoint.
        device: for the tensors.
        shape: that of its values.

    Raises:
        RunError: a file of it is missing, damaged or outside the folder, or its values have another shape.
    """
    path = folder / f"{name}.json"
    if not path.exists():
        return None
    values = read_json(path, _TENSORS, _damaged)
    check_shape(values, shape, str(path), _damaged)
    tensors = read_tensors(
        path_inside(folder, values["tensors"], f"{path}: tensors", _damaged),
        lambda message: RunError(f"{path}: the checkpoint is damaged: {message}"),
        device=device,
    )
    # A kill between the two steps of a save left these. Newer tensors may belong to a save that goes on now.
    for old in folder.glob(f"{name}-?????.safetensors"):
        if old.name < values["tensors"]:
            old.unlink(missing_ok=True)
    return Checkpoint(tensors, values, path)


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


def load_optimiser(optimiser: torch.optim.Optimizer, tensors: Mapping[str, Tensor], source: object) -> None:
    """Give an optimiser the state that `optimiser_tensors` returned.

    Args:
        optimiser: that has not made a step.
        tensors: `index.name` → tensor.
        source: the checkpoint, for messages.

    Raises:
        RunError: the state is that of another optimiser, or of other parameters.
    """
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    slots = _slots(optimiser)
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        index, _, slot = name.partition(".")
        if not (index.isascii() and index.isdigit() and int(index[:9]) < len(parameters)):
            raise _damaged(f"{source}: the optimiser has no parameter {index!r}")
        if value.ndim and value.shape != parameters[int(index)].shape:
            wanted, found = list(parameters[int(index)].shape), list(value.shape)
            raise _damaged(f"{source}: optimiser: {name}: expected the shape {wanted}, found {found}")
        if value.dtype not in (parameters[int(index)].dtype, torch.float32):
            raise _damaged(f"{source}: optimiser: {name}: has dtype {value.dtype}")
        state.setdefault(int(index), {})[slot] = value.cpu() if slot == "step" else value
    for index_of, found_slots in state.items():
        if slots is not None and found_slots.keys() != slots:
            raise _damaged(
                f"{source}: optimiser: parameter {index_of}: expected {', '.join(sorted(slots))}, "
                f"found {', '.join(sorted(found_slots))[:200]}"
            )
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})


def _slots(optimiser: torch.optim.Optimizer) -> set[str] | None:
    """Return the names of the state that such an optimiser keeps for a parameter; None if not known."""
    parameter = torch.zeros(1, requires_grad=True)
    parameter.grad = torch.zeros(1)
    try:
        alike = type(optimiser)([parameter], **optimiser.defaults)
        alike.step()
        return set(alike.state_dict()["state"].get(0, {}))
    except Exception:  # the optimiser of a plugin may need other arguments
        return None


_TENSORS = Fields({"tensors": Text()}, {"sha256": Text()})


def _damaged(message: str) -> RunError:
    path, _, why = message.partition(": ")
    return RunError(f"{path}: the checkpoint is damaged: {why}")
