"""Names that mean what they meant when a run was made."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from nasframe.plugins import manager
from nasframe.runs.run import Run

__all__ = ["reading_run"]


def reading_run(run: Run | None) -> AbstractContextManager[None]:
    """Let names mean what they mean in a run while the block runs; nothing happens where there is no run."""
    return nullcontext() if run is None else manager().reading(run.names)
