"""Stage `prepare`: every clip decoded once; arrays, an index, and a report on clips that were left out."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from attrs import frozen

from nasframe.errors import DataError
from nasframe.runtime import MAX_LISTING_BYTES, Fields, Flag, Progress, counted, read_json, write_json
from nasframe_audiovisual import (
    DecodedClips,
    FaceSettings,
    Window,
    remove_streams,
    write_split_list,
    write_streams,
)
from nasframe_deepfake.datasets import Clip, Desync, Listing, is_marked_synthetic, read_dataset
from nasframe_deepfake.preparation.clip_index import PreparedClip, with_details, write_index
from nasframe_deepfake.preparation.contents import (
    are_usable,
    contents_of_both,
    contents_of_streams,
    contents_to_decode,
)
from nasframe_deepfake.preparation.official_splits import standing_of_sets
from nasframe_deepfake.preparation.report import make_report
from nasframe_deepfake.preparation.splits import (
    Assignment,
    SplitLeaks,
    check_own_list,
    read_splits,
    refuse_unlisted,
    split_clips,
    unlisted_clips,
)

__all__ = ["Preparation", "is_synthetic", "prepare"]


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
        split_leaks: refuse a `split_list` that puts a person or a content into several splits, or count them.
    """

    dataset: str
    desync: Desync
    window: Window
    faces: FaceSettings
    mels: int
    shares: tuple[float, float, float, float]
    split_list: Path | None
    seed: int
    split_leaks: SplitLeaks = "refuse"


def prepare(
    source: Path, out: Path, preparation: Preparation, workers: int, progress: Progress
) -> dict[str, Any]:
    """Decode the clips of `source` into `out` and return the report.

    Writes the shards of `write_streams`, in which a stream that several clips share is written once,
    `index.csv`, `splits.csv` and `report.json`. Where `out` holds whole shards of these clips, as a killed
    preparation leaves them, they are kept.

    Raises:
        DataError: the source cannot be read, the disk is too full, no clip can be decoded, a split would have
            no genuine or no fake clip, or the user's list of splits leaks and is to be refused then.
    """
    listing = read_dataset(preparation.dataset, source, preparation.desync)
    contents = contents_to_decode(listing, preparation.window, preparation.faces, workers)
    # Clips that cannot be split are refused now, and not after hours of decoding.
    if preparation.split_list is None:
        split_clips(listing.clips, preparation.shares, preparation.seed, contents)
    else:
        check_own_list(preparation.split_list, listing.clips, contents, preparation.split_leaks)
        _require_listed(preparation, listing, workers)
    decoded = write_streams(
        listing.root,
        [clip.files for clip in listing.clips],
        out,
        preparation.window,
        preparation.mels,
        workers,
        progress,
        preparation.faces,
    )
    try:
        used, contents, assignment = _assigned(source, listing.clips, contents, decoded, preparation)
    except DataError:  # other options or other clips are wanted, and what is decoded serves neither
        remove_streams(out)
        raise
    prepared = [
        PreparedClip(
            clip.name, split, clip.category, clip.method, clip.source, clip.race, clip.gender,
            int(clip.fake), int(clip.fake_picture), int(clip.fake_voice), *decoded.rows[clip.name],
        )
        for clip, split in zip(used, assignment.splits, strict=True)
    ]  # fmt: skip
    prepared = [with_details(item, clip, listing.root) for item, clip in zip(prepared, used, strict=True)]
    if preparation.split_list is None:
        listing.notes += [*standing_of_sets(used), *assignment.notes]
    listing.notes += _notes_on_window(used, preparation.window)
    report = {
        "dataset": preparation.dataset,
        "synthetic": is_marked_synthetic(listing.root),
        **make_report(listing, prepared, contents, decoded, assignment),
    }
    write_index(out / "index.csv", prepared)
    write_split_list(out / "splits.csv", [clip.name for clip in used], assignment.splits)
    write_json(out / "report.json", report)
    return report


def _require_listed(preparation: Preparation, listing: Listing, workers: int) -> None:
    """Refuse a list of the user's own without a clip that can be used, before all are decoded.

    The `splits.csv` of an earlier preparation lacks those that could not be decoded, and need not have them.

    Raises:
        DataError: with the number of clips that are not on it, and the first that can be used.
    """
    assert preparation.split_list is not None
    unlisted = unlisted_clips(preparation.split_list, listing.clips)
    if not unlisted:
        return
    usable = are_usable(listing.root, unlisted, preparation.window, preparation.faces, workers)
    with closing(usable):
        if (first := next(itertools.compress(unlisted, usable), None)) is not None:
            refuse_unlisted(preparation.split_list, len(unlisted), first)


def _assigned(
    source: Path,
    clips: Sequence[Clip],
    files: Sequence[str],
    decoded: DecodedClips,
    preparation: Preparation,
) -> tuple[list[Clip], tuple[str, ...], Assignment]:
    """Return the clips that can be used, the content of each, and their splits.

    Args:
        source: of the clips.
        clips: all that are listed.
        files: the content of each by its files.
        decoded: their streams.
        preparation: the options.

    Raises:
        DataError: there is none, or they cannot be split.
    """
    pairs = [(clip, content) for clip, content in zip(clips, files, strict=True) if clip.name in decoded.rows]
    used = [clip for clip, _ in pairs]
    if not used:
        reasons = "".join(f"\n  {reason}" for reason in [*decoded.skipped.values()][:3])
        raise DataError(f"{source}: none of {counted(len(clips), 'clip')} can be used:{reasons}")
    streams = contents_of_streams(decoded.rows, [clip.name for clip in used])
    contents = contents_of_both(streams, [content for _, content in pairs])
    if preparation.split_list is not None:
        assignment = read_splits(preparation.split_list, used, contents, preparation.split_leaks)
    else:
        assignment = split_clips(used, preparation.shares, preparation.seed, contents)
    return used, contents, assignment


def _notes_on_window(clips: Sequence[Clip], window: Window) -> list[str]:
    """Return how many fakes are altered only outside the part of the clip that is used."""
    end = window.trim + window.seconds
    outside = [
        clip
        for clip in clips
        if clip.fake_segments
        and all(stop <= window.trim or start >= end for start, stop in clip.fake_segments)
    ]
    if not outside:
        return []
    return [
        f"{len(outside)} fakes are altered only outside the seconds from {window.trim:g} to {end:g}, which "
        f"are used, and count as fake all the same; the first: {outside[0].name}"
    ]


def is_synthetic(prepared: Path) -> bool:
    """Return True where the clips in a folder that `prepare` wrote were synthesised by nasframe."""
    shape = Fields({}, {"synthetic": Flag()})
    # it names every file that is missing, which may be a million
    report = read_json(prepared / "report.json", shape, limit=MAX_LISTING_BYTES)
    return bool(report.get("synthetic"))
