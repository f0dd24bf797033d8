"""Reader of AV-Deepfake1M: folders of clips for each person, and JSON that tells which parts are altered.

The JSON is one list, one for each split, or a file for each clip.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

import attrs

from nasframe.errors import DataError
from nasframe.runtime import ANYTHING, PATH, Fields, Nullable, Number, Text, counted, read_json
from nasframe_audiovisual import files_of
from nasframe_deepfake.datasets.categories import FAKE_BOTH, FAKE_PICTURE, FAKE_VOICE, GENUINE
from nasframe_deepfake.datasets.dataset import Dataset, Desync
from nasframe_deepfake.datasets.json_entries import (
    SEGMENTS,
    Entry,
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

__all__ = ["AVDeepfake1M"]

_OFFICIAL = {"train": "train", "val": "validation", "test": "test"}
_CATEGORY = {
    "real": GENUINE,
    "visual_modified": FAKE_PICTURE,
    "audio_modified": FAKE_VOICE,
    "both_modified": FAKE_BOTH,
}
_TYPE_OF_FILE = {
    "real": "real",
    "fake_video_real_audio": "visual_modified",
    "real_video_fake_audio": "audio_modified",
    "fake_video_fake_audio": "both_modified",
}
_FRAMES_A_SECOND = 25
_COUNT = Nullable(Number(0, whole=True))
_ENTRY = Fields(
    required={"file": PATH, "split": Text(tuple(_OFFICIAL))},
    optional={
        "modify_type": Nullable(Text(tuple(_CATEGORY))),
        "fake_segments": SEGMENTS,
        "audio_fake_segments": SEGMENTS,
        "visual_fake_segments": SEGMENTS,
        "original": Nullable(PATH),
        "audio_model": Nullable(Text()),
        "video_model": Nullable(Text()),
        "video_frames": _COUNT,
        "audio_frames": _COUNT,
        "timestamps": ANYTHING,  # of the words that are spoken
        "transcript": ANYTHING,
    },
)
_LABELS = ("modify_type", "fake_segments", "audio_fake_segments", "visual_fake_segments")
_PATH = "<source>/<identity>/<clip>/<number>/<kind>.mp4"
_NO_LABELS = "the test split has no labels"
_DEEPEST = 8  # folders down to the JSON of a clip


class AVDeepfake1M(Dataset):
    """AV-Deepfake1M: clips of VoxCeleb2, and fakes of which only parts are altered; with official splits."""

    expects: ClassVar[str] = "JSON metadata of AV-Deepfake1M (modify_type), and the folders train and val"
    corpus: ClassVar[str] = "VoxCeleb2"

    def recognises(self, folder: Path) -> bool:
        if any("modify_type" in first_entry(table) for table in _lists(folder)):
            return True
        # Below other folders it would be a set that lies deeper, maybe among others.
        tops = [item for item in folder.iterdir() if item.is_dir()]
        return any(top.name in _OFFICIAL for top in tops) and any(
            "modify_type" in _read(file) for file in _first_files(folder)
        )

    def why_not(self, folder: Path) -> str:
        lists = _lists(folder)
        if lists:
            return f"the first entry of {lists[0].name} has no modify_type"
        if not any((folder / name).is_dir() for name in _OFFICIAL):
            return "there is no train_metadata.json and no train/"
        return "there is no train_metadata.json, and no JSON with modify_type beside the clips"

    def read(self, folder: Path, desync: Desync) -> Listing:
        """Return the clips of all lists, or else of the files for each clip."""
        if not folder.is_dir():
            raise DataError(
                f"data folder {folder} {'is not a folder' if folder.exists() else 'does not exist'}"
            )
        listing = Listing(folder)
        present = {*files_of(folder)}
        check, found = EntryCheck(_ENTRY, listing), FoundClips(listing)
        unlabelled = {}
        tables = [table for table in _lists(folder) if {"file", "split"} <= first_entry(table).keys()]
        for entry in _entries(folder, tables, present, check):
            path = _path(entry.values)
            if entry.values["split"] == "test" and entry.values.get("modify_type") is None:
                unlabelled[path] = entry.place
                continue
            clip = _clip(path, entry, listing)
            if isinstance(clip, str):
                listing.malformed.append(f"{entry.place}: {clip}")
            else:
                found.add(clip, entry.place)
        check.tell_unknown_keys()
        places = paths_in_tree(found.clips.keys(), present)
        clips = {places[path]: attrs.evolve(clip, path=places[path]) for path, clip in found.clips.items()}
        listing.clips = [clips[path] for path in sorted(clips.keys() & present)]
        listing.missing = sorted(clips.keys() - present)
        others = sorted(filter(is_video, present - clips.keys()))
        of_test = {path for path in others if path.split("/")[0] == "test"} | unlabelled.keys()
        listing.left_out = [f"{path}: {_NO_LABELS}" for path in sorted(of_test)]
        listing.unlisted = [path for path in others if path not in of_test]
        _note_empty_lists(listing)
        require_clips(listing, tables[0] if tables else folder, present, "entries")
        return listing


def _lists(folder: Path) -> list[Path]:
    return [item for item in sorted(folder.iterdir()) if item.suffix.lower() == ".json" and item.is_file()]


def _entries(root: Path, tables: list[Path], present: set[str], check: EntryCheck) -> Iterator[Entry]:
    of_clips = sorted(path for path in present if "/" in path and path.endswith(".json"))
    for table in tables:
        yield from check.of_list(table)
    if tables and of_clips:
        check.listing.notes.append(
            f"{' and '.join(table.name for table in tables)} was read, and {len(of_clips)} files for single "
            f"clips were not, such as {of_clips[0]}"
        )
    for path in () if tables else of_clips:
        try:
            value = read_json(root / path, error=DataError)
        except DataError as error:
            check.listing.malformed.append(str(error))
            continue
        entry = check.of(path, value)
        if entry is not None:
            yield entry


def _first_files(folder: Path) -> Iterator[Path]:
    """Yield the first JSON file below each folder of a folder, where it lies in the first folders."""
    for top in sorted(item for item in folder.iterdir() if item.is_dir()):
        place = top
        for _ in range(_DEEPEST):
            try:
                items = sorted(os.scandir(place), key=lambda item: item.name)
            except OSError:
                break
            file = next((item for item in items if item.name.endswith(".json") and item.is_file()), None)
            inside = next((item for item in items if item.is_dir()), None)
            if file is not None:
                yield Path(file.path)
            if file is not None or inside is None:
                break
            place = Path(inside.path)


def _read(file: Path) -> Mapping[str, Any]:
    try:
        value = read_json(file, error=DataError)
    except DataError:
        return {}
    return value if isinstance(value, dict) else {}


def _path(values: Mapping[str, Any]) -> str:
    """Return the path of a clip below the root; some lists have it below the folder of its split."""
    path, split = PurePosixPath(values["file"]).as_posix(), values["split"]
    return path if path.split("/")[0] == split else f"{split}/{path}"


def _clip(path: str, entry: Entry, listing: Listing) -> Clip | str:
    """Return the clip of an entry, or the reason why the entry cannot be used."""
    values = entry.values
    lacking = [key for key in _LABELS if values.get(key) is None]
    if lacking:
        return f"lacks the key {lacking[0]!r}"
    parts, kind = PurePosixPath(path).parts, PurePosixPath(path).stem
    if len(parts) < 5:
        return f"file: expected {_PATH}"
    if _TYPE_OF_FILE.get(kind, values["modify_type"]) != values["modify_type"]:
        return f"modify_type: {values['modify_type']!r} contradicts the file {kind}"
    category = _CATEGORY[values["modify_type"]]
    both, sound, pictures = (
        segments_of(values[key]) for key in ("fake_segments", "audio_fake_segments", "visual_fake_segments")
    )
    frames = values.get("video_frames")
    duration = frames / _FRAMES_A_SECOND if frames else None
    for key, segments in zip(_LABELS[1:], (both, sound, pictures), strict=True):
        if problem := contradiction(key, segments, duration):
            return problem
    for altered, key, segments, other in (
        (category.fake_voice, "audio_fake_segments", sound, pictures),
        (category.fake_picture, "visual_fake_segments", pictures, sound),
    ):
        if altered or not segments:
            continue
        if not category.fake or segments not in (other[-1:], both[-1:]):
            return f"{key} has {len(segments)} segments, and modify_type is {values['modify_type']!r}"
        shown = ", ".join(f"[{start:g}, {stop:g}]" for start, stop in segments)
        listing.corrected.append(
            f"{entry.place}: {key} repeats the last segment {shown} of the other stream, and modify_type is "
            f"{values['modify_type']!r}: cleared"
        )
    if not category.fake and both:
        return f"fake_segments has {len(both)} segments, and modify_type is 'real'"
    return Clip(
        path,
        category.name,
        _method(values),
        parts[-4],
        (),
        "",
        "",
        both or (None if category.fake else ()),
        (pictures or None) if category.fake_picture else (),
        (sound or None) if category.fake_voice else (),
        _OFFICIAL[values["split"]],
    )


def _method(values: Mapping[str, Any]) -> str:
    """Return the models where they are named, else the kind of fake."""
    kind: str = values["modify_type"]
    models = [values.get(key) for key in ("video_model", "audio_model")]
    named = [model for model in models if model]
    return kind if kind == "real" or not named else f"{kind}: {' and '.join(named)}"


def _note_empty_lists(listing: Listing) -> None:
    """Note how many fakes have no segment in a stream that was altered."""
    unknown = [
        clip
        for clip in listing.clips
        if None in (clip.fake_segments, clip.fake_picture_segments, clip.fake_voice_segments)
    ]
    if unknown:
        listing.notes.append(
            f"{counted(len(unknown), 'fake has', 'fakes have')} no segment in a stream that was altered: "
            f"which part it is is not known; the first: {unknown[0].path}"
        )
