"""The suite of relaxations."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor

from nasframe.options import options_of
from nasframe.relaxations import Relaxation, Sample
from nasframe.testing.suite import PluginSuite, on_a_gpu, seeded

__all__ = ["RelaxationSuite"]

SHAPES = [(1, 1), (3, 1), (4, 2), (6, 3), (5, 9)]
TOLERANCE = {torch.float32: 1e-6, torch.float64: 1e-12, torch.bfloat16: 2e-2}
DTYPES = list(TOLERANCE)

every_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: str(dtype).removeprefix("torch."))
every_shape = pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: "{} choices of {}".format(*shape))


def random_logits(
    shape: tuple[int, int],
    dtype: torch.dtype = torch.float32,
    scale: float = 2.0,
    device: str = "cpu",
    seed: int = 7,
) -> Tensor:
    """Return random logits that require a gradient."""
    values = torch.randn(shape, generator=seeded(seed), dtype=torch.float64) * scale
    return values.to(device, dtype).requires_grad_()


def assert_on_simplex(weights: Tensor, like: Tensor) -> None:
    """Assert that weights are not negative, with rows of sum one, in shape, dtype, device of the logits."""
    assert weights.shape == like.shape, "the weights must have the shape of the logits"
    assert weights.dtype == like.dtype, "the weights must have the dtype of the logits"
    assert weights.device == like.device, "the weights must be on the device of the logits"
    assert weights.isfinite().all(), "the weights must be finite"
    assert weights.min() >= 0, "the weights must not be negative"
    error = (weights.detach().double().sum(-1) - 1).abs().max()
    assert error <= TOLERANCE[like.dtype], "the weights of every choice must add up to one"


class RelaxationSuite(PluginSuite):
    """Everything `nasframe.Relaxation` promises.

        class TestSharper(RelaxationSuite):
            def make(self):
                return Sharper(temperature=0.3)

    Values: weights and probabilities on the simplex in shape, dtype and device of the logits, at every
    progress, for huge and for arbitrary logits; the weight of a single candidate is one; bfloat16 and
    autocast only round; `one_hot` is true only of exact zeros and ones. Randomness: from the given generator
    alone, from the global one only where none is given; `probabilities` draws nothing; a one-hot relaxation
    draws each candidate as often as `probabilities` says. Gradient: finite, not zero, in the dtype of the
    logits, no graph where none is required; rows do not depend on each other; the logits stay as they are.
    Options: an attrs class, a default and a help text for each field, equal after a round trip through plain
    values.

    Attributes:
        draws_from_probabilities: False for a one-hot relaxation whose forward weights are not draws from
            `probabilities`, such as a hard maximum.
    """

    draws_from_probabilities: bool = True

    def make(self) -> Relaxation:
        """Return the relaxation to test."""
        self._lacks("make(self)", "MyRelaxation()")

    def test_every_option_has_a_default(self) -> None:
        required = [option.name for option in options_of(type(self.make())) if option.required]
        assert not required, "a relaxation may be named without options, so each option needs a default"

    # -- values -----------------------------------------------------------------------------------------

    @every_dtype
    @every_shape
    def test_weights_lie_on_the_simplex_in_shape_and_dtype_of_the_logits(
        self, shape: tuple[int, int], dtype: torch.dtype
    ) -> None:
        logits = random_logits(shape, dtype)
        sample = self.make().sample(logits, 0.5, seeded())
        assert isinstance(sample, Sample), "sample must return a nasframe.Sample"
        assert_on_simplex(sample.weights, logits)

    @every_dtype
    @every_shape
    def test_probabilities_lie_on_the_simplex_in_shape_and_dtype_of_the_logits(
        self, shape: tuple[int, int], dtype: torch.dtype
    ) -> None:
        logits = random_logits(shape, dtype)
        assert_on_simplex(self.make().probabilities(logits), logits)

    @pytest.mark.parametrize("progress", [0.0, 0.25, 0.999, 1.0])
    def test_weights_lie_on_the_simplex_from_the_start_of_a_search_to_its_end(self, progress: float) -> None:
        logits = random_logits((6, 3))
        weights = self.make().sample(logits, progress, seeded()).weights
        assert_on_simplex(weights, logits)
        (gradient,) = torch.autograd.grad(weights, logits, torch.randn_like(weights))
        assert gradient.isfinite().all()

    def test_any_logits_give_weights_on_the_simplex_and_a_finite_gradient(self) -> None:
        relaxation = self.make()
        for seed in range(40):
            rows, candidates = 1 + seed % 6, 1 + seed % 7
            scale = (0.0, 0.1, 3.0, 50.0, 1e4)[seed % 5]
            logits = random_logits((rows, candidates), scale=scale, seed=seed)
            weights = relaxation.sample(logits, 0.0, seeded(seed)).weights
            direction = torch.randn(weights.shape, generator=seeded(seed + 1))
            (gradient,) = torch.autograd.grad(weights, logits, direction)
            assert weights.min() >= 0, f"{rows} choices of {candidates}, logits up to {scale}, seed {seed}"
            assert (weights.sum(-1) - 1).abs().max() < 1e-5
            assert gradient.isfinite().all()

    @every_dtype
    @pytest.mark.parametrize("scale", [100.0, 1e4])
    @pytest.mark.parametrize("candidates", [2, 5])
    def test_huge_logits_stay_finite_forward_and_backward(
        self, candidates: int, scale: float, dtype: torch.dtype
    ) -> None:
        relaxation = self.make()
        rows = torch.tensor([[1.0, -1.0, 0.0, 1.0, -1.0], [-1.0, -1.0, -1.0, -1.0, 1.0]])[:, :candidates]
        logits = (torch.cat((rows, -rows, rows * 0 + 1, rows * 0 - 1)) * scale).to(dtype).requires_grad_()
        for seed in range(20):
            weights = relaxation.sample(logits, 0.0, seeded(seed)).weights
            (gradient,) = torch.autograd.grad(weights, logits, torch.randn_like(weights))
            assert weights.isfinite().all()
            assert gradient.isfinite().all()
        assert relaxation.probabilities(logits).isfinite().all()

    def test_a_single_candidate_has_weight_one_and_no_gradient(self) -> None:
        logits = random_logits((4, 1))
        weights = self.make().sample(logits, 0.0, seeded()).weights
        (gradient,) = torch.autograd.grad(weights, logits, torch.randn_like(weights))
        assert torch.equal(weights, torch.ones(4, 1))
        assert torch.equal(gradient, torch.zeros(4, 1))

    @pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=["float32", "bfloat16"])
    @pytest.mark.parametrize("candidates", [2, 5])
    def test_weights_called_one_hot_are_exactly_zeros_and_ones(
        self, candidates: int, dtype: torch.dtype
    ) -> None:
        sample = self.make().sample(random_logits((40, candidates), dtype), 0.0, seeded())
        if not sample.one_hot:
            pytest.skip("it does not call them one-hot")
        assert ((sample.weights == 0) | (sample.weights == 1)).all()
        assert torch.equal(sample.weights.sum(-1), torch.ones(40, dtype=dtype))

    def test_bfloat16_only_rounds_the_result(self) -> None:
        relaxation, logits = self.make(), random_logits((30, 5), torch.bfloat16)
        rounded = relaxation.sample(logits, 0.0, seeded()).weights.float()
        exact = relaxation.sample(logits.float(), 0.0, seeded()).weights
        # bfloat16 has eight binary digits, and fewer where a number is next to nothing
        torch.testing.assert_close(rounded, exact, rtol=2**-8, atol=1e-30)
        rounded = relaxation.probabilities(logits).float()
        torch.testing.assert_close(rounded, relaxation.probabilities(logits.float()), rtol=2**-8, atol=1e-30)

    def test_autocast_does_not_make_it_less_exact(self) -> None:
        relaxation, logits = self.make(), random_logits((30, 5))
        direction = torch.randn(30, 5, generator=seeded(1))
        plain = relaxation.sample(logits, 0.0, seeded()).weights
        (expected,) = torch.autograd.grad(plain, logits, direction)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            weights = relaxation.sample(logits, 0.0, seeded()).weights
            (gradient,) = torch.autograd.grad(weights, logits, direction)
        assert torch.equal(weights, plain)
        torch.testing.assert_close(gradient, expected)

    # -- randomness -------------------------------------------------------------------------------------

    @every_shape
    def test_the_same_generator_state_gives_the_same_weights_and_the_same_gradient(
        self, shape: tuple[int, int]
    ) -> None:
        relaxation, logits = self.make(), random_logits(shape)
        direction = torch.randn(shape, generator=seeded(3))
        results = []
        for _ in range(2):
            weights = relaxation.sample(logits, 0.0, seeded(11)).weights
            results.append((weights, torch.autograd.grad(weights, logits, direction)[0]))
        assert torch.equal(results[0][0], results[1][0])
        assert torch.equal(results[0][1], results[1][1])

    def test_without_a_generator_torch_global_generator_decides(self) -> None:
        relaxation, logits = self.make(), random_logits((20, 4))
        torch.manual_seed(5)
        first = relaxation.sample(logits).weights
        torch.manual_seed(5)
        assert torch.equal(relaxation.sample(logits).weights, first)

    def test_a_given_generator_leaves_the_global_one_alone(self) -> None:
        relaxation, logits = self.make(), random_logits((4, 3))
        before = torch.get_rng_state()
        relaxation.sample(logits, 0.0, seeded()).weights.sum().backward()  # type: ignore[no-untyped-call, unused-ignore]
        assert torch.equal(torch.get_rng_state(), before)

    def test_the_weights_are_the_same_with_and_without_gradient(self) -> None:
        relaxation, logits = self.make(), random_logits((20, 4))
        with torch.no_grad():
            without = relaxation.sample(logits, 0.0, seeded()).weights
        assert torch.equal(relaxation.sample(logits, 0.0, seeded()).weights, without)

    def test_probabilities_draw_nothing(self) -> None:
        relaxation, logits = self.make(), random_logits((20, 4))
        before = torch.get_rng_state()
        first = relaxation.probabilities(logits)
        relaxation.sample(logits, 0.5, seeded())
        assert torch.equal(relaxation.probabilities(logits), first)
        assert torch.equal(torch.get_rng_state(), before)

    @pytest.mark.parametrize("candidates", [2, 5])
    def test_one_hot_weights_are_drawn_as_often_as_probabilities_says(self, candidates: int) -> None:
        if not self.draws_from_probabilities:
            pytest.skip("its forward weights are not draws from its probabilities")
        relaxation, draws = self.make(), 4000
        logits = random_logits((1, candidates), scale=1.0).detach()
        sample = relaxation.sample(logits.expand(draws, -1).contiguous(), 0.0, seeded())
        if not sample.one_hot:
            pytest.skip("it draws no candidate")
        expected = relaxation.probabilities(logits)[0]
        # five standard errors, and a little for candidates that are never drawn
        margin = 5 * (expected * (1 - expected) / draws).sqrt() + 1e-6
        assert ((sample.weights.mean(0) - expected).abs() <= margin).all()

    # -- gradient ---------------------------------------------------------------------------------------

    @every_dtype
    def test_the_gradient_is_finite_not_zero_and_in_the_dtype_of_the_logits(self, dtype: torch.dtype) -> None:
        logits = random_logits((16, 4), dtype)
        weights = self.make().sample(logits, 0.0, seeded()).weights
        (gradient,) = torch.autograd.grad(weights[:, 0].sum(), logits)
        assert gradient.dtype == dtype
        assert gradient.isfinite().all()
        assert gradient.abs().max() > 0

    def test_no_graph_is_kept_where_no_gradient_is_asked_for(self) -> None:
        relaxation, logits = self.make(), random_logits((6, 4))
        assert not relaxation.sample(logits.detach(), 0.0, seeded()).weights.requires_grad
        with torch.no_grad():
            assert not relaxation.sample(logits, 0.0, seeded()).weights.requires_grad

    def test_choices_do_not_see_each_other(self) -> None:
        relaxation, logits = self.make(), random_logits((3, 4))
        weights = relaxation.sample(logits, 0.0, seeded()).weights
        (gradient,) = torch.autograd.grad(weights[1, 0], logits)
        assert gradient[0].abs().max() == 0
        assert gradient[2].abs().max() == 0

    def test_weights_that_sum_to_one_can_only_be_traded_for_each_other(self) -> None:
        logits = random_logits((30, 4))
        weights = self.make().sample(logits, 0.0, seeded()).weights
        (gradient,) = torch.autograd.grad(weights.sum(), logits)
        assert gradient.abs().max() < 1e-5

    def test_the_probabilities_of_a_choice_depend_on_its_own_logits(self) -> None:
        relaxation, logits = self.make(), random_logits((3, 4)).detach()
        others = logits.clone()
        others[[0, 2]] = torch.randn(2, 4)
        torch.testing.assert_close(relaxation.probabilities(others)[1], relaxation.probabilities(logits)[1])

    def test_the_logits_stay_as_they_are(self) -> None:
        relaxation = self.make()
        for logits in (random_logits((6, 4)), random_logits((6, 4)).detach(), random_logits((6, 2)).detach()):
            before, version = logits.detach().clone(), logits._version
            weights = relaxation.sample(logits, 0.0, seeded()).weights
            if logits.requires_grad:
                torch.autograd.grad(weights, logits, torch.randn_like(weights))
            relaxation.probabilities(logits)
            assert torch.equal(logits.detach(), before), "the logits were changed in place"
            assert logits._version == version, "the logits were written to"

    # -- devices ----------------------------------------------------------------------------------------

    @on_a_gpu
    def test_on_a_gpu_it_keeps_the_same_promises(self) -> None:
        relaxation = self.make()
        for shape, dtype in itertools.product(SHAPES, DTYPES):
            logits = random_logits(shape, dtype, device="cuda")
            weights = relaxation.sample(logits, 0.5, seeded(device="cuda")).weights
            assert_on_simplex(weights, logits)
            assert_on_simplex(relaxation.probabilities(logits), logits)
            (gradient,) = torch.autograd.grad(weights, logits, torch.randn_like(weights))
            assert gradient.isfinite().all()
            assert torch.equal(relaxation.sample(logits, 0.5, seeded(device="cuda")).weights, weights)
