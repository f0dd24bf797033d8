"""Random numbers behind the relaxations."""

from __future__ import annotations

import pytest
import torch
from scipy import stats

from nasframe.relaxations import categorical, log_exponential
from nasframe.relaxations.noise import logistic

DTYPES = [torch.float32, torch.float64]


@pytest.mark.parametrize("dtype", DTYPES)
def test_log_exponential_turned_round_is_gumbel(dtype: torch.dtype) -> None:
    draws = -log_exponential((20_000,), torch.empty(0, dtype=dtype), torch.Generator().manual_seed(0))
    assert stats.kstest(draws.double().numpy(), stats.gumbel_r.cdf).pvalue > 1e-3


@pytest.mark.parametrize("dtype", DTYPES)
def test_logistic_is_logistic(dtype: torch.dtype) -> None:
    draws = logistic((20_000,), torch.empty(0, dtype=dtype), torch.Generator().manual_seed(0))
    assert stats.kstest(draws.double().numpy(), stats.logistic.cdf).pvalue > 1e-3


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("extreme", ["least", "greatest"])
def test_the_extreme_uniforms_give_finite_noise(
    extreme: str, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = 0.0 if extreme == "least" else 1 - torch.finfo(dtype).eps / 2
    monkeypatch.setattr(torch, "rand", lambda shape, dtype, **_: torch.full(shape, value, dtype=dtype))
    like = torch.empty(0, dtype=dtype)
    assert log_exponential((3,), like).isfinite().all()
    assert logistic((3,), like).isfinite().all()


def test_a_candidate_with_vanishing_probability_is_not_drawn() -> None:
    log_p = torch.tensor([[0.0, -200.0, -1e4]]).expand(1000, 3)
    assert categorical(log_p, torch.Generator().manual_seed(0)).max() == 0
