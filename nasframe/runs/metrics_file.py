"""The file `metrics.jsonl` made whole: which lines are kept, and a sentence about those that are not."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from nasframe.errors import RunError
from nasframe.runs.documents import parse_metrics_line
from nasframe.runtime import (
    ANYTHING,
    MAX_LISTING_BYTES,
    Each,
    counted,
    format_names,
    parse_json,
    read_bytes,
    without_nan,
    write_text,
)

__all__ = ["cut_short", "keep_lines", "lost_epochs"]


@frozen
class _Line:
    """A line of the file.

    Attributes:
        number: from 1.
        text: with its end.
        record: its content; None where it is damaged.
        damage: a sentence without its subject; empty where the line is whole.
    """

    number: int
    text: str
    record: Mapping[str, Any] | None
    damage: str = ""


def keep_lines(path: Path, keep: Callable[[Mapping[str, Any]], bool], why: str = "") -> list[str]:
    """Write the file anew with the whole lines for which `keep` is true; nothing where there is no file.

    Args:
        path: of the file.
        keep: takes the content of a line.
        why: the reason why the other whole lines go; without it nothing is said of them.

    Returns:
        A sentence for each damaged line, and one for the lines that `keep` dropped.
    """
    lines = list(_lines(path))
    kept = [line for line in lines if line.record is not None and keep(line.record)]
    said = [_damage(path, lines, line) for line in lines if line.record is None]
    dropped = [line.record for line in lines if line.record is not None and not keep(line.record)]
    if dropped and why:
        said.append(f"{path}: {_count(len(dropped))} dropped ({_epochs(dropped)}): {why}")
    if len(kept) < len(lines):
        records = (line.record for line in kept)
        write_text(path, "".join(json.dumps(without_nan(record)) + "\n" for record in records))
    return said


def cut_short(path: Path) -> str:
    """Return a sentence about a last line that a kill cut short; empty where it is whole."""
    lines = list(_lines(path))
    return _damage(path, lines, lines[-1]) if lines and not lines[-1].text.endswith("\n") else ""


def lost_epochs(history: Sequence[Mapping[str, Any]], epochs: int) -> str:
    """Return the epochs, from 1 to `epochs`, of which a history has no line: three, and how many more.

    A checkpoint may say any number, so they are not listed.
    """
    there = {record["epoch"] for record in history if 1 <= record["epoch"] <= epochs}
    lost = (str(epoch) for epoch in range(1, epochs + 1) if epoch not in there)
    return format_names([*itertools.islice(lost, 3)], count=epochs - len(there))


def _lines(path: Path) -> Iterator[_Line]:
    if not path.exists():
        return
    # not by `splitlines`: see `read_json_lines`
    *whole, last = read_bytes(path, RunError, MAX_LISTING_BYTES).split(b"\n")
    for number, content in enumerate(whole, start=1):
        text = content.decode(errors="replace") + "\n"
        yield _Line(number, text, *_record(content))
    if last:
        cut = "was cut short by a kill or a full disk"
        yield _Line(len(whole) + 1, last.decode(errors="replace"), None, cut)


def _record(content: bytes) -> tuple[Mapping[str, Any] | None, str]:
    """Return the content of a line, and its damage."""
    try:
        text = content.decode()
        parse_json(text, "", Each(ANYTHING))
    except (RunError, UnicodeDecodeError):
        return None, "is no JSON object"
    try:
        return parse_metrics_line(text, "is damaged"), ""
    except RunError as error:
        return None, str(error)


def _damage(path: Path, lines: Sequence[_Line], line: _Line) -> str:
    before = [item.record for item in lines[: line.number - 1] if item.record is not None]
    place = f" (after {_epochs(before[-1:])})" if before else ""
    return f"{path}: line {line.number}{place} {line.damage}, and is dropped"


def _count(number: int) -> str:
    return counted(number, "line is", "lines are")


def _epochs(records: Sequence[Mapping[str, Any]]) -> str:
    """Return the stages of lines with their epochs: `search, epochs 3 to 5`."""
    epochs: dict[str, list[Any]] = {}
    for record in records:
        epochs.setdefault(str(record.get("stage", "a line of a plugin")), []).append(record.get("epoch"))
    return "; ".join(
        stage if None in found else f"{stage}, epoch{_range(found)}" for stage, found in epochs.items()
    )


def _range(found: Sequence[Any]) -> str:
    if len(found) == 1:
        return f" {found[0]}"
    # only the stages of nasframe have whole numbers for sure
    if all(isinstance(epoch, int) for epoch in found) and _is_range(found):
        return f"s {found[0]} to {found[-1]}"
    return f"s {format_names([str(epoch) for epoch in found])}"


def _is_range(numbers: Sequence[int]) -> bool:
    return all(number == numbers[0] + place for place, number in enumerate(numbers))
