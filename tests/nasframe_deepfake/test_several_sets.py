"""Of several sets together each has the splits that it has alone; what they share is in one split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import pytest

from nasframe.errors import DataError
from nasframe_deepfake.datasets import Clip
from nasframe_deepfake.preparation import Assignment, split_clips

SHARES = (0.45, 0.2, 0.15, 0.2)
KINDS = ("RV-RA", "FV-RA", "FV-FA")


def clip(path: str, kind: str, source: str, targets: tuple[str, ...] = (), official: str = "") -> Clip:
    return Clip(
        path, kind, "real" if kind == "RV-RA" else "m", source, targets, "", "", official_split=official
    )


def people(count: int, first: int = 0, ties: bool = False) -> list[Clip]:
    """People with a genuine clip and two fakes each; where there are ties, each two are tied by a target."""
    return [
        clip(f"{kind}/p{n}.mp4", kind, f"p{n}", (f"p{n ^ 1}",) if ties and kind == "FV-FA" else ())
        for n in range(first, first + count)
        for kind in KINDS
    ]


def official(count: int, first: int = 0) -> list[Clip]:
    """People in the splits of their own set: five in eight train, and the last for validation or test."""
    names = ("train", "train", "validation", "train", "test", "train", "train", "test")
    return [
        attrs.evolve(found, official_split=names[int(found.source[1:]) % 8]) for found in people(count, first)
    ]


def together(sets: Mapping[str, Sequence[Clip]], corpus: Sequence[str] = ()) -> list[Clip]:
    """The clips as a combined set lists them; people of the sets in `corpus` have one corpus's names."""

    def person(name: str, own: str) -> str:
        return f"corpus/{own}" if name in corpus else f"{name}/{own}"

    return [
        attrs.evolve(
            found,
            path=f"{name}/{found.path}",
            source=person(name, found.source),
            targets=tuple(person(name, own) for own in found.targets),
            set=name,
        )
        for name, clips in sets.items()
        for found in clips
    ]


def of_set(clips: Sequence[Clip], assignment: Assignment, name: str) -> tuple[str, ...]:
    return tuple(split for found, split in zip(clips, assignment.splits, strict=True) if found.set == name)


def homes(clips: Sequence[Clip], assignment: Assignment, source: str) -> set[str]:
    return {split for found, split in zip(clips, assignment.splits, strict=True) if found.source == source}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("ties", [False, True])
def test_sets_that_share_nobody_have_the_splits_that_each_has_alone(seed: int, ties: bool) -> None:
    sets = {"Z": people(12), "a": people(60, ties=ties), "LAV": official(24)}
    clips = together(sets)
    found = split_clips(clips, SHARES, seed)
    for name, own in sets.items():
        assert of_set(clips, found, name) == split_clips(own, SHARES, seed).splits
    assert found.disjoint == ("people", "contents")
    assert found.notes == (
        "no two sets have a person or a content in common: the splits of each are its own",
    )


@pytest.mark.parametrize("seed", range(4))
def test_contents_within_a_set_change_its_splits_as_they_do_alone(seed: int) -> None:
    own = people(14)
    contents = [found.path for found in own]
    contents[3] = contents[6] = contents[0]  # three people have one content
    clips = together({"A": own, "B": people(9)})
    names = [f"A/{name}" for name in contents] + [found.name for found in clips[len(own) :]]
    assert (
        of_set(clips, split_clips(clips, SHARES, seed, names), "A")
        == split_clips(own, SHARES, seed, contents).splits
    )


@pytest.mark.parametrize("seed", range(6))
def test_people_of_two_sets_are_in_the_split_of_the_first_and_all_others_stay(seed: int) -> None:
    sets = {"A": people(16), "B": people(16, first=12)}
    clips = together(sets, corpus=("A", "B"))
    found = split_clips(clips, SHARES, seed)
    assert found.disjoint == ("people", "contents")
    assert of_set(clips, found, "A") == split_clips(sets["A"], SHARES, seed).splits
    alone = split_clips(sets["B"], SHARES, seed).splits
    for own, before, after in zip(sets["B"], alone, of_set(clips, found, "B"), strict=True):
        assert before == after or own.source in {"p12", "p13", "p14", "p15"}
    moved = sum(map(str.__ne__, alone, of_set(clips, found, "B")))
    assert found.notes[0] == (
        "several sets have 4 people (corpus/p12, corpus/p13, corpus/p14, …), and these were split together"
    )
    assert found.notes[1:] == (
        (f"{moved} clips of B are in another split than where B is alone",) * bool(moved)
    )


