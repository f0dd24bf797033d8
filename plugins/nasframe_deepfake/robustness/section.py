"""The robustness of a run as a table, and as a section of its page with a curve for each degradation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nasframe.display import Cell, Column, Estimate, Figure, Line, LineChart, PanelGrid, Section, Table
from nasframe.runtime import counted
from nasframe_deepfake.drawn_units import Drawn
from nasframe_deepfake.kept_reports import sentences_on_clips, sentences_on_problems
from nasframe_deepfake.robustness.labels import labelled

__all__ = ["in_sentences", "robustness_section", "robustness_table", "robustness_tables"]

_Scored = Mapping[str, Any]


def robustness_section(reports: Sequence[_Scored]) -> Section:
    """Return the section for the contents of `robustness.json`."""
    parts: list[Table | Figure | str] = []
    for number, report in enumerate(reports):
        parts += [*in_sentences(report), _curves(report, number), *robustness_tables(report, number)]
    return Section("Robustness", parts)


def in_sentences(report: _Scored) -> list[str]:
    """Return which clips were scored, and which were not and why."""
    drawn = Drawn.read(report)
    data = "the run's own data" if report["own"] else report["source"]
    sentences = [
        f"{counted(report['clips'], 'test clip')} of {data}, {report['genuine']} genuine, of "
        f"{drawn.in_words()}, were degraded as decoded, before the face is cut out, and scored. Window and "
        "square are those of the clean clip, so every level has the same clips.",
        *_sentences_on_flat_curves(report),
    ]
    for degradation in report["degradations"]:
        what = f"could not be degraded by {_labelled(degradation)}"
        sentences += sentences_on_problems(what, degradation["problems"])
    return [*sentences, *sentences_on_clips(report, drawn)]


def _sentences_on_flat_curves(report: _Scored) -> list[str]:
    unread = {one["stream"]: None for one in report["degradations"] if not _is_read(one)}
    return [
        f"The network does not read the {stream}, so no degradation of the {stream} changes a score, and "
        "their curves are flat: that is no robustness."
        for stream in unread
    ]


def _is_read(degradation: _Scored) -> bool:
    read: bool = degradation["read"]
    return read


def robustness_tables(report: _Scored, number: int = 0) -> list[Table]:
    """Return the table of all clips (see `robustness_table`), and one of each of several sets."""
    sets = sorted(report["clean"].get("per_set", ()))
    return [robustness_table(report, number), *([_table_of_sets(report, sets, number)] if sets else [])]


def robustness_table(report: _Scored, number: int = 0) -> Table:
    """Return the table for the content of a `robustness.json`: a row for each level, the clean clips first.

    Args:
        report: the content.
        number: of the report on a page; it enters the table's name.
    """
    rows: list[list[Cell]] = [
        [*names, *(_estimate(scored, metric) for metric in ("auc", "acc"))]
        for *names, scored in _levels(report)
    ]
    return Table(
        f"robustness{number or ''}",
        f"AUC and accuracy on degraded clips, with 95 % intervals over {Drawn.read(report).noun}",
        [Column("degradation"), Column("level"), Column("auc", "AUC"), Column("acc", "accuracy")],
        rows,
        f"Accuracy at the threshold of the run, {report['threshold']:.3g}, which was fitted on clean clips: "
        "where it falls and the AUC does not, the scores are shifted and rank the clips as before. 0.5 is "
        "chance for the AUC.",
    )


def _labelled(degradation: _Scored) -> str:
    return labelled(degradation["name"], degradation["title"])


def _table_of_sets(report: _Scored, sets: Sequence[str], number: int) -> Table:
    """Return a table with a column for each set, empty at a level for which none of its clips is left."""
    rows: list[list[Cell]] = []
    for *names, scored in _levels(report):
        found = scored.get("per_set", {})
        rows.append([*names, *(_estimate(found[one], "auc") if one in found else None for one in sets)])
    return Table(
        f"robustness-sets{number or ''}",
        f"AUC of the clips of each set, with 95 % intervals over {Drawn.read(report).noun}",
        [Column("degradation"), Column("level"), *(Column(f"set-{one}", one) for one in sets)],
        rows,
    )


def _levels(report: _Scored) -> Iterator[tuple[str, str, _Scored]]:
    """Yield name, level and metrics, the clean clips first."""
    yield "none", "", report["clean"]
    for degradation in report["degradations"]:
        for level in degradation["levels"]:
            yield _labelled(degradation), level["label"], level


def _curves(report: _Scored, number: int) -> PanelGrid:
    return PanelGrid(
        name=f"robustness-curves{number or ''}",
        title="AUC by the level of each degradation",
        caption="From the clean clips on the left to the harshest level, with the 95 % interval over "
        f"{Drawn.read(report).noun}.",
        figures=[_curve(degradation) for degradation in report["degradations"]],
    )


def _curve(degradation: _Scored) -> LineChart:
    """Return the AUC of the clean clips and of each level, at even distances."""
    scored = [degradation["clean"], *degradation["levels"]]
    known = [(place, one) for place, one in enumerate(scored) if one["auc"] is not None]
    banded = all(one["auc_low"] is not None and one["auc_high"] is not None for _, one in known)
    labels = ["clean", *(_short(level["label"]) for level in degradation["levels"])]
    line = Line(
        "AUC",
        [(float(place), one["auc"]) for place, one in known],
        low=[one["auc_low"] for _, one in known] if banded else (),
        high=[one["auc_high"] for _, one in known] if banded else (),
    )
    stream = f"{degradation['stream']}{', not read' * (not _is_read(degradation))}"
    return LineChart(
        name=f"robustness-{degradation['name']}",
        title=f"{_labelled(degradation)}: {stream}, {degradation['unit']}",
        lines=[line],
        x="",
        y="AUC",
        x_names=[(float(place), label) for place, label in enumerate(labels)],
        y_low=0.5,
        y_high=1.0,
        height=220,
    )


def _short(label: str) -> str:
    """Return the number of a level alone, which stands below an axis."""
    words = [word for word in label.split() if word[:1].isdigit() or word[:1] == "-"]
    number = words[0] if words else label
    is_thousands = number.isascii() and number.isdigit() and number.endswith("000")
    return f"{number[:-3]}k" if is_thousands else number


def _estimate(scored: _Scored, metric: str) -> Estimate:
    return Estimate(scored[metric], scored[f"{metric}_low"], scored[f"{metric}_high"], is_resampled=True)
