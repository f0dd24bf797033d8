"""The file `metrics.jsonl` made whole: which lines are kept, and a sentence about those that are not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from nasframe.runtime import format_names, without_nan, write_text

__all__ = ["cut_short", "keep_lines", "lost_epochs"]


@frozen
class _Line:
    """A line of the file.

    Attributes:
        number: from 1.
        text: with its end.
        record: its content; None where it is not a whole JSON object.
    """

    number: int
    text: str
    record: Mapping[str, Any] | None


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


def lost_epochs(history: Sequence[Mapping[str, Any]], epochs: int) -> list[int]:
    """Return the epochs, from 1 to `epochs`, of which a history has no line."""
    there = {record.get("epoch") for record in history}
    return [epoch for epoch in range(1, epochs + 1) if epoch not in there]


def _lines(path: Path) -> Iterator[_Line]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return
    for number, line in enumerate(content.splitlines(keepends=True), start=1):
        text = line.decode(errors="replace")
        yield _Line(number, text, _record(text) if text.endswith("\n") else None)


def _record(text: str) -> Mapping[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _damage(path: Path, lines: Sequence[_Line], line: _Line) -> str:
    before = [item.record for item in lines[: line.number - 1] if item.record is not None]
    place = f" (after {_epochs(before[-1:])})" if before else ""
    what = "is no JSON object" if line.text.endswith("\n") else "was cut short by a kill or a full disk"
    return f"{path}: line {line.number}{place} {what}, and is dropped"


def _count(number: int) -> str:
    return "1 line is" if number == 1 else f"{number} lines are"


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
    if list(found) == list(range(int(found[0]), int(found[0]) + len(found))):
        return f"s {found[0]} to {found[-1]}"
    return f"s {format_names([str(epoch) for epoch in found])}"
