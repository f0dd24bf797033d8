"""The metrics of scored clips, with intervals: over all, and each kind of fakes against all genuine clips."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import torch
from attrs import frozen
from torch import Tensor

from nasframe_deepfake.drawn_units import Drawn
from nasframe_deepfake.metrics import (
    accuracy,
    auc,
    average_precision,
    calibration_error,
    equal_error_rate,
    none_if_nan,
)
from nasframe_deepfake.person_intervals import METRICS, person_intervals

__all__ = ["ScoredClips"]


@frozen
class ScoredClips:
    """Clips with their scores.

    Attributes:
        ranks: log-odds of fake `(clips,)`, which rank the clips.
        chances: calibrated probability of fake `(clips,)`.
        fake: 1 or 0 `(clips,)`.
        threshold: the probability from which on a clip is called fake.
        people: name of each clip's person; empty: each clip is its own.
        categories: of each clip; empty where nobody knows them.
        methods: likewise, by which it was made.
        sets: likewise, the data set of each clip, where several are combined; else empty.
        nameless: 1 for a clip whose data set names nobody, so that the name of its person is its own, else 0;
            empty: all are named.
    """

    ranks: Tensor
    chances: Tensor
    fake: Tensor
    threshold: float
    people: Sequence[str] = ()
    categories: Sequence[str] = ()
    methods: Sequence[str] = ()
    sets: Sequence[str] = ()
    nameless: Sequence[int] = ()

    def metrics(self, names: Collection[str] = METRICS) -> dict[str, Any]:
        """Return name → value for JSON, None where it is undefined.

        They are METRICS, or those of them that are named, each followed by `…_low` and `…_high`, its 95 %
        interval (see `person_intervals`); the numbers of `clips`, `genuine` ones and `people`, or where
        nobody is named `nameless_clips`; and `per_category` and `per_method`: name → the same metrics of
        these fakes against all genuine clips, and `count`, their number. Where several sets are combined,
        `per_set` has those of the clips of each set alone; where few people are behind the intervals,
        `caveats` say so.
        """
        per_set = {"per_set": self._per_set(names)} if any(self.sets) else {}
        drawn = Drawn.of(self._people, self.nameless)
        few = drawn.caveat() if self.people else None
        units = {name: count for name, count in drawn.record().items() if count}
        return {
            **self._own(names),
            **({"caveats": [few]} if few else {}),
            "clips": len(self.fake),
            "genuine": int((self.fake == 0).sum()),
            **units,
            "per_category": self._parts(self.categories, names),
            "per_method": self._parts(self.methods, names),
            **per_set,
        }

    @property
    def _people(self) -> Sequence[str]:
        return self.people or [str(place) for place in range(len(self.fake))]

    def _own(self, names: Collection[str]) -> dict[str, float | None]:
        values: dict[str, Callable[[], float]] = {
            "auc": lambda: auc(self.ranks, self.fake),
            "acc": lambda: accuracy(self.chances, self.fake, self.threshold),
            "eer": lambda: equal_error_rate(self.ranks, self.fake),
            "ap": lambda: average_precision(self.ranks, self.fake),
            "ece": lambda: calibration_error(self.chances, self.fake),
        }
        intervals = person_intervals(
            self.ranks, self.chances, self.fake, self.threshold, self._people, metrics=names
        )
        found: dict[str, float | None] = {}
        for name in (name for name in METRICS if name in names):
            low, high = intervals[name] or (None, None)
            found |= {name: none_if_nan(values[name]()), f"{name}_low": low, f"{name}_high": high}
        return found

    def _parts(self, kinds: Sequence[str], names: Collection[str]) -> dict[str, Mapping[str, float | None]]:
        """Return kind of fakes → its metrics against all genuine clips."""
        fake = (self.fake != 0).tolist()
        found: dict[str, Mapping[str, float | None]] = {}
        for kind in sorted({name for name, is_fake in zip(kinds, fake, strict=bool(kinds)) if is_fake}):
            chosen = [not is_fake or name == kind for name, is_fake in zip(kinds, fake, strict=True)]
            count = sum(is_fake and name == kind for name, is_fake in zip(kinds, fake, strict=True))
            found[kind] = {**self._chosen(chosen)._own(names), "count": count}
        return found

    def _per_set(self, names: Collection[str]) -> dict[str, Mapping[str, float | None]]:
        """Return data set → the metrics of its own clips, genuine and fake."""
        found: dict[str, Mapping[str, float | None]] = {}
        for name in sorted({*self.sets}):
            chosen = [other == name for other in self.sets]
            found[name] = {**self._chosen(chosen)._own(names), "count": sum(chosen)}
        return found

    def _chosen(self, chosen: Sequence[bool]) -> ScoredClips:
        places = torch.tensor(chosen, device=self.fake.device).nonzero().flatten()
        return ScoredClips(
            self.ranks[places],
            self.chances[places],
            self.fake[places],
            self.threshold,
            [self._people[place] for place in places.tolist()],
        )
