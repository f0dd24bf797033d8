"""The files of the laboratory: numbers as JSON, figures as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nasframe.estimators.conditional_bias import ConditionalBias
from nasframe.estimators.figures import figures_of_biases, figures_of_measurements
from nasframe.estimators.measurement import Measurement
from nasframe.runtime import without_nan, write_json, write_text

__all__ = ["save_biases", "save_measurements", "save_results"]

_OF_MEASUREMENTS = ("estimators.json", "proposition-1.svg", "proposition-2.svg", "all.svg")
_OF_BIASES = ("proposition-3.json", "proposition-3.svg")


def save_results(
    out: Path, measurements: Sequence[Measurement], biases: Sequence[ConditionalBias] = ()
) -> list[Path]:
    """Write `estimators.json`, `proposition-3.json` where there are biases, and the figures.

    Files of these names from an earlier call are removed, so that the folder holds the results of one call.

    Args:
        out: the folder; it is made if it does not exist.
        measurements: from `measure_estimators`.
        biases: from `Laboratory.conditional_biases`.

    Returns:
        The files that were written.
    """
    return save_measurements(out, measurements) + save_biases(out, biases)


def save_measurements(out: Path, measurements: Sequence[Measurement]) -> list[Path]:
    """Write the files of `save_results` without those of Proposition 3; old ones of it are removed."""
    figures = figures_of_measurements(measurements)
    _remove(out, (*_OF_MEASUREMENTS, *_OF_BIASES))
    return _write(out, "estimators", measurements, figures)


def save_biases(out: Path, biases: Sequence[ConditionalBias]) -> list[Path]:
    """Write the files of Proposition 3, and return them."""
    figures = figures_of_biases(biases)
    _remove(out, _OF_BIASES)
    return _write(out, "proposition-3", biases, figures)


def _write(
    out: Path, name: str, entries: Sequence[Measurement | ConditionalBias], figures: Mapping[str, str]
) -> list[Path]:
    files: list[Path] = []
    if entries:
        table: list[dict[str, Any]] = [entry.to_dict() for entry in entries]
        files.append(out / f"{name}.json")
        write_json(files[-1], without_nan(table))
    for title, svg in figures.items():
        files.append(out / f"{title}.svg")
        write_text(files[-1], svg)
    return files


def _remove(out: Path, names: Sequence[str]) -> None:
    for name in names:
        (out / name).unlink(missing_ok=True)
