"""Names of people: which spellings mean one person, in all data sets alike."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Set

import attrs

from nasframe_deepfake.datasets.listing import Clip, Spellings

__all__ = ["names_somebody", "one_spelling", "person_key", "with_people_of"]

_LEADING_ZEROS = re.compile(r"(?<![0-9])0+(?=[0-9])")

_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
"""Characters that show nothing and are of no category that says so: fillers, joiners, variation selectors."""

_UNSEEN_CATEGORIES = ("Cc", "Cf")

_NOBODY = frozenset(("na", "n/a", "nan", "none", "null"))
"""Words that programs write where a table has no value."""


@functools.lru_cache(maxsize=200_000)
def person_key(name: str) -> str:
    """Return what all spellings of the name of one person have in common.

    Case, leading zeros of a number, the Unicode form (NFKC), characters that show nothing, and blanks around
    and between words make no difference. The key is no name to show; see `one_spelling`.

    Example:
        >>> person_key("id00076") == person_key(" ID76") == person_key("\uff29\uff44\u200b76")
        True
        >>> person_key("id00076") == person_key("id760")
        False
    """
    key = _simplified(name)
    while (again := _simplified(key)) != key:  # without what is unseen, characters may combine
        key = again
    return key


def _simplified(name: str) -> str:
    words = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
    seen = (char for char in words if unicodedata.category(char) not in _UNSEEN_CATEGORIES)
    return _LEADING_ZEROS.sub("", _UNSEEN.sub("", "".join(seen)))


def names_somebody(name: str, sources: Set[str]) -> bool:
    """Return True where a target in a table is a person.

    A dash is none, nor is a word that programs write where there is no value, nor a mere number, which is
    that of a clip; unless a source is called so.

    Args:
        name: of the target.
        sources: keys of the people who are sources in the table.
    """
    key = person_key(name)
    if key in sources:
        return bool(key)
    return any(char.isalnum() for char in key) and not key.isdecimal() and key not in _NOBODY


def with_people_of(clip: Clip, other: Clip) -> Clip:
    """Return a clip that is tied to the people of another too, such as of a second row for the same file."""
    people = {*clip.targets, other.source, *other.targets} - {clip.source}
    return attrs.evolve(clip, targets=tuple(sorted(people))) if people != {*clip.targets} else clip


def one_spelling(clips: Iterable[Clip]) -> tuple[list[Clip], list[Spellings]]:
    """Return the clips with one name for each person, and the people whose name had several spellings.

    The spelling that occurs most often is taken; of equals, the first in the order of characters. Where no
    person has several, the clips are returned as they are.
    """
    clips = list(clips)
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    for clip in clips:
        for name in (clip.source, *clip.targets):
            spellings[person_key(name)][name] += 1
    taken = {
        name: min(found, key=lambda spelling: (-found[spelling], spelling))
        for found in spellings.values()
        if len(found) > 1
        for name in found
    }
    several = sorted(
        (
            Spellings(taken[next(iter(found))], tuple(sorted(found)))
            for found in spellings.values()
            if len(found) > 1
        ),
        key=lambda person: person.name,
    )
    return [_respelled(clip, taken) for clip in clips] if taken else clips, several


def _respelled(clip: Clip, taken: dict[str, str]) -> Clip:
    if taken.keys().isdisjoint((clip.source, *clip.targets)):
        return clip
    source = taken.get(clip.source, clip.source)
    targets = {taken.get(target, target) for target in clip.targets} - {source}
    return attrs.evolve(clip, source=source, targets=tuple(sorted(targets)))
