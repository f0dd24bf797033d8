"""The names of all that a study writes in its folder."""

from __future__ import annotations

from collections.abc import Collection

from nasframe.jobs import LOG_FILE

__all__ = ["LOCK", "LOCKS", "OLD_TRIALS", "RECORD", "TENSORS", "TRIALS", "WORKERS_LOCK", "written_names"]

RECORD = "study.json"
TRIALS = "trials"
TENSORS = "tensors.safetensors"

OLD_TRIALS = "cells"  # the name that the folder of an older study has, and keeps

LOCK = "study.lock"
WORKERS_LOCK = "workers.lock"
LOCKS = (LOCK, WORKERS_LOCK)
_FILES = (
    *(RECORD, *LOCKS, LOG_FILE, TENSORS, "report.html"),
    # the queue of earlier versions: nothing writes it, and it goes when a study is replaced
    *("study.sqlite3", "study.sqlite3-journal", "study.sqlite3-wal", "study.sqlite3-shm"),
    "study.sqlite3.damaged",
)


def written_names(kind: str, files: Collection[str]) -> tuple[str, ...]:
    """Return the names of the files of a study of a kind; those of its trials lie deeper."""
    return (*_FILES, f"{kind}.json", *files)
