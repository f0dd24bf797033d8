"""The facts of a table: how good its networks are, how far apart, and how easily the best is found."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from nasframe.tables.table import TabularBenchmark

__all__ = [
    "NOISE_RULE",
    "SHARE_RULE",
    "RandomSearch",
    "TableFacts",
    "facts_of",
    "least_of_top",
    "random_search",
]

_TIMES_NOISE, _TIMES_ERROR = 4.0, 3.0
_TOP = 0.01

NOISE_RULE = (
    "a table passes where the deviation among its networks is at least four times the noise of one training "
    "and three times the standard error of a test score"
)
"""When a table tells strategies apart."""

SHARE_RULE = (
    "a network cannot be told from the best where the difference of their mean test scores is "
    "1.96 · √2 · noise / √trainings or less"
)
"""The rule by which networks are as good as the best."""


@frozen
class RandomSearch:
    """Random search on a table, for one number of networks that it tries.

    Attributes:
        networks: that it tries, k.
        test: expected mean test score of the one that it chooses.
        finds_top: how often that is one of the best 1 % on the test split.
    """

    networks: int
    test: float
    finds_top: float


@frozen
class TableFacts:
    """A table in numbers. Scores are objectives on the test split, the mean over the trainings of a network.

    Attributes:
        networks, trainings: their numbers; a network that was trained on demand is none of them.
        missing: trainings of these networks that failed or were not done.
        best, median, worst: of the scores.
        spread: standard deviation among the networks.
        noise: standard deviation among trainings of one network that differ in the seed alone, pooled; None
            where no point has two seeds.
        standard_error: of a test score, as the recipe gives it; None where it does not.
        indistinct: share of the networks that cannot be told from the best, itself included; `SHARE_RULE`.
        spearman: rank correlation of the scores on validation and test.
        random: random search, by the number of networks tried.
        passes: True where the table keeps `NOISE_RULE`; None where noise or standard error is unknown.
    """

    networks: int
    trainings: int
    missing: int
    best: float | None
    median: float | None
    worst: float | None
    spread: float | None
    noise: float | None
    standard_error: float | None
    indistinct: float | None
    spearman: float | None
    random: Sequence[RandomSearch]
    passes: bool | None

    def to_dict(self) -> dict[str, Any]:
        """Return the facts as plain values, JSON-able."""
        return attrs.asdict(self)


def facts_of(table: TabularBenchmark, networks: Sequence[int] = (1, 3, 10, 30, 100)) -> TableFacts:
    """Return the facts of a table.

    Args:
        table: whose.
        networks: the numbers that random search tries; those larger than the table are left out.
    """
    with np.errstate(all="ignore"):  # a stranger's numbers may be huge
        return _facts(table, networks)


def _facts(table: TabularBenchmark, networks: Sequence[int]) -> TableFacts:
    drawn = _drawn(table)
    from scipy import stats  # half a second, which few commands need

    finals = table.final("test")[drawn]
    test, validation = _means(finals), _means(table.final("validation")[drawn])
    known = test[~np.isnan(test)]
    both = ~np.isnan(test) & ~np.isnan(validation)
    noise, error = _noise(finals, table), table.standard_error
    spread = float(known.std(ddof=1)) if known.size > 1 else None
    passes = None
    if spread is not None and noise is not None and error is not None:
        passes = spread >= _TIMES_NOISE * noise and spread >= _TIMES_ERROR * error
    rho = (
        float(stats.spearmanr(validation[both], test[both]).statistic)
        if _varied(validation, test, both)
        else None
    )
    return TableFacts(
        networks=len(drawn),
        trainings=len(table.trainings),
        missing=sum(len(entry.missing) for entry in (table.listed[place] for place in drawn)),
        best=float(known.max()) if known.size else None,
        median=float(np.median(known)) if known.size else None,
        worst=float(known.min()) if known.size else None,
        spread=spread,
        noise=noise,
        standard_error=error,
        indistinct=None
        if noise is None or not known.size
        else _indistinct(known, noise, len(table.trainings)),
        spearman=rho,
        random=[random_search(table, count) for count in networks if count <= known.size],
        passes=passes,
    )


def random_search(table: TabularBenchmark, networks: int) -> RandomSearch:
    """Return what random search finds on a table, in closed form.

    It draws `networks` different ones, all equally likely, and sees of each the validation score of one
    training, the same for all; which one, is drawn too. It chooses the best of them, of equals any, and the
    mean test score of that one counts.

    Args:
        table: to search on.
        networks: that it tries, 1 to all that have a test score.
    """
    drawn = _drawn(table)
    test = _means(table.final("test")[drawn])
    there = ~np.isnan(test)
    test, seen = test[there], table.final("validation")[drawn][there]
    if not 1 <= networks <= test.size:
        raise ValueError(f"expected 1 to {test.size} networks, found {networks}")
    top = test >= least_of_top(test)
    chances = np.mean([_chances(scores, networks) for scores in seen.T], axis=0)
    return RandomSearch(networks, float(chances @ test), float(chances @ top))


def least_of_top(scores: Sequence[float] | NDArray[np.float64]) -> float:
    """Return the lowest score of the best 1 % of networks: of one network at least, and a share is rounded
    up. NaN are no scores; without any the result is NaN.

    Example:
        >>> from nasframe.tables import least_of_top
        >>> least_of_top([0.5, 0.9, 0.7])
        0.9
    """
    known = np.sort(np.array(scores, dtype=np.float64))  # NaN come last
    known = known[~np.isnan(known)][::-1]
    return float(known[max(1, math.ceil(_TOP * known.size)) - 1]) if known.size else math.nan


def _drawn(table: TabularBenchmark) -> list[int]:
    """Return the places of the entries that were not trained on demand: searches chose those."""
    return [place for place, entry in enumerate(table.listed) if not entry.on_demand]


def _chances(scores: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return the chance of each network to be the best of `count` that are drawn without replacement."""
    values = np.nan_to_num(scores, nan=-np.inf)
    size = len(values)
    _, group, members = np.unique(values, return_inverse=True, return_counts=True)
    below = np.concatenate([[0], np.cumsum(members)])
    # C(b, k) / C(n, k), the chance that all that are drawn are among the b lowest
    all_below = np.exp(_log_choose(below, count) - _log_choose(np.array([size]), count))
    return (np.diff(all_below) / members)[group]


