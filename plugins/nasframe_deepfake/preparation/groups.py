"""Groups of clips that have to be in one split, from all ties to the fewest."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from nasframe_audiovisual import joined_groups
from nasframe_deepfake.datasets import Clip

__all__ = ["content_groups", "groupings", "person_groups"]


def groupings(
    clips: Sequence[Clip], shares: Sequence[float], contents: Sequence[str]
) -> Iterator[Sequence[str]]:
    """Yield the group of each clip, from all ties to the fewest; names of groups decide what is drawn."""
    sources = [clip.source for clip in clips]
    tied = _tied_by_contents(sources, contents)
    connected = joined_groups(
        sources, [(*clip.targets, *others) for clip, others in zip(clips, tied, strict=True)]
    )
    largest = max(Counter(connected.values()).values(), default=0)
    if largest <= 0.5 * min(shares) / sum(shares) * len(set(connected)) or largest <= 1:
        yield [connected[source] for source in sources]
    groups = person_groups(clips, contents)
    if _have_room(groups, sources, shares):
        yield groups
    if any(tied):
        yield content_groups(clips, contents)


def person_groups(clips: Sequence[Clip], contents: Sequence[str]) -> list[str]:
    """Return the group of each clip where sources are tied by contents alone, and by no target."""
    sources = [clip.source for clip in clips]
    people = joined_groups(sources, _tied_by_contents(sources, contents))
    return [people[source] for source in sources]


def content_groups(clips: Sequence[Clip], contents: Sequence[str]) -> list[str]:
    """Return the group of each clip where a content of several sources is apart from its sources."""
    sources = [clip.source for clip in clips]
    tied = _tied_by_contents(sources, contents)
    common = {content for content, others in zip(contents, tied, strict=True) if others}
    return [
        f"content {content}" if content in common else source
        for source, content in zip(sources, contents, strict=True)
    ]


def _tied_by_contents(sources: Sequence[str], contents: Sequence[str]) -> list[tuple[str, ...]]:
    """Return for each clip another person who has its content, or nobody."""
    people: dict[str, dict[str, None]] = defaultdict(dict)
    for source, content in zip(sources, contents, strict=True):
        people[content][source] = None
    return [
        tuple([other for other in people[content] if other != source][:1])
        for source, content in zip(sources, contents, strict=True)
    ]


def _have_room(groups: Sequence[str], sources: Sequence[str], shares: Sequence[float]) -> bool:
    """Return False where a group of several people has more clips than the largest split is to have."""
    of_group: dict[str, set[str]] = defaultdict(set)
    for group, source in zip(groups, sources, strict=True):
        of_group[group].add(source)
    room = max(shares) / sum(shares) * len(groups)
    return all(size <= room or len(of_group[group]) == 1 for group, size in Counter(groups).items())
