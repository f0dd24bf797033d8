from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nasframe_deepfake.detection import Calibration, fit_calibration
from nasframe_deepfake.detection.calibration import fit_temperature
from nasframe_deepfake.detection.clip_rule import STRETCH, fit_shifts, shift_of, worst_stretch


def genuine(clips: int = 400, seed: int = 0) -> torch.Tensor:
    return 2 * torch.randn(clips, generator=torch.Generator().manual_seed(seed)) - 2


def overlapping(length: int, clips: int, seed: int) -> torch.Tensor:
    """Log-odds `(clips, length)` of genuine windows whose neighbours overlap by half."""
    drawn = 2 * torch.randn(clips, length // 2 + 1, generator=torch.Generator().manual_seed(seed)) - 2
    between = (drawn[:, 1:] + drawn[:, :-1]) / 2
    pairs = torch.stack([drawn[:, :-1], between], 2).flatten(1)
    return torch.cat([pairs, drawn[:, -1:]], 1)[:, :length]


def test_a_clip_of_one_window_has_its_log_odds() -> None:
    assert Calibration(shifts={2: 0.5}).clip_log_odds(torch.tensor([1.25])) == 1.25


def test_a_clip_has_the_mean_log_odds_of_its_most_suspicious_stretch() -> None:
    windows = torch.tensor([-3.0] * 6 + [2.0] * STRETCH + [-3.0] * 4)
    assert worst_stretch(windows) == slice(6, 6 + STRETCH)
    assert Calibration().clip_log_odds(windows) == 2.0


def test_one_odd_window_among_many_decides_nothing() -> None:
    windows = torch.full((30,), -3.0)
    windows[11] = 4.0
    assert Calibration().clip_log_odds(windows) == pytest.approx(-3 + 7 / STRETCH)


@given(st.lists(st.floats(-20, 20), min_size=1, max_size=3 * STRETCH))
def test_the_worst_stretch_is_that_of_an_enumeration(values: list[float]) -> None:
    windows = torch.tensor(values, dtype=torch.float64)
    width = min(STRETCH, len(values))
    means = [sum(values[first : first + width]) / width for first in range(len(values) - width + 1)]
    assert float(windows[worst_stretch(windows)].mean()) == pytest.approx(max(means), abs=1e-9)


@pytest.mark.parametrize("length", [2, 5, 20, 75, 150])
def test_a_longer_genuine_clip_raises_no_more_false_alarms(length: int) -> None:
    threshold = 1.0
    shifts = fit_shifts(genuine(), threshold)
    alone = float((genuine(20_000, 1) >= threshold).double().mean())
    clips = overlapping(length, 4000, 2)
    calibration = Calibration(shifts=shifts)
    alarms = sum(calibration.clip_log_odds(clip) >= threshold for clip in clips) / len(clips)
    assert alarms <= alone + 0.02


def test_shifts_never_fall_with_the_length_and_are_never_below_zero() -> None:
    found = [*fit_shifts(genuine(), 1.0).values()]
    assert found == sorted(found)
    assert found[0] >= 0


def test_the_shift_between_two_lengths_is_linear_in_the_logarithm_and_goes_on_beyond() -> None:
    shifts = {4: 1.0, 16: 3.0}
    assert shift_of(1, shifts) == 0
    assert shift_of(2, shifts) == pytest.approx(0.5)
    assert shift_of(4, shifts) == 1
    assert shift_of(8, shifts) == pytest.approx(2)
    assert shift_of(64, shifts) == pytest.approx(5)
    assert shift_of(9, {}) == 0


def test_the_temperature_has_the_smallest_cross_entropy() -> None:
    random = torch.Generator().manual_seed(3)
    truth = torch.randn(3000, generator=random) * 2
    fake = (torch.rand(3000, generator=random) < torch.sigmoid(truth)).float()
    # log-odds three times too large
    assert fit_temperature(3 * truth, fake) == pytest.approx(3, rel=0.1)


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
    assert found.clip_log_odds(windows) == pytest.approx(0.6)
    assert float(found.probability(torch.tensor(0.6))) == pytest.approx(1 / (1 + math.exp(-0.6)))
