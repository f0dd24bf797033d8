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
    2007). It is a little too large where the examples of a pair have noise of their own, and never too small.

    Args:
        values: one number an example: whether it is classified correctly, or its error.
        units: one or two sequences, for each example the unit that it is of.
        draws: number of bootstrap samples.
        seed: of the draws.

    Raises:
        ValueError: there is no example, another number of units than of examples, or of kinds of units.

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
    random = np.random.default_rng(seed)
    means = np.empty(draws)
    for draw in range(draws):
        weights = np.ones(scores.size)
        for kind in kinds:
            number = int(kind.max()) + 1
            weights *= np.bincount(random.integers(number, size=number), minlength=number)[kind]
        total = weights.sum()
        means[draw] = weights @ scores / total if total else np.nan
    return float(np.nanstd(means, ddof=1))


def _numbered(units: Iterable[Hashable]) -> NDArray[np.int64]:
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(unit, len(numbers)) for unit in units], np.int64)
