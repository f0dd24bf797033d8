"""The table of a census: many random architectures of a space, each trained from scratch and scored.

Its folder holds

```
census.json          space, task, training, data, versions
census.jsonl         a line for each architecture
architectures/       a file for each architecture, written when it is trained
```
"""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from attrs import field, frozen

from nasframe import __version__
from nasframe.errors import RunError
from nasframe.experiment import Experiment
from nasframe.runtime import write_text

__all__ = ["FORMAT", "TABLE", "Census", "differences", "load_census", "made_from", "versions", "write_table"]

FORMAT = 1
RECORD, TABLE = "census.json", "census.jsonl"


@frozen
class Census:
    """The census in a folder.

    Attributes:
        path: of its folder.
        record: the content of `census.json`.
        rows: the lines of `census.jsonl`, in the order in which the architectures were drawn.
    """

    path: Path
    record: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]]
    _places: Mapping[str, int] = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        places = {row["fingerprint"]: place for place, row in enumerate(self.rows)}
        object.__setattr__(self, "_places", places)

    def __len__(self) -> int:
        return len(self.rows)

    def find(self, fingerprint: str) -> Mapping[str, Any] | None:
        """Return the row of an architecture, given 16 or more digits of its fingerprint; None without one."""
        place = self._places.get(fingerprint[:16])
        return None if place is None else self.rows[place]

    def scores(self, split: str) -> list[float | None]:
        """Return the objective of each row on the split `validation` (best epoch) or `test`."""
        return [row[split].get(self.record["objective"]) for row in self.rows]


def load_census(path: str | Path) -> Census:
    """Return the census in a folder, given the folder or either of its two files.

    Raises:
        RunError: there is no census, or it has another format, or it is damaged.
    """
    given = Path(path)
    folder = given if given.is_dir() else given.parent
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        lines = (folder / TABLE).read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) for line in lines]
    except FileNotFoundError as error:
        begun = (folder / "architectures").is_dir()
        why = (
            "has not ended; give its command again" if begun else f"is no census: it has no {error.filename}"
        )
        raise RunError(f"{given}: {why}") from None
    except (OSError, ValueError) as error:
        raise RunError(f"{given}: the census cannot be read: {error}") from error
    if not isinstance(record, dict) or record.get("kind") != "census":
        raise RunError(f"{given}: is no census: its {RECORD} is none of nasframe's")
    if record.get("format") != FORMAT:
        raise RunError(
            f"{given}: census format {record.get('format')!r} cannot be read; this version reads {FORMAT}"
        )
    needed = {"fingerprint", "assignment", "validation", "test", "parameters"}
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict) or not needed <= row.keys():
            raise RunError(
                f"{folder / TABLE}: line {number}: expected an object with {', '.join(sorted(needed))}"
            )
    return Census(folder, record, rows)


def write_table(folder: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write `census.jsonl`."""
    text = "".join(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in rows)
    write_text(folder / TABLE, text)


def made_from(experiment: Experiment, space: Mapping[str, Any] | None, data: str) -> dict[str, Any]:
    """Return all that must be the same in an experiment and a census for their scores to be compared.

    Args:
        experiment: the one whose architectures are trained.
        space: its origin.
        data: fingerprint of the data.
    """
    values = experiment.to_dict()
    return {"space": space, "task": values["task"], "train": values["train"], "data": data}


def differences(census: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return a line for each difference between a census and what `made_from` returns of an experiment."""
    keys = ("space", "task", "train", "data")
    there, here = ({key: dict(_flat(values.get(key), key)) for key in keys} for values in (census, other))
    found = []
    for key in keys:
        for name in dict.fromkeys([*there[key], *here[key]]):
            a, b = (_shown(side[key].get(name)) for side in (there, here))
            if a != b:
                found.append(f"{name}: {a} in the census, {b} here")
    return found


def versions() -> dict[str, str]:
    """Return the versions of nasframe, torch and Python."""
    return {
        "nasframe": __version__,
        "torch": str(torch.__version__),
        "python": platform.python_version(),
    }


def _flat(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}")
    else:
        yield name, value


def _shown(value: Any) -> str:
    return "nothing" if value is None else json.dumps(value, default=list)
