"""The loss of a run's supernet as a function of its choices."""

from __future__ import annotations

import itertools
import json
import math
import shutil
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import Tensor

import nasframe
from nasframe import Run, Sample, Supernet
from nasframe.cli import main
from nasframe.errors import RunError
from nasframe.pipeline import load_experiment
from nasframe.runs import load_checkpoint
from nasframe.runtime import Progress
from nasframe.tasks import Splits
from nasframe_estimators import exact_gradient, measure_estimators
from nasframe_estimators.functions.finished_run import function_of_run
from nasframe_estimators.functions.function import every_outcome, one_hot_weights
from nasframe_estimators.functions.supernet_loss import SupernetLoss
from tests.toys import STREAMS

BITS = 5.5


@pytest.fixture(scope="module")
def finished_run(tmp_path_factory: pytest.TempPathFactory, toy_streams: ModuleType) -> Path:
    """The folder of a run with choices in every group. Of two inputs there is one set of two sources."""
    folder = tmp_path_factory.mktemp("every_group")
    words = ["space.ports=shared", f"cache={folder / 'cache'}", "--out", str(folder / "run")]
    assert main(["run", str(STREAMS), *words]) == 0
    return folder / "run"


@pytest.fixture(scope="module")
def function(finished_run: Path) -> SupernetLoss:
    return function_of_run(finished_run, bits=BITS, progress=Progress())


@pytest.fixture(scope="module")
def brute_force(finished_run: Path, toy_streams: ModuleType) -> tuple[Supernet, torch.Tensor, Tensor]:
    """The supernet, loaded in another way, its inputs, and the targets of the whole architecture split."""
    run = Run.open(finished_run)
    found = load_checkpoint(run.checkpoints, "search")
    assert found is not None
    supernet = Supernet(run.architecture.space).double().eval()
    supernet.load_state_dict(found.part("supernet."))
    experiment = load_experiment(run)
    data = experiment.task.data({name: Path(path) for name, path in run.record["data"]["folders"].items()})
    split = data.splits.architecture
    return supernet, split, experiment.task  # type: ignore[return-value]


def dense_loss(
    brute_force: tuple[Supernet, torch.Tensor, Tensor], function: SupernetLoss, theta: dict[str, Tensor]
) -> Tensor:
    """E loss(D) with every candidate of every choice evaluated and weighted, one outcome after the other."""
    supernet, _, task = brute_force
    inputs = {name: value.double() for name, value in function.batch.inputs.items()}
    fixed = supernet.logits.one_hot(function.fixed)
    rows = [(supernet.logits.place[choice], theta[choice]) for choice in function.choices]
    total = torch.zeros((), dtype=torch.float64)
    for outcome in itertools.product(*(range(len(logits)) for _, logits in rows)):
        weights = {key: sample.weights.clone().double() for key, sample in fixed.items()}
        chance = torch.ones((), dtype=torch.float64)
        for ((table, row), logits), candidate in zip(rows, outcome, strict=True):
            weights[table.key][row] = 0.0
            weights[table.key][row, candidate] = 1.0
            chance = chance * logits.softmax(-1)[candidate]
        samples = {key: Sample(value, one_hot=False) for key, value in weights.items()}
        with torch.no_grad():
            loss = task.loss(supernet(inputs, samples), function.batch.targets)  # type: ignore[attr-defined]
        total = total + chance * loss
    return total


def test_the_exact_gradient_is_that_of_the_densely_evaluated_expectation(
    function: SupernetLoss, brute_force: tuple[Supernet, torch.Tensor, Tensor]
) -> None:
    supernet = brute_force[0]
    theta = {
        choice: supernet.logits.values[supernet.logits.place[choice][0].key][supernet.logits.place[choice][1]]
        .detach()
        .clone()
        .requires_grad_()
        for choice in function.choices
    }
    expectation = dense_loss(brute_force, function, theta)
    wanted = torch.autograd.grad(expectation, [theta[choice] for choice in function.choices])
    found = exact_gradient(function)
    assert torch.allclose(found, torch.cat(wanted), atol=1e-5 * float(found.norm()) + 1e-7)
    assert float(found.norm()) > 1e-4


def test_the_slopes_of_one_hot_weights_are_those_of_dense_ones(function: SupernetLoss) -> None:
    outcomes = every_outcome(function.packs)
    weights = [part.float() for part in one_hot_weights(function.packs, outcomes)]
    sparse = torch.cat([part.flatten(1) for part in function.slopes(weights, True)], -1)
    dense = torch.cat([part.flatten(1) for part in function.slopes(weights, False)], -1)
    assert torch.allclose(sparse, dense, rtol=1e-3, atol=1e-4)


def test_the_choices_are_within_the_bits_and_of_every_group(function: SupernetLoss) -> None:
    sizes = [pack.logits.shape[1] for pack in function.packs for _ in pack.logits]
    assert sum(map(math.log2, sizes)) <= BITS
    assert set(function.groups) == {"alpha", "beta", "gamma"}
    assert len(function.choices) == len(sizes)


