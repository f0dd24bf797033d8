"""The run folder: everything a search leaves behind, in files that a text editor can read."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import field, frozen

from nasframe import __version__
from nasframe.errors import ArchitectureError, NasframeError, RunError, in_lines
from nasframe.plugins import RecordedNames, record_names
from nasframe.runs.claim import beginning, command_at_work
from nasframe.runs.documents import check_run_record, read_metrics, read_scores, read_test
from nasframe.runs.failure import FAILURE
from nasframe.runs.folder import (
    FORMAT,
    RECORD,
    begin,
    check_format,
    clear,
    holds_run,
    is_begun,
    read_record,
    refuse_links_outside,
    refuse_other_kinds,
    refuse_strange,
    require_utf8,
)
from nasframe.runs.metrics_file import keep_lines, lost_epochs
from nasframe.runs.plan_differences import differing_keys
from nasframe.runs.plugin_record import (
    changed_plugins,
    missing_plugins,
    plugin_record,
)
from nasframe.runs.unfinished import UNFINISHED, with_command
from nasframe.runtime import (
    advised,
    append_line,
    file_name,
    fingerprint,
    flush_file,
    machine_record,
    read_bytes,
    read_text,
    visible,
    ways_out,
    without_nan,
    write_json,
    write_text,
)
from nasframe.space import Architecture
from nasframe.tasks import file_in_words

__all__ = ["REPLACE_IT", "Run"]

REPLACE_IT = ("choose another --out", "say --overwrite to replace it")
"""The ways out where the run of another experiment is in the folder; see `ways_out`."""


_STUDY = "study.json"
"""The record of the study whose trial a run is, two folders above it."""


@frozen(repr=False)
class Run:
    """A run folder.

    ```
    run.json            format version, versions of nasframe and of every plugin, the plugin of every name,
                        the machines that worked on it, what is done, and the commands that have not ended
    experiment.toml     the resolved experiment
    metrics.jsonl       a line an epoch
    architecture.json   what was found, with where it came from
    architecture.svg    its picture (and architecture.dot)
    checkpoints/        search and network: safetensors and JSON
    task/               what the task needs to score files
    plugins/NAME/       what a plugin writes; see `plugin_folder`
    estimators/         what `nasframe estimators` measured on its supernet
    test.json           the metrics on the test split
    other_data/         the metrics on data sets that `evaluate --on` named
    scores.json         the score of each example of the test split, where the task has scores
    report.html         all of it on one page
    ```
    """

    path: Path = field(converter=Path)
    _read: dict[bytes, Architecture] = field(factory=dict, init=False, eq=False, repr=False)
    """The content of `architecture.json` as it was last read → what it says."""

    def __repr__(self) -> str:
        """Return the folder and the steps that are done, on one line."""
        return f"<Run {visible(str(self.path))}: {self._steps()}>"

    def _steps(self) -> str:
        try:
            done = ", ".join(self.record["done"])
        except (NasframeError, OSError):  # whoever asks for a damaged run is to see this one
            return "its record cannot be read"
        return f"done: {done}" if done else "nothing is done"

    # -- opening ----------------------------------------------------------------------------------------

    @classmethod
    def create(
        cls,
        path: str | Path,
        experiment: str,
        *,
        identity: str | None = None,
        overwrite: bool = False,
        data: Mapping[str, Any] | None = None,
    ) -> Run:
        """Make a run folder; return the one that is there if it was made by the same experiment.

        Args:
            path: of the folder.
            experiment: the resolved experiment, as TOML.
            identity: fingerprint of what decides the result; None takes all of `experiment`.
            overwrite: replace a run that is there. Only what a run writes is removed.
            data: what the data was made from, for `run.json`.

        Raises:
            RunError: the folder holds something else, or another experiment's run; or it is to be replaced
                and holds what no run writes.
        """
        run = None if overwrite else cls.matching(path, experiment, identity=identity)
        if run is not None:
            return run
        require_utf8(Path(path))
        cls.check_replaceable(path, experiment)
        run = cls(path)
        run.path.mkdir(parents=True, exist_ok=True)
        # a kill from here on leaves a folder that says that it is unfinished, and how it goes on
        command, plugins, names = (
            command_at_work(run.path),
            plugin_record(),
            record_names().to_dict()["names"],
        )
        begin(run.path, beginning(experiment, command, plugins, names))
        clear(run.path)
        run.checkpoints.mkdir()
        write_text(run.path / "experiment.toml", experiment)
        write_json(
            run.path / RECORD,
            {
                "format": FORMAT,
                "nasframe": __version__,
                "python": sys.version.split()[0],
                "experiment": identity or fingerprint(experiment),
                "plugins": plugins,
                "names": names,
                "data": data,
                "machines": [machine_record()],
                "done": {},
                **({} if command is None else {UNFINISHED: with_command({}, command)}),
            },
        )
        return run

    @staticmethod
    def check_replaceable(path: str | Path, experiment: str | None = None) -> None:
        """Refuse, with a `RunError`, what `create` would refuse to replace."""
        if holds_run(Path(path), experiment):
            refuse_strange(Path(path))

    @classmethod
    def matching(
        cls,
        path: str | Path,
        experiment: str,
        *,
        identity: str | None = None,
        remedy: str | Sequence[str] = REPLACE_IT,
    ) -> Run | None:
        """Return the run in a folder that the same experiment made; None where there is none yet.

        See `create` for the other arguments and the errors.

        Args:
            remedy: the ways out, or the only one, that the refusal of another experiment's run advises; see
                `ways_out`.
        """
        run, identity = cls.existing(path, experiment), identity or fingerprint(experiment)
        if run is None:
            return None
        if run.identity != identity:
            ways = [remedy] if isinstance(remedy, str) else remedy
            raise RunError(_other_experiment(run, experiment, ways))
        lines = [_decisive(run.experiment_toml), _decisive(experiment)]
        if lines[0] != lines[1]:  # a kill came between the record and the experiment
            write_text(run.path / "experiment.toml", experiment)
        return run

    @classmethod
    def existing(cls, path: str | Path, experiment: str | None = None) -> Run | None:
        """Return the run in a folder, whatever made it; None where there is none and one may be created."""
        return cls.open(path) if holds_run(Path(path), experiment) else None

    @classmethod
    def open(cls, path: str | Path) -> Run:
        """Return the run in a folder.

        Raises:
            RunError: no such folder, no run in it, one that was not begun, or one of another format version.
        """
        folder = Path(path)
        if folder.is_file():
            raise RunError(f"{folder}: {file_in_words(folder, 'run folder')}")
        if not folder.is_dir():
            near = (
                [str(item.parent) for item in sorted(folder.parent.glob("*/run.json"))]
                if folder.parent.is_dir()
                else []
            )
            hint = f"; runs there: {', '.join(near)}" if near else ""
            raise RunError(f"{folder}: no such run folder{hint}")
        refuse_links_outside(folder)
        refuse_other_kinds(folder)
        record = read_record(folder)
        check_format(folder, record)
        if is_begun(record):
            raise RunError(
                f"{folder}: its run has not begun: its data is being prepared, or that was interrupted; "
                f"`nasframe resume {folder}` goes on"
            )
        check_run_record(record, folder / RECORD)
        return cls(folder)

    # -- reading ----------------------------------------------------------------------------------------

    @property
    def record(self) -> dict[str, Any]:
        """The content of `run.json`."""
        record = read_record(self.path)
        check_run_record(record, self.path / RECORD)
        return record

    @property
    def identity(self) -> str:
        """Fingerprint of what decides the result."""
        return str(self.record["experiment"])

    @property
    def experiment_toml(self) -> str:
        """The resolved experiment, as TOML."""
        path = self.path / "experiment.toml"
        if not path.exists():
            problem = f"{self.path}: is damaged: its experiment.toml is gone"
            raise RunError(advised(problem, "put the file back", "make the run again with --overwrite"))
        return read_text(path, RunError)

    @property
    def names(self) -> RecordedNames:
        """The names in its experiment, and the plugins that they meant when the run was made.

        Within `reading_run(run)` they mean these plugins.
        """
        return RecordedNames.of(self.record)

    @property
    def changed_plugins(self) -> list[str]:
        """The registered plugins whose code has changed since the run was made."""
        return changed_plugins(self.record["plugins"])

    def require_same_plugins(self) -> None:
        """Refuse to go on with work that other code of a plugin began; record plugins that are new.

        Raises:
            RunError: a plugin has changed, or is not here.
        """
        then = self.record["plugins"]
        changed, missing = self.changed_plugins, missing_plugins(then)
        if changed or missing:
            parts = [f"the code of {', '.join(changed)} has changed"] * bool(changed)
            for name in missing:
                file = then[name].get("file")
                parts.append(f"{name} is not here" + (f" (add --plugin {file})" if file else ""))
            problem = f"{self.path}: cannot go on, for it was begun with other plugins: {'; '.join(parts)}"
            if (self.path.parent.parent / _STUDY).is_file():
                again = "or remove the folder of this trial and give the command of the study again"
                raise RunError(f"{problem}; put that back, {again}")
            raise RunError(advised(problem, "put that back", "begin anew with --overwrite"))
        names = record_names().after(self.names)
        self.take_up(plugins=plugin_record(), names=names.to_dict()["names"])

    def take_up(self, **values: Any) -> None:
        """Record the command that claimed the folder as one that has not ended, and other top-level keys.

        A machine that is not the one of the run's beginning, or has other versions, is added to its machines.
        """
        record, command = self.record, command_at_work(self.path)
        wanted = {**values, **_with_this_machine(record)}
        wanted |= {} if command is None else {UNFINISHED: with_command(record, command)}
        wanted |= {FAILURE: None} if record.get(FAILURE) else {}
        if any(key not in record or record[key] != value for key, value in wanted.items()):
            self.note(**wanted)

    @property
    def checkpoints(self) -> Path:
        """Folder of the checkpoints."""
        return self.path / "checkpoints"

    @property
    def task_folder(self) -> Path:
        """Folder for what the task needs to score files."""
        return self.path / "task"

    def plugin_folder(self, name: str) -> Path:
        """Make and return the folder of plugin `name`; it is removed when the run is replaced.

        It is called as the plugin, or as `file_name` says where a file cannot be called so.
        """
        folder = self.path / "plugins" / file_name(name)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """The lines of `metrics.jsonl`; a last line that a kill cut short is left out."""
        path = self.path / "metrics.jsonl"
        return read_metrics(path) if path.exists() else []

    def history(self, stage: str) -> list[dict[str, Any]]:
        """Return the lines of `metrics.jsonl` that a stage wrote (`search`, `train`), one an epoch."""
        return [record for record in self.metrics if record.get("stage") == stage]

    @property
    def architecture(self) -> Architecture:
        """The architecture that the search found.

        Raises:
            RunError: the search has not finished.
            ArchitectureError: the file is damaged.
        """
        path = self.path / "architecture.json"
        if not path.exists():
            raise RunError(f"{self.path}: has no architecture.json yet; run its search to the end first")
        try:
            content = read_bytes(path, ArchitectureError)
            if content not in self._read:  # a page asks a dozen times, and the space is built anew each time
                found = Architecture.load(path)
                self._read.clear()
                self._read[content] = found
            return self._read[content]
        except ArchitectureError as error:
            raise ArchitectureError(
                f"{error}\n  where a search made it, remove the file and search again: it is derived anew"
            ) from error

    @property
    def seconds(self) -> dict[str, float]:
        """Stage, of the task or of the run, in order → seconds that it took when it was last done."""
        record = self.record
        stages: dict[str, float] = dict((record["data"] or {}).get("seconds", {}))
        return stages | {name: done["seconds"] for name, done in record["done"].items()}

    @property
    def test(self) -> dict[str, Any] | None:
        """The metrics on the test split, or None before `evaluate`."""
        path = self.path / "test.json"
        return read_test(path) if path.exists() else None

    @property
    def scores(self) -> dict[str, Any] | None:
        """The content of `scores.json`, or None where there is none."""
        path = self.path / "scores.json"
        return read_scores(path) if path.exists() else None

    def refuse_damaged_results(self) -> None:
        """Refuse, with an error that names the way out, results of the finished run that are damaged."""
        _ = self.metrics, self.test, self.scores

    # -- writing ----------------------------------------------------------------------------------------

    def log(self, record: Mapping[str, Any]) -> None:
        """Add a line to `metrics.jsonl`; a number that is not finite is null."""
        append_line(self.path / "metrics.jsonl", json.dumps(without_nan(record), allow_nan=False))

    def flush_metrics(self) -> None:
        """Wait until all lines of `metrics.jsonl` are on the disk, as they must be before a checkpoint."""
        flush_file(self.path / "metrics.jsonl")

    def keep_metrics(self, keep: Callable[[Mapping[str, Any]], bool], why: str = "") -> list[str]:
        """Drop the lines of `metrics.jsonl` for which `keep` is not true, and damaged ones.

        Returns:
            Sentences about what was dropped; with `why`, also about whole lines.
        """
        return keep_lines(self.path / "metrics.jsonl", keep, why)

    def resume_history(self, stage: str, epoch: int) -> tuple[list[dict[str, Any]], list[str], bool]:
        """Make `metrics.jsonl` fit a checkpoint of a stage.

        Args:
            stage: `search`, `train`, or another training.
            epoch: the last one that the checkpoint holds.

        Returns:
            The lines of the stage up to that epoch, sentences about what was dropped, and True where no epoch
            is lost; else the stage has to begin again, and has no lines.
        """
        file = self.path / "metrics.jsonl"
        said = self.keep_metrics(
            lambda record: record.get("stage") != stage or record.get("epoch", 0) <= epoch,
            "they are newer than the last checkpoint, and these epochs are done again",
        )
        history = self.history(stage)
        lost = lost_epochs(history, epoch)
        if not lost:
            return history, said, True
        said.append(f"{file}: has no line of {stage}, epoch {lost}, so {stage} begins again")
        self.keep_metrics(lambda record: record.get("stage") != stage)
        return [], said, False

    def is_done(self, stage: str, inputs: str) -> bool:
        """Return True where a stage ended for inputs of this fingerprint."""
        done = self.record["done"].get(stage)
        return done is not None and done["inputs"] == inputs

    def note(self, **values: Any) -> None:
        """Set top-level keys of `run.json`; a number that is not finite is null."""
        write_json(self.path / RECORD, without_nan(self.record | values))

    def mark_done(self, stage: str, inputs: str, seconds: float) -> None:
        """Record that a stage ended, for which inputs, and how long it took."""
        done = self.record["done"]
        self.note(done=done | {stage: {"inputs": inputs, "seconds": round(seconds, 3)}})

    def mark_undone(self, stage: str) -> None:
        """Record that a stage is being done again: what it has left may be in pieces until it ends."""
        if stage in self.record["done"]:
            self.note(done={name: how for name, how in self.record["done"].items() if name != stage})

    def replace_experiment(self, experiment: str, *, identity: str, keep: Collection[str]) -> None:
        """Record another experiment as the one that makes the run, and forget which stages are done.

        Args:
            experiment, identity: see `create`.
            keep: the stages that stay done.
        """
        done = {stage: how for stage, how in self.record["done"].items() if stage in keep}
        self.take_up(experiment=identity, done=done, plugins=plugin_record())
        write_text(self.path / "experiment.toml", experiment)


def _with_this_machine(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the machines of a run with this one; nothing for a run of a version that recorded none.

    Its training was not done here, as a list with this machine alone would say.
    """
    if "machines" not in record:
        return {}
    known, here = record["machines"], machine_record()
    return {} if here in known else {"machines": [*known, here]}


def _decisive(experiment: str) -> list[str]:
    """Return the lines of an experiment, without those that do not change the result."""
    return [line.strip() for line in experiment.splitlines() if not line.startswith(("device =", "cache ="))]


def _other_experiment(run: Run, experiment: str, remedy: Sequence[str]) -> str:
    """Return the refusal of a folder with the run of another experiment, with each key that differs."""
    try:
        there, now = tomllib.loads(run.experiment_toml), tomllib.loads(experiment)
    except tomllib.TOMLDecodeError:  # it was changed by hand
        there = now = {}
    different = differing_keys(there, now, left_out=("device", "cache", "baselines"))
    return in_lines(
        f"{run.path}: holds the run of another experiment:",
        *(different or ["its options differ"]),
        ways_out(*remedy),
    )
