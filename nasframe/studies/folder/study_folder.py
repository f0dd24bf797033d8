"""The folder of a study that this process has claimed: begun, written, ended."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from attrs import frozen

from nasframe import __version__
from nasframe.jobs import full_disk_stops
from nasframe.runs import FAILURE, UNFINISHED, on_one_line
from nasframe.runtime import Lock, machine_record, remove_path, without_nan, write_json
from nasframe.studies.folder.layout import LOCKS, OLD_TRIALS, RECORD, TRIALS, written_names
from nasframe.studies.folder.record import FORMAT, is_unbegun, read_study

__all__ = ["StudyFolder"]

_TRIALS = "trials"
"""Key of the record: how many trials there are and how many are done, and the errors of those that failed."""


@frozen
class StudyFolder:
    """The folder of a study that this process has claimed.

    ```
    study.json            format version, kind, objective, version of nasframe, plan, the plugin of every
                          name, the machines that the study was called on, how its trials stand, and the
                          failure of the call, if it failed
    trials/NAME/          the folder of a trial, such as a run; `cells/NAME/` in studies of older versions
    tensors.safetensors   the tensors of an experiment that was made in Python
    KIND.json             the results
    report.html           the results on one page
    workers.log           the output of worker processes, where there is any
    ```

    Attributes:
        path: of the folder.
        kind: `comparison`, `sweep` or `table`.
        plan: values that must be the same when the study is continued.
        replaces: the study that is there is to be replaced.
        lock: that workers hold too, for as long as they live.
        files: names of other files and folders that a study of this kind writes.
        call: the one that makes the study, by which it goes on after a kill; None where no command could.
    """

    path: Path
    kind: str
    plan: Mapping[str, Any]
    replaces: bool
    lock: Lock
    files: Collection[str] = ()
    call: Mapping[str, Any] | None = None

    @property
    def record(self) -> dict[str, Any]:
        """The content of `study.json`; empty where the study has not begun, or is to be replaced."""
        if self.replaces or not (self.path / RECORD).exists():
            return {}
        found = read_study(self.path)
        return {} if is_unbegun(found) else found

    def record_call(self, names: Mapping[str, Any]) -> None:
        """Record the call in a folder that is new or goes on: from now on, a kill leaves it there."""
        if self.replaces:
            return
        there = self.record
        head = {"format": FORMAT, "nasframe": __version__, "kind": self.kind, "plan": None}
        write_json(
            self.path / RECORD, without_nan({**(_anew(there) or {**head, **names}), **self._unfinished})
        )

    def end(self) -> None:
        """Record that the call has ended."""
        write_json(self.path / RECORD, {**_anew(read_study(self.path)), UNFINISHED: {}})

    def note_trials(self, count: int, done: int, failed: Mapping[str, str]) -> None:
        """Record how the trials stand, for those who watch.

        Args:
            count: of all trials, as far as they are known.
            done: how many of them are done.
            failed: name → error of those that failed.
        """
        reasons = {name: on_one_line(why) for name, why in failed.items()}
        stand = {"count": count, "done": done, "failed": reasons}
        write_json(self.path / RECORD, {**read_study(self.path), _TRIALS: stand})

    def note_failure(self, error: Exception) -> None:
        """Record why the call failed, where it has begun."""
        record = read_study(self.path)
        if not is_unbegun(record) and record.get(UNFINISHED) == without_nan(self.call):
            write_json(self.path / RECORD, {**record, FAILURE: on_one_line(error)})

    @property
    def _unfinished(self) -> dict[str, Any]:
        return {UNFINISHED: self.call}

    def begin(self, names: Mapping[str, Any] | None = None, objective: str = "") -> None:
        """Write `study.json`; remove the study that is there where it is to be replaced.

        Args:
            names: `names` and `packages` as `RecordedNames.to_dict` returns them.
            objective: the metric that counts.
        """
        there = self.record
        if self.replaces:
            for name in (*written_names(self.kind, self.files), TRIALS, OLD_TRIALS):
                if name not in LOCKS:
                    remove_path(self.path / name)
        if there.get("kind") != self.kind:
            there = {"format": FORMAT, "nasframe": __version__, "kind": self.kind, "plan": self.plan}
            there["machines"] = []
        counts = {"objective": objective} if objective else {}
        record = without_nan({**_anew(there), **(names or {}), **counts, **self._unfinished})
        here = machine_record()
        if here not in record.get("machines", [here]):  # a study of an older version has none
            record["machines"] = [*record["machines"], here]
        if record != self.record:
            write_json(self.path / RECORD, record)

    def trial_folder(self, name: str) -> Path:
        """Return the folder in which a trial writes."""
        is_old = not self.replaces and (self.path / OLD_TRIALS).is_dir()
        return self.path / (OLD_TRIALS if is_old else TRIALS) / name

    def save(self, result: Mapping[str, Any]) -> dict[str, Any]:
        """Write `KIND.json` and return its content."""
        plain: dict[str, Any] = without_nan(result)
        with full_disk_stops(self.path):
            write_json(self.path / f"{self.kind}.json", plain)
        return plain


def _anew(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record without the failure of the call before."""
    return {key: value for key, value in record.items() if key != FAILURE}
