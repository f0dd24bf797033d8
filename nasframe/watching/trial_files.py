"""The files of trials that are no runs: searches on a table, and the networks of a table."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

from attrs import define, field, frozen

from nasframe.report import TRIAL_FOLDERS
from nasframe.runtime import Each, Fields, Items, Nullable, Number, read_json
from nasframe.studies import NETWORKS, SEARCHES

__all__ = [
    "NetworkResults",
    "TrainedNetwork",
    "courses_of_searches",
    "files_in",
    "network_files",
    "search_files",
]

_POINTS = 60
"""The most points of the mean course of several searches."""

_SEARCHES_SHAPE = Fields(
    {"searches": Items(Fields({"steps": Items(Fields({"cost": Number(0)}, {"score": Nullable(Number())}))}))}
)
_NETWORK_SHAPE = Fields(
    {"validation": Each(Nullable(Number()))}, {"test": Nullable(Each(Nullable(Number())))}
)


def files_in(place: Path) -> dict[str, os.stat_result]:
    """Return name → status of each file in a folder, no links; of a folder that has gone, none."""
    found = {}
    try:
        with os.scandir(place) as items:
            for item in items:
                if item.is_file(follow_symlinks=False):
                    found[item.name] = item.stat(follow_symlinks=False)
    except OSError:
        return found
    return found


def network_files(study: Path) -> dict[str, os.stat_result]:
    """Return name → status of the files of the trained networks of a table."""
    found = {} if (study / NETWORKS).is_symlink() else files_in(study / NETWORKS)
    return {name: status for name, status in found.items() if name.endswith(".json")}


def search_files(study: Path) -> dict[str, Path]:
    """Return name of a trial → the file of its searches on a table, in a comparison of loops."""
    found = {}
    try:
        with os.scandir(study / TRIAL_FOLDERS[0]) as items:
            for item in items:
                if item.is_dir(follow_symlinks=False) and SEARCHES in files_in(Path(item.path)):
                    found[item.name] = Path(item.path) / SEARCHES
    except OSError:
        return found
    return dict(sorted(found.items()))


def courses_of_searches(study: Path) -> dict[str, list[tuple[float, float]]]:
    """Return name of a trial → the course of its searches: cost, and the mean validation score of the best.

    A mean begins where every search has an architecture. Searches of older versions recorded no scores.

    Raises:
        RunError: a file is damaged.
    """
    found = {}
    for name, file in search_files(study).items():
        searches = read_json(file, _SEARCHES_SHAPE)["searches"]
        steps = [
            [(step["cost"], step["score"]) for step in search["steps"] if step.get("score") is not None]
            for search in searches
        ]
        if steps and all(steps):
            found[name] = _mean_course(steps)
    return found


def _mean_course(steps: list[list[tuple[float, float]]]) -> list[tuple[float, float]]:
    first = max(own[0][0] for own in steps)
    costs = sorted({cost for own in steps for cost, _ in own if cost >= first})
    thinned = costs[:: -(-len(costs) // _POINTS)]
    return [
        (cost, fmean(next(score for at, score in reversed(own) if at <= cost) for own in steps))
        for cost in dict.fromkeys([*thinned, costs[-1]])
    ]


@frozen
class TrainedNetwork:
    """A network of a table: when it was trained, in nanoseconds, and its metrics on both splits."""

    when: int
    validation: Mapping[str, float | None]
    test: Mapping[str, float | None]


@define
class NetworkResults:
    """The results of the networks of one table, each read once."""

    _read: dict[str, tuple[tuple[int, int], TrainedNetwork]] = field(init=False, factory=dict)

    def look(self, study: Path) -> list[TrainedNetwork]:
        """Return the networks that are there now, in the order in which they were trained.

        Raises:
            RunError: a file is damaged.
        """
        there = network_files(study)
        self._read = {name: known for name, known in self._read.items() if name in there}
        for name, status in there.items():
            key = (status.st_mtime_ns, status.st_size)
            if name not in self._read or self._read[name][0] != key:
                values: Mapping[str, Any] = read_json(study / NETWORKS / name, _NETWORK_SHAPE)
                self._read[name] = key, TrainedNetwork(key[0], values["validation"], values.get("test") or {})
        return sorted((network for _, network in self._read.values()), key=lambda network: network.when)
