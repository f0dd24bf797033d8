"""95 % intervals of the metrics of a split, by a bootstrap over its people.

Clips of one person resemble each other: same face, voice, camera, room. A bootstrap that draws clips takes
them for independent, and its intervals are too narrow. Here people are drawn, with replacement and as many as
there are, and a clip counts as often as its person was drawn (Field and Welsh, 2007, Bootstrapping Clustered
Data). An interval goes from the 2.5 % to the 97.5 % percentile.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence

import torch
from attrs import frozen
from torch import Tensor

from nasframe_deepfake.metrics import BINS, are_sound

__all__ = ["DRAWS", "METRICS", "person_intervals", "ranking_metrics", "resampled_metrics"]

METRICS = ("auc", "acc", "eer", "ap", "ece")
"""Names of the metrics that have intervals."""

_RANKED, _SUMMED = {"auc", "eer", "ap"}, {"acc", "ece"}

DRAWS = 2000
"""Resamples. The ends of an interval vary by about a tenth of its half-width between seeds."""

_LEVELS = (0.025, 0.975)
_LEAST_DEFINED = 0.95
_AT_ONCE = 500_000
"""Numbers that are worked on at once, 4 MB of them: what fits a processor's cache is several times faster."""

Interval = tuple[float, float]


def person_intervals(
    ranks: Tensor,
    chances: Tensor,
    fake: Tensor,
    threshold: float,
    people: Sequence[str],
    *,
    draws: int = DRAWS,
    seed: int = 0,
    metrics: Collection[str] = METRICS,
) -> dict[str, Interval | None]:
    """Return metric → its lower and upper end, for each of METRICS, or for some of them.

    AUC, AP and EER need both classes, and some resamples have one alone. An interval is taken over the
    others, and is None where these are more than one resample in twenty: the percentiles would be those of a
    chosen part. It is None too where there is one person alone, or a number is not sound.

    Args:
        ranks: scores that rank the clips `(clips,)`, such as log-odds.
        chances: probability of fake of each clip `(clips,)`.
        fake: 1 or 0 `(clips,)`.
        threshold: the probability from which on a clip is called fake.
        people: name of each clip's person; clips whose person nobody knows have a name each.
        draws: number of resamples.
        seed: of the draws.
        metrics: those that are wanted; their intervals do not depend on the others.
    """
    found: dict[str, Interval | None] = dict.fromkeys(metrics)
    if len({*people}) < 2 or not are_sound(ranks, fake) or not are_sound(chances, fake):
        return found
    values = resampled_metrics(
        ranks, chances, fake, threshold, people, draws=draws, seed=seed, metrics=metrics
    )
    for name, column in values.items():
        defined = column[column.isfinite()]
        if len(defined) >= _LEAST_DEFINED * draws:
            low, high = torch.quantile(defined, torch.tensor(_LEVELS, dtype=torch.float64)).tolist()
            found[name] = low, high
    return found


def resampled_metrics(
    ranks: Tensor,
    chances: Tensor,
    fake: Tensor,
    threshold: float,
    people: Sequence[str],
    *,
    draws: int = DRAWS,
    seed: int = 0,
    metrics: Collection[str] = METRICS,
) -> dict[str, Tensor]:
    """Return metric → its value in each resample `(draws,)`, NaN where it is undefined.

    The arguments are those of `person_intervals`.
    """
    places = {name: place for place, name in enumerate(sorted({*people}))}
    person = torch.tensor([places[name] for name in people])
    ranks, chances, labels = (values.detach().cpu().double() for values in (ranks, chances, fake))
    ranking = _Ranking.of(ranks, labels)
    order_of_people = person[ranking.order]
    sums = _sums_of_people(chances, labels, threshold, person, len(places))
    parts: dict[str, list[Tensor]] = {name: [] for name in METRICS if name in metrics}
    ranked, summed = _RANKED & {*metrics}, _SUMMED & {*metrics}
    for counts in _drawn(len(places), len(people), draws, seed):
        found = ranking.metrics(counts[:, order_of_people], ranked) if ranked else {}
        if summed:
            found |= _sum_metrics(counts @ sums)
        for name, values in parts.items():
            values.append(found[name])
    if "acc" in parts and not math.isfinite(threshold):
        parts["acc"] = [torch.full((draws,), math.nan, dtype=torch.float64)]
    return {name: torch.cat(values) for name, values in parts.items()}


def ranking_metrics(ranks: Tensor, fake: Tensor, weights: Tensor) -> Mapping[str, Tensor]:
    """Return `auc`, `ap` and `eer`, each `(resamples,)`, of clips with weights.

    A clip of weight n counts as n clips, one of weight 0 as none. They are NaN where the clips of a class
    have no weight. AP is Σ (recall − recall before) · precision over the thresholds. EER is the value at
    which the false alarms among genuine clips are as many as the missed among fakes, on the ROC curve with
    straight lines between its points (not on its convex hull).

    Args:
        ranks: `(clips,)`, larger for fakes.
        fake: 1 or 0 `(clips,)`.
        weights: 0 or more `(resamples, clips)`.

    Example:
        >>> ranks, fake = torch.tensor([0.1, 0.4, 0.35, 0.8]), torch.tensor([0, 0, 1, 1])
        >>> found = ranking_metrics(ranks, fake, torch.ones(1, 4))
        >>> {name: round(float(value), 4) for name, value in found.items()}
        {'auc': 0.75, 'ap': 0.8333, 'eer': 0.5}
    """
    ranking = _Ranking.of(ranks.detach().cpu().double(), fake.detach().cpu().double())
    return ranking.metrics(weights.cpu().double()[:, ranking.order], _RANKED)


