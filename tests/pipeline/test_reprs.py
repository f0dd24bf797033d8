"""What a REPL or a notebook shows of what the functions of nasframe return: a few lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

import nasframe
from nasframe import Experiment, SearchOptions, TensorTask, TrainOptions


@pytest.fixture(scope="module")
def home_of_module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reprs")


@pytest.fixture(scope="module")
def experiment(home_of_module: Path) -> Experiment:
    left, right = torch.rand(2, 60, 4, 3, generator=torch.Generator().manual_seed(0))
    labels = (right.mean((1, 2)) > left.mean((1, 2))).long()
    return Experiment.of(
        task=TensorTask({"left": left, "right": right}, labels),
        space="bimodal",
        search=SearchOptions(epochs=2),
        train=TrainOptions(epochs=1),
        cache=home_of_module / "cache",
    )


@pytest.fixture(scope="module")
def found(experiment: Experiment) -> nasframe.SearchResult:
    return nasframe.search(experiment)


def lines_of(value: Any) -> list[str]:
    lines = repr(value).splitlines()
    assert max(map(len, lines)) < 200
    return lines


def test_an_architecture_is_a_line_with_space_fingerprint_and_operations(
    found: nasframe.SearchResult,
) -> None:
    architecture = found.architecture
    (line,) = lines_of(architecture)
    assert line.startswith(f"<Architecture bimodal, {architecture.fingerprint[:12]}: ")
    assert line.endswith(f"; {len(architecture.space.choices)} choices>")
    kept = {spec.name for name, spec in architecture.resolved.operations.items() if spec and "/N" in name}
    assert kept
    assert all(name in line for name in kept)


def test_an_architecture_counts_the_operations_of_edges() -> None:
    experiment = Experiment.of(
        task=TensorTask({"image": torch.rand(40, 3, 8, 8)}, torch.arange(40) % 2), space="nas_bench_201"
    )
    space = experiment.space.build({"image": (3, 8, 8)}, 2)
    architecture = nasframe.Architecture(space, space.sample(1))
    assert sum(architecture.resolved.chosen_operations.values()) == len(architecture.resolved.chosen) > 0
    assert "no chosen operation" not in repr(architecture)


def test_an_edge_that_is_there_or_not_chooses_no_operation() -> None:
    space = nasframe.SearchSpace("one edge")
    space.add_input("x", (3,))
    space.add_node("y", "identity")
    space.connect("x", "y", choice=nasframe.Choice("edge", ("zero", "identity"), "alpha"))
    space.set_output("y")
    assert "no chosen operation; 1 choice>" in repr(nasframe.Architecture(space, {"edge": "identity"}))
    assert repr(space) == "<SearchSpace one edge: 2 nodes>"


def test_a_search_result_has_its_architecture_epochs_score_and_whether_it_converged(
    found: nasframe.SearchResult,
) -> None:
    first, epochs, score = lines_of(found)
    assert first == f"<SearchResult of {found.architecture!r}"
    assert epochs == "  2 epochs, not converged"
    assert "on validation: " in score
    assert "accuracy" in score


def test_the_result_of_a_search_by_trials_has_their_best_score(home_of_module: Path) -> None:
    left = torch.rand(40, 4, 3)
    experiment = Experiment.of(
        task=TensorTask({"left": left, "right": left}, torch.arange(40) % 2),
        space="bimodal",
        loop=nasframe.manager().load("loop", "random")(trials=2),
        train=TrainOptions(epochs=1),
        cache=home_of_module / "cache",
    )
    assert "2 trials, best score on validation " in repr(nasframe.search(experiment))


def test_an_experiment_has_its_plugins_and_the_options_that_are_not_at_their_defaults(
    experiment: Experiment,
) -> None:
    lines = lines_of(experiment)
    assert lines == [
        "<Experiment: task nasframe.task:TensorTask, space bimodal, relaxation grmc, loop bilevel",
        "  seed=0 search.epochs=2 train.epochs=1>",
    ]


def test_a_drawing_is_its_text(found: nasframe.SearchResult) -> None:
    drawing = nasframe.draw(found)
    assert repr(drawing) == str(drawing) == drawing.text


def test_a_comparison_has_a_line_for_each_row_and_stays_a_dictionary(
    experiment: Experiment, home_of_module: Path
) -> None:
    folder = home_of_module / "compared"
    compared = nasframe.compare(experiment, folder, relaxations=["softmax"], seeds=1, random=1)
    assert isinstance(compared, dict)
    first, *rows, last = lines_of(compared)
    assert first == "<comparison compared: 1 trial; mean accuracy on the test split"
    assert rows[0].startswith("  softmax  0.")
    assert last.startswith("  keys: kind, title, ")


def test_a_table_has_its_size_and_place(experiment: Experiment, home_of_module: Path) -> None:
    table = nasframe.tabulate(experiment, home_of_module / "table", architectures=2)
    first, place = lines_of(nasframe.load_table(table.path))
    assert first == "<TabularBenchmark table: 2 networks, 1 training each; accuracy"
    assert place == f"  {table.path}>"


def test_what_cannot_be_seen_in_a_name_is_escaped() -> None:
    space = nasframe.SearchSpace("a\x1b[31m\nb")
    assert repr(space) == r"<SearchSpace a\x1b[31m\nb: 0 nodes>"