def _log_choose(of: NDArray[Any], count: int) -> NDArray[np.float64]:
    from scipy import special

    whole = np.maximum(of, count)
    found = special.gammaln(whole + 1) - special.gammaln(count + 1) - special.gammaln(whole - count + 1)
    return np.where(of < count, -np.inf, found)


def _noise(finals: NDArray[np.float64], table: TabularBenchmark) -> float | None:
    """Return the pooled deviation among the trainings of a network that have the same point."""
    squares, free = 0.0, 0
    points: dict[str, list[int]] = {}
    for number, training in enumerate(table.trainings):
        points.setdefault(repr(sorted(_flat(training.point))), []).append(number)
    for numbers in points.values():
        group = finals[:, numbers]
        counts = (~np.isnan(group)).sum(axis=1)
        several = group[counts > 1]
        if several.size:
            squares += float(np.nansum((several - np.nanmean(several, axis=1, keepdims=True)) ** 2))
            free += int((counts[counts > 1] - 1).sum())
    return math.sqrt(squares / free) if free else None


def _flat(point: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(key, repr(value)) for key, value in point.items()]


def _indistinct(test: NDArray[np.float64], noise: float, trainings: int) -> float:
    return float(np.mean(test.max() - test <= 1.96 * math.sqrt(2 / trainings) * noise))


def _means(finals: NDArray[np.float64]) -> NDArray[np.float64]:
    there = ~np.isnan(finals)
    counts = there.sum(axis=1)
    sums = np.where(there, finals, 0).sum(axis=1)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _varied(a: NDArray[np.float64], b: NDArray[np.float64], both: NDArray[np.bool_]) -> bool:
    return bool(both.sum() > 1 and np.ptp(a[both]) > 0 and np.ptp(b[both]) > 0)
