"""Four splits that share no person: all clips of a source are in the same split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

from nasframe.errors import DataError
from nasframe_audiovisual import SPLITS, joined_groups, read_split_list, split_groups
from nasframe_deepfake.datasets import Clip
from nasframe_deepfake.option_errors import of_option

__all__ = ["Assignment", "read_own_list", "read_splits", "split_clips"]

_OPTION = "task.split_list"


@frozen
class Assignment:
    """The split of each clip.

    Attributes:
        splits: a name of SPLITS for every clip, in the clips' order.
        disjoint: the property whose values no two splits share: `source and target`, `source`, or `path` (by
            the user's list).
        straddling: number of clips whose target identity is the source of clips in another split.
    """

    splits: tuple[str, ...]
    disjoint: str
    straddling: int


def split_clips(clips: Sequence[Clip], shares: Sequence[float], seed: int) -> Assignment:
    """Split the clips in the given shares, as nearly as whole people allow.

    Sources that are connected by the target of a fake are kept in one split, if these groups are small
    enough. If not, only the clips of one source are, and `straddling` counts the clips that connect two
    splits. Category, race and gender are spread over the splits in proportion.

    Args:
        clips: all clips to be split.
        shares: of SPLITS; they need not sum to one.
        seed: of the order in which people are assigned.

    Raises:
        DataError: a split would lack genuine or fake clips.
    """
    sources = [clip.source for clip in clips]
    connected = joined_groups(sources, [clip.targets for clip in clips])
    largest = max(Counter(connected.values()).values(), default=0)
    groups, disjoint = connected, "source and target"
    if largest > 0.5 * min(shares) / sum(shares) * len(set(connected)) and largest > 1:
        groups, disjoint = {source: source for source in connected}, "source"
    kinds = [(f"category {clip.category}", f"{clip.race} {clip.gender}") for clip in clips]
    splits = split_groups([groups[source] for source in sources], kinds, shares, seed)
    _require_both(clips, splits)
    return Assignment(splits, disjoint, _straddling(clips, splits))


def read_own_list(path: Path) -> dict[str, str]:
    """Read the user's own list, path → split, and name the option in its errors.

    Raises:
        DataError: see `nasframe_audiovisual.read_split_list`.
    """
    with of_option(_OPTION):
        return read_split_list(path)


def read_splits(path: Path, clips: Sequence[Clip]) -> Assignment:
    """Split the clips by the user's own list.

    Raises:
        DataError: the list cannot be used (see `read_own_list`), or leaves a clip out.
    """
    listed = read_own_list(path)
    left_out = [clip.path for clip in clips if clip.path not in listed]
    if left_out:
        raise DataError(f"{_OPTION}: {path}: {len(left_out)} clips have no split, the first is {left_out[0]}")
    splits = tuple(listed[clip.path] for clip in clips)
    _require_both(clips, splits, f"{_OPTION}: {path}: ")
    return Assignment(splits, "path", _straddling(clips, splits))


def _require_both(clips: Sequence[Clip], splits: Sequence[str], where: str = "") -> None:
    counts = Counter((split, clip.fake) for split, clip in zip(splits, clips, strict=True))
    lacking = [
        f"{split} has no {'fake' if fake else 'genuine'} clip"
        for split in SPLITS
        for fake in (False, True)
        if not counts[split, fake]
    ]
    if lacking:
        sources = len({clip.source for clip in clips})
        raise DataError(
            f"{where}{len(clips)} clips of {sources} source{'s' * (sources != 1)} cannot be split four ways "
            f"with genuine and fake clips in each: {'; '.join(lacking)}{_cause(clips)}"
        )


def _cause(clips: Sequence[Clip]) -> str:
    """Return the end of the error message: the clips without which no split is possible."""
    for fake, name in ((False, "genuine"), (True, "fake")):
        if not any(clip.fake == fake for clip in clips):
            return f". There is no {name} clip at all"
    people = {clip.source for clip in clips if not clip.fake}
    if len(people) < len(SPLITS):
        return f". Splits share no source, so four sources with genuine clips are needed, found {len(people)}"
    return ""


def _straddling(clips: Sequence[Clip], splits: Sequence[str]) -> int:
    split_of = {clip.source: split for clip, split in zip(clips, splits, strict=True)}
    return sum(
        any(split_of.get(target, split) != split for target in clip.targets)
        for clip, split in zip(clips, splits, strict=True)
    )
