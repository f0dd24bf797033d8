"""The page of a comparison of search loops on a table: the best test score against the cost."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nasframe.display import Cell, Column, Estimate, Figure, Level, Line, LineChart, Table
from nasframe.report.page import Page, Tile, make_page
from nasframe.report.study_record import current_names, made_values

__all__ = ["is_loop_comparison", "loop_figures", "loop_page", "loop_tables", "write_loop_page"]

_NOTE = (
    "The cost counts every epoch that a search trained, in full trainings of the network whose training "
    "takes the median time; a supernet counts by its seconds, and with it the training of what it found. "
    "Seconds are those of the machine that made the table. A search sees one training of the table on "
    "validation; the score that counts is the mean over all of them on the test split, of the best "
    "architecture so far."
)
_LEVEL = 0.05
_MEANS = "mean [95 % interval over the searches]"
_TRAININGS = "full trainings: the cost of a search, in trainings of a network that takes the median time"
_SECONDS = "seconds: what that took the machine that made the table"
_NOTHING = "—: there is no such number, or not every search had trained a network at that cost"


def is_loop_comparison(data: Mapping[str, Any]) -> bool:
    """Return True for the content of a `comparison.json` that sets loops side by side on a table."""
    return "on" in data


def write_loop_page(data: Mapping[str, Any], folder: Path) -> None:
    """Write `report.html` of such a comparison into its folder."""
    loop_page(data).write(folder)


def loop_page(data: Mapping[str, Any]) -> Page:
    """Return the page of such a comparison, given the content of its `comparison.json`."""
    data = current_names(data)
    on, loops = data["on"], data["loops"]
    best = max(loops, key=lambda item: _or_zero(item["test"]["mean"]))
    lead = [
        Tile.of(f"best {data['objective']} of the table, test", on["best"]),
        Tile.of("networks", on["networks"], "count"),
        Tile("best at the end", ", ".join([best["name"], *_not_told_from(best["name"], data)])),
        Tile.of(f"{data['objective']} of {best['name']}, test", _estimate(best["test"])),
    ]
    seeds = dict.fromkeys(f"{item['seeds']:,}" for item in loops)
    return make_page(
        "loops.html",
        title=f"Search loops on {on['name']}",
        about=f"{', '.join(item['name'] for item in loops)}: {' or '.join(seeds)} searches each",
        tables=loop_tables(data),
        figures=loop_figures(data),
        lead=lead,
        note=_NOTE,
        caveats=data["caveats"],
        failed=data["failed"],
        made=made_values(data),
        experiment=data["experiment"],
    )


def _not_told_from(best: str, data: Mapping[str, Any]) -> list[str]:
    """Return the loops whose ends do not differ from those of the best one by more than chance."""
    equal = {frozenset((test["a"], test["b"])) for test in data.get("tests", ()) if not _differ(test)}
    return [item["name"] for item in data["loops"] if frozenset((best, item["name"])) in equal]


def _differ(test: Mapping[str, Any]) -> bool:
    """Return True where two loops are told apart; without any spread there is no p, and they may differ."""
    if test.get("p_holm") is not None:
        return bool(test["p_holm"] < _LEVEL)
    return test.get("low") is not None and not test["low"] <= 0.0 <= test["high"]


def loop_tables(data: Mapping[str, Any]) -> list[Table]:
    """Return the tables `loops`, the end of the searches, `differences` between them, and `equal`, their
    scores at equal cost."""
    data = current_names(data)
    on, objective, loops = data["on"], data["objective"], data["loops"]
    columns = [
        Column("loop"),
        Column("searches", unit="count"),
        Column("trials", unit="short"),
        Column("cost", "full trainings", "short"),
        Column("seconds", unit="s"),
        Column("test", f"{objective}, test"),
        Column("deviation", "deviation"),
        Column("top", "in the top 1 %", unit="%"),
        Column("best", "found the best", unit="%"),
    ]
    rows: list[list[Cell]] = [
        [
            item["name"],
            item["seeds"],
            item["trials"],
            item["cost"],
            item["seconds"],
            _estimate(item["test"]),
            item["deviation"],
            100 * item["top"],
            100 * item["best_found"],
        ]
        for item in loops
    ]
    rows.append(["best of the table", None, on["networks"], None, None, on["best"], None, None, None])
    rows.append(["median of the table", None, None, None, None, on["median"], None, None, None])
    found = [
        Table(
            "loops", "The end of the searches", columns, rows, signs=[_MEANS, _TRAININGS, _SECONDS, _NOTHING]
        )
    ]
    if data.get("tests"):
        found.append(
            Table(
                "differences",
                f"Differences of {objective}, test, at the end",
                [Column("loops"), Column("difference"), Column("p"), Column("p_holm", "p, Holm")],
                [
                    [
                        f"{test['a']} − {test['b']}",
                        Estimate(test["difference"], test.get("low"), test.get("high")),
                        *(None if test.get(key) is None else float(test[key]) for key in ("p", "p_holm")),
                    ]
                    for test in data["tests"]
                ],
                "Welch's test, with Holm's correction. Loops with a large p are not told apart by it, which "
                "does not show that they are equal.",
                signs=["difference of the means [95 % interval]"],
            )
        )
    if data.get("equal"):
        at = [Column(f"cost-{cost:g}", f"{cost:g}") for cost in data["equal"]]
        found.append(
            Table(
                "equal",
                f"{objective}, test, at equal cost in full trainings",
                [Column("loop"), *at],
                [[item["name"], *(_estimate(value) for value in item["equal"])] for item in loops],
                "A search that has ended keeps its architecture. —: not every search has one yet.",
                signs=[_MEANS, _NOTHING],
            )
        )
    return found


def loop_figures(data: Mapping[str, Any]) -> list[Figure]:
    """Return the chart of the best test score against the cost."""
    data = current_names(data)
    on, objective = data["on"], data["objective"]
    lines = [_line(item) for item in data["loops"]]
    return [
        LineChart(
            name="best-against-cost",
            title=f"Best {objective} on the test split against the cost",
            x="cost, in full trainings of a median network",
            y=f"{objective}, test",
            lines=lines,
            levels=[Level("best of the table", on["best"], series=len(lines))],
            x_low=0.0,
            height=340.0,
        )
    ]


def _line(item: Mapping[str, Any]) -> Line:
    curve = item["curve"]
    kept = [place for place, value in enumerate(curve["mean"]) if value is not None]
    points = [(curve["cost"][place], curve["mean"][place]) for place in kept]
    ends = [(curve["low"][place], curve["high"][place]) for place in kept]
    if any(low is None or high is None for low, high in ends):
        return Line(item["name"], points)
    return Line(item["name"], points, [low for low, _ in ends], [high for _, high in ends])


def _estimate(value: Mapping[str, Any]) -> Estimate:
    return Estimate(value["mean"], value["low"], value["high"])


def _or_zero(value: float | None) -> float:
    return float("-inf") if value is None else value
