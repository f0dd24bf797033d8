"""What every relaxation promises, whatever its mathematics."""

from __future__ import annotations

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nasframe.relaxations import GumbelRaoMonteCarlo, Relaxation, StraightThroughGumbelSoftmax

SHAPES = [(1, 1), (3, 1), (4, 2), (6, 3), (5, 9)]
TOLERANCE = {torch.float32: 1e-6, torch.float64: 1e-12, torch.bfloat16: 2e-2}


def random_logits(
    shape: tuple[int, int], dtype: torch.dtype = torch.float32, scale: float = 2.0
) -> torch.Tensor:
    generator = torch.Generator().manual_seed(7)
    return (torch.randn(shape, generator=generator, dtype=torch.float64) * scale).to(dtype).requires_grad_()


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("shape", SHAPES)
def test_weights_lie_on_the_simplex_in_the_shape_and_dtype_of_the_logits(
    relaxation: Relaxation, shape: tuple[int, int], dtype: torch.dtype
) -> None:
    logits = random_logits(shape, dtype)
    for weights in (relaxation.sample(logits, 0.5, seeded()).weights, relaxation.probabilities(logits)):
        assert weights.shape == shape
        assert weights.dtype == dtype
        assert weights.min() >= 0
        torch.testing.assert_close(
            weights.double().sum(-1), torch.ones(shape[0]).double(), rtol=0, atol=TOLERANCE[dtype]
        )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_the_gradient_is_finite_not_zero_and_in_the_dtype_of_the_logits(
    relaxation: Relaxation, dtype: torch.dtype
) -> None:
    logits = random_logits((16, 4), dtype)
    relaxation.sample(logits, 0.0, seeded()).weights[:, 0].sum().backward()
    assert logits.grad is not None
    assert logits.grad.dtype == dtype
    assert logits.grad.isfinite().all()
    assert logits.grad.abs().max() > 0


@pytest.mark.parametrize("shape", SHAPES)
def test_the_same_generator_state_gives_the_same_weights_and_the_same_gradient(
    relaxation: Relaxation, shape: tuple[int, int]
) -> None:
    logits = random_logits(shape)
    direction = torch.randn(shape, generator=seeded(3))
    results = []
    for _ in range(2):
        weights = relaxation.sample(logits, 0.0, seeded(11)).weights
        results.append((weights, torch.autograd.grad(weights, logits, direction)[0]))
    assert torch.equal(results[0][0], results[1][0])
    assert torch.equal(results[0][1], results[1][1])


def test_without_a_generator_torch_global_generator_decides(relaxation: Relaxation) -> None:
    logits = random_logits((20, 4))
    with torch.random.fork_rng():
        torch.manual_seed(5)
        first = relaxation.sample(logits).weights
        torch.manual_seed(5)
        again = relaxation.sample(logits).weights
    assert torch.equal(first, again)


def test_the_weights_are_the_same_with_and_without_gradient(relaxation: Relaxation) -> None:
    logits = random_logits((20, 4))
    with torch.no_grad():
        without = relaxation.sample(logits, 0.0, seeded()).weights
    assert torch.equal(relaxation.sample(logits, 0.0, seeded()).weights, without)


