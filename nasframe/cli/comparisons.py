"""The commands that set many trainings side by side: `compare`, `census`."""

from __future__ import annotations

from pathlib import Path

from cyclopts import App

from nasframe.cli.plugin_files import next_command
from nasframe.cli.study_options import (
    Data,
    Device,
    Json,
    Out,
    Overrides,
    Overwrite,
    Seed,
    Workers,
    at_least,
    check_options,
    print_files,
)
from nasframe.cli.study_tables import print_comparison, print_table_of_a_space
from nasframe.runtime import make_progress, print_json

__all__ = ["add_commands"]


def add_commands(app: App) -> None:
    """Add the commands of this group."""
    app.command(compare_variants, name="compare")
    app.command(census)


def compare_variants(
    experiment: Path,
    /,
    *overrides: Overrides,
    relaxation: list[str] | None = None,
    vary: list[str] | None = None,
    seeds: int = 5,
    random: int = 3,
    census: list[Path] | None = None,
    workers: Workers = None,
    data: Data = None,
    out: Out = None,
    overwrite: Overwrite = False,
    json: Json = False,
    seed: Seed = None,
    device: Device = None,
) -> int:
    """Compare variants of an experiment: each with the same data, training and seeds.

    Finished trials are skipped: the same command goes on after an interruption. The exit status is 1 where a
    search or a training failed; the others are finished all the same.

    Parameters
    ----------
    experiment
        A TOML file.
    relaxation
        Relaxations to compare, with commas: softmax,stgs,grmc.
    vary
        Values of another option to compare, with commas: space.ports=shared,choose. May be given again.
    seeds
        How many runs of each variant.
    random
        How many random architectures are trained for each seed.
    census
        A folder that `nasframe census` made. [default: runs/NAME-census where it fits]
    """
    check_options(data, out, workers)
    at_least("--seeds", seeds, 1)
    at_least("--random", random, 0)

    from nasframe.studies import compare

    place = out or Path("runs") / f"{experiment.stem}-compare"
    found = compare(
        experiment,
        place,
        overrides=overrides,
        relaxations=[name.strip() for item in relaxation or () for name in item.split(",")],
        vary=vary or (),
        seeds=seeds,
        random=random,
        census=census,
        workers=workers,
        source=data,
        seed=seed,
        device=device,
        overwrite=overwrite,
        progress=make_progress(),
    )
    if json:
        print_json(found)
    else:
        print_comparison(found)
        print_files(report=place / "report.html", numbers=place / "comparison.json")
    return int(bool(found["failed"]))


def census(
    experiment: Path,
    /,
    *overrides: Overrides,
    architectures: int = 300,
    workers: Workers = None,
    data: Data = None,
    out: Out = None,
    overwrite: Overwrite = False,
    json: Json = False,
    seed: Seed = None,
    device: Device = None,
) -> int:
    """Train many random architectures of the space: a table that comparisons use, and anyone can reuse.

    Trained architectures are kept: the same command goes on after an interruption, and a larger
    --architectures adds to them. The exit status is 1 where an architecture could not be trained.

    Parameters
    ----------
    experiment
        A TOML file.
    architectures
        How many different ones; all of them where the space has fewer.
    """
    check_options(data, out, workers)
    at_least("--architectures", architectures, 1)

    from nasframe.studies import census as do_census

    place = out or Path("runs") / f"{experiment.stem}-census"
    found = do_census(
        experiment,
        place,
        overrides=overrides,
        architectures=architectures,
        workers=workers,
        source=data,
        seed=seed,
        device=device,
        overwrite=overwrite,
        progress=make_progress(),
    )
    if json:
        print_json({**found.record, "rows": list(found.rows)})
    else:
        print_table_of_a_space(found)
        following = next_command("compare", str(experiment), *(["--census", str(place)] if out else []))
        print_files(table=place / "census.jsonl", made_from=place / "census.json", next=following)
    return int(bool(found.record["failed"]))
