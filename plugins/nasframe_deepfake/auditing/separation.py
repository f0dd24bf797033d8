"""One fact alone, and how well it tells fakes from genuine clips: an AUC, and an interval by bootstrap over
people.

A **number** ranks the clips, in either direction. Its interval is that of the signed AUC, whose chance level
is .5 on both sides, and is mirrored where the AUC is below .5. The larger of AUC and 1 − AUC is above .5 on
any set; an interval of that would find shortcuts in small sets that have none.

A **category** is one-hot. A clip is ranked by the share of fakes that its category has among other people:
the people are dealt into folds, the shares of a fold are learnt on the others, and only clips of one fold are
compared. So the AUC is .5 where categories say nothing, however many there are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

__all__ = ["LEAST_PEOPLE", "Separation", "separation_by_category", "separation_by_number"]

LEAST_PEOPLE = 6
"""With fewer people of either class there is no interval: each of five people may have fakes above genuine
clips, or below, in one set of sixteen that hold no shortcut."""

REPLICATES = 1000
"""Draws of people with replacement."""

FOLDS = 5
"""Groups of people, for categories."""

_AT_ONCE = 2_000_000
"""Weights of clips in memory at the same time, at most, in one of several arrays."""

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]
Flags = NDArray[np.bool_]


@frozen
class Separation:
    """The AUC by which a fact tells fakes from genuine clips, and its interval.

    Attributes:
        auc: of a number the larger one of both directions; None where one class has no clip.
        low, high: ends of its 95 % interval; None where either class has fewer than `LEAST_PEOPLE`.
        higher_in_fakes: of a number, the direction; None for a category and for an AUC of .5.
        people: of the class that has fewer.
    """

    auc: float | None = None
    low: float | None = None
    high: float | None = None
    higher_in_fakes: bool | None = None
    people: int = 0


def separation_by_number(
    values: Sequence[float | None], fake: Sequence[bool], people: Sequence[str], seed: int
) -> Separation:
    """Return how well a number separates the clips `(clips,)` in either direction.

    Args:
        values: None, for a clip of which it is not known, counts as below all numbers.
        fake: of each clip.
        people: the person of each clip; the clips of one are drawn together.
        seed: of the draws, from 0.

    Example:
        >>> names = [f"p{place // 2}" for place in range(20)]
        >>> found = separation_by_number([0.3, 0.0] * 10, [False, True] * 10, names, 0)
        >>> found.auc, found.low, found.higher_in_fakes
        (1.0, 1.0, False)
    """
    ranks = np.array([-math.inf if value is None else value for value in values], np.float64)
    pairs = _Pairs.of(ranks, np.zeros(len(ranks), np.int64), fake, people)
    auc = pairs.auc()
    if auc is None:
        return Separation()
    low, high = pairs.interval(seed)
    if auc < 0.5:
        low, high = (None if end is None else 1 - end for end in (high, low))
    return Separation(max(auc, 1 - auc), low, high, None if auc == 0.5 else auc > 0.5, pairs.fewest)


def separation_by_category(
    values: Sequence[str], fake: Sequence[bool], people: Sequence[str], seed: int
) -> Separation:
    """Return how well a category separates the clips `(clips,)`; see `separation_by_number`.

    Example:
        >>> names = [f"p{place // 2}" for place in range(20)]
        >>> found = separation_by_category(["mp4", "mkv"] * 10, [False, True] * 10, names, 0)
        >>> found.auc, found.low
        (1.0, 1.0)
    """
    folds = _folds(fake, people, seed)
    pairs = _Pairs.of(_shares(values, np.array(fake, bool), folds), folds, fake, people)
    auc = pairs.auc()
    if auc is None:
        return Separation()
    return Separation(auc, *pairs.interval(seed), None, pairs.fewest)


def _folds(fake: Sequence[bool], people: Sequence[str], seed: int) -> Places:
    """Return the fold of each clip: people of fakes, of genuine clips and of both are dealt evenly."""
    kinds: dict[str, int] = {}
    for person, is_fake in zip(people, fake, strict=True):
        kinds[person] = kinds.get(person, 0) | (2 if is_fake else 1)
    names = sorted(kinds)
    order = np.random.default_rng((seed, 4)).permutation(len(names))
    dealt = sorted(order, key=lambda place: kinds[names[place]])
    fold = {names[place]: turn % FOLDS for turn, place in enumerate(dealt)}
    return np.array([fold[person] for person in people], np.int64)


def _shares(values: Sequence[str], fake: Flags, folds: Places) -> Numbers:
    """Return for each clip the share of fakes among the clips of its category in other folds.

    Two clips of the share of all are added to each category, so that one which is seen once decides little.
    """
    _, codes = np.unique(np.array(values), return_inverse=True)
    shares = np.zeros(len(codes))
    for fold in range(FOLDS):
        others = folds != fold
        count = np.bincount(codes[others], minlength=codes.max() + 1)
        fakes = np.bincount(codes[others & fake], minlength=codes.max() + 1)
        prior = float(fake[others].mean()) if others.any() else 0.5
        shares[~others] = ((fakes + 2 * prior) / (count + 2))[codes[~others]]
    return shares


@frozen
class _Pairs:
    """The pairs of a fake and a genuine clip of one stratum, ready to be counted with weights of people.

    Attributes:
        person: number of the person of each clip, the clips sorted by stratum and rank.
        fake: of each clip.
        levels: the first clip of each level; clips of a level have the same stratum and rank.
        strata: the first level of each stratum.
        people: number of people.
        fewest: people of the class that has fewer.
    """

    person: Places
    fake: Flags
    levels: Places
    strata: Places
    people: int
    fewest: int

    @classmethod
    def of(cls, ranks: Numbers, strata: Places, fake: Sequence[bool], people: Sequence[str]) -> _Pairs:
        names, person = np.unique(np.array(people), return_inverse=True)
        fakes = np.array(fake, bool)
        order = np.lexsort((ranks, strata))
        ranks, strata = ranks[order], strata[order]
        other = np.ones(len(order), bool)
        other[1:] = strata[1:] != strata[:-1]
        begins = np.flatnonzero(other)
        other[1:] |= ranks[1:] != ranks[:-1]
        levels = np.flatnonzero(other)
        fewest = min(len({*person[fakes]}), len({*person[~fakes]}))
        return cls(person[order], fakes[order], levels, np.searchsorted(levels, begins), len(names), fewest)

    def auc(self) -> float | None:
        """Return the AUC of all pairs; None where there is none."""
        (found,) = self._aucs(np.ones((1, self.people)))
        return None if math.isnan(found) else float(found)

    def interval(self, seed: int) -> tuple[float | None, float | None]:
        """Return the ends of the 95 % interval, by drawing people with replacement.

        Percentiles of the bootstrap are too narrow for few people. They are taken further out, as far as
        Student's interval is wider than that of a normal distribution of the same spread (Hesterberg, 2015).
        """
        from scipy import stats

        if self.fewest < LEAST_PEOPLE:
            return None, None
        if len(self.levels) == len(self.strata):
            return 0.5, 0.5
        random = np.random.default_rng((seed, 5))
        each = max(1, _AT_ONCE // max(len(self.person), self.people))
        found = []
        for first in range(0, REPLICATES, each):
            count = min(each, REPLICATES - first)
            drawn = random.integers(self.people, size=(count, self.people))
            drawn += self.people * np.arange(count)[:, None]
            weights = np.bincount(drawn.ravel(), minlength=count * self.people)
            found.append(self._aucs(weights.reshape(count, self.people).astype(np.float64)))
        aucs = np.concatenate(found)
        free = self.fewest - 1
        beyond = float(stats.norm.cdf(math.sqrt(self.fewest / free) * stats.t.ppf(0.025, free)))
        low, high = np.quantile(aucs[~np.isnan(aucs)], [beyond, 1 - beyond])
        return float(low), float(high)

    def _aucs(self, weights: Numbers) -> Numbers:
        """Return an AUC for each row of weights `(draws, people)`; NaN for one without any pair."""
        clips = weights[:, self.person]
        fakes = np.add.reduceat(clips * self.fake, self.levels, axis=1)
        genuine = np.add.reduceat(clips, self.levels, axis=1) - fakes
        sums = np.add.reduceat(genuine, self.strata, axis=1)
        before = np.cumsum(sums, axis=1) - sums
        lengths = np.diff([*self.strata, len(self.levels)])
        below = np.cumsum(genuine, axis=1) - genuine - np.repeat(before, lengths, axis=1)
        won = (fakes * (below + genuine / 2)).sum(1)
        pairs = (np.add.reduceat(fakes, self.strata, axis=1) * sums).sum(1)
        found: Numbers = np.divide(won, pairs, out=np.full(len(pairs), math.nan), where=pairs > 0)
        return found
