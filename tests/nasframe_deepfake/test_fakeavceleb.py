from __future__ import annotations

import os
from pathlib import Path

import pytest

from nasframe.errors import DataError
from nasframe_deepfake.datasets import FakeAVCeleb, read_fakeavceleb
from tests.nasframe_deepfake.conftest import HEADER, write_tree

A = "id1,-,-,real,A,RealVideo-RealAudio,African,men,00109.mp4,FakeAVCeleb/RealVideo-RealAudio/African/men/id1"
B = (
    "id1,-,-,rtvc,B,RealVideo-FakeAudio,African,men,00109_fake.mp4,"
    "FakeAVCeleb/RealVideo-FakeAudio/African/men/id1"
)
C = (
    "id1,id2,7,fsgan,C,FakeVideo-RealAudio,African,men,00109.mp4,"
    "FakeAVCeleb/FakeVideo-RealAudio/African/men/id1"
)
D = (
    "id1,id2,10,wav2lip,D,FakeVideo-FakeAudio,Asian (East),men,00109_10_id2_wavtolip.mp4,"
    "FakeAVCeleb/FakeVideo-FakeAudio/Asian (East)/men/id1"
)
E = (
    "id1,id1,2,desync,E,RealVideo-RealAudio-Desync,African,men,1_2_desync.mp4,"
    "FakeAVCeleb/RealVideo-RealAudio-Desync/African/men/id1"
)


@pytest.mark.parametrize("last", ["path,", "vid,path", "filename,path", "path"])
def test_every_known_header_is_read(tmp_path: Path, last: str) -> None:
    header = HEADER.removesuffix("path,") + last
    clips = read_fakeavceleb(write_tree(tmp_path, [A, D], header)).clips
    assert [clip.path for clip in clips] == [
        "FakeVideo-FakeAudio/Asian (East)/men/id1/00109_10_id2_wavtolip.mp4",
        "RealVideo-RealAudio/African/men/id1/00109.mp4",
    ]


@pytest.mark.parametrize("numbered", [False, True])
@pytest.mark.parametrize("last", ["path,Unnamed: 9", "path,Unnamed: 10", "vid,path"])
def test_a_table_that_went_through_pandas_is_read(tmp_path: Path, last: str, numbered: bool) -> None:
    """A column without a name gets one, and the numbers of the rows may come first."""
    rows, header = [A, D], HEADER.removesuffix("path,") + last
    root = write_tree(tmp_path, rows)
    expected = read_fakeavceleb(root).clips
    if numbered:
        rows, header = [f"{number},{row}" for number, row in enumerate(rows)], f",{header}"
    write_tree(root, rows, header, files=False)
    assert read_fakeavceleb(root).clips == expected
    assert FakeAVCeleb().recognises(root)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("FakeAVCeleb/", ""),
        ("FakeAVCeleb/", "./"),
        ("FakeAVCeleb/", "data/sets/FakeAVCeleb/"),
        ("/", "\\"),
        ("FakeAVCeleb/", "C:\\sets\\"),
    ],
)
def test_a_table_that_names_other_folders_above_the_tree_or_has_back_slashes_is_read(
    tmp_path: Path, before: str, after: str
) -> None:
    root = write_tree(tmp_path, [A, B, C, D])
    expected = read_fakeavceleb(root)
    write_tree(root, [row.replace(before, after) for row in (A, B, C, D)], files=False)
    found = read_fakeavceleb(root)
    assert found.clips == expected.clips
    assert not found.missing


def test_a_table_one_folder_above_the_tree_is_read(tmp_path: Path) -> None:
    write_tree(tmp_path / "FakeAVCeleb", [A, D])
    (tmp_path / "FakeAVCeleb" / "meta_data.csv").rename(tmp_path / "meta_data.csv")
    clips = read_fakeavceleb(tmp_path).clips
    assert [clip.path for clip in clips] == [
        "FakeAVCeleb/FakeVideo-FakeAudio/Asian (East)/men/id1/00109_10_id2_wavtolip.mp4",
        "FakeAVCeleb/RealVideo-RealAudio/African/men/id1/00109.mp4",
    ]


def test_an_unknown_header_is_refused_with_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"unknown header 'a,b,c'; expected 'source,target1"):
        read_fakeavceleb(write_tree(tmp_path, [A], "a,b,c"))


