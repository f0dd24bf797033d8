"""LAV-DF: a list in JSON, parts that are altered, official splits."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from nasframe.cli import main
from nasframe.errors import DataError
from nasframe_deepfake.datasets import LavDF, Listing, read_dataset, read_fakeavceleb, resolve_dataset_name
from nasframe_deepfake.preparation import read_index


def entry(file: str, **changes: Any) -> dict[str, Any]:
    """A genuine clip of 4.5 seconds, as the set describes it."""
    return {
        "file": file,
        "n_fakes": 0,
        "fake_periods": [],
        "duration": 4.5,
        "original": None,
        "modify_video": False,
        "modify_audio": False,
        "split": file.split("/")[0],
        "video_frames": 112,
        "audio_channels": 1,
        "audio_frames": 72_000,
    } | changes


def fake(file: str, original: str | None, video: bool, audio: bool, *periods: list[float]) -> dict[str, Any]:
    found = {"n_fakes": len(periods), "fake_periods": [*periods], "original": original}
    return entry(file, **found, modify_video=video, modify_audio=audio)


ENTRIES = [
    entry("train/000000.mp4"),
    fake("train/000001.mp4", "train/000000.mp4", True, False, [1.2, 1.5]),
    fake("dev/000002.mp4", None, False, True, [2, 2.5], [0.5, 0.9]),
    fake("test/000003.mp4", "test/000004.mp4", True, True, [0.0, 0.4]),
    entry("test/000004.mp4", timestamps=[["word", 0.1, 0.2]], transcript="word"),
]


def tree(root: Path, entries: list[Any], name: str = "metadata.json", missing: tuple[str, ...] = ()) -> Path:
    root.mkdir(exist_ok=True)
    for item in entries:
        file = item.get("file") if isinstance(item, dict) else None
        if isinstance(file, str) and file not in missing and ".." not in file and file[:1] not in ("/", ""):
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            (root / file).touch()
    (root / name).write_text(json.dumps(entries))
    return root


def read(root: Path) -> Listing:
    return LavDF().read(root, "pairing")


@pytest.mark.parametrize("name", ["metadata.json", "metadata.min.json"])
def test_labels_parts_and_splits_are_those_of_the_list(tmp_path: Path, name: str) -> None:
    root = tree(tmp_path, ENTRIES, name)
    assert resolve_dataset_name("auto", root) == "lav_df"
    listing = read(root)
    found = {
        clip.path: (
            *(clip.category, clip.source, clip.official_split),
            *(clip.fake_segments, clip.fake_picture_segments, clip.fake_voice_segments),
        )
        for clip in listing.clips
    }
    assert found == {
        "dev/000002.mp4": ("RV-FA", "dev/000002", "validation", two := ((0.5, 0.9), (2.0, 2.5)), (), two),
        "test/000003.mp4": ("FV-FA", "test/000004", "test", part := ((0.0, 0.4),), part, part),
        "test/000004.mp4": ("RV-RA", "test/000004", "test", (), (), ()),
        "train/000000.mp4": ("RV-RA", "train/000000", "train", (), (), ()),
        "train/000001.mp4": ("FV-RA", "train/000000", "train", one := ((1.2, 1.5),), one, ()),
    }
    assert listing.malformed == listing.notes == listing.unlisted == listing.missing == []


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (entry("train/1.mp4", n_fakes="0"), "n_fakes: expected a whole number, found '0'"),
        (entry("train/1.mp4", modify_audio=0), "modify_audio: expected true or false, found 0"),
        (entry("train/1.mp4", fake_periods=[[1]], n_fakes=1), "fake_periods.0: expected 2 values, found 1"),
        (entry("train/1.mp4", fake_periods=[[1, "2"]]), "fake_periods.0.1: expected a number, found '2'"),
        (entry("train/1.mp4", split="val"), "split: unknown value 'val'"),
        (entry("train/1.mp4", split="dev"), "split: 'dev' contradicts the folder 'train'"),
        (entry("train/1.mp4", n_fakes=1), "n_fakes is 1, and fake_periods has 0"),
        (
            fake("train/1.mp4", None, False, False, [1, 2]),
            "the clip is not modified by modify_video and modify_audio, and n_fakes is 1",
        ),
        (
            fake("train/1.mp4", None, True, False),
            "the clip is modified by modify_video and modify_audio, and",
        ),
        (fake("train/1.mp4", None, True, False, [2, 1]), "fake_periods: expected a begin from 0 and an end"),
        (fake("train/1.mp4", None, True, False, [5, 6]), "fake_periods: [5, 6] begins behind the end of the"),
        (entry("../train/1.mp4", split="train"), "file: expected a path inside the folder of the data set"),
        (entry("/train/1.mp4", split="train"), "file: expected a path inside the folder of the data set"),
        (entry("", split="train"), "file: expected a path inside the folder of the data set"),
    ],
)
def test_an_entry_that_says_nothing_certain_is_told_with_its_number_and_key(
    tmp_path: Path, bad: dict[str, Any], reason: str
) -> None:
    listing = read(tree(tmp_path, [*ENTRIES, bad]))
    assert len(listing.clips) == 5
    (told,) = listing.malformed
    assert told.startswith(f"metadata.json: entry 6 ({bad['file']}): {reason}")


def test_an_entry_that_is_no_object_or_lacks_a_key_is_told(tmp_path: Path) -> None:
    lacking = entry("train/1.mp4")
    del lacking["modify_video"]
    listing = read(tree(tmp_path, [*ENTRIES, [], lacking]))
    assert listing.malformed == [
        "metadata.json: entry 6: expected an object, found a list of 0",
        "metadata.json: entry 7 (train/1.mp4): lacks the key 'modify_video'",
    ]


def test_files_and_entries_without_each_other_and_entries_of_one_file_are_told(tmp_path: Path) -> None:
    again = fake("train/000000.mp4", None, True, False, [1, 2])
    root = tree(tmp_path, [*ENTRIES, again], missing=("dev/000002.mp4",))
    (root / "train" / "000009.mp4").touch()
    listing = read(root)
    assert listing.missing == ["dev/000002.mp4"]
    assert listing.unlisted == ["train/000009.mp4"]
    assert listing.duplicates == [
        {
            "path": "train/000000.mp4",
            "kept": "metadata.json: entry 1 (train/000000.mp4), RV-RA",
            "dropped": "metadata.json: entry 6 (train/000000.mp4), FV-RA",
        }
    ]


def test_keys_that_are_not_known_are_told_and_the_entries_are_used(tmp_path: Path) -> None:
    entries = [item | ({"mood": 1} if number else {}) for number, item in enumerate(ENTRIES)]
    listing = read(tree(tmp_path, entries))
    assert len(listing.clips) == 5
    assert listing.notes == [
        "the key 'mood' of 4 entries is not known and was not read; the first: "
        "metadata.json: entry 2 (train/000001.mp4)"
    ]


def test_of_both_lists_the_smaller_is_read_and_that_is_said(tmp_path: Path) -> None:
    tree(tmp_path, ENTRIES)
    listing = read(tree(tmp_path, ENTRIES[:3], "metadata.min.json"))
    assert len(listing.clips) == 3
    assert listing.notes == ["metadata.min.json was read, and metadata.json was not"]


def test_a_list_that_is_damaged_or_absent_is_refused_with_the_place(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has no metadata\.json; expected metadata\.json or"):
        read(tmp_path)
    root = tree(tmp_path, ENTRIES)
    (root / "metadata.json").write_bytes((root / "metadata.json").read_bytes()[:-30])
    with pytest.raises(DataError, match=r"metadata\.json: entry 5: cannot be read as JSON"):
        read(root)


def test_clips_one_folder_below_the_list_are_refused_with_a_path_looked_for_and_one_that_is_there(
    tmp_path: Path,
) -> None:
    root = tree(tmp_path / "off", ENTRIES)
    (root / "LAV-DF").mkdir()
    for name in ("train", "dev", "test"):
        (root / name).rename(root / "LAV-DF" / name)
    with pytest.raises(DataError) as caught:
        read(root)
    assert str(caught.value) == (
        f"{root}/metadata.json: no clip to use; 5 entries name files that are not there, 0 entries are "
        f"malformed; looked for {root}/dev/000002.mp4, and found {root}/LAV-DF/dev/000002.mp4"
    )


def test_a_list_of_all_136304_clips_is_read_in_seconds(tmp_path: Path) -> None:
    words = {"timestamps": [["word", 0.1, 0.2]] * 15, "transcript": "word " * 15}
    entries = [entry(f"train/{number:06}.mp4", **words) for number in range(136_303)]
    root = tree(tmp_path, [fake("train/136303.mp4", "train/000007.mp4", True, True, [1, 2])])
    (root / "metadata.json").write_text(
        json.dumps([*entries, fake("train/136303.mp4", None, True, True, [1, 2])])
    )
    listing = read_dataset("lav_df", root, "pairing")
    assert [clip.path for clip in listing.clips] == ["train/136303.mp4"]
    assert len(listing.missing) == 136_303


def test_real_clips_are_prepared_in_the_official_splits(
    corpus: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    of_person = {"id00005": "dev", "id00006": "test"}
    entries = []
    for number, clip in enumerate(read_fakeavceleb(corpus).clips):
        if clip.method == "desync":
            continue
        place = Path("set", of_person.get(clip.source, "train"), f"{number:06}.mp4")
        place.parent.mkdir(parents=True, exist_ok=True)
        os.link(corpus / clip.path, place)
        name = place.relative_to("set").as_posix()
        periods = [[0.5, 0.9] if number % 2 else [1.9, 2.0]] if clip.fake else []
        entries.append(fake(name, None, clip.fake_picture, clip.fake_voice, *periods))
    Path("set/metadata.json").write_text(json.dumps(entries))
    assert main(["deepfake", "prepare", "set", "--out", "out", "--faces", "none", "--workers", "1"]) == 0
    text = capsys.readouterr().out
    assert (
        "the data set's own splits stand; its training clips are divided into weights, architecture" in text
    )
    assert (
        "fakes are altered only outside the seconds from 0.2 to 1.8, which are used, and count as fake"
        in text
    )
    index = read_index(Path("out/index.csv"))
    folders = {(entry.path.split("/")[0], entry.split) for entry in index}
    assert folders == {
        *(("train", "weights"), ("train", "architecture"), ("dev", "validation"), ("test", "test")),
    }
    assert len(index) == len(entries)
    altered = {item["file"]: item["fake_periods"] for item in entries}
    for entry in index:
        official = {"train": "train", "dev": "validation", "test": "test"}[entry.path.split("/")[0]]
        assert entry.official_split == official
        parts = ";".join(f"{start:g}-{end:g}" for start, end in altered[entry.path])
        assert entry.fake_segments == (parts or "none")
        assert entry.fake_voice_segments == (parts if entry.fake_voice and parts else "none")


@pytest.mark.parametrize("path", [".", "./", "/"])
@pytest.mark.parametrize("key", ["file", "original"])
def test_an_entry_whose_path_names_nothing_is_malformed_and_the_others_are_read(
    tmp_path: Path, key: str, path: str
) -> None:
    tree(tmp_path, ENTRIES)
    odd = fake("train/000009.mp4", "train/000000.mp4", True, False, [1.2, 1.5]) | {key: path}
    (tmp_path / "metadata.json").write_text(json.dumps([*ENTRIES, odd]))
    listing = read(tmp_path)
    assert len(listing.clips) == len(ENTRIES)
    (problem,) = listing.malformed
    assert f"entry {len(ENTRIES) + 1}" in problem
    assert key in problem
