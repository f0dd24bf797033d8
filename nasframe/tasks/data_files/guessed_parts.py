"""The parts of a user's file, guessed from its head: target, inputs, split and group."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray
from torch import Tensor

from nasframe.errors import DataError
from nasframe.runtime import counted, read_tensors, shorten
from nasframe.tasks.data_files.column_choice import ColumnNames, InputChoice
from nasframe.tasks.data_files.csv_table import CsvTable, number_in
from nasframe.tasks.data_files.given_data import TABLES, require_format
from nasframe.tasks.data_files.npz_arrays import NpzFile
from nasframe.tasks.data_files.split_rows import SPLIT_SPELLINGS

__all__ = ["GuessedParts", "guess_parts"]

_HEAD = 1000
"""Rows of a table that are looked at."""

_TARGETS = (
    *("target", "label", "labels", "class", "classes", "y", "outcome", "category", "response", "result"),
    *("diagnosis", "species", "quality", "state", "status"),
)
_GROUPS = (
    *("group", "groups", "subject", "patient", "person", "participant", "speaker", "user", "machine", "site"),
    *("session", "device", "identity"),
)
_IDENTIFIERS = ("id", "index", "row", "no", "nr", "number", "uuid", "key", "name")

_MOST_VIEWS = 8
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


@frozen
class _Part:
    """A column of a table, or an array of one value a row.

    Attributes:
        texts: of the rows that were looked at.
        gap: a place where nothing stands, in words; empty where there is none.
    """

    name: str
    texts: Sequence[str]
    is_number: bool
    gap: str = ""

    @property
    def values(self) -> Counter[str]:
        return Counter(self.texts)

    @property
    def can_be_target(self) -> bool:
        """It varies, and is a number or repeats its texts."""
        found = len(self.values)
        return not self.gap and found > 1 and (self.is_number or 2 * found <= len(self.texts))


def guess_parts(path: Path, given: Mapping[str, Any]) -> GuessedParts:
    """Return the parts of a file.

    Args:
        path: of a table or of arrays.
        given: `target`, `inputs`, `split` and `group` that the user says, as TOML holds them.

    Raises:
        DataError: it is no such file, holds too little, or its target cannot be told.
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
    names, head = table.names, table.head(_HEAD)
    if len(names) < 2:
        raise DataError(
            f"{table.path}: holds one column, {names[0]!r}; expected a target and at least one input, "
            "separated by a comma, a semicolon or a tab"
        )
    if not head:
        raise DataError(f"{table.path}: holds no row below its header")
    parts = {}
    for place, name in enumerate(table.header):
        if name:
            parts[name] = _column(name, [(line, row[place]) for line, row in head], table.separator)
    notes: dict[str, str] = {}
    left_out = []
    split = _given_name(given, "split", table.path, names) or _split(parts, notes)
    target = _target(table.path, parts, given, [*filter(None, [split])], notes, "columns")
    used = [*target, *filter(None, [split])]
    group = _given_name(given, "group", table.path, names) or _group(parts, used, notes)
    used += [group] if group else []
    if given.get("inputs") is not None:
        inputs = _given_inputs(given["inputs"], names, used, "columns", table.path)
    else:
        free = []
        for name, part in parts.items():
            if name in used:
                continue
            if why := _no_input(part):
                left_out.append(f"column {shorten(name, 40)!r}: {why}")
            else:
                free.append(name)
        if not free:
            raise DataError(
                f"{table.path}: no column of numbers is left for an input beside the target {target[0]!r}; "
                f"{'; '.join(left_out) or 'inputs are numbers'}"
            )
        inputs = _views(free, names, used)
        notes["inputs"] = _on_views(inputs)
    return GuessedParts(target, inputs, split, group, len(head), len(inputs) > 1, notes, left_out)


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
    rows = max(lengths, key=lengths.__getitem__)
    parts = {
        name: _array_part(name, value)
        for name, value in arrays.items()
        if value.ndim and len(value) == rows and (value.ndim == 1 or value.shape[1:] == (1,))
    }
    notes: dict[str, str] = {}
    left_out = []
    split = _given_name(given, "split", path, names) or _split(parts, notes)
    taken = [*filter(None, [split])]
    group = _given_name(given, "group", path, names) or _named_group(parts, taken, notes)
    taken += [group] if group else []
    rest = {name: part for name, part in parts.items() if name not in taken}
    tags = [
        name
        for name, value in arrays.items()
        if value.ndim == 2 and len(value) == rows and value.shape[1] > 1 and _is_tags(value)
    ]
    is_one = any(part.can_be_target for part in rest.values())
    if given.get("target") is None and not is_one and len(tags) == 1:
        target: tuple[str, ...] = (tags[0],)
        notes["target"] = "guessed: the only array of zeros and ones; another one: task.target=NAME"
    else:
        target = _target(path, rest, given, taken, notes, "arrays", names, only=True)
    used = [*target, *taken]
    if given.get("inputs") is not None:
        inputs = _given_inputs(given["inputs"], names, used, "arrays", path)
    else:
        found = {}
        for name, value in arrays.items():
            if name in used:
                continue
            if not _is_numbers(value):
                left_out.append(f"array {name!r}: holds texts, and inputs are numbers")
            elif not value.ndim or len(value) != rows:
                left_out.append(f"array {name!r}: has no row for each of the {rows:,} examples")
            else:
                found[name] = ColumnNames((name,))
        if not found:
            raise DataError(f"{path}: no array is left for an input beside the target {target[0]!r}")
        inputs, others = _of_one_length(found, arrays)
        left_out += others
        notes["inputs"] = f"guessed: {_listed(inputs)}; others: task.inputs"
    shapes = [arrays[names.names[0]].shape for names in inputs.values() if names.names[0] in arrays]
    fusable = len(inputs) > 1 and all(len(shape) <= 3 for shape in shapes)
    return GuessedParts(target, inputs, split, group, rows, fusable, notes, left_out)


