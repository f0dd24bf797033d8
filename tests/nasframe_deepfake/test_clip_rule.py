from __future__ import annotations

import functools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nasframe.errors import RunError
from nasframe_deepfake.detection import Calibration, fit_calibration
from nasframe_deepfake.detection.calibration import fit_temperature
from nasframe_deepfake.detection.clip_rule import (
    LENGTHS,
    SHARED,
    STRETCH,
    fit_shifts,
    shift_of,
    stretch_means,
    worst_stretch,
)


def genuine(clips: int = 400, seed: int = 0) -> torch.Tensor:
    return 2 * torch.randn(clips, generator=torch.Generator().manual_seed(seed)) - 2


def clips_of(length: int, shared: float, seed: int, clips: int = 4000) -> torch.Tensor:
    """Log-odds `(clips, length)` of genuine windows of 1.6 s, each the mean of two halves of its own.

    So neighbours overlap by half. All windows of a clip have a part of their variance in common.
    """
    random = torch.Generator().manual_seed(seed)
    halves = torch.randn(clips, length + 1, generator=random, dtype=torch.float64)
    own = (halves[:, 1:] + halves[:, :-1]) / math.sqrt(2)
    common = torch.randn(clips, 1, generator=random, dtype=torch.float64)
    return 2 * (math.sqrt(shared) * common + math.sqrt(1 - shared) * own) - 2


@functools.cache
def fitted(threshold: float = 1.3) -> dict[int, float]:
    return fit_shifts(genuine(4000), threshold)


def clip_log_odds(calibration: Calibration, windows: torch.Tensor) -> float:
    return calibration.stretch(windows).log_odds(windows)


def alarms(shifts: dict[int, float], threshold: float, length: int, shared: float) -> float:
    found = stretch_means(clips_of(length, shared, 2)).amax(1) - shift_of(length, shifts)
    return float((found >= threshold).double().mean())


def test_a_clip_of_one_window_has_its_log_odds() -> None:
    assert clip_log_odds(Calibration(shifts={2: 0.5}), torch.tensor([1.25])) == 1.25


def test_a_clip_has_the_mean_log_odds_of_its_most_suspicious_stretch() -> None:
    windows = torch.tensor([-3.0] * 6 + [2.0] * STRETCH + [-3.0] * 4)
    assert worst_stretch(windows) == slice(6, 6 + STRETCH)
    assert clip_log_odds(Calibration(), windows) == 2.0


def test_one_odd_window_among_many_decides_nothing() -> None:
    windows = torch.full((30,), -3.0)
    windows[11] = 4.0
    assert clip_log_odds(Calibration(), windows) == pytest.approx(-3 + 7 / STRETCH)


@given(st.lists(st.floats(-20, 20), min_size=1, max_size=3 * STRETCH))
def test_the_worst_stretch_is_that_of_an_enumeration(values: list[float]) -> None:
    windows = torch.tensor(values, dtype=torch.float64)
    width = min(STRETCH, len(values))
    means = [sum(values[first : first + width]) / width for first in range(len(values) - width + 1)]
    assert float(windows[worst_stretch(windows)].mean()) == pytest.approx(max(means), abs=1e-9)


@pytest.mark.parametrize("length", [2, 5, 14, 75, 150])
@pytest.mark.parametrize("shared", [0.0, 0.1, 0.25, 0.5, 0.75, 1.0])
def test_a_longer_genuine_clip_raises_no_more_false_alarms(length: int, shared: float) -> None:
    """Whatever part of their variance the windows of a clip have in common, as nothing tells it."""
    threshold = 1.3
    alone = float((genuine(20_000, 1) >= threshold).double().mean())
    assert alarms(fitted(), threshold, length, shared) <= alone + 0.02


def test_independent_windows_alone_would_promise_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    both = fitted()
    monkeypatch.setattr("nasframe_deepfake.detection.clip_rule.SHARED", (0.0,))
    independent = fit_shifts(genuine(4000), 1.3)
    assert alarms(independent, 1.3, 75, 0.25) > 0.08
    assert both[64] > independent[64]


@pytest.mark.parametrize("shared", SHARED)
def test_ten_fake_seconds_in_a_minute_of_genuine_ones_are_still_fake(shared: float) -> None:
    """With an area under the curve of .98: fakes three deviations above genuine windows."""
    threshold, shifts = 1.3, fitted()
    for length in (14, 75):
        windows = clips_of(length, shared, 3, 1000)
        windows[:, -12:] += 6
        found = stretch_means(windows).amax(1) - shift_of(length, shifts) >= threshold
        assert float(found.double().mean()) > 0.95


