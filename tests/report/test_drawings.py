"""The drawings at the beginning of a run's page: its task, its search space and its strategy, in numbers."""

from __future__ import annotations

import json
import re
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from attrs import frozen

import nasframe
from nasframe import (
    Choice,
    Experiment,
    OneShot,
    OpSpec,
    ProposalLoop,
    Run,
    SearchOptions,
    SearchProblem,
    SearchSpace,
    TensorTask,
    TrainOptions,
    hookimpl,
)
from nasframe.display import Table
from nasframe.plugins import manager
from nasframe.report import read_page, run_tables
from nasframe.report.flow import Step, flow_chart
from nasframe.report.space_drawing import choice_table, draw_space
from nasframe.searching import RandomSearch
from nasframe_bimodal.space import Bimodal
from nasframe_cells.darts import DARTS
from tests.report.test_hostile_names import EVIL

SVG = re.compile(r'<svg role="img" aria-label="[^>]*?viewBox[^>]*class="flow [^>]*>.*?</svg>', re.DOTALL)


@frozen
class Wandering(OneShot):
    """Trains a supernet on the paths that a one-shot search draws."""

    stride: int = 7


@frozen
class Guessing(ProposalLoop):
    """Proposes what random search does."""

    guesses: int = 3

    def start(self, problem: SearchProblem, seed: int) -> Any:
        return RandomSearch(trials=self.guesses).start(problem, seed)

    def most(self, problem: SearchProblem) -> int:
        return self.guesses


class Plugin:
    """Registers them."""

    @hookimpl
    def register_loops(self) -> dict[str, Any]:
        return {"wandering": Wandering, "guessing": Guessing}


@pytest.fixture(autouse=True, scope="module")
def _loops() -> Iterator[None]:
    manager().register(Plugin(), "strange_loops")
    yield
    manager().unregister("strange_loops")