def test_method_and_category_come_from_the_csv_and_not_from_the_name(tmp_path: Path) -> None:
    clips = {clip.category: clip for clip in read_fakeavceleb(write_tree(tmp_path, [A, B, C, D])).clips}
    assert clips["FV-FA"].method == "wav2lip"
    assert {name: (clip.fake, clip.fake_picture, clip.fake_voice) for name, clip in clips.items()} == {
        "RV-RA": (False, False, False),
        "RV-FA": (True, False, True),
        "FV-RA": (True, True, False),
        "FV-FA": (True, True, True),
    }


def test_targets_are_identities_and_not_clip_numbers(tmp_path: Path) -> None:
    (clip,) = read_fakeavceleb(write_tree(tmp_path, [D])).clips
    assert (clip.source, clip.targets) == ("id1", ("id2",))


def test_the_same_base_name_in_two_categories_makes_two_clips(tmp_path: Path) -> None:
    listing = read_fakeavceleb(write_tree(tmp_path, [A, C]))
    assert [clip.category for clip in listing.clips] == ["FV-RA", "RV-RA"]
    assert not listing.duplicates


def test_of_two_rows_for_one_file_the_first_is_kept_and_the_conflict_reported(tmp_path: Path) -> None:
    again = D.replace("wav2lip,", "faceswap-wav2lip,")
    listing = read_fakeavceleb(write_tree(tmp_path, [A, D, again]))
    assert [clip.method for clip in listing.clips] == ["wav2lip", "real"]
    path = "FakeVideo-FakeAudio/Asian (East)/men/id1/00109_10_id2_wavtolip.mp4"
    assert listing.duplicates == [{"path": path, "kept": "wav2lip", "dropped": "faceswap-wav2lip"}]


def test_a_clip_that_is_listed_under_two_people_is_tied_to_both(tmp_path: Path) -> None:
    other = D.replace("id1,id2", "id8,id9", 1)
    assert other != D
    kept = read_fakeavceleb(write_tree(tmp_path, [A, D, other])).clips[0]
    assert (kept.source, kept.targets) == ("id1", ("id2", "id8", "id9"))


def test_a_row_without_its_file_is_reported_as_missing(tmp_path: Path) -> None:
    root = write_tree(tmp_path, [A, B])
    (root / "RealVideo-FakeAudio/African/men/id1/00109_fake.mp4").unlink()
    listing = read_fakeavceleb(root)
    assert listing.missing == ["RealVideo-FakeAudio/African/men/id1/00109_fake.mp4"]
    assert len(listing.clips) == 1


def test_a_file_without_a_row_is_reported_as_unlisted(tmp_path: Path) -> None:
    root = write_tree(tmp_path, [A])
    (root / "RealVideo-RealAudio/African/men/id1/stray.mp4").touch()
    (root / "notes.txt").touch()
    assert read_fakeavceleb(root).unlisted == ["RealVideo-RealAudio/African/men/id1/stray.mp4"]


def test_desync_is_a_category_of_its_own_unless_the_reader_is_given_another(tmp_path: Path) -> None:
    root = write_tree(tmp_path, [A, E])
    assert [clip.category for clip in read_fakeavceleb(root).clips] == ["pairing", "RV-RA"]
    clip = read_fakeavceleb(root, desync="FV-FA").clips[0]
    assert (clip.category, clip.fake, clip.fake_picture, clip.fake_voice) == ("FV-FA", True, False, False)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("id1,-,-,real,A", "5 fields, expected 10"),
        (B.replace("RealVideo-FakeAudio,", "SomeVideo,"), "unknown type 'SomeVideo'"),
        (B.replace("rtvc", "real"), "method 'real' contradicts type 'RealVideo-FakeAudio'"),
        (A.replace("FakeAVCeleb/", "../"), "lies outside the tree"),
        (A.replace("00109.mp4", ""), "file name or folder is empty"),
    ],
)
def test_a_row_that_says_nothing_certain_is_reported_and_not_guessed(
    tmp_path: Path, row: str, reason: str
) -> None:
    write_tree(tmp_path, [C])
    with (tmp_path / "meta_data.csv").open("a") as file:
        file.write(row + "\n")
    listing = read_fakeavceleb(tmp_path)
    assert len(listing.clips) == 1
    assert len(listing.malformed) == 1
    assert listing.malformed[0].startswith("line 3: ")
    assert reason in listing.malformed[0]


