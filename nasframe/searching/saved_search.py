"""The checkpoint of a search, read back: its values, and the state of the supernet by the names in it."""

from __future__ import annotations

from pathlib import Path

import torch

from nasframe.errors import RunError
from nasframe.runs import Checkpoint, load_checkpoint
from nasframe.runtime import Each, Fields, Flag, Items, Number, Text
from nasframe.supernet import Supernet

__all__ = ["read_search", "restore_supernet"]

_VALUES = Fields(
    {
        "epoch": Number(0, 10**9, whole=True),
        "converged": Flag(),
        "logits": Each(Items(Items(Text()), least=2, most=2)),
    }
)
_LOGITS = "logits.values."


def read_search(folder: Path, device: torch.device | str = "cpu") -> Checkpoint | None:
    """Return the checkpoint of a search among those of a run; None where there is none.

    Raises:
        RunError: it is damaged.
    """
    return load_checkpoint(folder, "search", device, _VALUES)


def restore_supernet(supernet: Supernet, checkpoint: Checkpoint) -> None:
    """Give a supernet the state of a checkpoint; logits go by the names of their rows and candidates.

    Raises:
        RunError: the checkpoint is that of another supernet, or its parts do not fit together.
    """
    names, state = checkpoint.values["logits"], checkpoint.part("supernet.")
    logits = {name.removeprefix(_LOGITS): state.pop(name) for name in [*state] if name.startswith(_LOGITS)}
    own = {name: value for name, value in supernet.state_dict().items() if not name.startswith(_LOGITS)}
    checkpoint.checked(state, own)
    for key, (rows, candidates) in names.items():
        wanted = [len(rows), len(candidates)]
        if key not in logits or list(logits[key].shape) != wanted:
            found = list(logits[key].shape) if key in logits else "none"
            raise RunError(f"{checkpoint.source}: logits {key!r}: expected the shape {wanted}, found {found}")
    supernet.load_state_dict(state, strict=False)
    supernet.logits.load_by_name(logits, names)
