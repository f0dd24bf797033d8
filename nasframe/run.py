"""The run folder: everything a search leaves behind, in files that a text editor can read."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from attrs import field, frozen

from nasframe import __version__
from nasframe.architecture import Architecture
from nasframe.errors import RunError
from nasframe.files import fingerprint, write_json, write_text
from nasframe.plugins import manager

__all__ = ["FORMAT", "Run"]

FORMAT = 1


@frozen
class Run:
    """A run folder.

    ```
    run.json            format version, versions of nasframe and of every plugin, what is done
    experiment.toml     the resolved experiment
    metrics.jsonl       a line an epoch
    architecture.json   what was found, with where it came from
    architecture.svg    its picture (and architecture.dot)
    checkpoints/        search and network: safetensors and JSON
    task/               what the task needs to score files
    test.json           the metrics on the test split
    report.html         all of it on one page
    ```
    """

    path: Path = field(converter=Path)

    # -- opening ----------------------------------------------------------------------------------------

    @classmethod
    def create(
        cls, path: Path, experiment: str, *, identity: str | None = None, overwrite: bool = False
    ) -> Run:
        """A new run folder, or the one that is there if it was made by the same experiment.

        Args:
            path: of the folder.
            experiment: the resolved experiment, as TOML.
            identity: fingerprint of what decides the result; None takes all of `experiment`.
            overwrite: empty a run folder first. Nothing but a run folder is ever emptied.

        Raises:
            RunError: the folder holds something else, or another experiment's run.
        """
        run, identity = cls(path), identity or fingerprint(experiment)
        if path.exists() and any(path.iterdir() if path.is_dir() else [path]):
            if not (path / "run.json").exists():
                raise RunError(f"{path}: is there already and is no run folder; choose another --out")
            if not overwrite:
                opened = cls.open(path)
                if opened.identity != identity:
                    difference = _first_difference(opened.experiment_toml, experiment)
                    raise RunError(
                        f"{path}: holds the run of another experiment ({difference}); "
                        "choose another --out, or say --overwrite to replace it"
                    )
                return opened
            shutil.rmtree(path)
        run.checkpoints.mkdir(parents=True, exist_ok=True)
        write_text(path / "experiment.toml", experiment)
        write_json(
            path / "run.json",
            {
                "format": FORMAT,
                "nasframe": __version__,
                "python": sys.version.split()[0],
                "experiment": identity,
                "plugins": _plugins(),
                "data": None,
                "done": {},
            },
        )
        return run

    @classmethod
    def open(cls, path: str | Path) -> Run:
        """The run in a folder.

        Raises:
            RunError: no such folder, no run in it, or a run of another format version.
        """
        folder = Path(path)
        if not folder.is_dir():
            near = (
                [str(item.parent) for item in sorted(folder.parent.glob("*/run.json"))]
                if folder.parent.is_dir()
                else []
            )
            hint = f"; runs there: {', '.join(near)}" if near else ""
            raise RunError(f"{folder}: no such run folder{hint}")
        run = cls(folder)
        try:
            found = run.record.get("format")
        except FileNotFoundError:
            raise RunError(f"{folder}: is no run folder: it has no run.json") from None
        except (OSError, ValueError) as error:
            raise RunError(f"{folder / 'run.json'}: cannot be read: {error}") from error
        if found != FORMAT:
            raise RunError(
                f"{folder}: run format {found!r} cannot be read; this version reads format {FORMAT}"
            )
        return run

    # -- reading ----------------------------------------------------------------------------------------

    @property
    def record(self) -> dict[str, Any]:
        """The content of `run.json`."""
        content: dict[str, Any] = json.loads((self.path / "run.json").read_text(encoding="utf-8"))
        return content

    @property
    def identity(self) -> str:
        """Fingerprint of what decides the result."""
        return str(self.record["experiment"])

    @property
    def experiment_toml(self) -> str:
        """The resolved experiment, as TOML."""
        try:
            return (self.path / "experiment.toml").read_text(encoding="utf-8")
        except OSError as error:
            raise RunError(f"{self.path}: has no experiment.toml: {error.strerror}") from error

    @property
    def checkpoints(self) -> Path:
        """Folder of the checkpoints."""
        return self.path / "checkpoints"

    @property
    def task_folder(self) -> Path:
        """Folder for what the task needs to score files."""
        return self.path / "task"

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """The lines of `metrics.jsonl`; a last line that a kill cut short is left out."""
        try:
            lines = (self.path / "metrics.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in lines if line.endswith("\n")]

    @property
    def architecture(self) -> Architecture:
        """What the search found.

        Raises:
            RunError: the search has not finished.
        """
        path = self.path / "architecture.json"
        if not path.exists():
            raise RunError(f"{self.path}: has no architecture.json yet; run its search to the end first")
        return Architecture.load(path)

    @property
    def test(self) -> dict[str, Any] | None:
        """The metrics on the test split, or None before `evaluate`."""
        path = self.path / "test.json"
        content: dict[str, Any] | None = (
            json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
        )
        return content

    # -- writing ----------------------------------------------------------------------------------------

    def log(self, record: Mapping[str, Any]) -> None:
        """Add a line to `metrics.jsonl`."""
        with (self.path / "metrics.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")

    def keep_metrics(self, keep: Callable[[Mapping[str, Any]], bool]) -> None:
        """Drop the lines that `keep` refuses: those written after the checkpoint that is resumed."""
        write_text(
            self.path / "metrics.jsonl",
            "".join(json.dumps(record) + "\n" for record in self.metrics if keep(record)),
        )

    def is_done(self, stage: str, inputs: str) -> bool:
        """Whether a stage ended for inputs of this fingerprint."""
        done = self.record["done"].get(stage)
        return done is not None and done["inputs"] == inputs

    def note(self, **values: Any) -> None:
        """Set top-level keys of `run.json`."""
        write_json(self.path / "run.json", self.record | values)

    def mark_done(self, stage: str, inputs: str, seconds: float) -> None:
        """Record that a stage ended, for which inputs, and how long it took."""
        record = self.record
        record["done"][stage] = {"inputs": inputs, "seconds": round(seconds, 3)}
        write_json(self.path / "run.json", record)


def _plugins() -> dict[str, dict[str, str | None]]:
    """Version and file hash of every registered plugin, for the record; a run never loads them by itself."""
    plugins, found = manager(), {}
    versions = plugins.versions()
    for name in plugins.names:
        file = getattr(plugins.module(name), "__file__", None)
        digest = hashlib.sha256(Path(file).read_bytes()).hexdigest() if file else None
        found[name] = {"version": versions.get(name), "sha256": digest}
    return found


def _first_difference(found: str, wanted: str) -> str:
    """The first line, but for those that decide nothing, in which two experiments differ."""
    lines = [
        [line.strip() for line in text.splitlines() if not line.startswith(("device =", "cache ="))]
        for text in (found, wanted)
    ]
    pairs = zip(*lines, strict=False)
    return next((f"there {a!r}, asked {b!r}" for a, b in pairs if a != b), "its options differ")
