"""An audit: by which facts of the files alone fakes can be told from genuine clips."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nasframe.runtime import Progress, write_json
from nasframe_audiovisual import FileFacts, Window
from nasframe_deepfake.auditing.audited_clip import AuditedClip
from nasframe_deepfake.auditing.measuring import measure_files, write_facts
from nasframe_deepfake.auditing.recorded import AUDIT
from nasframe_deepfake.auditing.separation import (
    LEAST_PEOPLE,
    Separation,
    separation_by_category,
    separation_by_number,
)
from nasframe_deepfake.auditing.shortcuts import SHORTCUTS, Shortcut
from nasframe_deepfake.datasets import CATEGORY_NAMES, is_marked_synthetic
from nasframe_deepfake.drawn_units import Drawn

__all__ = ["BOUND", "FACTS", "audit", "report_of_facts"]

FACTS = "facts.csv"
"""Name of the file with the facts of each clip."""

BOUND = 0.55
"""A shortcut is found where the lower end of its AUC's 95 % interval is above this."""


def audit(
    root: Path,
    clips: Sequence[AuditedClip],
    out: Path,
    window: Window,
    seed: int,
    workers: int,
    progress: Progress,
) -> dict[str, Any]:
    """Measure the files of `clips`, write `facts.csv` and `audit.json` into `out`, and return the latter.

    Args:
        root: folder of the clips.
        clips: all of the set, of whatever split: nothing is computed from the result.
        out: a folder that is there.
        window: the part of a clip that a detector gets.
        seed: of the folds and of the bootstrap, from 0.
        workers: processes; 0: one for each core.
        progress: to report to.
    """
    facts = measure_files(root, clips, window, workers, progress)
    write_facts(out / FACTS, clips, facts)
    report = {
        "source": str(root),
        "synthetic": is_marked_synthetic(root),
        "window": {"trim": window.trim, "seconds": window.seconds},
        **report_of_facts(clips, facts, seed),
    }
    write_json(out / AUDIT, report)
    return report


def report_of_facts(clips: Sequence[AuditedClip], facts: Sequence[FileFacts], seed: int) -> dict[str, Any]:
    """Return how well each fact alone separates the clips, as values for JSON.

    A file that could not be opened at all is left out, and counted.
    """
    pairs = list(zip(clips, facts, strict=True))
    known = [(clip, found) for clip, found in pairs if found.container or not found.problem]
    found = [
        {"name": shortcut.name, "title": shortcut.title, "in_window": shortcut.in_window}
        | _judged(shortcut, known, seed)
        for shortcut in SHORTCUTS
    ]
    return {
        "bound": BOUND,
        "least_people": LEAST_PEOPLE,
        "clips": len(known),
        "fakes": sum(clip.fake for clip, _ in known),
        **Drawn.of([clip.source for clip, _ in known], [clip.nameless for clip, _ in known]).record(),
        "problems": [{"path": clip.path, "problem": fact.problem} for clip, fact in pairs if fact.problem],
        "shortcuts": found,
    }


_Known = Sequence[tuple[AuditedClip, FileFacts]]


def _judged(shortcut: Shortcut, known: _Known, seed: int) -> dict[str, Any]:
    """Return what a fact separates: all fakes, and those of each category, from the genuine clips."""
    there = {clip.category for clip, _ in known if clip.fake}
    names = [name for name in CATEGORY_NAMES if name in there]
    parts = {name: [pair for pair in known if not pair[0].fake or pair[0].category == name] for name in names}
    per_category = {name: _plain(_separation(shortcut, part, seed)) for name, part in parts.items()}
    overall = _plain(_separation(shortcut, known, seed))
    return {
        **overall,
        "typical_genuine": _typical(shortcut, [fact for clip, fact in known if not clip.fake]),
        "typical_fake": _typical(shortcut, [fact for clip, fact in known if clip.fake]),
        "per_category": per_category,
    }


def _separation(shortcut: Shortcut, known: _Known, seed: int) -> Separation:
    fake = [clip.fake for clip, _ in known]
    people = [clip.source for clip, _ in known]
    if shortcut.number is not None:
        return separation_by_number([shortcut.number(fact) for _, fact in known], fake, people, seed)
    assert shortcut.category is not None
    return separation_by_category([shortcut.category(fact) for _, fact in known], fake, people, seed)


def _plain(found: Separation) -> dict[str, Any]:
    return {
        "auc": found.auc,
        "low": found.low,
        "high": found.high,
        "higher_in_fakes": found.higher_in_fakes,
        "people": found.people,
        "found": found.low is not None and found.low > BOUND,
    }


def _typical(shortcut: Shortcut, facts: Sequence[FileFacts]) -> str:
    """Return the median of a number, or the most frequent category with its share, in words."""
    if shortcut.number is not None:
        numbers = [value for value in map(shortcut.number, facts) if value is not None]
        if not numbers:
            return ""
        middle = statistics.median(numbers)
        return f"{middle:,.0f}" if abs(middle) >= 1000 else f"{middle:.4g}"
    assert shortcut.category is not None
    counts = Counter(map(shortcut.category, facts))
    if not counts:
        return ""
    name, count = counts.most_common(1)[0]
    return f"{name or 'none'} ({count / len(facts):.0%})"
