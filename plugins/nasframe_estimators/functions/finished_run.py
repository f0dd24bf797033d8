"""The function of a finished run: the loss of its supernet, over its most undecided choices."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import torch

from nasframe import (
    Batch,
    Experiment,
    Run,
    Supernet,
    Task,
    claimed,
    load_experiment,
    load_run,
    load_supernet,
    prepare,
    stage_fingerprints,
)
from nasframe.errors import DataError, RunError
from nasframe.runtime import SILENT, Progress, counted, generator
from nasframe_estimators.functions.supernet_loss import SupernetLoss

__all__ = ["BITS", "choose_choices", "function_of_run"]

BITS = 12.0
"""Largest sum of log2(candidates) over the choices that vary: 4,096 outcomes."""


def function_of_run(
    run: Run | str | Path,
    *,
    progress: Progress,
    experiment: Experiment | None = None,
    source: str | Path | None = None,
    bits: float = BITS,
    seed: int = 0,
) -> SupernetLoss:
    """Return the loss of a finished run's supernet, on the CPU, with the weights of its last checkpoint.

    See `measure_estimators` for the arguments. The loss is that of one batch: as many examples of the
    architecture split as a batch of the search holds, drawn by `seed`. See `choose_choices` for the choices
    that vary; the others are as derived.

    Raises:
        RunError: no run, a run without a search checkpoint or an architecture, or one in which no choice
            changes the loss; a source for a task that reads none.
    """
    found = load_run(run)
    with claimed(found.path):
        supernet = load_supernet(found)
        architecture = found.architecture
        made_by = experiment or load_experiment(found)
        if source is not None and not _reads(made_by.task, Path(source).resolve(), made_by.stage_seed):
            raise RunError(
                f"{found.path}: its task {made_by.names['task']!r} reads no data from outside, so {source} "
                "(--data, or source) would not be used; leave it out"
            )
        recorded = found.path if experiment is None else None
        prepared = prepare(made_by, found, source, progress, recorded=recorded)
    split = prepared.data.splits.architecture
    order = torch.randperm(len(split), generator=generator(seed, "estimators", "batch"))
    batch = split.batch(order[: made_by.search.batch_size].sort().values)
    task, fixed = made_by.task, architecture.assignment
    varied = choose_choices(supernet, task, batch, fixed, bits)
    if not varied:
        raise RunError(f"{found.path}: no choice that varies within {bits:g} bits changes the loss")
    function = SupernetLoss(supernet, task, batch, fixed, varied, progress)
    progress.say(
        f"supernet of {found.path}: {', '.join(function.choices)} vary, the others are as derived; "
        f"{counted(len(batch.targets), 'example')} of the architecture split"
    )
    return function


def _reads(task: Task, source: Path, seed: int) -> bool:
    """Return True where the stages of a task depend on the user's data."""
    try:
        with_it, without = (stage_fingerprints(task.stages(place, seed)) for place in (source, None))
    except DataError:  # something is missing in the data, or the task needs data
        return True
    return with_it != without


def choose_choices(
    supernet: Supernet, task: Task, batch: Batch, fixed: Mapping[str, str], bits: float
) -> list[str]:
    """Return the choices that vary: as many as have at most 2 ** `bits` outcomes together.

    Each changes the loss when it alone departs from the derived architecture. The groups take turns: the
    next choice is the one of highest normalised entropy in the group that still fits.
    """
    waiting: dict[str, list[tuple[float, str]]] = {}
    for table in supernet.logits.tables:
        if len(table.candidates) > 1:
            p = supernet.logits.values[table.key].detach().double().softmax(-1)
            entropies = torch.special.entr(p).sum(-1) / math.log(len(table.candidates))
            for name, entropy in zip(table.rows, entropies.tolist(), strict=True):
                if _matters(supernet, task, batch, fixed, name):
                    waiting.setdefault(table.group, []).append((entropy, name))
    for choices in waiting.values():
        choices.sort(key=lambda item: -item[0])
    left, chosen = bits, list[str]()
    while any(waiting.values()):
        for choices in waiting.values():
            while choices:
                _, name = choices.pop(0)
                cost = math.log2(len(supernet.logits.place[name][0].candidates))
                if cost <= left + 1e-9:
                    left -= cost
                    chosen.append(name)
                    break
    return chosen


def _matters(supernet: Supernet, task: Task, batch: Batch, fixed: Mapping[str, str], choice: str) -> bool:
    alone = SupernetLoss(supernet, task, batch, fixed, [choice], SILENT)
    candidates = len(supernet.logits.place[choice][0].candidates)
    values = alone.values(torch.arange(candidates).unsqueeze(-1))
    return bool((values != values[0]).any())
