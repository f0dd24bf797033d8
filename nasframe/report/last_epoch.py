"""The found network beside the one of the last epoch of its search: equal, or why they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from nasframe.display import Cell, Column, Table, format_value
from nasframe.errors import NasframeError
from nasframe.render import Change, differences
from nasframe.report.finalists import selection_of
from nasframe.runs import Run
from nasframe.runtime import counted, shorten, visible
from nasframe.searching import derive

__all__ = ["LastEpoch", "compare_last_epoch"]

_SAME = "The network that was found is that of the last epoch"
_OTHER = "The network that was found is not that of the last epoch"

_MOST, _LONGEST = 4, 40
"""Places that are named, and the letters of each."""


@frozen
class LastEpoch:
    """A heading and a caption for each of both, and where they differ.

    Attributes:
        heading: the answer in a few words: the same network, or another one and why.
        network: above the picture of the found network.
        epochs: above the slider over the epochs.
        differences: the table `last-epoch`, a row for each place where they differ; None where there is none.
    """

    heading: str = ""
    network: str = ""
    epochs: str = ""
    differences: Table | None = None


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
            _SAME,
            f"The same as in the last epoch below: {words}",
            f"The last epoch shows the network that was found.{dealt}",
        )
    changes = _changes(run, history[-1])
    where, table = _where(changes), _table(changes or ())
    if not how:
        return LastEpoch(
            _OTHER,
            f"Not the one of the last epoch below{where}; the record does not say why.",
            f"The network that was found is not the one of the last epoch{where}; the record does not say "
            f"why.{dealt}",
            table,
        )
    return LastEpoch(
        f"{_OTHER}: {_chosen(selection)}",
        f"Not the one that the rule of the space derived from the last epoch below{where}: {how}, and this "
        f"one was taken{_scores(selection)}.",
        f"The last epoch shows what the rule of the space derives. The network that was found is another "
        f"one{where}: {how}.{dealt}",
        table,
    )


def _chosen(selection: Mapping[str, Any]) -> str:
    finals = (selection.get("finals") or {}).get("networks")
    if finals:
        return f"it was chosen among {counted(len(finals), 'trained finalist')}"
    return f"the supernet chose it among {counted(selection['candidates'], 'architecture')}"


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


def _changes(run: Run, line: Mapping[str, Any]) -> list[Change] | None:
    """Return how the found network (left) and the rule's differ; None where the record does not tell it."""
    try:
        other = derive(run.architecture.space, line["probabilities"])
    except (NasframeError, KeyError):
        return None
    if other.fingerprint[:16] != line["derived"]:
        return None  # the recorded digits are too few
    return differences(run.architecture, other)


def _where(changes: Sequence[Change] | None) -> str:
    if changes is None:
        return ""
    places = list(dict.fromkeys(change.where for change in changes))
    if not places:
        return " (they differ where nothing depends on it)"
    named = [shorten(visible(place), _LONGEST) for place in places[:_MOST]]
    more = [f"{counted(len(places) - _MOST, 'more place')}"] if len(places) > _MOST else []
    return f" (they differ at {', '.join([*named, *more])})"


def _table(changes: Sequence[Change]) -> Table | None:
    if not changes:
        return None
    columns = [
        Column("place"),
        Column("found", "in the network that was found"),
        Column("rule", "in the last epoch, by the rule"),
    ]
    rows: list[list[Cell]] = [[change.where, change.left, change.right] for change in changes]
    return Table("last-epoch", "Where the two networks differ", columns, rows)
