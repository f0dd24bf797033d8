"""The page of a table of a space: the scores of many random architectures, each trained from scratch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import quantiles
from typing import Any

from nasframe.display import Bars, Cell, Cloud, Column, Estimate, Figure, Histogram, ScatterChart, Table
from nasframe.report.page import Page, Tile, make_page
from nasframe.report.placement import known_pairs
from nasframe.report.study_record import current_names, made_values
from nasframe.runtime import counted
from nasframe.tables import NOISE_RULE, SHARE_RULE

__all__ = ["space_table_page", "space_table_tables", "table_names", "write_space_table_page"]

Rows = Sequence[Mapping[str, Any]]

_MOST_BEST = 10
_ROUNDING = 1e-3  # of a rank correlation, as a file holds scores with five digits
_SHARES = (100, 99, 95, 90, 75, 50, 25, 10, 5, 0)


def write_space_table_page(
    record: Mapping[str, Any], rows: Rows, folder: Path, facts: Mapping[str, Any] | None = None
) -> None:
    """Write `report.html` of a table of a space into its folder; see `space_table_page`."""
    space_table_page(record, rows, facts).write(folder)


def space_table_page(record: Mapping[str, Any], rows: Rows, facts: Mapping[str, Any] | None = None) -> Page:
    """Return the page of a table of a space.

    Args:
        record: of the table.
        rows: a network each; see `TabularBenchmark.rows`.
        facts: as `TableFacts.to_dict` returns them; None where they are not known.
    """
    data, objective = current_names(record), record.get("objective", "")
    size = data.get("space_size")
    tests = [score for score in _scores(rows, "test", objective) if score is not None]
    lead = [Tile.of("architectures", len(rows), "count")]
    lead += [Tile.of("in the space", size, "count")] if isinstance(size, int) else []
    if tests:
        lead.append(Tile.of(f"{objective}, test, median", _quantile(tests, 50)))
    seconds = [row["seconds"] for row in rows if isinstance(row.get("seconds"), int | float)]
    lead += [Tile.of("all trainings", float(sum(seconds)), "s")] if seconds else []
    return make_page(
        "space_table.html",
        title=f"Table of a space: {data['title']}",
        about=f"{counted(len(rows), f'{_kind(data)} architecture')}, each trained from scratch in "
        f"the same way",
        tables=space_table_tables(record, rows, facts),
        figures=[*space_table_figures(record, rows), *_random_search(record, facts)],
        lead=lead,
        note="Validation is the score at the best epoch of a training; an architecture is chosen by it.",
        caveats=data["caveats"],
        failed=data["failed"],
        made=made_values(data),
        experiment=data["experiment"],
    )


def space_table_tables(
    record: Mapping[str, Any], rows: Rows, facts: Mapping[str, Any] | None = None
) -> list[Table]:
    """Return the tables `facts`, `random`, `quantiles`, `correlation` and `best` of a table of a space, those
    that have rows.

    A quantile that would lie beyond the second architecture from an end is left out: few architectures say
    nothing about it.
    """
    objective = record.get("objective", "")
    columns = {
        Column("validation", f"{objective}, validation"): _scores(rows, "validation", objective),
        Column("test", f"{objective}, test"): _scores(rows, "test", objective),
        Column("parameters", unit="count"): [row.get("parameters") for row in rows],
        Column("multiply_adds", "multiply-adds", "count"): [row.get("multiply_adds") for row in rows],
    }
    known = {column: [value for value in values if value is not None] for column, values in columns.items()}
    count = min((len(values) for values in known.values() if values), default=0)
    shares = {100: "largest", 50: "median", 0: "smallest"}
    quantile_rows: list[list[Cell]] = [
        [shares.get(share, f"{share} %"), *(_quantile(values, share) for values in known.values())]
        for share in _SHARES
        if share in shares or count * min(share, 100 - share) >= 100
    ]
    found = [
        *_facts(record, facts),
        Table("quantiles", "Quantiles over the architectures", [Column("quantile"), *columns], quantile_rows),
        _correlation(record, rows, objective),
        _best(rows, list(columns), list(columns.values())),
    ]
    return [table for table in found if table.rows]


def space_table_figures(record: Mapping[str, Any], rows: Rows) -> list[Figure]:
    """Return the scores on both splits, the scores over the size, and test over validation."""
    objective = record.get("objective", "")
    validation, test = (_scores(rows, split, objective) for split in ("validation", "test"))
    sizes = [row.get("parameters") for row in rows]
    return [
        Histogram(
            name="scores",
            title=f"{objective} of the architectures",
            x=objective,
            y="architectures",
            bins=30,
            series=[
                Bars("validation", [score for score in validation if score is not None]),
                Bars("test", [score for score in test if score is not None]),
            ],
        ),
        ScatterChart(
            name="scores-by-size",
            title=f"{objective} on the test split against size",
            x="parameters",
            y=f"{objective}, test",
            clouds=[Cloud("architectures", known_pairs(sizes, test), is_small=True)],
        ),
        ScatterChart(
            name="against-validation",
            title="Test against validation",
            x=f"{objective}, validation",
            y=f"{objective}, test",
            clouds=[Cloud("architectures", known_pairs(validation, test), is_small=True)],
        ),
    ]


def table_names(record: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the names of the task and the space of a table, given its record; None where it has none."""
    names = {section: (record.get(section) or {}).get("name") for section in ("task", "space")}
    return {section: name if isinstance(name, str) else None for section, name in names.items()}


