"""`tabulate`: many random architectures of a search space, each trained from scratch and scored."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import attrs
from attrs import frozen

from nasframe.errors import ConfigurationError, NasframeError, RunError, SpaceError, in_lines
from nasframe.experiment import Experiment
from nasframe.jobs import PATIENCE, Trial, full_disk_stops
from nasframe.pipeline import draw_distinct_architectures
from nasframe.report import write_space_table_page
from nasframe.runtime import SILENT, Progress, escape_json, remove_path, write_text
from nasframe.space import Architecture
from nasframe.studies.axes import words_of
from nasframe.studies.base_experiment import BaseExperiment
from nasframe.studies.caveats import table_caveats
from nasframe.studies.recorded_call import recorded_call
from nasframe.studies.settings import Settings
from nasframe.studies.statistics import spearman
from nasframe.studies.study import Plan, Study, Work, run_study
from nasframe.studies.study_names import reading_study
from nasframe.studies.training_trial import NetworkToTrain, make_training_trial, read_trained_network
from nasframe.studies.trial_limit import check_trials
from nasframe.tables import OLDER_FILES, TabularBenchmark, load_table, names_used, origin_of
from nasframe.training import BaselineOptions

__all__ = ["tabulate"]

FORMAT = 1
ROWS = "table.jsonl"
OLD_FILES: Sequence[str] = OLDER_FILES[2:]


def write_rows(folder: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write `table.jsonl`."""
    lines = (json.dumps(row, ensure_ascii=False, allow_nan=False) for row in rows)
    write_text(folder / ROWS, "".join(f"{escape_json(line)}\n" for line in lines))


_NETWORKS = "architectures"
"""Name of the folder of the results of the architectures."""

_CHUNK = 10
"""The most architectures of one trial; they share the data that its worker prepares."""

_COLUMNS = (
    *("fingerprint", "assignment", "parameters", "multiply_adds", "validation", "test"),
    *("best_epoch", "seconds", "seed"),
)


def tabulate(
    experiment: BaseExperiment | Experiment | str | Path,
    out: str | Path | None = None,
    *,
    overrides: Iterable[str] = (),
    architectures: int = 300,
    workers: int | None = 1,
    executor: str = "local",
    patience: float = PATIENCE,
    source: str | Path | None = None,
    seed: int | None = None,
    device: str | None = None,
    overwrite: bool = False,
    progress: Progress = SILENT,
) -> TabularBenchmark:
    """Train random architectures of an experiment's space, each as a searched one is trained.

    Architectures that are trained are kept: the same call goes on after an interruption, and a larger number
    adds to them.

    Args:
        experiment: its space, task, training options and seed; or its TOML file. Its search does not
            matter.
        out: folder of the table; None is `runs/NAME-table`.
        overrides: `dotted.key=value` each.
        architectures: how many different ones; all where the space has fewer.
        seed, device: instead of those of the experiment.
        workers, executor, patience, source, overwrite, progress: see `Settings`.

    Returns:
        The table, with those that could be trained; `record["failed"]` says why the others could not.

    Raises:
        ConfigurationError: everything that is wrong with the experiment.
        RunError: `out` holds something else, or the table of something else.
        SpaceError: the space is not registered, so nobody could name its architectures.
    """
    if architectures < 1:
        raise ConfigurationError("tabulate", [f"--architectures: expected 1 or more, found {architectures}"])
    check_trials("tabulate", "--architectures", architectures)
    base = BaseExperiment.of(experiment)
    folder, overrides = base.folder(out, "table"), words_of(overrides)
    asked = recorded_call(
        "tabulate",
        base,
        overrides=overrides,
        architectures=architectures,
        workers=workers,
        executor=executor,
        patience=patience,
        source=source,
        seed=seed,
        device=device,
    )
    with reading_study(folder, overwrite=overwrite):
        given = Experiment.parse(base.values, base.source, overrides, seed=seed, device=device)
        chosen = attrs.evolve(
            given,
            data_seed=given.stage_seed,
            baselines=BaselineOptions(),
            train=attrs.evolve(given.train, inherit=False),
        )
        values = chosen.to_dict()
        must_match = {
            "experiment": {key: values[key] for key in ("seed", "data_seed", "task", "space", "train")}
        }
        plan = TablePlan(base.title(folder), [chosen], must_match, architectures)
        settings = Settings(workers, executor, patience, source, overwrite, progress, base.recorded)
        run_study(plan, folder, settings, asked)
        return load_table(folder)


