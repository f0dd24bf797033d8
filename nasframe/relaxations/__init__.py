"""Relaxations: how the logits of choices become differentiable weights.

The contract is `Relaxation`. Beside each class stands the pure function with its mathematics.
"""

from nasframe.relaxations.base import Relaxation, Sample
from nasframe.relaxations.dirichlet import Dirichlet, dirichlet_mean, dirichlet_sample
from nasframe.relaxations.grmc import GumbelRaoMonteCarlo, gumbel_rao
from nasframe.relaxations.gst import GappedStraightThrough, gapped_straight_through
from nasframe.relaxations.reinmax import ReinMax, reinmax_sample
from nasframe.relaxations.schedule import Schedule, temperature_at
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
    "Softmax",
    "Sparsemax",
    "StraightThroughGumbelSoftmax",
    "dirichlet_mean",
    "dirichlet_sample",
    "gapped_straight_through",
    "gumbel_rao",
    "gumbel_softmax",
    "reinmax_sample",
    "simplex_projection",
    "temperature_at",
    "tempered_softmax",
]
