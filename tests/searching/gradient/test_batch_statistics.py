"""Statistics of batch normalisation that are taken anew for one architecture."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import update_bn

from nasframe import Architecture, Data, TensorTask, build
from nasframe.network import inherit
from nasframe.searching.gradient.batch_statistics import batch_norms, fresh_statistics
from nasframe.searching.gradient.supernet_score import SupernetScore
from nasframe.supernet import Supernet
from nasframe_bimodal.space import Bimodal

CPU = torch.device("cpu")


def network() -> nn.Sequential:
    torch.manual_seed(0)
    made = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.BatchNorm1d(4, affine=False))
    for _ in range(3):
        made(torch.randn(6, 3) * 5 + 2)
    return made.eval()


def test_within_the_block_layers_normalise_by_the_mean_statistics_of_the_passes() -> None:
    made, batches = network(), [torch.randn(8, 3) for _ in range(3)]
    layer = made[1]
    assert isinstance(layer, nn.BatchNorm1d)
    with fresh_statistics(batch_norms(made), [lambda batch=batch: made(batch) for batch in batches]):
        seen = [made[0](batch) for batch in batches]
        assert layer.running_mean is not None
        assert layer.running_var is not None
        torch.testing.assert_close(layer.running_mean, torch.stack([item.mean(0) for item in seen]).mean(0))
        torch.testing.assert_close(layer.running_var, torch.stack([item.var(0) for item in seen]).mean(0))


@pytest.mark.parametrize("fails", [False, True])
def test_afterwards_everything_is_as_it_was(fails: bool) -> None:
    made = network()
    before = {name: value.clone() for name, value in made.state_dict().items()}
    momenta = [layer.momentum for layer in batch_norms(made)]

    def forward() -> Tensor:
        found: Tensor = made(torch.randn(8, 3))
        if fails:
            raise RuntimeError("a pass fails")
        return found

    if fails:
        with (
            pytest.raises(RuntimeError, match="a pass fails"),
            fresh_statistics(batch_norms(made), [forward]),
        ):
            pass
    else:
        with fresh_statistics(batch_norms(made), [forward]):
            assert any(not torch.equal(value, before[name]) for name, value in made.state_dict().items())
    after = made.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert [layer.momentum for layer in batch_norms(made)] == momenta
    assert not any(module.training for module in made.modules())


def test_dropout_draws_nothing_in_the_passes() -> None:
    made, state = network(), torch.get_rng_state()
    batch = torch.linspace(-1, 1, 24).view(8, 3)
    with fresh_statistics(batch_norms(made), [lambda: made(batch)]):
        made(batch)
    assert torch.equal(torch.get_rng_state(), state)


def test_a_layer_without_running_statistics_is_left_alone() -> None:
    assert batch_norms(nn.BatchNorm1d(3, track_running_stats=False)) == []


def test_the_supernet_scores_a_network_with_statistics_of_its_own(
    digits: TensorTask, digits_data: Data
) -> None:
    options = Bimodal(channels=8, cells=1, norm="batch_norm", dropout=0.0)  # update_bn trains every layer
    space = options.build(digits_data.inputs, digits_data.outputs)
    torch.manual_seed(1)
    supernet = Supernet(space)
    splits = digits_data.splits
    whole = torch.arange(len(splits.weights))
    inputs = splits.weights.batch(whole).inputs
    for seed in range(4):  # statistics of other architectures, mixed
        supernet.train()(inputs, supernet.logits.one_hot(space.sample(seed)))
    score = SupernetScore(supernet, digits, splits.validation, splits.weights, 10**4, CPU)
    rows = torch.arange(len(splits.validation))
    for seed in range(10, 14):
        architecture = Architecture(space, space.sample(seed))
        built = build(architecture)
        inherit(built, supernet.state_dict())
        update_bn([inputs], built)
        validation = splits.validation.batch(rows)
        with torch.no_grad():
            outputs = built.eval()(validation.inputs)
        wanted = digits.metrics(outputs, validation.targets)[digits.objective]
        found = score(architecture.assignment)
        assert found.score == pytest.approx(wanted)
        assert -found.rank[0] == pytest.approx(float(digits.loss(outputs, validation.targets)), rel=1e-4)


@pytest.mark.parametrize("by_loss", [True, False])
def test_candidates_are_ranked_by_the_loss_or_by_the_objective(
    digits: TensorTask, digits_data: Data, by_loss: bool
) -> None:
    space = Bimodal(channels=8, cells=1, nodes=1).build(digits_data.inputs, digits_data.outputs)
    splits, supernet = digits_data.splits, Supernet(space)
    score = SupernetScore(supernet, digits, splits.validation, splits.weights, 64, CPU, by_loss=by_loss)
    found = [score(space.sample(seed)) for seed in range(12)]
    rows = torch.arange(len(splits.validation))
    batch = splits.validation.batch(rows)
    for item in found:
        with torch.no_grad():
            outputs = supernet.eval()(batch.inputs, supernet.logits.one_hot(item.assignment))
        loss, objective = float(digits.loss(outputs, batch.targets)), item.score
        assert objective == pytest.approx(digits.metrics(outputs, batch.targets)[digits.objective])
        assert item.rank == pytest.approx((-loss, objective) if by_loss else (objective, -loss), rel=1e-4)
