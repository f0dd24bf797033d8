"""A study: one procedure, whose particular part is a plan.

check the settings → plan → claim the folder → prepare the data → trials → results → record → page
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from attrs import field, frozen

from nasframe.errors import NasframeError
from nasframe.experiment import Experiment
from nasframe.jobs import (
    Needs,
    Outcome,
    Trial,
    check_executor,
    execute,
    full_disk_stops,
    is_done,
    start_server,
    worker_count,
)
from nasframe.pipeline import Prepared, experiment_arguments, keeping_old_run, save_tensors
from nasframe.plugins import RecordedNames, record_names
from nasframe.runtime import given_cache
from nasframe.studies.folder import TENSORS, StudyFolder, open_study
from nasframe.studies.preload import PRELOAD
from nasframe.studies.procedure.data_preparation import data_key, prepare_data
from nasframe.studies.procedure.machines import machines_of
from nasframe.studies.procedure.settings import Settings
from nasframe.studies.procedure.study_record import StudyRecord
from nasframe.studies.procedure.versions import versions

__all__ = ["Plan", "Study", "Work", "run_study"]

Work = Generator[Sequence[Trial], Mapping[str, Outcome], dict[str, Any]]
"""The work of a study: it yields trials, is sent name of a trial → its outcome, and returns the record."""


@frozen
class Plan(ABC):
    """All that is particular to one kind of study.

    Attributes:
        kind: `comparison` (of variants, or of loops), `sweep` or `table`; the record is `KIND.json`.
        files: names of other files and folders that such a study writes.
        title: for the page.
        experiments: of the trials; the first one's device says how many workers there are by default.
        must_match: values that must be the same when the study is continued.
    """

    kind: ClassVar[str]
    files: ClassVar[Sequence[str]] = ()

    title: str
    experiments: Sequence[Experiment]
    must_match: Mapping[str, Any]

    @property
    def objective(self) -> str:
        """The metric that counts."""
        return self.experiments[0].task.objective

    def save(self, folder: StudyFolder, record: Mapping[str, Any]) -> dict[str, Any]:
        """Write the record, and return it as `finish` gets it."""
        return folder.save(record)

    @abstractmethod
    def work(self, study: Study) -> Work:
        """Prepare the data, yield trials, and return the content of the record, JSON-able.

        Nothing is written into the folder before the first trials are yielded.
        """

    def finish(self, record: Mapping[str, Any], folder: Path) -> None:  # noqa: B027
        """Do the rest, now that the record is written: its page, where the study has one."""


@frozen
class Study:
    """A study whose folder is claimed.

    Attributes:
        folder: its folder.
        settings: those that the user gave.
        workers: the most trials at the same time; None is as many as the executor has room for.
        device: name of the device that all trials ask for; None where they ask for several.
        names: the plugins of the names in it; as `RecordedNames.to_dict` returns them.
    """

    folder: StudyFolder
    settings: Settings
    workers: int | None
    device: str | None
    names: Mapping[str, Any]
    _prepared: dict[str, Prepared] = field(init=False, factory=dict)
    _outcomes: dict[str, Outcome | None] = field(init=False, factory=dict)
    _asked: list[bool] = field(init=False, factory=list)

    @property
    def tensors(self) -> Path:
        """The file of the tensors of experiments that were made in Python."""
        return self.folder.path / TENSORS

    def arguments(self, experiment: Experiment) -> dict[str, Any]:
        """Return the arguments of a trial that say its experiment, names and the user's data; JSON-able."""
        source = None if self.settings.source is None else str(self.settings.source.resolve())
        return {**experiment_arguments(experiment, self.tensors), **self.names, "source": source}

    def prepare(
        self, experiments: Sequence[Experiment], folders: Iterable[Path] = ()
    ) -> list[Prepared | NasframeError]:
        """Return the data of each experiment, or the reason why there is none; see `prepare_data`."""
        places = [] if self.settings.overwrite else list(folders)
        settings = self.settings
        found = prepare_data(
            experiments, places, settings.source, settings.progress, settings.recorded, self._check_executor
        )
        for experiment, item in zip(experiments, found, strict=True):
            if isinstance(item, Prepared):
                self._prepared[data_key(experiment)] = item
        return found

    def _check_executor(self) -> None:
        """Refuse an executor that could do no trial; it is asked once."""
        if not self._asked:
            check_executor(self.settings.executor, self.device, self.settings.executor_options or {})
            self._asked.append(True)

    def needs(self, experiment: Experiment, *handed_over: str) -> Needs:
        """Return what a trial on an experiment reads beside its folder.

        Args:
            experiment: of the trial; its data is known where `prepare` has made it.
            handed_over: further arguments that are paths of files or folders; see `Needs`.
        """
        prepared = self._prepared.get(data_key(experiment))
        folders = [] if prepared is None else [*prepared.folders.values()]
        cache = folders[0].parent if folders else (given_cache(None) or experiment.cache_folder)
        return Needs(("tensors", *handed_over), ("source",), cache, [folder.name for folder in folders])

    def execute(self, trials: Sequence[Trial]) -> dict[str, Outcome]:
        """Do the trials that are not done, and return name → outcome. Workers hold the folder's lock too."""
        lock = self.folder.lock
        self._outcomes.update(dict.fromkeys(trial.name for trial in trials))
        return execute(
            trials,
            self.folder.path,
            workers=self.workers,
            executor=self.settings.executor,
            executor_options=self.settings.executor_options,
            patience=self.settings.patience,
            device=self.device,
            progress=self.settings.progress,
            lock=lock.descriptor if lock.held else None,
            preload=PRELOAD,
            on_outcomes=self._note,
        )

    def _note(self, outcomes: Mapping[str, Outcome]) -> None:
        """Record how the trials of this call stand."""
        self._outcomes.update(outcomes)
        known = {name: found for name, found in self._outcomes.items() if found is not None}
        done = sum(found.status == "done" for found in known.values())
        failed = {name: found.error for name, found in known.items() if found.status == "failed"}
        with full_disk_stops(self.folder.path):
            self.folder.note_trials(len(self._outcomes), done, failed)

    def run(self, plan: Plan) -> dict[str, Any]:
        """Do all that a plan asks for, and return the record that is written."""
        self.folder.record_call(self.names)
        work = plan.work(self)
        with keeping_old_run(self.settings.overwrite):
            trials = next(work)
            if self.folder.replaces or not all(map(is_done, trials)):
                self._check_executor()  # before anything is written, or removed
        self.folder.begin(self.names, plan.objective)
        save_tensors(self.tensors, plan.experiments)
        record = self._results(work, trials)
        head = {"kind": plan.kind, "title": plan.title, "objective": plan.objective}
        made = {"versions": versions(), "machines": machines_of(self.folder)}
        saved = plan.save(self.folder, {**head, **record, **made})
        with full_disk_stops(self.folder.path):
            plan.finish(saved, self.folder.path)
            self.folder.end()
        return StudyRecord(saved)

    def _results(self, work: Work, trials: Sequence[Trial]) -> dict[str, Any]:
        """Do the trials, and those that the work yields next, until it returns its record."""
        while True:
            outcomes = self.execute(trials) if trials else {}
            try:
                trials = work.send(outcomes)
            except StopIteration as ended:
                record: dict[str, Any] = ended.value
                return record


def run_study(
    plan: Plan, out: Path, settings: Settings, call: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Carry out a plan in the folder `out`, and return the content of its record.

    Finished trials are kept and skipped. `call` goes on with it; see `recorded_call`.

    Raises:
        ConfigurationError, PluginError: see `Settings.check`.
        RunError: the folder holds something else, or a study with another plan (with the difference); or the
            disk is full.
    """
    settings.check(plan.kind)
    first = plan.experiments[0]
    first.torch_device()  # raises where this machine has no such device
    devices = {experiment.device for experiment in plan.experiments}
    device = first.device if len(devices) == 1 else None
    elsewhere = settings.executor_class.elsewhere
    workers = settings.workers if elsewhere else worker_count(settings.workers, first.device)
    with open_study(
        out, plan.kind, plan.must_match, overwrite=settings.overwrite, files=plan.files, call=call
    ) as folder:
        if not elsewhere and workers != 1:
            start_server(PRELOAD)
        names = record_names().after(RecordedNames.of(folder.record))
        return Study(folder, settings, workers, device, names.to_dict()).run(plan)
