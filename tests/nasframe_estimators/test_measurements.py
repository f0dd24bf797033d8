"""Measurements of the laboratory, against results that are known without it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable

import pytest
import torch
from torch.nn import functional as F

import nasframe
from nasframe.errors import ConfigurationError
from nasframe.plugins import manager
from nasframe.relaxations import Softmax, StraightThroughGumbelSoftmax, conditional_log_ratios
from nasframe_estimators import Laboratory, Measurement, exact_gradient, measure_estimators
from nasframe_estimators.functions.function import every_outcome
from nasframe_estimators.functions.standard import FUNCTIONS, standard_functions
from nasframe_estimators.gradients.relaxed import relaxed_gradients
from nasframe_estimators.gradients.score_function import score_function_gradients
from nasframe_estimators.measurements import conditional_bias
from nasframe_estimators.measurements.conditional_bias import conditional_slopes, enumerated_gradients
from nasframe_estimators.measurements.statistics import summarise

STANDARD = {function.name: function for function in standard_functions()}
INSTALLED = {entry.name for entry in manager().registered("relaxation")}


def measure(relaxations: list[str], function: str, draws: int = 4000, **how: object) -> list[Measurement]:
    return measure_estimators(relaxations, functions=[function], draws=draws, **how)  # type: ignore[arg-type]


def random(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("temperature", [0.5, 1.0])
def test_softmax_has_no_variance_and_the_bias_of_the_function_at_the_mean_weights(
    name: str, temperature: float
) -> None:
    (found,) = measure(["softmax"], name, draws=100, temperatures=[temperature])
    function = STANDARD[name]
    theta = function.packs[0].logits.clone().requires_grad_()
    value = function.value((theta / temperature).softmax(-1).unsqueeze(0)).sum()
    (gradient,) = torch.autograd.grad(value, theta)
    exact = exact_gradient(function)
    assert found.variance == 0.0
    assert found.variance_interval == (0.0, 0.0)
    assert found.bias == pytest.approx(float((gradient.flatten() - exact).norm() / exact.norm()), abs=1e-5)
    assert found.scale == pytest.approx(float(exact.norm()))


def test_softmax_at_temperature_one_is_exact_on_a_linear_function() -> None:
    (found,) = measure(["softmax"], "gamma-linear", draws=10, temperatures=[1.0])
    assert found.bias == pytest.approx(0.0, abs=1e-5)


@pytest.mark.parametrize("name", ["alpha-quadratic", "gamma-network"])
def test_stgs_has_the_moments_of_torchs_gumbel_softmax(name: str) -> None:
    function, draws, temperature = STANDARD[name], 30_000, 0.5
    (pack,) = function.packs
    rows = pack.logits.repeat(draws, 1).requires_grad_()
    weights = F.gumbel_softmax(rows, tau=temperature, hard=True).view(draws, *pack.logits.shape)
    (theirs,) = torch.autograd.grad(function.value(weights).sum(), rows)
    reference = summarise(theirs.view(draws, -1), exact_gradient(function))
    (found,) = measure(["stgs"], name, draws=draws, temperatures=[temperature])
    assert found.bias_interval is not None
    assert reference.bias_interval is not None
    assert found.bias_interval[0] < reference.bias_interval[1]
    assert reference.bias_interval[0] < found.bias_interval[1]
    assert found.variance == pytest.approx(reference.variance, rel=0.1)
    ours = relaxed_gradients(StraightThroughGumbelSoftmax(temperature=temperature), function, draws, random())
    error = (ours.var(0) + theirs.view(draws, -1).var(0)).div(draws).sqrt()
    assert ((ours.mean(0) - theirs.view(draws, -1).mean(0)).abs() < 4.5 * error + 1e-12).all()


def test_many_draws_in_one_call_are_the_draws_of_many_calls() -> None:
    # a deterministic relaxation: every row must be what one call in the function's own shape gives
    function = STANDARD["gamma-network"]
    many = relaxed_gradients(Softmax(temperature=0.7), function, 9, random())
    leaf = function.packs[0].logits.float().requires_grad_()
    weights = Softmax(temperature=0.7).sample(leaf).weights
    (one,) = torch.autograd.grad(function.once([weights], False), leaf)
    assert torch.allclose(many, one.flatten().double().expand(9, -1), atol=1e-6)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_score_function_has_no_bias(name: str) -> None:
    function = STANDARD[name]
    found = score_function_gradients(function, 60_000, random(3))
    error = (found.mean(0) - exact_gradient(function)) / (found.std(0) / math.sqrt(len(found)))
    assert float(error.abs().max()) < 4.5
    summary = summarise(found, exact_gradient(function))
    assert summary.bias_interval is not None
    assert summary.bias_interval[0] < 0.02


def test_the_variance_of_the_score_function_is_what_enumerating_its_pairs_gives() -> None:
    # with two evaluations: ½ (f(D₁) - f(D₂)) (∇log p(D₁) - ∇log p(D₂)), over all pairs of outcomes
    function = STANDARD["alpha-quadratic"]
    (pack,) = function.packs
    outcomes = every_outcome(function.packs)
    values = function.values(outcomes)
    p = pack.logits.softmax(-1)
    scores = (F.one_hot(outcomes, 2) - p).flatten(1)
    chance = p[torch.arange(6), outcomes].prod(-1)
    pairs = (values[:, None] - values)[..., None] / 2 * (scores[:, None] - scores)
    weight = chance[:, None] * chance
    exact = exact_gradient(function)
    mean = torch.einsum("ab,abs->s", weight, pairs)
    assert torch.allclose(mean, exact, atol=1e-12)
    variance = float(torch.einsum("ab,abs->", weight, (pairs - exact).square()) / exact.square().sum())
    drawn = score_function_gradients(function, 40_000, random(4), evaluations=2)
    assert summarise(drawn, exact).variance == pytest.approx(variance, rel=0.05)


def test_the_score_function_says_how_often_it_evaluates() -> None:
    (found,) = measure(["score_function"], "alpha-linear", draws=100)
    assert found.evaluations == 4
    assert (found.samples, found.temperature) == (None, None)


def test_more_conditional_draws_leave_the_mean_and_take_variance_away() -> None:
    found = {
        entry.samples: entry
        for entry in measure(["grmc"], "gamma-quadratic", samples=[1, 10, 100], temperatures=[0.5])
    }
    assert found[1].variance > 1.5 * found[10].variance > 1.5 * found[100].variance  # type: ignore[operator]
    assert found[1].mse > found[10].mse > found[100].mse  # type: ignore[operator]
    intervals = [entry.bias_interval for entry in found.values() if entry.bias_interval is not None]
    assert max(low for low, _ in intervals) < min(high for _, high in intervals)


@pytest.mark.parametrize("name", ["alpha-quadratic", "gamma-network"])
def test_enumerating_the_outcome_gives_the_mean_that_straight_through_draws_have(name: str) -> None:
    function, temperature = STANDARD[name], 0.5
    slopes, exact = conditional_slopes(function), exact_gradient(function)
    drawn = relaxed_gradients(
        StraightThroughGumbelSoftmax(temperature=temperature), function, 60_000, random(5)
    )
    for samples in (1, 100):
        found = enumerated_gradients(
            function, slopes, temperature, samples, 20_000 // samples, random(samples)
        )
        error = (found.var(0) / len(found) + drawn.var(0) / len(drawn)).sqrt()
        assert ((found.mean(0) - drawn.mean(0)).abs() < 4.5 * error + 1e-12).all()
        # D is enumerated, so only what it leaves open varies
        assert summarise(found, exact).variance < 0.5 * summarise(drawn, exact).variance


def test_proposition_three_is_measured_at_every_k_beside_stgs() -> None:
    laboratory = Laboratory(functions=["alpha-quadratic"], temperatures=[0.5], samples=[1, 1000, "exact"])
    biases = laboratory.conditional_biases()
    assert [(entry.estimator, entry.samples) for entry in biases] == [
        ("stgs", None),
        ("grmc", 1),
        ("grmc", 1000),
        ("grmc", "exact"),
    ]
    intervals = [entry.bias_interval for entry in biases if entry.bias_interval is not None]
    assert max(low for low, _ in intervals) <= min(high for _, high in intervals)
    assert all(low > 0.05 for low, _ in intervals)
    # in the limit nothing is sampled, and the bias is still there
    assert intervals[-1][0] == intervals[-1][1]
    assert Laboratory(relaxations=["softmax"], functions=["alpha-linear"]).conditional_biases() == []


@pytest.mark.parametrize("name", ["alpha-network", "gamma-network"])
def test_the_limit_is_the_mean_of_the_draws(name: str) -> None:
    function = STANDARD[name]
    slopes = conditional_slopes(function)
    (limit,) = enumerated_gradients(function, slopes, 0.5, "exact", 1, random())
    drawn = enumerated_gradients(function, slopes, 0.5, 20, 2000, random(7))
    error = drawn.std(0) / math.sqrt(len(drawn))
    assert ((drawn.mean(0) - limit).abs() < 4.5 * error + 1e-4).all()


def test_the_interval_of_a_sampled_bias_holds_the_bias_of_the_limit() -> None:
    function, temperature, repeats = STANDARD["gamma-quadratic"], 0.5, 150
    exact, slopes = exact_gradient(function), conditional_slopes(function)
    (limit,) = enumerated_gradients(function, slopes, temperature, "exact", 1, random())
    bias = float((limit - exact).norm() / exact.norm())
    stgs, held = StraightThroughGumbelSoftmax(temperature=temperature), 0
    for seed in range(repeats):
        low, high = summarise(relaxed_gradients(stgs, function, 1000, random(seed)), exact).bias_interval or (
            0,
            0,
        )
        held += low <= bias <= high
    assert held / repeats > 0.9
    assert bias > 0.2


@pytest.mark.skipif("reinmax" not in INSTALLED, reason="reinmax is not installed")
@pytest.mark.parametrize("name", ["alpha-linear", "alpha-quadratic", "gamma-quadratic"])
def test_reinmax_at_temperature_one_has_no_bias_where_the_function_is_quadratic(name: str) -> None:
    (found,) = measure(["reinmax"], name, draws=40_000, temperatures=[1.0])
    assert found.bias_interval is not None
    assert found.bias_interval[0] < 0.01
    assert found.bias_interval[1] < 0.03


def test_the_squared_error_is_variance_plus_squared_bias_for_every_relaxation() -> None:
    for entry in measure_estimators(functions=["gamma-quadratic"], draws=1000, samples=[1, 10]):
        assert entry.error is None, entry
        assert entry.mse == pytest.approx(entry.variance + entry.bias**2, rel=0.02, abs=1e-9)  # type: ignore[operator]


def test_the_same_seed_gives_the_same_numbers_and_another_does_not() -> None:
    def found(seed: int) -> list[object]:
        return [
            (entry.relaxation, entry.bias, entry.mse)
            for entry in measure(["grmc", "stgs", "score_function"], "alpha-network", 200, seed=seed)
        ]

    assert found(1) == found(1)
    assert found(1) != found(2)


def test_measuring_leaves_the_callers_random_state_alone() -> None:
    before = torch.get_rng_state()
    measure(["stgs", "score_function"], "alpha-linear", 20)
    assert torch.equal(before, torch.get_rng_state())


def test_measuring_reports_its_draws_time_and_intervals() -> None:
    for entry in measure(["softmax", "stgs", "score_function"], "gamma-linear", 300):
        assert entry.draws == 300
        assert entry.time_ms is not None
        assert 0 < entry.time_ms < 1000
        for key in ("bias", "variance", "mse"):
            low, high = getattr(entry, f"{key}_interval")
            assert low <= getattr(entry, key) <= high


def test_without_a_number_there_are_fewer_draws_where_k_is_large() -> None:
    found = measure_estimators(
        ["grmc"], functions=["alpha-linear"], temperatures=[1.0], samples=[1, 100, 1000]
    )
    assert [entry.draws for entry in found] == [20_000, 10_000, 2_000]


@pytest.mark.usefixtures("strangers")
def test_a_relaxation_that_nobody_named_is_measured_with_its_options_varied() -> None:
    found = measure_estimators(functions=["alpha-linear"], draws=20)
    settings = [(entry.samples, entry.temperature) for entry in found if entry.relaxation == "foreign"]
    assert sorted(settings) == sorted((k, t) for k in (1, 10, 100, 1000) for t in (0.1, 0.5, 0.7, 1.0))
    assert {entry.relaxation for entry in found} == {
        *INSTALLED,
        *("foreign", "raising", "demanding", "lost", "leaving", "heavy", "boastful"),
    } | {"score_function"}


@pytest.mark.usefixtures("strangers")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("raising", "sample raised ArithmeticError: the stars are not right"),
        ("leaving", "SystemExit"),
        ("heavy", "must lie on the simplex, not negative and with sum 1, found [1, 1]"),
        ("boastful", "one_hot says that the weights are exactly zeros and ones"),
        ("demanding", "strength"),
        ("lost", "cannot be imported"),
    ],
)
def test_a_relaxation_that_fails_gets_a_line_with_its_error_and_the_others_go_on(
    name: str, message: str
) -> None:
    found = measure([name, "softmax"], "alpha-linear", 20, temperatures=[1.0])
    assert [entry.relaxation for entry in found] == [name, "softmax"]
    assert found[0].error is not None
    assert message in found[0].error
    assert (found[0].bias, found[0].mse, found[0].draws) == (None, None, 0)
    assert found[1].error is None


def test_a_relaxation_is_found_with_its_plugin_too() -> None:
    (found,) = measure(["nasframe:softmax"], "alpha-linear", 5, temperatures=[1.0, 1.0])
    assert found.relaxation == "softmax"


def test_a_name_that_two_plugins_hold_stands_with_its_plugin() -> None:
    class Rival:
        @nasframe.hookimpl
        def register_relaxations(self) -> dict[str, object]:
            return {"softmax": Softmax, "score_function": Softmax}

    manager().register(Rival(), "rival")
    try:
        found = measure_estimators(functions=["alpha-linear"], draws=5, temperatures=[1.0], samples=[1])
        with pytest.raises(ConfigurationError, match="unknown relaxation 'softmax'"):
            measure_estimators(["softmax"])
    finally:
        manager().unregister("rival")
    names = [entry.relaxation for entry in found]
    assert {"nasframe:softmax", "rival:softmax", "rival:score_function"} < {*names}
    assert names.count("score_function") == 1
    assert all(entry.error is None for entry in found)


@pytest.mark.usefixtures("strangers")
def test_a_setting_that_no_type_admits_is_said() -> None:
    (found,) = measure(["foreign"], "alpha-linear", 20, samples=["exact"])
    assert found.error is not None
    assert "samples admits none of exact" in found.error


def test_entries_are_json_with_every_key() -> None:
    for entry in measure(["softmax", "grmc"], "alpha-linear", 100, samples=[1], temperatures=[0.5]):
        plain = json.loads(json.dumps(entry.to_dict()))
        wanted = [
            "relaxation",
            "samples",
            "temperature",
            "function",
            "bias",
            "variance",
            "mse",
            "time_ms",
            "draws",
        ]
        assert plain.keys() >= {
            *wanted,
            "bias_interval",
            "variance_interval",
            "mse_interval",
            "scale",
            "error",
        }
        assert plain["samples"] == (None if entry.relaxation == "softmax" else 1)
        assert len(plain["mse_interval"]) == 2


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"relaxations": ["sofmax"]}, "unknown relaxation 'sofmax'; did you mean 'softmax'"),
        (
            {"functions": ["alpha-quadratik"]},
            "unknown function 'alpha-quadratik'; did you mean 'alpha-quadratic'",
        ),
        ({"draws": 1}, "draws: must be at least 2, found 1"),
        ({"temperatures": [0.0]}, "temperature: must be a finite number greater than 0, found 0.0"),
        ({"temperatures": [math.nan]}, "found nan"),
        ({"samples": [0]}, "samples: must be at least 1 and at most 1,000,000, or 'exact', found 0"),
        (
            {"samples": [10**9]},
            "samples: must be at least 1 and at most 1,000,000, or 'exact', found 1000000000",
        ),
        ({"bits": 13}, "bits: must be from 1 to 12, found 13"),
        ({"relaxations": []}, "relaxation: expected a name, found none"),
        ({"functions": []}, "function: expected a name, found none"),
        ({"temperatures": []}, "temperature: must be a finite number greater than 0, found none"),
        ({"relaxations": [Softmax]}, "relaxation: expected a name, found <class"),
        ({"relaxations": Softmax}, "relaxation: expected a name, found <class"),
        ({"temperatures": ["a"]}, "temperature: must be a finite number greater than 0, found 'a'"),
        ({"temperatures": True}, "temperature: must be a finite number greater than 0, found True"),
        ({"samples": 1.5}, "samples: must be at least 1"),
        ({"draws": "10"}, "draws: must be a whole number, found '10'"),
        ({"draws": 10.5}, "draws: must be a whole number, found 10.5"),
        ({"seed": "a"}, "seed: must be a whole number, found 'a'"),
        ({"run": 5}, "run: expected a folder, or a nasframe.Run, found 5"),
        ({"bits": "few"}, "bits: must be a number, found 'few'"),
    ],
)
def test_arguments_of_a_wrong_type_or_range_are_refused(how: dict[str, object], message: str) -> None:
    refused: Callable[[], object] = lambda: measure_estimators(**how)  # type: ignore[arg-type]  # noqa: E731
    with pytest.raises(ConfigurationError, match=re.escape(message)):
        refused()


def test_one_name_or_number_stands_for_a_list_of_it() -> None:
    (found,) = measure_estimators("grmc", functions="gamma-linear", temperatures=0.5, samples=10, draws=5)
    assert (found.relaxation, found.function, found.temperature, found.samples) == (
        "grmc",
        "gamma-linear",
        0.5,
        10,
    )


def test_everything_wrong_is_said_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        measure_estimators("sofmax", draws=1.5, temperatures="warm", run=5)  # type: ignore[arg-type]
    assert len(caught.value.problems) == 4


def test_fewer_than_a_hundred_draws_have_no_intervals() -> None:
    for draws in (2, 99):
        (found,) = measure(["stgs"], "alpha-linear", draws, temperatures=[1.0])
        assert found.variance is not None
        assert (found.bias_interval, found.variance_interval, found.mse_interval) == (None, None, None)


def test_proposition_three_refuses_a_large_k_in_its_own_entry_and_measures_the_others() -> None:
    laboratory = Laboratory(functions=["alpha-linear"], temperatures=[0.5], samples=[1, 1_000_000, "exact"])
    found = {entry.samples: entry for entry in laboratory.conditional_biases()}
    assert found[1_000_000].error is not None
    assert "K = 1,000,000 is above 10,000" in found[1_000_000].error
    assert (found[1_000_000].bias, found[1_000_000].bias_interval) == (None, None)
    assert [entry.error for k, entry in found.items() if k != 1_000_000] == [None, None, None]


def test_the_memory_of_an_enumeration_does_not_grow_with_k(monkeypatch: pytest.MonkeyPatch) -> None:
    # drawn in chunks of one, the mean over K is that of K draws
    function = STANDARD["gamma-quadratic"]
    slopes, seen = conditional_slopes(function), list[int]()

    def watched(
        rows: torch.Tensor, winner: torch.Tensor, k: int, noise: torch.Generator | None
    ) -> torch.Tensor:
        seen.append(rows.numel() * k)
        return conditional_log_ratios(rows, winner, k, noise)

    monkeypatch.setattr(conditional_bias, "conditional_log_ratios", watched)
    monkeypatch.setattr(conditional_bias, "_AT_ONCE", 750)
    found = enumerated_gradients(function, slopes, 0.5, 400, 20, random(1))
    assert max(seen) <= 750
    (limit,) = enumerated_gradients(function, slopes, 0.5, "exact", 1, random())
    error = found.std(0) / math.sqrt(len(found))
    assert ((found.mean(0) - limit).abs() < 4.5 * error + 1e-4).all()


def test_a_name_taken_by_another_plugin_leaves_the_third_proposition_in_place() -> None:
    class Rival:
        @nasframe.hookimpl
        def register_relaxations(self) -> dict[str, object]:
            return {"grmc": Softmax}

    manager().register(Rival(), "rival")
    try:
        ours = Laboratory(
            relaxations="nasframe:grmc", functions="alpha-linear", temperatures=1.0, samples="exact"
        )
        assert {entry.estimator for entry in ours.conditional_biases()} == {"stgs", "grmc"}
        theirs = Laboratory(relaxations="rival:grmc", functions="alpha-linear", temperatures=1.0)
        assert theirs.conditional_biases() == []
    finally:
        manager().unregister("rival")
