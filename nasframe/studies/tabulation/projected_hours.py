"""The hours that a table of a whole space is projected to take; many must be asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nasframe.errors import RunError, in_lines
from nasframe.runtime import counted, ways_out
from nasframe.space import ArchitectureCount
from nasframe.studies.axes import MOST_TRIALS

__all__ = ["check_hours", "check_size", "size_in_words"]

_ASK = 1.0
"""Hours of projected work from which on `--all` asks for `--yes`."""


def size_in_words(count: ArchitectureCount, networks: int | None = None) -> str:
    """Return how many architectures a space has, and how many different networks where that is known."""
    different = "" if networks is None else f", {counted(networks, 'different network')}"
    return f"the space has {count.in_words}{different}"


def check_size(folder: Path, count: ArchitectureCount) -> None:
    """Refuse the whole of a space that has more architectures than anybody can train.

    Raises:
        RunError: with their number, or that it is not known.
    """
    if count.value > MOST_TRIALS or not count.exact:
        raise RunError(
            f"{folder}: {size_in_words(count)}; --all takes {MOST_TRIALS:,} at most. Say --architectures N "
            "for a sample"
        )


def check_hours(
    folder: Path,
    count: ArchitectureCount,
    networks: int,
    *,
    each: int,
    left: int,
    workers: int,
    first: Mapping[str, Any] | None,
    errors: Sequence[str],
) -> None:
    """Refuse to train the whole of a space where that would take long, or where nobody can know.

    Args:
        folder: of the table.
        count: number of architectures of the space.
        networks: number of its different networks.
        each: trainings of each network.
        left: trainings that are not done.
        workers: trainings at the same time.
        first: result of the first training; None where none succeeded.
        errors: the reasons why the first trainings failed.

    Raises:
        RunError: with the number of networks and the projected hours.
    """
    title = f"{folder}: {size_in_words(count, networks)}"
    remedy = ways_out(
        "say --yes to train them",
        "--architectures N for a sample",
        otherwise="give its `nasframe tabulate` again with `--yes` to train them",
    )
    if first is None:
        raise RunError(
            in_lines(f"{title}; no first training succeeded, so no hours can be projected", *errors, remedy)
        )
    hours = left * first["seconds"] / workers / 3600
    if hours > _ASK:
        raise RunError(
            f"{title}; at {first['seconds']:.1f} s for the first training, {each} each, "
            f"{workers} at a time (--workers), they take about {_in_hours(hours)}; {remedy}"
        )


def _in_hours(hours: float) -> str:
    return f"{hours:,.1f} hours" if hours < 10_000 else f"{hours / 24 / 365.25:,.3g} years"
