"""The standard error of a test score: a bootstrap over what is independent in the test split."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["standard_error"]


def standard_error(
    values: Sequence[float] | NDArray[np.float64],
    *units: Iterable[Hashable],
    draws: int = 2000,
    seed: int = 0,
) -> float:
    """Return the standard error of the mean of `values`, by a bootstrap over units.

    With one kind of unit, whole units are drawn with replacement, each with all its examples. With two, as
    where an example pairs an image with an utterance and both come again in other pairs, both kinds are drawn
    independently, and an example counts as often as its units do together (the pigeonhole bootstrap of Owen,
    2007).

    The variance of n units that are drawn from themselves is (n - 1) / n of what it estimates, on average,
    and is corrected by that. With one kind of unit, each with as many examples, the square of the result
    has no bias then. With two kinds, n is the smaller number of units. Where every pair of units is there
    once, and a score is the sum of a part of each unit and of noise, the squared result is never too small
    on average: the parts of the other kind are a little too large, and the noise of a pair counts up to
    three times.

    Args:
        values: one number an example: whether it is classified correctly, or its error.
        units: one or two sequences, for each example the unit that it is of.
        draws: number of bootstrap samples.
        seed: of the draws.

    Raises:
        ValueError: there is no example, another number of units than of examples, or of kinds of units; or a
            kind has one unit alone, which says nothing of another one.

    Example:
        >>> round(standard_error([0, 1] * 200, range(400)), 3)
        0.025
        >>> round(standard_error([0] * 200 + [1] * 200, [number // 4 for number in range(400)]), 2)
        0.05
    """
    scores = np.asarray(values, float)
    kinds = [_numbered(kind) for kind in units]
    if not scores.size or not 1 <= len(kinds) <= 2 or any(len(kind) != scores.size for kind in kinds):
        counts = ", ".join(str(len(kind)) for kind in kinds) or "none"
        raise ValueError(f"expected one or two units for each of {scores.size} values, found {counts}")
    numbers = [int(kind.max()) + 1 for kind in kinds]
    fewest = min(numbers)
    if fewest < 2:
        raise ValueError("expected two different units of each kind or more, found one")
    random = np.random.default_rng(seed)
    means = np.empty(draws)
    for draw in range(draws):
        weights = np.ones(scores.size)
        for kind, number in zip(kinds, numbers, strict=True):
            weights *= np.bincount(random.integers(number, size=number), minlength=number)[kind]
        total = weights.sum()
        means[draw] = weights @ scores / total if total else np.nan
    return float(np.nanstd(means, ddof=1) * np.sqrt(fewest / (fewest - 1)))


def _numbered(units: Iterable[Hashable]) -> NDArray[np.int64]:
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(unit, len(numbers)) for unit in units], np.int64)
