"""Relaxations: how the logits of choices become differentiable weights.

The contract is `Relaxation`. Beside each class stands the pure function with its mathematics.
"""

from nasframe.relaxations.base import Relaxation, Sample
from nasframe.relaxations.grmc import GumbelRaoMonteCarlo, gumbel_rao
from nasframe.relaxations.schedule import Schedule, temperature_at
from nasframe.relaxations.softmax import Softmax, tempered_softmax
from nasframe.relaxations.stgs import StraightThroughGumbelSoftmax, gumbel_softmax

__all__ = [
    "GumbelRaoMonteCarlo",
    "Relaxation",
    "Sample",
    "Schedule",
    "Softmax",
    "StraightThroughGumbelSoftmax",
    "gumbel_rao",
    "gumbel_softmax",
    "temperature_at",
    "tempered_softmax",
]
