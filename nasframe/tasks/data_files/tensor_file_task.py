"""The task `tensors`: learning from a file of the user: a table in CSV, or arrays in one file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from attrs import define, field
from torch import Tensor

from nasframe.errors import DataError
from nasframe.options import option
from nasframe.runtime import advised, counted, format_names, require_regular, rows_not_finite
from nasframe.tasks.data import Data, Splits
from nasframe.tasks.data_files.column_choice import ColumnNames, InputChoice
from nasframe.tasks.data_files.given_data import FileParts, GivenData, read_given
from nasframe.tasks.data_files.prepared_splits import read_kind, read_split, write_kind, write_split
from nasframe.tasks.data_files.proposed_experiment import proposed_experiment
from nasframe.tasks.data_files.split_rows import rows_of_splits
from nasframe.tasks.data_files.standardising import InputScale, as_feature_map
from nasframe.tasks.stages import Stage, StageContext
from nasframe.tasks.starting_values import StartingValues
from nasframe.tasks.tensors import (
    ClassTargets,
    KindName,
    LabelTargets,
    NumberTargets,
    TargetKind,
    Targets,
    TargetTask,
    kind_told_by,
    require_classes,
    require_finite,
    valid_kind,
    valid_seed,
    valid_shares,
)
from nasframe.tasks.values_in_words import rows_in_words

__all__ = ["TensorFileTask"]

_STAGE = "tensors"
"""Name of the stage. It enters fingerprints: never change it."""

_VERSION = 1
"""Increased when the code writes other splits for the same file and options."""

_FEWEST = 8  # examples

_FEW_BYTES = 1 << 20  # of a file that is read whole before an experiment is proposed

_MOST_DIMENSIONS = 16  # of an input

_UNREAD: Mapping[str, TargetKind] = {
    "classes": ClassTargets(2),
    "labels": LabelTargets(()),
    "number": NumberTargets(),
}
"""The objective, loss and metrics of a target whose classes or labels are not read yet."""


@define(kw_only=True)
class TensorFileTask(TargetTask):
    """A file of your own: a CSV table, or the arrays of a `.npz` or `.safetensors` file.

    Loss and metrics follow from the target: classes (cross entropy, accuracy), several labels at once (binary
    cross entropy, weighted F1), or a number (squared error, R²). Rows of numbers become `(1, features)`.
    """

    file: Path | None = option(
        None, help="the file; --data FILE goes before it. Relative to the working folder"
    )
    target: ColumnNames = option(
        help="name of the target, or names for several labels at once; patterns such as 'tag_*' are names too"
    )
    inputs: InputChoice | None = option(
        None,
        help="name of each input and its columns, as {left = ['a1', 'a2'], right = 'b*'}; of a file of "
        "arrays one each. By default all others: columns as the input x, arrays as an input each",
    )
    split: str | None = option(
        None,
        help="column that says the split of each row: weights, architecture, validation, test; or train, "
        "which is divided",
    )
    group: str | None = option(None, help="column of groups, none of which is in two splits")
    kind: KindName | None = option(
        None, help="what the target is; by default the target tells it", validator=valid_kind
    )
    standardise: bool = option(
        True, help="inputs get mean 0 and deviation 1, by the statistics of the split weights"
    )
    fractions: tuple[float, float, float, float] = option(
        (0.4, 0.2, 0.2, 0.2),
        help="shares of the splits weights, architecture, validation, test; they need not add up to 1",
        validator=valid_shares,
        rule="each more than 0",
    )
    split_seed: int = option(0, help="seed of the splits", validator=valid_seed)
    _found: TargetKind | None = field(init=False, default=None, eq=False, repr=False)

    @classmethod
    def starting_values(cls, source: Path | None, given: Mapping[str, Any]) -> StartingValues:
        """Return the values that the head of a file tells: target, inputs, split, group and a space.

        Raises:
            DataError: no file is named, it cannot be read, or its target cannot be told.
        """
        named = given.get("file")
        if source is None and named is None:
            raise DataError("the task 'tensors' learns from a file; say it: nasframe new tensors my.csv")
        if source is None and not (isinstance(named, str) and named):
            raise DataError(f"task.file: expected a path, found {named!r}")
        path = source or Path(str(named))
        proposed = proposed_experiment(path, given)
        if path.stat().st_size <= _FEW_BYTES:
            cls._require_splits(path, {**given, **proposed.values["task"]})
        return proposed

    @classmethod
    def _require_splits(cls, path: Path, options: Mapping[str, Any]) -> None:
        """Refuse a small file of whose rows no splits can be made, as a run of it would.

        Raises:
            DataError: says why.
        """
        known = ("split", "group", "kind", "fractions", "split_seed")
        try:
            made = cls(
                target=ColumnNames.from_plain(options["target"]),
                inputs=InputChoice.from_plain(options["inputs"]),
                **{name: options[name] for name in known if name in options},
            )
        except (TypeError, ValueError):
            return  # an option that is wrong is told with those of the other sections
        made._split(path, read_given(path, made._wanted))

    @property
    def target_kind(self) -> TargetKind:
        """The kind of the target: known when the data is prepared, else an option, or told by `file`.

        Raises:
            DataError: none of these says it.
        """
        if self._found is None and self.file is not None:
            _require_there(self.file)
            self._found = self._targets(self.file, read_given(self.file, self._wanted)).kind
        if self._found is not None:
            return self._found
        if self.kind is None:
            raise DataError(
                "the target of the task 'tensors' is not read yet; say task.file, or task.kind (classes, "
                "labels or number)"
            )
        return _UNREAD[self.kind]

    def stages(self, source: Path | None, seed: int) -> Sequence[Stage]:
        """Return the stage that writes the splits. The seed plays no part: `split_seed` is theirs.

        Raises:
            DataError: there is no file.
        """
        path = source if source is not None else self.file
        if path is None:
            raise DataError("the task 'tensors' has no data; say file = \"my.csv\" in [task], or --data FILE")
        _require_there(path)
        options = {
            "target": [*self.target.names],
            "inputs": None if self.inputs is None else self.inputs.to_plain(),
            "split": self.split,
            "group": self.group,
            "kind": self.kind,
            "standardise": self.standardise,
            "fractions": [float(share) for share in self.fractions],
            "split_seed": int(self.split_seed),
        }
        inputs = {"version": _VERSION, "format": path.suffix.lower(), "sha256": _sha256(path), **options}
        return [Stage(_STAGE, inputs, lambda context: self._prepare(path, context))]

    def data(self, folders: Mapping[str, Path]) -> Data:
        """Return the splits; an example is named after its row, counted from 0 below a header."""
        folder = folders[_STAGE]
        self._found = read_kind(folder)
        weights, architecture, validation = (
            read_split(folder, name) for name in ("weights", "architecture", "validation")
        )
        inputs = {name: tuple(value.shape[1:]) for name, value in weights.inputs.items()}
        splits = Splits(weights, architecture, validation, lambda: read_split(folder, "test"))
        return Data(inputs, self._found.outputs, splits)

    @property
    def _wanted(self) -> FileParts:
        return FileParts(self.inputs or InputChoice(), self.target, self.split, self.group, self.kind)

    def _prepare(self, path: Path, context: StageContext) -> None:
        given = read_given(path, self._wanted)
        for name, value in given.inputs.items():
            self._check_input(path, name, value, given)
        targets, parts, learned = self._split(path, given)
        told = "" if self.kind else ", as the target tells (task.kind says another)"
        context.progress.say(
            f"{path.name}: {counted(len(targets), 'example')}, {_in_words(targets.kind)}{told}"
        )
        sizes = ", ".join(f"{split} {len(rows):,}" for split, rows in parts.items())
        context.progress.say(f"{path.name}: examples of the splits: {sizes}")
        scales = {
            name: self._scale(path, name, value, parts["weights"]) for name, value in given.inputs.items()
        }
        for split, rows in parts.items():
            inputs = {name: as_feature_map(value, rows, scales[name]) for name, value in given.inputs.items()}
            for name, value in inputs.items():
                _require_held(path, name, value, rows, given)
            write_split(context.out, split, inputs, learned[rows], rows)
        write_kind(context.out, targets.kind)

    def _split(self, path: Path, given: GivenData) -> tuple[Targets, dict[str, Tensor], Tensor]:
        """Return the targets, split → its rows, and the targets as batches hold them."""
        targets = self._targets(path, given)
        if len(targets) < _FEWEST:
            raise DataError(f"{path}: four splits need at least {_FEWEST} examples, found {len(targets)}")
        strata, count = targets.strata()
        try:
            parts = rows_of_splits(
                strata,
                count,
                self.fractions,
                self.split_seed,
                split=given.split,
                group=given.group,
                place=given.place,
            )
            require_classes(parts, targets)
            return targets, parts, targets.as_learned(parts["weights"])
        except DataError as error:
            raise DataError(f"{path}: {error}") from error

    def _scale(self, path: Path, name: str, value: Tensor, weights: Tensor) -> InputScale | None:
        try:
            return InputScale.of(value, weights) if self.standardise else None
        except DataError as error:
            raise DataError(f"{path}: input {name!r}: {error}") from error

    def _targets(self, path: Path, given: GivenData) -> Targets:
        try:
            kind = self.kind or ("labels" if given.names else kind_told_by(given.target))
            return Targets.of(given.target, kind, given.names)
        except DataError as error:
            why = str(error).removeprefix("labels: ").removeprefix("target: ")
            raise DataError(f"{path}: target {', '.join(self.target.names)}: {why}") from error

    def _check_input(self, path: Path, name: str, value: Tensor, given: GivenData) -> None:
        try:
            if value.ndim > _MOST_DIMENSIONS:
                raise DataError(
                    f"input {name!r}: has {value.ndim} dimensions; expected {_MOST_DIMENSIONS} or fewer"
                )
            if not self.standardise:
                require_finite(name, value)
            if not value.is_floating_point():
                return
            rows = [
                part.double().flatten(1) if part.ndim > 1 else part.double()[:, None]
                for part in torch.split(value, 4096)
            ]
            bad = torch.cat([~part.isfinite().all(1) for part in rows]).nonzero().flatten().tolist()
            if bad:
                raise DataError(f"input {name!r}: NaN or infinity in {rows_in_words(bad)}")
        except DataError as error:
            raise DataError(f"{path}: {error}") from error


def _require_held(path: Path, name: str, value: Tensor, rows: Tensor, given: GivenData) -> None:
    """Refuse numbers of a split that are so far from those of `weights` that float32 does not hold them."""
    flat = value.flatten(1)
    bad = rows_not_finite(flat).nonzero().flatten().tolist()
    if bad:
        names = given.columns.get(name, ())
        column = int((~flat[bad[0]].isfinite()).nonzero()[0])
        where = f", column {names[column]!r}" if names else ""
        raise DataError(
            f"{path}: input {name!r}, {given.place(int(rows[bad[0]]))}{where}: is so far from the numbers of "
            "the split weights that float32 does not hold it standardised; leave the row out, or scale the "
            "numbers, by a logarithm for example"
        )


def _in_words(kind: TargetKind) -> str:
    if isinstance(kind, ClassTargets):
        names = kind.names or tuple(map(str, range(kind.count)))
        return f"{counted(kind.count, 'class', 'classes')} ({format_names(names, 5)})"
    if isinstance(kind, LabelTargets):
        return f"{len(kind.names)} labels at once"
    return "a number to predict"


def _require_there(path: Path) -> None:
    """Refuse a path at which nothing is, with the place that it means.

    Raises:
        DataError: nothing is there.
    """
    if os.path.lexists(path):
        return
    tried = "" if path.is_absolute() else f"; from the working folder, it is {path.absolute()}"
    problem = f"{path}: cannot be read: no such file{tried}"
    raise DataError(advised(problem, "say where the data lies now, as --data FILE"))


def _sha256(path: Path) -> str:
    """Return the hash of a file's content, which is read in parts.

    Raises:
        DataError: it cannot be read.
    """
    require_regular(path)
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
