"""The output of `compare`: tables, tests, the gap, entropies, the census, and caveats."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from nasframe.cli.summary import sparkline
from nasframe.runtime import print_columns

__all__ = ["print_comparison_tables"]

_WIDTH = 100
_NONE = "-"

_FEW = 3
"""With more variants, only the tests on the objective are printed; the page shows all tests."""


def print_comparison_tables(found: Mapping[str, Any]) -> None:
    """Print every table of a comparison, given the content of `comparison.json`."""
    _print_rows(found)
    _print_tests(found)
    _print_gap(found)
    _print_entropies(found)
    for census in found["tables"]:
        _print_census(census, found)
    print()
    for sentence in found["caveats"]:
        for line in sentence.splitlines():
            print(textwrap.fill(line, _WIDTH))


def _print_rows(found: Mapping[str, Any]) -> None:
    metrics, seeds = found["metrics"], found["seeds"]
    print(f"\non the test split: mean ± half the 95 % interval, {len(seeds)} seed{'s' * (len(seeds) > 1)}")
    table = [("", *metrics, "n")]
    for row in found["rows"]:
        values = row["values"]
        known = sum(value is not None for value in values[found["objective"]]["by_seed"].values())
        table.append((row["name"], *(_mean(metric, values[metric]) for metric in metrics), str(known)))
    print_columns(table, indent="  ")


def _print_tests(found: Mapping[str, Any]) -> None:
    few = len(found["variants"]) <= _FEW
    tests = [
        test
        for test in found["tests"]
        if test["difference"] is not None
        and ((few and test["family"] == "variants") or test["metric"] == found["objective"])
    ]
    if not tests or len(found["seeds"]) < 2:
        return
    print("\npaired t-tests on the seeds: difference with its 95 % interval, p after Holm's correction")
    table = [("", "", "", "difference", "interval", "p", "p (Holm)")]
    for test in tests:
        metric = test["metric"]
        low, high = (_number(metric, test[key]) for key in ("low", "high"))
        table.append(
            (
                metric,
                test["a"],
                f"- {test['b']}",
                _number(metric, test["difference"], sign=True),
                f"{low} to {high}" if test["low"] is not None else _NONE,
                *(_p(test[key]) for key in ("p", "p_holm")),
            )
        )
    print_columns(table, indent="  ")


def _print_gap(found: Mapping[str, Any]) -> None:
    objective = found["objective"]
    print(f"\n{objective} on the validation split: what is lost between search and derivation")
    table = [("", "supernet", "derived, inherited weights", "derived, retrained", "supernet - inherited")]
    for row in found["gap"]:
        stages = ("supernet", "inherited", "trained", "drop")
        table.append((row["variant"], *(_mean(objective, row[stage]) for stage in stages)))
    print_columns(table, indent="  ")


def _print_entropies(found: Mapping[str, Any]) -> None:
    table = []
    for variant in found["variants"]:
        own = [trial["entropy"] for trial in found["trials"] if trial["variant"] == variant["name"]]
        own = [entropy for entropy in own if entropy]
        for group in own[0] if own else ():
            line = _mean_line([entropy[group] for entropy in own])
            table.append((variant["name"], group, f"{sparkline(line)}  {line[0]:.2f} to {line[-1]:.2f}"))
    if table:
        print("\nmean normalised entropy of the choices, epoch by epoch, mean over the seeds")
        print_columns(table, indent="  ")


def _print_census(census: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    objective = found["objective"]
    which = f" of {census['path']}" if len(found["tables"]) > 1 else ""
    print(
        f"\npercentile in the census of the space{which}, {census['architectures']:,} architectures, by "
        f"{objective}"
    )
    table: list[tuple[str, ...]] = [("", "validation", "test")]
    for name, percentiles in census["percentiles"].items():
        table.append((name, *(_percent(percentiles[split]) for split in ("validation", "test"))))
    print_columns(table, indent="  ")
    print(f"\nrank correlation of the supernet's {objective} with that of the trained architectures")
    table = [("", "rho", "interval", "over", "architectures")]
    for name, row in census["correlation"].items():
        interval = _NONE if row["low"] is None else f"{row['low']:+.2f} to {row['high']:+.2f}"
        rho = "undefined" if row["rho"] is None else f"{row['rho']:+.2f}"
        table.append((name, rho, interval, row["over"], str(row["architectures"])))
    print_columns(table, indent="  ")


def _mean_line(lines: Sequence[Sequence[float | None]]) -> list[float]:
    """Return the mean of each epoch; the last value of a search that stopped early counts in later epochs."""
    known = [found for line in lines if (found := [value for value in line if value is not None])]
    longest = max(map(len, known), default=0)
    return [fmean(line[min(epoch, len(line) - 1)] for line in known) for epoch in range(longest)]


def _mean(metric: str, value: Mapping[str, Any]) -> str:
    if value["mean"] is None:
        return _NONE
    shown = _number(metric, value["mean"])
    return (
        shown if value["low"] is None else f"{shown} ± {_number(metric, (value['high'] - value['low']) / 2)}"
    )


def _number(metric: str, value: float | None, *, sign: bool = False) -> str:
    if value is None:
        return _NONE
    if metric in ("parameters", "multiply_adds"):
        return f"{value:+z,.0f}" if sign else f"{value:z,.0f}"
    digits = 1 if metric == "search_seconds" else 4
    return f"{value:+z.{digits}f}" if sign else f"{value:z.{digits}f}"


def _percent(value: float | None) -> str:
    return _NONE if value is None else f"{value:.1f}"


def _p(value: float | None) -> str:
    return _NONE if value is None else "<0.001" if value < 0.001 else f"{value:.3f}"
