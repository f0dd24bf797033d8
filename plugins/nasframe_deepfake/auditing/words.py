"""An audit in lines for a console."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nasframe.runtime import counted
from nasframe_deepfake.drawn_units import Drawn

__all__ = ["ALL_FAKES", "given_away", "in_lines", "outcome"]

ALL_FAKES = "all fakes"
"""Name of the fakes of all categories together."""


def in_lines(report: Mapping[str, Any]) -> list[str]:
    """Return one line, and one more for each shortcut that was found, for the content of `audit.json`."""
    lines = [f"shortcuts: {outcome(report)}"]
    if report["problems"]:
        first = report["problems"][0]
        lines.append(
            f"{counted(len(report['problems']), 'file')} could not be measured, or not to the end; "
            f"the first: {first['path']}: {first['problem']}"
        )
    for shortcut in report["shortcuts"]:
        if away := given_away(shortcut):
            parts = ", ".join(
                f"{name} AUC {value['auc']:.3f} (95 % {value['low']:.3f} to {value['high']:.3f})"
                for name, value in away.items()
            )
            typical = f"genuine {shortcut['typical_genuine']}, fake {shortcut['typical_fake']}"
            lines.append(f"SHORTCUT {shortcut['title']}: {parts}; {typical}")
    return lines


def given_away(shortcut: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the fakes that a fact alone gives away, all of them or those of some categories → how well."""
    parts = {ALL_FAKES: shortcut, **shortcut["per_category"]}
    return {name: value for name, value in parts.items() if value["found"]}


def outcome(report: Mapping[str, Any]) -> str:
    """Return in words how many shortcuts were found."""
    shortcuts, clips = report["shortcuts"], report["clips"]
    if all(shortcut["low"] is None for shortcut in shortcuts):
        return (
            f"not judged; {counted(report['fakes'], 'fake')} among {counted(clips, 'clip')}, of "
            f"too few {Drawn.read(report).noun} "
            f"(fewer than {report['least_people']} with a fake, or with a genuine clip)"
        )
    found, bound = sum(bool(given_away(shortcut)) for shortcut in shortcuts), report["bound"]
    what = f"{counted(len(shortcuts), 'fact')} of {counted(clips, 'file')}"
    if found:
        return (
            f"{found} of {what} alone tell fakes from genuine clips (lower bound of the AUC above {bound:g})"
        )
    return f"none of {what} alone tells fakes from genuine clips (lower bound of the AUC above {bound:g})"
