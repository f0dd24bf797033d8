"""Splits share no people, in any spelling, and no equal contents; or the report says which."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasframe.errors import DataError
from nasframe_audiovisual import SPLITS, write_split_list
from nasframe_deepfake.datasets import Clip, person_key
from nasframe_deepfake.preparation import Assignment, read_splits, split_clips
from nasframe_deepfake.preparation.sharing import sharing

SHARES = (0.45, 0.2, 0.15, 0.2)
SPELLINGS = ("id{:05d}", "ID{}", "Id{:03d}", " id{} ", "\uff49\uff44{}", "i\u200bd{:02d}")


def make_clip(path: str, source: str, fake: bool, targets: tuple[str, ...] = ()) -> Clip:
    return Clip(path, "FV-RA" if fake else "RV-RA", "m", source, targets, "", "")


def make_clips(people: int, fakes: int = 1, spelling: Sequence[str] = SPELLINGS[:1]) -> list[Clip]:
    """One genuine clip and some fakes of each person, in spellings that take turns."""
    return [
        make_clip(f"{person}/{number}.mp4", spelling[number % len(spelling)].format(person), number > 0)
        for person in range(people)
        for number in range(fakes + 1)
    ]


def in_several(keys: Sequence[str], splits: Sequence[str]) -> set[str]:
    homes = defaultdict(set)
    for key, split in zip(keys, splits, strict=True):
        homes[key].add(split)
    return {key for key, found in homes.items() if len(found) > 1}


def people_in_several(clips: Sequence[Clip], assignment: Assignment) -> set[str]:
    return in_several([person_key(clip.source) for clip in clips], assignment.splits)


@given(
    people=st.integers(8, 30),
    fakes=st.integers(1, 4),
    seed=st.integers(0, 1000),
    spelled=st.permutations(SPELLINGS),
)
def test_no_person_is_in_two_splits_however_the_name_is_spelled(
    people: int, fakes: int, seed: int, spelled: list[str]
) -> None:
    clips = make_clips(people, fakes, spelled)
    assignment = split_clips(clips, SHARES, seed)
    assert not people_in_several(clips, assignment)
    assert assignment.disjoint == ("people", "contents")


@given(data=st.data(), people=st.integers(4, 30), seed=st.integers(0, 1000), pool=st.integers(1, 60))
def test_no_content_is_in_two_splits_and_what_is_claimed_holds_whatever_ties_people(
    data: st.DataObject, people: int, seed: int, pool: int
) -> None:
    clips = make_clips(people, 2, SPELLINGS)
    names = [clip.source for clip in clips]
    clips = [
        make_clip(
            clip.path, clip.source, clip.fake, data.draw(st.sampled_from([(), (names[seed % len(names)],)]))
        )
        for clip in clips
    ]
    contents = [
        data.draw(st.sampled_from([clip.path, f"content {place % pool}"])) for place, clip in enumerate(clips)
    ]
    try:
        assignment = split_clips(clips, SHARES, seed, contents)
    except DataError as error:
        if "cannot be split four ways" not in str(error):
            raise
        return
    assert not in_several(contents, assignment.splits)
    assert "contents" in assignment.disjoint
    shared = people_in_several(clips, assignment)
    assert {person_key(name) for name in assignment.shared.sources} == shared
    assert bool(shared) == ({"people", "sources"}.isdisjoint(assignment.disjoint))


@given(people=st.integers(24, 40), seed=st.integers(0, 1000), copies=st.integers(1, 3))
def test_people_whose_clips_are_copies_of_each_other_stay_together(
    people: int, seed: int, copies: int
) -> None:
    clips = make_clips(people, 2)
    contents = [clip.path for clip in clips]
    for place in range(copies):  # a clip of one person stands under the next person too
        contents[3 * (2 * place + 1)] = contents[3 * 2 * place]
    assignment = split_clips(clips, SHARES, seed, contents)
    assert assignment.disjoint == ("people", "contents")
    split_of = dict(zip((clip.source for clip in clips), assignment.splits, strict=True))
    for place in range(copies):
        assert split_of[f"id{2 * place:05d}"] == split_of[f"id{2 * place + 1:05d}"]
    assert {*assignment.splits} == {*SPLITS}


def test_a_clip_under_everybody_is_in_one_split_and_the_people_that_it_ties_are_counted() -> None:
    clips = make_clips(24, 2)
    contents = ["one" if clip.path.endswith("/2.mp4") else clip.path for clip in clips]
    assignment = split_clips(clips, SHARES, 0, contents)
    assert (
        len({split for split, content in zip(assignment.splits, contents, strict=True) if content == "one"})
        == 1
    )
    assert assignment.disjoint == ("contents",)
    # apart from these clips, each person is in one split
    others = [place for place, content in enumerate(contents) if content != "one"]
    assert not in_several(
        [clips[place].source for place in others], [assignment.splits[place] for place in others]
    )
    counted = people_in_several(clips, assignment)
    assert {person_key(name) for name in assignment.shared.sources} == counted
    assert 0 < len(counted) < 24
    assert assignment.shared.in_words().startswith(
        f"splits share no contents, but share {len(counted)} people (id"
    )


def test_too_few_contents_of_a_class_are_an_error_that_says_so() -> None:
    clips = make_clips(24)
    contents = [clip.path if clip.fake else f"genuine {person % 3}" for person, clip in enumerate(clips)]
    with pytest.raises(
        DataError, match="Splits share no content, so four genuine contents are needed, found 3"
    ):
        split_clips(clips, SHARES, 0, contents)


@given(seed=st.integers(0, 10_000))
def test_where_no_spelling_differs_and_no_content_repeats_contents_change_no_split(seed: int) -> None:
    draw = random.Random(seed)
    count = draw.choice([8, 24, 60])
    clips = [
        make_clip(
            clip.path,
            clip.source,
            clip.fake,
            (f"id{draw.randrange(count):05d}",) if draw.random() < 0.1 else (),
        )
        for clip in make_clips(count, 3)
    ]
    repeated = [clip.source if place % 4 else clip.path for place, clip in enumerate(clips)]
    expected = split_clips(clips, SHARES, seed)
    assert split_clips(clips, SHARES, seed, [clip.path for clip in clips]) == expected
    assert split_clips(clips, SHARES, seed, repeated).splits == expected.splits  # by the same person alone


def test_splits_that_targets_connect_are_not_claimed_to_share_no_people() -> None:
    clips = [
        make_clip("a", "id1", False),
        make_clip("b", "id2", True, ("id1",)),
        make_clip("c", "id3", True, ("x",)),
    ]
    clips.append(make_clip("d", "id1", True, ("x",)))
    found = sharing(clips, ["a", "b", "c", "d"], ["weights", "test", "test", "weights"])
    assert found.disjoint == ("sources", "contents")
    assert not found.leaks
    assert found.in_words() == (
        "splits share no sources and no contents, but 2 people are in several as targets of fakes "
        "(id1 in weights and test; x in weights and test)"
    )


def write_list(path: Path, clips: Sequence[Clip], splits: Sequence[str]) -> Path:
    write_split_list(path, [clip.path for clip in clips], splits)
    return path


def leaking(tmp_path: Path) -> tuple[Path, list[Clip], list[str]]:
    """A list that puts one person, in two spellings, and one content into two splits."""
    clips = make_clips(8)
    splits = [SPLITS[(place // 2) % 4] for place in range(len(clips))]
    contents = [clip.path for clip in clips]
    clips[2] = make_clip(clips[2].path, "ID0", False)
    contents[6] = contents[4]
    return write_list(tmp_path / "mine.csv", clips, splits), clips, contents


def test_a_list_of_the_users_own_that_leaks_is_refused_with_names_and_counts(tmp_path: Path) -> None:
    path, clips, contents = leaking(tmp_path)
    with pytest.raises(DataError) as caught:
        read_splits(path, clips, contents)
    assert str(caught.value) == (
        f"task.split_list: {path}: puts into several splits "
        "1 person (id00000 in weights and architecture); "
        "1 content (2/0.mp4, 3/0.mp4 in validation and test). Scores on such splits are too good; "
        'correct the list, or take it as it is by task.split_leaks="count"'
    )


def test_a_list_that_leaks_is_taken_on_request_and_its_leaks_are_counted(tmp_path: Path) -> None:
    path, clips, contents = leaking(tmp_path)
    found = read_splits(path, clips, contents, "count")
    assert found.splits == tuple(SPLITS[(place // 2) % 4] for place in range(len(clips)))
    assert found.disjoint == ()
    assert found.shared.in_words().startswith("splits share 1 person (id00000 in weights and architecture); ")
    assert found.shared.for_report()["contents"] == [
        {"paths": ["2/0.mp4", "3/0.mp4"], "splits": ["validation", "test"]}
    ]


def test_our_own_splits_are_a_list_that_is_not_refused_though_targets_connect_them(tmp_path: Path) -> None:
    clips = [
        make_clip(clip.path, clip.source, clip.fake, ("id00000",) if clip.fake else ())
        for clip in make_clips(20)
    ]
    ours = split_clips(clips, SHARES, 0)
    assert ours.disjoint == ("sources", "contents")
    assert read_splits(write_list(tmp_path / "splits.csv", clips, ours.splits), clips) == ours
