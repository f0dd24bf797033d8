"""People and contents that several splits share, counted and in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen

from nasframe.runtime import counted
from nasframe_audiovisual import SPLITS
from nasframe_deepfake.datasets import Clip

__all__ = ["Sharing", "sharing"]

_NAMED = 3


@frozen
class Sharing:
    """The people and contents that stand in several splits, each with these splits in their order.

    Attributes:
        sources: people who are seen in clips of several splits.
        people: people who are source or target of clips of several splits; those of `sources` too.
        contents: names of the clips of one content → their splits.
        nameless: what stands for a person where the data set names none, in words; else empty.
    """

    sources: Mapping[str, tuple[str, ...]]
    people: Mapping[str, tuple[str, ...]]
    contents: Mapping[tuple[str, ...], tuple[str, ...]]
    nameless: str = ""

    @property
    def leaks(self) -> bool:
        """True where a source or a content is in several splits, which a list of the user's own can avoid."""
        return bool(self.sources or self.contents)

    @property
    def disjoint(self) -> tuple[str, ...]:
        """Names of all that no two splits share: `people` in any part, or `sources`; and `contents`.

        It says nothing of people whom the data set does not name.
        """
        people = "people" if not self.people else "sources" if not self.sources else ""
        people = "" if self.nameless else people
        return tuple(filter(None, (people, "" if self.contents else "contents")))

    def counted(self) -> str:
        """Return how many people are seen and how many contents stand in several splits, and which."""
        return "; ".join(
            f"{counted(len(found), _SINGULAR[name], name)} ({_examples(found)})"
            for name, found in (("people", self.sources), ("contents", self.contents))
            if found
        )

    def in_words(self) -> str:
        """Return what the splits share and what they do not."""
        parts = []
        if self.disjoint:
            parts.append(f"share no {' and no '.join(self.disjoint)}")
        if self.leaks:
            parts.append(f"share {self.counted()}")
        others = {name: where for name, where in self.people.items() if name not in self.sources}
        if others:
            seen = "person is" if len(others) == 1 else "people are"
            parts.append(f"{len(others)} {seen} in several as targets of fakes ({_examples(others)})")
        if self.nameless:
            parts.append(f"may share people, since the data set names none: {self.nameless}")
        return f"splits {', but '.join(parts)}"

    def for_report(self) -> dict[str, Any]:
        """Return all of it as values for JSON."""
        return {
            "sources": {name: list(where) for name, where in sorted(self.sources.items())},
            "people": {name: list(where) for name, where in sorted(self.people.items())},
            "contents": [
                {"paths": list(paths), "splits": list(where)} for paths, where in self.contents.items()
            ],
        }


def sharing(clips: Sequence[Clip], contents: Sequence[str], splits: Sequence[str]) -> Sharing:
    """Return what several splits share.

    Args:
        clips: in any order, each person under one name.
        contents: of each clip; clips with the same content have the same.
        splits: of each clip, a name of SPLITS.
    """
    placed = [*zip(clips, contents, splits, strict=True)]
    paths: dict[str, list[str]] = defaultdict(list)
    for clip, content, _ in placed:
        paths[content].append(clip.name)
    shared = _in_several((content, split) for _, content, split in placed)
    return Sharing(
        _in_several((clip.source, split) for clip, _, split in placed),
        _in_several((name, split) for clip, _, split in placed for name in (clip.source, *clip.targets)),
        {tuple(sorted(paths[content])): where for content, where in sorted(shared.items())},
    )


def _in_several(places: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Return what occurs in several splits, with these."""
    homes: dict[str, set[str]] = defaultdict(set)
    for name, split in places:
        homes[name].add(split)
    return {
        name: tuple(filter(found.__contains__, SPLITS)) for name, found in homes.items() if len(found) > 1
    }


_SINGULAR = {"people": "person", "contents": "content"}


def _examples(found: Mapping[Any, Sequence[str]]) -> str:
    """Return the first few with their splits."""

    def words() -> Iterator[str]:
        for key in sorted(found)[:_NAMED]:
            names = [key] if isinstance(key, str) else [*key[:2], *(["…"] if len(key) > 2 else [])]
            *others, last = found[key]
            yield f"{', '.join(names)} in {', '.join(others)} and {last}"
        if len(found) > _NAMED:
            yield "…"

    return "; ".join(words())