def test_a_byte_order_mark_and_windows_line_ends_do_not_matter(tmp_path: Path) -> None:
    root = write_tree(tmp_path, [A])
    text = (root / "meta_data.csv").read_text()
    (root / "meta_data.csv").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert len(read_fakeavceleb(root).clips) == 1


def test_a_missing_folder_an_empty_one_and_one_without_table_have_different_messages(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere does not exist"):
        read_fakeavceleb(tmp_path / "nowhere")
    with pytest.raises(DataError, match="is empty"):
        read_fakeavceleb(tmp_path)
    write_tree(tmp_path / "FakeAVCeleb", [A])
    with pytest.raises(DataError, match=r"has no meta_data.csv.*there is one in .*FakeAVCeleb"):
        read_fakeavceleb(tmp_path)


def test_a_table_whose_files_are_all_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no clip to use; 2 rows name files that are not there"):
        read_fakeavceleb(write_tree(tmp_path, [A, B], files=False))


def test_where_all_files_are_elsewhere_the_error_names_one_that_was_looked_for_and_one_that_is_there(
    tmp_path: Path,
) -> None:
    root = write_tree(tmp_path / "set", [A, B], files=False)
    write_tree(root / "unpacked" / "v1.2", [A, B])
    with pytest.raises(DataError) as caught:
        read_fakeavceleb(root)
    kind = "RealVideo-FakeAudio/African/men/id1/00109_fake.mp4"
    assert f"; looked for {root}/{kind}, and found {root}/unpacked/v1.2/{kind}" in str(caught.value)


def test_a_table_that_names_no_clip_of_a_tree_without_clips_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"; looked for .*00109_fake\.mp4, and no clip is there"):
        read_fakeavceleb(write_tree(tmp_path, [A, B], files=False))


def test_endings_in_another_case_than_in_the_table_are_found(tmp_path: Path) -> None:
    expected = read_fakeavceleb(write_tree(tmp_path / "one", [A, B])).clips
    root = write_tree(tmp_path / "other", [row.replace(".mp4", ".MP4") for row in (A, B)])
    assert [clip.source for clip in read_fakeavceleb(root).clips] == [clip.source for clip in expected]
    write_tree(root, [A, B], files=False)
    found = read_fakeavceleb(root)
    assert [clip.path for clip in found.clips] == [clip.path.replace(".mp4", ".MP4") for clip in expected]
    assert not found.missing


def test_folders_that_are_links_hold_clips_like_any_other(tmp_path: Path) -> None:
    write_tree(tmp_path / "disk", [A, B])
    root = write_tree(tmp_path / "tree", [A, B], files=False)
    for kind in ("RealVideo-RealAudio", "RealVideo-FakeAudio"):
        (root / kind).symlink_to(tmp_path / "disk" / kind)
    listing = read_fakeavceleb(root)
    assert len(listing.clips) == 2
    assert not listing.missing


def test_a_comma_at_the_end_of_every_row_does_not_matter(tmp_path: Path) -> None:
    root = write_tree(tmp_path, [A, C])
    table = root / "meta_data.csv"
    table.write_text("".join(f"{line},\n" for line in table.read_text().splitlines()))
    assert len(read_fakeavceleb(root).clips) == 2


def test_a_file_whose_name_is_no_utf8_is_unlisted_and_a_row_that_is_none_malformed(tmp_path: Path) -> None:
    root = write_tree(tmp_path, [A])
    name = os.fsdecode(b"\xff.mp4")
    (root / name).touch()
    with (root / "meta_data.csv").open("ab") as file:
        file.write(C.encode().replace(b"00109.mp4", b"\xff.mp4") + b"\n")
    listing = read_fakeavceleb(root)
    assert len(listing.clips) == 1
    assert listing.unlisted == [name]
    assert listing.malformed == ["line 3: is not in UTF-8"]


def test_a_table_in_another_encoding_is_refused(tmp_path: Path) -> None:
    table = write_tree(tmp_path, [A]) / "meta_data.csv"
    table.write_bytes(table.read_text().encode("utf-16"))
    with pytest.raises(DataError, match=r"meta_data\.csv: is not a CSV file in UTF-8"):
        read_fakeavceleb(tmp_path)