def test_a_shift_holds_for_its_threshold_and_for_higher_ones() -> None:
    shifts = fitted()
    for threshold in (1.3, 2.0, 2.7):
        alone = float((genuine(20_000, 1) >= threshold).double().mean())
        assert alarms(shifts, threshold, 75, 0.25) <= alone + 0.02


def test_shifts_never_fall_with_the_length_and_are_never_below_zero() -> None:
    found = [*fit_shifts(genuine(), 1.0).values()]
    assert found == sorted(found)
    assert found[0] >= 0


def test_shifts_are_measured_up_to_an_hour() -> None:
    lengths = [length for group in LENGTHS.values() for length in group]
    assert [*fit_shifts(genuine(), 1.0)] == lengths == sorted(lengths)
    assert lengths[-1] * 0.8 > 50 * 60


def test_the_shift_between_two_lengths_is_linear_in_the_logarithm_and_level_beyond() -> None:
    shifts = {4: 1.0, 16: 3.0}
    assert shift_of(1, shifts) == 0
    assert shift_of(2, shifts) == pytest.approx(0.5)
    assert shift_of(4, shifts) == 1
    assert shift_of(8, shifts) == pytest.approx(2)
    assert shift_of(16, shifts) == 3
    assert shift_of(64, shifts) == 3
    assert shift_of(9, {}) == 0


def test_the_temperature_has_the_smallest_cross_entropy() -> None:
    random = torch.Generator().manual_seed(3)
    truth = torch.randn(3000, generator=random) * 2
    fake = (torch.rand(3000, generator=random) < torch.sigmoid(truth)).float()
    # log-odds three times too large
    assert fit_temperature(3 * truth, fake) == pytest.approx(3, rel=0.1)


@pytest.mark.parametrize("scale", [0.02, 1.0, 100.0])
def test_clips_that_are_all_on_the_right_side_give_no_certainty(scale: float) -> None:
    """Ten of each: a probability of 11 in 12, whatever the scale of the log-odds."""
    log_odds = scale * torch.tensor([-1.0] * 10 + [1.0] * 10)
    found = Calibration.of(fit_calibration(log_odds, torch.tensor([0] * 10 + [1] * 10)))
    assert float(found.probability(torch.tensor(scale))) == pytest.approx(11 / 12, abs=1e-4)


@pytest.mark.parametrize(
    ("log_odds", "fake"), [([1.0, 2.0], [1, 1]), ([1.0, math.nan], [1, 0]), ([], [])], ids=str
)
def test_without_two_classes_or_finite_log_odds_nothing_is_tempered(
    log_odds: list[float], fake: list[int]
) -> None:
    assert fit_temperature(torch.tensor(log_odds), torch.tensor(fake)) == 1


def test_a_calibration_survives_the_file_of_a_run() -> None:
    values = fit_calibration(
        torch.tensor([-2.0, -1.0, 0.5, -0.5, 1.0, 2.0]), torch.tensor([0, 0, 0, 1, 1, 1])
    )
    found = Calibration.of(values)
    assert found.threshold == values["threshold"]
    assert found.temperature == values["temperature"]
    assert found.shifts
    assert all(values[f"shift_{length}"] == shift for length, shift in found.shifts.items())


def test_the_calibration_of_an_older_run_changes_no_score() -> None:
    found = Calibration.of({"threshold": 0.3})
    windows = torch.tensor([0.5, 0.7])
    assert clip_log_odds(found, windows) == pytest.approx(0.6)
    assert float(found.probability(torch.tensor(0.6))) == pytest.approx(1 / (1 + math.exp(-0.6)))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"threshold": 5}, "threshold: expected a number from 0 to 1, found 5"),
        ({"threshold": -1e-9}, "threshold: expected a number from 0 to 1, found -1e-09"),
        ({"temperature": -1.0}, "temperature: expected a number from 0.001 to 1000, found -1"),
        ({"temperature": 0.0}, "temperature: expected a number from 0.001 to 1000"),
        ({"temperature": 1e300}, "temperature: expected a number from 0.001 to 1000"),
        ({"temperature": math.nan}, "temperature: expected a number from 0.001 to 1000"),
        ({"shift_x": 1.0}, "shift_x: expected a number of windows from 2 up"),
        ({"shift_0": 1.0}, "shift_0: expected a number of windows from 2 up"),
        ({"shift_1": 1.0}, "shift_1: expected a number of windows from 2 up"),
        ({"shift_8": -0.1}, "shift_8: expected a number from 0 to 1e.06, found -0.1"),
        ({"shift_8": math.inf}, "shift_8: expected a number from 0 to 1e.06, found inf"),
    ],
    ids=str,
)
def test_a_calibration_that_cannot_be_is_refused_in_words(values: dict[str, float], words: str) -> None:
    with pytest.raises(RunError, match=words):
        Calibration.of(values)
