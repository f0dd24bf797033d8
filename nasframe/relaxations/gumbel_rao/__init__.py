"""Gumbel-Rao: the estimator with K conditional draws, the draws, and their exact limit by quadrature."""

from __future__ import annotations

from nasframe.relaxations.gumbel_rao.conditional import (
    ConditionalAverage,
    conditional_average,
    conditional_log_ratios,
)
from nasframe.relaxations.gumbel_rao.estimator import GumbelRaoMonteCarlo, gumbel_rao
from nasframe.relaxations.gumbel_rao.exact import exact_jacobian, exact_weights
from nasframe.relaxations.gumbel_rao.race import race_table

__all__ = [
    "ConditionalAverage",
    "GumbelRaoMonteCarlo",
    "conditional_average",
    "conditional_log_ratios",
    "exact_jacobian",
    "exact_weights",
    "gumbel_rao",
    "race_table",
]
