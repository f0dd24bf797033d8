"""The supernet of a run, with the weights and logits with which its search ended."""

from __future__ import annotations

from nasframe.errors import RunError
from nasframe.runs import Run, load_checkpoint
from nasframe.supernet import Supernet

__all__ = ["load_supernet"]


def load_supernet(run: Run) -> Supernet:
    """The supernet of the last search checkpoint, on the CPU, for evaluation: without gradients.

    Raises:
        RunError: the run has no search checkpoint, or no architecture yet.
    """
    checkpoint = load_checkpoint(run.checkpoints, "search")
    if checkpoint is None:
        raise RunError(
            f"{run.path}: has no search checkpoint, and so no supernet; "
            "expected the folder of a finished `nasframe run` or `nasframe search`"
        )
    supernet = Supernet(run.architecture.space)
    state = checkpoint.part("supernet.")
    logits = {key: state.pop(f"logits.values.{key}") for key in checkpoint.values["logits"]}
    supernet.load_state_dict(state, strict=False)
    supernet.logits.load_by_name(logits, checkpoint.values["logits"])
    return supernet.eval().requires_grad_(False)
