"""The sections of an experiment that have no part in it, as its loop uses none of their options."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from nasframe.errors import PluginError
from nasframe.experiment.sections import DEFAULT_NAMES, class_of
from nasframe.searching import GradientLoop, ProposalLoop

__all__ = ["overrides_without_effect", "unused_in", "unused_sections"]


def unused_sections(loop: type[GradientLoop | ProposalLoop], name: str) -> Mapping[str, str]:
    """Return section → why its options change nothing, as the rest of a sentence.

    Args:
        loop: the class of a loop.
        name: by which an experiment names it.
    """
    found = {}
    if not loop.relaxes:
        found["relaxation"] = (
            f"as the loop {name!r} has no logits to relax; others have, such as loop.name=bilevel"
        )
    if issubclass(loop, ProposalLoop):
        found["search"] = (
            f"as the loop {name!r} trains no supernet; its own options are loop.…, and those of its "
            "trainings train.…"
        )
    return found


def overrides_without_effect(unused: Mapping[str, str], overrides: Sequence[str]) -> list[str]:
    """Return a problem for each `key=value` of a section that `unused_sections` names.

    Example:
        >>> overrides_without_effect({"search": "as no supernet is trained"}, ["search.epochs=3", "seed=1"])
        ['search.epochs=3: changes nothing, as no supernet is trained']
    """
    return [
        f"{word}: changes nothing, {why}"
        for section, why in unused.items()
        for word in overrides
        if re.match(rf"\s*{section}\s*[.=]", word)
    ]


def unused_in(values: Mapping[str, Any]) -> Mapping[str, str]:
    """Return what `unused_sections` says of the loop of plain values; nothing where they name no loop."""
    table = values.get("loop", {})
    name = table.get("name", DEFAULT_NAMES["loop"]) if isinstance(table, Mapping) else None
    if not isinstance(name, str):
        return {}
    try:
        found = class_of("loop", name)
    except PluginError:
        return {}
    if not (isinstance(found, type) and issubclass(found, GradientLoop | ProposalLoop)):
        return {}
    return unused_sections(found, name)
