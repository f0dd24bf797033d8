"""The objective before and after derivation: of the supernet, and of the network derived from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nasframe.studies.statistics import Bounds, mean, paired
from nasframe.studies.variants import Variant

__all__ = ["gaps"]

_STAGES = ("supernet", "inherited", "trained")


def gaps(
    variants: Sequence[Variant], results: Sequence[Mapping[str, Any]], bounds: Bounds
) -> list[dict[str, Any]]:
    """Return the objective of each variant on the validation split, before and after derivation.

    `supernet` is that of the supernet, `inherited` of the derived network with the supernet's weights,
    `trained` of the trained one; `drop` is supernet minus inherited, seed by seed.
    """
    found = []
    for variant in variants:
        own = [result["validation"] for result in results if result["variant"] == variant.name]
        entry: dict[str, Any] = {"variant": variant.name}
        for stage in _STAGES:
            value = mean([item[stage] for item in own], bounds)
            entry[stage] = {"mean": value.mean, "low": value.low, "high": value.high}
        lost = paired([item["supernet"] for item in own], [item["inherited"] for item in own], bounds)
        entry["drop"] = {"mean": lost.difference, "low": lost.low, "high": lost.high}
        found.append(entry)
    return found