Made = Callable[..., Run]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Make a run of two streams with 4 × 6 values, 120 examples, three classes."""

    def make(loop: Any, *, names: Sequence[str] = ("left", "right"), space: Any = None, **search: Any) -> Run:
        random = torch.Generator().manual_seed(0)
        values = {name: torch.rand(120, 4, 6, generator=random) for name in names}
        experiment = Experiment.of(
            task=TensorTask(values, torch.arange(120) % 3),
            space=space or Bimodal(channels=4, cells=1, nodes=2, ports="choose"),
            loop=loop,
            search=SearchOptions(**{"epochs": 3, "min_epochs": 1, "batch_size": 16, **search}),
            train=TrainOptions(epochs=2, batch_size=16),
            device="cpu",
        )
        return nasframe.run_experiment(experiment, tmp_path_factory.mktemp("drawn") / "run")

    return make


def drawings(run: Run) -> dict[str, list[str]]:
    """Return `task`, `space`, `strategy` → the texts in its picture."""
    found = SVG.findall(read_page(run.path).html)
    assert len(found) == 3
    texts = [[(node.text or "") for node in ET.fromstring(svg).iter() if node.tag == "text"] for svg in found]
    return dict(zip(("task", "space", "strategy"), texts, strict=True))


@pytest.fixture(scope="module")
def one_shot(made: Made) -> Run:
    """A one-shot search whose finalists are halved."""
    return made("one_shot", candidates=30, finalists=4, finalist_keep=2)


# -- the task -------------------------------------------------------------------------------------------


def test_the_task_is_drawn_with_its_shapes_its_splits_its_outputs_and_its_objective(one_shot: Run) -> None:
    texts, test = drawings(one_shot)["task"], one_shot.test
    assert test is not None
    counts = one_shot.record["data"]["task"]["examples"]
    assert sum(counts.values()) + test["examples"] == 120
    for count, use in (
        (counts["weights"], "train the weights"),
        (counts["architecture"], "decide the architecture"),
        (counts["validation"], "choose epoch and network"),
        (test["examples"], "are the test"),
    ):
        assert f"{count} {use}" in texts
    assert {"left", "right", "4 × 6", "3 for each example", "accuracy"} <= {*texts}


def test_the_test_split_is_closed_until_it_is_evaluated(one_shot: Run, tmp_path: Path) -> None:
    shutil.copytree(one_shot.path, tmp_path / "run")
    (tmp_path / "run/test.json").unlink()
    found = drawings(Run.open(tmp_path / "run"))
    assert "the test split is closed" in found["task"]
    assert "not evaluated yet" in found["strategy"]


def test_a_run_of_a_version_that_recorded_no_facts_has_its_drawings(one_shot: Run, tmp_path: Path) -> None:
    shutil.copytree(one_shot.path, tmp_path / "run")
    record = json.loads((tmp_path / "run/run.json").read_text("utf-8"))
    del record["data"]["task"]
    (tmp_path / "run/run.json").write_text(json.dumps(record), encoding="utf-8")
    found = drawings(Run.open(tmp_path / "run"))
    assert {"left", "right", "4 × 6", "3 for each example", "accuracy"} <= {*found["task"]}


def test_many_inputs_are_counted(made: Made) -> None:
    texts = drawings(made("random", names=[f"view{number}" for number in range(12)]))["task"]
    assert "view7" in texts
    assert "view8" not in texts
    assert "and 4 more inputs" in texts


# -- the space ------------------------------------------------------------------------------------------


def test_the_space_is_drawn_with_its_nodes_its_sources_and_its_candidates(one_shot: Run) -> None:
    texts = drawings(one_shot)["space"]
    assert {"left", "right", "x", "y", "N1", "N2", "fusion", "head"} <= {*texts}
    assert {"zero", "sum", "attention", "linear_glu", "concat_fc"} <= {*texts}
    assert texts.count("1 of 5 candidates") == 2
    assert "cell1: x: 1 of 2 sources, y: 1 of 2 sources" in texts
    assert "x: 1 of 3 sources" in texts


def test_the_number_of_architectures_is_that_of_the_space(one_shot: Run) -> None:
    space = one_shot.architecture.space
    size = f"The space has {space.count():,} architectures."
    assert draw_space(space).size == size
    assert size in read_page(one_shot.path).html


def test_of_many_candidates_the_number_is_drawn_and_not_each() -> None:
    space = SearchSpace("wide")
    space.add_input("a", (4, 6))
    widths = [OpSpec("projection", {"channels": number}) for number in range(1, 12)]
    space.add_node("wide", choice=Choice("width", widths, "widths"), ports=("x",))
    space.connect("a", "wide", "x")
    space.set_output("wide")
    drawn = draw_space(space)
    assert drawn.svg is not None
    assert ">1 of 11 candidates<" in drawn.svg
    assert "projection" not in drawn.svg
    assert drawn.size == "The space has 11 architectures."


def test_a_space_of_edges_says_once_among_how_many_operations_a_line_chooses() -> None:
    space = DARTS(channels=4, cells=3, nodes=2).make({"image": (3, 8, 8)}, 2)
    drawn = draw_space(space)
    assert drawn.svg is not None
    assert "1 of 8" not in drawn.svg  # on every line they would lie on each other
    assert "one of 8 operations</title>" in drawn.svg
    assert drawn.note == (
        "From the inputs on the left to the output. On each blue line stands one of 8 operations."
    )
    rows = [[*row] for row in choice_table(space).rows]
    assert all(row[1] == "edges" and row[3] == "8" for row in rows)
    assert sum(int(str(row[2])) for row in rows) == len(space.choices)


def test_lines_with_unlike_numbers_of_operations_have_them_in_the_box_that_they_enter() -> None:
    space = SearchSpace("mixed")
    space.add_input("a", (4, 6))
    space.add_node("b", "identity")
    space.add_node("c", "identity")
    widths = [OpSpec("projection", {"channels": number}) for number in range(1, 5)]
    space.connect("a", "b", choice=Choice("first", widths[:3], "widths"))
    space.connect("b", "c", choice=Choice("second", widths, "widths"))
    space.set_output("c")
    drawn = draw_space(space)
    assert drawn.svg is not None
    assert ">lines: 1 of 3<" in drawn.svg
    assert ">lines: 1 of 4<" in drawn.svg
    assert "the box that it enters says of how many" in drawn.note


def test_a_space_that_nobody_could_read_has_its_table_alone() -> None:
    space = Bimodal(channels=4, cells=6, nodes=8, ports="paired").make({"a": (4, 6), "b": (4, 6)}, 2)
    drawn = draw_space(space)
    assert drawn.svg is None
    assert "too many to be drawn" in drawn.note
    assert sum(int(str(row[2])) for row in choice_table(space).rows) == len(space.choices)


# -- the strategy ---------------------------------------------------------------------------------------


def test_a_one_shot_search_is_drawn_from_its_supernet_to_its_test(one_shot: Run) -> None:
    texts, record = drawings(one_shot)["strategy"], one_shot.record["search"]
    heads = ["Supernet, loop one_shot", "Candidates", "Finalists", "Test"]
    places = [texts.index(head) for head in heads]
    assert places == sorted(places)
    rounds = record["selection"]["finals"]["rounds"]
    assert len(rounds) > 1
    for item in rounds:
        networks = f"{item['networks']} network{'s' * (item['networks'] != 1)}"
        assert f"{networks} to epoch {item['epochs']}" in texts
    test = one_shot.test
    assert test is not None
    assert {
        *("3 epochs", "on uniform paths", "ranked by the supernet's loss", "2 epochs of training"),
        f"{record['selection']['candidates']} architectures",
        f"{record['selection']['finals']['spent']} epochs in all",
        f"{test['parameters']:,} parameters",
        f"accuracy {test['accuracy']:.4f}",
        f"of {test['examples']} examples",
    } <= {*texts}
    assert "Derivation" not in texts


def test_a_bilevel_search_is_drawn_with_its_relaxation_and_its_rule(made: Made) -> None:
    run = made("bilevel", warmup_epochs=1, candidates=5)
    texts = drawings(run)["strategy"]
    assert {"Relaxation grmc", "samples 100", "Supernet, loop bilevel", "Derivation"} <= {*texts}
    assert {"3 epochs", "the first 1 without the logits", "rule argmax", "5 architectures"} <= {*texts}
    assert any(text.startswith("entropy ") for text in texts)


def test_a_search_by_proposals_is_drawn_with_what_it_trained(made: Made) -> None:
    run = made(nasframe.searching.SuccessiveHalving(candidates=4, eta=2))
    trials, texts = run.history("trial"), drawings(run)["strategy"]
    for epochs in {line["epochs"] for line in trials}:
        count = sum(line["epochs"] == epochs for line in trials)
        assert f"{count} trainings to epoch {epochs}" in texts
    assert {"Proposals, loop halving", "candidates 4", "eta 2", "Best trial"} <= {*texts}
    assert f"cost {trials[-1]['cost']:.4g} full trainings" in texts


@pytest.mark.parametrize(
    ("loop", "expected"),
    [
        ("wandering", {"Supernet, loop wandering", "on paths that it draws", "3 epochs", "Candidates"}),
        ("guessing", {"Proposals, loop guessing", "guesses 3", "3 trials, 3 networks", "Best trial"}),
    ],
)
def test_a_loop_that_the_core_does_not_know_is_drawn(made: Made, loop: str, expected: set[str]) -> None:
    assert expected <= {*drawings(made(loop, candidates=5))["strategy"]}


def test_an_architecture_that_was_given_has_no_search(one_shot: Run, tmp_path: Path) -> None:
    shutil.copytree(one_shot.path, tmp_path / "run")
    lines = (tmp_path / "run/metrics.jsonl").read_text("utf-8").splitlines(keepends=True)
    kept = [line for line in lines if json.loads(line)["stage"] == "train"]
    (tmp_path / "run/metrics.jsonl").write_text("".join(kept), encoding="utf-8")
    texts = drawings(Run.open(tmp_path / "run"))["strategy"]
    assert texts[:2] == ["Architecture", "given, not searched"]


# -- what may stand in a record -------------------------------------------------------------------------


def test_a_hostile_name_is_text(made: Made) -> None:
    run = made("random", names=(EVIL, "right"))
    found = drawings(run)
    assert any(text.startswith("<img src=x") for text in found["task"])
    assert any(text.startswith("<img src=x") for text in found["space"])
    html = read_page(run.path).html
    assert "<img" not in html


@pytest.mark.parametrize(
    "text", ["= no TOML", "loop = 3\nsearch = []\n", '[loop]\nname = ["<img>"]\nx = {}\n']
)
def test_an_experiment_that_was_changed_by_hand_takes_no_drawing(
    one_shot: Run, tmp_path: Path, text: str
) -> None:
    shutil.copytree(one_shot.path, tmp_path / "run")
    (tmp_path / "run/experiment.toml").write_text(text, encoding="utf-8")
    assert "3 epochs" in drawings(Run.open(tmp_path / "run"))["strategy"]
    assert "<img" not in read_page(tmp_path / "run").html


# -- a flow ---------------------------------------------------------------------------------------------


def test_a_flow_that_is_too_wide_goes_on_in_another_row() -> None:
    steps = [[Step(f"step {number}", ["a line of some length, to be wide"])] for number in range(9)]
    boxes = [
        (float(node.get("x", "")), float(node.get("y", "")), float(node.get("width", "")))
        for node in ET.fromstring(flow_chart(steps, "steps")).iter("rect")
    ]
    assert len(boxes) == 9
    assert len({y for _, y, _ in boxes}) > 1
    assert max(x + width for x, _, width in boxes) < 1200


def test_a_flow_is_read_out_with_the_text_of_every_box() -> None:
    drawn = flow_chart([[Step("one", ["a < b"])], [Step("two")]], "steps")
    assert ET.fromstring(drawn).get("aria-label") == "steps. one: a < b; two"


def stages_of(run: Run) -> Table:
    return next(table for table in run_tables(run) if table.name == "stages")


def test_two_scores_of_one_network_with_batch_normalisation_are_explained(made: Made) -> None:
    run = made(
        "one_shot", names=("x",), space=DARTS(channels=4, cells=2, nodes=2, reductions=1), candidates=3
    )
    scores = {row[0]: row[1] for row in stages_of(run).rows}
    assert scores["supernet, with the best of 3"] != scores["derived network, with the supernet's weights"]
    assert "takes the statistics of batch normalisation anew" in stages_of(run).note


def test_no_note_speaks_of_batch_normalisation_where_there_is_none(one_shot: Run, tmp_path: Path) -> None:
    shutil.copytree(one_shot.path, tmp_path / "run")
    run = Run.open(tmp_path / "run")
    assert stages_of(run).note == ""
    search = run.record["search"]
    run.note(search=search | {"inherited": dict.fromkeys(search["inherited"])})  # outputs that are not finite
    assert stages_of(run).note == ""
