"""The page of a comparison: the results of the variants, their differences, and tests of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nasframe.report.architectures import architecture_panels
from nasframe.report.census import census_section
from nasframe.report.charts.intervals import Interval, interval_chart
from nasframe.report.charts.lines import Line, line_chart
from nasframe.report.charts.scatter import Cloud, scatter
from nasframe.report.costs import COSTS, title_of, unit_of, value_of
from nasframe.report.document import Section, html_page
from nasframe.report.markup import details, esc, number, shown, table, tiles
from nasframe.report.study_sections import current_names, made_section, trials_section
from nasframe.runtime import write_text

__all__ = ["write_comparison_page"]

_STAGES = {"supernet": "supernet", "inherited": "inherited weights", "trained": "trained"}


def write_comparison_page(data: Mapping[str, Any], folder: Path) -> None:
    """Write `report.html` of a comparison into its folder.

    Args:
        data: the content of `comparison.json`.
        folder: of the comparison, with the runs of its trials in it.
    """
    data = current_names(data)
    variants = [variant["name"] for variant in data["variants"]]
    sections = [
        _results(data),
        _tests(data),
        _gap(data),
        _entropy(data, variants),
        _size(data, variants),
        census_section(data),
        Section("The architectures", architecture_panels(data, folder)),
        trials_section(data["trials"], data["metrics"], data.get("failed")),
        made_section(data),
    ]
    seeds = len(data["seeds"])
    about = (
        f"{len(variants)} {'variant' if len(variants) == 1 else 'variants'}, {seeds} "
        f"{'seed' if seeds == 1 else 'seeds'} each{_same(data)}"
    )
    page = html_page(
        f"Comparison: {data['title']}",
        about,
        [part for part in sections if part is not None],
        lead=_lead(data),
    )
    write_text(folder / "report.html", page)


def _same(data: Mapping[str, Any]) -> str:
    """Return what all variants have in common, as words that end a sentence."""
    varied = {key.partition(".")[0] for variant in data["variants"] for key in variant["point"]}
    same = [name for section, name in {"task": "data", "train": "training"}.items() if section not in varied]
    return f", the same {' and '.join(same)} for all" if same else ""


def _lead(data: Mapping[str, Any]) -> str:
    objective = data["objective"]
    rows = [row for row in data["rows"] if row["kind"] == "variant"][:6]
    return tiles(
        {f"{objective}, {row['name']}": _value(row["values"].get(objective)) for row in rows if row["values"]}
    )


def _results(data: Mapping[str, Any]) -> Section:
    metrics, objective = data["metrics"], data["objective"]
    best = {metric: _best(data["rows"], metric, objective) for metric in metrics}
    rows = []
    for row in data["rows"]:
        values = []
        for metric in metrics:
            text = _value(row["values"].get(metric), f"{row['name']}/{metric}", unit_of(metric))
            values.append(f'<span class="best">{text}</span>' if row["name"] in best[metric] else text)
        rows.append([esc(row["name"]), *values])
    variants = [index for index, row in enumerate(data["rows"]) if row["kind"] == "variant"]
    note = (
        '<p class="note">Each number is a mean over the seeds; below it its 95 % interval, where there '
        f"are several seeds. Bold: the best mean of the column (the largest {esc(objective)}, the smallest "
        "cost). "
        "That alone does not say that it is better than the others: see the tests.</p>"
    )
    caveats = "".join(f"<li>{esc(caveat)}</li>" for caveat in data.get("caveats") or ())
    listing = table(
        ["", *map(title_of, metrics)],
        rows,
        caption="On the test split: variants and baselines",
        marked=variants,
    )
    charts = "".join(
        _intervals(data, metric)
        for metric in dict.fromkeys([objective, *(m for m in metrics if m not in COSTS), "parameters"])
        if metric in metrics
    )
    listed = f'<ul class="caveats">{caveats}</ul>' if caveats else ""
    return Section("Results", f'{listed}{listing}{note}<div class="grid">{charts}</div>')


def _intervals(data: Mapping[str, Any], metric: str) -> str:
    rows = []
    for row in data["rows"]:
        value = row["values"].get(metric) or {}
        if value.get("mean") is not None:
            seeds = [item for item in (value.get("by_seed") or {}).values() if item is not None]
            series = 0 if row["kind"] == "variant" else 5
            rows.append(
                Interval(row["name"], value["mean"], value.get("low"), value.get("high"), seeds, series)
            )
    caption = "Full: the mean with its 95 % interval. Open: single seeds." if len(data["seeds"]) > 1 else ""
    return interval_chart(rows, title=title_of(metric), x=title_of(metric), caption=caption)


def _value(value: Mapping[str, Any] | None, key: str = "", unit: str = "") -> str:
    """Return a mean above its interval, as HTML."""
    if value is None or value.get("mean") is None:
        return "—"
    interval = ""
    if value.get("low") is not None and value.get("high") is not None and value["low"] < value["high"]:
        interval = (
            f'<span class="interval">{shown(value["low"], unit)} to {shown(value["high"], unit)}</span>'
        )
    return number(value["mean"], key, unit) + interval


def _best(rows: Sequence[Mapping[str, Any]], metric: str, objective: str) -> set[str]:
    """Return the names of the rows with the best mean: the largest objective, the smallest cost.

    Empty where all means are equal, and for any other metric: nobody knows which of its values are better.
    """
    if metric != objective and metric not in COSTS:
        return set()
    means = {row["name"]: (row["values"].get(metric) or {}).get("mean") for row in rows}
    known: dict[str, float] = {name: mean for name, mean in means.items() if mean is not None}
    if len(set(known.values())) < 2:
        return set()
    best = (max if metric == objective else min)(known.values())
    return {name for name, mean in known.items() if mean == best}


def _tests(data: Mapping[str, Any]) -> Section:
    tests, objective = data.get("tests") or [], data["objective"]
    known = [test for test in tests if test.get("difference") is not None]
    if not known:
        return Section("Paired tests", "<p>There are too few seeds, or too few variants, for a test.</p>")
    main = [test for test in known if test["metric"] == objective and test.get("family") != "baselines"]
    others = [test for test in known if test not in main]
    rows = [
        Interval(f"{test['a']} − {test['b']}", test["difference"], test.get("low"), test.get("high"))
        for test in main
    ]
    chart = interval_chart(
        rows, title=f"Differences in {objective}", x="difference of the means, seed by seed", zero=True
    )
    note = (
        '<p class="note">Paired over the seeds. p is that of the test on the differences; the last column is '
        "Holm's correction for having made several tests. A large p does not show that two are equal.</p>"
    )
    parts = _test_table(main, f"{objective}, between variants") + note + chart if main else ""
    more = details("Every other test", _test_table(others, "Every other test")) if others else ""
    return Section("Paired tests", parts + more)


def _test_table(tests: Sequence[Mapping[str, Any]], caption: str) -> str:
    rows = [
        [
            f"{esc(test['a'])} − {esc(test['b'])}",
            esc(title_of(test["metric"])),
            number(test["difference"]),
            "—" if test.get("low") is None else f"{number(test['low'])} to {number(test['high'])}",
            "—" if test.get("p") is None else number(float(test["p"])),
            "—" if test.get("p_holm") is None else number(float(test["p_holm"])),
        ]
        for test in tests
    ]
    columns = ["", "metric", "difference", "95 % interval", "p", "p, Holm"]
    return table(columns, rows, caption=caption, classes="sortable")


def _gap(data: Mapping[str, Any]) -> Section | None:
    gaps = [
        gap
        for gap in data.get("gap") or ()
        if any((gap.get(stage) or {}).get("mean") is not None for stage in _STAGES)
    ]
    if not gaps:
        return None
    rows, bars = [], []
    for gap in gaps:
        values = [_value(gap.get(stage), f"gap/{gap['variant']}/{stage}") for stage in _STAGES]
        rows.append([esc(gap["variant"]), *values, _value(gap.get("drop"), f"gap/{gap['variant']}/drop")])
        for index, stage in enumerate(_STAGES):
            value = gap.get(stage) or {}
            if value.get("mean") is not None:
                name = f"{gap['variant']}, {stage}"
                bars.append(Interval(name, value["mean"], value.get("low"), value.get("high"), (), index))
    listing = table(
        ["", *_STAGES.values(), "lost"],
        rows,
        caption=f"{data['objective']} on the validation split",
    )
    chart = interval_chart(
        bars, title="From supernet to network", x=f"{data['objective']} on the validation split"
    )
    note = (
        '<p class="note">The supernet when its search ended; the network derived from it, with the weights '
        "that it inherits; and the same network when it was trained. Lost: supernet minus inherited, seed "
        "by seed.</p>"
    )
    return Section("The gap between search and network", listing + note + chart)


def _entropy(data: Mapping[str, Any], variants: Sequence[str]) -> Section | None:
    groups = list(dict.fromkeys(group for trial in data["trials"] for group in trial.get("entropy") or {}))
    charts = []
    for group in groups:
        lines = []
        for variant in variants:
            curves = [
                [value for value in trial["entropy"][group] if value is not None]
                for trial in data["trials"]
                if trial["variant"] == variant and (trial.get("entropy") or {}).get(group)
            ]
            curves = [curve for curve in curves if curve]
            if curves:
                lines.append(_band(variant, curves))
        charts.append(
            line_chart(lines, title=group, x="epoch", y="entropy / log(candidates)", zero=True, top=1.03)
        )
    if not charts:
        return None
    note = (
        '<p class="note">Mean normalised entropy of each group of choices: 1 where all candidates are '
        "equally probable, 0 where everything is decided. The line is the mean over the seeds, the band "
        "reaches from the lowest seed to the highest. A search that stopped early keeps its last value until "
        "the end.</p>"
    )
    return Section("Entropy over the epochs", f'{note}<div class="grid">{"".join(charts)}</div>')


def _band(name: str, curves: Sequence[Sequence[float]]) -> Line:
    epochs = range(max(map(len, curves)))
    columns = [[curve[min(epoch, len(curve) - 1)] for curve in curves] for epoch in epochs]
    several = len(curves) > 1
    return Line(
        name,
        [(epoch + 1, sum(column) / len(column)) for epoch, column in zip(epochs, columns, strict=True)],
        [min(column) for column in columns] if several else (),
        [max(column) for column in columns] if several else (),
    )


def _size(data: Mapping[str, Any], variants: Sequence[str]) -> Section | None:
    objective = data["objective"]
    clouds = []
    for variant in variants:
        pairs = [
            (value_of(trial, "parameters"), value_of(trial, objective), f"{variant}, seed {trial['seed']}")
            for trial in data["trials"]
            if trial["variant"] == variant
        ]
        found = [(a, b, name) for a, b, name in pairs if a is not None and b is not None]
        clouds.append(Cloud(variant, [(a, b) for a, b, _ in found], [name for *_, name in found]))
    points, names = [], []
    for row in data["rows"]:
        x, y = ((row["values"].get(metric) or {}).get("mean") for metric in ("parameters", objective))
        if row["kind"] != "variant" and x is not None and y is not None:
            points.append((x, y))
            names.append(f"{row['name']} (mean)")
    chart = scatter(
        [*clouds, Cloud("baselines (means)", points, names)],
        title=f"{objective} against size",
        x="parameters",
        y=objective,
        caption="Each point is a seed; hold the pointer over it for its name and numbers.",
    )
    return Section("Size", chart) if chart else None
