"""`nasframe sweep`: an experiment at every point of a grid of options."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Annotated, Any

from cyclopts import App, Parameter

from nasframe.cli.output import number, print_columns, print_json
from nasframe.errors import ConfigurationError, RunError
from nasframe.progress import make_progress

__all__ = ["add_commands", "cores"]

Words = Annotated[
    str,
    Parameter(
        name="AXIS=V1,V2",
        help="An option and the values it takes: temperature=0.1,0.5. With one value it is set for all.",
    ),
]


def add_commands(app: App) -> None:
    """Add the command of this group."""
    app.command(sweep)


def sweep(
    experiment: Path,
    /,
    *axes: Words,
    seeds: int = 1,
    workers: int | None = None,
    data: Path | None = None,
    out: Path | None = None,
    overwrite: bool = False,
    relaxation: str | None = None,
    seed: int | None = None,
    device: str | None = None,
    json: bool = False,
) -> int:
    """Search, train and evaluate at every point of a grid of options, in several processes.

    What is done is kept and skipped: the same command goes on after an interruption, or with more seeds or
    values. A cell that fails does not stop the others.

    Parameters
    ----------
    experiment
        A TOML file.
    seeds
        How many, from the experiment's own upward; they share their data.
    workers
        Processes. [default: the number of cores]
    data
        Your data; the task's own where it has some.
    out
        The folder. [default: runs/NAME-sweep]
    overwrite
        Replace the sweep that is there.
    relaxation
        Short for relaxation.name=….
    seed
        Short for seed=…, the first one.
    device
        Short for device=…: auto, cpu, cuda, cuda:N.
    json
        The content of sweep.json instead of tables.
    """
    if workers is not None and workers < 1:
        raise ConfigurationError("sweep", [f"--workers: expected at least 1, found {workers}"])
    if out is not None and out.is_file():
        raise RunError(f"--out {out}: is a file; expected a folder, or a name for one")

    from nasframe.studies.axes import is_axis
    from nasframe.studies.sweep import sweep as run_sweep

    folder = out or Path("runs") / f"{experiment.stem}-sweep"
    result = run_sweep(
        experiment,
        [word for word in axes if is_axis(word)],
        [word for word in axes if not is_axis(word)],
        seeds=seeds,
        workers=cores() if workers is None else workers,
        out=folder,
        source=data,
        overwrite=overwrite,
        relaxation=relaxation,
        seed=seed,
        device=device,
        progress=make_progress(),
    )
    if json:
        print_json(result)
    else:
        print_sweep(result)
        print()
        print_columns([(key, str(folder / name)) for key, name in _FILES.items()])
    failed = [cell for cell in result["cells"] if cell["status"] != "done"]
    for cell in failed:
        print(f"nasframe: {cell['name']}: {cell['status']}: {cell['error']}", file=sys.stderr)
    return 1 if failed else 0


_COUNTS = ("parameters", "multiply_adds")

_FILES = {"report": "report.html", "numbers": "sweep.json"}


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def print_sweep(result: Mapping[str, Any]) -> None:
    """A grid for the objective and one for the parameters where there are two axes, else a list."""
    # as an axis it is no repetition
    seeds = 1 if any(axis["key"] == "seed" for axis in result["axes"]) else len(result["seeds"])
    mean = "" if seeds == 1 else f", mean of {seeds} seeds"
    for metric in (result["objective"], "parameters"):
        if len(result["axes"]) == 2:
            print(f"\n{metric} on the test split{mean}" if metric != "parameters" else f"\n{metric}{mean}")
            print_columns(_grid(result, metric), indent="  ")
    if len(result["axes"]) != 2:
        print(f"\non the test split{mean}")
        print_columns(_list(result), indent="  ")


def _grid(result: Mapping[str, Any], metric: str) -> list[tuple[str, ...]]:
    rows, columns = result["axes"]
    heads = (f"{_short(rows)} \\ {_short(columns)}", *(f"{value!s:>9}" for value in columns["values"]))
    return [
        heads,
        *(
            (
                str(row),
                *(
                    _shown(metric, _values(result, metric, {rows["key"]: row, columns["key"]: column}))
                    for column in columns["values"]
                ),
            )
            for row in rows["values"]
        ),
    ]


def _list(result: Mapping[str, Any]) -> list[tuple[str, ...]]:
    keys = {axis["key"]: _short(axis) for axis in result["axes"]}
    metrics = (result["objective"], "parameters", "multiply_adds", "search_seconds")
    points: list[Mapping[str, Any]] = []
    for cell in result["cells"]:
        points += [] if cell["point"] in points else [cell["point"]]
    return [
        (*keys.values(), *(f"{name:>9}" for name in metrics)),
        *(
            (
                *(str(point[key]) for key in keys),
                *(f"{_shown(name, _values(result, name, point)):>{len(name)}}" for name in metrics),
            )
            for point in points
        ),
    ]


def _short(axis: Mapping[str, Any]) -> str:
    return str(axis["key"]).removesuffix(".name").rpartition(".")[2]


def _values(result: Mapping[str, Any], metric: str, point: Mapping[str, Any]) -> list[float]:
    """Of every seed of a point that is done."""
    read: Callable[[Mapping[str, Any]], Any] = lambda cell: (cell["test"] or {}).get(metric)  # noqa: E731
    if metric == "search_seconds":
        read = lambda cell: (cell["search"] or {}).get("seconds")  # noqa: E731
    found = [read(cell) for cell in result["cells"] if cell["point"] == point and cell["status"] == "done"]
    return [value for value in found if value is not None]


def _shown(metric: str, values: Sequence[float]) -> str:
    if not values:
        return f"{'-':>9}"
    mean = fmean(values)
    return f"{number(round(mean) if metric in _COUNTS else mean):>9}"
