"""The contract of a registered search space."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from nasframe.operations import Shape
from nasframe.space.space import SearchSpace

__all__ = ["SpaceFactory"]


class SpaceFactory(ABC):
    """Makes a `SearchSpace` for the inputs of a task. Subclasses are attrs classes; fields are options."""

    @abstractmethod
    def build(self, inputs: Mapping[str, Shape], outputs: int) -> SearchSpace:
        """The space for these input shapes (without the batch) and number of outputs.

        Raises:
            SpaceError: the inputs do not fit, in words.
        """
