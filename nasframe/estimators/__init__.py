"""The estimator laboratory: bias, variance, squared error and time of every relaxation's gradient."""

from __future__ import annotations

from nasframe.estimators.conditional_bias import ConditionalBias
from nasframe.estimators.finished_run import BITS
from nasframe.estimators.function import Function, Pack, exact_gradient
from nasframe.estimators.laboratory import Laboratory, measure_estimators
from nasframe.estimators.measurement import Measurement
from nasframe.estimators.results import save_biases, save_measurements, save_results
from nasframe.estimators.tables import table_of_biases, table_of_measurements, tables_of_functions

__all__ = [
    "BITS",
    "ConditionalBias",
    "Function",
    "Laboratory",
    "Measurement",
    "Pack",
    "exact_gradient",
    "measure_estimators",
    "save_biases",
    "save_measurements",
    "save_results",
    "table_of_biases",
    "table_of_measurements",
    "tables_of_functions",
]
