from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch.nn import functional as F

from nasframe_deepfake.detection import LABELS, HeadKind, make_heads

TARGETS = torch.tensor([[0.0, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 0, 0, 1]])


def test_a_single_head_learns_fake_or_not_by_the_cross_entropy() -> None:
    outputs = torch.tensor([[-1.0], [2.0], [0.5], [-0.5]])
    expected = -sum(math.log(1 / (1 + math.exp(z))) for z in (1 * -1.0, -2.0, -0.5, 0.5)) / 4
    assert float(make_heads("single").loss(outputs, TARGETS)) == pytest.approx(expected)


def test_separate_heads_learn_each_kind_of_fake_by_the_sum_of_its_cross_entropies() -> None:
    outputs = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
    expected = sum(
        F.binary_cross_entropy_with_logits(outputs[:, column], TARGETS[:, column + 1]) for column in range(3)
    )
    torch.testing.assert_close(make_heads("separate").loss(outputs, TARGETS), torch.as_tensor(expected))


def test_the_score_of_separate_heads_is_the_chance_that_any_kind_holds() -> None:
    probabilities = (0.2, 0.5, 0.9)
    outputs = torch.logit(torch.tensor([probabilities]))
    # by enumeration of the eight cases, all but the one in which nothing holds
    expected = sum(
        math.prod(p if holds else 1 - p for p, holds in zip(probabilities, case, strict=True))
        for case in itertools.product((False, True), repeat=3)
        if any(case)
    )
    heads = make_heads("separate")
    assert float(heads.scores(outputs)[0]) == pytest.approx(expected, rel=1e-6)
    parts = {name: float(value[0]) for name, value in heads.parts(outputs).items()}
    assert parts == pytest.approx(dict(zip(LABELS[1:], probabilities, strict=True)), rel=1e-6)


@pytest.mark.parametrize("kind", ["single", "separate"])
def test_the_log_odds_of_large_logits_stay_apart_and_finite(kind: HeadKind) -> None:
    heads = make_heads(kind)
    outputs = torch.tensor([-200.0, -30, -20, 0, 20, 38, 45, 60, 500])[:, None].expand(-1, heads.outputs)
    found = heads.log_odds(outputs)
    assert found.isfinite().all()
    assert found.tolist() == sorted(set(found.tolist()))
    torch.testing.assert_close(heads.scores(outputs), torch.sigmoid(found))


def test_a_single_head_tells_no_kinds_apart() -> None:
    assert make_heads("single").parts(torch.zeros(2, 1)) == {}
