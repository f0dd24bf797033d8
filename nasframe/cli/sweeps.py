"""`nasframe sweep`: an experiment at every point of a grid of options."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from nasframe.cli.study_options import (
    Data,
    Device,
    Json,
    Out,
    Overwrite,
    Seed,
    Workers,
    check_options,
    print_files,
)
from nasframe.cli.study_tables import print_sweep
from nasframe.runtime import make_progress, print_json

__all__ = ["add_commands"]

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
    workers: Workers = None,
    data: Data = None,
    out: Out = None,
    overwrite: Overwrite = False,
    relaxation: str | None = None,
    seed: Seed = None,
    device: Device = None,
    json: Json = False,
) -> int:
    """Search, train and evaluate at every point of a grid of options, in several processes.

    Finished trials are kept and skipped: the same command goes on after an interruption, or with more seeds
    or values. A trial that fails does not stop the others.

    Parameters
    ----------
    experiment
        A TOML file.
    seeds
        How many, from the experiment's own upward; they share their data.
    relaxation
        Short for relaxation.name=….
    """
    check_options(data, out, workers)

    from nasframe.studies import is_axis
    from nasframe.studies import sweep as run_sweep

    folder = out or Path("runs") / f"{experiment.stem}-sweep"
    result = run_sweep(
        experiment,
        [word for word in axes if is_axis(word)],
        [word for word in axes if not is_axis(word)],
        seeds=seeds,
        workers=workers,
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
        print_files(report=folder / "report.html", numbers=folder / "sweep.json")
    failed = [trial for trial in result["trials"] if trial["status"] != "done"]
    for trial in failed:
        print(f"nasframe: {trial['name']}: {trial['status']}: {trial['error']}", file=sys.stderr)
    return 1 if failed else 0
