"""The section of a run's page: which facts of the files alone tell fakes from genuine clips."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nasframe.display import Cell, Column, Estimate, Section, Table
from nasframe_deepfake.auditing.words import ALL_FAKES, given_away, outcome
from nasframe_deepfake.drawn_units import Drawn

__all__ = ["audit_section", "audit_table"]


def audit_section(report: Mapping[str, Any]) -> Section:
    """Return the section for the content of an `audit.json`."""
    window = report["window"]
    parts: list[Table | str] = [_sentence(outcome(report)), audit_table(report)]
    found = [shortcut for shortcut in report["shortcuts"] if given_away(shortcut)]
    if found:
        parts.insert(
            1,
            "A detector of these clips may have learnt the encoder or the cut instead of the fake, and its "
            "scores on this set say nothing about clips from elsewhere. Encode all clips alike, cut "
            "them alike, and prepare them again; or judge by a set without these shortcuts.",
        )
    parts.append(
        f"The detector of this run gets {window['seconds']:g} s of each clip, from {window['trim']:g} s on, "
        "as pictures of one size and sound of one rate. Silence before that is cut off, and it sees no "
        "container, rate or length. The last rows are measured in that window: where they are not red, the "
        "cut has mended what is red above them. What an encoder does to pictures and sound stays in both."
    )
    if report.get("synthetic"):
        parts.insert(
            0,
            "The clips were synthesised by nasframe. Scores on them say nothing about real deepfakes.",
        )
    return Section("Shortcuts in the files", parts)


def audit_table(report: Mapping[str, Any], *, per_category: bool = True) -> Table:
    """Return the table `shortcuts` for the content of an `audit.json`: a row for each fact.

    Where there are several categories of fakes it has a column for each, unless it is to be narrow.
    """
    shortcuts, noun = report["shortcuts"], Drawn.read(report).noun
    categories = list(shortcuts[0]["per_category"])
    if not per_category or len(categories) == 1:
        categories = []
    rows: list[list[Cell]] = [
        [
            shortcut["title"],
            _cell(shortcut),
            *(_cell(shortcut["per_category"][name]) for name in categories),
            shortcut["typical_genuine"],
            shortcut["typical_fake"],
            ", ".join(given_away(shortcut)),
        ]
        for shortcut in shortcuts
    ]
    return Table(
        "shortcuts",
        f"AUC of one fact alone, in either direction, with the 95 % interval over {noun}",
        [
            Column("fact"),
            Column("auc", ALL_FAKES),
            *(Column(name) for name in categories),
            Column("genuine", "genuine, typical"),
            Column("fake", "fake, typical"),
            Column("gives_away", "gives away"),
        ],
        rows,
        f"Red, and named in the last column: the lower end is above {report['bound']:g}, so this fact alone "
        "tells these fakes from the genuine clips of the set. 0.5 is chance. Typical is the median, or the "
        "most frequent one with its share. No interval: "
        f"fewer than {report['least_people']} {noun} have such a fake, or a "
        "genuine clip. On simulated sets without a shortcut up to four facts of a hundred were red.",
    )


def _cell(value: Mapping[str, Any]) -> Estimate:
    return Estimate(value["auc"], value["low"], value["high"], is_resampled=True, alarm=value["found"])


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."
