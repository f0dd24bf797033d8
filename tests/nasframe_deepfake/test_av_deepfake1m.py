"""AV-Deepfake1M: a list or a file for each clip, parts of each stream, and a known mistake of its authors."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from nasframe.cli import main
from nasframe.errors import DataError
from nasframe_deepfake.datasets import AVDeepfake1M, Listing, read_fakeavceleb, resolve_dataset_name
from nasframe_deepfake.preparation import read_index

TYPES = {
    "real": "real",
    "fake_video_real_audio": "visual_modified",
    "real_video_fake_audio": "audio_modified",
    "fake_video_fake_audio": "both_modified",
}
Parts = list[list[float]]


def entry(
    kind: str,
    sound: Parts | None = None,
    pictures: Parts | None = None,
    split: str = "train",
    clip: str = "vox_celeb_2/id00012/21Uxsk56VDQ/00001",
    **changes: Any,
) -> dict[str, Any]:
    """A clip as the set describes it."""
    sound, pictures = sound or [], pictures or []
    return {
        "file": f"{clip}/{kind}.mp4",
        "original": None if kind == "real" else f"{clip}/real.mp4",
        "split": split,
        "modify_type": TYPES.get(kind, "real"),
        "audio_model": "yourtts" if "fake_audio" in kind else None,
        "fake_segments": sorted(map(list, {*map(tuple, sound + pictures)})),
        "audio_fake_segments": sound,
        "visual_fake_segments": pictures,
        "video_frames": 237,
        "audio_frames": 151_680,
    } | changes


ENTRIES = [
    entry("real"),
    entry("fake_video_real_audio", pictures=[[3.28, 3.46]]),
    entry("real_video_fake_audio", sound=[[3.28, 3.4]]),
    entry("fake_video_fake_audio", [[3.28, 3.4]], [[3.28, 3.46]], "val", "vox_celeb_2/id00013/x/00002"),
]


def where(item: dict[str, Any]) -> str:
    return f"{item['split']}/{item['file']}"


def clips(root: Path, entries: list[Any]) -> Path:
    for item in entries:
        (root / where(item)).parent.mkdir(parents=True, exist_ok=True)
        (root / where(item)).touch()
    return root


def tree(root: Path, entries: list[Any], name: str = "train_metadata.json") -> Path:
    clips(root, entries)
    (root / name).write_text(json.dumps(entries))
    return root


def read(root: Path) -> Listing:
    return AVDeepfake1M().read(root, "pairing")


def test_labels_people_parts_and_splits_are_those_of_the_list(tmp_path: Path) -> None:
    root = tree(tmp_path, ENTRIES)
    assert resolve_dataset_name("auto", root) == "av_deepfake1m"
    listing = read(root)
    a, b = ((3.28, 3.4),), ((3.28, 3.46),)
    assert {
        clip.path: (
            *(clip.category, clip.method, clip.source, clip.official_split),
            *(clip.fake_segments, clip.fake_picture_segments, clip.fake_voice_segments),
        )
        for clip in listing.clips
    } == {
        where(ENTRIES[0]): ("RV-RA", "real", "id00012", "train", (), (), ()),
        where(ENTRIES[1]): ("FV-RA", "visual_modified", "id00012", "train", b, b, ()),
        where(ENTRIES[2]): ("RV-FA", "audio_modified: yourtts", "id00012", "train", a, (), a),
        where(ENTRIES[3]): ("FV-FA", "both_modified: yourtts", "id00013", "validation", a + b, b, a),
    }
    assert (
        listing.malformed == listing.notes == listing.unlisted == listing.missing == listing.corrected == []
    )


def test_lists_of_both_splits_and_paths_with_the_split_before_them_are_read(tmp_path: Path) -> None:
    tree(tmp_path, ENTRIES[:3])
    clips(tmp_path, ENTRIES[3:])
    (tmp_path / "val_metadata.json").write_text(json.dumps([ENTRIES[3] | {"file": where(ENTRIES[3])}]))
    assert [clip.path for clip in read(tmp_path).clips] == sorted(map(where, ENTRIES))


@pytest.mark.parametrize("beside", [False, True])
def test_a_file_of_json_for_each_clip_is_read(tmp_path: Path, beside: bool) -> None:
    root = clips(tmp_path, ENTRIES)
    for item in ENTRIES:
        folder = item["split"] if beside else f"{item['split']}_metadata"
        file = root / folder / item["file"].replace(".mp4", ".json")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(item))
    assert resolve_dataset_name("auto", root) == "av_deepfake1m"
    listing = read(root)
    assert [clip.path for clip in listing.clips] == sorted(map(where, ENTRIES))
    file.write_text("{")
    (told,) = read(root).malformed
    assert told.startswith(f"{file}: cannot be read as JSON")


@pytest.mark.parametrize(
    ("kind", "sound", "pictures", "key"),
    [
        ("real_video_fake_audio", [[1, 2], [3, 4]], [[3, 4]], "visual_fake_segments"),
        ("fake_video_real_audio", [[3, 4]], [[1, 2], [3, 4]], "audio_fake_segments"),
    ],
)
def test_a_segment_that_stands_also_in_the_list_of_the_stream_that_was_not_modified_is_cleared_and_told(
    tmp_path: Path, kind: str, sound: Parts, pictures: Parts, key: str
) -> None:
    listing = read(tree(tmp_path, [ENTRIES[0], entry(kind, sound, pictures)]))
    clip = next(clip for clip in listing.clips if clip.fake)
    assert clip.fake_segments == ((1, 2), (3, 4))
    assert {clip.fake_picture_segments, clip.fake_voice_segments} == {(), ((1, 2), (3, 4))}
    (told,) = listing.corrected
    assert told.startswith(f"train_metadata.json: entry 2 (vox_celeb_2/id00012/21Uxsk56VDQ/00001/{kind}.mp4)")
    assert f"{key} repeats the last segment [3, 4] of the other stream" in told


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (
            entry("real_video_fake_audio", [[1, 2]], [[3, 4]], fake_segments=[[1, 2]]),
            "visual_fake_segments has 1 segments, and modify_type is 'audio_modified'",
        ),
        (entry("real", [[1, 2]]), "audio_fake_segments has 1 segments, and modify_type is 'real'"),
        (entry("real", fake_segments=[[1, 2]]), "fake_segments has 1 segments, and modify_type is 'real'"),
        (
            entry("real", modify_type="both_modified"),
            "modify_type: 'both_modified' contradicts the file real",
        ),
        (entry("real", modify_type="fake"), "modify_type: unknown value 'fake'"),
        (entry("real", modify_type=None), "lacks the key 'modify_type'"),
        (entry("real", video_frames="1"), "video_frames: expected a whole number, found '1'"),
        (
            entry("fake_video_real_audio", None, [[10, 11]]),
            "fake_segments: [10, 11] begins behind the end of",
        ),
        (entry("real", split="dev"), "split: unknown value 'dev'"),
        (entry("real", clip="id1/00001"), "file: expected <source>/<identity>/<clip>/<number>/<kind>.mp4"),
        (entry("real", clip="a/../../../b"), "file: expected a path inside the folder of the data set"),
    ],
)
def test_an_entry_that_says_nothing_certain_is_told_with_its_number_and_key(
    tmp_path: Path, bad: dict[str, Any], reason: str
) -> None:
    root = tree(tmp_path, ENTRIES[1:])
    (root / "train_metadata.json").write_text(json.dumps([*ENTRIES[1:], bad]))
    listing = read(root)
    assert len(listing.clips) == 3
    (told,) = listing.malformed
    assert told.startswith(f"train_metadata.json: entry 4 ({bad['file']}): {reason}")


def test_clips_of_the_test_split_are_left_out_because_they_have_no_labels(tmp_path: Path) -> None:
    unlabelled = {"file": "000001.mp4", "split": "test"}
    root = tree(tmp_path, [*ENTRIES, unlabelled])
    (root / "test" / "000002.mp4").touch()
    listing = read(root)
    assert listing.left_out == [
        "test/000001.mp4: the test split has no labels",
        "test/000002.mp4: the test split has no labels",
    ]
    assert listing.unlisted == listing.malformed == []
    assert len(listing.clips) == 4


def test_a_fake_without_a_segment_in_a_modified_stream_is_used_and_told(tmp_path: Path) -> None:
    empty = entry("fake_video_fake_audio", [[1, 2]], [])
    listing = read(tree(tmp_path, [ENTRIES[0], empty]))
    assert listing.clips[0].fake_picture_segments is None
    assert listing.notes[0].startswith("1 fake has no segment in a stream that was altered")


def test_files_without_an_entry_and_entries_without_a_file_are_told(tmp_path: Path) -> None:
    root = tree(tmp_path, ENTRIES)
    (root / where(ENTRIES[1])).rename(root / "train" / "other.mp4")
    listing = read(root)
    assert listing.missing == [where(ENTRIES[1])]
    assert listing.unlisted == ["train/other.mp4"]


def test_a_folder_without_metadata_is_refused(tmp_path: Path) -> None:
    clips(tmp_path, ENTRIES)
    with pytest.raises(DataError, match="no data set recognises"):
        resolve_dataset_name("auto", tmp_path)
    with pytest.raises(DataError, match="no clip to use; 0 entries name files that are not there"):
        read(tmp_path)


def test_real_clips_are_prepared_and_the_validation_clips_are_the_test(
    corpus: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kinds = {"RV-RA": "real", "FV-RA": "fake_video_real_audio", "RV-FA": "real_video_fake_audio"}
    entries = []
    for number, clip in enumerate(read_fakeavceleb(corpus).clips):
        if clip.method == "desync":
            continue
        split = "val" if clip.source in ("id00005", "id00006") else "train"
        parts = [[0.5, 0.9]]
        item = entry(
            kinds.get(clip.category, "fake_video_fake_audio"),
            parts if clip.fake_voice else None,
            parts if clip.fake_picture else None,
            split,
            f"vox_celeb_2/{clip.source}/film/{number:05}",
        )
        entries.append(item)
        place = Path("set", where(item))
        place.parent.mkdir(parents=True, exist_ok=True)
        os.link(corpus / clip.path, place)
    Path("set/metadata.json").write_text(json.dumps(entries))
    assert main(["deepfake", "prepare", "set", "--out", "out", "--faces", "none", "--workers", "1"]) == 0
    text = capsys.readouterr().out
    assert "own splits stand; its training clips are divided into weights, architecture, validation" in text
    index = read_index(Path("out/index.csv"))
    assert {entry.split for entry in index if entry.path.startswith("val/")} == {"test"}
    assert len(index) == len(entries)
