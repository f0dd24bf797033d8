"""Gumbel-Rao: the estimator with K conditional draws, the draws, and their exact limit by quadrature."""

from __future__ import annotations

from nasframe.relaxations.gumbel_rao.conditional import average, log_ratios
from nasframe.relaxations.gumbel_rao.estimator import GumbelRaoMonteCarlo, gumbel_rao
from nasframe.relaxations.gumbel_rao.exact import exact_jacobian, exact_weights
from nasframe.relaxations.gumbel_rao.race import race_table

__all__ = [
    "GumbelRaoMonteCarlo",
    "average",
    "exact_jacobian",
    "exact_weights",
    "gumbel_rao",
    "log_ratios",
    "race_table",
]