def _column(name: str, fields: Sequence[tuple[int, str]], separator: str) -> _Part:
    gap = next((f"line {line}" for line, text in fields if not text), "")
    texts = [text for _, text in fields]
    return _Part(name, texts, all(number_in(text, separator) is not None for text in texts if text), gap)


def _array_part(name: str, value: Any) -> _Part:
    array = _head_of(value).reshape(-1)
    texts = [
        item.decode(errors="replace") if isinstance(item, bytes) else str(item) for item in array.tolist()
    ]
    return _Part(name, texts, array.dtype.kind in "biuf")


def _head_of(value: Any) -> NDArray[Any]:
    head = value[:_HEAD]
    return np.asarray(head.float() if isinstance(head, Tensor) and head.is_floating_point() else head)


def _is_numbers(value: Any) -> bool:
    return isinstance(value, Tensor) or value.dtype.kind in "biuf"


def _is_tags(value: Any) -> bool:
    if not _is_numbers(value):
        return False
    head = _head_of(value).astype(np.float64)
    return bool(np.isin(head, (0, 1)).all())


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


def _given_name(given: Mapping[str, Any], option: str, path: Path, names: Sequence[str]) -> str | None:
    name = given.get(option)
    if name is None:
        return None
    if not isinstance(name, str):
        raise DataError(f"task.{option}: expected a name, found {name!r}")
    return _chosen(name, names, option, "columns", path)[0]


def _given_inputs(
    value: Any, names: Sequence[str], used: Sequence[str], things: str, path: Path
) -> dict[str, ColumnNames]:
    try:
        choice = InputChoice.from_plain(value)
        found = choice.among(names, used, things)
    except ValueError as error:
        raise DataError(f"task.inputs: {error}") from error
    except DataError as error:
        raise DataError(f"{path}: task.{error}") from error
    return {name: ColumnNames(tuple(parts)) for name, parts in found.items()}


def _chosen(value: Any, names: Sequence[str], option: str, things: str, path: Path) -> tuple[str, ...]:
    try:
        return tuple(ColumnNames.from_plain(value).among(names, f"task.{option}", things))
    except ValueError as error:
        raise DataError(f"task.{option}: {error}") from error
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def _split(parts: Mapping[str, _Part], notes: dict[str, str]) -> str | None:
    for name, part in parts.items():
        found = {text.casefold() for text in part.values}
        if len(found) > 1 and found <= {*SPLIT_SPELLINGS}:
            notes["split"] = f"guessed: its values are {', '.join(sorted(found))}"
            return name
    return None


