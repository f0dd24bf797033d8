"""Searches with finalists: trained in a run folder as the final network is, resumed and parallel."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import attrs
import pytest
import torch

import nasframe
from nasframe import (
    Architecture,
    Experiment,
    Operation,
    Prepared,
    SearchOptions,
    Supernet,
    TrainOptions,
    hookimpl,
    network_key,
)
from nasframe.cli import main
from nasframe.errors import ConfigurationError, DataError, RunError
from nasframe.pipeline.candidate_training import CandidateTraining
from nasframe.runtime import SILENT
from nasframe.searching import Bilevel, Candidate, OneShot
from nasframe.testing.registration import registered
from nasframe_bimodal.space import Bimodal
from tests.recorded_progress import Log
from tests.toys import STREAMS


@pytest.fixture
def experiment(experiment: Experiment) -> Experiment:
    return attrs.evolve(
        experiment,
        space=Bimodal(channels=4, cells=1, nodes=1),
        loop=OneShot(),
        names={**experiment.names, "loop": "one_shot"},
        search=SearchOptions(epochs=2, min_epochs=0, batch_size=64, candidates=50, finalists=4),
        train=TrainOptions(epochs=4, batch_size=64),
    )


def finals(run: nasframe.Run) -> dict[str, Any]:
    found: dict[str, Any] = run.record["search"]["selection"]["finals"]
    return found


def with_search(experiment: Experiment, **changes: Any) -> Experiment:
    return attrs.evolve(experiment, search=attrs.evolve(experiment.search, **changes))


def test_a_one_shot_search_makes_a_whole_run(experiment: Experiment, tmp_path: Path) -> None:
    log = Log()
    run = nasframe.run_experiment(experiment, tmp_path / "run", progress=log)
    held = finals(run)
    assert [(item["epochs"], item["networks"]) for item in held["rounds"]] == [(1, 4)]
    assert held["networks"][0]["architecture"] == run.architecture.fingerprint[:16]
    assert run.architecture.provenance["loop"] == "one_shot"
    assert "relaxation" not in run.architecture.provenance
    assert run.test is not None
    assert not (run.path / "trials").exists()
    ended = "search: ended after 2 epochs; the supernet ranked 5 architectures, and 4 finalists were trained"
    assert ended in log.lines
    assert "notes" not in run.record["search"]["selection"]  # of 50 candidates 5 came, enough for 4 finalists
    page = (run.path / "report.html").read_text(encoding="utf-8")
    assert "on architectures that the loop drew" in page
    assert "4 finalists were trained to epoch 1" in page
    assert "Finalists" in page
    for absent in ("normalised entropy", "Every choice over time", "The search space over the epochs"):
        assert absent not in page


def test_a_finalist_from_scratch_is_trained_as_the_final_network_is(
    experiment: Experiment, tmp_path: Path
) -> None:
    whole = with_search(experiment, finalist_start="scratch", finalist_epochs=4)
    run = nasframe.run_experiment(whole, tmp_path / "run")
    (score,) = finals(run)["networks"][0]["scores"].values()
    assert score == max(line["validation"]["accuracy"] for line in run.history("train"))


def candidate_training(
    experiment: Experiment, place: Path, workers: int = 1
) -> tuple[CandidateTraining, Prepared]:
    prepared = nasframe.prepare(experiment, None, None, SILENT)
    return CandidateTraining(experiment, prepared, place, workers), prepared


def test_a_finalist_that_is_trained_from_scratch_in_full_has_the_bits_of_the_command_train(
    experiment: Experiment, tmp_path: Path
) -> None:
    trainer, prepared = candidate_training(experiment, tmp_path / "trials")
    space = experiment.space.build(prepared.data.inputs, prepared.data.outputs)
    architecture = Architecture(space, space.sample(3))
    for epochs in (1, 4):  # round by round
        (curve,) = trainer.train([Candidate(network_key(architecture), architecture.assignment, epochs)])
    run = nasframe.train(experiment, tmp_path / "trained", architecture=architecture)
    lines = run.history("train")
    assert len(curve.objectives) == len(lines) == 4
    assert [*curve.validation] == [line["validation"] for line in lines]
    assert [*curve.objectives] == [line["validation"]["accuracy"] for line in lines]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_finalist_that_inherits_starts_from_the_weights_of_the_supernet(
    tensors: Experiment, tmp_path: Path, workers: int
) -> None:
    still = attrs.evolve(tensors, train=TrainOptions(epochs=1, learning_rate=1e-30, batch_size=64))
    trainer, prepared = candidate_training(still, tmp_path, workers)
    space = still.space.build(prepared.data.inputs, prepared.data.outputs)
    torch.manual_seed(5)
    supernet, split = Supernet(space), prepared.data.splits.validation
    whole = split.batch(torch.arange(len(split)))
    architectures = [Architecture(space, space.sample(seed)) for seed in (0, 3)]
    with closing(trainer):
        curves = trainer.train(
            [Candidate(network_key(item), item.assignment, 1) for item in architectures],
            supernet.state_dict(),
        )
    for item, curve in zip(architectures, curves, strict=True):
        with torch.no_grad():
            outputs = supernet.eval()(whole.inputs, supernet.logits.one_hot(item.assignment))
        wanted = float(still.task.loss(outputs, whole.targets))
        assert curve.validation[0]["loss"] == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("finalists", [0, 3])
def test_a_search_with_finalists_is_made_again_where_they_are_trained_otherwise(
    experiment: Experiment, tmp_path: Path, finalists: int
) -> None:
    first = with_search(experiment, finalists=finalists)
    nasframe.run_experiment(first, tmp_path / "run")
    other = attrs.evolve(first, train=TrainOptions(epochs=3, batch_size=64))
    nasframe.train(other, tmp_path / "run", overwrite=True)
    log = Log()
    nasframe.search(other, tmp_path / "run", progress=log)
    assert ("search: unchanged, skipped" in log.lines) == (finalists == 0)


class Fragile(Operation):
    """The sum of two inputs, which cannot be trained any more once a class says so."""

    arity = 2
    broken: ClassVar[bool] = False

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        if self.broken and self.training and torch.is_grad_enabled():
            raise DataError("too fragile to be trained")
        return x + y


@pytest.fixture
def fragile(plugins: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The operation, which breaks when the last epoch of the search has ended."""

    class Breaks:
        @hookimpl
        def search_epoch(self, epoch: int) -> None:
            monkeypatch.setattr(Fragile, "broken", epoch == 1)

    plugins.register(Breaks(), "breaks")
    with registered(operations={"untrainable": Fragile}):
        yield


