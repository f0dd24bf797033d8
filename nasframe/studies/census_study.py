"""The census of a search space: many random architectures of it, each trained from scratch and scored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import attrs

from nasframe.errors import ConfigurationError, RunError, SpaceError
from nasframe.experiment import Experiment
from nasframe.jobs import Trial, full_disk_stops, worker_count
from nasframe.pipeline import draw_distinct_architectures, keeping_old_run, prepare
from nasframe.runtime import Progress
from nasframe.space import Architecture
from nasframe.studies.census_table import FORMAT, TABLE, Census, load_census, made_from, versions, write_table
from nasframe.studies.folder import open_study
from nasframe.studies.training_trial import NetworkToTrain, make_training_trial, read_trained_network
from nasframe.training import BaselineOptions

__all__ = ["census"]

SILENT = Progress()

_CHUNK = 10
"""The most architectures of one trial; they share the data that its worker prepares."""


def census(
    experiment: Experiment | str | Path,
    out: str | Path,
    *,
    overrides: Iterable[str] = (),
    architectures: int = 300,
    workers: int | None = 1,
    source: str | Path | None = None,
    seed: int | None = None,
    device: str | None = None,
    overwrite: bool = False,
    progress: Progress = SILENT,
) -> Census:
    """Train random architectures of an experiment's space, each as a searched one is trained.

    Architectures that are trained are kept: the same call goes on after an interruption, and a larger number
    adds to them.

    Args:
        experiment: its space, task, training options and seed; or its TOML file. Its search does not
            matter.
        out: folder of the census.
        overrides: `dotted.key=value` each.
        architectures: how many different ones; all where the space has fewer.
        workers: processes; 1 is this one, None is one for each core, or 1 on a GPU.
        source: the user's data; None is the task's own.
        seed, device: instead of those of the experiment.
        overwrite: replace a census that is there.
        progress: hears of the progress.

    Returns:
        The census, with those that could be trained; `record["failed"]` says why the others could not.

    Raises:
        RunError: `out` holds something else, or the census of something else.
        SpaceError: the space is not registered, so nobody could name its architectures.
    """
    if architectures < 1:
        raise ConfigurationError("census", [f"--architectures: needs at least 1, found {architectures}"])
    given = list(overrides)
    if isinstance(experiment, Experiment):
        chosen, title = (
            Experiment.parse(experiment.to_dict(), "experiment", given, seed=seed, device=device),
            Path(out).name,
        )
    else:
        chosen, title = Experiment.load(experiment, given, seed=seed, device=device), Path(experiment).stem
    chosen = attrs.evolve(
        chosen,
        data_seed=chosen.stage_seed,
        baselines=BaselineOptions(),
        train=attrs.evolve(chosen.train, inherit=False),
    )
    chosen.torch_device()
    size = worker_count(workers, chosen.device)
    folder, data = Path(out), None if source is None else Path(source)
    values = chosen.to_dict()
    plan = {"experiment": {key: values[key] for key in ("seed", "data_seed", "task", "space", "train")}}
    with open_study(
        folder, "census", plan, overwrite=overwrite, also=_ALSO, workers=size, device=chosen.device
    ) as study:
        place = folder / _ALSO[0]
        with keeping_old_run(overwrite):
            prepared = prepare(chosen, None, data, progress)
        space = chosen.space.build(prepared.data.inputs, prepared.data.outputs)
        if space.origin is None:
            raise SpaceError(
                f"search space {chosen.names['space']!r} is not registered, so nobody could name its "
                "architectures; register it as a plugin"
            )
        origin = made_from(chosen, space.origin, str(prepared.record["fingerprint"]))
        before = 0 if overwrite else _asked_before(folder)
        if before > architectures:
            progress.say(f"{folder}: {before} architectures were asked for before, and are kept")
        wanted = max(architectures, before)
        drawn = draw_distinct_architectures(space, chosen.seed, wanted)
        if len(drawn) < wanted:
            progress.say(f"census: the space has {len(drawn)} architectures; all of them are trained")
        networks = [_network(number, item) for number, item in enumerate(drawn, start=1)]
        if not overwrite:
            _check_data(folder, [place / item.file for item in networks], origin["data"])
        study.begin()
        trials = _trials(networks, place, chosen, data, size)
        outcomes = study.execute(trials, progress)
        rows = []
        for network in networks:
            found = read_trained_network(place / network.file)
            if found is not None:
                rows.append({key: found[key] for key in _COLUMNS})
        failed = {name: outcome.error for name, outcome in outcomes.items() if outcome.status != "done"}
        if not rows:
            raise RunError("\n".join([f"{folder}: no architecture could be trained", *failed.values()]))
        with full_disk_stops(folder):
            write_table(folder, rows)
        study.save(
            {
                "kind": "census",
                "format": FORMAT,
                "title": title,
                "objective": chosen.task.objective,
                **origin,
                "seed": chosen.seed,
                "asked": wanted,
                "count": len(rows),
                "space_size": space.count(),
                "failed": failed,
                "experiment": chosen.to_toml(),
                "versions": versions(),
            }
        )
    return load_census(folder)


_ALSO = ("architectures", TABLE)

_COLUMNS = (
    *("fingerprint", "assignment", "parameters", "multiply_adds", "validation", "test"),
    *("best_epoch", "seconds", "seed"),
)


def _network(number: int, architecture: Architecture) -> NetworkToTrain:
    return NetworkToTrain(
        f"architecture {number}", f"{architecture.fingerprint[:16]}.json", dict(architecture.assignment)
    )


def _trials(
    networks: Sequence[NetworkToTrain], place: Path, experiment: Experiment, source: Path | None, workers: int
) -> list[Trial]:
    """Return trials of a few architectures each, several trials for every worker."""
    size = max(1, min(_CHUNK, len(networks) // (4 * workers)))
    trials = []
    for start in range(0, len(networks), size):
        part = networks[start : start + size]
        last = start + len(part)
        name = part[0].name if len(part) == 1 else f"architectures {start + 1} to {last}"
        trials.append(make_training_trial(name, place, experiment, source, part))
    return trials


def _asked_before(folder: Path) -> int:
    """Return the number of architectures that a finished census was asked for; 0 where none is finished."""
    try:
        return int(load_census(folder).record["asked"])
    except RunError:
        return 0


def _check_data(folder: Path, files: Iterable[Path], data: str) -> None:
    """Refuse to go on with a census of other data."""
    there = (read_trained_network(file) for file in files)
    if any(found is not None and found["data"] != data for found in there):
        raise RunError(
            f"{folder}: the data or the code that reads it has changed since this census was begun; "
            "choose another --out, or say --overwrite to replace it"
        )
