"""The architectures of a comparison side by side, with their differences marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from nasframe.errors import NasframeError
from nasframe.render import draw
from nasframe.report.drawing import PageDrawing, on_page
from nasframe.runtime import path_inside
from nasframe.space import Architecture

__all__ = ["Panel", "Panels", "architecture_panels"]

_MOST = 24
"""The most drawings on a page; seeds that would make more are left out."""


@frozen
class Panel:
    """The architectures of a variant: seed → its drawing, or the reason why there is none."""

    variant: str
    pictures: Mapping[int, PageDrawing | str]


@frozen
class Panels:
    """A panel for each variant, in which the reader chooses a seed, and a note on all."""

    note: str
    panels: Sequence[Panel]


def architecture_panels(data: Mapping[str, Any], folder: Path) -> Panels:
    """Return the panels of a comparison, whose runs are in a folder."""
    variants = [variant["name"] for variant in data["variants"]]
    seeds = data["seeds"][: max(1, _MOST // max(1, len(variants)))]
    shown = variants[:_MOST]
    found = {(trial["variant"], trial["seed"]): _load(trial, folder) for trial in data["trials"]}
    first = variants[0] if variants else ""
    note = (
        f"Marked: the differences from the architecture that {first} found with the same seed."
        if len(variants) > 1
        else ""
    )
    if len(seeds) < len(data["seeds"]) or len(shown) < len(variants):
        note += (
            f" To keep the page small, {len(seeds)} of {len(data['seeds'])} seeds of {len(shown)} "
            "variants are drawn."
        )
    return Panels(
        note,
        [Panel(name, {seed: _picture(name, seed, first, found) for seed in seeds}) for name in shown],
    )


def _picture(
    variant: str, seed: int, first: str, found: Mapping[tuple[str, int], Architecture | str]
) -> PageDrawing | str:
    mine, other = found.get((variant, seed)), found.get((first, seed))
    if not isinstance(mine, Architecture):
        return mine or "There is no architecture of this seed."
    against = other if isinstance(other, Architecture) and variant != first else None
    return on_page(draw(mine, against=against, rankdir="TB"), f"{variant}, seed {seed}")


def _load(trial: Mapping[str, Any], folder: Path) -> Architecture | str:
    try:
        path = path_inside(folder, trial["folder"], "its folder") / "architecture.json"
        if not path.exists():
            return f"{trial['name']}: {trial.get('error') or 'no architecture was found yet'}"
        return Architecture.load(path)
    except NasframeError as error:
        return f"{trial['name']}: {error}"
