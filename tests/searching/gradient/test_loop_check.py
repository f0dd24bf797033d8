"""Loops, rules and spaces that break their contract are found before a search, which stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from attrs import field, frozen

from nasframe import Batch, Choice, SearchSpace, TensorTask, Update
from nasframe.errors import ContractError, SpaceError
from nasframe.relaxations import Softmax
from nasframe.searching import AdamLoop, Bilevel, Search, SearchOptions
from nasframe.searching.gradient.joint import Joint
from nasframe.space import SpaceFactory, check_space


def space_of(derivation: Any = "argmax") -> SearchSpace:
    space = SearchSpace("one", derivation=derivation)
    space.add_input("x", (4, 6))
    space.add_node("y", choice=Choice("one", ("dense", "identity"), "gamma"))
    space.connect("x", "y")
    space.set_output("y")
    return space


@pytest.fixture(autouse=True)
def dense() -> Iterator[None]:
    from nasframe.testing.registration import registered
    from tests.supernet.test_operation_check import Linear

    with registered(operations={"dense": Linear}):
        yield


def searched(loop: Any, space: SearchSpace | None = None, epochs: int = 1) -> Search:
    random = torch.Generator().manual_seed(0)
    task = TensorTask({"x": torch.randn(60, 4, 6, generator=random)}, torch.arange(60) % 2)
    task.loss = lambda outputs, targets: (outputs.mean((1, 2)) - targets).square().mean()  # type: ignore[method-assign]
    task.metrics = lambda outputs, targets: {task.objective: float(outputs.mean())}  # type: ignore[method-assign]
    return Search(
        space=space or space_of(),
        task=task,
        data=task.data({}),
        relaxation=Softmax(),
        loop=loop,
        options=SearchOptions(epochs=epochs, batch_size=8),
    )


@frozen
class Made(AdamLoop):
    """A loop whose updates are given."""

    of: Any = None

    def updates(self, weights: Any, architecture: Any, draw: Any, size: int) -> Any:
        return self.of(weights, architecture, draw, size)


def nothing(weights: Any, architecture: Any, draw: Any, size: int) -> Any:
    return iter(())


def no_updates(weights: Any, architecture: Any, draw: Any, size: int) -> Any:
    return None


def unknown_kind(weights: Any, architecture: Any, draw: Any, size: int) -> Any:
    yield Update("weigths", next(draw(weights)))  # type: ignore[arg-type]


def no_update(weights: Any, architecture: Any, draw: Any, size: int) -> Any:
    yield "weights", next(draw(weights))


def late(weights: Any, architecture: Any, draw: Any, size: int) -> Any:
    for batch in draw(weights):
        yield Update("weights", batch)
    yield None


def raises(weights: Any, architecture: Any, draw: Any, size: int) -> Any:
    yield Update("weights", next(draw(weights)))
    raise KeyError("cheese")


def endless(weights: Any, architecture: Any, draw: Any, size: int) -> Any:
    while True:
        yield Update("both", next(draw(weights)))


def wrong_split(weights: Any, architecture: Any, draw: Any, size: int) -> Any:
    yield Update("weights", next(draw(architecture)))


def no_batch(weights: Any, architecture: Any, draw: Any, size: int) -> Any:
    yield Update("weights", None)  # type: ignore[arg-type]


def wrong_shape(weights: Any, architecture: Any, draw: Any, size: int) -> Any:
    batch = next(draw(weights))
    yield Update("weights", Batch({"x": batch.inputs["x"].flatten(1)}, batch.targets))


def inner_of_weights(weights: Any, architecture: Any, draw: Any, size: int) -> Any:
    batch = next(draw(weights))
    yield Update("weights", batch, batch)


def inner_of_both(weights: Any, architecture: Any, draw: Any, size: int) -> Any:
    batch = next(draw(weights))
    yield Update("both", batch, inner=batch)


def inner_of_the_wrong_split(weights: Any, architecture: Any, draw: Any, size: int) -> Any:
    batch = next(draw(architecture))
    yield Update("architecture", batch, batch)


def inner_is_no_batch(weights: Any, architecture: Any, draw: Any, size: int) -> Any:
    yield Update("architecture", next(draw(architecture)), next(draw(weights)).inputs)


def inner_of_a_wrong_shape(weights: Any, architecture: Any, draw: Any, size: int) -> Any:
    batch = next(draw(weights))
    flat = Batch({"x": batch.inputs["x"].flatten(1)}, batch.targets)
    yield Update("architecture", next(draw(architecture)), flat)


@pytest.mark.parametrize(
    ("of", "message"),
    [
        (inner_of_weights, "an update of kind 'weights' has no inner batch"),
        (inner_of_both, "an update of kind 'both' has no inner batch"),
        (inner_of_the_wrong_split, "the inner batch .* of the split 'weights', found one of 'architecture'"),
        (inner_is_no_batch, "the inner batch of an update must be a nasframe.Batch, found dict"),
        (inner_of_a_wrong_shape, r"the inner batch .* input 'x' in the shape \(8, 4, 6\), found \(8, 24\)"),
        (nothing, "updates must yield the updates of an epoch, and it yields none"),
        (no_updates, "updates must yield updates, found None"),
        (unknown_kind, "unknown kind of update 'weigths'; did you mean 'weights'"),
        (no_update, "updates must yield nasframe.Update, found tuple"),
        (late, "updates must yield nasframe.Update, found NoneType"),
        (raises, r"updates raised KeyError: 'cheese' \(.*test_loop_check.py, line \d+\)"),
        (endless, "an epoch must end, and it yields more than"),
        (
            wrong_split,
            "must have a batch of the split 'weights', found one of 'architecture'",
        ),
        (no_batch, "the batch of an update of kind 'weights' must be a nasframe.Batch, found None"),
        (wrong_shape, r"must have the input 'x' in the shape \(8, 4, 6\), found \(8, 24\)"),
    ],
)
def test_updates_that_break_the_contract_are_found_before_the_search(of: Any, message: str) -> None:
    with pytest.raises(ContractError, match=rf"loop 'Made' \(.*test_loop_check.py\) breaks .*{message}"):
        searched(Made(of=of))


class Warming:
    """Updates that are right in the first epoch, which the check before the search reads, and then wrong."""

    def __init__(self, later: Any) -> None:
        self.epochs, self.later = 0, later

    def __deepcopy__(self, memo: Any) -> Warming:
        return self  # the state of a class, or of a file, is copied by nobody

    def __call__(self, weights: Any, architecture: Any, draw: Any, size: int) -> Any:
        self.epochs += 1
        if self.epochs > 2:
            return self.later(weights, architecture, draw, size)
        return Bilevel().updates(weights, architecture, draw, size)


@pytest.mark.parametrize(
    ("later", "message"),
    [
        (nothing, "updates must yield the updates of an epoch, and it yields none"),
        (no_updates, "updates must yield updates, found None"),
        (unknown_kind, "unknown kind of update 'weigths'; did you mean 'weights'"),
        (late, "updates must yield nasframe.Update, found NoneType"),
        (raises, r"updates raised KeyError: 'cheese' \(.*test_loop_check.py, line \d+\)"),
        (endless, "an epoch must end, and it yields more than 15 updates"),
        (wrong_split, "must have a batch of the split 'weights', found one of 'architecture'"),
        (no_batch, "the batch of an update of kind 'weights' must be a nasframe.Batch, found None"),
        (wrong_shape, r"must have the input 'x' in the shape \(8, 4, 6\), found \(8, 24\)"),
    ],
)
def test_updates_that_break_the_contract_in_a_later_epoch_are_refused_too(
    later: Any, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nasframe.searching.gradient.loop_check._MOST", 3)  # 100 takes seconds
    search = searched(Made(of=Warming(later)), epochs=3)
    with pytest.raises(ContractError, match=f"loop 'Made' .*breaks .*: in epoch 2, .*{message}"):
        search.fit()
    assert [record["epoch"] for record in search.history] == [1]


def test_an_error_of_the_data_in_a_later_epoch_is_not_the_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    search = searched(Bilevel())

    def unreadable(*_: Any) -> Any:
        raise OSError("the disk is gone")

    monkeypatch.setattr(type(search.data.splits.weights), "batch", unreadable)
    monkeypatch.setattr("nasframe.searching.gradient.engine.check_inputs", lambda *_: None)
    with pytest.raises(OSError, match="the disk is gone"):
        search.fit()


@frozen
class Optimised(Bilevel):
    """A loop whose first optimiser is given."""

    make: Any = None

    def weights_optimiser(self, parameters: Any) -> Any:
        return self.make(parameters)


def fails(parameters: Any) -> Any:
    raise SystemExit("no optimiser today")


class Stuck(torch.optim.SGD):
    """It makes no step."""

    def step(self, closure: Any = None) -> Any:
        raise RuntimeError("stuck")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda parameters: None, "must return a torch.optim.Optimizer, found None"),
        (lambda parameters: "adam", "must return a torch.optim.Optimizer, found str"),
        (fails, r"weights_optimiser raised SystemExit: no optimiser today \(.*, line \d+\)"),
        (lambda parameters: torch.optim.SGD([{"params": []}], 0.1), "holds none of the 2 parameters"),
        (lambda parameters: torch.optim.SGD([torch.nn.Parameter(torch.ones(2))], 0.1), "holds none of the 2"),
        (lambda parameters: torch.optim.SGD(parameters[:1], 0.1), "it lacks 1, and holds 0 others"),
        (
            lambda parameters: torch.optim.SGD([*parameters, torch.nn.Parameter(torch.ones(2))], 0.1),
            "it lacks 0, and holds 1 others",
        ),
        (lambda parameters: torch.optim.LBFGS(parameters), "needs no closure, found LBFGS"),
        (lambda parameters: Stuck(parameters, 0.1), r"makes no step: RuntimeError: stuck \(.*, line \d+\)"),
        (lambda parameters: torch.optim.SparseAdam(parameters), "makes no step: RuntimeError: SparseAdam"),
    ],
)
def test_an_optimiser_that_breaks_the_contract_is_found_before_the_search(make: Any, message: str) -> None:
    with pytest.raises(ContractError, match=rf"loop 'Optimised' .*{message}"):
        searched(Optimised(make=make))


@frozen
class Counting(Bilevel):
    """A loop with a state of its own."""

    epochs: list[int] = field(factory=list)

    def updates(self, weights: Any, architecture: Any, draw: Any, size: int) -> Iterator[Update]:
        self.epochs.append(1)
        return super().updates(weights, architecture, draw, size)


@pytest.mark.parametrize("loop", [Bilevel(), Bilevel(order=2), Joint()])
def test_the_check_changes_no_bit(loop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    states = torch.get_rng_state()
    checked = searched(loop)
    assert torch.equal(torch.get_rng_state(), states)
    monkeypatch.setattr(Search, "_rehearse", lambda *_: None)
    unchecked = searched(loop)
    for search in (checked, unchecked):
        assert not search.learner.weights_optimiser.state
        search.fit()
    pairs = zip(checked.supernet.state_dict().items(), unchecked.supernet.state_dict().items(), strict=True)
    assert all(name == other and torch.equal(value, twin) for (name, value), (other, twin) in pairs)


def test_the_check_leaves_the_state_of_a_loop_alone() -> None:
    loop = Counting()
    searched(loop)
    assert loop.epochs == []


def rule_that_raises(space: Any, probabilities: Any) -> Any:
    raise KeyError("cheese")


def rule_of_nothing(space: Any, probabilities: Any) -> Any:
    return ["dense"]


def rule_that_changes(space: Any, probabilities: Any) -> Any:
    probabilities["one"]["dense"] = 0.0
    return {"one": "identity"}


def rule_by_chance() -> Any:
    answers = iter(["dense", "identity"] * 10)
    return lambda space, probabilities: {"one": next(answers)}


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (rule_that_raises, r"fails: KeyError: 'cheese' \(.*test_loop_check.py, line \d+\)"),
        (rule_of_nothing, r"it must return choice → candidate, found \['dense'\]"),
        (rule_that_changes, "it must leave the probabilities as they are"),
        (rule_by_chance(), "the same probabilities must give the same architecture"),
    ],
)
def test_a_rule_that_breaks_the_contract_is_found_before_the_search(rule: Any, message: str) -> None:
    with pytest.raises(ContractError, match=f"rule of space 'one'.*{message}"):
        searched(Bilevel(), space_of(rule))


@frozen
class Factory(SpaceFactory):
    """A space that is given."""

    of: Any = None

    def make(self, inputs: Any, outputs: int) -> SearchSpace:
        made: SearchSpace = self.of()
        return made


def no_space() -> Any:
    raise AttributeError("no cheese")


@pytest.mark.parametrize(
    ("of", "message"),
    [
        (
            no_space,
            r"cannot be made for inputs .*AttributeError: no cheese \(.*test_loop_check.py, line \d+\)",
        ),
        (dict, r"make must return a nasframe.SearchSpace, found \{\}"),
    ],
)
def test_a_factory_that_makes_no_space_is_named(of: Any, message: str) -> None:
    with pytest.raises(ContractError, match=f"space 'Factory' .*{message}"):
        Factory(of=of).build({"x": (4, 6)}, 2)


@frozen
class Greedy(SpaceFactory):
    """A factory that takes the inputs out of the mapping that it is given."""

    fails: bool = False

    def make(self, inputs: Any, outputs: int) -> SearchSpace:
        inputs.clear()
        if self.fails:
            raise SpaceError("there are no inputs")
        return space_of()


@pytest.mark.parametrize("fails", [False, True])
def test_a_factory_that_changes_the_inputs_is_named_and_they_stay_as_they_are(fails: bool) -> None:
    inputs = {"x": (4, 6)}
    with pytest.raises(ContractError, match="space 'Greedy' .*: make must leave the inputs that it is given"):
        Greedy(fails=fails).build(inputs, 2)
    assert inputs == {"x": (4, 6)}


def test_a_space_that_changes_between_two_calls_is_refused() -> None:
    names = iter(["dense", "identity"])

    def one() -> SearchSpace:
        space = SearchSpace("changing")
        space.add_input("x", (4, 6))
        space.add_node("y", next(names))
        space.connect("x", "y")
        space.set_output("y")
        return space

    with pytest.raises(ContractError, match="its nodes changed when it was made again"):
        check_space(*(Factory(of=one).build({"x": (4, 6)}, 2) for _ in range(2)))


class Broken(SearchSpace):
    """A space of a plugin with methods of its own."""

    broken: Any = None

    def validate(self, assignment: Any) -> dict[str, str]:
        if self.broken == "validate":
            raise IndexError("no cheese")
        return {} if self.broken == "empty" else super().validate(assignment)

    def count(self) -> int:
        if self.broken == "count":
            raise SystemExit("no cheese")
        return super().count()


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ("validate", r"validate raised IndexError: no cheese \(.*test_loop_check.py, line \d+\)"),
        ("count", "count raised SystemExit: no cheese"),
        ("empty", r"validate must return the assignment that sample returns, .*, found \{\}"),
    ],
)
def test_a_space_whose_own_methods_fail_is_refused(broken: str, message: str) -> None:
    space = Broken("broken")
    space.add_input("x", (4, 6))
    space.add_node("y", choice=Choice("one", ("dense", "identity"), "gamma"))
    space.connect("x", "y")
    space.set_output("y")
    check_space(space, space)
    space.broken = broken
    with pytest.raises(ContractError, match=message):
        check_space(space, space)