def _kind(record: Mapping[str, Any]) -> str:
    return "different" if record.get("networks") else "random"


def _facts(record: Mapping[str, Any], facts: Mapping[str, Any] | None) -> list[Table]:
    """Return the facts of a table, and random search on it."""
    if facts is None:
        return []
    objective = record.get("objective", "")
    named: list[tuple[str, Cell]] = [
        *table_names(record).items(),
        ("architectures of the space", record.get("space_size")),
        ("networks", facts["networks"]),
        ("trainings of each", facts["trainings"]),
        ("trainings that are missing", facts["missing"]),
        (f"best {objective}", facts["best"]),
        (f"median {objective}", facts["median"]),
        (f"worst {objective}", facts["worst"]),
        ("deviation among networks", facts["spread"]),
        ("noise of one training", facts["noise"]),
        ("standard error of a test score", facts["standard_error"]),
        ("share that cannot be told from the best", facts["indistinct"]),
        ("passes", None if facts["passes"] is None else "yes" if facts["passes"] else "no"),
    ]
    rows: list[list[Cell]] = [[name, value] for name, value in named if value is not None]
    note = f"{NOISE_RULE[0].upper()}{NOISE_RULE[1:]}; {SHARE_RULE}. Scores are those on the test split."
    random: list[list[Cell]] = [
        [item["networks"], item["test"], item["finds_top"]] for item in facts["random"]
    ]
    heads = [
        Column("networks", unit="count"),
        Column("test", f"expected {objective}, test"),
        Column("finds_top", "finds one of the best 1 %"),
    ]
    by = "Each is chosen by the validation score of one training, and scored by its mean test score."
    return [
        Table("facts", "Facts", [Column("fact"), Column("value")], rows, note),
        Table("random", "Random search, the best of several networks", heads, random, by),
    ]


def _random_search(record: Mapping[str, Any], facts: Mapping[str, Any] | None) -> list[Figure]:
    """Return the expected score of random search over the networks that it tries."""
    if facts is None or len(facts["random"]) < 2:
        return []
    objective = record.get("objective", "")
    pairs = [(item["networks"], item["test"]) for item in facts["random"]]
    return [
        ScatterChart(
            name="random-search",
            title="Random search on this table",
            x="networks tried",
            y=f"expected {objective}, test",
            clouds=[Cloud("random search", pairs)],
        )
    ]


def _scores(rows: Rows, split: str, objective: str) -> list[float | None]:
    return [(row.get(split) or {}).get(objective) for row in rows]


def _quantile(values: Sequence[float], share: int) -> float | None:
    """Return the quantile, between two values the line through both; None where there is no value."""
    if len(values) < 2 or share in (0, 100):
        return (max(values) if share >= 50 else min(values)) if values else None
    return quantiles(values, n=100, method="inclusive")[share - 1]


def _correlation(record: Mapping[str, Any], rows: Rows, objective: str) -> Table:
    """Return the rank correlation of the entries; without rows where the record holds none.

    Its interval is that of the record, where the record speaks of these entries.
    """
    found = record.get("correlation") or {}
    pairs = known_pairs(_scores(rows, "validation", objective), _scores(rows, "test", objective))
    rho, recorded = _spearman(pairs), found.get("rho")
    pair = f"{objective}, validation and {objective}, test"
    shown, cells = Estimate(rho), list[list[Cell]]()
    if rho is not None and recorded is not None:
        is_theirs = found.get("architectures") == len(pairs) and abs(recorded - rho) <= _ROUNDING
        if is_theirs:
            shown = Estimate(recorded, found.get("low"), found.get("high"))
        cells = [[pair, shown, len(pairs)]]
    heads = [Column("pair"), Column("rho", "Spearman's rho"), Column("architectures", unit="count")]
    note = "The interval is Fisher's, over the architectures (Bonett and Wright, 2000)."
    title = "Rank correlation over the architectures"
    signs = ["rho [95 % interval over the architectures]"] if shown.interval else []
    return Table("correlation", title, heads, cells, note, signs=signs)


def _spearman(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Return Spearman's rank correlation; None where it is undefined."""
    from scipy import stats

    if len(pairs) < 2 or any(len({*column}) < 2 for column in zip(*pairs, strict=True)):
        return None
    return float(stats.spearmanr(*zip(*pairs, strict=True)).statistic)


def _best(rows: Rows, columns: Sequence[Column], values: Sequence[Sequence[float | None]]) -> Table:
    scores = {place: score for place, score in enumerate(values[0]) if score is not None}
    best = sorted(scores, key=lambda place: -scores[place])[:_MOST_BEST]
    cells: list[list[Cell]] = []
    for place in best:
        name = str(rows[place].get("fingerprint", place + 1))[:12]
        cells.append([name, *(column[place] for column in values)])
    all_of = len(best) == len(scores)
    title = "All architectures, by validation" if all_of else f"The {len(best)} best on validation"
    return Table("best", title, [Column("architecture"), *columns], cells)
