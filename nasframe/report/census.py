"""Where the searched architectures stand among random ones of their space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nasframe.report.charts import Bars, Cloud, histogram, scatter
from nasframe.report.document import Section
from nasframe.report.markup import esc, number, table
from nasframe.report.study import value_of

__all__ = ["census_section"]


def census_section(data: Mapping[str, Any]) -> Section | None:
    """The census of a comparison; None where it has none."""
    census = data.get("census")
    if not census:
        return None
    objective = data["objective"]
    cells = {cell["name"]: cell for cell in data["cells"]}
    searched = {
        name: score for name in census["percentiles"] if (score := _score(cells, name, objective)) is not None
    }
    scores = [score for score in census["scores"]["test"] if score is not None]
    both = [*scores, *searched.values()]
    parts = [
        f"<p>{census['architectures']} random architectures of the space were trained in the same way. "
        "A percentile says what share of them a searched architecture beats.</p>"
    ]
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
        if (size := value_of(cells[name], "parameters")) is not None
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
    parts.append(f'<div class="grid">{figures}</div>')
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
    parts.append(table(["", "validation", "test"], rows, caption=caption, classes="sortable"))
    rows = [
        [
            esc(variant),
            number(found["rho"], f"correlation/{variant}"),
            "—" if found.get("low") is None else f"{number(found['low'])} to {number(found['high'])}",
        ]
        for variant, found in census["correlation"].items()
    ]
    if rows:
        caption = (
            "Rank correlation between the supernet's score of an architecture and its score when trained"
        )
        parts.append(table(["", "Spearman's rho", "95 % interval"], rows, caption=caption))
    return Section("The census of the space", "".join(parts))


def _score(cells: Mapping[str, Mapping[str, Any]], name: str, objective: str) -> float | None:
    return value_of(cells[name], objective) if name in cells else None


def _percentile(value: float | None, key: str) -> str:
    if value is None:
        return "—"
    return f'<data value="{value!r}" title="{value!r}" data-key="{esc(key)}">{value:.1f}</data>'
