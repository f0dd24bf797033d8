"""The contract of a space that a factory makes, checked before a search."""

from __future__ import annotations

import inspect
from typing import Any

from nasframe.errors import ContractError, NasframeError, in_words
from nasframe.plugins import manager, raised_at
from nasframe.space.architecture_count import ArchitectureCount
from nasframe.space.space import SearchSpace
from nasframe.space.wiring import Wiring

__all__ = ["check_space"]


def check_space(space: SearchSpace, again: SearchSpace) -> None:
    """Refuse a space that cannot be searched.

    Args:
        space: to check.
        again: what the same factory made for the same inputs.

    Raises:
        SpaceError: its graph is wrong.
        ContractError: both differ; or counting, sampling or validation fails or returns another thing.
    """
    space.check()
    for name, found, other in zip(_FIELDS, _graph(space), _graph(again), strict=True):
        if found != other:
            raise ContractError(
                f"{_shown(space)} must be the same for the same options and inputs, and its {name} changed "
                "when it was made again"
            )
    there = _answer(space, "how_many")
    if not isinstance(there, ArchitectureCount):
        raise ContractError(f"{_shown(space)}: how_many must return an ArchitectureCount, found {there!r}")
    count = _answer(space, "count") if there.exact else there.value
    if type(count) is not int or count < 1:
        raise ContractError(f"{_shown(space)}: count must return a number from 1, found {count!r}")
    assignment = _answer(space, "sample")
    valid = _answer(space, "validate", assignment)
    if valid != assignment:
        raise ContractError(
            f"{_shown(space)}: validate must return the assignment that sample returns, {assignment!r}, "
            f"found {valid!r}"
        )


_FIELDS = ("nodes", "edges", "deals", "output", "cells", "choices", "derivation rule")


def _graph(space: SearchSpace) -> tuple[Any, ...]:
    wiring: Wiring = space.wiring
    rule = space.derivation if isinstance(space.derivation, str) else ""
    nodes, choices = [*wiring.nodes.items()], [*wiring.choices.items()]
    edges = {place: sorted(found, key=lambda edge: edge.name) for place, found in wiring.arrivals.items()}
    return nodes, edges, wiring.deals, wiring.output, wiring.cells, choices, rule


def _answer(space: SearchSpace, method: str, *arguments: Any) -> Any:
    try:
        return getattr(space, method)(*arguments)
    except NasframeError:
        raise
    except (Exception, SystemExit) as error:  # a subclass of a plugin may raise anything
        where = raised_at(error, inspect.getmodule(type(space)))
        raise ContractError(f"{_shown(space)}: {method} raised {in_words(error)}{where}") from error


def _shown(space: SearchSpace) -> str:
    if space.origin is None:
        return f"search space {space.name!r}"
    return str(manager().find("space", str(space.origin["name"])))
