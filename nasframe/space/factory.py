"""The contract of a registered search space."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from nasframe.errors import ContractError, NasframeError, in_words
from nasframe.operations import Shape
from nasframe.options import unstructure
from nasframe.plugins import described, manager, raised_at
from nasframe.space.space import SearchSpace

__all__ = ["SpaceFactory"]


class SpaceFactory(ABC):
    """Makes a `SearchSpace` for the inputs of a task. Subclasses are attrs classes; fields are options.

    A subclass implements `make`; `build` calls it and notes in the space where it came from, so that its
    architectures can be saved and read again. A bare name in the space, of an operation or a derivation rule,
    is that of the plugin that registers the factory, else nasframe's own, else that of the one plugin that
    has it.
    """

    @property
    def exact_with(self) -> str:
        """The overrides with which the supernet evaluates the network that is built, such as
        `space.ports=distinct`; empty where it does so, or where nobody knows before the inputs are known.

        Where it says some, a loop without logits is refused before any data is read.
        """
        return ""

    @abstractmethod
    def make(self, inputs: Mapping[str, Shape], outputs: int) -> SearchSpace:
        """Return the space for these input shapes (without the batch) and number of outputs.

        Raises:
            SpaceError: the inputs do not fit; its text says why.
        """

    def build(self, inputs: Mapping[str, Shape], outputs: int) -> SearchSpace:
        """Return the space, with its origin; see `make` for the arguments and errors.

        Raises:
            ContractError: `make` fails otherwise, or returns no space.
        """
        entry = manager().entry_of("space", type(self))
        plugin = None if entry is None else entry.plugin
        shown = described("space", type(self), entry)
        given = dict(inputs)
        try:
            with manager().written_by(plugin):
                space = self.make(given, outputs)
        except NasframeError:
            if given == inputs:
                raise
        except (Exception, SystemExit) as error:  # a plugin's class may raise anything
            why = f"{in_words(error)}{raised_at(error, inspect.getmodule(type(self)))}"
            raise ContractError(f"{shown} cannot be made for inputs {dict(inputs)}: {why}") from error
        if given != inputs:
            raise ContractError(f"{shown}: make must leave the inputs that it is given as they are")
        if not isinstance(space, SearchSpace):
            raise ContractError(f"{shown}: make must return a nasframe.SearchSpace, found {space!r}")
        name = manager().name_of("space", type(self))
        if name is not None:
            space.plugin = plugin
            space.origin = {
                "name": name,
                "options": {key: _listed(value) for key, value in unstructure(self).items()},
                "inputs": {key: list(shape) for key, shape in inputs.items()},
                "outputs": outputs,
            }
        return space


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
