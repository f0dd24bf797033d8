"""The files of the laboratory: numbers as JSON, figures as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nasframe.estimators.conditional_bias import ConditionalBias
from nasframe.estimators.figures import draw_figures
from nasframe.estimators.measurement import Measurement
from nasframe.files import without_nan, write_json

__all__ = ["save_results"]


def save_results(
    out: Path, measurements: Sequence[Measurement], biases: Sequence[ConditionalBias] = ()
) -> list[Path]:
    """Write `estimators.json`, `proposition-3.json` where there are biases, and the figures.

    Args:
        out: the folder, made where it is not there.
        measurements: what `measure_estimators` returned.
        biases: what `Laboratory.conditional_biases` returned.

    Returns:
        The files that were written.
    """
    tables: dict[str, Sequence[Measurement | ConditionalBias]] = {
        "estimators": measurements,
        "proposition-3": biases,
    }
    files = []
    for name, entries in tables.items():
        if entries:
            files.append(out / f"{name}.json")
            write_json(files[-1], without_nan([entry.to_dict() for entry in entries]))
    return files + draw_figures(measurements, biases, out)
