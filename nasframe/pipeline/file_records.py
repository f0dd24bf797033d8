"""The records of scored files, held to the contract: one a file, in order, finite numbers or an error."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nasframe.errors import ContractError
from nasframe.runtime import shorten

__all__ = ["checked_records", "error_record"]


def error_record(file: str | Path, error: str, reason: str = "error") -> dict[str, Any]:
    """Return the record of a file that has no score.

    Args:
        file: its path.
        error: the cause in words, without the path.
        reason: a word for scripts.
    """
    return {"file": str(file), "error": error, "reason": reason}


def checked_records(
    task: str, files: Sequence[Path], records: Iterator[dict[str, Any]]
) -> Generator[dict[str, Any], None, None]:
    """Yield the records of a task; one without a finite score, or with a number that is not, is an error.

    Args:
        task: its name, for an error.
        files: what was to be scored.
        records: what the task's scorer yields.

    Raises:
        ContractError: the task yields fewer or more records than files, or one of another shape.
    """
    missing, promise = object(), f"must yield one record for each of {len(files)} files"
    try:
        for number, file in enumerate(files):
            record = next(records, missing)
            if record is missing:
                raise _broken(task, f"{promise}, found {number}")
            yield _decided(_shaped(task, file, record))
        if next(records, missing) is not missing:
            raise _broken(task, f"{promise}, found one more")
    finally:
        if isinstance(records, Generator):  # its threads end now, and not when it is collected
            records.close()


def _broken(task: str, text: str) -> ContractError:
    return ContractError(f"task {task} breaks the contract of nasframe.FileScorer: score {text}")


def _shaped(task: str, file: Path, record: Any) -> dict[str, Any]:
    """Return the record with the file first, and with a reason where there is an error."""
    if not isinstance(record, Mapping):
        raise _broken(task, f"must yield dictionaries, found {shorten(repr(record), 80)} for {file}")
    if "error" in record:
        if not isinstance(record["error"], str):
            found = shorten(repr(record["error"]), 80)
            raise _broken(task, f"must give the error in words, found {found} for {file}")
        return {"file": str(file), **record, "reason": str(record.get("reason") or "error")}
    if "seconds" in record and not _are_seconds(record["seconds"]):
        raise _broken(
            task,
            'must give `seconds` as a list of {"start": …, "end": …, "score": … or None}, '
            f"found {shorten(repr(record['seconds']), 80)} for {file}",
        )
    if "left_out" in record and not _are_parts(record["left_out"]):
        raise _broken(
            task,
            'must give `left_out` as a list of {"start": …, "end": …, "reason": …}, '
            f"found {shorten(repr(record['left_out']), 80)} for {file}",
        )
    if "summary" in record and not isinstance(record["summary"], str):
        found = shorten(repr(record["summary"]), 80)
        raise _broken(task, f"must give `summary` in words, found {found} for {file}")
    if "notes" in record and not _are_texts(record["notes"]):
        found = shorten(repr(record["notes"]), 80)
        raise _broken(task, f"must give `notes` as a list of sentences, found {found} for {file}")
    return {"file": str(file), **record}


def _are_seconds(value: Any) -> bool:
    return _are_spans(value) and all(
        "score" in item and (item["score"] is None or _is_number(item["score"])) for item in value
    )


def _are_parts(value: Any) -> bool:
    return _are_spans(value) and all(isinstance(item.get("reason"), str) for item in value)


def _are_spans(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(
        isinstance(item, Mapping) and all(_is_number(item.get(key)) for key in ("start", "end"))
        for item in value
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)


def _decided(record: dict[str, Any]) -> dict[str, Any]:
    """Return the record, or an error in its place where its score, or a number of it, is not finite."""
    if "error" in record:
        return record
    undefined = [
        name for name, value in record.items() if not _is_finite(value) or (name == "score" and value is None)
    ]
    if not undefined:
        return record
    found = shorten(", ".join(f"{name} {record[name]!r}" for name in undefined), 200)
    words = f"no decision, because a number is not finite: {found}"
    return error_record(record["file"], words, "not-finite")


def _is_finite(value: Any) -> bool:
    """Return False where a NaN or an infinity is in the value."""
    if isinstance(value, Mapping):
        return all(map(_is_finite, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_is_finite, value))
    return not isinstance(value, float) or math.isfinite(value)
