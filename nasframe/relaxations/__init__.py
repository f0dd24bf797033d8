"""Relaxations: how the logits of choices become differentiable weights.

The contract is `Relaxation`. Beside each class stands the pure function with its mathematics.
"""

from __future__ import annotations

from nasframe.relaxations.check import check_relaxation
from nasframe.relaxations.dirichlet import Dirichlet, dirichlet_mean, dirichlet_sample
from nasframe.relaxations.gst import GappedStraightThrough, gapped_straight_through
from nasframe.relaxations.gumbel_rao.conditional import conditional_average, conditional_log_ratios
from nasframe.relaxations.gumbel_rao.estimator import GumbelRaoMonteCarlo, gumbel_rao
from nasframe.relaxations.gumbel_rao.exact import exact_jacobian
from nasframe.relaxations.gumbel_rao.race import race_table
from nasframe.relaxations.noise import categorical, log_exponential
from nasframe.relaxations.reinmax import ReinMax, reinmax_sample
from nasframe.relaxations.relaxation import Relaxation, Sample
from nasframe.relaxations.schedule import (
    Schedule,
    ScheduledRelaxation,
    schedule_last,
    temperature_at,
    temperature_option,
)
from nasframe.relaxations.softmax import Softmax, tempered_softmax
from nasframe.relaxations.sparsemax import Sparsemax, simplex_projection
from nasframe.relaxations.stgs import StraightThroughGumbelSoftmax, gumbel_softmax

__all__ = [
    "Dirichlet",
    "GappedStraightThrough",
    "GumbelRaoMonteCarlo",
    "ReinMax",
    "Relaxation",
    "Sample",
    "Schedule",
    "ScheduledRelaxation",
    "Softmax",
    "Sparsemax",
    "StraightThroughGumbelSoftmax",
    "categorical",
    "check_relaxation",
    "conditional_average",
    "conditional_log_ratios",
    "dirichlet_mean",
    "dirichlet_sample",
    "exact_jacobian",
    "gapped_straight_through",
    "gumbel_rao",
    "gumbel_softmax",
    "log_exponential",
    "race_table",
    "reinmax_sample",
    "schedule_last",
    "simplex_projection",
    "temperature_at",
    "temperature_option",
    "tempered_softmax",
]
