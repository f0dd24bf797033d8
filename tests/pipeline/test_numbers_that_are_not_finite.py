"""Numbers that are not finite, in test data, in a checkpoint or in scores, give words and no verdict."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from nasframe import Data, Run, Scores, load_experiment
from nasframe.cli import main
from nasframe.errors import RunError
from nasframe.pipeline import evaluate, predict
from tests.toys import PAIRS, STREAMS


@pytest.fixture
def run(finished_run: Path, tmp_path: Path) -> Path:
    """A copy of a finished run, to be spoilt."""
    return Path(shutil.copytree(finished_run, tmp_path / "run"))


def spoil_weights(run: Path, name: str = "network") -> str:
    """Put a NaN into the first parameter of a checkpoint, and return its name."""
    (file,) = (run / "checkpoints").glob(f"{name}-*.safetensors")
    tensors = load_file(file)
    key = sorted(tensors)[0]
    tensors[key].view(-1)[0] = math.nan
    save_file(tensors, file)
    return key


def test_a_checkpoint_with_a_weight_that_is_no_number_is_not_evaluated(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = spoil_weights(run)
    before = (run / "test.json").read_bytes()
    assert main(["evaluate", str(run)]) == 2
    message = capsys.readouterr().err
    assert "parameters of the trained network are not finite" in message
    assert name in message
    assert "accuracy" not in message
    assert (run / "test.json").read_bytes() == before


def test_a_checkpoint_with_a_weight_that_is_no_number_scores_no_file(run: Path, tmp_path: Path) -> None:
    spoil_weights(run)
    with pytest.raises(RunError, match="are not finite"):
        predict(run, [tmp_path / "a.json"])


class Spoilt:
    """The toy's data, with one number of one example of a split replaced."""

    def __init__(self, module: ModuleType, patch: pytest.MonkeyPatch, split: str, value: float) -> None:
        self.name, usual = "", module.Streams.data

        def data(task: Any, folders: Any) -> Data:
            found: Data = usual(task, folders)
            splits = found.splits
            chosen = splits.test() if split == "test" else getattr(splits, split)
            chosen.inputs["left"][3, 0, 0] = value
            self.name = chosen.identifiers[3]
            return found

        patch.setattr(module.Streams, "data", data)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_test_data_with_a_number_that_is_not_finite_is_not_evaluated(
    run: Path,
    toy_streams: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    value: float,
) -> None:
    spoilt = Spoilt(toy_streams, monkeypatch, "test", value)
    assert main(["evaluate", str(run)]) == 2
    found = capsys.readouterr()
    assert "the split 'test' holds numbers that are not finite" in found.err
    assert found.err.splitlines()[1:] == [f"  Not finite is the input 'left' of {spoilt.name}."]
    assert found.out == ""


