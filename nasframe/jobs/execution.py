"""Doing the cells of a study, in this process or in several."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch

from nasframe.jobs.forkserver import drop_server
from nasframe.jobs.pool import Crew
from nasframe.jobs.queue import QUEUE, CellQueue
from nasframe.jobs.trial import Cell, Outcome, do_cell, is_done
from nasframe.runtime import Progress, cores, one_thread

__all__ = ["execute", "worker_count"]


def worker_count(asked: int | None, device: torch.device) -> int:
    """How many processes work side by side where nobody says: one a core, and a single one on a GPU."""
    if asked is not None:
        return asked
    return cores() if device.type == "cpu" else 1


def execute(
    cells: Sequence[Cell],
    folder: Path,
    *,
    workers: int = 1,
    progress: Progress | None = None,
    lock: int | None = None,
) -> dict[str, Outcome]:
    """Do every cell that is not done; one that fails does not stop the others.

    What is done is known from the folders of the cells. A cell whose process is killed is begun again, by
    another process, and goes on from what is in its folder; after the third time it has failed. Cells that
    failed are tried again when they are given again.

    Args:
        cells: of the study; each name once.
        folder: of the study, for the queue.
        workers: processes; 1 is this one. Each computes on one thread.
        progress: what to report to.
        lock: descriptor of the study's lock, which workers hold too.

    Returns:
        Name of a cell → how it ended, in the order of `cells`.

    Raises:
        RunError: the disk is full, the queue cannot be written, or no worker can be started. What is done is
            kept.
    """
    shown = progress or Progress()
    outcomes = {cell.name: Outcome("done") for cell in cells if is_done(cell)}
    left = {cell.name: cell for cell in cells if cell.name not in outcomes}
    if outcomes:
        shown.say(f"{len(outcomes)} of {len(cells)} cells: done already, skipped")
    if left:
        queue = CellQueue(folder / QUEUE, list(left), shown)
        try:
            with shown.task("cells", len(left)) as advance:

                def ended(name: str, outcome: Outcome) -> None:
                    outcomes[name] = outcome
                    shown.say(f"{name}: {_told(outcome)} [{len(outcomes)} of {len(cells)}]")
                    advance(1)

                size = min(workers, len(left))
                if size > 1:
                    with Crew(left, queue, folder, size, lock, ended) as crew:
                        crew.work(lambda: advance(0))
                else:
                    drop_server()
                    _do_here(left, queue, ended)
        finally:
            queue.close()
    else:
        drop_server()
    return {cell.name: outcomes[cell.name] for cell in cells}


def _do_here(cells: Mapping[str, Cell], queue: CellQueue, ended: Callable[[str, Outcome], None]) -> None:
    with one_thread():
        while (name := queue.take()) is not None:
            outcome = do_cell(cells[name])
            queue.ended(name, outcome)
            ended(name, outcome)


def _told(outcome: Outcome) -> str:
    if outcome.status == "failed":
        return f"failed: {outcome.error}"
    return "done" if outcome.seconds is None else f"done in {outcome.seconds:.1f} s"
