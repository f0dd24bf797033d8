"""The percentiles of the searched architectures among random ones of their space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nasframe.report.charts.histogram import Bars, histogram
from nasframe.report.charts.scatter import Cloud, scatter
from nasframe.report.costs import value_of
from nasframe.report.document import Section
from nasframe.report.markup import esc, number, table

__all__ = ["census_section"]


def census_section(data: Mapping[str, Any]) -> Section | None:
    """Return the section with the census of each space; None where there is none."""
    censuses = data.get("tables", data.get("censuses"))
    if not censuses:
        return None
    parts = ["<p>A percentile is the share of the census that has a lower score than the architecture.</p>"]
    for census in censuses:
        if len(censuses) > 1:
            parts.append(f"<h3>For {esc(', '.join(census['variants']))}</h3>")
        parts.append(_one(census, data))
    return Section("The census of the space", "".join(parts))


def _one(census: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    trials = {trial["name"]: trial for trial in data["trials"]}
    sentence = (
        f"<p>{census['architectures']:,} random architectures of the space were trained in the same way.</p>"
    )
    return (
        sentence + _figures(census, trials, data["objective"]) + _percentiles(census) + _correlations(census)
    )


def _figures(census: Mapping[str, Any], trials: Mapping[str, Mapping[str, Any]], objective: str) -> str:
    searched = {
        name: score
        for name in census["percentiles"]
        if name in trials and (score := value_of(trials[name], objective)) is not None
    }
    scores = [score for score in census["scores"]["test"] if score is not None]
    both = [*scores, *searched.values()]
    figures = ""
    if both and max(both) > min(both):
        figures += histogram(
            [Bars("random architectures", scores), Bars("searched", list(searched.values()))],
            title="Scores of the space",
            x=f"{objective}, test",
            low=min(both),
            high=max(both),
            bins=30,
            y="architectures",
        )
    sizes = census["scores"].get("parameters") or []
    pairs = [
        (size, score)
        for size, score in zip(sizes, census["scores"]["test"], strict=False)
        if size is not None and score is not None
    ]
    found = [
        (size, score, name)
        for name, score in searched.items()
        if (size := value_of(trials[name], "parameters")) is not None
    ]
    figures += scatter(
        [
            Cloud("random architectures", pairs, small=True),
            Cloud("searched", [(a, b) for a, b, _ in found], [name for *_, name in found]),
        ],
        title="Scores and sizes of the space",
        x="parameters",
        y=f"{objective}, test",
    )
    return f'<div class="grid">{figures}</div>'


def _percentiles(census: Mapping[str, Any]) -> str:
    rows = [
        [
            esc(name),
            *(
                _percentile(found.get(split), f"percentile/{name}/{split}")
                for split in ("validation", "test")
            ),
        ]
        for name, found in census["percentiles"].items()
    ]
    caption = "Percentile of each searched architecture in the space"
    return table(["", "validation", "test"], rows, caption=caption, classes="sortable")


def _correlations(census: Mapping[str, Any]) -> str:
    rows = [
        [
            esc(variant),
            number(found["rho"], f"correlation/{variant}"),
            "—" if found.get("low") is None else f"{number(found['low'])} to {number(found['high'])}",
            esc(found["over"]),
            number(found["architectures"]),
        ]
        for variant, found in census["correlation"].items()
    ]
    if not rows:
        return ""
    caption = "Rank correlation between the supernet's score of an architecture and its score when trained"
    columns = ["", "Spearman's rho", "95 % interval", "over", "architectures ranked"]
    return table(columns, rows, caption=caption)


def _percentile(value: float | None, key: str) -> str:
    if value is None:
        return "—"
    return f'<data value="{value!r}" title="{value!r}" data-key="{esc(key)}">{value:.1f}</data>'
