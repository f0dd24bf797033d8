"""Numbers that say less than they seem to have a sentence beside them, wherever they are shown."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import nn

from nasframe import (
    Architecture,
    Choice,
    Data,
    Experiment,
    SearchOptions,
    SearchSpace,
    TensorTask,
    TrainOptions,
    build,
    search,
    train,
)
from nasframe.cli import main
from nasframe.errors import ContractError
from nasframe.runs import Run
from nasframe.searching.gradient.unmoved_logits import unmoved_logits
from nasframe.studies.comparison.caveats import comparison_caveats
from nasframe.studies.grid_sweep.caveats import sweep_caveats
from nasframe.tasks import checked_caveats
from nasframe.training import caveats_of
from tests.toys import STREAMS

ONE_CLASS = "have the same target, so its metrics do not show that the network tells anything apart."
CONSTANT = "The output of the network does not depend on its inputs: it is the same for all"


def test_a_network_that_reads_no_input_is_said_to_read_none() -> None:
    space = SearchSpace("edges", derivation="argmax")
    space.add_input("x", (2,))
    space.add_node("sum", "identity")
    space.connect("x", "sum", choice=Choice("use x", ("zero", "identity"), "alpha"))
    space.set_output("sum")
    inputs, targets = {"x": torch.rand(6, 2)}, torch.arange(6) % 2
    for value, caveats in (("identity", []), ("zero", ["The network reads no input"])):
        network = build(Architecture(space, {"use x": value}))
        found = caveats_of(network, network(inputs), targets, "test")
        assert [line.partition(":")[0] for line in found] == caveats


def test_an_output_that_no_input_changes_is_said_to_be_constant() -> None:
    outputs, targets = torch.rand(1, 3).expand(8, 3).clone(), torch.arange(8) % 2
    (found,) = caveats_of(nn.Identity(), outputs, targets, "validation")
    assert found == f"{CONSTANT} 8 examples of the split 'validation'."
    outputs[5, 1] += 0.01
    assert caveats_of(nn.Identity(), outputs, targets, "validation") == []


@pytest.mark.parametrize("targets", [torch.zeros(5), torch.ones(5, dtype=torch.long), torch.ones(5, 4)])
def test_a_split_of_one_class_is_said_to_show_nothing(targets: torch.Tensor) -> None:
    (found,) = caveats_of(nn.Identity(), torch.rand(5, 2), targets, "test")
    assert found == f"All 5 examples of the split 'test' {ONE_CLASS}"


def test_search_train_evaluate_report_and_json_say_that_there_is_one_class(
    toy_streams: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    usual = toy_streams.Streams.data

    def data(task: Any, folders: Any) -> Data:
        found: Data = usual(task, folders)
        for split in (found.splits.validation, found.splits.test()):
            split.targets.zero_()  # type: ignore[attr-defined]
        return found

    monkeypatch.setattr(toy_streams.Streams, "data", data)
    run = tmp_path / "run"
    assert main(["run", str(STREAMS), f"cache={tmp_path / 'cache'}", "--out", str(run)]) == 0
    printed = capsys.readouterr()
    on = {name: f"of the split '{name}' {ONE_CLASS}" for name in ("validation", "test")}
    assert [line.split(":")[0] for line in printed.err.splitlines() if on["validation"] in line] == [
        "search",
        "train",
    ]
    assert on["validation"] in printed.out
    assert on["test"] in printed.out
    record = json.loads((run / "run.json").read_text())
    for part in ("search", "train"):
        assert any(on["validation"] in line for line in record[part]["caveats"])
    assert any(on["test"] in line for line in json.loads((run / "test.json").read_text())["caveats"])
    page = (run / "report.html").read_text()
    for sentence in on.values():
        assert sentence.replace("'", "&#39;") in page
    assert main(["evaluate", str(run)]) == 0
    assert on["test"] in capsys.readouterr().out


class Doubtful(TensorTask):
    said: Any = ()

    def caveats(self, network: nn.Module) -> Any:
        return self.said


def test_a_task_says_of_a_network_what_it_cannot_tell_in_sentences() -> None:
    task = Doubtful({"x": torch.rand(8, 2, 3)}, torch.arange(8) % 2)
    assert checked_caveats(TensorTask({"x": torch.rand(8, 2, 3)}, torch.arange(8) % 2), nn.Identity()) == []
    task.said = ("It hears nothing.",)
    assert checked_caveats(task, nn.Identity()) == ["It hears nothing."]
    task.said = "It hears nothing."
    with pytest.raises(ContractError, match="caveats must return a list of sentences, found"):
        checked_caveats(task, nn.Identity())


class Wrong(TensorTask):
    """Its caveats are no list of sentences."""

    def caveats(self, network: nn.Module) -> Any:
        return "no list"


@pytest.mark.parametrize("step", ["search", "train"])
def test_caveats_of_a_task_that_are_none_are_refused_before_the_first_epoch(step: str, home: Path) -> None:
    def experiment(kind: type[TensorTask]) -> Experiment:
        inputs = {"left": torch.rand(80, 2, 3), "right": torch.rand(80, 2, 3)}
        short = {"search": SearchOptions(epochs=1, min_epochs=0), "train": TrainOptions(epochs=1)}
        task = kind(inputs, torch.arange(80) % 2)
        return Experiment.of(task=task, space="bimodal", **short)  # type: ignore[arg-type]

    found = search(experiment(TensorTask)).architecture
    work = {
        "search": lambda: search(experiment(Wrong), home / "run"),
        "train": lambda: train(experiment(Wrong), home / "run", architecture=found),
    }
    with pytest.raises(ContractError, match="caveats must return a list of sentences, found no list"):
        work[step]()
    assert not (home / "run").exists()  # it is made when all is ready for the first epoch


def test_a_usual_run_has_no_caveat(finished_run: Path) -> None:
    run = Run.open(finished_run)
    assert run.test is not None
    assert "caveats" not in run.test
    assert "caveats" not in run.record["search"]
    assert "train" not in run.record


def test_a_search_whose_logits_hardly_moved_says_what_to_raise(
    home: Path, toy_streams: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(STREAMS), "--out", "still"]) == 0
    printed = capsys.readouterr()
    history = Run.open("still").history("search")
    rows = [row for row in history[-1]["probabilities"].values() if len(row) > 1]
    furthest = max(abs(value - 1 / len(row)) for row in rows for value in row.values())
    (sentence,) = Run.open("still").record["search"]["unmoved"]
    assert f"further than {furthest:.4f} from" in sentence
    assert sentence.endswith("Raise loop.architecture_rate (it is 0.0003) or search.epochs (2).")
    assert sentence not in printed.err  # once on a screen: at its end
    assert " ".join(printed.out.split()).count(sentence) == 1
    assert sentence.replace(">", "&gt;") in (Path("still") / "report.html").read_text()


def test_a_search_whose_logits_moved_says_nothing_of_them(home: Path, toy_streams: ModuleType) -> None:
    assert main(["search", str(STREAMS), "loop.architecture_rate=1", "--out", "moved"]) == 0
    assert "unmoved" not in Run.open("moved").record["search"]


def test_after_a_search_that_deals_sources_out_every_screen_says_what_that_costs(
    home: Path, toy_streams: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(STREAMS), "space.ports=shared", "--out", "dealt"]) == 0
    printed = capsys.readouterr()
    record = Run.open("dealt").record["search"]
    (sentence,) = record["dealt"]
    objective = json.loads((Path("dealt") / "test.json").read_text())["objective"]
    for stage in ("searched", "inherited"):
        assert f"{record[stage][objective]:.3f}" in sentence
    assert sentence.endswith("With space.ports=distinct the search evaluates what is built.")
    assert f"search: {sentence}" in printed.err.splitlines()
    assert sentence in " ".join(printed.out.split())
    assert sentence in (Path("dealt") / "report.html").read_text()


def test_after_a_search_of_what_is_built_nothing_is_said_of_dealing(
    home: Path, toy_streams: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(STREAMS), "--out", "exact"]) == 0
    assert {"dealt", "searched"}.isdisjoint(Run.open("exact").record["search"])
    printed = capsys.readouterr()
    assert "deals the sources" not in printed.out + printed.err


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({"a": 0.5, "b": 0.5}, 1),
        ({"a": 0.54, "b": 0.46}, 1),
        ({"a": 0.56, "b": 0.44}, 0),
        ({"a": 0.27, "b": 0.25, "c": 0.25, "d": 0.23}, 1),
        ({"a": 0.3, "b": 0.25, "c": 0.25, "d": 0.2}, 0),
        ({"alone": 1.0}, 0),
    ],
)
def test_logits_moved_where_any_probability_is_a_tenth_from_an_equal_one(
    row: dict[str, float], found: int
) -> None:
    assert len(unmoved_logits({"op": row}, 0.1, 3)) == found


def test_studies_repeat_what_their_runs_say() -> None:
    trials = [
        {"name": "a", "status": "done", "error": None, "search": None, "caveats": ["Beware."]},
        {"name": "b", "status": "done", "error": None, "search": None, "caveats": ["Beware."]},
        {"name": "c", "status": "done", "error": None, "search": None},
    ]
    common: dict[str, Any] = {"trials": trials, "chosen": None, "objective": "auc", "seeds": [0, 1, 2, 3]}
    comparison = {**common, "failed": {}, "variants": [], "rows": [], "tests": []}
    assert "a, b: Beware." in comparison_caveats(comparison, ())
    assert "a, b: Beware." in sweep_caveats({**common, "axes": [{"key": "x"}], "rows": []})
