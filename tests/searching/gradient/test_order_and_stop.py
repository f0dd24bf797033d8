"""The order of updates, the drawing of batches, and the stop rule."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import pytest
import torch

from nasframe import SearchOptions, TensorSplit
from nasframe.searching import Bilevel
from nasframe.searching.gradient.joint import Joint
from nasframe.searching.gradient.stop import has_converged
from nasframe.tasks import Batch
from nasframe.training import JoinedSplit, batches

CPU = torch.device("cpu")


def split(size: int, start: int = 0, weights: torch.Tensor | None = None) -> TensorSplit:
    rows = torch.arange(start, start + size)
    return TensorSplit({"x": rows[:, None].float()}, rows, [str(int(row)) for row in rows], weights)


def draw(found: Any) -> Iterator[Batch]:
    return batches(found, 4, torch.Generator().manual_seed(0), CPU)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(("weights", "architecture"), [(40, 40), (40, 8), (8, 40), (40, 12), (5, 1)])
def test_bilevel_spreads_the_architecture_updates_evenly_among_the_weight_updates(
    weights: int, architecture: int, order: Any
) -> None:
    updates = Bilevel(order=order).updates(split(weights), split(architecture, 1000), draw, 4)
    kinds = [update.kind for update in updates]
    count = {kind: kinds.count(kind) for kind in ("weights", "architecture")}
    assert count == {"weights": -(-weights // 4), "architecture": -(-architecture // 4)}
    assert kinds[0 if order == 1 else -1] == "weights"
    runs = [len(list(group)) for kind, group in groupby(kinds) if kind == "architecture"]
    assert max(runs) - min(runs) <= 1


def test_bilevel_takes_each_kind_from_its_own_split() -> None:
    for update in Bilevel().updates(split(20), split(20, 1000), draw, 4):
        assert (update.batch.targets >= 1000).all() == (update.kind == "architecture")


def test_bilevel_of_first_order_has_no_inner_batches() -> None:
    updates = Bilevel().updates(split(20), split(20, 1000), draw, 4)
    assert all(update.inner is None for update in updates)


@pytest.mark.parametrize(("weights", "architecture"), [(40, 40), (40, 8), (8, 40)])
def test_bilevel_of_second_order_looks_ahead_by_the_batch_that_the_weights_learn_from_next(
    weights: int, architecture: int
) -> None:
    updates = [*Bilevel(order=2).updates(split(weights), split(architecture, 1000), draw, 4)]
    for place, update in enumerate(updates):
        if update.kind == "architecture":
            following = next(item for item in updates[place:] if item.kind == "weights")
            assert update.inner is following.batch
        else:
            assert update.inner is None


def test_both_orders_take_the_same_batches_in_the_same_order() -> None:
    seen = []
    for order in (1, 2):
        random = torch.Generator().manual_seed(0)

        def draw(found: Any, random: torch.Generator = random) -> Iterator[Batch]:
            return batches(found, 4, random, CPU)

        updates = [*Bilevel(order=order).updates(split(20), split(20, 1000), draw, 4)]  # type: ignore[arg-type]
        seen.append(
            {
                kind: [update.batch.targets.tolist() for update in updates if update.kind == kind]
                for kind in ("weights", "architecture")
            }
        )
    assert seen[0] == seen[1]


def test_joint_takes_both_splits_in_one_batch_each_example_once() -> None:
    updates = list(Joint().updates(split(10), split(7, 1000), draw, 4))
    assert {update.kind for update in updates} == {"both"}
    seen = torch.cat([update.batch.targets for update in updates]).sort().values
    assert torch.equal(seen, torch.cat([torch.arange(10), torch.arange(1000, 1007)]))


def test_a_joined_split_keeps_the_order_that_was_asked() -> None:
    joined = JoinedSplit(split(3), split(3, 1000))
    rows = torch.tensor([4, 0, 5, 2, 3])
    batch = joined.batch(rows)
    assert batch.targets.tolist() == [1001, 0, 1002, 2, 1000]
    assert batch.inputs["x"].flatten().tolist() == [1001, 0, 1002, 2, 1000]


def test_sampling_weights_balance_the_classes() -> None:
    weights = torch.tensor([1.0] * 10 + [0.0] * 5 + [9.0] * 1)
    found = torch.cat(
        [batch.targets for batch in batches(split(16, weights=weights), 4, torch.Generator(), CPU)]
    )
    assert len(found) == 16
    assert not ((found >= 10) & (found < 15)).any()


def record(entropy: float, derived: str = "a") -> dict[str, Any]:
    return {"entropy": {"alpha": entropy, "gamma": 0.1}, "derived": derived}


OPTIONS = SearchOptions(min_epochs=3, patience=2, level=0.5, tolerance=1e-3)


def test_a_search_stops_when_entropy_is_low_and_steady_and_the_architecture_stays() -> None:
    assert has_converged([record(0.4)] * 3, OPTIONS)


@pytest.mark.parametrize(
    "history",
    [
        [record(0.4)] * 2,
        [record(0.6)] * 5,
        [record(0.4), record(0.4), record(0.401)],
        [record(0.4, "a"), record(0.4, "b"), record(0.4, "b")],
    ],
    ids=["too early", "undecided", "still falling", "the architecture changed"],
)
def test_a_search_goes_on(history: list[dict[str, Any]]) -> None:
    assert not has_converged(history, OPTIONS)
