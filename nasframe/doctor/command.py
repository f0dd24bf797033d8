"""The command `doctor`, which also runs where the command line itself cannot be imported."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from nasframe.doctor.examination import examine

__all__ = ["doctor", "doctor_of_words"]


def doctor(*, cache: Path | None = None, imports: bool = False, json: bool = False) -> int:
    """Inspect the installation: versions, devices, plugins, folders, and the problems with a mend for each.

    The exit status is 1 where there is a problem.

    Parameters
    ----------
    cache
        The folder of prepared data. [default: NASFRAME_CACHE, else the user's]
    imports
        Import the packages of extras that take seconds, too.
    json
        An object instead of lines.
    """
    findings = examine(cache, imports=imports)
    print(findings.to_json() if json else findings.to_text(), flush=True)
    return 1 if findings.problems else 0


def doctor_of_words(words: Sequence[str]) -> int:
    """Run `doctor` with its words, without the library of the command line; unknown words are passed over."""
    place = next((Path(after) for word, after in pairwise(words) if word == "--cache"), None)
    return doctor(cache=place, imports="--imports" in words, json="--json" in words)
