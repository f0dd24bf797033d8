"""Four splits that share no person and no content: all clips of a source are in the same split."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NoReturn

import attrs
from attrs import frozen

from nasframe.errors import DataError
from nasframe.runtime import counted
from nasframe_audiovisual import SPLITS, read_split_list
from nasframe_deepfake.datasets import Clip, one_spelling
from nasframe_deepfake.option_errors import of_option
from nasframe_deepfake.preparation.drawn_splits import drawn_splits, lacking
from nasframe_deepfake.preparation.several_sets import split_sets
from nasframe_deepfake.preparation.sharing import Sharing, sharing

__all__ = [
    "Assignment",
    "SplitLeaks",
    "check_own_list",
    "list_leaks",
    "read_own_list",
    "read_splits",
    "refuse_unlisted",
    "split_clips",
    "unlisted_clips",
]

_OPTION = "task.split_list"

SplitLeaks = Literal["refuse", "count"]
"""The answer to a list of the user's own that puts a person or a content into several splits."""


@frozen
class Assignment:
    """The split of each clip.

    Attributes:
        splits: a name of SPLITS for every clip, in the clips' order.
        shared: the people and contents that are in several splits.
        straddling: number of clips whose target is the source of clips in another split.
        notes: of several data sets, how their splits came about, in sentences without an end.
    """

    splits: tuple[str, ...]
    shared: Sharing
    straddling: int
    notes: tuple[str, ...] = ()

    @property
    def disjoint(self) -> tuple[str, ...]:
        """Names of all that no two splits share; see `Sharing.disjoint`."""
        return self.shared.disjoint


def split_clips(
    clips: Sequence[Clip], shares: Sequence[float], seed: int, contents: Sequence[str] | None = None
) -> Assignment:
    """Split the clips in the given shares, as nearly as whole people allow.

    People are tied by the target of a fake, and by a content that stands under several of them. Those who are
    tied are kept in one split, if these groups are small enough. If not, ties by targets are given up, and if
    these groups are still too large, or leave a split without a class, those by contents are: then a clip
    whose content several people have may be in another split than the others of its source. One content is
    always in one split. Category, race and gender are spread over the splits in proportion. Splits of the
    data set itself stand, whatever they share; see `official_splits`. Of several data sets together, each
    has the splits that it has alone, but for what they share; see `split_sets`.

    Args:
        clips: all clips to be split. The names of people may be spelled in several ways.
        shares: of SPLITS; they need not sum to one.
        seed: of the order in which people are assigned.
        contents: of each clip; the same for clips with the same content. None: all differ.

    Raises:
        DataError: a split would lack genuine or fake clips.
    """
    clips, _ = one_spelling(clips)
    contents = [clip.name for clip in clips] if contents is None else contents
    notes: Sequence[str] = ()
    splits: tuple[str, ...] = ()
    if len({clip.set for clip in clips}) > 1:
        splits, notes = split_sets(clips, shares, seed, contents)
    else:
        for drawn in drawn_splits(clips, shares, seed, contents):
            splits = drawn.splits
            if not lacking(clips, splits):
                break
    _require_both(clips, splits, contents)
    return attrs.evolve(_assignment(clips, contents, splits), notes=tuple(notes))


def read_own_list(path: Path) -> dict[str, str]:
    """Read the user's own list, path → split, and name the option in its errors.

    Raises:
        DataError: see `nasframe_audiovisual.read_split_list`.
    """
    with of_option(_OPTION):
        return read_split_list(path)


def read_splits(
    path: Path,
    clips: Sequence[Clip],
    contents: Sequence[str] | None = None,
    leaks: SplitLeaks = "refuse",
) -> Assignment:
    """Split the clips by the user's own list.

    Args:
        path: of the list.
        clips: all clips to be split.
        contents: see `split_clips`.
        leaks: refuse the list where a source or a content is in several splits, or count them. A target that
            is the source of clips in another split is only counted: our own splits may have such, too.

    Raises:
        DataError: the list cannot be used (see `read_own_list`), leaves a clip out, leaves a split without a
            class, or leaks and is to be refused then.
    """
    listed = read_own_list(path)
    clips, _ = one_spelling(clips)
    if unlisted := unlisted_clips(path, clips):
        refuse_unlisted(path, len(unlisted), unlisted[0])
    splits = tuple(listed[clip.name] for clip in clips)
    contents = [clip.name for clip in clips] if contents is None else contents
    _require_both(clips, splits, contents, f"{_OPTION}: {path}: ")
    found = _assignment(clips, contents, splits)
    if leaks == "refuse":
        _refuse_leaks(path, found.shared)
    return found


