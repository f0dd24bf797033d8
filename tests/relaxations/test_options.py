"""Options of the relaxations: what is refused, and what is said about it."""

from __future__ import annotations

import itertools
import math
import tomllib
from typing import Any

import attrs
import pytest
from torch import Tensor

from nasframe.errors import ConfigurationError
from nasframe.experiment import Experiment
from nasframe.options import option, options_of, structure, unstructure
from nasframe.plugins import manager
from nasframe.relaxations import (
    Dirichlet,
    GappedStraightThrough,
    GumbelRaoMonteCarlo,
    ReinMax,
    Relaxation,
    Sample,
    ScheduledRelaxation,
    Softmax,
    Sparsemax,
    StraightThroughGumbelSoftmax,
    schedule_last,
    temperature_at,
    temperature_option,
    tempered_softmax,
)

REGISTERED: dict[str, type[Relaxation]] = {
    "softmax": Softmax,
    "sparsemax": Sparsemax,
    "stgs": StraightThroughGumbelSoftmax,
    "grmc": GumbelRaoMonteCarlo,
    "reinmax": ReinMax,
    "gst": GappedStraightThrough,
    "dirichlet": Dirichlet,
}
ALL = list(REGISTERED.values())
SAMPLED = [kind for kind in ALL if kind not in (Softmax, Sparsemax)]
"""Those that draw, and so have a temperature schedule."""


@pytest.mark.parametrize(("name", "kind"), REGISTERED.items(), ids=REGISTERED.keys())
def test_the_core_registers_it_under_its_name(name: str, kind: type[Relaxation]) -> None:
    assert manager().find("relaxation", name).load() is kind


@pytest.mark.parametrize("kind", ALL)
def test_every_option_has_a_default_and_a_help_text(kind: type[Relaxation]) -> None:
    for item in options_of(kind):
        assert not item.required, item.name
        assert item.description, item.name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("softmax", ["temperature"]),
        ("sparsemax", ["temperature"]),
        ("stgs", ["temperature", "hard", "temperature_end", "schedule"]),
        ("grmc", ["samples", "temperature", "hard", "through_noise", "temperature_end", "schedule"]),
        ("reinmax", ["temperature", "temperature_end", "schedule"]),
        ("gst", ["temperature", "gap", "hard", "temperature_end", "schedule"]),
        ("dirichlet", ["temperature", "temperature_end", "schedule"]),
    ],
)
@pytest.mark.usefixtures("toy_streams")
def test_options_are_listed_and_written_in_this_order(name: str, expected: list[str]) -> None:
    assert [item.name for item in options_of(REGISTERED[name])] == expected
    assert list(unstructure(REGISTERED[name]())) == expected
    written = tomllib.loads(Experiment.of(task="streams", space="bimodal", relaxation=name).to_toml())[
        "relaxation"
    ]
    assert list(written) == ["name", *(key for key in expected if key != "temperature_end")]


def test_a_relaxation_with_a_schedule_adds_options_and_may_change_the_default_temperature() -> None:
    @attrs.frozen(kw_only=True, field_transformer=schedule_last)
    class Mine(ScheduledRelaxation):
        strength: int = option(2, help="how strong")
        temperature: float = temperature_option(0.3, "of mine")

        def sample(self, logits: Tensor, progress: float = 0.0, generator: Any = None) -> Sample:
            return Sample(tempered_softmax(logits, self.temperature_after(progress)), one_hot=False)

    listed = [(item.name, item.default, item.description) for item in options_of(Mine)]
    assert listed == [
        ("strength", 2, "how strong"),
        ("temperature", 0.3, "of mine"),
        ("temperature_end", None, "temperature when the search ends, for every schedule but 'constant'"),
        ("schedule", "constant", "how the temperature goes to temperature_end"),
    ]
    assert Mine(temperature_end=0.1, schedule="linear").temperature_after(0.5) == pytest.approx(0.2)
    with pytest.raises(ValueError, match="schedule = 'linear' needs temperature_end"):
        Mine(schedule="linear")


def test_the_defaults_are_those_of_the_paper() -> None:
    assert unstructure(GumbelRaoMonteCarlo()) == {
        "samples": 100,
        "temperature": 0.1,
        "hard": True,
        "through_noise": False,
        "temperature_end": None,
        "schedule": "constant",
    }


