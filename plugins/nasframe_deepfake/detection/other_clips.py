"""The clips of another data set, for a detector that was trained on its own one."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from nasframe import OtherTest
from nasframe.errors import DataError
from nasframe.runtime import MAX_LISTING_BYTES, Fields, Text, counted, read_json, sha256_of
from nasframe_deepfake.datasets import GENUINE
from nasframe_deepfake.detection.clip_split import clip_split
from nasframe_deepfake.detection.detector import Detector
from nasframe_deepfake.detection.stream_split import lazy_features
from nasframe_deepfake.preparation import PreparedClip, read_index

__all__ = ["other_test"]

SEEN = "their files hold the same bytes as clips that the detector was trained or tuned on"
MISSING = "the preparation with the options of this run could not use them"

_NAMED = 3


def other_test(
    prepared: Path,
    detector: Detector,
    own: Path | None,
    categories: Sequence[str],
    examples: Sequence[str] | None,
) -> OtherTest:
    """Return the test clips of another data set.

    A clip whose file holds the same bytes as one that the detector was trained or tuned on is left out. A
    name in common is told and not left out: it need not be the same person in two data sets.

    Args:
        prepared: folder of the stage `prepare` of that set.
        detector: with what was learnt.
        own: folder of the stage `prepare` of the detector's own set; None where it is gone.
        categories: of the fakes to test on.
        examples: paths of the clips to test on; None for those of the test split.

    Raises:
        DataError: no genuine clip is left, or no fake of these categories.
    """
    used = (GENUINE.name, *categories)
    clips = [clip for clip in read_index(prepared / "index.csv") if clip.category in used]
    wanted = {*examples} if examples is not None else {clip.path for clip in clips if clip.split == "test"}
    chosen = [clip for clip in clips if clip.path in wanted]
    left_out = Counter({MISSING: len(wanted) - len(chosen)})
    notes = []
    if own is None:
        notes.append(
            "the prepared data of the run is gone, so nobody looked whether the training has seen some of "
            "these clips or people."
        )
    else:
        trained = [clip for clip in read_index(own / "index.csv") if clip.split != "test"]
        seen = _same_files(trained, own, chosen, prepared)
        if seen is None:
            notes.append(
                "the files of a data set are not where they were prepared from, so nobody looked whether the "
                "training has seen some of these clips."
            )
        chosen = [clip for clip in chosen if clip.path not in (seen or ())]
        left_out[SEEN] = len(seen or ())
        notes += _common_names(trained, chosen)
    if {clip.fake for clip in chosen} != {0, 1}:
        lacks = "genuine clips" if any(clip.fake for clip in chosen) else f"fakes of {', '.join(categories)}"
        raise DataError(f"its test split lacks {lacks}{_reasons(left_out)}")
    split = clip_split({}, chosen)
    return OtherTest(
        lazy_features(split, detector, prepared),
        {reason: count for reason, count in left_out.items() if count},
        notes,
    )


def _reasons(left_out: Mapping[str, int]) -> str:
    found = [
        f"{counted(count, 'clip is', 'clips are')} left out: {reason}"
        for reason, count in left_out.items()
        if count
    ]
    return f"; {'; '.join(found)}" if found else ""


def _same_files(
    trained: Sequence[PreparedClip], own: Path, chosen: Sequence[PreparedClip], prepared: Path
) -> set[str] | None:
    """Return the names of the chosen clips whose bytes a clip of the training has; None: a file is gone.

    Only files of the same size are read.
    """
    roots = [Path(read_json(folder / "report.json", _REPORT, limit=MAX_LISTING_BYTES)["source"])
             for folder in (own, prepared)]  # fmt: skip
    try:
        sizes: dict[tuple[int, ...], list[_Files]] = {}
        for clip in trained:
            files = clip.files.paths(roots[0])
            sizes.setdefault(_sizes(files), []).append(files)
        alike = {
            clip: sizes[size] for clip in chosen if (size := _sizes(clip.files.paths(roots[1]))) in sizes
        }
        digest = functools.cache(sha256_of)  # several clips may have one file
        known = {files: tuple(map(digest, files)) for found in alike.values() for files in found}
        return {
            clip.path
            for clip, found in alike.items()
            if tuple(map(digest, clip.files.paths(roots[1]))) in {known[files] for files in found}
        }
    except OSError:
        return None


_Files = tuple[Path, ...]


def _sizes(files: _Files) -> tuple[int, ...]:
    return tuple(file.stat().st_size for file in files)


_REPORT = Fields({"source": Text()})


def _common_names(trained: Sequence[PreparedClip], chosen: Sequence[PreparedClip]) -> list[str]:
    """Return a sentence on the people of the test clips whose names occur in the training, if there are."""
    names = {_own_name(clip) for clip in trained if not clip.nameless}
    common = Counter(_own_name(clip) for clip in chosen if not clip.nameless and _own_name(clip) in names)
    if not common:
        return []
    shown = ", ".join([*sorted(common)[:_NAMED], *(["…"] if len(common) > _NAMED else [])])
    people = "person has" if len(common) == 1 else "people have"
    return [
        f"{len(common)} {people} the name of somebody in the training ({shown}; {sum(common.values())} of "
        f"{counted(len(chosen), 'test clip')}): where both sets name the same people so, the numbers are "
        "too good."
    ]


def _own_name(clip: PreparedClip) -> str:
    """Return the name of a clip's person as its data set has it, also where several are combined."""
    return clip.source.partition("/")[2] if clip.set else clip.source
