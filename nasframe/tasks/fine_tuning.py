"""A trained network together with the networks in front of it, which were frozen until then."""

from __future__ import annotations

from attrs import field, frozen
from torch import nn

from nasframe.tasks.data import Data

__all__ = ["FineTuning"]


@frozen
class FineTuning:
    """The trained network behind the networks that make its inputs, all of which are trained on together.

    Attributes:
        module: from the inputs of the front, by name, to raw outputs; it holds the trained network itself.
        data: splits of the same examples, with the inputs of the front. The test split is not opened.
        epochs: of the fine-tuning, 1 or more.
        learning_rate: of Adam, above 0; the other options are those of `[train]`.
        rate_option: the option that holds it, such as `task.rate`, for an error whose remedy is a lower one.
    """

    module: nn.Module
    data: Data = field(repr=False)
    epochs: int
    learning_rate: float
    rate_option: str = "the learning rate of the fine-tuning"
