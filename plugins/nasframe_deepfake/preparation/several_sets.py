"""Splits of several data sets together: each has those that it has alone, but for what two of them share."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

import attrs
from attrs import frozen

from nasframe.runtime import counted
from nasframe_audiovisual import SPLITS, joined_groups
from nasframe_deepfake.datasets import Clip
from nasframe_deepfake.preparation.drawn_splits import DrawnSplits, drawn_splits, lacking
from nasframe_deepfake.preparation.groups import content_groups, person_groups

__all__ = ["split_sets"]

_NAMED = 3

_GIVEN_UP = (
    "",
    "ties by targets",
    "ties by targets, and of people by contents,",
    "all ties between sets",
)
"""The ties without which people and contents of several sets were split: a text for each of `_ties`, and one
for the splits that each set has alone."""


def split_sets(
    clips: Sequence[Clip], shares: Sequence[float], seed: int, contents: Sequence[str]
) -> tuple[tuple[str, ...], list[str]]:
    """Return the split of each clip, and in sentences without an end how that came about.

    Each set is split as if it were alone, by its own splits or by ours, with the same shares and seed. Then
    the clips of a person or a content in several sets, and all that is tied to them, are put into one split:
    that of a set whose own splits stand, else that of the first set by name. No clip leaves the splits that
    its set allows it. Where so many are tied that a split would lack a class, ties by targets are given up,
    and then those by contents, as within a set.

    Args:
        clips: of all sets, each person under one name; see `Clip.set`.
        shares: of SPLITS; they need not sum to one.
        seed: of the order in which people are assigned.
        contents: of each clip; the same for clips with the same content.
    """
    of_set: dict[str, list[int]] = defaultdict(list)
    for place, clip in enumerate(clips):
        of_set[clip.set].append(place)
    placed: list[_Placed] = [_NOWHERE] * len(clips)
    notes = []
    for name, places in sorted(of_set.items()):
        found, lacks = _alone(clips, places, shares, seed, contents)
        if lacks:
            notes.append(f"{name} alone cannot be split four ways with both classes in each: {lacks}")
        left = {name for name in SPLITS if name not in found.fixed} if any(found.fixed) else {*SPLITS}
        for place, split, fixed, group in zip(places, found.splits, found.fixed, found.groups, strict=True):
            placed[place] = _Placed(split, {fixed} if fixed else left, (name, group), any(found.fixed))
    alone = tuple(clip.split for clip in placed)
    shared = _shared(clips, contents)
    if not shared:
        notes.append("no two sets have a person or a content in common: the splits of each are its own")
        return alone, notes
    splits, given_up = _joined(clips, contents, shares, shared, placed)
    torn = sum(len({splits[place] for place in places}) > 1 for places in shared.all_places())
    told = "and these were split together" if not given_up else "and each of these is in one split"
    if torn:
        told = f"but {torn} of these stand in several splits"
    notes.append(f"several sets have {shared.in_words()}, {told}")
    if given_up:
        notes.append(f"{given_up} were given up: so many clips could not be in one split")
    moved = Counter(clip.set for clip, old, new in zip(clips, alone, splits, strict=True) if old != new)
    notes += [
        f"{counted(count, f'clip of {name} is', f'clips of {name} are')} in another split than "
        f"where {name} is alone"
        for name, count in sorted(moved.items())
    ]
    return splits, notes


@frozen
class _Placed:
    """A clip in the splits of its set alone.

    Attributes:
        split: its own.
        allowed: the splits in which its set may have it.
        group: the set, and the name in it of the clips that were drawn together.
        official: whether its set has splits that stand.
    """

    split: str
    allowed: set[str]
    group: tuple[str, str]
    official: bool


_NOWHERE = _Placed("", set(), ("", ""), False)


@frozen
class _Shared:
    """People and contents that several sets have in common.

    Attributes:
        people: name → the clips that show the person, and those whose target it is.
        contents: content → its clips.
    """

    people: Mapping[str, tuple[int, ...]]
    contents: Mapping[str, tuple[int, ...]]

    def __bool__(self) -> bool:
        return bool(self.people or self.contents)

    def all_places(self) -> Iterator[tuple[int, ...]]:
        """Yield the clips of each person, then those of each content."""
        yield from self.people.values()
        yield from self.contents.values()

    def in_words(self) -> str:
        """Return how many people and contents there are, with the first names."""
        return " and ".join(
            f"{len(found)} {one if len(found) == 1 else several} ({_first(found)})"
            for found, one, several in (
                (self.people, "person", "people"),
                (self.contents, "content", "contents"),
            )
            if found
        )


def _first(found: Mapping[str, object]) -> str:
    return f"{', '.join(sorted(found)[:_NAMED])}{', …' if len(found) > _NAMED else ''}"


def _shared(clips: Sequence[Clip], contents: Sequence[str]) -> _Shared:
    """Return what several sets have; people whom no clip shows tie nothing."""
    seen = {clip.source for clip in clips}
    people: dict[str, list[int]] = defaultdict(list)
    of_content: dict[str, list[int]] = defaultdict(list)
    for place, (clip, content) in enumerate(zip(clips, contents, strict=True)):
        of_content[content].append(place)
        for name in {clip.source, *clip.targets} & seen:
            people[name].append(place)

    def in_several(found: Mapping[str, Sequence[int]]) -> dict[str, tuple[int, ...]]:
        return {
            name: tuple(places)
            for name, places in found.items()
            if len({clips[place].set for place in places}) > 1
        }

    return _Shared(in_several(people), in_several(of_content))


def _alone(
    clips: Sequence[Clip], places: Sequence[int], shares: Sequence[float], seed: int, contents: Sequence[str]
) -> tuple[DrawnSplits, str]:
    """Return the splits of one set as it has them alone, and in words what they lack for that."""
    own = [_of_its_set(clips[place]) for place in places]
    name_of = {clips[place].name: clip.name for place, clip in zip(places, own, strict=True)}
    first: dict[str, str] = {}  # a content may be named by a clip of another set
    own_contents = [
        first.setdefault(contents[place], name_of.get(contents[place], clip.name))
        for place, clip in zip(places, own, strict=True)
    ]
    drawn = [*drawn_splits(own, shares, seed, own_contents)]
    whole = next((found for found in drawn if not lacking(own, found.splits)), None)
    return (whole, "") if whole else (drawn[0], "; ".join(lacking(own, drawn[0].splits)))


def _of_its_set(clip: Clip) -> Clip:
    """Return a clip as its set has it alone: names decide the order in which people are drawn."""
    return attrs.evolve(
        clip,
        path=clip.path.removeprefix(f"{clip.set}/"),
        sound_file=clip.sound_file.removeprefix(f"{clip.set}/"),
        source=clip.source.partition("/")[2],
        targets=tuple(name.partition("/")[2] for name in clip.targets),
        set="",
    )


def _joined(
    clips: Sequence[Clip],
    contents: Sequence[str],
    shares: Sequence[float],
    shared: _Shared,
    placed: Sequence[_Placed],
) -> tuple[tuple[str, ...], str]:
    """Return the splits in which people and contents of several sets are together, and the ties between sets
    that were given up for that, in words; empty where none were."""
    given_up = _GIVEN_UP[-1]
    splits = tuple(clip.split for clip in placed)
    room = max(shares) / sum(shares) * len(clips)
    for groups, without in zip(_ties(clips, contents, shared, placed), _GIVEN_UP, strict=False):
        across = [places for places in groups if len({clips[place].set for place in places}) > 1]
        crowds = [places for places in across if len({clips[place].source for place in places}) > 1]
        if any(len(places) > room for places in crowds):
            continue
        found = [clip.split for clip in placed]
        for places in across:
            split = _split_of(clips, places, placed)
            for place in places:
                if split in placed[place].allowed:
                    found[place] = split
        splits, given_up = tuple(found), without
        if not lacking(clips, splits):
            break
    return splits, given_up


def _split_of(clips: Sequence[Clip], places: Sequence[int], placed: Sequence[_Placed]) -> str:
    """Return the split of clips that are tied across sets."""
    fixed = [place for place in places if len(placed[place].allowed) == 1]
    official = [place for place in places if placed[place].official]
    first = min(clips[place].set for place in official or places)
    leading = fixed or [place for place in places if clips[place].set == first]
    counts = Counter(placed[place].split for place in leading)
    return max(SPLITS, key=lambda split: counts[split])


def _ties(
    clips: Sequence[Clip], contents: Sequence[str], shared: _Shared, placed: Sequence[_Placed]
) -> Iterator[list[list[int]]]:
    """Yield the places of the clips that are kept together, from all ties to the fewest."""
    drawn = [f"{number}" for number in _numbered([clip.group for clip in placed])]
    links: list[list[str]] = [[] for _ in clips]
    for places in shared.all_places():
        for place in places[1:]:
            links[place].append(drawn[places[0]])
    joined = joined_groups(drawn, links)
    for groups in (
        [joined[group] for group in drawn],
        person_groups(clips, contents),
        content_groups(clips, contents),
    ):
        together: dict[str, list[int]] = defaultdict(list)
        for place, group in enumerate(groups):
            together[group].append(place)
        yield [*together.values()]


def _numbered(groups: Sequence[tuple[str, str]]) -> list[int]:
    numbers: dict[tuple[str, str], int] = {}
    return [numbers.setdefault(group, len(numbers)) for group in groups]
