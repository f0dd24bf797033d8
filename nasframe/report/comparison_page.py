"""The page of a comparison: the results of the variants, their differences, and tests of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nasframe.display import (
    Cell,
    Cloud,
    Column,
    Estimate,
    Figure,
    Interval,
    IntervalChart,
    Line,
    LineChart,
    ScatterChart,
    Table,
    sparkline,
)
from nasframe.report.architectures import architecture_panels
from nasframe.report.cost_curves import cost_figures
from nasframe.report.costs import heading_of, title_of, unit_of, value_of
from nasframe.report.methods import study_methods
from nasframe.report.page import Page, Tile, make_page
from nasframe.report.placement import placement_figures, placement_tables, with_endings
from nasframe.report.search_courses import course_figures, study_courses
from nasframe.report.study_record import (
    CHOSEN,
    MEANS,
    bold_in_words,
    chosen_tiles,
    current_names,
    made_values,
    metric_columns,
    rows_by_name,
    trial_counts,
    trials_table,
)
from nasframe.report.trial_links import linked_to_trials

__all__ = ["comparison_page", "comparison_tables", "write_comparison_page"]

_STAGES = {"supernet": "supernet", "inherited": "inherited weights", "trained": "trained"}


def write_comparison_page(data: Mapping[str, Any], folder: Path) -> None:
    """Write `report.html` of a comparison into its folder; see `comparison_page`."""
    comparison_page(data, folder).write(folder)


def comparison_page(data: Mapping[str, Any], folder: Path) -> Page:
    """Return the page of a comparison.

    Args:
        data: the content of `comparison.json`.
        folder: of the comparison, with the runs of its trials in it.
    """
    data = current_names(data)
    counts = trial_counts(data)
    variants, seeds = len(data["variants"]), len(data["seeds"])
    about = (
        f"{variants} {'variant' if variants == 1 else 'variants'}, {seeds} "
        f"{'seed' if seeds == 1 else 'seeds'} each{_same(data)}"
    )
    return make_page(
        "comparison.html",
        title=f"Comparison of {data['title']}",
        about=about,
        tables=linked_to_trials(comparison_tables(data), data, folder),
        figures=[
            *comparison_figures(data),
            *course_figures(study_courses(data, folder), data["objective"]),
        ],
        # a variant that was not chosen has no test score here: nobody should choose by it
        lead=[*chosen_tiles(data), Tile("trials done", f"{counts['done']} of {counts['count']}")],
        caveats=data["caveats"],
        spaces=with_endings(data["tables"]),
        panels=architecture_panels(data, folder),
        trials=counts,
        made=made_values(data),
        experiment=data["experiment"],
        methods=study_methods(data, folder),
    )


def comparison_tables(data: Mapping[str, Any]) -> list[Table]:
    """Return every table of a comparison that has rows, given the content of `comparison.json`.

    They are called `results`, `tests`, `other-tests`, `gap`, `entropy`, then `mean-percentiles`,
    `percentiles` and `correlation` of each table of the space, and `trials`.
    """
    data = current_names(data)
    main = [test for test in _tests(data) if _is_main(test, data)]
    others = [test for test in _tests(data) if not _is_main(test, data)]
    found = [
        _test_table("tests", f"{data['objective']} on the test split, between variants", main),
        _test_table("other-tests", "Tests of other metrics, and against the baselines", others),
        _gap(data),
        _entropies(data),
        *placement_tables(data),
    ]
    return [_results(data), *(table for table in found if table.rows), trials_table(data)]


def comparison_figures(data: Mapping[str, Any]) -> list[Figure]:
    """Return every figure of a comparison, given its record with current names."""
    rows, objective = rows_by_name(data), data["objective"]
    shown = dict.fromkeys([objective, *(m for m in data["metrics"] if not unit_of(m)), "parameters"])
    figures: list[Figure] = [
        IntervalChart(
            name="mean-validation",
            title=f"{objective} on validation",
            x=f"{objective} on validation",
            caption=_caption(data),
            intervals=[Interval(name, row["validation"], *_kind(row)) for name, row in rows.items()],
        )
    ]
    figures += [
        IntervalChart(
            name=f"mean-{metric}",
            title=title_of(metric) if unit_of(metric) else f"{title_of(metric)} on the test split",
            x=heading_of(metric),
            unit=unit_of(metric),
            caption=_caption(data),
            intervals=[
                Interval(name, row["values"].get(metric, Estimate(None)), *_kind(row))
                for name, row in rows.items()
            ],
        )
        for metric in shown
        if metric in data["metrics"]
    ]
    figures.append(
        IntervalChart(
            name="differences",
            title=f"Differences in {objective} on the test split",
            x="difference of the means, seed by seed",
            has_zero=True,
            intervals=[
                Interval(_pair(test), _difference(test)) for test in _tests(data) if _is_main(test, data)
            ],
        )
    )
    figures.append(
        IntervalChart(
            name="gap",
            title="From supernet to network",
            x=f"{objective} on the validation split",
            intervals=[
                Interval(gap["variant"], Estimate.read(gap.get(stage)), place, name)
                for gap in data["gap"]
                for place, (stage, name) in enumerate(_STAGES.items())
            ],
        )
    )
    figures += [*cost_figures(data), *_entropy_figures(data), _size(data, rows)]
    return [*figures, *placement_figures(data)]


def _same(data: Mapping[str, Any]) -> str:
    """Return what all variants have in common, as words that end a sentence."""
    varied = {key.partition(".")[0] for variant in data["variants"] for key in variant["point"]}
    same = [name for section, name in {"task": "data", "train": "training"}.items() if section not in varied]
    return f", the same {' and '.join(same)} for all" if same else ""


def _results(data: Mapping[str, Any]) -> Table:
    rows, objective = rows_by_name(data), data["objective"]
    validated = any(row["validation"].mean is not None for row in rows.values())
    columns = [Column("name"), *metric_columns(data, with_validation=validated), Column("seeds")]
    cells: list[list[Cell]] = []
    for name, row in rows.items():
        values = [row["values"].get(metric, Estimate(None)) for metric in data["metrics"]]
        known = row["values"].get(objective, Estimate(None)).by_seed.values()
        first = [row["validation"]] if validated else []
        cells.append([name, *first, *values, sum(value is not None for value in known)])
    chosen = (data["chosen"] or {}).get("name")
    several = len(data["seeds"]) > 1
    note = "Each number is a mean over the seeds, with its 95 % interval. " if several else "One seed each. "
    note += bold_in_words(objective) + (
        " That alone does not say that it is better than the others: see the tests." if several else ""
    )
    if chosen is not None:
        note += f" Marked: {chosen}, which validation chose."
    where = "validation, and the test split" if validated else "the test split"
    marked = [place for place, name in enumerate(rows) if name == chosen]
    signs = [*([MEANS] if several else []), *([CHOSEN] if marked else [])]
    return Table("results", f"Variants and baselines on {where}", columns, cells, note, marked, signs)


def _kind(row: Mapping[str, Any]) -> tuple[int, str]:
    """Return the series and the name of the kind of a row."""
    return 0 if row.get("kind") == "variant" else 5, row.get("kind") or ""


def _caption(data: Mapping[str, Any]) -> str:
    if len(data["seeds"]) < 2:
        return ""
    return "Full: the mean with its 95 % interval. Open: single seeds."


def _tests(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [test for test in data["tests"] if test.get("difference") is not None]


def _is_main(test: Mapping[str, Any], data: Mapping[str, Any]) -> bool:
    return bool(test["metric"] == data["objective"] and test.get("family") != "baselines")


def _pair(test: Mapping[str, Any]) -> str:
    return f"{test['a']} − {test['b']}"


def _difference(test: Mapping[str, Any]) -> Estimate:
    return Estimate(test["difference"], test.get("low"), test.get("high"), unit=unit_of(test["metric"]))


def _test_table(name: str, title: str, tests: Sequence[Mapping[str, Any]]) -> Table:
    columns = [
        Column("pair"),
        Column("metric"),
        Column("difference"),
        Column("p"),
        Column("p_holm", "p, Holm"),
    ]
    rows: list[list[Cell]] = []
    for test in tests:
        p, holm = (_float(test.get(key)) for key in ("p", "p_holm"))
        rows.append([_pair(test), heading_of(test["metric"]), _difference(test), p, holm])
    note = (
        "Paired over the seeds, each difference with its 95 % interval. p is that of the test on the "
        "differences; the last column is Holm's correction for having made several tests. A large p does not "
        "show that two are equal."
    )
    return Table(name, title, columns, rows, note, signs=[MEANS])


def _float(value: float | None) -> float | None:
    return None if value is None else float(value)


def _gap(data: Mapping[str, Any]) -> Table:
    stages = [Column(stage, title) for stage, title in _STAGES.items()]
    columns = [Column("variant"), *stages, Column("lost")]
    rows: list[list[Cell]] = []
    for gap in data["gap"]:
        values = [Estimate.read(gap.get(stage)) for stage in (*_STAGES, "drop")]
        if any(value.mean is not None for value in values[:-1]):
            rows.append([gap["variant"], *values])
    note = (
        "The supernet when its search ended; the network derived from it, with the weights that it inherits; "
        "and the same network when it was trained. Lost: supernet minus inherited, seed by seed."
    )
    signs = [*([MEANS] if len(data["seeds"]) > 1 else []), "lost: supernet minus inherited, seed by seed"]
    return Table("gap", f"{data['objective']} on the validation split", columns, rows, note, signs=signs)


def _curves(data: Mapping[str, Any]) -> dict[str, dict[str, list[list[float]]]]:
    """Return group → variant → the known entropies of each of its seeds, epoch by epoch."""
    found: dict[str, dict[str, list[list[float]]]] = {}
    for trial in data["trials"]:
        for group, values in (trial.get("entropy") or {}).items():
            curve = [value for value in values if value is not None]
            if curve:
                found.setdefault(group, {}).setdefault(trial["variant"], []).append(curve)
    return found


def _line(name: str, curves: Sequence[Sequence[float]]) -> Line:
    epochs = range(max(map(len, curves)))
    columns = [[curve[min(epoch, len(curve) - 1)] for curve in curves] for epoch in epochs]
    points = [(epoch + 1, sum(column) / len(column)) for epoch, column in zip(epochs, columns, strict=True)]
    if len(curves) == 1:
        return Line(name, points)
    return Line(name, points, list(map(min, columns)), list(map(max, columns)), is_range=True)


def _entropies(data: Mapping[str, Any]) -> Table:
    columns = [Column("variant"), Column("group"), Column("course", only="people"), Column("first")]
    columns.append(Column("last"))
    rows: list[list[Cell]] = []
    for group, variants in _curves(data).items():
        for variant, curves in variants.items():
            line = _line(variant, curves)
            ends = [
                Estimate(line.points[place][1], line.low[place], line.high[place], is_range=True)
                if line.low
                else Estimate(line.points[place][1])
                for place in (0, -1)
            ]
            rows.append([variant, group, sparkline([value for _, value in line.points]), *ends])
    several = len(data["seeds"]) > 1
    note = "Beside a mean stand the lowest and the highest seed." if several else ""
    signs = ["mean (lowest…highest seed)"] if several else []
    title = "Mean normalised entropy of the choices, epoch by epoch"
    title += ", mean over the seeds" if several else ""
    return Table("entropy", title, columns, rows, note, signs=signs)


def _entropy_figures(data: Mapping[str, Any]) -> list[Figure]:
    order = [variant["name"] for variant in data["variants"]]
    return [
        LineChart(
            name=f"entropy-{group}",
            title=group,
            x="epoch",
            y="entropy / log(candidates)",
            y_low=0.0,
            y_high=1.03,
            is_whole=True,
            lines=[_line(variant, variants[variant]) for variant in order if variant in variants],
        )
        for group, variants in _curves(data).items()
    ]


def _size(data: Mapping[str, Any], rows: Mapping[str, Mapping[str, Any]]) -> Figure:
    objective, clouds = data["objective"], []
    for variant in data["variants"]:
        points, names = [], []
        for trial in data["trials"]:
            size, score = value_of(trial, "parameters"), value_of(trial, objective)
            if trial["variant"] == variant["name"] and size is not None and score is not None:
                points.append((size, score))
                names.append(f"{trial['variant']}, seed {trial['seed']}")
        clouds.append(Cloud(variant["name"], points, names))
    means = {
        name: (size, score)
        for name, row in rows.items()
        if row.get("kind") != "variant"
        and (size := row["values"].get("parameters", Estimate(None)).mean) is not None
        and (score := row["values"].get(objective, Estimate(None)).mean) is not None
    }
    names = [f"{name} (mean)" for name in means]
    return ScatterChart(
        name="size",
        title=f"{objective} on the test split against size",
        x="parameters",
        y=heading_of(objective),
        clouds=[*clouds, Cloud("baselines (means)", list(means.values()), names)],
        caption="Each point is a seed; hold the pointer over it for its name and numbers.",
    )
