"""The AUC of single seconds as a table, and as a section of a run's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nasframe.display import Cell, Column, Estimate, Section, Table
from nasframe.runtime import counted
from nasframe_deepfake.drawn_units import Drawn
from nasframe_deepfake.kept_reports import sentences_on_clips

__all__ = ["in_sentences", "per_second_section", "per_second_table"]

_Report = Mapping[str, Any]


def per_second_section(reports: Sequence[_Report]) -> Section:
    """Return the section for the contents of reports."""
    parts: list[Table | str] = []
    for number, report in enumerate(reports):
        parts += [*in_sentences(report), per_second_table(report, number)]
    return Section("Single seconds", parts)


def in_sentences(report: _Report) -> list[str]:
    """Return which seconds were scored, and which were not and why."""
    data = "the run's own data" if report["own"] else report["source"]
    found = report["all"]
    sentences = [
        f"{counted(found['seconds'], 'second')} of {counted(report['clips'], 'test clip')} of {data} have a "
        f"score, and {found['altered']} of them are altered. A second is altered where any part of it is, in "
        "either stream."
    ]
    if unscored := report["unscored"]:
        reasons = ", ".join(f"{count} {reason}" for reason, count in unscored.items())
        sentences.append(
            f"{counted(sum(unscored.values()), 'second has', 'seconds have')} no score: {reasons}."
        )
    return [*sentences, *sentences_on_clips(report, Drawn.read(found))]


def per_second_table(report: _Report, number: int = 0) -> Table:
    """Return the table for the content of a report.

    Args:
        report: the content.
        number: of the report on a page; it enters the table's name.
    """
    noun = Drawn.read(report["all"]).noun
    judged = {
        "all seconds": report["all"],
        "of fakes alone": report["fakes"],
        **{f"altered in {name}": value for name, value in report["per_category"].items()},
    }
    rows: list[list[Cell]] = [
        [
            name,
            Estimate(value["auc"], value["auc_low"], value["auc_high"], is_resampled=True),
            value["seconds"],
            value["altered"],
            Drawn.read(value).count,
        ]
        for name, value in judged.items()
    ]
    return Table(
        f"per-second{number or ''}",
        f"AUC of single seconds, with 95 % intervals over {noun}",
        [
            Column("seconds_of", "seconds"),
            Column("auc", "AUC"),
            Column("seconds", "number", unit="count"),
            Column("altered", unit="count"),
            Column("people", noun, unit="count"),
        ],
        rows,
        f"A second has the mean of the windows that cover it, each of {report['seconds_of_window']:g} s, by "
        "the time that both share. So a second beside an altered one shares its windows, and an AUC of 1 is "
        "out of reach where parts of seconds are altered. Of fakes alone: whether the detector finds the "
        "place. The rows of categories have the altered seconds of its fakes and all seconds that are not "
        "altered. 0.5 is chance.",
    )
