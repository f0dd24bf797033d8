"""The commands that set many trainings side by side: `compare`, `sweep`, `tabulate`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import attrs
from cyclopts import App, Parameter

from nasframe.cli.plugin_files import next_command
from nasframe.cli.study_options import (
    Overrides,
    Study,
    StudyOptions,
    at_least,
    print_files,
    say_old_name,
)
from nasframe.cli.study_output import print_comparison, print_loops, print_space_table, print_sweep
from nasframe.errors import ConfigurationError
from nasframe.runtime import print_json, print_message, visible
from nasframe.studies import default_folder

__all__ = ["add_commands", "show_comparison", "show_loops", "show_sweep", "show_table"]

Words = Annotated[
    str,
    Parameter(
        name="AXIS=V1,V2",
        help="An option and the values it takes: temperature=0.1,0.5. With one value it is set for all.",
    ),
]
_DEFAULTS = StudyOptions()


def add_commands(app: App) -> None:
    """Add the commands of this group."""
    for command in (compare, sweep, tabulate):
        app.command(command)
    app.command(census, show=False)


def compare(
    experiment: Path | None = None,
    /,
    *overrides: Overrides,
    relaxation: list[str] | None = None,
    vary: list[str] | None = None,
    seeds: int | None = None,
    random: int = 3,
    table: list[Path] | None = None,
    on: str | None = None,
    loop: list[str] | None = None,
    train_missing: Annotated[bool, Parameter(negative="")] = False,
    other_versions: Annotated[bool, Parameter(negative="")] = False,
    census: Annotated[list[Path] | None, Parameter(show=False)] = None,
    study: Study = _DEFAULTS,
) -> int:
    """Compare variants of an experiment: each with the same data, training and seeds.

    With --on, compare search loops on a table of the truth: what they propose is looked up, not trained.

    Finished trials are skipped: the same command goes on after an interruption, or with more seeds or
    variants. The exit status is 1 where a search or a training failed; the others are finished all the same.

    Parameters
    ----------
    experiment
        A TOML file; none with --on.
    relaxation
        Relaxations to compare, with commas: softmax,stgs,grmc.
    vary
        Values of another option to compare, with commas: space.ports=shared,choose. May be given again.
    seeds
        How many, from the experiment's own upward; they share their data. [default: 5; with --on, 1000
        of a loop that proposes architectures and 10 of a gradient search]
    random
        How many random architectures are trained for each seed.
    table
        A folder that `nasframe tabulate` made. [default: runs/NAME-table where it fits]
    on
        A table, as the name of a registered one, a file or a folder: loops are judged by it.
    loop
        With --on, the loops to compare, with commas. [default: random,evolution,halving]
    train_missing
        With --on, train an architecture that the table does not hold, by its recipe, and add it.
    other_versions
        With --train-missing: also where the table was made with other versions of nasframe or torch.
    """
    study.check()
    at_least("--seeds", 5 if seeds is None else seeds, 1)
    if on is not None:
        words = overrides if experiment is None else (str(experiment), *overrides)
        return _compare_loops(on, words, loop, relaxation, vary, seeds, train_missing, other_versions, study)
    if loop:
        problem = "--loop: compares loops on a table, which --on names; without one, say --vary loop.name=…"
        raise ConfigurationError("command line", [problem])
    if experiment is None:
        raise ConfigurationError("command line", ["expected a TOML file, or --on and a table"])
    seeds = 5 if seeds is None else seeds
    at_least("--random", random, 0)
    if census:
        say_old_name("--census", "--table")
    tables = [*(table or ()), *(census or ())]

    from nasframe.studies import compare as compare_variants

    folder = study.folder(experiment, "compare")
    found = compare_variants(
        experiment,
        folder,
        overrides=overrides,
        relaxations=[name.strip() for item in relaxation or () for name in item.split(",")],
        vary=vary or (),
        seeds=seeds,
        random=random,
        tables=tables or None,
        **study.arguments(),
    )
    if study.json:
        print_json(found)
        return int(bool(found["failed"]))
    return show_comparison(found, folder)


def _compare_loops(
    table: str,
    overrides: Sequence[str],
    loop: Sequence[str] | None,
    relaxation: Sequence[str] | None,
    vary: Sequence[str] | None,
    seeds: int | None,
    train_missing: bool,
    other_versions: bool,
    study: StudyOptions,
) -> int:
    """Compare loops on a table, print what came out, and return the exit status."""
    for word in overrides:
        if "=" not in word:
            problem = f"{word}: with --on the experiment is that of the table; expected KEY=VALUE"
            raise ConfigurationError("command line", [problem])
    if study.seed is not None:
        raise ConfigurationError("command line", ["--seed: with --on the seeds begin with 0; say --seeds"])

    if study.preset is not None:
        problem = "--preset: with --on the experiment is that of the table"
        raise ConfigurationError("command line", [problem])

    from nasframe.studies import compare_on_table

    options = {key: value for key, value in study.arguments().items() if key not in ("seed", "preset")}
    loops = [name.strip() for item in loop or () for name in item.split(",")]
    folder = study.out or default_folder(Path(table).name.partition(".")[0], "loops")
    found = compare_on_table(
        table,
        folder,
        loops=loops or ("random", "evolution", "halving"),
        overrides=overrides,
        relaxations=[name.strip() for item in relaxation or () for name in item.split(",")],
        vary=vary or (),
        seeds=seeds,
        train_missing=train_missing,
        other_versions=other_versions,
        **options,
    )
    if study.json:
        print_json(found)
        return int(bool(found["failed"]))
    return show_loops(found, folder)


def show_loops(found: Any, folder: Path) -> int:
    """Print a comparison of loops on a table, and where its files are; return the exit status."""
    print_loops(found)
    print_files(report=folder / "report.html", numbers=folder / "comparison.json")
    for name, why in found["failed"].items():
        print_message(f"nasframe: {visible(name)}: {why}")
    return int(bool(found["failed"]))


def show_comparison(found: Any, folder: Path) -> int:
    """Print a comparison, and where its files are; return the exit status."""
    print_comparison(found)
    print_files(report=folder / "report.html", numbers=folder / "comparison.json")
    return int(bool(found["failed"]))


def sweep(
    experiment: Path,
    /,
    *axes: Words,
    relaxation: str | None = None,
    seeds: int = 1,
    study: Study = _DEFAULTS,
) -> int:
    """Search, train and evaluate at every point of a grid of options.

    Finished trials are skipped: the same command goes on after an interruption, or with more seeds or values.
    The exit status is 1 where a search or a training failed; the others are finished all the same.

    Parameters
    ----------
    experiment
        A TOML file.
    relaxation
        Short for relaxation.name=….
    seeds
        How many, from the experiment's own upward; they share their data.
    """
    study.check()

    from nasframe.studies import is_axis
    from nasframe.studies import sweep as sweep_axes

    folder = study.folder(experiment, "sweep")
    found = sweep_axes(
        experiment,
        [word for word in axes if is_axis(word)],
        [word for word in axes if not is_axis(word)],
        out=folder,
        relaxation=relaxation,
        seeds=seeds,
        **study.arguments(),
    )
    return show_sweep(found, folder, as_json=study.json)


def show_sweep(found: Any, folder: Path, *, as_json: bool = False) -> int:
    """Print a sweep, where its files are, and what failed; return the exit status."""
    if as_json:
        print_json(found)
    else:
        print_sweep(found)
        print_files(report=folder / "report.html", numbers=folder / "sweep.json")
    failed = [trial for trial in found["trials"] if trial["status"] != "done"]
    for trial in failed:
        print_message(f"nasframe: {visible(trial['name'])}: {trial['status']}: {trial['error']}")
    return int(bool(failed))


def tabulate(
    experiment: Path,
    /,
    *overrides: Overrides,
    architectures: int | None = None,
    all: Annotated[bool, Parameter(help="Train every different network of the space.")] = False,
    seeds: int = 1,
    vary: list[str] | None = None,
    yes: bool = False,
    study: Study = _DEFAULTS,
) -> int:
    """Train many networks of the space: a table that comparisons use, and anyone can reuse.

    Trainings that have ended are skipped: the same command goes on after an interruption, or with more
    networks, seeds or points. The exit status is 1 where a training failed; the others are finished all the
    same.

    Parameters
    ----------
    experiment
        A TOML file.
    architectures
        How many different networks are drawn; all of them where the space has fewer. [default: 300]
    seeds
        How many training seeds each network gets, from the experiment's own upward; they share their data.
    vary
        Values of an option of the task or the training, with commas: task.fold=0,1,2. Each network is trained
        with every one. May be given again.
    yes
        With --all: train all, however long that takes.
    """
    study.check()
    if all and architectures is not None:
        raise ConfigurationError("command line", ["--architectures and --all: are two answers; give one"])
    if yes and not all:
        raise ConfigurationError("command line", ["--yes: is an answer to --all, which is not given"])
    architectures = 300 if architectures is None else architectures
    at_least("--architectures", architectures, 1)
    at_least("--seeds", seeds, 1)

    from nasframe.studies import tabulate as train_architectures

    folder = study.folder(experiment, "table")
    found = train_architectures(
        experiment,
        folder,
        overrides=overrides,
        architectures=architectures,
        exhaustive=all,
        seeds=seeds,
        vary=vary or (),
        yes=yes,
        **study.arguments(),
    )
    if study.json:
        print_json({**found.record, "rows": list(found.rows)})
        return int(bool(found.record["failed"]))
    named = ["--table", str(folder)] if study.out else []
    following = next_command("compare", str(experiment), *overrides, *named, *study.experiment_words())
    return show_table(found, folder, next=following)


def show_table(found: Any, folder: Path, **more: str) -> int:
    """Print a table of a space, and where its files are; return the exit status."""
    from nasframe.tables import TABLE_FILE

    print_space_table(found)
    print_files(report=folder / "report.html", table=folder / TABLE_FILE, **more)
    return int(bool(found.record["failed"]))


def census(
    experiment: Path, /, *overrides: Overrides, architectures: int = 300, study: Study = _DEFAULTS
) -> int:
    """Do as `tabulate` does, under its former name, by default in runs/NAME-census.

    Parameters
    ----------
    experiment
        A TOML file.
    architectures
        How many different ones; all of them where the space has fewer.
    """
    say_old_name("`census`", "`tabulate`")
    place = attrs.evolve(study, out=study.folder(experiment, "census"))
    return tabulate(experiment, *overrides, architectures=architectures, study=place)