def unlisted_clips(path: Path, clips: Sequence[Clip]) -> list[Clip]:
    """Return the clips that the user's own list leaves out.

    Raises:
        DataError: the list cannot be read, or names no clip at all.
    """
    listed = read_own_list(path)
    left_out = [clip for clip in clips if clip.name not in listed]
    if listed and len(left_out) == len(clips):
        raise DataError(
            f"{_OPTION}: {path}: names none of the {counted(len(clips), 'clip')}: its first path is "
            f"{next(iter(listed))}, and that of a clip {clips[0].name}"
        )
    return left_out


def refuse_unlisted(path: Path, count: int, first: Clip) -> NoReturn:
    """Refuse a list that leaves clips out, of which `first` needs a split."""
    raise DataError(
        f"{_OPTION}: {path}: {counted(count, 'clip has', 'clips have')} no split, the first is {first.name}"
    )


def check_own_list(path: Path, clips: Sequence[Clip], contents: Sequence[str], leaks: SplitLeaks) -> None:
    """Refuse the user's own list for what can be known before its clips are decoded; see `read_splits`.

    Clips that are not on it do not count: it may be that they cannot be decoded.
    """
    missing = {clip.name for clip in unlisted_clips(path, clips)}
    known = [place for place, clip in enumerate(clips) if clip.name not in missing]
    if not known:
        refuse_unlisted(path, len(clips), clips[0])
    read_splits(path, [clips[place] for place in known], [contents[place] for place in known], leaks)


def list_leaks(path: Path, clips: Sequence[Clip], contents: Sequence[str], leaks: SplitLeaks) -> bool:
    """Return True where the user's own list puts a source or a content into several splits.

    Clips that are not on it do not count.

    Raises:
        DataError: the list cannot be read, or puts a source into several splits and is to be refused then.
    """
    listed = read_own_list(path)
    known = [place for place, clip in enumerate(clips) if clip.name in listed]
    shared = sharing(
        [clips[place] for place in known],
        [contents[place] for place in known],
        [listed[clips[place].name] for place in known],
    )
    if leaks == "refuse" and shared.sources:
        _refuse_leaks(path, shared)
    return shared.leaks


def _refuse_leaks(path: Path, shared: Sharing) -> None:
    if shared.leaks:
        raise DataError(
            f"{_OPTION}: {path}: puts into several splits {shared.counted()}. Scores on such splits are too "
            'good; correct the list, or take it as it is by task.split_leaks="count"'
        )


def _assignment(clips: Sequence[Clip], contents: Sequence[str], splits: tuple[str, ...]) -> Assignment:
    return Assignment(splits, sharing(clips, contents, splits), _straddling(clips, splits))


def _require_both(
    clips: Sequence[Clip], splits: Sequence[str], contents: Sequence[str], where: str = ""
) -> None:
    lacks = lacking(clips, splits)
    if lacks:
        sources = len({clip.source for clip in clips})
        raise DataError(
            f"{where}{len(clips)} clips of {counted(sources, 'source')} cannot be split four ways "
            f"with genuine and fake clips in each: {'; '.join(lacks)}{_cause(clips, contents)}"
        )


def _cause(clips: Sequence[Clip], contents: Sequence[str]) -> str:
    """Return the end of the error message: the clips without which no split is possible."""
    for fake, name in ((False, "genuine"), (True, "fake")):
        if not any(clip.fake == fake for clip in clips):
            return f". There is no {name} clip at all"
    people = {clip.source for clip in clips if not clip.fake}
    if len(people) < len(SPLITS):
        return f". Splits share no source, so four sources with genuine clips are needed, found {len(people)}"
    for fake, name in ((False, "genuine"), (True, "fake")):
        found = {content for clip, content in zip(clips, contents, strict=True) if clip.fake == fake}
        if len(found) < len(SPLITS):
            return f". Splits share no content, so four {name} contents are needed, found {len(found)}"
    return ""


def _straddling(clips: Sequence[Clip], splits: Sequence[str]) -> int:
    homes: dict[str, set[str]] = defaultdict(set)
    for clip, split in zip(clips, splits, strict=True):
        homes[clip.source].add(split)
    return sum(
        any(homes[target] - {split} for target in clip.targets if target in homes)
        for clip, split in zip(clips, splits, strict=True)
    )
