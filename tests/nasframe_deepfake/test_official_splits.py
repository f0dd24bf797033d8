"""Splits that a data set itself has stand, and ours divide its training clips."""

from __future__ import annotations

import pytest

from nasframe.errors import DataError
from nasframe_deepfake.datasets import Clip
from nasframe_deepfake.preparation import split_clips
from nasframe_deepfake.preparation.official_splits import official_splits, standing_in_words

SHARES = (0.45, 0.2, 0.15, 0.2)


def clips(*names: str) -> list[Clip]:
    """Eight people with a genuine clip and a fake in each of some official splits."""
    return [
        Clip(f"{name}/{kind}/{n}.mp4", kind, "m", f"{name}{n}", (), "", "", official_split=name)
        for name in names
        for n in range(8)
        for kind in ("RV-RA", "FV-FA")
    ]


def placed(*names: str) -> dict[str, set[str]]:
    found = clips(*names)
    places: dict[str, set[str]] = {}
    for clip, split in zip(found, split_clips(found, SHARES, 0).splits, strict=True):
        places.setdefault(clip.official_split, set()).add(split)
    return places


def test_three_official_splits_stand_and_the_first_is_divided() -> None:
    assert placed("train", "validation", "test") == {
        "train": {"weights", "architecture"},
        "validation": {"validation"},
        "test": {"test"},
    }


@pytest.mark.parametrize("other", ["validation", "test"])
def test_of_two_official_splits_the_second_is_the_test(other: str) -> None:
    assert placed("train", other) == {"train": {"weights", "architecture", "validation"}, other: {"test"}}


@pytest.mark.parametrize("names", [("train",), ("test",), ("validation", "test"), ("",)])
def test_where_there_are_no_training_clips_or_nothing_else_all_splits_are_ours(
    names: tuple[str, ...],
) -> None:
    found = clips(*names)
    plain = [Clip(c.path, c.category, "m", c.source, (), "", "") for c in found]
    assert split_clips(found, SHARES, 3) == split_clips(plain, SHARES, 3)
    said = standing_in_words(found)
    assert said == "" if names == ("",) else said.startswith("the data set's own splits do not stand: it has")


def test_a_clip_without_an_official_split_makes_all_ours() -> None:
    found = [*clips("train", "test"), *clips("")]
    assert set(official_splits(found)) == {""}


def test_official_splits_that_share_people_stand_and_the_claim_counts_them() -> None:
    shared = Clip("test/x.mp4", "RV-RA", "real", "train0", (), "", "", official_split="test")
    assignment = split_clips([*clips("train", "test"), shared], SHARES, 0)
    assert assignment.splits[-1] == "test"
    assert "share 1 person (train0 in" in assignment.shared.in_words()


def test_an_official_split_without_a_class_is_refused() -> None:
    with pytest.raises(DataError, match="test has no fake clip"):
        split_clips(
            [c for c in clips("train", "test") if c.category == "RV-RA" or "train" in c.path], SHARES, 0
        )