@frozen
class TablePlan(Plan):
    """The plan of a table, for one experiment.

    Attributes:
        wanted: number of architectures.
    """

    kind: ClassVar[str] = "table"
    files: ClassVar[Sequence[str]] = (_NETWORKS, ROWS, *OLD_FILES)

    wanted: int

    def work(self, study: Study) -> Work:
        """Draw the architectures, train a few of them in each trial, and write the rows."""
        (experiment,), folder, progress = self.experiments, study.folder.path, study.settings.progress
        (prepared,) = study.prepare(self.experiments)
        if isinstance(prepared, NasframeError):
            raise prepared
        space = experiment.space.build(prepared.data.inputs, prepared.data.outputs)
        if space.origin is None:
            raise SpaceError(
                f"search space {experiment.names['space']!r} is not registered, so nobody could name its "
                "architectures; register it as a plugin"
            )
        origin = origin_of(experiment, space, str(prepared.record["fingerprint"]))
        before = 0 if study.settings.overwrite else _wanted_before(folder)
        if before > self.wanted:
            progress.say(f"{folder}: {before} architectures were asked for before, and are kept")
        wanted = max(self.wanted, before)
        drawn = draw_distinct_architectures(space, experiment.seed, wanted)
        if len(drawn) < wanted:
            progress.say(f"tabulate: the space has {len(drawn)} architectures; all of them are trained")
        networks = [_network(number, item) for number, item in enumerate(drawn, start=1)]
        if not study.settings.overwrite:
            _check_data(folder, networks, origin["data"])
        outcomes = yield self._trials(networks, study)
        found = [read_trained_network(folder / _NETWORKS / network.file) for network in networks]
        rows = [{key: item[key] for key in _COLUMNS} for item in found if item is not None]
        failed = {name: outcome.error for name, outcome in outcomes.items() if outcome.status != "done"}
        if not rows:
            raise RunError(in_lines(f"{folder}: no architecture could be trained", *failed.values()))
        with full_disk_stops(folder):
            write_rows(folder, rows)
        scores = [[row[split].get(self.objective) for row in rows] for split in ("validation", "test")]
        ranks = spearman(*scores)
        record = {
            "format": FORMAT,
            **origin,
            **names_used(experiment, space).to_dict(),
            "seed": experiment.seed,
            "asked": wanted,
            "count": len(rows),
            "space_size": space.count(),
            "failed": failed,
            "correlation": {
                "rho": ranks.rho,
                "low": ranks.low,
                "high": ranks.high,
                "architectures": ranks.count,
            },
            "experiment": experiment.to_toml(),
        }
        return {**record, "caveats": table_caveats(record)}

    def _trials(self, networks: Sequence[NetworkToTrain], study: Study) -> list[Trial]:
        """Return trials of a few architectures each, several trials for every worker."""
        size = max(1, min(_CHUNK, len(networks) // (4 * study.workers)))
        place, trials = study.folder.path / _NETWORKS, []
        for start in range(0, len(networks), size):
            part = networks[start : start + size]
            last = start + len(part)
            name = part[0].name if len(part) == 1 else f"architectures {start + 1} to {last}"
            trials.append(make_training_trial(name, place, self.experiments[0], part, study))
        return trials

    def finish(self, record: Mapping[str, Any], folder: Path) -> None:
        """Write `report.html`; remove the record and the rows that an older version wrote."""
        write_space_table_page(record, load_table(folder).rows, folder)
        for name in OLD_FILES:
            remove_path(folder / name)


def _network(number: int, architecture: Architecture) -> NetworkToTrain:
    return NetworkToTrain(
        f"architecture {number}", f"{architecture.fingerprint[:16]}.json", dict(architecture.assignment)
    )


def _wanted_before(folder: Path) -> int:
    """Return the number of architectures that a finished table was asked for; 0 where none is finished."""
    try:
        return int(load_table(folder).record["asked"])
    except RunError:
        return 0


def _check_data(folder: Path, networks: Iterable[NetworkToTrain], data: str) -> None:
    """Refuse to go on with a table of other data."""
    there = (read_trained_network(folder / _NETWORKS / network.file) for network in networks)
    if any(found is not None and found["data"] != data for found in there):
        raise RunError(
            f"{folder}: the data or the code that reads it has changed since this table was begun; "
            "choose another --out, or say --overwrite to replace it"
        )
