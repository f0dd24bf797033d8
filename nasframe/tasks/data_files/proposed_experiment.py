"""An experiment proposed for a user's file: its parts, a space that takes them, and a short search."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nasframe.runtime import counted
from nasframe.tasks.data_files.guessed_parts import GuessedParts, guess_parts
from nasframe.tasks.starting_values import StartingValues

__all__ = ["proposed_experiment"]

_FEW = 1000
"""Rows below which batches are small: a search needs many updates."""

_FEW_COLUMNS = 3
"""Columns below which there is next to nothing to combine."""

_FINALISTS: Mapping[str, Any] = {
    "candidates": 40,
    "finalists": 12,
    "finalist_epochs": 2,
    "finalist_keep": 3,
    "finalist_start": "scratch",
}


def proposed_experiment(path: Path, given: Mapping[str, Any]) -> StartingValues:
    """Return the values of an experiment on a file; see `guess_parts` for the arguments and errors."""
    found = guess_parts(path, given)
    task: dict[str, Any] = {
        "file": str(path),
        "target": found.target[0] if len(found.target) == 1 else [*found.target],
        "inputs": _inputs(found),
    }
    if found.split is not None:
        task["split"] = found.split
    if found.group is not None:
        task["group"] = found.group
    batch = {"batch_size": 16} if found.rows < _FEW else {}
    fused = {"name": "bimodal", "channels": 16, "cells": 1, "nodes": 2}
    cells: dict[str, Any] = {"name": "nas_bench_201", "channels": 8, "cells": 1, "stages": 1}
    if found.columns == 1:
        cells["nodes"] = 2  # a cell of one edge: more edges would be the same function in many spellings
    values = {
        "task": task,
        "space": fused if found.fusable else cells,
        "loop": {"name": "bilevel", "weight_rate": 3e-3, "architecture_rate": 0.1},
        "search": {"epochs": 20, "min_epochs": 5, **batch, **_FINALISTS},
        "train": {"epochs": 20, "learning_rate": 3e-3, **batch},
        "baselines": {"random": 3},
    }
    notes = {f"task.{option}": note for option, note in found.notes.items()}
    if found.left_out:
        left_out = f"left out: {'; '.join(found.left_out)}"
        notes["task.inputs"] = f"{notes.get('task.inputs', '')}\n{left_out}".strip()
    notes["space.name"] = _why_this_space(found)
    notes["loop.architecture_rate"] = "small data has few updates: the default would leave all choices open"
    notes["search.finalists"] = (
        "after few updates the supernet alone may choose badly; a dozen short trainings choose better"
    )
    if batch:
        few = f"{counted(found.rows, 'row is', 'rows are')} few, so small batches make more updates of them"
        notes |= {"search.batch_size": few, "train.batch_size": few}
    return StartingValues(values, notes)


def _why_this_space(found: GuessedParts) -> str:
    """Return why the space was chosen; of a table also a line where it has too few columns to search."""
    if found.columns is None:
        return (
            "each array is projected to a feature map; cells choose which of them meet, by which operation"
            if found.fusable
            else "one array: cells of convolutions along its positions"
        )
    if found.fusable:
        why = (
            "for columns in any order: each view is a linear layer on all its columns, and cells choose by "
            "which operation views meet: a sum, a gate, a layer on both. Where neighbouring columns belong "
            "together, as steps in time do, cells of convolutions may do better: nasframe new FILE "
            "space.name=nas_bench_201 proposes them"
        )
    elif found.columns == 1:
        why = "one column is one input, and this space takes one"
    else:
        why = (
            "a space that takes one input; its cells convolve neighbouring columns, so their order has to "
            "mean something. For columns in any order say two views, as "
            "task.inputs={left=[...], right=[...]}, and space.name=bimodal"
        )
    if found.columns >= _FEW_COLUMNS:
        return why
    columns = counted(found.columns, "usable column", "usable columns")
    return (
        f"{why}\nwarning: {columns}: a search has next to nothing to combine, and a network that it finds "
        f"is hardly better than any other; {_FEW_COLUMNS} and more columns of numbers make one worth while"
    )


def _inputs(found: GuessedParts) -> Any:
    """Return the inputs as TOML holds them: a list of names where each is made of itself."""
    plain = {name: names.to_plain() for name, names in found.inputs.items()}
    return [*plain] if all(name == made for name, made in plain.items()) else plain
