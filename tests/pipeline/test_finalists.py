"""Searches with finalists: trained in a run folder as the final network is, resumed and parallel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
import pytest
import torch

import nasframe
from nasframe import Experiment, SearchOptions, TrainOptions
from nasframe.errors import ConfigurationError
from nasframe.searching import Bilevel
from nasframe.searching.gradient.one_shot import OneShot
from nasframe_bimodal.space import Bimodal
from tests.recorded_progress import Log


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
    said = next(line for line in log.lines if line.startswith("search: ended after 2 epochs"))
    assert said == (
        "search: ended after 2 epochs; the supernet ranked 5 architectures. search.candidates asks for 50, "
        f"and all architectures of the space are 5 different networks. {held['said'].removesuffix('.')}"
    )
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


def test_the_start_of_finalists_matters(experiment: Experiment, tmp_path: Path) -> None:
    scores = {}
    for start in ("inherit", "scratch"):
        found = nasframe.search(with_search(experiment, finalist_start=start), tmp_path / start)
        assert found.run is not None
        held = finals(found.run)["networks"]
        scores[start] = {item["architecture"]: item["scores"]["1"] for item in held}
    assert scores["inherit"].keys() == scores["scratch"].keys()
    assert scores["inherit"] != scores["scratch"]


def test_workers_change_no_number(experiment: Experiment, tmp_path: Path) -> None:
    random = torch.Generator().manual_seed(0)
    inputs = {name: torch.rand(48, 4, 6, generator=random) for name in ("left", "right")}
    experiment = attrs.evolve(  # whose task the workers read from a file
        experiment,
        task=nasframe.TensorTask(inputs, torch.arange(48) % 2),
        names={**experiment.names, "task": "nasframe.task:TensorTask"},
    )
    found = []
    for workers in (1, 2):
        made = nasframe.search(experiment, tmp_path / str(workers), workers=workers)
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
