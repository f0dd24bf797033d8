"""The search engine: its updates, the known best architecture, and resuming after a kill."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from attrs import evolve

from nasframe import Data, Run, SearchOptions, SearchSpace, Splits, TensorTask
from nasframe.errors import RunError
from nasframe.relaxations import (
    Dirichlet,
    GappedStraightThrough,
    GumbelRaoMonteCarlo,
    ReinMax,
    Relaxation,
    Softmax,
    Sparsemax,
    StraightThroughGumbelSoftmax,
)
from nasframe.runtime import generator
from nasframe.searching import Bilevel, Search, Update
from nasframe.searching.derivation import derive_around
from nasframe.searching.gradient.dealt_sources import cost_of_dealing
from nasframe.searching.gradient.joint import Joint
from nasframe_bimodal.space import Bimodal
from tests.comparing import without_time

RELAXATIONS = [
    Softmax(),
    StraightThroughGumbelSoftmax(),
    GumbelRaoMonteCarlo(),
    ReinMax(),
    GappedStraightThrough(),
    Dirichlet(),
    Sparsemax(),
]
NAMES = [type(item).__name__ for item in RELAXATIONS]


def closed() -> Any:
    raise AssertionError("the test split was opened")


def search(task: TensorTask, data: Data, **changes: Any) -> Search:
    """A short search on the digits, with a test split that raises."""
    splits = data.splits
    data = evolve(data, splits=Splits(splits.weights, splits.architecture, splits.validation, closed))
    arguments: dict[str, Any] = {
        "space": Bimodal(channels=8).build(data.inputs, data.outputs),
        "task": task,
        "data": data,
        "relaxation": GumbelRaoMonteCarlo(samples=10),
        "loop": Bilevel(architecture_rate=1e-2),
        "options": SearchOptions(epochs=3, batch_size=32),
    }
    return Search(**arguments | changes)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("relaxation", RELAXATIONS, ids=NAMES)
def test_every_relaxation_finds_the_known_best_candidates_within_320_steps(
    toy_plugin: ModuleType, relaxation: Relaxation, seed: int
) -> None:
    task = toy_plugin.ToyTask()
    data = task.data({})
    engine = Search(
        space=toy_plugin.ToySpace().build(data.inputs, 1),
        task=task,
        data=data,
        relaxation=relaxation,
        loop=Joint(architecture_rate=5e-2),
        options=SearchOptions(epochs=80, batch_size=32),
        seed=seed,
    )
    found = engine.fit().assignment
    right = sum(found[name] == best for name, best in toy_plugin.BEST.items())
    assert right >= 0.95 * len(toy_plugin.BEST)


@pytest.mark.parametrize("relaxation", RELAXATIONS, ids=NAMES)
def test_the_same_seed_gives_the_same_architecture_and_the_same_metrics(
    digits: TensorTask, digits_data: Data, relaxation: Relaxation
) -> None:
    first, second = (search(digits, digits_data, relaxation=relaxation) for _ in range(2))
    assert first.fit() == second.fit()
    assert without_time(first.history) == without_time(second.history)


def test_another_seed_gives_other_metrics(digits: TensorTask, digits_data: Data) -> None:
    first, second = (search(digits, digits_data, seed=seed) for seed in (0, 1))
    first.fit(), second.fit()
    assert without_time(first.history) != without_time(second.history)


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("loop", [Bilevel(architecture_rate=1e-2), Joint(architecture_rate=1e-2)])
def test_a_killed_search_resumes_to_the_same_bits(
    digits: TensorTask, digits_data: Data, tmp_path: Path, plugins: Any, loop: Any
) -> None:
    from nasframe import hookimpl

    class Killer:
        armed = True

        @hookimpl
        def search_step(self, run: Any, step: int) -> None:
            if self.armed and run is not None and run.metrics and run.metrics[-1]["epoch"] == 2 and step == 3:
                raise Killed

    options = {"loop": loop, "options": SearchOptions(epochs=4, batch_size=32)}
    whole = search(digits, digits_data, **options)
    whole.fit()
    run = Run.create(tmp_path / "run", "")
    killer = Killer()
    plugins.register(killer, "killer")
    with pytest.raises(Killed):
        search(digits, digits_data, run=run, **options).fit()
    assert len(run.metrics) == 2
    killer.armed = False
    resumed = search(digits, digits_data, run=run, **options)
    resumed.fit()
    assert without_time(run.metrics) == without_time(resumed.history) == without_time(whole.history)
    for name, value in whole.supernet.state_dict().items():
        assert torch.equal(value, resumed.supernet.state_dict()[name]), name


@pytest.mark.parametrize("relaxation", RELAXATIONS, ids=NAMES)
def test_the_architecture_step_changes_no_weights_and_no_buffers(
    digits: TensorTask, digits_data: Data, relaxation: Relaxation
) -> None:
    space = Bimodal(channels=8, norm="batch_norm").build(digits_data.inputs, digits_data.outputs)
    engine = search(digits, digits_data, space=space, relaxation=relaxation)
    engine.supernet.train()
    before = {name: value.clone() for name, value in engine.supernet.state_dict().items()}
    batch = digits_data.splits.architecture.batch(torch.arange(32))
    engine.learner.update(Update("architecture", batch), 0, torch.Generator().manual_seed(0))
    after = engine.supernet.state_dict()
    assert sum(name.endswith("running_mean") for name in after)
    changed = {name for name, value in after.items() if not torch.equal(value, before[name])}
    assert changed
    assert all(name.startswith("logits.") for name in changed)
    assert all(parameter.requires_grad for parameter in engine.supernet.parameters())


@pytest.mark.parametrize("relaxation", RELAXATIONS, ids=NAMES)
def test_the_weight_step_changes_no_logits(
    digits: TensorTask, digits_data: Data, relaxation: Relaxation
) -> None:
    engine = search(digits, digits_data, relaxation=relaxation)
    before = [value.clone() for value in engine.supernet.architecture_parameters()]
    batch = digits_data.splits.weights.batch(torch.arange(32))
    engine.learner.update(Update("weights", batch), 0, torch.Generator().manual_seed(0))
    assert all(map(torch.equal, before, engine.supernet.architecture_parameters()))


def test_an_operation_that_was_not_sampled_is_not_updated(digits: TensorTask, digits_data: Data) -> None:
    engine = search(digits, digits_data, loop=Bilevel(weight_decay=0.1))
    logits = engine.supernet.logits
    with torch.no_grad():  # concat_fc is practically never sampled
        logits.values["gamma"][:, -1] = -50.0
    before = {name: value.clone() for name, value in engine.supernet.named_parameters()}
    noise = torch.Generator().manual_seed(0)
    for _ in range(5):
        engine.learner.update(Update("weights", digits_data.splits.weights.batch(torch.arange(32))), 0, noise)
    for name, value in engine.supernet.named_parameters():
        if ".concat_fc." in name:
            assert torch.equal(value, before[name]), name


@pytest.mark.parametrize(("modalities", "cells"), [(3, 2), (2, 5), (3, 5)])
def test_three_modalities_or_five_cells_search_as_well_as_two(
    digits: TensorTask, modalities: int, cells: int
) -> None:
    images = torch.cat(list(digits.tensors.values()), dim=-1)
    tensors = {f"m{index}": images[:, :, 2 * index : 2 * index + 2] for index in range(modalities)}
    task = TensorTask(tensors, digits.labels)
    data = task.data({})
    space = Bimodal(channels=8, cells=cells).build(data.inputs, data.outputs)
    engine = search(task, data, space=space, options=SearchOptions(epochs=3, batch_size=32))
    architecture = engine.fit()
    assert space.validate(architecture.assignment) == architecture.assignment
    assert engine.history[-1]["validation"]["loss"] < engine.history[0]["validation"]["loss"]


def test_warm_up_epochs_leave_the_logits_alone(digits: TensorTask, digits_data: Data) -> None:
    for loop in (Bilevel(), Joint()):
        engine = search(digits, digits_data, loop=loop, options=SearchOptions(epochs=3, warmup_epochs=2))
        before = [value.clone() for value in engine.supernet.architecture_parameters()]
        for epoch in range(2):
            engine._epoch(epoch)
        assert all(map(torch.equal, before, engine.supernet.architecture_parameters()))
        engine._epoch(2)
        after = engine.supernet.architecture_parameters()
        # one candidate is no choice, and has no gradient
        pairs = [(a, b) for a, b in zip(before, after, strict=True) if a.shape[1] > 1]
        assert pairs
        assert not any(torch.equal(a, b) for a, b in pairs)


def test_the_cosine_schedule_lowers_the_rate_of_the_weights_only(
    digits: TensorTask, digits_data: Data
) -> None:
    engine = search(digits, digits_data, options=SearchOptions(epochs=4, schedule="cosine"))
    engine.fit()
    rates = [
        optimiser.param_groups[0]["lr"]
        for optimiser in (engine.learner.weights_optimiser, engine.learner.architecture_optimiser)
    ]
    assert rates[0] == pytest.approx(1e-3 * 0.5 * (1 + 2**-0.5 * -1))
    assert rates[1] == 1e-2


def test_gradients_are_clipped_to_the_norm_that_was_asked(digits: TensorTask, digits_data: Data) -> None:
    engine = search(digits, digits_data, options=SearchOptions(clip_norm=1e-3))
    batch = digits_data.splits.weights.batch(torch.arange(32))
    engine.learner.update(Update("weights", batch), 0, torch.Generator().manual_seed(0))
    gradients = [value.grad for value in engine.supernet.weights() if value.grad is not None]
    assert torch.stack([gradient.norm() for gradient in gradients]).norm() <= 1e-3 * (1 + 1e-4)


def test_logits_that_are_not_finite_stop_the_search_and_are_not_kept(
    digits: TensorTask, digits_data: Data, tmp_path: Path
) -> None:
    run = Run.create(tmp_path / "run", "")
    engine = search(digits, digits_data, run=run)
    with torch.no_grad():
        engine.supernet.logits.values["gamma"][0, 0] = float("nan")
    with pytest.raises(RunError, match="of epoch 1 of the search (is|are) not finite"):
        engine.fit()
    assert run.metrics == []
    assert not list(run.checkpoints.iterdir())


def test_an_empty_split_is_refused_by_name(digits: TensorTask, digits_data: Data) -> None:
    from nasframe import TensorSplit
    from nasframe.errors import DataError

    empty = TensorSplit({}, torch.empty(0, dtype=torch.long), [])
    splits = evolve(digits_data.splits, architecture=empty)
    with pytest.raises(DataError, match="the split 'architecture' holds no example"):
        search(digits, evolve(digits_data, splits=splits))


def test_the_size_penalty_makes_the_network_smaller(digits: TensorTask, digits_data: Data) -> None:
    from nasframe import cost_of

    sizes = []
    for penalty in (0.0, 1e5):
        options = SearchOptions(epochs=10, batch_size=32, size_penalty=penalty)
        sizes.append(
            cost_of(search(digits, digits_data, loop=Joint(architecture_rate=5e-2), options=options).fit())
        )
    assert sizes[1].parameters < sizes[0].parameters


def test_a_loss_that_is_not_finite_stops_the_search_in_words(digits: TensorTask, digits_data: Data) -> None:
    class Broken(TensorTask):
        def loss(self, outputs: Any, targets: Any) -> Any:
            return super().loss(outputs, targets) * float("nan")

    broken = Broken(digits.tensors, digits.labels)
    with pytest.raises(RunError, match="the loss of epoch 1 of the search is not finite"):
        search(broken, digits_data).fit()


def test_where_the_search_samples_what_it_derives_the_derived_network_with_its_weights_is_the_supernet(
    digits: TensorTask, digits_data: Data
) -> None:
    made = search(
        digits,
        digits_data,
        space=Bimodal(channels=8, cells=1, ports="choose").build(digits_data.inputs, digits_data.outputs),
    )
    made.fit()
    hot = made.supernet.logits.one_hot(made.derive().assignment)
    outputs, targets = made._validate(hot)
    assert made.inherited() == pytest.approx(
        {"loss": float(digits.loss(outputs, targets)), **digits.metrics(outputs, targets)}, abs=1e-5
    )
    assert made.summary()["inherited"] == made.inherited()


@pytest.mark.parametrize("candidates", [1, 6])
def test_where_sources_are_dealt_out_the_summary_has_the_metrics_of_what_was_searched_and_of_what_is_built(
    digits: TensorTask, digits_data: Data, candidates: int
) -> None:
    made = search(
        digits,
        digits_data,
        space=Bimodal(channels=8, ports="shared").build(digits_data.inputs, digits_data.outputs),
        options=SearchOptions(epochs=2, batch_size=32, candidates=candidates),
    )
    chosen = made.fit()
    summary = made.summary()
    outputs, targets = made._validate(made.supernet.logits.one_hot(chosen.assignment))
    assert summary["searched"]["accuracy"] == pytest.approx(digits.metrics(outputs, targets)["accuracy"])
    assert summary["searched"]["loss"] == pytest.approx(float(digits.loss(outputs, targets)))
    assert summary["searched"] != summary["inherited"]
    (sentence,) = summary["dealt"]
    searched, built = (f"{summary[key]['accuracy']:.3f}" for key in ("searched", "inherited"))
    assert f"the search evaluated {searched}, and the network that is built gets {built} with" in sentence
    if candidates > 1:
        assert summary["searched"]["accuracy"] == pytest.approx(summary["selection"]["chosen"])


def test_where_the_supernet_gives_no_finite_number_for_an_architecture_the_cost_of_dealing_says_so() -> None:
    space = Bimodal(ports="shared").make({"a": (4, 3), "b": (4, 3)}, 2)
    told = cost_of_dealing(space, "auc", {"auc": None}, {"auc": 0.5})
    assert "evaluated undefined, and the network that is built gets 0.500" in told


def test_a_space_that_names_no_exact_form_is_told_of_the_cost_alone() -> None:
    told = cost_of_dealing(SearchSpace("mine"), "auc", {"auc": 0.9}, {"auc": 0.5})
    assert told.endswith("gets 0.500 with the same weights (auc on validation).")


def test_among_candidates_the_supernets_best_on_validation_is_chosen(
    digits: TensorTask, digits_data: Data
) -> None:
    options = SearchOptions(epochs=2, batch_size=32, candidates=12)
    made = search(digits, digits_data, options=options)
    chosen = made.fit()
    random = generator(made.seed, "candidates")
    around = derive_around(made.space, made._probabilities(), 11, random)
    scores = []
    for architecture in around:
        outputs, targets = made._validate(made.supernet.logits.one_hot(architecture.assignment))
        scores.append(digits.metrics(outputs, targets)["accuracy"])
    assert chosen == around[scores.index(max(scores))]
    selection = dict(made.summary()["selection"])
    assert selection.pop("seconds") >= 0
    assert selection == {
        "candidates": len(around),
        "rule": pytest.approx(scores[0]),
        "chosen": pytest.approx(max(scores)),
    }


def test_with_one_candidate_the_rule_decides(digits: TensorTask, digits_data: Data) -> None:
    made = search(digits, digits_data)
    assert made.fit() == made.derive()
    assert "selection" not in made.summary()
