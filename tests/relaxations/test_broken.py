"""A relaxation that breaks its contract is refused before a search starts, in words."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch
from attrs import frozen
from torch import Tensor

import nasframe
from nasframe.errors import ContractError
from nasframe.plugins import PluginManager, hookimpl
from nasframe.relaxations import Relaxation, Sample, check_relaxation
from tests.relaxations.conftest import SETTINGS

Function = Callable[[Tensor, "torch.Generator | None"], Any]


@frozen
class Brie(Relaxation):
    """Whatever a test makes of it."""

    weights: Function = lambda logits, _: Sample(logits.softmax(-1), one_hot=False)
    likely: Callable[[Tensor], Any] = lambda logits: logits.softmax(-1)

    def sample(self, logits: Tensor, progress: float = 0.0, generator: torch.Generator | None = None) -> Any:
        return self.weights(logits, generator)

    def probabilities(self, logits: Tensor) -> Any:
        return self.likely(logits)


def soft(change: Callable[[Tensor], Tensor], one_hot: bool = False) -> Function:
    return lambda logits, _: Sample(change(logits.softmax(-1)), one_hot)


def infinite(weights: Tensor) -> Tensor:
    """The weights as they are, with a gradient that is not finite."""
    zero = (weights - weights).abs()
    return weights + zero.sqrt()


COUNTER = itertools.count()

BROKEN: dict[str, tuple[Brie, str]] = {
    "off the simplex": (
        Brie(soft(lambda w: w * 2)),
        "the weights must lie on the simplex, not negative and with sum 1, found [",
    ),
    "negative": (Brie(soft(lambda w: w * 30 - 29 / w.shape[-1])), "the weights must lie on the simplex"),
    "NaN": (Brie(soft(lambda w: w * torch.nan)), "the weights must be finite, found [nan"),
    "wrong shape": (
        Brie(soft(lambda w: w[0])),
        "the weights must have the shape of the logits, (3, 2), found (2,)",
    ),
    "wrong dtype": (Brie(soft(lambda w: w.double())), "the weights must have dtype and device of the logits"),
    "no sample": (Brie(lambda logits, _: logits.softmax(-1)), "sample must return a nasframe.Sample, found"),
    "no tensor": (Brie(lambda logits, _: Sample([1.0], False)), "the weights must be a tensor, found list"),
    "not one-hot": (
        Brie(soft(lambda w: w, one_hot=True)),
        "one_hot says that the weights are exactly zeros and ones, found [",
    ),
    "noise of its own": (
        Brie(
            lambda logits, _: Sample(
                (logits + next(COUNTER) * torch.arange(logits.shape[-1])).softmax(-1), False
            )
        ),
        "the same state of the generator must give the same weights",
    ),
    "no gradient": (Brie(soft(lambda w: w.detach())), "must be differentiable with respect to the logits"),
    "gradient elsewhere": (
        Brie(soft(lambda w: w.detach().requires_grad_() * 1.0)),
        "must be differentiable with respect to the logits; no gradient arrives there",
    ),
    "infinite gradient": (Brie(soft(infinite)), "the gradient must be finite, found ["),
    "raises": (Brie(lambda logits, _: 1 / 0), "sample raised ZeroDivisionError: division by zero"),
    "probabilities": (
        Brie(likely=lambda logits: logits),
        "the probabilities must lie on the simplex, not negative and with sum 1, found [",
    ),
    "in place": (
        Brie(lambda logits, _: (logits.data.add_(1), Sample(logits.softmax(-1), False))[1]),
        "in place",
    ),
    "leaves": (Brie(lambda logits, _: sys.exit(3)), "sample raised SystemExit: 3"),
    "probabilities by chance": (
        Brie(likely=lambda logits: torch.rand_like(logits).softmax(-1)),
        "probabilities must be deterministic, found different ones for the same logits",
    ),
    "probabilities raise": (Brie(likely=lambda logits: {}["x"]), "probabilities raised KeyError: 'x'"),
}


@pytest.mark.parametrize(("relaxation", "message"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_promise_names_the_plugin_the_file_and_the_contract(
    relaxation: Brie, message: str, plugins: PluginManager
) -> None:
    class Cheese:
        @hookimpl
        def register_relaxations(self) -> dict[str, Any]:
            return {"brie": Brie}

    plugins.register(Cheese(), "cheese")
    with pytest.raises(ContractError) as caught:
        check_relaxation(relaxation)
    words = str(caught.value)
    assert words.startswith("relaxation 'brie' of plugin 'cheese' (")
    assert "test_broken.py) breaks the contract of nasframe.Relaxation: " in words
    assert message in words


def test_one_that_is_not_registered_is_named_by_its_class() -> None:
    with pytest.raises(ContractError, match=r"relaxation 'Brie' \(.*test_broken.py\) breaks the contract"):
        check_relaxation(Brie(soft(lambda w: w * 2)))


@pytest.mark.parametrize("relaxation", SETTINGS.values(), ids=SETTINGS.keys())
def test_our_own_keep_it(relaxation: Relaxation) -> None:
    check_relaxation(relaxation)


def test_a_search_is_refused_before_any_stage_runs() -> None:
    prepared: list[str] = []

    class Watched(nasframe.TensorTask):
        def stages(self, source: Any, seed: int) -> Any:
            prepared.append("stages")
            return ()

    task = Watched({"x": torch.rand(32, 4, 6), "y": torch.rand(32, 4, 6)}, torch.arange(32) % 2)
    experiment = nasframe.Experiment.of(
        task=task, space="bimodal", relaxation=Brie(soft(lambda w: w * 2)), device="cpu"
    )
    with pytest.raises(ContractError):
        nasframe.search(experiment)
    assert prepared == []


def test_the_check_leaves_the_logits_and_the_global_noise_alone() -> None:
    logits = torch.zeros(3, 4)
    before = torch.get_rng_state()
    check_relaxation(SETTINGS["grmc"], [logits])
    assert torch.equal(logits, torch.zeros(3, 4))
    assert not logits.requires_grad
    assert torch.equal(torch.get_rng_state(), before)


@frozen
class Late(Relaxation):
    """Keeps its promises until a third of the search is over."""

    how: str = "off"

    def sample(self, logits: Tensor, progress: float = 0.0, generator: torch.Generator | None = None) -> Any:
        good = Sample(logits.softmax(-1), one_hot=False)
        if not 0.3 < progress < 0.45:
            return good
        return {
            "off": Sample(good.weights * 3, False),
            "none": None,
            "shape": Sample(good.weights[:1], False),
        }[self.how]


@pytest.mark.parametrize("how", ["off", "none", "shape"])
def test_one_that_breaks_later_is_refused_in_the_epoch_in_which_it_does(how: str) -> None:
    streams = {name: torch.rand(32, 4, 6) for name in ("x", "y")}
    experiment = nasframe.Experiment.of(
        task=nasframe.TensorTask(streams, torch.arange(32) % 2),
        space="bimodal",
        relaxation=Late(how),
        search=nasframe.SearchOptions(epochs=5, batch_size=16),
        device="cpu",
    )
    with pytest.raises(ContractError, match="relaxation 'Late' .* breaks the contract"):
        nasframe.search(experiment)
