"""The files of the laboratory: numbers as JSON and CSV, figures as SVG with their data as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nasframe.display import Figure, Table
from nasframe.runtime import without_nan, write_json, write_text
from nasframe_estimators.measurements import ConditionalBias, Measurement
from nasframe_estimators.results.figures import figures_of_biases, figures_of_measurements
from nasframe_estimators.results.tables import table_of_biases, table_of_measurements

__all__ = ["save_biases", "save_measurements", "save_results"]

_OF_MEASUREMENTS = (
    *("estimators.json", "estimators.csv"),
    *(f"{name}.{form}" for name in ("proposition-1", "proposition-2", "all") for form in ("svg", "csv")),
)
_OF_BIASES = ("proposition-3.json", "biases.csv", "proposition-3.svg", "proposition-3.csv")


def save_results(
    out: Path, measurements: Sequence[Measurement], biases: Sequence[ConditionalBias] = ()
) -> list[Path]:
    """Write the measurements, the biases of Proposition 3 where there are some, and the figures.

    The numbers are in `estimators.json` and `.csv`, and in `proposition-3.json` and `biases.csv`; each figure
    is an SVG, with its data in a CSV of the same name.

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
    table, figures = table_of_measurements(measurements), figures_of_measurements(measurements)
    _remove(out, (*_OF_MEASUREMENTS, *_OF_BIASES))
    return _write(out, "estimators", measurements, table, figures)


def save_biases(out: Path, biases: Sequence[ConditionalBias]) -> list[Path]:
    """Write the files of Proposition 3, and return them."""
    table, figures = table_of_biases(biases), figures_of_biases(biases)
    _remove(out, _OF_BIASES)
    return _write(out, "proposition-3", biases, table, figures)


def _write(
    out: Path,
    name: str,
    entries: Sequence[Measurement | ConditionalBias],
    table: Table,
    figures: Sequence[Figure],
) -> list[Path]:
    if not entries:
        return []
    records: list[dict[str, Any]] = [entry.to_dict() for entry in entries]
    write_json(out / f"{name}.json", without_nan(records))
    texts = {f"{table.name}.csv": table.to_csv()}
    for figure in figures:
        texts |= {f"{figure.name}.svg": figure.to_svg(), f"{figure.name}.csv": figure.to_csv()}
    for file, text in texts.items():
        write_text(out / file, text)
    return [out / file for file in (f"{name}.json", *texts)]


def _remove(out: Path, names: Sequence[str]) -> None:
    for name in names:
        (out / name).unlink(missing_ok=True)
