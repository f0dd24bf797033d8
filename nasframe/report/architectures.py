"""The architectures of a comparison side by side, with their differences marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nasframe.errors import NasframeError
from nasframe.render import draw
from nasframe.report.markup import drawing, esc, slug
from nasframe.space import Architecture

__all__ = ["architecture_panels"]

_MOST = 24
"""The most drawings on a page; seeds that would make more are left out."""


def architecture_panels(data: Mapping[str, Any], folder: Path) -> str:
    """Return HTML with a panel for each variant, in which the reader chooses a seed."""
    variants = [variant["name"] for variant in data["variants"]]
    seeds = data["seeds"][: max(1, _MOST // max(1, len(variants)))]
    if len(variants) > _MOST:
        variants = variants[:_MOST]
    found = {(trial["variant"], trial["seed"]): _load(trial, folder) for trial in data["trials"]}
    first = variants[0] if variants else ""
    panels = "".join(_panel(index, name, first, seeds, found) for index, name in enumerate(variants))
    note = (
        f"Marked: the differences from the architecture that {first} found with the same seed."
        if len(variants) > 1
        else ""
    )
    left_out = len(data["seeds"]) - len(seeds)
    if left_out or len(variants) < len(data["variants"]):
        note += (
            f" To keep the page small, {len(seeds)} of {len(data['seeds'])} seeds of {len(variants)} "
            "variants are drawn."
        )
    return f'<p class="note">{esc(note)}</p><div class="grid panels">{panels}</div>'


def _panel(
    index: int,
    variant: str,
    first: str,
    seeds: Sequence[int],
    found: Mapping[tuple[str, int], Architecture | str],
) -> str:
    pictures, options = "", ""
    for place, seed in enumerate(seeds):
        mine, other = found.get((variant, seed)), found.get((first, seed))
        if isinstance(mine, Architecture):
            against = other if isinstance(other, Architecture) and variant != first else None
            content = drawing(draw(mine, against=against, rankdir="TB"), f"{variant}, seed {seed}")
        else:
            content = f'<p class="note">{esc(mine or "There is no architecture of this seed.")}</p>'
        hidden = " hidden" if place else ""
        pictures += f'<div class="picture" data-seed="{seed}"{hidden}>{content}</div>'
        options += f'<option value="{seed}">seed {seed}</option>'
    chooser = f"{slug(variant)}-{index}-seed"
    select = (
        f'<label class="controls" for="{chooser}">Seed <select id="{chooser}" data-chooses>{options}'
        "</select></label>"
        if len(seeds) > 1
        else ""
    )
    return f'<div class="panel"><h3>{esc(variant)}</h3>{select}{pictures}</div>'


def _load(trial: Mapping[str, Any], folder: Path) -> Architecture | str:
    path = folder / trial["folder"] / "architecture.json"
    if not path.exists():
        return f"{trial['name']}: {trial.get('error') or 'no architecture was found yet'}"
    try:
        return Architecture.load(path)
    except NasframeError as error:
        return f"{trial['name']}: {error}"
