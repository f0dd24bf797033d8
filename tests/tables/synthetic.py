"""A table whose numbers are known: all 30 networks of the toy pairs' space, with drawn curves."""

from __future__ import annotations

import copy
import functools
from pathlib import Path
from typing import Any

import numpy as np

import nasframe
from nasframe.space import Architecture, SearchSpace, network_key
from nasframe.tables import TabularBenchmark, load_table
from nasframe.tables.document import TABLE_FILE, write_document
from tests.toys import PAIRS

__all__ = ["EPOCHS", "SEEDS", "entries", "experiment", "pairs_space", "record", "table_at"]

INPUTS = {"left": (2, 3), "right": (2, 3)}
EPOCHS, SEEDS = 4, (4, 5, 6)


def experiment() -> nasframe.Experiment:
    """Return the experiment of the toy pairs, with the classes of the plugin that is loaded now."""
    return nasframe.Experiment.load(PAIRS, ["train.epochs=4", "train.batch_size=20"])


def pairs_space(inputs: dict[str, tuple[int, ...]] = INPUTS, outputs: int = 2, **options: Any) -> SearchSpace:
    """Return the space of the toy pairs, with other options."""
    import attrs

    return attrs.evolve(experiment().space, **options).build(inputs, outputs)


@functools.cache
def _networks() -> dict[str, dict[str, str]]:
    space, found = pairs_space(), dict[str, dict[str, str]]()
    for assignment in space.enumerate():
        found.setdefault(network_key(Architecture(space, assignment)), assignment)
    return found


def entries() -> list[dict[str, Any]]:
    """Return the entries of the document: the objective of network i rises to about i / 100 + 1 / 2."""
    random, made = np.random.default_rng(0), []
    for number, (key, assignment) in enumerate(_networks().items()):
        final = 0.5 + number / 100 + random.normal(0, 0.004, (len(SEEDS), 1))
        validation = np.round(final - 0.1 / np.arange(1, EPOCHS + 1), 4)
        test = np.round(validation + random.normal(0, 0.004, validation.shape), 4)
        loss = np.round(1 - validation, 4)
        made.append(
            {
                "key": key,
                "assignment": assignment,
                "parameters": 100 + number,
                "multiply_adds": 1000 + number,
                "best_epoch": [EPOCHS] * len(SEEDS),
                "seconds": [1.0 + number / 10] * len(SEEDS),
                "validation": {"loss": loss.tolist(), "accuracy": validation.tolist()},
                "test": {"accuracy": test.tolist()},
            }
        )
    return made


def record(**changes: Any) -> dict[str, Any]:
    """Return the document without its entries."""
    from nasframe.tables import names_used, origin_of

    space = pairs_space()
    return {
        "kind": "table",
        "format": 2,
        "title": "pairs",
        "objective": "accuracy",
        "epochs": EPOCHS,
        "trainings": [{"seed": seed, "point": {}, "data": ""} for seed in SEEDS],
        **origin_of(experiment(), space, ""),
        **names_used(experiment(), space).to_dict(),
        "experiment": experiment().to_toml(),
        "space_size": space.count(),
        "caveats": [],
        "failed": {},
        "versions": {},
        **changes,
    }


def table_at(folder: Path, change: Any = None) -> TabularBenchmark:
    """Write a table into a folder, after `change(record, entries)`, and return it as it is read."""
    head, rows = record(), copy.deepcopy(entries())
    if change is not None:
        change(head, rows)
    folder.mkdir(parents=True, exist_ok=True)
    write_document(folder / TABLE_FILE, head, rows)
    return load_table(folder)
