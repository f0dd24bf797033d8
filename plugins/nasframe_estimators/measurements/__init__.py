"""Bias, variance, squared error and time of an estimator, and the bias of Proposition 3, with intervals."""

from __future__ import annotations

from nasframe_estimators.measurements.conditional_bias import (
    GRMC_TARGET,
    STGS,
    STGS_TARGET,
    ConditionalBias,
    measure_conditional_bias,
)
from nasframe_estimators.measurements.measurement import Measurement, measure
from nasframe_estimators.measurements.statistics import Interval

__all__ = [
    "GRMC_TARGET",
    "STGS",
    "STGS_TARGET",
    "ConditionalBias",
    "Interval",
    "Measurement",
    "measure",
    "measure_conditional_bias",
]