@pytest.mark.parametrize("seed", range(6))
def test_a_content_of_two_sets_is_in_one_split_with_the_people_who_have_it(seed: int) -> None:
    clips = together({"A": people(12), "B": people(12)})
    contents = [found.name for found in clips]
    place = next(n for n, found in enumerate(clips) if found.name == "B/FV-RA/p3.mp4")
    contents[place] = "A/RV-RA/p7.mp4"
    found = split_clips(clips, SHARES, seed, contents)
    assert found.disjoint == ("people", "contents")
    assert homes(clips, found, "A/p7") == homes(clips, found, "B/p3")
    assert found.notes[0].startswith("several sets have 1 content (A/RV-RA/p7.mp4), and")


@pytest.mark.parametrize("seed", range(4))
def test_people_whom_a_set_has_put_into_a_split_of_its_own_draw_those_of_other_sets_there(seed: int) -> None:
    sets = {"A": people(20), "Z": official(16, first=8)}
    clips = together(sets, corpus=("A", "Z"))
    found = split_clips(clips, SHARES, seed)
    assert of_set(clips, found, "Z") == split_clips(sets["Z"], SHARES, seed).splits
    assert found.disjoint == ("people", "contents")
    assert homes(clips, found, "corpus/p12") == {"test"}
    assert homes(clips, found, "corpus/p10") == {"validation"}
    assert homes(clips, found, "corpus/p11") <= {"weights", "architecture"}


def test_official_splits_of_two_sets_stand_and_what_they_share_is_counted() -> None:
    first, second = official(16), official(16)
    second = [attrs.evolve(one, official_split="test") if one.source == "p0" else one for one in second]
    clips = together({"A": first, "B": second}, corpus=("A", "B"))
    found = split_clips(clips, SHARES, 0)
    assert of_set(clips, found, "B")[:3] == ("test",) * 3
    assert "test" not in of_set(clips, found, "A")[:3]
    assert found.shared.sources.keys() == {"corpus/p0"}


def test_a_target_who_is_seen_in_another_set_is_in_its_split_where_groups_are_small() -> None:
    extra = [clip("FV-FA/x.mp4", "FV-FA", "p40", ("p2",))]
    clips = together({"A": people(12), "B": [*people(12, first=30), *extra]}, corpus=("A", "B"))
    found = split_clips(clips, SHARES, 1)
    assert found.disjoint == ("people", "contents")
    assert homes(clips, found, "corpus/p40") == homes(clips, found, "corpus/p2")


def test_targets_that_tie_a_whole_set_to_another_are_given_up_and_counted() -> None:
    fakes = [clip(f"FV-FA/x{n}.mp4", "FV-FA", f"p{n}", ("p99",)) for n in range(12)]
    ties = [clip("RV-RA/y.mp4", "RV-RA", "p99")]
    clips = together({"A": [*people(12), *fakes], "B": [*people(12, first=30), *ties]}, corpus=("A", "B"))
    found = split_clips(clips, SHARES, 1)
    assert found.disjoint == ("sources", "contents")
    assert found.straddling > 0
    assert found.notes[0].endswith("but 1 of these stand in several splits")
    assert found.notes[1].startswith("ties by targets were given up")


def test_what_is_in_one_split_though_ties_were_given_up_is_not_said_to_be_split_together() -> None:
    """Two sets have a content of a person who has more clips than any split is to have."""
    many = [clip(f"FV-FA/x{n}.mp4", "FV-FA", "p0") for n in range(60)]
    clips = together({"A": [*people(8), *many], "B": people(8)})
    contents = [found.name for found in clips]
    contents[[found.name for found in clips].index("B/FV-RA/p3.mp4")] = "A/FV-RA/p0.mp4"
    notes = [split_clips(clips, SHARES, seed, contents).notes for seed in range(8)]
    assert all(found[0].endswith("and each of these is in one split") for found in notes)
    assert all(
        found[1].startswith("ties by targets, and of people by contents, were given") for found in notes
    )


def test_sets_of_one_class_each_are_split_together_and_it_is_said_that_alone_they_cannot_be() -> None:
    genuine = [one for one in people(12) if one.category == "RV-RA"]
    fakes = [one for one in people(12) if one.category != "RV-RA"]
    clips = together({"SWAN": genuine, "SWAN-DF": fakes}, corpus=("SWAN", "SWAN-DF"))
    found = split_clips(clips, SHARES, 2)
    assert found.disjoint == ("people", "contents")
    assert found.notes[0].startswith(
        "SWAN alone cannot be split four ways with both classes in each: weights"
    )


def test_sets_that_have_too_little_even_together_are_refused() -> None:
    with pytest.raises(DataError, match="cannot be split four ways"):
        split_clips(together({"A": people(1), "B": people(2)}), SHARES, 0)
