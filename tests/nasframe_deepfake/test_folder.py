"""Clips of the user's own: two folders, or a table."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from nasframe.cli import main
from nasframe.errors import DataError
from nasframe_deepfake.datasets import (
    Clip,
    Folder,
    Listing,
    read_dataset,
    read_fakeavceleb,
    resolve_dataset_name,
)
from nasframe_deepfake.preparation import read_index

HEADER = "path,label,source"


def tree(root: Path, *paths: str) -> Path:
    """A tree of empty files."""
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    return root


def table(root: Path, rows: Sequence[str], header: str = HEADER, name: str = "clips.csv") -> Path:
    root.mkdir(parents=True, exist_ok=True)
    (root / name).write_text("\n".join([header, *rows]) + "\n")
    return root


def read(root: Path) -> Listing:
    return Folder().read(root, "pairing")


def labels(listing: Listing) -> dict[str, tuple[str, str]]:
    return {clip.path: (clip.category, clip.source) for clip in listing.clips}


def test_two_folders_are_read_at_any_depth_with_any_ending_of_a_clip(tmp_path: Path) -> None:
    tree(tmp_path, "real/a.mp4", "real/x/y/b.MKV", "Fake/a.webm", "fake/z/c.mov")
    listing = read(tmp_path)
    assert labels(listing) == {
        "Fake/a.webm": ("FV-FA", "a"),
        "fake/z/c.mov": ("FV-FA", "z/c"),
        "real/a.mp4": ("RV-RA", "a"),
        "real/x/y/b.MKV": ("RV-RA", "x/y/b"),
    }
    assert "both count as altered" in listing.notes[0]
    assert listing.nameless


def test_a_table_with_other_columns_beside_the_folders_is_told(tmp_path: Path) -> None:
    tree(tmp_path, "real/a.mp4", "fake/a.mp4")
    table(tmp_path, ["real/a.mp4,fake,p"], "file,label,source", "labels.csv")
    listing = read(tmp_path)
    assert labels(listing).keys() == {"real/a.mp4", "fake/a.mp4"}
    assert listing.notes[0].startswith("labels.csv was not read: its columns are 'file', 'label', 'source'")


def test_a_table_that_cannot_be_read_beside_the_folders_is_refused(tmp_path: Path) -> None:
    tree(tmp_path, "real/a.mp4", "fake/a.mp4")
    (tmp_path / "labels.csv").write_bytes(b"path,label,source\nreal/a.mp4,fake,J\xfcrgen\n")
    with pytest.raises(DataError, match=r"labels\.csv.*it may be the table of the clips.*mend it"):
        read(tmp_path)


def test_names_of_clips_are_not_taken_for_spellings_of_people(tmp_path: Path) -> None:
    tree(tmp_path, "real/01.mp4", "real/1.mp4", "fake/2.mp4")
    listing = read_dataset("folder", tmp_path, "pairing")
    assert [clip.source for clip in listing.clips] == ["2", "01", "1"]
    assert listing.spellings == []


def test_what_lies_beside_the_folders_is_unlisted_and_what_is_no_clip_is_counted(tmp_path: Path) -> None:
    tree(tmp_path, "real/a.mp4", "fake/a.mp4", "other/b.mp4", "c.mp4", "real/a.txt", "notes.txt")
    listing = read(tmp_path)
    assert listing.unlisted == ["c.mp4", "other/b.mp4"]
    assert listing.notes[1] == "1 file below real and fake has no ending of a clip; the first: real/a.txt"


def test_a_table_gives_label_source_and_targets(tmp_path: Path) -> None:
    tree(tmp_path, "a.mp4", "x/b.mp4", "c.mp4", "stray.avi")
    rows = [
        "a.mp4,real,ann,,",
        "x/b.mp4,Fake,ann,bob,wav2lip",
        "c.mp4,GENUINE,cleo,-,real",
        "gone.mp4,fake,ann,,",
    ]
    listing = read(table(tmp_path, rows, "Path, Label ,source,target,method"))
    assert listing.clips == [
        Clip("a.mp4", "RV-RA", "real", "ann", (), "", ""),
        Clip("c.mp4", "RV-RA", "real", "cleo", (), "", ""),
        Clip("x/b.mp4", "FV-FA", "wav2lip", "ann", ("bob",), "", ""),
    ]
    assert listing.missing == ["gone.mp4"]
    assert listing.unlisted == ["stray.avi"]
    assert not listing.nameless


def test_a_category_says_which_stream_was_altered(tmp_path: Path) -> None:
    tree(tmp_path, *(f"{name}.mp4" for name in "abcde"))
    rows = [
        "a.mp4,fake,x,RV-FA",
        "b.mp4,fake,x,FV-RA",
        "c.mp4,real,x,",
        "d.mp4,real,y,FV-FA",
        "e.mp4,fake,y,XX",
    ]
    listing = read(table(tmp_path, rows, f"{HEADER},category"))
    assert [(clip.fake_picture, clip.fake_voice) for clip in listing.clips] == [
        (False, True),
        (True, False),
        (False, False),
    ]
    assert listing.malformed == [
        "line 5: category FV-FA contradicts the label genuine",
        "line 6: unknown category 'XX'; expected one of RV-RA, FV-RA, RV-FA, FV-FA, pairing",
    ]
    assert not listing.notes


def test_numbers_as_labels_are_read_as_the_scores_are_and_said(tmp_path: Path) -> None:
    tree(tmp_path, "a.mp4", "b.mp4")
    listing = read(table(tmp_path, ["a.mp4,0,x", "b.mp4,1,y"]))
    assert [clip.fake for clip in listing.clips] == [False, True]
    assert "label 0 is read as genuine and 1 as fake" in listing.notes


@pytest.mark.parametrize(
    ("rows", "header", "message"),
    [
        (["a.mp4,real,x", "b.mp4,yes,y"], HEADER, r"line 3: 'yes': the label is not clear; expected real"),
        (["a.mp4,,x"], HEADER, "line 2: '': the label is not clear"),
        (["a.mp4,1.0,x"] * 7, HEADER, r"line 6: '1\.0' and 2 more: the label is not clear"),
        (
            ["a.mp4,0,x", "b.mp4,fake,y"],
            HEADER,
            r"some labels are words \(line 3: 'fake'\) and some are numbers \(line 2: '0'\)",
        ),
        (
            ["a.mp4,fake,x", "a.mp4,real,x"],
            HEADER,
            "line 3 says that a.mp4 is genuine, and line 2 that it is fake",
        ),
        (["a.mp4,real,x,real"], f"{HEADER},label", "has the column 'label' 2 times"),
    ],
)
def test_a_table_whose_labels_are_not_clear_is_refused_with_its_rows(
    tmp_path: Path, rows: list[str], header: str, message: str
) -> None:
    tree(tmp_path, "a.mp4", "b.mp4")
    with pytest.raises(DataError, match=message):
        read(table(tmp_path, rows, header))


def test_rows_that_cannot_be_used_are_told_with_their_lines(tmp_path: Path) -> None:
    tree(tmp_path / "set", "a.mp4")
    tree(tmp_path, "b.mp4")
    rows = [
        "a.mp4,real,x",
        "../b.mp4,fake,x",
        "/etc/b.mp4,fake,x",
        "a.mp4,real,x",
        ",real,x",
        "b.mp4,real, ",
        "a",
    ]
    listing = read(table(tmp_path / "set", rows))
    assert [clip.path for clip in listing.clips] == ["a.mp4"]
    assert listing.malformed == [
        "line 8: 1 fields, expected 3",
        "line 3: ../b.mp4 lies outside the tree",
        "line 4: /etc/b.mp4 lies outside the tree",
        "line 6: path or source is empty",
        "line 7: path or source is empty",
    ]
    assert listing.duplicates == [{"path": "a.mp4", "kept": "line 2", "dropped": "line 5"}]


def test_a_clip_that_is_listed_under_several_people_is_tied_to_all(tmp_path: Path) -> None:
    tree(tmp_path, "a.mp4", "b.mp4")
    rows = ["a.mp4,real,n", "a.mp4,real,m", "a.mp4,real,l", "b.mp4,fake,k"]
    first, _ = read(table(tmp_path, rows)).clips
    assert (first.source, first.targets) == ("n", ("l", "m"))


def test_absolute_paths_inside_the_folder_and_back_slashes_are_read(tmp_path: Path) -> None:
    tree(tmp_path, "x/a.mp4", "x/b.mp4")
    listing = read(table(tmp_path, [f"{tmp_path}/x/a.mp4,real,n", f"{tmp_path}/x/b.mp4,fake,m"]))
    assert [clip.path for clip in listing.clips] == ["x/a.mp4", "x/b.mp4"]
    listing = read(table(tmp_path, ["x\\a.MP4,real,n", "x\\b.MP4,fake,m"]))
    assert [clip.path for clip in listing.clips] == ["x/a.mp4", "x/b.mp4"]


def test_columns_that_are_not_read_are_told(tmp_path: Path) -> None:
    tree(tmp_path, "a.mp4")
    listing = read(table(tmp_path, ["7,a.mp4,real,x,9"], f",{HEADER},age"))
    assert listing.notes == ["columns of clips.csv that are not read: (without a name), age"]


def test_where_no_file_of_a_table_is_there_the_error_names_one_that_is(tmp_path: Path) -> None:
    tree(tmp_path, "deep/down/a.mp4", "deep/down/b.mp4")
    with pytest.raises(DataError) as caught:
        read(table(tmp_path, ["clips/b.mp4,real,x"]))
    assert str(caught.value) == (
        f"{tmp_path}/clips.csv: no clip to use; 1 row names files that are not there, 0 rows are malformed; "
        f"looked for {tmp_path}/clips/b.mp4, and found {tmp_path}/deep/down/b.mp4"
    )


def test_it_is_recognised_by_its_folders_or_by_its_one_table(tmp_path: Path) -> None:
    assert resolve_dataset_name("auto", tree(tmp_path / "folders", "real/a.mp4", "fake/b.mp4")) == "folder"
    assert resolve_dataset_name("auto", table(tmp_path / "table", [])) == "folder"
    for half in ("real", "fake"):
        with pytest.raises(DataError, match="no data set recognises"):
            resolve_dataset_name("auto", tree(tmp_path / half, f"{half}/a.mp4"))
    table(tmp_path / "table", [], name="more.csv")
    with pytest.raises(
        DataError, match=r"clips\.csv and more\.csv both have the columns of a table of clips"
    ):
        read(tmp_path / "table")


def test_a_tree_that_is_also_fakeavcelebs_is_refused_with_both_names(tmp_path: Path) -> None:
    root = tree(tmp_path, "real/a.mp4", "fake/b.mp4")
    table(root, [], "source,target1,target2,method,category,type,race,gender,path,", "meta_data.csv")
    with pytest.raises(DataError, match="'fakeavceleb' of plugin .* and 'folder' of plugin"):
        resolve_dataset_name("auto", root)


def test_real_clips_in_two_folders_go_through_the_command_to_arrays_and_a_report(
    corpus: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for clip in read_fakeavceleb(corpus).clips:
        place = Path("clips", "fake" if clip.fake else "real", clip.source, Path(clip.path).name)
        place.parent.mkdir(parents=True, exist_ok=True)
        os.link(corpus / clip.path, place)
    words = ["deepfake", "prepare", "clips", "--out", "out", "--faces", "none", "--workers", "1"]
    assert main(words) == 0
    text = capsys.readouterr().out
    assert "30 clips: RV-RA 12, FV-FA 18" in text
    assert "which stream of a fake was altered is not known: both count as altered" in text
    assert "may share people, since the data set names none: each clip" in text
    report = json.loads(Path("out/report.json").read_text())
    assert report["dataset"] == "folder"
    assert report["disjoint"] == ["contents"]
    index = read_index(Path("out/index.csv"))
    assert {entry.fake for entry in index} == {0, 1}
    assert {entry.nameless for entry in index} == {1}
    assert (report["people"], report["nameless_clips"]) == (0, len({entry.source for entry in index}))
    assert len(index) == 30


def test_real_clips_in_a_table_go_through_the_command_and_people_are_kept_apart(
    corpus: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clips = read_fakeavceleb(corpus).clips
    Path("clips").mkdir()
    with Path("clips/mine.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label", "source", "target", "method", "category"])
        for number, clip in enumerate(clips):
            os.link(corpus / clip.path, f"clips/{number}.mp4")
            label, target = "fake" if clip.fake else "real", next(iter(clip.targets), "")
            category = "" if clip.method == "desync" else clip.category
            writer.writerow([f"{number}.mp4", label, clip.source, target, clip.method, category])
    assert main(["deepfake", "prepare", "clips", "--out", "out", "--faces", "none", "--workers", "1"]) == 0
    index = read_index(Path("out/index.csv"))
    assert {(entry.category, entry.method) for entry in index} == {
        (clip.category, clip.method) for clip in clips
    }
    assert "people" in json.loads(Path("out/report.json").read_text())["disjoint"]
    assert "splits share no people and no contents" in capsys.readouterr().out
