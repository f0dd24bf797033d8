"""The checkpoint of a search: supernet, optimisers and values; logits are found again by their names."""

from __future__ import annotations

from pathlib import Path

import torch
from attrs import frozen

from nasframe.errors import RunError
from nasframe.runs import (
    Checkpoint,
    Run,
    load_checkpoint,
    load_optimiser,
    optimiser_tensors,
    save_checkpoint,
)
from nasframe.runtime import Each, Fields, Flag, Items, Number, Text
from nasframe.supernet import Supernet

__all__ = ["SearchState", "read_search", "restore_supernet"]

_VALUES = Fields(
    {
        "epoch": Number(0, 10**9, whole=True),
        "converged": Flag(),
        "logits": Each(Items(Items(Text()), least=2, most=2)),
    }
)
_LOGITS = "logits.values."


@frozen
class SearchState:
    """The parts of a search that its checkpoint holds."""

    supernet: Supernet
    weights_optimiser: torch.optim.Optimizer
    architecture_optimiser: torch.optim.Optimizer

    def save(self, run: Run, epoch: int, converged: bool) -> None:
        """Write the checkpoint of a run after so many epochs, and its metrics before it."""
        tensors = {f"supernet.{name}": value for name, value in self.supernet.state_dict().items()}
        for part, optimiser in self._optimisers().items():
            tensors |= {f"{part}{name}": value for name, value in optimiser_tensors(optimiser).items()}
        run.flush_metrics()
        values = {"epoch": epoch, "converged": converged, "logits": self.supernet.logits.rows()}
        save_checkpoint(run.checkpoints, "search", Checkpoint(tensors, values), epoch)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Take the state of a checkpoint.

        Raises:
            RunError: it is that of another search, or its parts do not fit together.
        """
        restore_supernet(self.supernet, checkpoint)
        for part, optimiser in self._optimisers().items():
            load_optimiser(optimiser, checkpoint.part(part), checkpoint.source)

    def _optimisers(self) -> dict[str, torch.optim.Optimizer]:
        return {"weights.": self.weights_optimiser, "architecture.": self.architecture_optimiser}


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
