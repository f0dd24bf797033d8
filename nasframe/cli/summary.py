"""The last screen of a run: the network, its baselines, entropies, costs and times; and of its evaluation."""

from __future__ import annotations

import textwrap
from collections.abc import Container, Mapping
from typing import TYPE_CHECKING, Any

from nasframe.display import Cell, Column, Table, metric_tables, print_tables
from nasframe.runtime import print_text, visible

if TYPE_CHECKING:
    from nasframe.runs import Run

__all__ = ["print_choice", "print_summary", "print_test"]

_WIDTH = 100


def print_summary(run: Run) -> None:
    """Print the network, then tables: the test and validation splits, entropies, finalists, costs, times."""
    from nasframe import pipeline
    from nasframe.report import metric_caveats, run_caveats, run_tables, trials_of, trials_verdict

    test = run.test or {}
    trained = run.history("train")
    known = trained[-1]["validation"] if trained else {}
    found = {table.name: table for table in [*run_tables(run), *_tables_of_test(test, known)]}
    names = ("baselines", "metrics", "entropy", "finalists", "stages", "parameters", "costs", "time")
    print_text(f"\n{pipeline.draw(run).text.rstrip()}\n")
    print_tables(found[name] for name in names if name in found)
    if trials := trials_of(run):
        print_text()
        for sentence in trials_verdict(trials):
            print_text(textwrap.fill(sentence, _WIDTH))
    print_choice(run)
    for sentence in dict.fromkeys([*run_caveats(run), *metric_caveats(test)]):
        print_text(sentence)


def print_choice(run: Run) -> None:
    """Print the sentences on the choice among several architectures, and on the logits of the search."""
    from nasframe.report import search_caveats, selection_of, selection_verdict

    selection = selection_of(run)
    if "finals" in selection or "notes" in selection:  # else the tables say it all
        relaxes = "entropy" in (run.record.get("search") or {})
        print_text("\n" + textwrap.fill(" ".join(selection_verdict(selection, relaxes=relaxes)), _WIDTH))
    for sentence in search_caveats(run):
        print_text("\n" + textwrap.fill(visible(sentence), _WIDTH, break_on_hyphens=False))


def print_test(test: Mapping[str, Any]) -> None:
    """Print the metrics of a run on its test split beside those of its baselines."""
    from nasframe.report import metric_caveats

    print_tables(_tables_of_test(test))
    for sentence in metric_caveats(test):
        print_text(sentence)


def _tables_of_test(test: Mapping[str, Any], names: Container[str] | None = None) -> list[Table]:
    """Return the tables of the test split for the content of a `test.json`: one form for every screen.

    They are called `baselines`, `metrics`, as each metric with values by category, `parameters` and `costs`;
    those without rows are left out.

    Args:
        test: the content.
        names: of the metrics that are shown, each with its interval; None for all.
    """
    from nasframe.report import TOLD_APART, baseline_table, parameter_table

    compared = baseline_table(test)
    apart = {*TOLD_APART, "objective", *_COSTS}
    if compared is not None:
        apart |= _with_ends(test["objective"])
    shown = {
        name: value
        for name, value in sorted(test.items(), key=lambda item: item[0] != test["objective"])
        if name not in apart and (names is None or any(end in names for end in (name, _without_end(name))))
    }
    title = "On the test split" if compared is None else "Other metrics on the test split"
    tables = [
        *([] if compared is None else [compared]),
        *metric_tables(shown, title),
        parameter_table(test),
        _costs(test),
    ]
    return [table for table in tables if table.rows]


_ENDS = ("_low", "_high")

_COSTS = ("parameters", "parameters_total", "parameters_by_part", "multiply_adds")
"""Keys of a `test.json` that tables of costs tell."""


def _with_ends(name: str) -> set[str]:
    return {name, *(f"{name}{end}" for end in _ENDS)}


def _without_end(name: str) -> str:
    return next((name.removesuffix(end) for end in _ENDS if name.endswith(end)), name)


def _costs(test: Mapping[str, Any]) -> Table:
    total = "parameters, with frozen networks"
    costs = {"parameters": "parameters", total: "parameters_total", "multiply-adds": "multiply_adds"}
    rows: list[list[Cell]] = [
        [title, test[key]]
        for title, key in costs.items()
        if key in test and not (title == total and test[key] == test.get("parameters"))
    ]
    return Table("costs", "Costs of the network", [Column("cost"), Column("count", unit="count")], rows)
