"""Four splits that share no group: all clips of a group are in the same split.

By hand: scikit-learn splits groups into two parts, or into equal ones, not into four of given shares. The
names of joined groups decide the order, so another library's names would change the splits of finished runs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["SPLITS", "joined_groups", "split_groups"]

SPLITS = ("weights", "architecture", "validation", "test")  # as nasframe.SPLITS, which needs torch
"""Names of the splits: of the training of weights and of logits, of the choice of an epoch, of the test."""

_SIZE = "all"
"""The kind that every clip is of."""


def split_groups(
    groups: Sequence[str], kinds: Sequence[Sequence[str]], shares: Sequence[float], seed: int
) -> tuple[str, ...]:
    """Return a split for each clip, such that no group is in two, in the shares as nearly as groups allow.

    Groups are taken one by one, the largest first, and each goes into the split that lacks most of the kinds
    of clips in it. So every kind is spread over the splits in proportion, as far as whole groups allow it;
    whether each split has all kinds that a task needs is for the task to check.

    Args:
        groups: name of the group of each clip, such as a person or a recording session `(clips,)`.
        kinds: for each clip the kinds to be spread, such as its class; it may be none `(clips, any)`.
        shares: of SPLITS, each above 0; they need not sum to one.
        seed: of the order of groups of one size, from 0.

    With fewer groups than splits, some splits get no clip.

    Example:
        >>> groups = ["monday", "monday", "tuesday", "wednesday", "thursday", "friday"]
        >>> split_groups(groups, [("loud",), ("calm",), *[("loud",)] * 4], (0.5, 0.2, 0.2, 0.2), seed=0)
        ('weights', 'weights', 'architecture', 'weights', 'test', 'validation')
    """
    of_clips = [(*kind, _SIZE) for kind in kinds]
    columns = {kind: column for column, kind in enumerate(sorted({kind for row in of_clips for kind in row}))}
    names = sorted(set(groups))
    counts = np.zeros((len(names), len(columns)))
    row_of = {name: row for row, name in enumerate(names)}
    for group, of_clip in zip(groups, of_clips, strict=True):
        for kind in of_clip:
            counts[row_of[group], columns[kind]] += 1
    target = np.outer(np.array(shares) / sum(shares), counts.sum(axis=0))
    lacking = target.copy()
    chosen: dict[str, str] = {}
    order = np.random.default_rng((seed, 3)).permutation(len(names))
    # The largest groups first, while every split has room for them; groups of one size in random order.
    for row in sorted(order, key=lambda row: -counts[row, columns[_SIZE]]):
        need = (lacking / target)[:, counts[row] > 0].sum(axis=1)
        split = int(need.argmax())
        lacking[split] -= counts[row]
        chosen[names[row]] = SPLITS[split]
    return tuple(chosen[group] for group in groups)


def joined_groups(groups: Sequence[str], links: Sequence[Sequence[str]]) -> dict[str, str]:
    """Return group → name of the larger group that it is in once all linked groups are joined.

    Args:
        groups: name of the group of each clip `(clips,)`.
        links: for each clip the names of other groups that it has a part of; unknown ones do not count.

    Example:
        >>> joined_groups(["ann", "bob", "cleo"], [["bob"], [], ["nobody"]])
        {'ann': 'ann', 'bob': 'ann', 'cleo': 'cleo'}
    """
    parent = {group: group for group in groups}
    for group, others in zip(groups, links, strict=True):
        for other in others:
            if other in parent:
                parent[_root(parent, other)] = _root(parent, group)
    return {group: _root(parent, group) for group in sorted(parent)}


def _root(parent: dict[str, str], name: str) -> str:
    while parent[name] != name:
        parent[name] = parent[parent[name]]
        name = parent[name]
    return name
