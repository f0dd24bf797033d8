"""The result of one network that was trained outside any run: a small file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nasframe.errors import RunError
from nasframe.runtime import (
    ANYTHING,
    MAX_EXACT_INTEGER,
    Each,
    Fields,
    Items,
    Nullable,
    Number,
    Text,
)
from nasframe.studies.procedure import read_result_file

__all__ = ["is_trained", "read_trained_network"]

_COUNT = Nullable(Number(0, MAX_EXACT_INTEGER, whole=True))
_TRAINED = Fields(
    {
        "name": Text(),
        "validation": Each(Nullable(Number())),
        "test": Each(ANYTHING),
        "data": Text(),
    },
    {
        "fingerprint": Nullable(Text()),
        "assignment": Nullable(Each(Text())),
        "registered": Text(),
        "parameters": _COUNT,
        "multiply_adds": _COUNT,
        "best_epoch": Number(0, 10**9, whole=True),
        "seed": Number(0, whole=True),
        "seconds": Number(0),
        "curves": Each(Each(Items(Nullable(Number())))),
    },
)


def is_trained(file: Path, curves: bool) -> bool:
    """Return True where a network has been trained. One of an older version has no curves."""
    if not curves:
        return file.exists()
    try:
        return read_trained_network(file, curves=True) is not None
    except RunError:  # the trial will fail with the reason
        return False


def read_trained_network(file: Path, *, curves: bool = False) -> dict[str, Any] | None:
    """Return the result of a network; None where it is not there yet, or lacks the `curves` wanted.

    It holds its `name`, the `fingerprint` and `assignment` of its architecture (None where it has none), the
    function that a plugin `registered` for it, if one did, all that `train_alone` returns, and the
    fingerprint of the `data`.

    Raises:
        RunError: the file is damaged.
    """
    found = read_result_file(file, _TRAINED) if file.exists() else None
    return None if found is None or (curves and "curves" not in found) else found
