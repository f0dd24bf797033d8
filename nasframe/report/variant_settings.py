"""The options of each variant of a study, also of those whose plugins the study swapped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from nasframe.errors import NasframeError
from nasframe.report.experiment_options import parsed_experiment
from nasframe.runs import Run
from nasframe.runtime import path_inside

__all__ = ["first_run", "points_of_variants", "settings_of_runs", "trials_of_variants", "variant_settings"]

Settings = Mapping[str, Any]


def variant_settings(data: Mapping[str, Any], folder: Path | None) -> dict[str, Settings]:
    """Return name → experiment of each variant or point, as parsed TOML.

    The options of a plugin that a study swaps in stand in its runs alone. Where no run of such a variant is
    done or there any more, the section has the name of the plugin and the options that vary.

    Args:
        data: the record of a study, with current names.
        folder: of the study; None where it is not known.
    """
    base = parsed_experiment(data["experiment"])
    trials = trials_of_variants(data)
    found: dict[str, Settings] = {}
    for name, point in points_of_variants(data).items():
        swaps = any(key.endswith(".name") for key in point)
        run = first_run(trials.get(name, ()), folder) if swaps and folder is not None else None
        found[name] = _at(base, point) if run is None else parsed_experiment(run.experiment_toml)
    return found or {"": base}


def settings_of_runs(data: Mapping[str, Any], folder: Path | None) -> dict[str, Settings]:
    """Return name → experiment of each variant or point whose first run can be opened: all of its options.

    Args:
        data: the record of a study, with current names.
        folder: of the study; None where it is not known.
    """
    if folder is None:
        return {}
    runs = {name: first_run(own, folder) for name, own in trials_of_variants(data).items()}
    return {name: parsed_experiment(run.experiment_toml) for name, run in runs.items() if run is not None}


def points_of_variants(data: Mapping[str, Any]) -> dict[str, Settings]:
    """Return name of a variant or point → option → value, of what varies."""
    points = {name: own[0].get("point") or {} for name, own in trials_of_variants(data).items()}
    return points | {variant["name"]: variant.get("point") or {} for variant in data["variants"]}


def trials_of_variants(data: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """Return name of a variant or point → its trials, those of all seeds."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for trial in data["trials"]:
        found.setdefault(trial.get("variant") or trial["name"], []).append(trial)
    return found


def first_run(trials: Iterable[Mapping[str, Any]], folder: Path) -> Run | None:
    """Return the run of the first of some trials that is done; None where none can be opened."""
    for trial in trials:
        try:
            if trial["status"] == "done":
                return Run.open(path_inside(folder, trial["folder"], "its folder"))
        except (NasframeError, KeyError):  # the folder of a trial may have been removed
            continue
    return None


def _at(base: Settings, point: Settings) -> Settings:
    """Return an experiment with the options of a point; names first, as they take other options with them."""
    found = {key: dict(value) if isinstance(value, Mapping) else value for key, value in base.items()}
    for key in sorted(point, key=lambda key: not key.endswith(".name")):
        section, _, option = key.partition(".")
        own = found.get(section)
        if not option:
            found[section] = point[key]
        elif not isinstance(own, dict) or (option == "name" and own.get("name") != point[key]):
            found[section] = {option: point[key]}
        else:
            _set(own, option.split("."), point[key])
    return found


def _set(table: dict[str, Any], path: list[str], value: Any) -> None:
    for part in path[:-1]:
        inner = table.get(part)
        table[part] = dict(inner) if isinstance(inner, Mapping) else {}
        table = table[part]
    table[path[-1]] = value
