"""The line of a folder in the overview, whatever it is; of one that is damaged, the reason in words."""

from __future__ import annotations

import time

from attrs import evolve

from nasframe.errors import NasframeError
from nasframe.report import Watched
from nasframe.runtime import damage_in_words, visible
from nasframe.watching.folder_state import address_of, ago
from nasframe.watching.found_folders import FoundFolder
from nasframe.watching.run_line import run_line
from nasframe.watching.study_line import study_line
from nasframe.watching.trial_files import NetworkResults

__all__ = ["holds", "shown_name", "watched"]


def shown_name(folder: FoundFolder) -> str:
    """Return the name of a folder for people."""
    return visible(folder.name or folder.path.resolve().name)


def holds(line: Watched) -> bool:
    """Return True where the state of a line stays until a file changes.

    A command that failed may be given again, and works for a while before it writes.
    """
    return line.state in ("done", "failed") and not line.reason


def watched(
    folder: FoundFolder,
    begun: float,
    changed: float,
    networks: NetworkResults,
    study: str | None = None,
    known: Watched | None = None,
) -> Watched:
    """Return the line of a folder.

    Args:
        folder: of a run or a study.
        begun, changed: times of the first and the last change in it, or in the trials of a study.
        networks: those that were read before, where it is a table.
        study: shown name of the study of which it is a trial; None where it is of none.
        known: the line of a moment ago, where only the time is another now.
    """
    now = time.time()
    if known is not None:
        return evolve(known, begun=ago(now - begun), changed=ago(now - changed))
    line = Watched(
        shown_name(folder),
        address_of(folder),
        folder.kind,
        "",
        begun=ago(now - begun),
        changed=ago(now - changed),
        study=study,
    )
    try:
        with damage_in_words(folder.path):
            if folder.kind == "run":
                return run_line(folder, line, changed)
            return study_line(folder, line, changed, networks)
    except (NasframeError, OSError) as error:
        return evolve(line, state="unreadable", problem=str(error))
