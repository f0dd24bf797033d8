"""Relaxations: how the logits of choices become differentiable weights.

The contract is `Relaxation`. Beside each class stands the pure function with its mathematics.

- **the contract**: `Relaxation`, `Sample`, `check_relaxation`
- **a temperature that changes**: `ScheduledRelaxation` with `temperature_option`, `schedule_last`,
  `Schedule`, `temperature_at`
- **relaxations**: `Softmax` (`tempered_softmax`), `Sparsemax` (`simplex_projection`),
  `StraightThroughGumbelSoftmax` (`gumbel_softmax`), `GumbelRaoMonteCarlo` (`gumbel_rao`), `ReinMax`
  (`reinmax_sample`), `GappedStraightThrough` (`gapped_straight_through`), `Dirichlet` (`dirichlet_sample`,
  `dirichlet_mean`)
- **parts of a straight-through estimator**: `with_jacobian`, `softmax_jacobian`, `one_hot`,
  `working_dtype`
- **noise**: `uniform`, `log_exponential`, `logistic`, `categorical`
- **the noise given the draw**: `conditional_log_ratios`, `conditional_average` (`ConditionalAverage`), and
  their limits `exact_jacobian`, `exact_weights`
"""

from __future__ import annotations

from nasframe.relaxations.check import check_relaxation
from nasframe.relaxations.dirichlet import Dirichlet, dirichlet_mean, dirichlet_sample
from nasframe.relaxations.gst import GappedStraightThrough, gapped_straight_through
from nasframe.relaxations.gumbel_rao import (
    ConditionalAverage,
    GumbelRaoMonteCarlo,
    conditional_average,
    conditional_log_ratios,
    exact_jacobian,
    exact_weights,
    gumbel_rao,
)
from nasframe.relaxations.noise import categorical, log_exponential, logistic, uniform, working_dtype
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
from nasframe.relaxations.surrogate import one_hot, softmax_jacobian, with_jacobian

__all__ = [
    "ConditionalAverage",
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
    "exact_weights",
    "gapped_straight_through",
    "gumbel_rao",
    "gumbel_softmax",
    "log_exponential",
    "logistic",
    "one_hot",
    "reinmax_sample",
    "schedule_last",
    "simplex_projection",
    "softmax_jacobian",
    "temperature_at",
    "temperature_option",
    "tempered_softmax",
    "uniform",
    "with_jacobian",
    "working_dtype",
]