def test_validation_data_with_a_number_that_is_no_number_stops_a_search_before_its_first_epoch(
    toy_streams: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    spoilt = Spoilt(toy_streams, monkeypatch, "validation", math.nan)
    words = ["search", str(STREAMS), f"cache={tmp_path / 'cache'}", "--out", str(tmp_path / "run")]
    assert main(words) == 2
    found = capsys.readouterr().err
    assert "the split validation: batch must hold finite numbers in input 'left'" in found
    assert f"found NaN or infinity in row 3 (example '{spoilt.name}')" in found
    assert not (tmp_path / "run" / "metrics.jsonl").exists()
    assert not (tmp_path / "run" / "architecture.json").exists()


def test_validation_data_with_a_number_that_is_no_number_stops_a_training(
    run: Path, toy_streams: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Spoilt(toy_streams, monkeypatch, "validation", math.nan)
    assert main(["train", str(run), "--overwrite"]) == 2
    assert "must hold finite numbers in input 'left', found NaN or infinity in row" in capsys.readouterr().err


def test_an_example_without_a_score_is_named_and_the_exit_status_is_1(
    run: Path, toy_streams: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names: list[str] = []
    folders = {"make": Path(Run.open(run).record["data"]["folders"]["make"])}
    test = load_experiment(run).task.data(folders).splits.test().identifiers

    def scores(task: Any, outputs: Tensor, split: Any, calibration: Any) -> Scores:
        names[:] = split.identifiers
        log_odds = outputs[:, 1] - outputs[:, 0]
        if split.identifiers == test:
            log_odds[2] = math.nan
        return Scores(log_odds, split.batch(torch.arange(len(split))).targets)

    monkeypatch.setattr(toy_streams.Streams, "scores", scores)
    (run / "scores.json").write_text("{}")
    assert main(["evaluate", str(run)]) == 1
    said = f"1 example of the test split has no score, and so no decision: {names[2]}. No scores are written."
    assert said in capsys.readouterr().out
    assert not (run / "scores.json").exists()
    assert json.loads((run / "test.json").read_text())["undefined_scores"] == [names[2]]
    assert said in (run / "report.html").read_text()
    assert main(["evaluate", str(run), "--json"]) == 1


@pytest.mark.parametrize("bad", [{"ratio": math.inf}, {"by class": {"left": [0.5, -math.inf]}}])
def test_a_metric_of_the_test_split_that_is_infinite_is_refused_by_name(
    run: Path,
    toy_streams: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    bad: dict[str, Any],
) -> None:
    usual, before = toy_streams.Streams.evaluate, (run / "test.json").read_bytes()
    names: list[str] = []
    folders = {"make": Path(Run.open(run).record["data"]["folders"]["make"])}
    names[:] = load_experiment(run).task.data(folders).splits.test().identifiers

    def metrics(task: Any, outputs: Tensor, split: Any, calibration: Any) -> dict[str, Any]:
        found = usual(task, outputs, split, calibration)
        return found | (bad if split.identifiers == names else {})

    monkeypatch.setattr(toy_streams.Streams, "evaluate", metrics)
    assert main(["evaluate", str(run)]) == 2
    (name,) = bad
    said = f"evaluate must return finite metrics, NaN or None where undefined, found {name!r}: {bad[name]!r}"
    assert said in capsys.readouterr().err
    assert (run / "test.json").read_bytes() == before


@pytest.mark.parametrize(
    "bad", [{"score": math.nan}, {"score": None}, {"threshold": math.nan}, {"part": -math.inf}]
)
def test_a_record_without_a_finite_score_holds_no_decision(
    run: Path,
    toy_streams: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    bad: dict[str, float],
) -> None:
    def records(scorer: Any, files: Any) -> Any:
        good = {"score": 0.7, "threshold": 0.5, "decision": "right", "part": 0.2}
        for number, file in enumerate(files):
            yield {"file": str(file), **good, **(bad if number == 1 else {})}

    monkeypatch.setattr(toy_streams.StreamScorer, "score", records)
    assert main(["predict", str(run), "a", "b", "c", "--json"]) == 1
    first, second, third = map(json.loads, capsys.readouterr().out.splitlines())
    assert first["decision"] == third["decision"] == "right"
    assert second.keys() == {"file", "error", "reason"}
    assert second["reason"] == "not-finite"
    assert next(iter(bad)) in second["error"]
    assert main(["predict", str(run), "a", "b", "c"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[2] for line in lines[-3:]] == ["right", "error", "right"]


def test_a_baseline_that_gives_no_numbers_is_named(toy_pairs: None, tmp_path: Path) -> None:
    run, short = tmp_path / "run", ["search.epochs=1", "search.min_epochs=0", "train.epochs=1"]
    words = [*short, "baselines.task=true", f"cache={tmp_path / 'cache'}", "--out", str(run)]
    assert main(["run", str(PAIRS), *words]) == 0
    (record,) = (run / "checkpoints").glob("baseline-left-alone-*-network.json")
    name = spoil_weights(run, record.stem)
    with pytest.raises(RunError, match=f"baseline 'left alone': .* its parameter {name} is not finite"):
        evaluate(run)
