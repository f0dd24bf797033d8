"""The plugins of the names in a study: recorded when it is begun, and held by each of its trials.

So a study goes on with the operations that it began with, whatever other plugins have come since. A study
that was begun before there was the record means nasframe's own where nasframe has a name.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from nasframe.errors import RunError
from nasframe.plugins import RecordedNames, manager
from nasframe.studies.folder.record import read_study

__all__ = ["reading_names", "reading_study"]


def reading_names(document: Mapping[str, Any]) -> AbstractContextManager[None]:
    """Let names mean what they mean in a document while the block runs."""
    return manager().reading(RecordedNames.of(document))


def reading_study(folder: Path, *, overwrite: bool) -> AbstractContextManager[None]:
    """Let names mean what they mean in the study of a folder; nothing happens where there is none to go on
    with."""
    try:
        return nullcontext() if overwrite else reading_names(read_study(folder))
    except RunError:
        return nullcontext()
