"""Functions of a few choices, whose exact gradient is known: standard ones, and the loss of a run."""

from __future__ import annotations

from nasframe_estimators.functions.finished_run import BITS, function_of_run
from nasframe_estimators.functions.function import (
    Function,
    Pack,
    every_outcome,
    exact_gradient,
    log_probabilities,
    one_hot_weights,
)
from nasframe_estimators.functions.standard import FUNCTIONS, standard_functions

__all__ = [
    "BITS",
    "FUNCTIONS",
    "Function",
    "Pack",
    "every_outcome",
    "exact_gradient",
    "function_of_run",
    "log_probabilities",
    "one_hot_weights",
    "standard_functions",
]
