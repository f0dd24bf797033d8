from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasframe.errors import DataError
from nasframe_audiovisual import SPLITS, write_split_list
from nasframe_deepfake.datasets import Clip
from nasframe_deepfake.preparation import read_own_list, read_splits, split_clips

SHARES = (0.45, 0.2, 0.15, 0.2)


def make_clips(people: int, fakes: int = 3, targets: bool = False) -> list[Clip]:
    """One genuine clip and `fakes` fakes a person; targets are the next person's."""
    clips = []
    for person in range(people):
        race, gender = f"race{person % 5}", ("men", "women")[person % 2]
        for number in range(fakes + 1):
            category = "FV-RA" if number else "RV-RA"
            target = (f"id{(person // 3) * 3 + (person + 1) % 3}",) if targets and number else ()
            clips.append(
                Clip(f"{category}/{person}/{number}.mp4", category, "m", f"id{person}", target, race, gender)
            )
    return clips


@given(people=st.integers(4, 60), fakes=st.integers(1, 4), seed=st.integers(0, 1000))
def test_no_person_is_in_two_splits_and_each_split_has_both_classes(
    people: int, fakes: int, seed: int
) -> None:
    clips = make_clips(people, fakes)
    splits = split_clips(clips, SHARES, seed).splits
    homes = {(clip.source, split) for clip, split in zip(clips, splits, strict=True)}
    assert len(homes) == people
    assert {(split, clip.fake) for clip, split in zip(clips, splits, strict=True)} == {
        (split, fake) for split in SPLITS for fake in (False, True)
    }


def test_splits_have_the_shares_that_were_asked_for() -> None:
    counts = Counter(split_clips(make_clips(100), SHARES, 0).splits)
    assert [counts[split] / 400 for split in SPLITS] == pytest.approx(SHARES, abs=0.03)


def test_races_and_genders_are_spread_over_the_splits() -> None:
    clips = make_clips(200)
    splits = split_clips(clips, SHARES, 0).splits
    for split, share in zip(SPLITS, SHARES, strict=True):
        strata = Counter(c.race + c.gender for c, where in zip(clips, splits, strict=True) if where == split)
        assert all(count / 80 == pytest.approx(share, abs=0.08) for count in strata.values())
        assert len(strata) == 10


def test_the_seed_decides() -> None:
    clips = make_clips(30)
    assert split_clips(clips, SHARES, 1) == split_clips(clips, SHARES, 1)
    assert split_clips(clips, SHARES, 1) != split_clips(clips, SHARES, 2)


def test_splits_of_people_with_one_name_each_are_what_they_always_were() -> None:
    """With ties by targets that are kept, with such that are given up, and with none."""
    found = [
        split_clips(make_clips(people, 3, targets), SHARES, seed).splits
        for seed in range(5)
        for people, targets in ((8, False), (24, True), (60, True))
    ]
    digest = hashlib.sha256(repr(found).encode()).hexdigest()
    assert digest == "546eebf46672c41bc0a846bee8c9af302d7d4f92abd2d812664d31667da62dcf"


def test_targets_stay_with_their_sources_where_groups_are_small() -> None:
    clips = make_clips(60, targets=True)
    assignment = split_clips(clips, SHARES, 0)
    assert assignment.disjoint == ("people", "contents")
    assert assignment.straddling == 0


def test_where_targets_tie_everybody_together_the_sources_are_kept_apart_and_it_is_said() -> None:
    clips = [
        Clip(clip.path, clip.category, "m", clip.source, ("id0",) if clip.fake else (), "r", "men")
        for clip in make_clips(20)
    ]
    assignment = split_clips(clips, SHARES, 0)
    assert assignment.disjoint == ("sources", "contents")
    assert assignment.straddling > 0
    assert {*assignment.shared.people} == {"id0"}


def test_too_few_people_is_an_error_that_says_what_is_missing() -> None:
    with pytest.raises(DataError, match=r"12 clips of 3 sources.*has no genuine clip"):
        split_clips(make_clips(3), SHARES, 0)


def test_one_class_only_is_an_error_that_says_which() -> None:
    with pytest.raises(DataError, match="weights has no fake clip"):
        split_clips(make_clips(20, fakes=0), SHARES, 0)


def test_a_list_of_splits_is_read_back(tmp_path: Path) -> None:
    clips = make_clips(8)
    splits = split_clips(clips, SHARES, 0).splits
    write_split_list(tmp_path / "splits.csv", [clip.path for clip in clips], splits)
    assert read_splits(tmp_path / "splits.csv", clips).splits == splits


def test_a_list_that_is_wrong_says_how(tmp_path: Path) -> None:
    clips, path = make_clips(8), tmp_path / "mine.csv"
    write_split_list(path, [clip.path for clip in clips[1:]], split_clips(clips, SHARES, 0).splits[1:])
    with pytest.raises(DataError, match=r"1 clip has no split, the first is RV-RA/0/0.mp4"):
        read_splits(path, clips)
    path.write_text("path,split\na.mp4,testing\n")
    with pytest.raises(DataError, match="unknown split 'testing'; did you mean 'test'"):
        read_splits(path, clips)
    path.write_text("file,split\na.mp4,test\n")
    with pytest.raises(DataError, match="has no column 'path'"):
        read_splits(path, clips)
    path.write_text("path,split\na.mp4,test\na.mp4,weights\n")
    with pytest.raises(DataError, match=r"puts a\.mp4 into test and into weights"):
        read_splits(path, clips)


def test_a_list_that_cannot_be_read_is_an_error_of_one_line_with_its_key(tmp_path: Path) -> None:
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe")
    for name, reason in (
        ("bytes.csv", "line 1, character 1: byte 0 is not UTF-8; save the file as UTF-8"),
        ("nowhere.csv", r"cannot be read: no such file"),
        (".", r"is a folder; expected a regular file"),
    ):
        with pytest.raises(
            DataError, match=rf"^task\.split_list: .*: {reason}; expected a CSV file .*path and split$"
        ):
            read_own_list(tmp_path / name)


def test_a_path_of_a_list_may_begin_with_the_folder_it_is_in(tmp_path: Path) -> None:
    clips = make_clips(8)
    splits = split_clips(clips, SHARES, 0).splits
    write_split_list(tmp_path / "splits.csv", [f"./{clip.path}" for clip in clips], splits)
    assert read_splits(tmp_path / "splits.csv", clips).splits == splits


def test_a_list_that_names_no_clip_at_all_says_a_path_of_each(tmp_path: Path) -> None:
    clips, path = make_clips(8), tmp_path / "mine.csv"
    write_split_list(path, ["elsewhere/0.mp4", "elsewhere/1.mp4"], ["test", "weights"])
    message = f"names none of the {len(clips)} clips: its first path is elsewhere/0.mp4, and that of a clip"
    with pytest.raises(DataError, match=f"{message} RV-RA/0/0.mp4"):
        read_splits(path, clips)
