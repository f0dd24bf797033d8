"""Functions of a few choices, whose exact gradient is known: standard ones, and the loss of a run."""

from __future__ import annotations

from nasframe_estimators.functions.empty_ports import (
    MECHANISMS,
    PORT_FUNCTIONS,
    functions_of_ports,
    standard_ports,
)
from nasframe_estimators.functions.finished_run import BITS, function_of_run
from nasframe_estimators.functions.function import (
    Clipping,
    Function,
    Pack,
    contexts,
    distribution,
    every_outcome,
    exact_gradient,
    log_probabilities,
    one_hot_weights,
)
from nasframe_estimators.functions.standard import FUNCTIONS, standard_functions

__all__ = [
    "BITS",
    "FUNCTIONS",
    "MECHANISMS",
    "PORT_FUNCTIONS",
    "Clipping",
    "Function",
    "Pack",
    "contexts",
    "distribution",
    "every_outcome",
    "exact_gradient",
    "function_of_run",
    "functions_of_ports",
    "log_probabilities",
    "one_hot_weights",
    "standard_functions",
    "standard_ports",
]
