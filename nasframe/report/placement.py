"""The tables of the spaces of a comparison: the places of the searched architectures among random ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nasframe.display import Bars, Cell, Cloud, Column, Estimate, Figure, Histogram, ScatterChart, Table
from nasframe.report.costs import value_of

__all__ = ["known_pairs", "placement_figures", "placement_tables", "with_endings"]

_SPLITS = [Column("validation", unit="%"), Column("test", unit="%")]


def with_endings(tables: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the tables of the spaces, each with the `ending` of the names of its tables and figures."""
    return [
        {"variants": [], "architectures": 0, **table, "ending": "" if place == 0 else f"-{place + 1}"}
        for place, table in enumerate(tables)
    ]


def placement_tables(data: Mapping[str, Any]) -> list[Table]:
    """Return the percentiles, their means and the rank correlations of each table of a space."""
    found = []
    for space in with_endings(data["tables"]):
        where = f" ({', '.join(space['variants'])})" if len(data["tables"]) > 1 else ""
        found += [
            Table(
                f"mean-percentiles{space['ending']}",
                f"Percentile in the table of the space, mean over the seeds{where}",
                [Column("variant"), *_SPLITS],
                [
                    [name, *(Estimate.read(splits.get(split.key)) for split in _SPLITS)]
                    for name, splits in (space.get("mean_percentiles") or {}).items()
                ],
            ),
            Table(
                f"percentiles{space['ending']}",
                f"Percentile of each searched architecture in the space{where}",
                [Column("trial"), *_SPLITS],
                [
                    [name, *(splits.get(split.key) for split in _SPLITS)]
                    for name, splits in (space.get("percentiles") or {}).items()
                ],
            ),
            _correlations(space, where),
        ]
    return found


def placement_figures(data: Mapping[str, Any]) -> list[Figure]:
    """Return the scores of each table of a space, and with their sizes, with the searched among them."""
    trials = {trial["name"]: trial for trial in data["trials"]}
    objective, found = data["objective"], list[Figure]()
    for space in with_endings(data["tables"]):
        scores = space.get("scores") or {}
        tests, sizes = scores.get("test") or [], scores.get("parameters") or []
        own = [trials[name] for name in space.get("percentiles") or () if name in trials]
        searched = [
            (trial["name"], value_of(trial, "parameters"), score)
            for trial in own
            if (score := value_of(trial, objective)) is not None
        ]
        names = [name for name, size, _ in searched if size is not None]
        points = [(size, score) for _, size, score in searched if size is not None]
        found += [
            Histogram(
                name=f"space{space['ending']}-scores",
                title="Test scores of the space",
                x=f"{objective}, test",
                y="architectures",
                bins=30,
                series=[
                    Bars("random architectures", [score for score in tests if score is not None]),
                    Bars("searched", [score for *_, score in searched]),
                ],
            ),
            ScatterChart(
                name=f"space{space['ending']}-sizes",
                title="Scores and sizes of the space",
                x="parameters",
                y=f"{objective}, test",
                clouds=[
                    Cloud("random architectures", known_pairs(sizes, tests), is_small=True),
                    Cloud("searched", points, names),
                ],
            ),
        ]
    return found


def known_pairs(first: Sequence[float | None], second: Sequence[float | None]) -> list[tuple[float, float]]:
    """Return the pairs of which both are known."""
    return [(a, b) for a, b in zip(first, second, strict=False) if a is not None and b is not None]


def _correlations(space: Mapping[str, Any], where: str) -> Table:
    title = "Rank correlation between the supernet's score of an architecture and its score when trained"
    columns = [
        Column("variant"),
        Column("rho", "Spearman's rho"),
        Column("over", "interval over"),
        Column("architectures", "architectures ranked", unit="count"),
    ]
    rows: list[list[Cell]] = [
        [
            variant,
            Estimate(found.get("rho"), found.get("low"), found.get("high"), found.get("by_seed") or {}),
            found.get("over"),
            found.get("architectures"),
        ]
        for variant, found in (space.get("correlation") or {}).items()
    ]
    return Table(f"correlation{space['ending']}", f"{title}{where}", columns, rows)
