"""The results of the laboratory: tables, figures, and the files of both."""

from __future__ import annotations

from nasframe_estimators.results.files import save_biases, save_measurements, save_results
from nasframe_estimators.results.tables import table_of_biases, table_of_measurements, tables_of_functions

__all__ = [
    "save_biases",
    "save_measurements",
    "save_results",
    "table_of_biases",
    "table_of_measurements",
    "tables_of_functions",
]