def test_a_given_generator_leaves_the_global_one_alone(relaxation: Relaxation) -> None:
    before = torch.get_rng_state()
    relaxation.sample(random_logits((4, 3)), 0.0, seeded()).weights.sum().backward()
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("shape", [(40, 2), (40, 5)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_one_hot_weights_are_exactly_zeros_and_ones(
    relaxation: Relaxation, shape: tuple[int, int], dtype: torch.dtype
) -> None:
    sample = relaxation.sample(random_logits(shape, dtype), 0.0, seeded())
    exact = bool(((sample.weights == 0) | (sample.weights == 1)).all())
    assert exact == sample.one_hot
    if sample.one_hot:
        assert torch.equal(sample.weights.sum(-1), torch.ones(shape[0], dtype=dtype))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("scale", [100.0, 1e4])
@pytest.mark.parametrize("candidates", [2, 5])
def test_huge_logits_stay_finite_forward_and_backward(
    relaxation: Relaxation, candidates: int, scale: float, dtype: torch.dtype
) -> None:
    rows = torch.tensor([[1.0, -1.0, 0.0, 1.0, -1.0], [-1.0, -1.0, -1.0, -1.0, 1.0]])[:, :candidates]
    logits = (torch.cat((rows, -rows, rows * 0 + 1, rows * 0 - 1)) * scale).to(dtype).requires_grad_()
    for seed in range(20):
        weights = relaxation.sample(logits, 0.0, seeded(seed)).weights
        (gradient,) = torch.autograd.grad(weights, logits, torch.randn_like(weights))
        assert weights.isfinite().all()
        assert gradient.isfinite().all()
    assert relaxation.probabilities(logits).isfinite().all()


def test_a_single_candidate_has_weight_one_and_no_gradient(relaxation: Relaxation) -> None:
    logits = random_logits((4, 1))
    weights = relaxation.sample(logits, 0.0, seeded()).weights
    (gradient,) = torch.autograd.grad(weights, logits, torch.randn_like(weights))
    assert torch.equal(weights, torch.ones(4, 1))
    assert torch.equal(gradient, torch.zeros(4, 1))


def test_choices_do_not_see_each_other(relaxation: Relaxation) -> None:
    logits = random_logits((3, 4))
    weights = relaxation.sample(logits, 0.0, seeded()).weights
    (gradient,) = torch.autograd.grad(weights[1, 0], logits)
    assert gradient[0].abs().max() == 0
    assert gradient[2].abs().max() == 0
    # weights that sum to one can only be traded for each other
    assert gradient[1].sum().abs() < 1e-5


def test_autocast_does_not_make_it_less_exact(relaxation: Relaxation) -> None:
    logits = random_logits((30, 5))
    direction = torch.randn(30, 5, generator=seeded(1))
    plain = relaxation.sample(logits, 0.0, seeded()).weights
    (expected,) = torch.autograd.grad(plain, logits, direction)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        weights = relaxation.sample(logits, 0.0, seeded()).weights
        (gradient,) = torch.autograd.grad(weights, logits, direction)
    assert torch.equal(weights, plain)
    torch.testing.assert_close(gradient, expected)


@pytest.mark.parametrize("kind", [StraightThroughGumbelSoftmax, GumbelRaoMonteCarlo])
def test_a_schedule_ends_at_the_temperature_it_names(kind: type[Relaxation]) -> None:
    logits = random_logits((6, 4))
    direction = torch.randn(6, 4, generator=seeded(1))

    def gradient(relaxation: Relaxation, progress: float) -> torch.Tensor:
        weights = relaxation.sample(logits, progress, seeded()).weights
        return torch.autograd.grad(weights, logits, direction)[0]

    moving = kind(temperature=2.0, temperature_end=0.5, schedule="cosine")  # type: ignore[call-arg]
    for progress, temperature in ((0.0, 2.0), (0.5, 1.25), (1.0, 0.5)):
        fixed = kind(temperature=temperature)  # type: ignore[call-arg]
        torch.testing.assert_close(gradient(moving, progress), gradient(fixed, 0.9))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.integers(1, 6),
    candidates=st.integers(1, 7),
    scale=st.floats(0, 1e4),
    seed=st.integers(0, 2**31),
)
def test_any_logits_give_weights_on_the_simplex_and_a_finite_gradient(
    relaxation: Relaxation, rows: int, candidates: int, scale: float, seed: int
) -> None:
    logits = (torch.randn(rows, candidates, generator=seeded(seed)) * scale).requires_grad_()
    weights = relaxation.sample(logits, 0.0, seeded(seed)).weights
    (gradient,) = torch.autograd.grad(weights, logits, torch.randn(weights.shape, generator=seeded(seed + 1)))
    assert weights.min() >= 0
    assert (weights.sum(-1) - 1).abs().max() < 1e-5
    assert gradient.isfinite().all()
