"""The choice at the end of a search, for its page: how the supernet and trainings ranked the finalists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nasframe.display import Cell, Column, Table, format_value
from nasframe.runs import Run
from nasframe.runtime import counted

__all__ = ["finalist_tables", "learnt_logits", "selection_of", "selection_verdict"]


def selection_of(run: Run) -> Mapping[str, Any]:
    """Return the record of the choice among candidates; empty where there was none."""
    found: Mapping[str, Any] = (run.record.get("search") or {}).get("selection") or {}
    return found


def learnt_logits(history: Sequence[Mapping[str, Any]]) -> bool:
    """Return True where a search learnt logits, by the lines of its epochs."""
    return bool(history[0]["probabilities"])


def finalist_tables(selection: Mapping[str, Any]) -> list[Table]:
    """Return the table of the finalists, given the record of a choice; none where there were none."""
    finals = selection.get("finals")
    if not finals:
        return []
    epochs = [item["epochs"] for item in finals["rounds"]]
    among = finals.get("scored", selection["candidates"])  # earlier versions did not record it
    columns = [
        Column("architecture"),
        Column("rank", f"rank by the supernet, of {among:,}"),
        Column("supernet", "objective by the supernet"),
        *(Column(f"epoch {number}", f"after epoch {number}") for number in epochs),
    ]
    rows: list[list[Cell]] = [
        [
            f"{item['architecture']}{', by the rule' if item['derived'] else ''}",
            item.get("place"),
            item["supernet"],
            *(item["scores"].get(str(number)) for number in epochs),
        ]
        for item in finals["networks"]
    ]
    note = (
        "Objective on validation: by the supernet, and of the network when it had been trained for so long. "
        "The best of each round went on. Marked: the one that was chosen. Where the loop ranks by the loss, "
        f"the first one by the supernet need not have the best objective.{_on_ranks(finals['networks'])}"
    )
    return [Table("finalists", "Finalists", columns, rows, note, [0], console_rows=8)]


def _on_ranks(networks: Sequence[Mapping[str, Any]]) -> str:
    """Return sentences on ranks that stand twice or are missing; nothing where each stands once."""
    ranks = sorted(place for item in networks if (place := item.get("place")) is not None)
    found = ""
    if len({*ranks}) < len(ranks):
        found += " Equals by the supernet share a rank."
    # the ranks that equals take up are not missing: after 2, 2 comes 4
    if any(rank > place for place, rank in enumerate(ranks, 1)):
        found += (
            " A rank that is missing belongs to an architecture that was no finalist: it gives the same "
            "network as another one, or did not come so far."
        )
    return found


def selection_verdict(selection: Mapping[str, Any], *, relaxes: bool) -> Sequence[str]:
    """Return sentences on a choice among candidates, given its record; none where there was no choice.

    Args:
        selection: the record.
        relaxes: whether a rule derived one of them from logits.
    """
    if not selection:
        return []
    finals, count = selection.get("finals"), counted(selection["candidates"], "architecture")
    if finals:
        found = [
            f"The supernet ranked {count} on validation.",
            finals.get("said", ""),
        ]
    elif relaxes:
        chosen, rule = (format_value(selection[key]) for key in ("chosen", "rule"))
        found = [
            f"The supernet compared {count} on validation: the one that the rule of the space derived, and "
            f"others near it. The best of them was taken: it reached {chosen}, and the rule's {rule}. The "
            "last epoch above shows the rule's."
        ]
    else:
        chosen = format_value(selection["chosen"])
        found = [
            f"The supernet ranked {count} on validation. The best of them was taken: it reached {chosen}."
        ]
    return [*selection.get("notes", ()), *filter(None, found)]
