"""The parts of a user's file, guessed from its head: target, inputs, split and group."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from attrs import define, field, frozen

from nasframe.errors import ConfigurationError, DataError
from nasframe.runtime import counted, format_names, read_tensors, shorten
from nasframe.tasks.data_files.column_choice import ColumnNames, InputChoice
from nasframe.tasks.data_files.csv_table import CsvTable
from nasframe.tasks.data_files.file_part import (
    FilePart,
    column_part,
    is_of_numbers,
    not_finite,
    rows_of,
    value_part,
)
from nasframe.tasks.data_files.given_data import TABLES, require_format
from nasframe.tasks.data_files.npz_arrays import NpzFile
from nasframe.tasks.data_files.split_rows import SPLIT_SPELLINGS

__all__ = ["GuessedParts", "guess_parts"]

T = TypeVar("T")

_TARGETS = (
    *("target", "label", "labels", "class", "classes", "y", "outcome", "category", "response", "result"),
    *("diagnosis", "species", "quality", "state", "status"),
)
_GROUPS = (
    *("group", "groups", "subject", "patient", "person", "participant", "speaker", "user", "machine", "site"),
    *("session", "device", "identity"),
)
_MOST_VIEWS = 8
_OTHERS = "other views: task.inputs"
_LISTED = 12  # columns; more are a pattern where one means just these
_SHOWN = 5  # names in a sentence


@frozen
class GuessedParts:
    """The parts of a file, as options of the task `tensors`.

    Attributes:
        target: names.
        inputs: name → its columns, or its array.
        split, group: of each row; None where there is none.
        rows: that were looked at.
        fusable: there are several inputs, all rows of numbers or `(length, channels)` of one length.
        columns: of a table that the inputs hold together; None of arrays.
        notes: option → a sentence on the guess.
        left_out: sentences on columns that are no part.
    """

    target: tuple[str, ...]
    inputs: Mapping[str, ColumnNames]
    split: str | None
    group: str | None
    rows: int
    fusable: bool
    notes: Mapping[str, str] = field(factory=dict)
    left_out: Sequence[str] = ()
    columns: int | None = None


@define
class _Mistakes:
    """The mistakes in what the user says, which are told together."""

    source: str
    problems: list[str] = field(factory=list)

    def of(self, function: Callable[[], T]) -> T | None:
        """Return what a function returns; None where that is a mistake, which is kept."""
        try:
            return function()
        except DataError as error:
            self.problems.append(str(error))
            return None

    def tell(self) -> None:
        """Refuse them.

        Raises:
            ConfigurationError: there are some.
        """
        if self.problems:
            raise ConfigurationError(self.source, self.problems)


def guess_parts(path: Path, given: Mapping[str, Any]) -> GuessedParts:
    """Return the parts of a file.

    Args:
        path: of a table or of arrays.
        given: `target`, `inputs`, `split` and `group` that the user says, as TOML holds them.

    Raises:
        DataError: it is no such file, holds too little, or its target cannot be told.
        ConfigurationError: what the user says is wrong; all of it is told.
    """
    ending = require_format(path)
    if ending in TABLES:
        return _of_table(CsvTable.of_file(path), given)
    if ending == ".npz":
        file = NpzFile.of_file(path)
        return _of_arrays(path, file.names, file.read, given)
    tensors = read_tensors(path, DataError)
    return _of_arrays(path, [*tensors], tensors.__getitem__, given)


def _of_table(table: CsvTable, given: Mapping[str, Any]) -> GuessedParts:
    names, rows = table.names, table.sample()
    if len(names) < 2:
        raise DataError(
            f"{table.path}: holds one column, {names[0]!r}; expected a target and at least one input, "
            "separated by a comma, a semicolon or a tab"
        )
    if not rows:
        raise DataError(f"{table.path}: holds no row below its header")
    parts = {}
    for place, name in enumerate(table.header):
        if name:
            parts[name] = column_part(name, [(line, row[place]) for line, row in rows], table.separator)
    said = _said(table.path, given, names, "columns")
    notes: dict[str, str] = {}
    left_out = []
    split = said.split or _split(parts, notes)
    target = said.target or _target(table.path, parts, [*filter(None, [split])], notes, "columns")
    used = [*target, *filter(None, [split])]
    group = said.group or _group(parts, used, notes)
    used += [group] if group else []
    if given.get("inputs") is not None:
        unfit = {name: why for name, part in parts.items() if (why := part.no_numbers)}
        inputs = _given_inputs(given["inputs"], names, used, "columns", table.path, unfit)
        columns = sum(len(view.names) for view in inputs.values())
    else:
        free = []
        for name, part in parts.items():
            if name in used:
                continue
            if part.no_input:
                left_out.append(f"column {shorten(name, 40)!r}: {part.no_input}")
            else:
                free.append(name)
        left_out += [
            f"column {place}: has no name in the header, and an input is called by one"
            for place, name in enumerate(table.header, 1)
            if not name
        ]
        if not free:
            raise DataError(
                f"{table.path}: no column of numbers is left for an input beside the target {target[0]!r}; "
                f"{'; '.join(left_out) or 'inputs are numbers'}"
            )
        columns = len(free)
        inputs = _views(free, names, used)
        if inputs:
            notes["inputs"] = f"guessed: a view for each beginning of a name: {_listed(inputs)}; {_OTHERS}"
        else:
            inputs = _halves(free)
            notes["inputs"] = _on_halves(inputs)
    fusable = len(inputs) > 1
    return GuessedParts(target, inputs, split, group, len(rows), fusable, notes, left_out, columns)


def _of_arrays(
    path: Path, names: Sequence[str], read: Callable[[str], Any], given: Mapping[str, Any]
) -> GuessedParts:
    if len(names) < 2:
        raise DataError(
            f"{path}: holds {counted(len(names), 'array')}; expected a target and at least one input"
        )
    arrays = {name: read(name) for name in names}
    lengths = Counter(len(value) for value in arrays.values() if value.ndim)
    if not lengths:
        raise DataError(f"{path}: holds single values; expected arrays with a row for each example")
    rows = max(lengths, key=lambda length: (lengths[length], length))
    if rows == 0:
        empty = [f"{name!r} {tuple(value.shape)}" for name, value in arrays.items() if 0 in value.shape]
        raise DataError(f"{path}: holds no example: arrays of the shapes {', '.join(empty[:_SHOWN])}")
    parts = {
        name: value_part(name, value)
        for name, value in arrays.items()
        if value.ndim and len(value) == rows and (value.ndim == 1 or value.shape[1:] == (1,))
    }
    said = _said(path, given, names, "arrays")
    notes: dict[str, str] = {}
    left_out = []
    split = said.split or _split(parts, notes)
    taken = [*filter(None, [split])]
    group = said.group or _named_group(parts, taken, notes)
    taken += [group] if group else []
    rest = {name: part for name, part in parts.items() if name not in taken}
    tags = [
        name
        for name, value in arrays.items()
        if value.ndim == 2 and len(value) == rows and value.shape[1] > 1 and _is_tags(value)
    ]
    is_one = any(not part.no_target for part in rest.values())
    is_named = any(name.casefold() in _TARGETS for name in arrays if name not in tags)
    if said.target:
        target = said.target
    elif not is_one and not is_named and len(tags) == 1:
        target = (tags[0],)
        notes["target"] = "guessed: the only array of zeros and ones; another one: task.target=NAME"
    else:
        unfit = {name: _no_rows(value, rows) for name, value in arrays.items() if name not in parts}
        target = _target(path, rest, taken, notes, "arrays", names, only=True, unfit=unfit)
    used = [*target, *taken]
    if given.get("inputs") is not None:
        arrays_unfit = {
            name: why
            for name, value in arrays.items()
            if (why := _no_rows(value, rows) or _no_array_input(value))
        }
        inputs = _given_inputs(given["inputs"], names, used, "arrays", path, arrays_unfit)
    else:
        found = {}
        for name, value in arrays.items():
            if name in used:
                continue
            if why := _no_rows(value, rows) or _no_array_input(value):
                left_out.append(f"array {name!r}: {why}")
            else:
                found[name] = ColumnNames((name,))
        if not found:
            raise DataError(
                f"{path}: no array is left for an input beside the target {target[0]!r}"
                f"{''.join(f'; {why}' for why in left_out)}"
            )
        inputs, others = _of_one_length(found, arrays)
        left_out += others
        notes["inputs"] = f"guessed: {_listed(inputs)}; others: task.inputs"
    shapes = [arrays[names.names[0]].shape for names in inputs.values() if names.names[0] in arrays]
    fusable = len(inputs) > 1 and all(len(shape) <= 3 for shape in shapes)
    return GuessedParts(target, inputs, split, group, rows, fusable, notes, left_out)


def _no_rows(value: Any, rows: int) -> str:
    """Return in words that an array has no row for each example; nothing where it has."""
    if not value.ndim:
        return "is a single value"
    return (
        ""
        if len(value) == rows
        else f"has {counted(len(value), 'row')}, and other arrays {rows:,}, one for each example"
    )


def _no_array_input(value: Any) -> str:
    """Return why an array with a row for each example can be no input; nothing where it can be one."""
    if not is_of_numbers(value):
        return "holds texts, and inputs are numbers"
    if 0 in value.shape:
        return f"has the shape {tuple(value.shape)}, which holds no number"
    gap = not_finite(value)
    return f"{gap}; write a number there, or leave the row out, to use the array" if gap else ""


def _is_tags(value: Any) -> bool:
    return is_of_numbers(value) and bool(np.isin(rows_of(value)[1].astype(np.float64), (0, 1)).all())


def _of_one_length(
    found: Mapping[str, ColumnNames], arrays: Mapping[str, Any]
) -> tuple[dict[str, ColumnNames], list[str]]:
    """Return the inputs that can be fused, as they have one length, and sentences on the others."""
    length = {name: arrays[name].shape[1] if arrays[name].ndim == 3 else 1 for name in found}
    plain = {name for name in found if arrays[name].ndim <= 3}
    if len(plain) < 2:
        first = next(iter(found))
        others = [f"array {name!r}: a space of cells takes one input" for name in found if name != first]
        return {first: found[first]}, others
    usual = Counter(length[name] for name in found if name in plain).most_common(1)[0][0]
    kept = {name: names for name, names in found.items() if name in plain and length[name] == usual}
    others = [
        f"array {name!r}: is no sequence of the length {usual} of the others, with which it could be fused"
        for name in found
        if name not in kept
    ]
    return kept, others


@frozen
class _Said:
    """The parts that the user says; empty where one is not said."""

    target: tuple[str, ...]
    split: str
    group: str


def _said(path: Path, given: Mapping[str, Any], names: Sequence[str], things: str) -> _Said:
    """Return the parts that the user says.

    Raises:
        ConfigurationError: with every mistake in them.
    """
    mistakes = _Mistakes(str(path))

    def name_of(option: str) -> str:
        name = given.get(option)
        if name is not None and not isinstance(name, str):
            raise DataError(f"task.{option}: expected a name, found {name!r}")
        return "" if name is None else _chosen(name, names, option, things)[0]

    split = mistakes.of(lambda: name_of("split")) or ""
    group = mistakes.of(lambda: name_of("group")) or ""
    wanted = given.get("target")
    target = () if wanted is None else mistakes.of(lambda: _chosen(wanted, names, "target", things)) or ()
    if mistakes.problems and given.get("inputs") is not None:
        used = [*target, *filter(None, [split, group])]
        mistakes.of(lambda: _choose_inputs(given["inputs"], names, used, things))
    mistakes.tell()
    return _Said(target, split, group)


def _given_inputs(
    value: Any,
    names: Sequence[str],
    used: Sequence[str],
    things: str,
    path: Path,
    unfit: Mapping[str, str],
) -> dict[str, ColumnNames]:
    """Return the inputs that the user says.

    Args:
        value: as TOML holds them.
        names: of all `things`, which are `columns` or `arrays`.
        used: names of other parts.
        path: of the file.
        unfit: name → why it can be no input.

    Raises:
        ConfigurationError: they are none, or one of them holds no numbers.
    """
    mistakes = _Mistakes(str(path))
    found = mistakes.of(lambda: _choose_inputs(value, names, used, things)) or {}
    thing = things.removesuffix("s")
    wrong = [name for view in found.values() for name in view.names if name in unfit]
    mistakes.problems += [
        f"task.inputs: {thing} {shorten(name, 40)!r}: {unfit[name]}" for name in wrong[:_SHOWN]
    ]
    if wrong:
        fit = [name for name in names if name not in unfit and name not in used]
        more = f"; {len(wrong) - _SHOWN} more {things} are no inputs" * (len(wrong) > _SHOWN)
        mistakes.problems[-1] += f"{more}. Those that can be inputs: {_listed(fit) or 'none'}"
    mistakes.tell()
    return found


def _choose_inputs(
    value: Any, names: Sequence[str], used: Sequence[str], things: str
) -> dict[str, ColumnNames]:
    try:
        choice = InputChoice.from_plain(value)
    except ValueError as error:
        raise DataError(f"task.inputs: {error}") from error
    try:
        found = choice.among(names, used, things)
    except DataError as error:
        raise DataError(f"task.{error}") from error
    return {name: ColumnNames(tuple(parts)) for name, parts in found.items()}


def _chosen(value: Any, names: Sequence[str], option: str, things: str) -> tuple[str, ...]:
    try:
        return tuple(ColumnNames.from_plain(value).among(names, f"task.{option}", things))
    except ValueError as error:
        raise DataError(f"task.{option}: {error}") from error


def _split(parts: Mapping[str, FilePart], notes: dict[str, str]) -> str | None:
    for name, part in parts.items():
        found = {text.casefold() for text in part.values}
        if len(found) > 1 and found <= {*SPLIT_SPELLINGS}:
            notes["split"] = f"guessed: its values are {', '.join(sorted(found))}"
            return name
    return None


def _target(
    path: Path,
    parts: Mapping[str, FilePart],
    used: Collection[str],
    notes: dict[str, str],
    things: str,
    names: Sequence[str] = (),
    only: bool = False,
    unfit: Mapping[str, str] | None = None,
) -> tuple[str, ...]:
    """Return the name of the target.

    Args:
        parts: that may be it.
        used: names of other parts.
        things: `columns` or `arrays`.
        names: of all things in the file; of `parts` where it is empty.
        only: of several, none is taken for its place.
        unfit: name → why it cannot be the target, of what is not in `parts`.

    Raises:
        DataError: it cannot be told, or what has the name of one cannot be it.
    """
    names = names or [*parts]
    able = [part for name, part in parts.items() if name not in used and not part.no_target]
    thing = things.removesuffix("s")
    reasons = {name: part.no_target for name, part in parts.items() if name not in used} | dict(unfit or {})
    by_wish = [(name, why) for wish in _TARGETS for name, why in reasons.items() if name.casefold() == wish]
    if by_wish and all(why for _, why in by_wish):
        name, why = by_wish[0]
        raise DataError(
            f"{path}: the {thing} {shorten(name, 40)!r} is the target by its name, and cannot be it: {why}. "
            "Another one: task.target=NAME"
        )
    by_name = [part for wish in _TARGETS for part in able if part.name.casefold() == wish]
    texts = [part for part in able if not part.is_number and not _is_group(part)]
    if by_name:
        part, why = by_name[0], "by its name"
    elif len(texts) == 1 and not only:
        part, why = texts[0], f"the only {thing} of texts that repeat"
    elif len(able) == 1:
        part, why = able[0], f"the only {thing} that can be one"
    elif able and not only and able[-1].name == [*parts][-1] and not _is_group(able[-1]):
        part, why = able[-1], f"the last {thing}"
    else:
        which = format_names([shorten(name, 40) for name in names], _MOST_NAMES)
        raise DataError(
            f"{path}: cannot tell which of the {things} is the target; say it, as "
            f"task.target={_example(able, names)}. There are {which}"
        )
    notes["target"] = f"guessed: {why}, {_in_words(part)}; another one: task.target=NAME"
    return (part.name,)


_MOST_NAMES = 20


def _example(able: Sequence[FilePart], names: Sequence[str]) -> str:
    return (
        repr(able[-1].name)
        if able and not able[-1].name.isidentifier()
        else (able[-1].name if able else names[-1])
    )


def _in_words(part: FilePart) -> str:
    values = part.values
    if part.is_number and len(values) > 20:
        return f"numbers such as {part.texts[0]}"
    shown = format_names([shorten(text, 20) for text in sorted(values)[:_SHOWN]], _SHOWN)
    return f"{counted(len(values), 'value')} ({shown}{', …' * (len(values) > _SHOWN)})"


def _is_group(part: FilePart) -> bool:
    """Return True for the names of things that have several rows each, such as `pump 7`."""
    found = len(part.values)
    if part.gap or not 4 <= found <= len(part.texts) // 2:
        return False
    word = part.name.casefold().removesuffix("_id").removesuffix(" id")
    return word in _GROUPS or (not part.is_number and all(re.search(r"\d", text) for text in part.values))


def _group(parts: Mapping[str, FilePart], used: Collection[str], notes: dict[str, str]) -> str | None:
    for name, part in parts.items():
        if name not in used and _is_group(part):
            notes["group"] = (
                f"guessed: {counted(len(part.values), 'value that repeats', 'values that repeat')}, such as "
                f"{shorten(part.texts[0], 30)!r}, so that rows of one are never in two splits; a line "
                "commented out is no group"
            )
            return name
    return None


def _named_group(parts: Mapping[str, FilePart], used: Collection[str], notes: dict[str, str]) -> str | None:
    return _group({name: part for name, part in parts.items() if name.casefold() in _GROUPS}, used, notes)


def _views(columns: Sequence[str], names: Sequence[str], used: Iterable[str]) -> dict[str, ColumnNames]:
    """Return view → its columns: those whose names begin alike, as `flow_min`, `flow_max`; none where there
    would be one view or too many."""
    groups: dict[str, list[str]] = {}
    for name in columns:
        groups.setdefault(_beginning(name), []).append(name)
    views = {word: found for word, found in groups.items() if len(found) > 1}
    alone = [name for name in columns if _beginning(name) not in views]
    if len(views) + bool(alone) > _MOST_VIEWS or len(views) < 2:
        return {}
    found = {word: _as_pattern(word, view, names, used) for word, view in views.items()}
    if alone:
        found["rest" if "rest" not in found else "the_rest"] = ColumnNames(tuple(alone))
    return found


def _halves(columns: Sequence[str]) -> dict[str, ColumnNames]:
    """Return the first half of the columns and the second, as two views; one column is the input `x`."""
    if len(columns) == 1:
        return {"x": ColumnNames(tuple(columns))}
    middle = (len(columns) + 1) // 2
    return {"left": ColumnNames(tuple(columns[:middle])), "right": ColumnNames(tuple(columns[middle:]))}


def _beginning(name: str) -> str:
    word = re.split(r"[_.\-\s:/]+", name.strip("_.-:/ "))[0].rstrip("0123456789")
    return re.sub(r"\W", "_", word) or name


def _as_pattern(word: str, columns: Sequence[str], names: Sequence[str], used: Iterable[str]) -> ColumnNames:
    """Return the names of columns; of many a pattern, where it means them alone."""
    if len(columns) > _LISTED and not any(mark in word for mark in "*?["):
        beginning = f"{word}*"
        if {name for name in names if name.startswith(word)} - {*used} == {*columns}:
            return ColumnNames((beginning,))
    return ColumnNames(tuple(columns))


def _on_halves(inputs: Mapping[str, ColumnNames]) -> str:
    if len(inputs) == 1:
        return "guessed: the only column of numbers"
    sizes = " and ".join(str(len(view.names)) for view in inputs.values())
    return f"guessed: two views of {sizes} columns of numbers, as their names do not tell views; {_OTHERS}"


def _listed(names: Iterable[str]) -> str:
    found = [shorten(name, 30) for name in names]
    return f"{', '.join(found[:_MOST_VIEWS])}{', …' * (len(found) > _MOST_VIEWS)}"
