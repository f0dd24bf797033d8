"""Intervals by person: the bootstrap, its metrics, and what it is right about."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score
from torch import Tensor

from nasframe_deepfake.detection import ScoredClips
from nasframe_deepfake.drawn_units import Drawn
from nasframe_deepfake.metrics import (
    accuracy,
    auc,
    average_precision,
    calibration_error,
    equal_error_rate,
)
from nasframe_deepfake.person_intervals import (
    METRICS,
    person_intervals,
    ranking_metrics,
    resampled_metrics,
)

weighted = st.lists(st.tuples(st.integers(-3, 3), st.booleans(), st.integers(0, 3)), min_size=2, max_size=30)


def drawn(clips: int, seed: int = 0, *, ties: bool = False) -> tuple[Tensor, Tensor]:
    """Log-odds and labels of some clips."""
    random = torch.Generator().manual_seed(seed)
    fake = (torch.rand(clips, generator=random) < 0.6).double()
    fake[:2] = torch.tensor([0.0, 1.0])
    ranks = torch.randn(clips, generator=random, dtype=torch.float64) + fake
    return (ranks * 2).round() if ties else ranks, fake


@settings(deadline=None)
@given(weighted)
def test_a_clip_of_weight_n_counts_as_n_clips(clips: list[tuple[int, bool, int]]) -> None:
    ranks, fake, weights = (torch.tensor(column, dtype=torch.float64) for column in zip(*clips, strict=True))
    found = ranking_metrics(ranks, fake, weights[None])
    times = weights.long()
    many, labels = ranks.repeat_interleave(times), fake.repeat_interleave(times)
    expected = {
        "auc": auc(many, labels),
        "ap": average_precision(many, labels),
        "eer": equal_error_rate(many, labels),
    }
    assert {name: float(value) for name, value in found.items()} == pytest.approx(
        expected, abs=1e-6, nan_ok=True
    )


@pytest.mark.parametrize("ties", [False, True])
def test_auc_and_average_precision_agree_with_scikit_learn(ties: bool) -> None:
    ranks, fake = drawn(200, ties=ties)
    found = ranking_metrics(ranks, fake, torch.ones(1, 200))
    assert float(found["auc"]) == pytest.approx(roc_auc_score(fake, ranks), abs=1e-12)
    assert float(found["ap"]) == pytest.approx(average_precision_score(fake, ranks), abs=1e-12)
    assert average_precision(ranks, fake) == pytest.approx(average_precision_score(fake, ranks), abs=1e-6)


def test_the_equal_error_rate_of_two_normal_classes_is_that_of_the_formula() -> None:
    """Two normal distributions of one spread, d apart, cross at an error of Φ(−d / 2)."""
    size = 20_001
    places = torch.linspace(0, 1, size + 2, dtype=torch.float64)[1:-1]
    genuine = torch.special.ndtri(places)
    ranks = torch.cat([genuine, genuine + 1.5])
    fake = torch.cat([torch.zeros(size), torch.ones(size)])
    assert equal_error_rate(ranks, fake) == pytest.approx(scipy.stats.norm.cdf(-0.75), abs=1e-4)


def test_the_equal_error_rate_is_interpolated_between_the_points_of_the_curve() -> None:
    # the curve goes from (0, 1/2) straight to (1, 1): it meets the falling diagonal at a third
    ranks, fake = torch.tensor([2.0, 1.0, 1.0]), torch.tensor([1.0, 1.0, 0.0])
    assert equal_error_rate(ranks, fake) == pytest.approx(1 / 3)
    assert equal_error_rate(torch.tensor([0.0, 1.0]), torch.tensor([0, 1])) == 0.0
    assert equal_error_rate(torch.tensor([1.0, 0.0]), torch.tensor([0, 1])) == 1.0
    assert equal_error_rate(torch.zeros(4), torch.tensor([0, 1, 0, 1])) == 0.5


def test_a_resample_has_the_metrics_of_the_clips_of_the_people_who_were_drawn() -> None:
    ranks, fake = drawn(40, ties=True)
    chances, people = torch.sigmoid(ranks), [f"person {place % 7}" for place in range(40)]
    found = resampled_metrics(ranks, chances, fake, 0.6, people, draws=30, seed=3)
    random = torch.Generator().manual_seed(3)
    for draw, chosen in enumerate(torch.randint(7, (30, 7), generator=random).tolist()):
        clips = torch.tensor([place for person in chosen for place in range(40) if place % 7 == person])
        expected = {
            "auc": auc(ranks[clips], fake[clips]),
            "acc": accuracy(chances[clips], fake[clips], 0.6),
            "eer": equal_error_rate(ranks[clips], fake[clips]),
            "ap": average_precision(ranks[clips], fake[clips]),
            "ece": calibration_error(chances[clips], fake[clips]),
        }
        assert {name: float(found[name][draw]) for name in METRICS} == pytest.approx(expected, abs=1e-6)


def test_some_metrics_have_the_intervals_that_they_have_among_all_and_no_other_is_computed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ranks, fake = drawn(60)
    people = [f"person {place % 9}" for place in range(60)]
    given = (ranks, torch.sigmoid(ranks), fake, 0.5, people)
    whole = person_intervals(*given)
    scored = ScoredClips(*given).metrics()
    monkeypatch.setattr("nasframe_deepfake.person_intervals._equal_error_rate", None)
    monkeypatch.setattr("nasframe_deepfake.person_intervals._sum_metrics", None)
    monkeypatch.setattr("nasframe_deepfake.detection.evaluation.calibration_error", None)
    assert person_intervals(*given, metrics=["auc", "ap"]) == {name: whole[name] for name in ("auc", "ap")}
    found = ScoredClips(*given).metrics(["auc"])
    assert [found[f"auc{end}"] for end in ("", "_low", "_high")] == [
        scored[f"auc{end}"] for end in ("", "_low", "_high")
    ]
    assert "acc" not in found


def test_where_each_clip_is_a_person_the_interval_is_that_of_scipy() -> None:
    ranks, fake = drawn(150)
    found = person_intervals(ranks, torch.sigmoid(ranks), fake, 0.5, [str(n) for n in range(150)])

    def area(scores: np.ndarray, labels: np.ndarray) -> float:
        return float(roc_auc_score(labels, scores))

    expected = scipy.stats.bootstrap(
        (ranks.numpy(), fake.numpy()),
        area,
        paired=True,
        vectorized=False,
        n_resamples=2000,
        method="percentile",
        rng=np.random.default_rng(0),
    )
    interval = found["auc"]
    assert interval is not None
    width = expected.confidence_interval.high - expected.confidence_interval.low
    # both are simulated: the ends of each vary by a few hundredths of the width
    assert interval == pytest.approx(tuple(expected.confidence_interval), abs=0.1 * width)


def test_the_spread_of_a_mean_over_people_is_that_of_the_formula() -> None:
    """With as many clips each, accuracy is the mean of n people: its variance is their variance over n."""
    decided = torch.arange(11)  # clips of ten that are decided rightly, person by person
    fake = torch.ones(11, 10)
    fake[:, 0] = 0
    right = torch.arange(10)[None] < decided[:, None]
    chances = torch.where(right == (fake > 0), 0.9, 0.1).flatten()
    people = [f"person {n // 10}" for n in range(110)]
    values = resampled_metrics(chances, chances, fake.flatten(), 0.5, people, draws=20_000)["acc"]
    assert float(values.mean()) == pytest.approx(0.5, abs=0.005)
    assert float(values.std()) == pytest.approx(
        math.sqrt(float((decided / 10).var(correction=0)) / 11), rel=0.02
    )


def test_intervals_by_clip_are_too_narrow_for_clips_of_few_people_and_those_by_person_are_right() -> None:
    random = np.random.default_rng(0)
    people, each, apart, common = 40, 12, 1.5, 1.0
    true = scipy.stats.norm.cdf(apart / math.sqrt(2 * (common**2 + 1)))
    names = {
        "person": [str(person) for person in range(people) for _ in range(each)],
        "clip": [str(clip) for clip in range(people * each)],
    }
    fake = np.tile(np.arange(each) % 2, people)
    covered = dict.fromkeys(names, 0)
    for repeat in range(200):
        # a person's genuine clips have a part in common, and so have the fakes of that person
        shared = common * random.standard_normal((people, 1, 2)).repeat(each // 2, 1).reshape(-1)
        ranks = torch.tensor(shared + random.standard_normal(people * each) + apart * fake)
        for kind, clusters in names.items():
            interval = person_intervals(
                ranks, torch.sigmoid(ranks), torch.tensor(fake), 0.5, clusters, draws=400, seed=repeat
            )["auc"]
            assert interval is not None
            covered[kind] += interval[0] <= true <= interval[1]
    assert 0.90 <= covered["person"] / 200 <= 0.98
    assert covered["clip"] / 200 < 0.80


def test_a_metric_that_many_resamples_leave_undefined_has_no_interval() -> None:
    ranks, fake = torch.arange(10.0), torch.tensor([0.0] + [1.0] * 9)
    alone = person_intervals(ranks, torch.sigmoid(ranks), fake, 0.5, [str(n) for n in range(10)])
    assert [name for name in METRICS if alone[name] is None] == ["auc", "eer", "ap"]  # a third lacks it
    one = person_intervals(ranks, torch.sigmoid(ranks), fake, 0.5, ["one"] * 10)
    assert list(one.values()) == [None] * 5
    bad = person_intervals(ranks / 0, torch.sigmoid(ranks), fake, 0.5, [str(n) for n in range(10)])
    assert list(bad.values()) == [None] * 5
    undecided = person_intervals(ranks, torch.sigmoid(ranks), fake, math.nan, [str(n) for n in range(10)])
    assert undecided["acc"] is None
    assert undecided["ece"] is not None


def test_the_same_seed_gives_the_same_interval_in_any_order_of_the_clips() -> None:
    ranks, fake = drawn(60)
    people = [f"person {n // 5:02}" for n in range(60)]
    first, again, other = (
        person_intervals(ranks, torch.sigmoid(ranks), fake, 0.5, people, seed=seed) for seed in (1, 1, 2)
    )
    assert first == again != other
    order = torch.randperm(60)
    ranks, fake, people = ranks[order], fake[order], [people[place] for place in order]
    mixed = person_intervals(ranks, torch.sigmoid(ranks), fake, 0.5, people, seed=1)
    assert all(mixed[name] == pytest.approx(first[name]) for name in METRICS)


def test_2000_resamples_of_10000_clips_take_seconds() -> None:
    ranks, fake = drawn(10_000)
    started = time.process_time()
    person_intervals(ranks, torch.sigmoid(ranks), fake, 0.5, [str(n % 500) for n in range(10_000)])
    assert time.process_time() - started < 10  # half a second on one free core


@pytest.mark.parametrize(("people", "told"), [(1, "has 1 person"), (9, "has 9 people"), (10, ""), (0, "")])
def test_fewer_than_ten_people_behind_the_intervals_are_told(people: int, told: str) -> None:
    ranks = torch.linspace(-1, 1, 20)
    fake = torch.tensor([0, 1] * 10)
    names = [str(place % people) for place in range(20)] if people else ()
    metrics = ScoredClips(ranks, ranks.sigmoid(), fake, 0.5, people=names).metrics()
    assert ("caveats" in metrics) == bool(told)
    if told:
        (sentence,) = metrics["caveats"]
        assert told in sentence


def test_clips_of_nobody_known_are_called_clips_and_not_people() -> None:
    ranks, fake = torch.linspace(-1, 1, 6), torch.tensor([0, 1] * 3)
    names = ["a", "b", "c", "d", "e", "e"]

    def told(nameless: Sequence[int]) -> tuple[object, ...]:
        found = ScoredClips(ranks, ranks.sigmoid(), fake, 0.5, people=names, nameless=nameless).metrics()
        (sentence,) = found["caveats"]
        return found.get("people"), found.get("nameless_clips"), sentence.partition(" are drawn")[0]

    assert told([0] * 6) == (5, None, "The test split has 5 people, by whom the intervals")
    assert told([1] * 6) == (None, 5, "The test split has 5 nameless clips, by which the intervals")
    mixed = "The test split has 3 people and 2 nameless clips, by which the intervals"
    assert told([1, 1, 0, 0, 0, 0]) == (3, 2, mixed)
    assert [Drawn(2).noun, Drawn(0, 2).noun, Drawn(2, 2).noun] == ["people", "clips", "people and clips"]
    assert Drawn.read(Drawn(0, 1).record()).caveat() == (
        "The test split has 1 nameless clip, so there are no intervals."
    )
