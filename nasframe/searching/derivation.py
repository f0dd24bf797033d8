"""Derivation: from the probabilities of a search to one architecture.

Every rule walks the decisions of the space in topological order, so that a node whose strongest
candidate is zero is removed before anything could choose it as a source. The assignment is always valid.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from nasframe.errors import (
    ArchitectureError,
    ContractError,
    NasframeError,
    PluginError,
    SpaceError,
    in_words,
)
from nasframe.plugins import Registered, manager, raised_at
from nasframe.relaxations import log_exponential
from nasframe.space import Alternative, Architecture, Assignment, Decision, Probabilities, SearchSpace

__all__ = ["argmax", "best_pair", "check_rule", "derive", "derive_around", "find_rule", "top_k_per_port"]

Rule = Callable[..., Assignment]

_IN_VAIN = 10_000  # draws without a new architecture, after which no more are made


def derive(
    space: SearchSpace, probabilities: Probabilities, provenance: Mapping[str, Any] | None = None
) -> Architecture:
    """Return the architecture that the space's own rule derives from the probabilities.

    Args:
        space: names the rule.
        probabilities: choice → candidate → probability, for every choice.
        provenance: recorded in the architecture.

    Raises:
        SpaceError: the space names an unknown rule.
        ArchitectureError: a probability is no finite number: no rule can decide by it.
        ContractError: the rule fails, or returns no assignment of the space.

    Example:
        >>> from nasframe import Choice, SearchSpace
        >>> space = SearchSpace("one edge", derivation="argmax")
        >>> _ = space.add_input("x", (3,)), space.add_node("y", "identity")
        >>> space.connect("x", "y", choice=Choice("edge", ("zero", "identity"), "alpha"))
        >>> space.set_output("y")
        >>> derive(space, {"edge": {"zero": 0.3, "identity": 0.7}}).assignment
        {'edge': 'identity'}
    """
    rule = find_rule(space)
    for choice, row in probabilities.items():
        for candidate, value in row.items():
            if not math.isfinite(value):
                raise ArchitectureError(
                    f"space {space.name!r}: the probability of {candidate!r} in the choice {choice!r} is "
                    f"{value}; expected a number from 0 to 1, so nothing can be derived"
                )
    try:
        assignment = rule(space, probabilities)
        if not isinstance(assignment, Mapping):
            raise TypeError(f"it must return choice → candidate, found {assignment!r}")
        return Architecture(space, assignment, dict(provenance or {}))
    except ArchitectureError as error:
        raise ContractError(f"{_shown(space)}: {error}") from error
    except NasframeError:
        raise
    except (Exception, SystemExit) as error:  # a plugin's function may raise anything
        where = raised_at(error, inspect.getmodule(rule))
        raise ContractError(f"{_shown(space)} fails: {in_words(error)}{where}") from error


def check_rule(space: SearchSpace, probabilities: Probabilities) -> None:
    """Refuse the rule of a space that does not derive one architecture from the same probabilities.

    Args:
        space: names the rule.
        probabilities: see `derive`.

    Raises:
        ContractError: it fails, returns no assignment of the space, changes the probabilities, or returns
            another assignment when it is asked again.
    """
    given = {choice: dict(row) for choice, row in probabilities.items()}
    first = derive(space, given)
    if given != probabilities:
        raise ContractError(f"{_shown(space)}: it must leave the probabilities as they are")
    if derive(space, given).assignment != first.assignment:
        raise ContractError(
            f"{_shown(space)}: the same probabilities must give the same architecture, found two"
        )


def derive_around(
    space: SearchSpace,
    probabilities: Probabilities,
    draws: int,
    generator: torch.Generator,
    provenance: Mapping[str, Any] | None = None,
) -> list[Architecture]:
    """Return the derived architecture, and those derived from probabilities perturbed by Gumbel noise.

    Where all decisions are independent this draws from the distribution that the search has learnt, elsewhere
    nearly so (perturb-and-MAP; Papandreou, Yuille 2011). The rule can return every draw.

    Args:
        space, probabilities, provenance: see `derive`.
        draws: number of perturbations.
        generator: where the noise comes from, on the CPU.

    Returns:
        Each architecture once, the derived one first: at most `draws` + 1. After 10,000 draws in vain,
        no more are made.
    """
    found = [derive(space, probabilities, provenance)]
    known, last = {found[0].fingerprint}, 0
    for draw in range(draws):
        if draw - last > _IN_VAIN:
            break
        drawn = derive(space, _perturbed(probabilities, generator), provenance)
        if drawn.fingerprint not in known:
            known.add(drawn.fingerprint)
            found.append(drawn)
            last = draw
    return found


def _perturbed(probabilities: Probabilities, generator: torch.Generator) -> dict[str, dict[str, float]]:
    found = {}
    for choice, row in probabilities.items():
        values = torch.tensor(list(row.values()), dtype=torch.float64)
        gumbel = -log_exponential(values.shape, values, generator)
        perturbed = torch.softmax(values.clamp_min(1e-300).log() + gumbel, dim=-1)
        found[choice] = dict(zip(row, perturbed.tolist(), strict=True))
    return found


def find_rule(space: SearchSpace) -> Rule:
    """Return the rule that a space names, with its argument.

    Raises:
        SpaceError: unknown rule; an argument that is no positive number or that the rule does not take; none
            where the rule needs one.
        ContractError: what is registered is no function of a space and probabilities.
    """
    if not isinstance(space.derivation, str):
        return space.derivation
    name, argument = _name_and_argument(space.derivation)
    where = f"space {space.name!r}: derivation {space.derivation!r}"
    try:
        entry = _entry(space, name)
        rule: Rule = entry.load()
    except PluginError as error:
        raise SpaceError(f"space {space.name!r}: {error}") from error
    takes = _arguments(rule)
    if takes is None or len(takes) not in (2, 3):
        raise ContractError(
            f"{entry} must be a function of a space, its probabilities and, if it takes one, a number; "
            f"found {rule!r}"
        )
    if not argument:
        if len(takes) == 3 and takes[2].default is inspect.Parameter.empty:
            raise SpaceError(f"{where}: {entry} needs a number of at least 1, as in {name}:2")
        return rule
    if len(takes) == 2:
        raise SpaceError(f"{where}: {entry} takes no argument, found {argument!r}")
    if not argument.isdecimal() or int(argument) < 1:
        raise SpaceError(f"{where}: {entry} takes a number of at least 1, found {argument!r}")
    return functools.partial(rule, **{takes[2].name: int(argument)})


def _name_and_argument(derivation: str) -> tuple[str, str]:
    """Return `rule` and `2` of `rule:2`, and `plugin:rule` and `2` of `plugin:rule:2`."""
    name, _, argument = derivation.rpartition(":")
    names = [entry.name for entry in manager().registered("derivation")]
    return (name, argument) if argument.isdecimal() or name in names else (derivation, "")


def _entry(space: SearchSpace, name: str) -> Registered:
    with manager().written_by(space.plugin):
        return manager().find("derivation", name)


def _arguments(rule: Any) -> list[inspect.Parameter] | None:
    try:
        return [*inspect.signature(rule).parameters.values()]
    except (TypeError, ValueError):  # no function
        return None


def _shown(space: SearchSpace) -> str:
    if not isinstance(space.derivation, str):
        return f"the derivation rule of space {space.name!r}"
    return str(_entry(space, _name_and_argument(space.derivation)[0]))


def argmax(space: SearchSpace, probabilities: Probabilities) -> dict[str, str]:
    """Take the most probable alternative of every decision; where sources are dealt to several ports, the set
    of sources with the largest product of probabilities."""
    return space.decisions.walk(lambda step, alternatives: _strongest(space, alternatives, probabilities))


def best_pair(space: SearchSpace, probabilities: Probabilities) -> dict[str, str]:
    """Decide as `argmax`, but no two cells keep the same sources, unless tied or no others are left."""
    wiring, taken = space.wiring, dict[frozenset[str], str]()

    def decide(step: Decision, alternatives: Sequence[Alternative]) -> Alternative:
        if step.kind != "deal" or step.name not in wiring.cells:
            return _strongest(space, alternatives, probabilities)
        sources = {edge.choice.name: edge.source for edge in step.edges if edge.choice is not None}

        def kept(alternative: Alternative) -> frozenset[str]:
            return frozenset(
                sources[name] for name, value in alternative.assigns if not wiring.removes(name, value)
            )

        tie = wiring.cells[step.name]
        fresh = [alternative for alternative in alternatives if taken.get(kept(alternative), tie) == tie]
        chosen = _strongest(space, fresh or alternatives, probabilities)
        taken.setdefault(kept(chosen), tie)
        return chosen

    return space.decisions.walk(decide)


def top_k_per_port(space: SearchSpace, probabilities: Probabilities, k: int = 2) -> dict[str, str]:
    """Keep the k most probable live edges of every port, even improbable ones; decide everything else as
    `argmax`. A space names this rule as `top_k_per_port:k`."""
    wiring, removed = space.wiring, set[str]()

    def decide(step: Decision, alternatives: Sequence[Alternative]) -> Alternative:
        if step.kind != "edge" or not alternatives[0].assigns:
            chosen = _strongest(space, alternatives, probabilities)
            if chosen.removes:
                removed.add(chosen.removes)
            return chosen
        (edge,) = step.edges
        rivals = [
            item.choice.name
            for item in wiring.arrivals[edge.target, edge.port]
            if item.choice is not None and item.source not in removed
        ]
        ranked = sorted(rivals, key=lambda name: -_presence(space, name, probabilities))
        keeps = step.choices[0] in ranked[:k]
        fitting = [
            alternative for alternative in alternatives if wiring.removes(*alternative.assigns[0]) != keeps
        ]
        return _strongest(space, fitting or alternatives, probabilities)

    return space.decisions.walk(decide)


def _presence(space: SearchSpace, choice: str, probabilities: Probabilities) -> float:
    """Return the probability that an edge is kept."""
    row = probabilities[choice]
    return 1.0 - sum(value for name, value in row.items() if space.wiring.removes(choice, name))


def _strongest(
    space: SearchSpace, alternatives: Sequence[Alternative], probabilities: Probabilities
) -> Alternative:
    """Return the alternative with the largest product of probabilities; the first of equals.

    Where sources are dealt to several ports, the product runs over the kept edges only.
    """

    def strength(alternative: Alternative) -> float:
        alone = len(alternative.assigns) == 1
        kept = [pair for pair in alternative.assigns if alone or not space.wiring.removes(*pair)]
        return sum(math.log(max(probabilities[name][value], 1e-300)) for name, value in kept)

    return max(alternatives, key=strength)
