from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import attrs
import pytest
import torch

from nasframe_deepfake.detection import ClipSplit, pairings_of
from nasframe_deepfake.preparation import PreparedClip, read_index
from nasframe_deepfake.task import DeepfakeTask


def entry(source: str, picture: int, sound: int, category: str = "RV-RA") -> PreparedClip:
    method = "desync" if category == "pairing" else "real"
    fake = int(category != "RV-RA")
    path = f"{source}/{picture}-{sound}-{category}"
    return PreparedClip(path, "weights", category, method, source, "", "", fake, 0, 0, picture, sound)


ENTRIES = [
    *(entry("a", row, row + 10) for row in (1, 2, 3)),
    entry("a", 1, 12, "pairing"),
    entry("b", 4, 14),
    entry("b", 4, 13, "pairing"),
    *(entry("c", row, row + 10) for row in (5, 6)),
    entry("c", 6, 15, "pairing"),
]


def test_every_pair_of_two_different_clips_of_a_person_is_drawn_equally_often() -> None:
    pairings, random = pairings_of(ENTRIES), torch.Generator().manual_seed(0)
    draws = [pairings.draw(random) for _ in range(6000)]
    first = Counter((int(pictures[0]), int(sounds[0])) for pictures, sounds in draws)
    assert set(first) == {(p, s + 10) for p in (1, 2, 3) for s in (1, 2, 3) if p != s}
    assert all(count == pytest.approx(1000, abs=150) for count in first.values())
    last = {(int(pictures[-1]), int(sounds[-1])) for pictures, sounds in draws}
    assert last == {(5, 16), (6, 15)}


def test_the_pairing_of_a_person_with_one_genuine_clip_stays() -> None:
    assert pairings_of(ENTRIES).places.tolist() == [3, 8]


def test_clips_that_share_a_stream_are_not_taken_for_two() -> None:
    entries = [entry("a", 1, 11), entry("a", 1, 12), entry("a", 2, 11), entry("a", 1, 13, "pairing")]
    assert pairings_of(entries).places.tolist() == []


def test_a_split_without_pairings_stays_as_it_is() -> None:
    entries = [entry("a", 1, 11), entry("a", 2, 12)]
    rows = torch.tensor([[item.picture, item.sound] for item in entries])
    split = ClipSplit(
        {}, rows[:, 0], rows[:, 1], torch.zeros(2, 4), [""] * 2, ["x", "y"], None, pairings_of(entries)
    )
    other = split.redrawn(torch.Generator().manual_seed(0))
    assert torch.equal(other.pictures, split.pictures)
    assert torch.equal(other.sounds, split.sounds)


def test_training_sees_other_pairings_every_epoch_and_everything_else_as_before(
    folders: Mapping[str, Path], task: DeepfakeTask
) -> None:
    split = task.data(folders).splits.weights
    assert isinstance(split, ClipSplit)
    random = torch.Generator().manual_seed(0)
    drawn = [split.redrawn(random) for _ in range(4)]
    pairing = torch.tensor([category == "pairing" for category in split.categories])
    entries = read_index(folders["prepare"] / "index.csv")
    genuine = {(e.picture, e.sound) for e in entries if not e.fake}
    home = {e.picture: e.source for e in entries if not e.fake}
    homes = {e.sound: e.source for e in entries if not e.fake}
    before = [homes[int(row)] for row in split.sounds[pairing]]
    for other in drawn:
        assert torch.equal(other.pictures[~pairing], split.pictures[~pairing])
        assert torch.equal(other.sounds[~pairing], split.sounds[~pairing])
        assert torch.equal(other.targets, split.targets)
        pairs = list(zip(other.pictures[pairing].tolist(), other.sounds[pairing].tolist(), strict=True))
        assert not genuine & set(pairs)
        assert [home[picture] for picture, _ in pairs] == [homes[sound] for _, sound in pairs] == before
    assert len({tuple(other.pictures[pairing].tolist()) for other in drawn}) > 1


def test_redraw_can_be_left_out(folders: Mapping[str, Path], task: DeepfakeTask) -> None:
    split = attrs.evolve(task, redraw=False).data(folders).splits.weights
    assert split.redrawn(torch.Generator().manual_seed(0)) is split