@frozen
class _Ranking:
    """The clips from the highest score to the lowest.

    Attributes:
        order: places of the clips `(clips,)`.
        fake: 1 or 0 in this order, float64.
        ends: places in this order of the last clip of each score, `(scores,)`; None where all differ.
    """

    order: Tensor
    fake: Tensor
    ends: Tensor | None

    @classmethod
    def of(cls, ranks: Tensor, fake: Tensor) -> _Ranking:
        order = torch.argsort(ranks, descending=True, stable=True)
        counts = torch.unique_consecutive(ranks[order], return_counts=True)[1]
        ends = None if len(counts) == len(order) else counts.cumsum(0) - 1
        return cls(order, fake[order], ends)

    def metrics(self, weights: Tensor, names: Collection[str]) -> dict[str, Tensor]:
        """See `ranking_metrics`; the weights are in the order of the scores, and some metrics are wanted."""
        found_there = weights * self.fake
        alarms_there = weights - found_there
        found, alarms = found_there.cumsum(1), alarms_there.cumsum(1)  # down to each score
        if self.ends is not None:
            found, alarms = found[:, self.ends], alarms[:, self.ends]
            none = found.new_zeros(len(found), 1)
            found_there, alarms_there = (part.diff(dim=1, prepend=none) for part in (found, alarms))
        fakes, genuine = found[:, -1].clone(), alarms[:, -1].clone()
        defined = (fakes > 0) & (genuine > 0)
        # the area of trapezia: alarms here times the mean of the fakes found before and with them
        area = (alarms_there * found).sum(1) - (alarms_there * found_there).sum(1) / 2
        values = {"auc": area / (fakes * genuine)}
        if "ap" in names:
            called = (found + alarms).clamp_(min=1e-300)
            values["ap"] = (found_there.mul_(found).div_(called)).sum(1) / fakes
        if "eer" in names:
            values["eer"] = _equal_error_rate(found, alarms, fakes, genuine)
        return {name: value.masked_fill(~defined, math.nan) for name, value in values.items()}


def _equal_error_rate(found: Tensor, alarms: Tensor, fakes: Tensor, genuine: Tensor) -> Tensor:
    """Return `(resamples,)` for the cumulated weights `(resamples, scores)` and their totals."""
    # false alarms minus missed ones: it rises from -1 to 1 along the curve
    balance = alarms / genuine[:, None] + found / fakes[:, None] - 1
    balance.nan_to_num_(nan=1.0)
    after = torch.searchsorted(balance, torch.zeros(len(balance), 1, dtype=balance.dtype))
    after.clamp_(max=balance.shape[1] - 1)
    before = (after - 1).clamp(min=0)
    is_first = after == 0
    low = balance.gather(1, before).masked_fill(is_first, -1.0)
    high = balance.gather(1, after)
    rates = [alarms.gather(1, place) / genuine[:, None] for place in (before, after)]
    start = rates[0].masked_fill(is_first, 0.0)
    share = (-low / (high - low)).clamp(0, 1)
    return (start + share * (rates[1] - start)).squeeze(1)


def _sums_of_people(chances: Tensor, fake: Tensor, threshold: float, person: Tensor, people: int) -> Tensor:
    """Return for each person the number of clips, of right decisions, and Σ (fake − probability) of each bin.

    The result is `(people, 2 + BINS)`: whatever is a mean over clips is a sum over people.
    """
    right = ((chances >= threshold) == (fake > 0)).double()
    edges = torch.linspace(0, 1, BINS + 1, dtype=torch.float64)
    places = (torch.bucketize(chances, edges, right=True) - 1).clamp(0, BINS)  # 1.0 has a bin of its own
    sums = torch.zeros(people, 3 + BINS, dtype=torch.float64)
    sums[:, 0].index_add_(0, person, torch.ones_like(right))
    sums[:, 1].index_add_(0, person, right)
    sums.view(-1).index_add_(0, person * sums.shape[1] + 2 + places, fake - chances)
    return sums


def _sum_metrics(totals: Tensor) -> dict[str, Tensor]:
    """Return `acc` and `ece` `(resamples,)` of the sums over people `(resamples, …)`."""
    clips = totals[:, 0]
    return {"acc": totals[:, 1] / clips, "ece": totals[:, 2:].abs().sum(1) / clips}


def _drawn(people: int, clips: int, draws: int, seed: int) -> Iterator[Tensor]:
    """Yield how often each person was drawn `(resamples, people)`, some resamples at a time."""
    random = torch.Generator().manual_seed(seed)
    one = torch.ones(1, dtype=torch.float64)
    size = max(1, _AT_ONCE // max(people, clips))
    for start in range(0, draws, size):
        count = min(size, draws - start)
        chosen = torch.randint(people, (count, people), generator=random)
        yield torch.zeros(count, people, dtype=torch.float64).scatter_add_(
            1, chosen, one.expand(count, people)
        )