def test_a_finalist_that_cannot_be_trained_has_no_score_and_the_others_go_on(
    experiment: Experiment, fragile: None, tmp_path: Path
) -> None:
    some = attrs.evolve(experiment.space, operations=("sum", "untrainable", "concat_fc"))
    whole = attrs.evolve(with_search(experiment, finalist_keep=2), space=some)
    found = nasframe.search(whole, tmp_path / "run")
    assert found.run is not None
    held = finals(found.run)
    scores = [candidate["scores"]["1"] for candidate in held["networks"]]
    assert len(scores) == 3
    assert [score is None for score in scores] == [False, False, True]
    assert found.architecture.assignment["cell1/N1"] != "untrainable"


def test_where_no_finalist_can_be_trained_the_search_ends_with_the_reasons(
    experiment: Experiment, fragile: None, tmp_path: Path
) -> None:
    none = attrs.evolve(experiment.space, operations=("untrainable",), nodes=2)
    with pytest.raises(RunError, match=r"no finalist could be trained[\s\S]*too fragile to be trained"):
        nasframe.search(attrs.evolve(experiment, space=none), tmp_path / "run")


def test_the_last_screen_has_the_finalists_and_a_word_for_fewer_than_asked_for(
    home: Path, toy_streams: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["loop.name=one_shot", "search.candidates=60", "search.finalists=50", "space.nodes=2"]
    assert main(["run", str(STREAMS), *options, "--out", "run"]) == 0
    printed = capsys.readouterr()
    screen = " ".join(printed.out.split())
    selection = nasframe.load_run("run").record["search"]["selection"]
    assert selection["finals"]["said"] in screen
    assert screen.count("search.candidates asks for 60, and all architectures of the space are") == 1
    assert "search.candidates asks" not in printed.err
    assert "search.finalists asks for 50, and the candidates are" in screen
    assert selection["finals"]["networks"][0]["architecture"] in screen
    assert f"rank by the supernet, of {selection['candidates']}" in screen
    assert "entropy" not in screen


def test_the_final_training_may_inherit_from_a_one_shot_supernet(
    experiment: Experiment, tmp_path: Path
) -> None:
    run = nasframe.search(experiment, tmp_path / "run").run
    assert run is not None
    still = TrainOptions(epochs=1, learning_rate=1e-30, batch_size=64, inherit=True)
    trained = nasframe.train(attrs.evolve(experiment, train=still), tmp_path / "run", overwrite=True)
    (line,) = trained.history("train")
    assert line["validation"]["loss"] == pytest.approx(run.record["search"]["inherited"]["loss"], rel=1e-4)


def test_the_start_of_finalists_matters(experiment: Experiment, tmp_path: Path) -> None:
    scores = {}
    for start in ("inherit", "scratch"):
        found = nasframe.search(with_search(experiment, finalist_start=start), tmp_path / start)
        assert found.run is not None
        held = finals(found.run)["networks"]
        scores[start] = {item["architecture"]: item["scores"]["1"] for item in held}
    assert scores["inherit"].keys() == scores["scratch"].keys()
    assert scores["inherit"] != scores["scratch"]


def test_workers_change_no_number(tensors: Experiment, tmp_path: Path) -> None:
    found = []
    for workers in (1, 2):
        made = nasframe.search(tensors, tmp_path / str(workers), workers=workers)
        assert made.run is not None
        held = finals(made.run)
        del held["seconds"]
        found.append((made.architecture, held))
    assert found[0] == found[1]


class Killed(BaseException):
    """Stands for the end of the process."""


def test_a_search_that_is_killed_among_its_finalists_goes_on_to_the_same_result(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nasframe.pipeline import candidate_training

    experiment = with_search(experiment, finalist_keep=2)
    wanted = nasframe.search(experiment, tmp_path / "whole")
    assert wanted.run is not None
    train, made = candidate_training._train, list[Any]()

    def dying(*arguments: Any) -> Any:
        made.append(arguments)
        if len(made) == 3:
            raise Killed
        return train(*arguments)

    monkeypatch.setattr(candidate_training, "_train", dying)
    with pytest.raises(Killed):
        nasframe.search(experiment, tmp_path / "killed")
    monkeypatch.undo()
    found = nasframe.search(experiment, tmp_path / "killed")
    assert found.architecture == wanted.architecture
    assert found.run is not None
    run = found.run
    held, whole = finals(run), finals(wanted.run)
    del held["seconds"], whole["seconds"]
    assert held == whole
    assert not (run.path / "trials").exists()


def test_the_derived_network_is_always_a_finalist(experiment: Experiment, tmp_path: Path) -> None:
    relaxing = attrs.evolve(
        with_search(experiment, finalists=1, candidates=6),
        loop=Bilevel(architecture_rate=1e-2),
        names={**experiment.names, "loop": "bilevel"},
    )
    found = nasframe.search(relaxing, tmp_path / "one")
    assert found.run is not None
    (only,) = finals(found.run)["networks"]
    assert only["derived"]
    more = nasframe.search(with_search(relaxing, finalists=3), tmp_path / "three")
    assert more.run is not None
    held = finals(more.run)["networks"]
    assert [item["derived"] for item in held].count(True) == 1
    assert {item["architecture"] for item in held} >= {only["architecture"]}


def test_finalists_are_different_networks(experiment: Experiment, tmp_path: Path) -> None:
    found = nasframe.search(with_search(experiment, finalists=50), tmp_path / "all")
    assert found.run is not None
    held = finals(found.run)["networks"]
    assert len(held) == found.run.record["search"]["selection"]["candidates"]
    assert len({item["architecture"] for item in held}) == len(held)


def test_drawn_finalists_are_trained_beside_the_best_and_counted_among_the_scored(
    experiment: Experiment, tmp_path: Path
) -> None:
    found = nasframe.search(with_search(experiment, candidates=4, finalists=4, finalists_drawn=3), tmp_path)
    assert found.run is not None
    held, ranked = finals(found.run), found.run.record["search"]["selection"]["candidates"]
    assert len(held["networks"]) == 4
    assert [item["place"] for item in held["networks"]].count(1) == 1
    assert ranked < held["scored"] <= ranked + 3


def test_a_record_of_finals_that_holds_other_kinds_of_values_is_refused_with_its_key(
    experiment: Experiment, tmp_path: Path
) -> None:
    run = nasframe.search(experiment, tmp_path / "run").run
    assert run is not None
    file = run.path / "run.json"
    record = json.loads(file.read_text("utf-8"))
    record["search"]["selection"]["finals"]["scored"] = "many"
    file.write_text(json.dumps(record), "utf-8")
    with pytest.raises(RunError, match=r"run\.json.*scored"):
        nasframe.load_run(run.path)


def test_a_first_round_longer_than_a_full_training_is_refused(experiment: Experiment, tmp_path: Path) -> None:
    with pytest.raises(
        ConfigurationError, match=r"finalist_epochs: expected at most train.epochs \(4\), found 5"
    ):
        nasframe.search(with_search(experiment, finalist_epochs=5), tmp_path / "run")
    assert not (tmp_path / "run" / "run.json").exists()


def test_a_search_without_a_folder_has_finalists_too(experiment: Experiment, tmp_path: Path) -> None:
    written = nasframe.search(experiment, tmp_path / "run")
    assert nasframe.search(experiment).architecture == written.architecture
    assert json.loads((tmp_path / "run" / "run.json").read_text())["search"]["converged"] is True
