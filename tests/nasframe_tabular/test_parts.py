"""Places in the splits: every example once, classes spread evenly, folds that together are all."""

from __future__ import annotations

import pytest
import torch

from nasframe.errors import DataError
from nasframe.tasks import SPLITS
from nasframe_tabular.preparation import Standardiser, stratified_parts

LABELS = torch.tensor([0] * 300 + [1] * 100 + [2] * 30 + [3] * 70)[torch.randperm(500)]
SHARES = (0.4, 0.2, 0.15, 0.25)


@pytest.mark.parametrize("fold", [None, 0, 4])
def test_every_example_is_in_one_split(fold: int | None) -> None:
    parts = stratified_parts(LABELS, SHARES, fold, 0)
    assert [*parts] == [*SPLITS]
    assert torch.cat([*parts.values()]).sort().values.tolist() == [*range(500)]


def test_splits_have_their_shares() -> None:
    sizes = [len(rows) for rows in stratified_parts(LABELS, SHARES, None, 0).values()]
    assert sizes == [200, 100, 75, 125]
    # a fold is a fifth; the other three share the rest as 8 : 4 : 3
    assert [len(rows) for rows in stratified_parts(LABELS, SHARES, 1, 0).values()] == [213, 107, 80, 100]


@pytest.mark.parametrize("fold", [None, 2])
def test_every_split_has_each_class_in_its_share(fold: int | None) -> None:
    for rows in stratified_parts(LABELS, SHARES, fold, 3).values():
        counts = torch.bincount(LABELS[rows], minlength=4)
        expected = torch.bincount(LABELS) * len(rows) / 500
        # a part that wraps around the section of a fold may lose one at each end
        assert float((counts - expected).abs().max()) < 2


def test_the_test_parts_of_the_five_folds_hold_every_example_once() -> None:
    tests = [stratified_parts(LABELS, SHARES, fold, 7)["test"] for fold in range(5)]
    assert torch.cat(tests).sort().values.tolist() == [*range(500)]


def test_the_same_seed_gives_the_same_splits_and_another_one_others() -> None:
    first, again, other = (stratified_parts(LABELS, SHARES, None, seed)["test"] for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    stream = stratified_parts(LABELS, SHARES, None, 0, "images")["test"]
    assert not torch.equal(first, stream)


def test_too_few_examples_for_every_class_in_every_split_are_refused() -> None:
    with pytest.raises(DataError, match="the split .*: .* examples are too few for 4 classes"):
        stratified_parts(torch.arange(8) % 4, SHARES, None, 0)


def test_standardised_features_have_mean_0_and_deviation_1_where_they_vary() -> None:
    values = torch.randn(500, 3, dtype=torch.float64) * torch.tensor([2.0, 0.0, 5.0]) + 7
    found = Standardiser.of(values, dims=(0,))(values)
    torch.testing.assert_close(found.mean(0), torch.zeros(3, dtype=torch.float64), atol=1e-9, rtol=0)
    torch.testing.assert_close(found.std(0, correction=0)[[0, 2]], torch.ones(2, dtype=torch.float64))
    assert bool((found[:, 1] == 0).all())
