"""Splits that share no group, and lists of them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasframe.errors import DataError
from nasframe_audiovisual import SPLITS, joined_groups, read_split_list, split_groups, write_split_list

SHARES = (0.4, 0.2, 0.2, 0.2)


@given(
    groups=st.lists(st.integers(0, 30).map(str), min_size=1, max_size=80),
    seed=st.integers(0, 1000),
    data=st.data(),
)
def test_no_group_is_in_two_splits_whatever_the_kinds(
    groups: list[str], seed: int, data: st.DataObject
) -> None:
    kinds = [data.draw(st.lists(st.sampled_from(["a", "b", "all"]), max_size=2, unique=True)) for _ in groups]
    splits = split_groups(groups, kinds, SHARES, seed)
    assert set(splits) <= set(SPLITS)
    assert len({*zip(groups, splits, strict=True)}) == len({*groups})
    assert split_groups(groups, kinds, SHARES, seed) == splits


def test_kinds_are_spread_where_groups_allow_it_and_the_seed_decides() -> None:
    """Ten people with ten sessions each, of three clips: every person is in every split, in the shares."""
    groups = [f"{person} {session}" for person in range(10) for session in range(10) for _ in range(3)]
    kinds = [[group.split()[0]] for group in groups]
    splits = split_groups(groups, kinds, SHARES, 0)
    counts = Counter((kind, split) for (kind,), split in zip(kinds, splits, strict=True))
    assert counts == {
        (str(person), split): round(30 * share)
        for person in range(10)
        for split, share in zip(SPLITS, SHARES, strict=True)
    }
    assert split_groups(groups, kinds, SHARES, 1) != splits


def test_with_fewer_groups_than_splits_some_splits_are_empty() -> None:
    assert len({*split_groups(["a", "a", "b"], [[], [], []], SHARES, 0)}) == 2


def test_linked_groups_are_one_and_unknown_ones_do_not_count() -> None:
    joined = joined_groups(["a", "b", "c", "d", "a"], [["b"], [], ["x"], ["c"], []])
    assert joined["a"] == joined["b"]
    assert joined["c"] == joined["d"]
    assert len({*joined.values()}) == 2
    assert sorted(joined) == ["a", "b", "c", "d"]


def test_a_list_is_read_back_and_names_its_file_where_it_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "splits.csv"
    write_split_list(path, ["one.mp4", "two, 2.mp4"], ["test", "weights"])
    assert read_split_list(path) == {"one.mp4": "test", "two, 2.mp4": "weights"}
    path.write_text("path,split\na.mp4,testing\n")
    with pytest.raises(DataError, match=r"^/.*splits\.csv: unknown split 'testing'; did you mean 'test'"):
        read_split_list(path)
