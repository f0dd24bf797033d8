"""The last screen of a run: the network, its baselines, entropies, costs and times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nasframe.runtime import format_number, print_columns

if TYPE_CHECKING:
    from nasframe.runs import Run

__all__ = ["print_baselines", "print_summary", "sparkline"]

_BARS = "▁▂▃▄▅▆▇█"


def print_summary(run: Run) -> None:
    """Print the network, the table of baselines, the entropies, the costs and the time of each stage."""
    from nasframe import pipeline

    test = run.test or {}
    print(f"\n{pipeline.draw(run).text.rstrip()}")
    if not print_baselines(test):
        print(f"\n{test['objective']}  {format_number(test[test['objective']])}")
    history = run.history("search")
    if history:
        print("\nmean normalised entropy of the choices, epoch by epoch")
        print_columns(_entropies(history), indent="  ")
        print(f"\n{test['objective']} on the validation split")
        print_columns(_validations(run, history, test["objective"]), indent="  ")
    print("\ncosts")
    parts = ", ".join(f"{name} {format_number(size)}" for name, size in test["parameters_by_part"].items())
    print_columns(
        [
            ("parameters", f"{format_number(test['parameters'])} ({parts})"),
            ("with frozen networks", format_number(test["parameters_total"])),
            ("multiply-adds", format_number(test["multiply_adds"])),
        ],
        indent="  ",
    )
    print("\ntime")
    print_columns([(name, f"{value:8.1f} s") for name, value in run.seconds.items()], indent="  ")


def print_baselines(test: Mapping[str, Any]) -> bool:
    """Print the table of the network and its baselines on the test split; return False where it has none."""
    from nasframe.report import baseline_table

    table = baseline_table(test)
    if table is None:
        return False
    print(f"\n{table.to_text(indent='  ')}")
    return True


def _entropies(history: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    return [
        (
            group,
            f"{sparkline([line['entropy'][group] for line in history])}  "
            f"{history[0]['entropy'][group]:.2f} to {history[-1]['entropy'][group]:.2f}",
        )
        for group in history[0]["entropy"]
    ]


def _validations(run: Run, history: Sequence[Mapping[str, Any]], objective: str) -> list[tuple[str, str]]:
    """Return the objective on validation: of the supernet, of the derived network, and of the trained one."""
    trained = [line["validation"][objective] for line in run.history("train")]
    known = [value for value in trained if value is not None]
    return [
        ("supernet, when the search ended", format_number(history[-1]["validation"][objective])),
        *_selected(run),
        *_inherited(run, objective),
        ("derived network, best epoch of its training", format_number(max(known) if known else None)),
    ]


def _selected(run: Run) -> list[tuple[str, str]]:
    found = run.record.get("search", {}).get("selection")
    if found is None:
        return []
    return [
        ("supernet, with the rule's architecture alone", format_number(found["rule"])),
        (
            f"supernet, with the best of {found['candidates']}, this one among them",
            format_number(found["chosen"]),
        ),
    ]


def _inherited(run: Run, objective: str) -> list[tuple[str, str]]:
    found = run.record.get("search", {}).get("inherited")
    return (
        []
        if found is None
        else [("derived network, with the supernet's weights", format_number(found[objective]))]
    )


def sparkline(values: Sequence[float], width: int = 40) -> str:
    """Return values from 0 to 1 as a row of bars, at most `width` of them."""
    step = max(1.0, len(values) / width)
    chosen = [values[int(place * step)] for place in range(min(len(values), width))]
    return "".join(_BARS[min(int(max(value, 0.0) * len(_BARS)), len(_BARS) - 1)] for value in chosen)