def _target(
    path: Path,
    parts: Mapping[str, _Part],
    given: Mapping[str, Any],
    used: Collection[str],
    notes: dict[str, str],
    things: str,
    names: Sequence[str] = (),
    only: bool = False,
) -> tuple[str, ...]:
    """Return the names of the target.

    Args:
        parts: that may be it.
        used: names of other parts.
        things: `columns` or `arrays`.
        names: of all things in the file; of `parts` where it is empty.
        only: of several, none is taken for its place.
    """
    names = names or [*parts]
    if given.get("target") is not None:
        return _chosen(given["target"], names, "target", things, path)
    able = [part for name, part in parts.items() if name not in used and part.can_be_target]
    thing = things.removesuffix("s")
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
        which = ", ".join(shorten(name, 40) for name in names[:_MOST_NAMES])
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        raise DataError(
            f"{path}: cannot tell which of the {things} is the target; say it, as "
            f"task.target={_example(able, names)}. There are {which}{more}"
        )
    notes["target"] = f"guessed: {why}, {_in_words(part)}; another one: task.target=NAME"
    return (part.name,)


_MOST_NAMES = 20


def _example(able: Sequence[_Part], names: Sequence[str]) -> str:
    return (
        repr(able[-1].name)
        if able and not able[-1].name.isidentifier()
        else (able[-1].name if able else names[-1])
    )


def _in_words(part: _Part) -> str:
    values = part.values
    if part.is_number and len(values) > 20:
        return f"numbers such as {part.texts[0]}"
    shown = ", ".join(shorten(text, 20) for text in sorted(values)[:_SHOWN])
    return f"{len(values)} values ({shown}{', …' * (len(values) > _SHOWN)})"


def _is_group(part: _Part) -> bool:
    """Return True for the names of things that have several rows each, such as `pump 7`."""
    found = len(part.values)
    if part.gap or not 4 <= found <= len(part.texts) // 2:
        return False
    word = part.name.casefold().removesuffix("_id").removesuffix(" id")
    return word in _GROUPS or (not part.is_number and all(re.search(r"\d", text) for text in part.values))


def _group(parts: Mapping[str, _Part], used: Collection[str], notes: dict[str, str]) -> str | None:
    for name, part in parts.items():
        if name not in used and _is_group(part):
            notes["group"] = (
                f"guessed: {len(part.values)} values that repeat, such as {shorten(part.texts[0], 30)!r}, so "
                "that rows of one are never in two splits; a line commented out is no group"
            )
            return name
    return None


def _named_group(parts: Mapping[str, _Part], used: Collection[str], notes: dict[str, str]) -> str | None:
    return _group({name: part for name, part in parts.items() if name.casefold() in _GROUPS}, used, notes)


def _no_input(part: _Part) -> str:
    """Return why a column is no input; nothing where it can be one."""
    if not part.is_number:
        found = len(part.values)
        return f"holds {found} different texts, and inputs are numbers; give each text a column of 0 and 1"
    if part.gap:
        return f"has a gap ({part.gap}); fill it to use the column"
    word = part.name.casefold()
    distinct = len(part.values) == len(part.texts) > 2
    if distinct and (word in _IDENTIFIERS or word.endswith(("_id", " id"))):
        return "numbers the rows, which teaches nothing"
    return ""


def _views(columns: Sequence[str], names: Sequence[str], used: Iterable[str]) -> dict[str, ColumnNames]:
    """Return view → its columns: those whose names begin alike, as `flow_min`, `flow_max`; or all as `x`."""
    groups: dict[str, list[str]] = {}
    for name in columns:
        groups.setdefault(_beginning(name), []).append(name)
    views = {word: found for word, found in groups.items() if len(found) > 1}
    alone = [name for name in columns if _beginning(name) not in views]
    if len(views) + bool(alone) > _MOST_VIEWS or len(views) < 2:
        return {"x": _as_pattern("", columns, names, used)}
    found = {word: _as_pattern(word, view, names, used) for word, view in views.items()}
    if alone:
        found["rest" if "rest" not in found else "the_rest"] = ColumnNames(tuple(alone))
    return found


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


def _on_views(inputs: Mapping[str, ColumnNames]) -> str:
    if len(inputs) == 1:
        return "guessed: all columns of numbers, as their names do not tell views; others: task.inputs"
    return f"guessed: a view for each beginning of a name: {_listed(inputs)}; other views: task.inputs"


def _listed(names: Iterable[str]) -> str:
    found = [shorten(name, 30) for name in names]
    return f"{', '.join(found[:_MOST_VIEWS])}{', …' * (len(found) > _MOST_VIEWS)}"
