"""The found network beside the one of the last epoch of its search: equal, or why they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from nasframe.display import format_value
from nasframe.errors import NasframeError
from nasframe.render import differences
from nasframe.report.finalists import selection_of
from nasframe.runs import Run
from nasframe.runtime import counted, shorten, visible
from nasframe.searching import derive

__all__ = ["LastEpoch", "compare_last_epoch"]

_MOST, _LONGEST = 4, 40
"""Places that are named, and the letters of each."""


@frozen
class LastEpoch:
    """Two captions.

    Attributes:
        network: below the picture of the found network.
        epochs: below the slider over the epochs.
    """

    network: str = ""
    epochs: str = ""


def compare_last_epoch(run: Run, history: Sequence[Mapping[str, Any]]) -> LastEpoch:
    """Return the captions of the found network and of the slider, by the record of a run.

    Args:
        run: with an architecture.
        history: the lines of `metrics.jsonl` that a search with logits wrote.
    """
    derived = history[-1].get("derived")
    if not derived:
        return LastEpoch()
    selection = selection_of(run)
    same = derived == run.architecture.fingerprint[:16]
    how = _choice(selection)
    dealt = (
        " Which of the kept sources a port receives is dealt when a network is derived, so the slider shows "
        "the sources alone."
        if run.architecture.space.wiring.deals
        else ""
    )
    if same:
        ending = f", and was kept when {how}" if how else ""
        words = f"the rule of the space derived it from the last epoch of the search{ending}."
        return LastEpoch(
            f"The same as in the last epoch below: {words}",
            f"The last epoch shows the network that was found.{dealt}",
        )
    where = _where(run, history[-1])
    if not how:
        return LastEpoch(
            f"Not the one of the last epoch below{where}; the record does not say why.",
            f"The network that was found is not the one of the last epoch{where}; the record does not say "
            f"why.{dealt}",
        )
    return LastEpoch(
        f"Not the one that the rule of the space derived from the last epoch below{where}: {how}, and this "
        f"one was taken{_scores(selection)}.",
        f"The last epoch shows what the rule of the space derives. The network that was found is another "
        f"one{where}: {how}.{dealt}",
    )


def _choice(selection: Mapping[str, Any]) -> str:
    """Return how one of several was chosen; empty where there was no choice."""
    if not selection or "candidates" not in selection:
        return ""
    count = counted(selection["candidates"], "architecture")
    finals = selection.get("finals")
    if finals and finals.get("networks"):
        return (
            f"the supernet ranked {count}, and {counted(len(finals['networks']), 'finalist')} of them trained"
        )
    return f"the supernet compared {count} on validation"


def _scores(selection: Mapping[str, Any]) -> str:
    chosen, rule = selection.get("chosen"), selection.get("rule")
    if selection.get("finals") or chosen is None or rule is None:
        return ""
    return f", with {format_value(chosen)} against {format_value(rule)}"


def _where(run: Run, line: Mapping[str, Any]) -> str:
    """Return where the found network and the rule's differ; empty where the record does not tell it."""
    try:
        other = derive(run.architecture.space, line["probabilities"])
    except (NasframeError, KeyError):
        return ""
    if other.fingerprint[:16] != line["derived"]:
        return ""  # the recorded digits are too few
    places = list(dict.fromkeys(change.where for change in differences(run.architecture, other)))
    if not places:
        return " (they differ where nothing depends on it)"
    named = [shorten(visible(place), _LONGEST) for place in places[:_MOST]]
    more = [f"{len(places) - _MOST} more places"] if len(places) > _MOST else []
    return f" (they differ at {', '.join([*named, *more])})"
