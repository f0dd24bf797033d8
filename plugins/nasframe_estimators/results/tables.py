"""The tables of the laboratory: one of all measurements, one for each function, and that of Proposition 3."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nasframe.display import Cell, Column, Estimate, Table
from nasframe_estimators.measurements import ConditionalBias, Interval, Measurement

__all__ = ["estimate", "table_of_biases", "table_of_measurements", "tables_of_functions"]

_COLUMNS: dict[str, tuple[Column, Callable[[Measurement], Cell]]] = {
    column.key: (column, read)
    for column, read in [
        (Column("relaxation"), lambda entry: entry.relaxation),
        (Column("samples", "K", unit="setting"), lambda entry: entry.samples),
        (Column("temperature", unit="setting"), lambda entry: entry.temperature),
        (Column("function"), lambda entry: entry.function),
        (Column("group"), lambda entry: entry.group),
        (Column("bias", unit="short"), lambda entry: estimate(entry.bias, entry.bias_interval)),
        (Column("variance", unit="short"), lambda entry: estimate(entry.variance, entry.variance_interval)),
        (Column("mse", unit="short"), lambda entry: estimate(entry.mse, entry.mse_interval)),
        (Column("cosine", unit="short"), lambda entry: entry.cosine),
        (Column("time_ms", "ms", unit="short"), lambda entry: entry.time_ms),
        (Column("draws", unit="count"), lambda entry: entry.draws),
        (Column("evaluations", unit="count"), lambda entry: entry.evaluations),
        (Column("scale", unit="short"), lambda entry: entry.scale),
        (Column("error"), lambda entry: _line(entry.error)),
    ]
}

_OF_A_FUNCTION = ("relaxation", "samples", "temperature", "bias", "variance", "mse", "time_ms", "draws")

_RELATIVE = "Bias, variance and mse are relative to the exact gradient, with 95 % intervals."


def estimate(value: float | None, interval: Interval | None) -> Estimate:
    """Return a number with its interval, where there is one."""
    return Estimate(value) if interval is None else Estimate(value, *interval)


def table_of_measurements(measurements: Sequence[Measurement]) -> Table:
    """Return all measurements, with every field that people read."""
    return _table("estimators", "The gradients of every relaxation", list(_COLUMNS), measurements)


def tables_of_functions(measurements: Sequence[Measurement]) -> list[Table]:
    """Return a table for each function, titled with its name and the norm of its exact gradient."""
    tables = []
    for function in dict.fromkeys(entry.function for entry in measurements):
        here = [entry for entry in measurements if entry.function == function]
        scale = next((entry.scale for entry in here if entry.scale is not None), None)
        title = function if scale is None else f"{function}, exact gradient of norm {scale:.4g}"
        failed = ["error"] if any(entry.error is not None for entry in here) else []
        tables.append(_table(function, title, [*_OF_A_FUNCTION, *failed], here))
    return tables


def table_of_biases(biases: Sequence[ConditionalBias]) -> Table:
    """Return Proposition 3: a row for each function and temperature, a column for STGS and each K."""
    counts = list(dict.fromkeys(entry.samples for entry in biases if entry.samples is not None))
    rows: dict[tuple[str, float], dict[int | str | None, ConditionalBias]] = {}
    for entry in biases:
        rows.setdefault((entry.function, entry.temperature), {})[entry.samples] = entry
    failed = any(entry.error is not None for entry in biases)
    columns = [
        Column("function"),
        Column("temperature", unit="setting"),
        Column("stgs", "STGS", unit="short"),
        *(
            Column(
                "exact" if k == "exact" else f"k_{k}", "exact" if k == "exact" else f"K = {k}", unit="short"
            )
            for k in counts
        ),
        *([Column("error")] if failed else []),
    ]
    cells: list[list[Cell]] = []
    for (function, temperature), found in rows.items():
        here = [found.get(k) for k in (None, *counts)]
        biases_here = [None if entry is None else estimate(entry.bias, entry.bias_interval) for entry in here]
        errors = dict.fromkeys(entry.error for entry in here if entry is not None and entry.error is not None)
        told = [_line("; ".join(errors)) or None] if failed else []
        cells.append([function, temperature, *biases_here, *told])
    title = "Proposition 3: bias of STGS, and of GRMC with every outcome enumerated"
    return Table("biases", title, columns, cells, note="Relative to the exact gradient, with 95 % intervals.")


def _table(name: str, title: str, keys: Sequence[str], entries: Sequence[Measurement]) -> Table:
    chosen = [_COLUMNS[key] for key in keys]
    rows = [[read(entry) for _, read in chosen] for entry in entries]
    return Table(name, title, [column for column, _ in chosen], rows, note=_RELATIVE)


def _line(error: str | None) -> str | None:
    return None if error is None else " ".join(error.split())