@pytest.mark.parametrize(
    ("kind", "own"),
    [(ReinMax, {}), (GappedStraightThrough, {"gap": 1.0, "hard": True}), (Dirichlet, {})],
)
def test_reinmax_gst_and_dirichlet_start_at_temperature_one(
    kind: type[Relaxation], own: dict[str, Any]
) -> None:
    constant = {"temperature": 1.0, "temperature_end": None, "schedule": "constant"}
    assert unstructure(kind()) == constant | own


@pytest.mark.parametrize("gap", [-0.5, math.inf, math.nan])
def test_a_gap_that_is_negative_or_not_finite_is_refused(gap: float) -> None:
    with pytest.raises(ValueError, match=f"^gap must be a finite number, at least 0, found {gap!r}$"):
        GappedStraightThrough(gap=gap)


@pytest.mark.parametrize("samples", [0, -3, "exakt", 2.5, True])
def test_samples_that_are_no_number_of_at_least_one_and_not_exact_are_refused(samples: Any) -> None:
    with pytest.raises(ValueError, match=f'^samples must be at least 1 or "exact", found {samples!r}$'):
        GumbelRaoMonteCarlo(samples=samples)


def test_samples_is_a_number_or_exact_in_a_file_too() -> None:
    for samples in (7, "exact"):
        relaxation = structure(GumbelRaoMonteCarlo, {"samples": samples}, "experiment.toml")
        assert relaxation == GumbelRaoMonteCarlo(samples=samples)
        assert unstructure(relaxation)["samples"] == samples
    with pytest.raises(ConfigurationError) as caught:
        structure(GumbelRaoMonteCarlo, {"samples": "exat"}, "experiment.toml", "relaxation")
    assert caught.value.problems == ("relaxation.samples: expected int | 'exact', found 'exat'",)
    assert next(item.type for item in options_of(GumbelRaoMonteCarlo)) == "int | 'exact'"


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("temperature", [0.0, -1.0, math.inf, math.nan])
def test_a_temperature_that_is_not_positive_and_finite_is_refused(kind: Any, temperature: float) -> None:
    message = f"^temperature must be a finite number greater than 0, found {temperature!r}$"
    with pytest.raises(ValueError, match=message):
        kind(temperature=temperature)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"schedule": "linear"}, "schedule = 'linear' needs temperature_end"),
        ({"temperature_end": 0.1}, "temperature_end = 0.1 has no effect with schedule = 'constant'"),
        (
            {"schedule": "steps"},
            "schedule must be one of constant, linear, exponential, cosine, found 'steps'",
        ),
        ({"schedule": "linear", "temperature_end": 0.0}, "temperature_end must be a finite number"),
    ],
)
@pytest.mark.parametrize("kind", SAMPLED)
def test_a_schedule_that_does_not_fit_is_refused(kind: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kind(**options)


def test_a_file_with_several_mistakes_hears_of_all_of_them() -> None:
    values = {"samples": 0, "temperature": -0.5, "schedul": "linear"}
    with pytest.raises(ConfigurationError) as caught:
        structure(GumbelRaoMonteCarlo, values, "experiment.toml", "relaxation")
    assert set(caught.value.problems) == {
        'relaxation.samples: must be at least 1 or "exact", found 0',
        "relaxation.temperature: must be a finite number greater than 0, found -0.5",
        "relaxation.schedul: unknown key; did you mean 'schedule'?",
    }


@pytest.mark.parametrize("schedule", ["linear", "exponential", "cosine"])
def test_a_schedule_goes_steadily_from_start_to_end(schedule: Any) -> None:
    values = [temperature_at(step / 20, 2.0, 0.1, schedule) for step in range(21)]
    assert values[0] == pytest.approx(2.0)
    assert values[-1] == pytest.approx(0.1)
    assert all(later < earlier for earlier, later in itertools.pairwise(values))


@pytest.mark.parametrize(
    ("schedule", "middle"),
    [("constant", 2.0), ("linear", 1.25), ("exponential", 1.0), ("cosine", 1.25)],
)
def test_half_way_a_schedule_is_at_its_mean(schedule: Any, middle: float) -> None:
    assert temperature_at(0.5, 2.0, 0.5, schedule) == pytest.approx(middle)


@pytest.mark.parametrize("progress", [-0.5, 1.5])
def test_progress_outside_the_search_means_its_nearer_end(progress: float) -> None:
    expected = 2.0 if progress < 0 else 0.5
    assert temperature_at(progress, 2.0, 0.5, "linear") == pytest.approx(expected)
