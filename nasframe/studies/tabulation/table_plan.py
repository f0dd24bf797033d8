"""The plan of a table: its networks are chosen, trained, and written as entries."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import attrs
from attrs import frozen

from nasframe.errors import ConfigurationError, NasframeError, RunError, SpaceError, in_lines
from nasframe.experiment import Experiment
from nasframe.jobs import Outcome, Trial, full_disk_stops
from nasframe.report import write_space_table_page
from nasframe.runs import REPLACE_IT
from nasframe.runtime import advised, counted, remove_path, without_nan
from nasframe.space import Architecture, SearchSpace
from nasframe.studies.axes import Point, check_trials, point_name
from nasframe.studies.folder import StudyFolder
from nasframe.studies.network_training import (
    NetworkToTrain,
    is_trained,
    make_training_trial,
    read_trained_network,
)
from nasframe.studies.procedure import Plan, Study, Work
from nasframe.studies.statistics import spearman
from nasframe.studies.tabulation.caveats import table_caveats
from nasframe.studies.tabulation.distinct_networks import AllNetworks, all_networks, draw_networks
from nasframe.studies.tabulation.projected_hours import check_hours, check_size, size_in_words
from nasframe.studies.tabulation.trainings import NETWORKS, Training, result_file, training_name
from nasframe.tables import (
    ADDITIONS,
    OLDER_FILES,
    TABLE_FILE,
    TABLE_FORMAT,
    TableEntry,
    TableTraining,
    TabularBenchmark,
    entry_of_trainings,
    entry_values,
    facts_of,
    load_table,
    names_used,
    origin_of,
    write_document,
)

__all__ = ["TablePlan"]

_CHUNK = 10
"""The most architectures of one trial; they share the data that its worker prepares."""

_ASKED_TRAININGS = (
    "training of each network was asked for before, and is",
    "trainings of each network were asked for before, and are",
)
_ASKED_ARCHITECTURES = (
    "architecture was asked for before, and is",
    "architectures were asked for before, and are",
)

_TRIED = 3
"""The most networks whose first training may fail before nothing is projected."""


@frozen
class TablePlan(Plan):
    """The plan of a table, for one experiment.

    Attributes:
        base: the table's own experiment.
        trainings: of each network.
        wanted: number of networks, where they are drawn.
        exhaustive: train all.
        yes: do not ask, however long it takes.
        training_of: from a point and a seed to the training that has them.
    """

    kind: ClassVar[str] = "table"
    files: ClassVar[Sequence[str]] = (NETWORKS, TABLE_FILE, ADDITIONS, *OLDER_FILES)

    base: Experiment
    trainings: Sequence[Training]
    wanted: int
    exhaustive: bool
    yes: bool
    training_of: Callable[[Point, int], Training]

    def work(self, study: Study) -> Work:
        """Choose the networks, train a few of them in each trial, and return their entries.

        The trainings that a finished table has, and that are not asked for now, are kept.
        """
        kept = [] if study.settings.overwrite else self._trainings_before(study)
        return (yield from attrs.evolve(self, trainings=kept or self.trainings)._work(study))

    def _trainings_before(self, study: Study) -> list[Training]:
        """Return the trainings of a finished table and those asked for; none where these are all of them."""
        folder = study.folder.path
        before = [(dict(item.point), item.seed) for item in _trainings_of(folder)]
        asked = [(dict(point), item.seed) for point, item in self.trainings]
        if all(item in asked for item in before):
            return []
        study.settings.progress.say(f"{folder}: {counted(len(before), *_ASKED_TRAININGS)} kept")
        return [
            self.training_of(*item) for item in [*before, *(item for item in asked if item not in before)]
        ]

    def _work(self, study: Study) -> Work:
        folder, progress = study.folder.path, study.settings.progress
        data, space = self._prepare(study)
        origin = origin_of(self.base, space, data[0])
        whole: AllNetworks | None = None
        if self.exhaustive:
            check_size(folder, space.how_many())
            whole = all_networks(space, progress)
            networks, wanted = whole.first, len(whole.first)
            progress.say(f"tabulate: {size_in_words(space.how_many(), wanted)}")
            check_trials("tabulate", "--all, times --seeds and the points", wanted, len(self.trainings))
        else:
            before = 0 if study.settings.overwrite else _wanted_before(folder)
            if before > self.wanted:
                progress.say(f"{folder}: {counted(before, *_ASKED_ARCHITECTURES)} kept")
            wanted = max(self.wanted, before)
            networks = draw_networks(space, self.base.seed, wanted)
            if len(networks) < wanted:
                progress.say(
                    "tabulate: the space has "
                    f"{counted(len(networks), 'network; it is', 'networks; all of them are')} trained"
                )
        if not study.settings.overwrite:
            self._check_data(folder, networks.values(), data)
        tried: list[Trial] = []
        if whole is not None and not self.yes:
            tried = yield from self._ask(study, space, networks)
        outcomes = yield self._trials(networks, study, left_out=tried)
        entries = [
            entry
            for key, architecture in networks.items()
            if (entry := self._entry(key, architecture, folder)) is not None
        ]
        there = space.how_many()
        failed = {name: outcome.error for name, outcome in outcomes.items() if outcome.status != "done"}
        if not entries:
            raise RunError(in_lines(f"{folder}: no architecture could be trained", *failed.values()))
        record = {
            "format": TABLE_FORMAT,
            "epochs": max(item.train.epochs for _, item in self.trainings),
            "trainings": [
                {"seed": item.seed, "point": dict(point), "data": of}
                for (point, item), of in zip(self.trainings, data, strict=True)
            ],
            **origin,
            **names_used(self.base, space).to_dict(),
            "seed": self.base.seed,
            "asked": wanted,
            "count": len(entries),
            "space_size": there.value if there.exact else None,
            "networks": len(networks) if self.exhaustive or len(networks) < wanted else None,
            "failed": failed,
            "experiment": self.base.to_toml(),
        }
        if whole is not None and len(entries) == len(networks):
            record["of_architectures"] = whole.of_architectures
        trainings = [TableTraining(item["seed"], item["point"], item["data"]) for item in record["trainings"]]
        table = TabularBenchmark(folder, {**record, "objective": self.objective}, trainings, entries)
        ranks = spearman(table.scores("validation"), table.scores("test"))
        return {
            **record,
            "correlation": {
                "rho": ranks.rho,
                "low": ranks.low,
                "high": ranks.high,
                "architectures": ranks.count,
            },
            "caveats": table_caveats(record),
            "entries": [entry_values(entry) for entry in entries],
        }

    def save(self, folder: StudyFolder, record: Mapping[str, Any]) -> dict[str, Any]:
        """Write the one file of the table."""
        with full_disk_stops(folder.path):
            write_document(folder.path / TABLE_FILE, without_nan(record), record["entries"])
        return dict(record)

    def finish(self, record: Mapping[str, Any], folder: Path) -> None:
        """Write `report.html`; remove the record and the rows that an older version wrote."""
        table = load_table(folder)
        record = {**table.record, "caveats": table.caveats}
        write_space_table_page(record, table.rows, folder, facts_of(table).to_dict())
        for name in OLDER_FILES:
            remove_path(folder / name)

    def _prepare(self, study: Study) -> tuple[list[str], SearchSpace]:
        """Return the fingerprint of the data of each training, and the space that they share."""
        experiments = [item for _, item in self.trainings]
        spaces: list[SearchSpace] = []
        prints: list[str] = []
        for prepared in study.prepare(experiments):
            if isinstance(prepared, NasframeError):
                raise prepared
            spaces.append(self.base.space.build(prepared.data.inputs, prepared.data.outputs))
            prints.append(str(prepared.record["fingerprint"]))
        if spaces[0].origin is None:
            raise SpaceError(
                f"search space {self.base.names['space']!r} is not registered, so nobody could name its "
                "architectures; register it as a plugin"
            )
        for (point, _), space in zip(self.trainings, spaces, strict=True):
            if space.origin != spaces[0].origin:
                raise ConfigurationError(
                    "tabulate", [f"--vary {point_name(point)}: changes the inputs or the outputs of the data"]
                )
        return prints, spaces[0]

    def _ask(
        self, study: Study, space: SearchSpace, networks: Mapping[str, Architecture]
    ) -> Generator[Sequence[Trial], Mapping[str, Outcome], list[Trial]]:
        """Train one network, refuse to go on where the rest would take long, and return what was done.

        Raises:
            RunError: with the number of networks and the projected hours.
        """
        folder = study.folder.path
        files = [
            result_file(folder, item, training, self.base)
            for item in networks.values()
            for training in self.trainings
        ]
        left = sum(not is_trained(file, curves=True) for file in files)
        outcomes: dict[str, Outcome] = {}
        done: list[Trial] = []
        found = None
        numbers = {key: number for number, key in enumerate(networks, 1)}
        for key in draw_networks(space, self.base.seed, _TRIED):
            trial = self._trial(self.trainings[0], [networks[key]], numbers[key], study)
            outcomes |= yield [trial]
            first = result_file(folder, networks[key], self.trainings[0], self.base)
            found = read_trained_network(first, curves=True)
            if found is not None:
                done.append(trial)
                break
        check_hours(
            folder,
            space.how_many(),
            len(networks),
            each=len(self.trainings),
            left=left,
            workers=study.workers or 1,
            first=found,
            errors=[outcome.error for outcome in outcomes.values()],
        )
        return done

    def _trials(
        self, networks: Mapping[str, Architecture], study: Study, left_out: Sequence[Trial] = ()
    ) -> list[Trial]:
        """Return trials of a few architectures each, several trials for every worker.

        Args:
            networks: to be trained.
            study: of which they are.
            left_out: trials that this call has done already, of which nobody need hear again.
        """
        count = len(networks) * len(self.trainings)
        size = max(1, min(_CHUNK, count // (4 * (study.workers or 1))))
        trials = [
            self._trial(
                training, list(itertools.islice(networks.values(), start, start + size)), start + 1, study
            )
            for training, start in itertools.product(self.trainings, range(0, len(networks), size))
        ]
        return [trial for trial in trials if trial not in left_out]

    def _trial(
        self, training: Training, architectures: Sequence[Architecture], first: int, study: Study
    ) -> Trial:
        """Return the trial of one training of some architectures; `first` is the number of the first."""
        folder = study.folder.path
        part = [
            NetworkToTrain(
                f"architecture {number}",
                result_file(folder, item, training, self.base).name,
                dict(item.assignment),
                curves=True,
            )
            for number, item in enumerate(architectures, first)
        ]
        name = part[0].name if len(part) == 1 else f"architectures {first} to {first + len(part) - 1}"
        of = training_name(training, self.base)
        return make_training_trial(
            f"{name}, {of}" if of else name, folder / NETWORKS, training[1], part, study
        )

    def _entry(self, key: str, architecture: Architecture, folder: Path) -> TableEntry | None:
        """Return the entry of a network; None where none of its trainings was done."""
        found = [
            read_trained_network(result_file(folder, architecture, training, self.base), curves=True)
            for training in self.trainings
        ]
        epochs = max(item.train.epochs for _, item in self.trainings)
        return entry_of_trainings(key, architecture.assignment, found, epochs) if any(found) else None

    def _check_data(self, folder: Path, networks: Iterable[Architecture], data: Sequence[str]) -> None:
        """Refuse to go on with a table of other data."""
        for item in networks:
            for training, wanted in zip(self.trainings, data, strict=True):
                found = read_trained_network(result_file(folder, item, training, self.base))
                if found is not None and found["data"] != wanted:
                    problem = (
                        f"{folder}: the data or the code that reads it has changed since this table was begun"
                    )
                    raise RunError(advised(problem, *REPLACE_IT))


def _wanted_before(folder: Path) -> int:
    """Return the number of architectures that a finished table was asked for; 0 where none is finished."""
    try:
        return int(load_table(folder).record["asked"])
    except RunError:
        return 0


def _trainings_of(folder: Path) -> Sequence[TableTraining]:
    """Return the trainings of a finished table with curves; none where there is no such table."""
    try:
        table = load_table(folder)
    except RunError:
        return []
    return table.trainings if "trainings" in table.record else []
