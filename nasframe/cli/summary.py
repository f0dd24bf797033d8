"""The last screen of a run: the network, its baselines, entropies, costs and times."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nasframe.display import Column, Table, metric_tables, print_tables
from nasframe.runtime import print_text, visible

if TYPE_CHECKING:
    from nasframe.runs import Run

__all__ = ["print_summary"]

_WIDTH = 100


def print_summary(run: Run) -> None:
    """Print the network, then tables: the test and validation splits, entropies, finalists, costs, times."""
    from nasframe import pipeline
    from nasframe.report import (
        metric_caveats,
        run_caveats,
        run_tables,
        search_caveats,
        selection_of,
        selection_verdict,
        trials_of,
        trials_verdict,
    )

    test = run.test or {}
    found = {table.name: table for table in run_tables(run)} | {"costs": _costs(test)}
    if (metrics := _metrics(run, with_objective="baselines" not in found)) is not None:
        found["others"] = metrics
    names = ("baselines", "others", "entropy", "finalists", "stages", "parameters", "costs", "time")
    print_text(f"\n{pipeline.draw(run).text.rstrip()}\n")
    print_tables(found[name] for name in names if name in found)
    if trials := trials_of(run):
        print_text()
        for sentence in trials_verdict(trials):
            print_text(textwrap.fill(sentence, _WIDTH))
    selection = selection_of(run)
    if "finals" in selection or "notes" in selection:  # else the tables say it all
        relaxes = "entropy" in (run.record.get("search") or {})
        print_text("\n" + textwrap.fill(" ".join(selection_verdict(selection, relaxes=relaxes)), _WIDTH))
    for sentence in search_caveats(run):
        print_text("\n" + textwrap.fill(visible(sentence), _WIDTH, break_on_hyphens=False))
    for sentence in dict.fromkeys([*run_caveats(run), *metric_caveats(test)]):
        print_text(sentence)


def _metrics(run: Run, *, with_objective: bool) -> Table | None:
    """Return the task's metrics that each epoch of the training has too; None where there is none."""
    test, trained = run.test or {}, run.history("train")
    known = trained[-1]["validation"] if trained else {}
    first = test["objective"]
    names = [name for name in test if name in known and not isinstance(test[name], Mapping)]
    names = [*([first] if with_objective else []), *(name for name in names if name != first)]
    title = "On the test split" if with_objective else "Other metrics on the test split"
    return next(iter(metric_tables({name: test[name] for name in names}, title)), None)


def _costs(test: Mapping[str, Any]) -> Table:
    costs = {
        "parameters": test["parameters"],
        "parameters, with frozen networks": test["parameters_total"],
        "multiply-adds of an example": test["multiply_adds"],
    }
    return Table("costs", "Costs", [Column("cost"), Column("count", unit="count")], [*costs.items()])
