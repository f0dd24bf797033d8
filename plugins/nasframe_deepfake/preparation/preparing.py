"""Stage `prepare`: every clip decoded once; arrays, an index, and a report on clips that were left out."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import attrs
from attrs import frozen

from nasframe.errors import DataError
from nasframe.runtime import Fields, Flag, Progress, read_json, write_json
from nasframe_audiovisual import (
    SPLITS,
    DecodedClips,
    FaceSettings,
    Window,
    write_index,
    write_split_list,
    write_streams,
)
from nasframe_deepfake.datasets import (
    CATEGORY_NAMES,
    GENUINE,
    Desync,
    Listing,
    hash_of_dataset,
    read_dataset,
)
from nasframe_deepfake.preparation.clip_index import PreparedClip
from nasframe_deepfake.preparation.splits import Assignment, read_own_list, read_splits, split_clips
from nasframe_deepfake.synthesis import SYNTHETIC_MARK

__all__ = ["Preparation", "is_synthetic", "preparation_inputs", "prepare", "summary"]


@frozen
class Preparation:
    """The options of the stage.

    Attributes:
        dataset: name of the source's layout, as `resolve_dataset_name` returns it.
        desync: category of clips whose method is `desync`.
        window: the length of the part of each clip that is used, and its pictures.
        faces: how the square of the pictures is found.
        mels: bands of the spectrogram.
        shares: of the four splits.
        split_list: a CSV file with the user's own splits, instead of `shares`.
        seed: of the splits.
    """

    dataset: str
    desync: Desync
    window: Window
    faces: FaceSettings
    mels: int
    shares: tuple[float, float, float, float]
    split_list: Path | None
    seed: int


def prepare(
    source: Path, out: Path, preparation: Preparation, workers: int, progress: Progress
) -> dict[str, Any]:
    """Decode the clips of `source` into `out` and return the report.

    Writes `pictures.npy` `(streams, frames, size, size, 3)` uint8, `sounds.npy` `(streams, mels, COLUMNS)`
    float32, `index.csv`, `splits.csv` and `report.json`. A stream that several clips share is written once.

    Raises:
        DataError: the source cannot be read, the disk is too full, no clip can be decoded, or a split would
            have no genuine or no fake clip.
    """
    listing = read_dataset(preparation.dataset, source, preparation.desync)
    # Clips that cannot be split are refused now, and not after hours of decoding.
    if preparation.split_list is None:
        split_clips(listing.clips, preparation.shares, preparation.seed)
    else:
        # The `splits.csv` of an earlier preparation lacks the clips that could not be decoded.
        listed = read_own_list(preparation.split_list)
        known = [clip for clip in listing.clips if clip.path in listed]
        read_splits(preparation.split_list, known or listing.clips)
    paths = [clip.path for clip in listing.clips]
    decoded = write_streams(
        listing.root,
        paths,
        out,
        preparation.window,
        preparation.mels,
        workers,
        progress,
        preparation.faces,
    )
    used = [clip for clip in listing.clips if clip.path in decoded.rows]
    if not used:
        reasons = "".join(f"\n  {reason}" for reason in [*decoded.skipped.values()][:3])
        raise DataError(f"{source}: none of {len(paths)} clips can be used:{reasons}")
    if preparation.split_list is not None:
        assignment = read_splits(preparation.split_list, used)
    else:
        assignment = split_clips(used, preparation.shares, preparation.seed)
    prepared = [
        PreparedClip(
            clip.path, split, clip.category, clip.method, clip.source, clip.race, clip.gender,
            int(clip.fake), int(clip.fake_picture), int(clip.fake_voice), *decoded.rows[clip.path],
        )
        for clip, split in zip(used, assignment.splits, strict=True)
    ]  # fmt: skip
    report = {
        "dataset": preparation.dataset,
        "synthetic": (listing.root / SYNTHETIC_MARK).is_file(),
        **_report(listing, prepared, decoded, assignment),
    }
    write_index(out / "index.csv", prepared)
    write_split_list(out / "splits.csv", [clip.path for clip in used], assignment.splits)
    write_json(out / "report.json", report)
    return report


def _report(
    listing: Listing,
    clips: list[PreparedClip],
    decoded: DecodedClips,
    assignment: Assignment,
) -> dict[str, Any]:
    counts = Counter((clip.split, clip.category) for clip in clips)
    return {
        "source": str(listing.root),
        "clips": len(clips),
        "categories": {name: sum(counts[split, name] for split in SPLITS) for name in CATEGORY_NAMES},
        "streams": {"pictures": decoded.pictures, "sounds": decoded.sounds},
        "splits": {
            split: {name: counts[split, name] for name in CATEGORY_NAMES if counts[split, name]}
            for split in SPLITS
        },
        "disjoint": assignment.disjoint,
        "straddling": assignment.straddling,
        "skipped": [{"path": path, "reason": reason} for path, reason in decoded.skipped.items()],
        "duplicates": listing.duplicates,
        "missing": listing.missing,
        "unlisted": listing.unlisted,
        "malformed": listing.malformed,
    }


def is_synthetic(prepared: Path) -> bool:
    """Return True where the clips in a folder that `prepare` wrote were synthesised by nasframe."""
    return bool(read_json(prepared / "report.json", Fields({}, {"synthetic": Flag()})).get("synthetic"))


def summary(report: dict[str, Any]) -> list[str]:
    """Return the report in a few lines for the user."""
    categories = ", ".join(f"{name} {count}" for name, count in report["categories"].items() if count)
    lines = [f"{report['clips']} clips: {categories}"]
    for split, counts in report["splits"].items():
        lines.append(f"{split}: {sum(counts.values())} clips, {counts.get(GENUINE.name, 0)} genuine")
    lines.append(f"splits share no {report['disjoint']}")
    for key, text in _LEFT_OUT.items():
        if report[key]:
            lines.append(f"{len(report[key])} {text}; the first: {_first(report[key][0])}")
    return lines


_LEFT_OUT = {
    "skipped": "unreadable clips skipped",
    "duplicates": "rows dropped because their path was listed before",
    "missing": "rows name files that are not there",
    "unlisted": "files have no row",
    "malformed": "rows are malformed",
}


def _first(item: str | dict[str, str]) -> str:
    return (
        item
        if isinstance(item, str)
        else item.get("reason") or ", ".join(f"{k} {v}" for k, v in item.items())
    )


def preparation_inputs(preparation: Preparation) -> dict[str, Any]:
    """Return everything that the result depends on, as values for JSON.

    Raises:
        DataError: the user's list of splits cannot be read.
    """
    plain = {**attrs.asdict(preparation), "faces": preparation.faces.inputs()}
    plain["split_list"] = read_own_list(preparation.split_list) if preparation.split_list else None
    code = hash_of_dataset(preparation.dataset)
    return plain if code is None else {**plain, "dataset_code": code}
