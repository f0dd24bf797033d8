"""A table is asked for an architecture, and answers with the network that it derives."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from nasframe import Architecture, Operation, SearchSpace, hookimpl, load_table
from nasframe.cli import main
from nasframe.errors import ArchitectureError, ConfigurationError
from nasframe.plugins import manager
from nasframe.space import network_key
from nasframe.tables import TabularBenchmark
from tests.tables.synthetic import EPOCHS, pairs_space, table_at
from tests.toys import PAIRS


def test_every_architecture_of_the_space_is_found_and_isomorphic_ones_are_one_entry(
    table: TabularBenchmark,
) -> None:
    space = pairs_space()
    architectures = [Architecture(space, assignment) for assignment in space.enumerate()]
    assert (len(architectures), len(table)) == (68, 30)
    for architecture in architectures:
        entry = table.find(architecture)
        assert entry is not None
        assert entry.key == network_key(architecture)
        assert table.find(dict(architecture.assignment)) is entry
        assert table.find(entry.key) is entry is table.entries[entry.key]


def test_what_the_table_lists_is_found_without_computing_a_key(
    table: TabularBenchmark, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(architecture: Architecture) -> str:
        raise AssertionError(architecture)

    monkeypatch.setattr("nasframe.tables.network_index.network_key", refuse)
    fresh = load_table(table.path)
    for entry in fresh.listed:
        assert (
            fresh.find(entry.assignment) is fresh.find(Architecture(pairs_space(), entry.assignment)) is entry
        )


def test_an_architecture_of_another_space_is_found_by_its_network(table: TabularBenchmark) -> None:
    shared = pairs_space(ports="shared")
    found = [table.find(Architecture(shared, assignment)) for assignment in shared.enumerate()]
    assert all(entry is not None for entry in found)
    assert shared.origin != pairs_space().origin


def test_a_network_that_the_table_does_not_hold_is_none_and_near_ones_are_named(tmp_path: Path) -> None:
    def without_the_last(_: Any, entries: list[dict[str, Any]]) -> None:
        lost.append(entries.pop())

    lost: list[dict[str, Any]] = []
    table = table_at(tmp_path, without_the_last)
    assignment = lost[0]["assignment"]
    assert table.find(assignment) is None
    assert table.find(lost[0]["key"]) is None
    (first, changes), *_ = table.near(assignment)
    wrong = [name for name, value in assignment.items() if first.assignment[name] != value]
    assert len(wrong) == len(changes) <= 2
    message = r"table 'pairs' does not hold the network of this architecture; near ones:\n  [0-9a-f]{16}: "
    with pytest.raises(ArchitectureError, match=f"{message}{wrong[0]} is {first.assignment[wrong[0]]}"):
        table.look_up(assignment)


def test_a_space_made_by_hand_is_looked_up_too_and_never_taken_for_another(table: TabularBenchmark) -> None:
    def by_hand(*sources: str) -> Architecture:
        space = SearchSpace("by hand")
        for name in ("left", "right"):
            space.add_input(name, (2, 3))
        space.add_node("sum", "identity")
        for source in sources:
            space.connect(source, "sum")
        space.set_output("sum")
        return Architecture(space, {})

    assert table.find(by_hand("left")) is table.find(by_hand("left", "right")) is None


def test_other_inputs_and_outputs_are_refused_in_words(table: TabularBenchmark) -> None:
    wider = pairs_space({"left": (2, 4), "right": (2, 3)})
    with pytest.raises(ArchitectureError, match=r"takes the inputs .*\(2, 4\).* those of table 'pairs' are"):
        table.find(Architecture(wider, wider.sample(0)))
    more = pairs_space(outputs=3)
    with pytest.raises(ArchitectureError, match="gives 3 outputs, table 'pairs' is of 2"):
        table.find(Architecture(more, more.sample(0)))
    with pytest.raises(ArchitectureError, match="nowhere: unknown choice"):
        table.find({"nowhere": "sum"})


def test_the_epoch_that_counts_is_the_recorded_one_and_of_a_prefix_the_first_of_the_best(
    tmp_path: Path,
) -> None:
    def change(_: Any, entries: list[dict[str, Any]]) -> None:
        entries[0]["validation"] = {
            "accuracy": [[0.5, 0.7, 0.7, 0.6]] * 2 + [[0.5, 0.7, 0.7, 0.8]],
            "loss": [[1.0, 0.9, 0.8, 0.7], [1.0, 0.8, 0.8, 0.7], [1.0, 0.9, 0.9, 0.7]],
        }
        entries[0]["test"] = {"accuracy": [[0.1, 0.2, 0.3, 0.4]] * 3}
        entries[0]["best_epoch"] = [3, 2, 4]

    table = table_at(tmp_path, change)
    entry = table.listed[0]
    assert [table.best_epoch(entry, training) for training in range(3)] == [3, 2, 4]
    assert [table.best_epoch(entry, training, epochs=2) for training in range(3)] == [2, 2, 2]
    assert table.best_epoch(entry, 2, epochs=3) == 2  # of equals the first
    assert table.score(entry, "test", 0) == 0.3
    assert table.score(entry, "test") == pytest.approx((0.3 + 0.2 + 0.4) / 3)
    assert table.score(entry, "validation", 2) == 0.8
    assert table.score(entry, "validation", 2, epochs=1) == 0.5
    assert table.scores("test")[0] == pytest.approx(0.3)
    np.testing.assert_array_equal(table.final("test")[0], [0.3, 0.2, 0.4])
    assert table.curves("test").shape == (30, 3, EPOCHS)


def test_a_missing_training_is_said_and_left_out_of_the_mean(tmp_path: Path) -> None:
    def change(_: Any, entries: list[dict[str, Any]]) -> None:
        entry = entries[1]
        entry["best_epoch"][1] = entry["seconds"][1] = None
        for split in ("validation", "test"):
            for curves in entry[split].values():
                curves[1] = None

    table = table_at(tmp_path, change)
    entry = table.listed[1]
    assert entry.missing == [1]
    assert math.isnan(entry.seconds[1])
    assert np.isnan(entry.validation["accuracy"][1]).all()
    assert table.score(entry, "test", 1) is None
    assert table.score(entry, "test") == pytest.approx(np.nanmean(table.final("test")[1]))
    assert math.isnan(table.final("test")[1, 1])


def test_the_recipe_makes_the_experiment_and_the_space_again(table: TabularBenchmark) -> None:
    from tests.tables.synthetic import experiment

    assert table.experiment() == experiment()
    assert table.space().origin == pairs_space().origin
    assert [training.seed for training in table.trainings] == [4, 5, 6]


def test_an_operation_of_another_plugin_with_the_same_name_is_another_network(
    home: Path, toy_pairs: None
) -> None:
    class Gate(Operation):
        """The larger of both."""

        arity = 2

        def forward(self, x: Tensor, y: Tensor) -> Tensor:
            return torch.maximum(x, y)

    def made() -> Architecture:
        space = pairs_space(operations=["gate"], ports="shared")
        return Architecture(space, next(space.enumerate()))

    def loaded(name: str) -> None:
        manager().register(SimpleNamespace(register_operations=hookimpl(lambda: {"gate": Gate})), name)

    words = ['space.operations=["gate"]', "space.ports=shared", "train.epochs=1", "--out", "gated"]
    loaded("ours")
    try:
        assert main(["tabulate", str(PAIRS), "--architectures", "1", "--workers", "1", *words]) == 0
        table, own = load_table("gated"), made()
        assert table.find(own) is not None
        manager().unregister("ours")
        loaded("theirs")
        other = made()
        assert (other.space.origin, other.assignment) == (own.space.origin, own.assignment)
        assert table.find(other) is None
    finally:
        for name in ("ours", "theirs"):
            if name in manager().names:
                manager().unregister(name)


@pytest.mark.parametrize(
    "value", [{"a": 1}, ["zero", {"name": "sum", "bias": False}], [[1, 2], [3]], "a\nb", 0.5]
)
def test_a_point_of_any_value_that_toml_can_write_is_laid_over_the_experiment(
    value: Any, table: TabularBenchmark
) -> None:
    assert table.recipe.values({"task.option": value})["task"]["option"] == value


def test_an_entry_is_shown_without_its_curves(table: TabularBenchmark) -> None:
    entry = table.listed[7]
    shown = repr(entry)
    assert entry.key in shown
    assert f"parameters={entry.parameters}" in shown
    assert "validation" not in shown
    assert "accuracy" not in shown
    assert len(repr(table)) < 1000


# -- wrong questions --------------------------------------------------------------------------------------


def test_the_first_digits_of_a_key_or_a_fingerprint_name_an_entry(table: TabularBenchmark) -> None:
    for entry, row in zip(table.listed, table.rows, strict=True):
        for digits in (entry.key[:8], entry.key[:20], row["fingerprint"][:12], row["fingerprint"]):
            assert table.find(digits) is table.look_up(digits) is entry
            assert table.place(digits) == table.place(entry.assignment)


def test_digits_that_begin_several_networks_name_none_of_them(tmp_path: Path, toy_pairs: None) -> None:
    def alike(_: Any, entries: list[Any]) -> None:
        for number, entry in enumerate(entries):
            entry["key"] = f"{'a' * 62}{number:02x}"

    found = table_at(tmp_path / "alike", alike)
    with pytest.raises(ArchitectureError, match="holds 30 networks that begin with 'aaaaaaaaa'; say more"):
        found.find("a" * 9)
    assert found.find(f"{'a' * 62}03") is found.listed[3]


@pytest.mark.parametrize("digits", ["", "nope", "0123456", "G" * 20])
def test_what_is_no_digits_is_refused_with_what_was_given(table: TabularBenchmark, digits: str) -> None:
    with pytest.raises(ArchitectureError, match=f"expected 8 or more of the digits .* found '{digits}'"):
        table.find(digits)


def test_digits_of_no_network_are_none_and_are_named_by_look_up(table: TabularBenchmark) -> None:
    assert table.find("0123456789ab") is None
    assert table.place("0123456789ab") is None
    with pytest.raises(ArchitectureError, match="holds no architecture and no network '0123456789ab'"):
        table.look_up("0123456789ab")


@pytest.mark.parametrize("asked", [None, 7, 1.5])
def test_what_is_no_architecture_is_refused_with_its_kind(table: TabularBenchmark, asked: Any) -> None:
    with pytest.raises(ArchitectureError, match=f"expected an architecture.*found {type(asked).__name__}"):
        table.find(asked)


@pytest.mark.parametrize("split", ["valid", "tset", "", None])
def test_another_split_than_validation_and_test_is_refused(table: TabularBenchmark, split: Any) -> None:
    entry = table.listed[0]
    for ask in (
        lambda: table.score(entry, split),
        lambda: table.curves(split),
        lambda: table.final(split),
        lambda: table.scores(split),
        lambda: table.metrics(split),
        lambda: entry.curves(split),
    ):
        with pytest.raises(ConfigurationError, match=f"split: expected validation or test, found {split!r}"):
            ask()


def test_another_metric_than_the_table_holds_is_refused_with_the_nearest(table: TabularBenchmark) -> None:
    for ask in (
        table.curves,
        table.final,
        lambda *words: table.score(table.listed[0], "test", metric=words[1]),
    ):
        with pytest.raises(
            ConfigurationError, match="no 'acuracy' on the split test; did you mean 'accuracy'"
        ):
            ask("test", "acuracy")


@pytest.mark.parametrize(
    ("training", "epochs", "message"),
    [
        (-1, None, "training: expected 0 to 2, found -1"),
        (3, None, "training: expected 0 to 2, found 3"),
        (0, 0, "epochs: expected 1 to 4, found 0"),
        (0, -3, "epochs: expected 1 to 4, found -3"),
        (0, 5, "epochs: expected 1 to 4, found 5"),
    ],
)
def test_a_training_or_an_epoch_that_there_is_not_is_refused(
    table: TabularBenchmark, training: int, epochs: int | None, message: str
) -> None:
    entry = table.listed[0]
    with pytest.raises(ConfigurationError, match=message):
        table.score(entry, "test", training, epochs=epochs)
    with pytest.raises(ConfigurationError, match=message):
        table.best_epoch(entry, training, epochs)
