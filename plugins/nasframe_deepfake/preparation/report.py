"""The report of a preparation, and the same in a few lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import attrs

from nasframe.runtime import counted
from nasframe_audiovisual import SPLITS, DecodedClips
from nasframe_deepfake.datasets import CATEGORY_NAMES, GENUINE, Listing
from nasframe_deepfake.drawn_units import Drawn
from nasframe_deepfake.preparation.clip_index import PreparedClip
from nasframe_deepfake.preparation.contents import repeated
from nasframe_deepfake.preparation.splits import Assignment

__all__ = ["make_report", "summary"]


def make_report(
    listing: Listing,
    clips: list[PreparedClip],
    contents: Sequence[str],
    decoded: DecodedClips,
    assignment: Assignment,
) -> dict[str, Any]:
    """Return what was used, left out, found twice, and what the splits share, as values for JSON."""
    counts = Counter((clip.split, clip.category) for clip in clips)
    same, fake = repeated([clip.path for clip in clips], contents), {clip.path: clip.fake for clip in clips}
    shared = attrs.evolve(assignment.shared, nameless=listing.nameless)
    return {
        "source": str(listing.root),
        "clips": len(clips),
        "categories": {name: sum(counts[split, name] for split in SPLITS) for name in CATEGORY_NAMES},
        **_drawn(clips).record(),
        **({"sets": _sets(listing, clips, decoded)} if listing.sets else {}),
        "contents": len({*contents}),
        "streams": {"pictures": decoded.pictures, "sounds": decoded.sounds},
        "splits": {
            split: {name: counts[split, name] for name in CATEGORY_NAMES if counts[split, name]}
            for split in SPLITS
        },
        "disjoint": list(shared.disjoint),
        "shared": shared.for_report(),
        "straddling": assignment.straddling,
        "claim": shared.in_words(),
        "spellings": [attrs.asdict(person) for person in listing.spellings],
        "repeated": same,
        "contradicted": [paths for paths in same if len({fake[path] for path in paths}) > 1],
        "skipped": [{"path": path, "reason": reason} for path, reason in decoded.skipped.items()],
        "duplicates": listing.duplicates,
        "missing": listing.missing,
        "unlisted": listing.unlisted,
        "malformed": listing.malformed,
        "left_out": listing.left_out,
        "corrected": listing.corrected,
        "notes": listing.notes,
    }


def _sets(
    listing: Listing, clips: Sequence[PreparedClip], decoded: DecodedClips
) -> dict[str, dict[str, Any]]:
    """Return the counts of each of several sets."""
    skipped = Counter(clip.set for clip in listing.clips if clip.name in decoded.skipped)
    used: dict[str, list[PreparedClip]] = {name: [] for name in sorted(listing.sets)}
    for clip in clips:
        used[clip.set].append(clip)
    return {
        name: {
            "dataset": listing.sets[name].dataset,
            "clips": len(found),
            "genuine": sum(not clip.fake for clip in found),
            **_drawn(found).record(),
            "splits": {split: sum(clip.split == split for clip in found) for split in SPLITS},
            "skipped": skipped[name],
            **{part: len(getattr(listing.sets[name].listing, part)) for part in _NOT_USED},
        }
        for name, found in used.items()
    }


def _drawn(clips: Sequence[PreparedClip]) -> Drawn:
    return Drawn.of([clip.source for clip in clips], [clip.nameless for clip in clips])


_NOT_USED = ("duplicates", "missing", "unlisted", "malformed", "left_out")
"""Parts of a listing that hold what is not used."""


def summary(report: dict[str, Any]) -> list[str]:
    """Return the report in a few lines for the user; the last says what the splits share."""
    categories = ", ".join(f"{name} {count}" for name, count in report["categories"].items() if count)
    lines = [f"{counted(report['clips'], 'clip')}: {categories}"]
    for name, found in report.get("sets", {}).items():
        unused = [part for part in ("skipped", *_NOT_USED) if found[part]]
        others = [f"{found[part]} {part.replace('_', ' ')}" for part in unused]
        drawn = Drawn.read(found)
        of = "nobody known" if drawn.clips else counted(drawn.people, "person", "people")
        counts = f"{counted(found['clips'], 'clip')} of {of}, {found['genuine']} genuine"
        lines.append(", ".join((f"{name} ({found['dataset']}): {counts}", *others)))
    for split, counts in report["splits"].items():
        lines.append(
            f"{split}: {counted(sum(counts.values()), 'clip')}, {counts.get(GENUINE.name, 0)} genuine"
        )
    for key, (one, several) in _NOTED.items():
        if found := report[key]:
            first = "this one" if len(found) == 1 else "the first"
            lines.append(f"{len(found)} {one if len(found) == 1 else several}; {first}: {_first(found[0])}")
    lines += report["notes"]
    lines.append(report["claim"])
    return lines


_NOTED = {
    "skipped": ("clip cannot be used", "clips cannot be used"),
    "duplicates": (
        "row dropped because its path was listed before",
        "rows dropped because their path was listed before",
    ),
    "missing": ("row names a file that is not there", "rows name files that are not there"),
    "unlisted": ("file has no row", "files have no row"),
    "malformed": ("row is malformed", "rows are malformed"),
    "left_out": ("clip left out", "clips left out"),
    "corrected": ("mistake of the data set mended", "mistakes of the data set mended"),
    "spellings": (
        "person whose name is spelled in several ways, and taken for one",
        "people whose name is spelled in several ways, and taken for one each",
    ),
    "repeated": ("content that several clips have", "contents that several clips have"),
    "contradicted": (
        "content that is called both genuine and fake",
        "contents that are called both genuine and fake",
    ),
}
"""Key of the report → what is told of one such, and of several."""


def _first(item: str | list[str] | dict[str, Any]) -> str:
    if isinstance(item, str):
        return item
    if isinstance(item, list):
        return ", ".join(item)
    if "spellings" in item:
        return ", ".join(map(repr, item["spellings"]))
    return item.get("reason") or ", ".join(f"{k} {v}" for k, v in item.items())
