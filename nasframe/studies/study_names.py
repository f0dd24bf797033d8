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
from nasframe.runs import name_record
from nasframe.studies.folder import read_study

__all__ = ["made_names", "names_in", "reading_names", "reading_study"]


def made_names(before: Mapping[str, Any]) -> dict[str, Any]:
    """Return `names` (kind → name → plugin) and `packages` (plugin → package or file) as they are now.

    Those of an earlier document, `before`, stay as they are.
    """
    then, now = before.get("names", {}), name_record()
    names = {kind: now.get(kind, {}) | then.get(kind, {}) for kind in {**now, **then}}
    return {"names": names, "packages": manager().packages() | before.get("packages", {})}


def names_in(document: Mapping[str, Any]) -> RecordedNames:
    """Return the names that `made_names` gave to a document; none where it is older."""
    return RecordedNames(document.get("names", {}), document.get("packages", {}))


def reading_names(document: Mapping[str, Any]) -> AbstractContextManager[None]:
    """Let names mean what they mean in a document while the block runs."""
    return manager().reading(names_in(document))


def reading_study(folder: Path, *, overwrite: bool) -> AbstractContextManager[None]:
    """Let names mean what they mean in the study of a folder; nothing happens where there is none to go on
    with."""
    try:
        return nullcontext() if overwrite else reading_names(read_study(folder))
    except RunError:
        return nullcontext()