def test_every_choice_that_varies_changes_the_loss(function: SupernetLoss) -> None:
    outcomes, values = every_outcome(function.packs), function.values(every_outcome(function.packs))
    for column in range(outcomes.shape[1]):
        others = torch.cat((outcomes[:, :column], outcomes[:, column + 1 :]), -1)
        groups = others.unique(dim=0, return_inverse=True)[1]  # type: ignore[no-untyped-call]
        assert any(values[groups == group].unique().numel() > 1 for group in range(int(groups.max()) + 1))


def test_the_batch_is_of_the_architecture_split(finished_run: Path, function: SupernetLoss) -> None:
    run = Run.open(finished_run)
    experiment = load_experiment(run)
    folders = {name: Path(path) for name, path in run.record["data"]["folders"].items()}
    split = experiment.task.data(folders).splits.architecture
    whole = split.batch(torch.arange(len(split))).inputs["left"].flatten(1).tolist()
    assert len(function.batch.targets) == min(experiment.search.batch_size, len(split))
    assert all(row in whole for row in function.batch.inputs["left"].flatten(1).tolist())


def test_the_test_split_stays_closed(
    finished_run: Path, toy_streams: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = toy_streams.Streams.data

    def guarded(self: object, folders: object) -> nasframe.Data:
        found = usual(self, folders)

        def refuse() -> nasframe.Split:
            raise AssertionError("the test split was opened")

        parts = found.splits
        splits = Splits(parts.weights, parts.architecture, parts.validation, refuse)
        return nasframe.Data(found.inputs, found.outputs, splits)

    monkeypatch.setattr(toy_streams.Streams, "data", guarded)
    assert measure_estimators(["softmax"], run=finished_run, bits=3, draws=2, temperatures=[1.0])


def test_its_score_function_is_unbiased_and_softmax_without_noise(finished_run: Path) -> None:
    found = {
        (entry.function, entry.relaxation): entry
        for entry in measure_estimators(
            ["softmax", "score_function", "stgs"], run=finished_run, bits=BITS, temperatures=[1.0], draws=3000
        )
    }
    assert {name for name, _ in found} == {"supernet", *(f"supernet:{g}" for g in ("alpha", "beta", "gamma"))}
    for name in ("supernet", "supernet:alpha", "supernet:gamma"):
        unbiased = found[name, "score_function"].bias_interval
        assert unbiased is not None
        assert unbiased[0] < 0.02
        assert found[name, "softmax"].variance == 0.0
    # soft weights cost a pass a draw, one-hot ones a pass an outcome
    assert found["supernet", "softmax"].draws == 200
    assert found["supernet", "stgs"].draws == 3000


def test_the_parts_of_the_groups_make_up_the_whole(finished_run: Path) -> None:
    found = {
        entry.function: entry
        for entry in measure_estimators(["score_function"], run=finished_run, bits=BITS, draws=500)
    }
    parts = [found[f"supernet:{group}"] for group in ("alpha", "beta", "gamma")]
    whole = found["supernet"]
    for key in ("variance", "mse"):
        together = sum(getattr(part, key) * part.scale**2 for part in parts if part.scale is not None)
        assert together == pytest.approx(getattr(whole, key) * whole.scale**2, rel=1e-6)  # type: ignore[operator]


def test_the_run_keeps_its_record_and_can_be_replaced(finished_run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(finished_run, copy)
    before = (copy / "run.json").read_bytes()
    words = ["--run", str(copy), "--bits", "3", "--relaxation", "softmax,score_function", "--draws", "20"]
    assert main(["estimators", *words]) == 0
    assert (copy / "run.json").read_bytes() == before
    names = {
        entry["relaxation"] for entry in json.loads((copy / "estimators" / "estimators.json").read_text())
    }
    assert names == {"softmax", "score_function"}
    Run.check_replaceable(copy, Run.open(copy).experiment_toml)


def test_a_loss_that_is_not_finite_is_said(function: SupernetLoss, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = SupernetLoss(
        function._net, function._task, function.batch, function.fixed, function.choices, Progress()
    )
    monkeypatch.setattr(type(function._task), "loss", lambda *_: torch.tensor(math.nan))
    with pytest.raises(RunError, match="the loss of the supernet is nan"):
        broken.values(every_outcome(broken.packs))


def test_a_run_without_a_supernet_is_refused(finished_run: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no such run folder"):
        function_of_run(tmp_path / "nowhere", progress=Progress())
    copy = tmp_path / "copy"
    shutil.copytree(finished_run, copy)
    for file in (copy / "checkpoints").glob("search*"):
        file.unlink()
    with pytest.raises(RunError, match="has no search checkpoint, and so no supernet"):
        function_of_run(copy, progress=Progress())


def test_a_source_for_a_task_that_reads_none_is_refused(
    finished_run: Path, toy_streams: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert measure_estimators("softmax", run=finished_run, bits=3, draws=2, temperatures=1.0)
    monkeypatch.setattr(toy_streams.Streams, "stages", lambda *_: [])
    with pytest.raises(RunError, match="its task 'streams' reads no data from outside"):
        function_of_run(finished_run, source=tmp_path, progress=Progress())


def test_the_choices_that_do_not_vary_are_those_of_the_architecture_file(
    finished_run: Path, function: SupernetLoss
) -> None:
    assert function.fixed == Run.open(finished_run).architecture.assignment
