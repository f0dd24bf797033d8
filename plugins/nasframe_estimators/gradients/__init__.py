"""Estimators: the settings of every relaxation, draws of their gradients, and the unbiased reference."""

from __future__ import annotations

from nasframe_estimators.gradients.relaxation_settings import (
    SAMPLES,
    TEMPERATURES,
    Samples,
    Setting,
    class_path,
    full_name,
    relaxation_names,
    settings_of,
    target_of,
)
from nasframe_estimators.gradients.relaxed import (
    relaxed_gradient,
    relaxed_gradients,
    samples_one_hot,
)
from nasframe_estimators.gradients.score_function import (
    EVALUATIONS,
    SCORE_FUNCTION,
    score_function_gradients,
    score_function_once,
)

__all__ = [
    "EVALUATIONS",
    "SAMPLES",
    "SCORE_FUNCTION",
    "TEMPERATURES",
    "Samples",
    "Setting",
    "class_path",
    "full_name",
    "relaxation_names",
    "relaxed_gradient",
    "relaxed_gradients",
    "samples_one_hot",
    "score_function_gradients",
    "score_function_once",
    "settings_of",
    "target_of",
]
