"""Four splits that share no person: all clips of a source are in the same split."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from attrs import frozen

from nasframe.errors import DataError, nearest
from nasframe.runtime import write_text
from nasframe_deepfake.listing import Clip

__all__ = ["SPLITS", "Assignment", "read_split_list", "read_splits", "split_clips", "write_splits"]

SPLITS = ("weights", "architecture", "validation", "test")

_EXPECTED = "expected a CSV file in UTF-8 with the columns path and split"


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
    connected = _components(clips)
    largest = max(Counter(connected.values()).values(), default=0)
    groups, disjoint = connected, "source and target"
    if largest > 0.5 * min(shares) / sum(shares) * len(set(connected)) and largest > 1:
        groups, disjoint = {source: source for source in connected}, "source"
    splits = _assign([groups[clip.source] for clip in clips], clips, shares, seed)
    _require_both(clips, splits)
    return Assignment(splits, disjoint, _straddling(clips, splits))


def read_split_list(path: Path) -> dict[str, str]:
    """Read the user's own list, path → split: a CSV file with the columns `path` and `split`.

    The `splits.csv` of a prepared set is such a list.

    Raises:
        DataError: the list cannot be read, names an unknown split, or puts a clip into two.
    """
    where = f"task.split_list: {path}:"
    listed: dict[str, str] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                name, split = row["path"], str(row["split"])
                if split not in SPLITS:
                    raise DataError(f"{where} unknown split {split!r}{nearest(split, SPLITS)}")
                if listed.setdefault(name, split) != split:
                    raise DataError(f"{where} puts {name} into {listed[name]} and into {split}")
    except KeyError as error:
        raise DataError(f"{where} has no column {error}; {_EXPECTED}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{where} is not in UTF-8; {_EXPECTED}") from error
    except (OSError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise DataError(f"{where} cannot be read ({reason}); {_EXPECTED}") from error
    return listed


def read_splits(path: Path, clips: Sequence[Clip]) -> Assignment:
    """Split the clips by the user's own list.

    Raises:
        DataError: the list cannot be used (see `read_split_list`), or leaves a clip out.
    """
    listed = read_split_list(path)
    left_out = [clip.path for clip in clips if clip.path not in listed]
    if left_out:
        raise DataError(
            f"task.split_list: {path}: {len(left_out)} clips have no split, the first is {left_out[0]}"
        )
    splits = tuple(listed[clip.path] for clip in clips)
    _require_both(clips, splits, f"task.split_list: {path}: ")
    return Assignment(splits, "path", _straddling(clips, splits))


def write_splits(path: Path, clips: Sequence[Clip], splits: Sequence[str]) -> None:
    """Write a list for `read_splits`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["path", "split"])
    writer.writerows((clip.path, split) for clip, split in zip(clips, splits, strict=True))
    write_text(path, text.getvalue())


def _components(clips: Sequence[Clip]) -> dict[str, str]:
    """Return source → representative of all sources that are connected to it by fakes."""
    parent = {clip.source: clip.source for clip in clips}

    def find(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for clip in clips:
        for target in clip.targets:
            if target in parent:
                parent[find(target)] = find(clip.source)
    return {source: find(source) for source in sorted(parent)}


def _assign(
    groups: Sequence[str], clips: Sequence[Clip], shares: Sequence[float], seed: int
) -> tuple[str, ...]:
    """Put each group into the split that lacks most of the kinds of clips in it."""
    kinds = [(f"category {clip.category}", f"{clip.race} {clip.gender}", "all") for clip in clips]
    columns = {kind: column for column, kind in enumerate(sorted({kind for row in kinds for kind in row}))}
    names = sorted(set(groups))
    counts = np.zeros((len(names), len(columns)))
    row_of = {name: row for row, name in enumerate(names)}
    for group, of_clip in zip(groups, kinds, strict=True):
        for kind in of_clip:
            counts[row_of[group], columns[kind]] += 1
    target = np.outer(np.array(shares) / sum(shares), counts.sum(axis=0))
    lacking = target.copy()
    chosen: dict[str, str] = {}
    order = np.random.default_rng((seed, 3)).permutation(len(names))
    # The largest groups first, while every split has room for them; groups of one size in random order.
    for row in sorted(order, key=lambda row: -counts[row, columns["all"]]):
        need = (lacking / target)[:, counts[row] > 0].sum(axis=1)
        split = int(need.argmax())
        lacking[split] -= counts[row]
        chosen[names[row]] = SPLITS[split]
    return tuple(chosen[group] for group in groups)


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
