"""Reader of LAV-DF: `metadata.json` at the root and the folders `train`, `dev` and `test`.

A fake is a genuine clip in which words were replaced: only parts of it are altered.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

import attrs

from nasframe.errors import DataError
from nasframe.runtime import ANYTHING, PATH, Fields, Flag, Nullable, Number, Text
from nasframe_audiovisual import files_of
from nasframe_deepfake.datasets.categories import FAKE_BOTH, FAKE_PICTURE, FAKE_VOICE, GENUINE
from nasframe_deepfake.datasets.dataset import Dataset, Desync
from nasframe_deepfake.datasets.json_entries import (
    SEGMENTS,
    EntryCheck,
    FoundClips,
    contradiction,
    first_entry,
    segments_of,
)
from nasframe_deepfake.datasets.listing import Clip, Listing
from nasframe_deepfake.datasets.no_clip import require_clips
from nasframe_deepfake.datasets.table_paths import paths_in_tree
from nasframe_deepfake.datasets.video_files import is_video

__all__ = ["LavDF"]

_TABLES = ("metadata.min.json", "metadata.json")  # the first has the same entries in fewer bytes
_OFFICIAL = {"train": "train", "dev": "validation", "test": "test"}
_COUNT = Nullable(Number(0, whole=True))
_ENTRY = Fields(
    required={
        "file": PATH,
        "n_fakes": Number(0, whole=True),
        "fake_periods": SEGMENTS,
        "duration": Number(0),
        "original": Nullable(PATH),
        "modify_video": Flag(),
        "modify_audio": Flag(),
        "split": Text(tuple(_OFFICIAL)),
    },
    optional={
        "video_frames": _COUNT,
        "audio_channels": _COUNT,
        "audio_frames": _COUNT,
        "timestamps": ANYTHING,  # of the words that are spoken
        "transcript": Nullable(Text()),
    },
)
_CATEGORY = {
    (False, False): GENUINE,
    (True, False): FAKE_PICTURE,
    (False, True): FAKE_VOICE,
    (True, True): FAKE_BOTH,
}
_METHOD = {GENUINE: "real", FAKE_PICTURE: "video", FAKE_VOICE: "audio", FAKE_BOTH: "video and audio"}


class LavDF(Dataset):
    """LAV-DF: genuine clips, and fakes of which only parts are altered; with official splits."""

    expects: ClassVar[str] = "metadata.json or metadata.min.json of LAV-DF, and the folders train, dev, test"

    def recognises(self, folder: Path) -> bool:
        return any({"modify_video", "fake_periods"} <= first_entry(folder / name).keys() for name in _TABLES)

    def why_not(self, folder: Path) -> str:
        there = [folder / name for name in _TABLES if (folder / name).exists()]
        if there:
            return f"the first entry of {there[0].name} lacks modify_video or fake_periods"
        return f"there is no {_TABLES[-1]}"

    def read(self, folder: Path, desync: Desync) -> Listing:
        """Return the clips of the list, with their altered parts and official splits."""
        there = [folder / name for name in _TABLES if (folder / name).exists()]
        if not there:
            raise DataError(f"data folder {folder} has no metadata.json; expected {self.expects}")
        listing = Listing(folder, nameless="each genuine clip, with the fakes made of it, counts as one")
        if len(there) > 1:
            listing.notes.append(f"{there[0].name} was read, and {there[1].name} was not")
        check, found = EntryCheck(_ENTRY, listing), FoundClips(listing)
        for entry in check.of_list(there[0]):
            clip = _clip(entry.values)
            if isinstance(clip, str):
                listing.malformed.append(f"{entry.place}: {clip}")
            else:
                found.add(clip, entry.place)
        check.tell_unknown_keys()
        present = {*files_of(folder)}
        places = paths_in_tree(found.clips.keys(), present)
        clips = {places[path]: attrs.evolve(clip, path=places[path]) for path, clip in found.clips.items()}
        listing.clips = [clips[path] for path in sorted(clips.keys() & present)]
        listing.missing = sorted(clips.keys() - present)
        listing.unlisted = sorted(filter(is_video, present - clips.keys()))
        require_clips(listing, there[0], present, "entries")
        return listing


def _clip(values: Mapping[str, Any]) -> Clip | str:
    """Return the clip of an entry, or the reason why the entry cannot be used."""
    path, periods = PurePosixPath(values["file"]).as_posix(), segments_of(values["fake_periods"])
    for key in ("file", "original"):
        if values[key] is not None and not PurePosixPath(values[key]).name:
            return f"{key}: expected the path of a clip, found {values[key]!r}"
    category = _CATEGORY[values["modify_video"], values["modify_audio"]]
    if values["n_fakes"] != len(periods):
        return f"n_fakes is {values['n_fakes']}, and fake_periods has {len(periods)}"
    if category.fake != bool(periods):
        altered = "is modified" if category.fake else "is not modified"
        return f"the clip {altered} by modify_video and modify_audio, and n_fakes is {len(periods)}"
    if problem := contradiction("fake_periods", periods, values["duration"]):
        return problem
    folder = PurePosixPath(path).parts[0]
    if folder in _OFFICIAL and folder != values["split"]:
        return f"split: {values['split']!r} contradicts the folder {folder!r}"
    return Clip(
        path,
        category.name,
        _METHOD[category],
        _without_ending(values["original"] or path),
        (),
        "",
        "",
        periods,
        periods if category.fake_picture else (),
        periods if category.fake_voice else (),
        _OFFICIAL[values["split"]],
    )


def _without_ending(path: str) -> str:
    return str(PurePosixPath(path).with_suffix(""))
