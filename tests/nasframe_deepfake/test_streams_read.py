"""A network that reads one stream alone: it is said wherever its numbers are shown."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import torch
from torch import nn

from nasframe import Architecture, build, evaluate, evaluate_on, load_experiment, load_run, load_scorer, train
from nasframe.cli import main
from nasframe.display import PanelGrid
from nasframe.pipeline.trained_network import load_network
from nasframe_audiovisual import PICTURE_INPUTS, SOUND_INPUTS
from nasframe_bimodal.space import Bimodal
from nasframe_deepfake.detection import sentences_on_streams, streams_read
from nasframe_deepfake.robustness import robustness, robustness_section
from nasframe_deepfake.robustness.recorded import read_robustness
from nasframe_deepfake.task import DeepfakeTask
from tests.recorded_progress import Log

PICTURES_ALONE = "The network reads the pictures alone: it cannot tell a fake voice or a false pairing."
SOUND_ALONE = "The network reads the sound alone: it cannot tell a fake picture or a false pairing."
NEITHER = "The network reads neither pictures nor sound: every clip has the same score."
FLAT = "The network does not read the sound, so no degradation of the sound changes a score"

INPUTS = dict.fromkeys((*PICTURE_INPUTS, *SOUND_INPUTS), (2, 4))


def assignment(sources: str, operation: str) -> dict[str, str]:
    within = {} if operation == "zero" else {"cell1/N1.sources": "x & y"}
    return {"cell1.sources": sources, "cell1/N1": operation, **within}


def architecture(sources: str, operation: str = "sum") -> Architecture:
    space = Bimodal(channels=4, cells=1, nodes=1).build(INPUTS, 1)
    return Architecture(space, assignment(sources, operation))


@pytest.mark.parametrize(
    ("sources", "sentences"),
    [("I1 & I3", [PICTURES_ALONE]), ("S2 & S4", [SOUND_ALONE]), ("I1 & S1", [])],
)
def test_a_network_reads_the_streams_that_its_architecture_connects(
    sources: str, sentences: list[str]
) -> None:
    network = build(architecture(sources))
    assert sentences_on_streams(streams_read(network)) == sentences
    assert DeepfakeTask().caveats(network) == sentences


def test_a_stream_of_a_cell_whose_node_was_dropped_is_not_read() -> None:
    """The end of a cell adds its first source alone."""
    assert streams_read(build(architecture("I1 & S1", "zero"))) == {"pictures"}


def test_a_network_of_which_no_stream_arrives_says_so() -> None:
    network = build(architecture("I1 & S1"))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    assert sentences_on_streams(streams_read(network)) == [NEITHER]


def test_a_network_without_an_architecture_is_taken_to_read_both_streams() -> None:
    assert streams_read(nn.Identity()) == {"pictures", "sound"}


@pytest.fixture(scope="module")
def trained(trained_run: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A run whose network reads the pictures alone, evaluated; and the lines that its training said."""
    progress, out = Log(), tmp_path_factory.mktemp("pictures_alone") / "run"
    first, experiment = load_run(trained_run), load_experiment(trained_run)
    chosen = Architecture(first.architecture.space, assignment("I1 & I2", "concat_fc"))
    source = first.record["data"]["source"]
    train(experiment, out, architecture=chosen, source=source, progress=progress)
    evaluate(out)
    return out, progress.lines


def test_the_end_of_a_run_its_page_and_its_evaluation_say_that_it_reads_one_stream(
    trained: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    run, lines = trained
    assert lines.count(f"train: {PICTURES_ALONE}") == 1
    assert load_run(run).record["train"]["caveats"] == [PICTURES_ALONE]
    assert json.loads((run / "test.json").read_text())["caveats"][-1] == PICTURES_ALONE
    assert (run / "report.html").read_text().count(PICTURES_ALONE) == 1
    assert main(["evaluate", str(run)]) == 0
    assert PICTURES_ALONE in capsys.readouterr().out.splitlines()


def test_the_page_of_another_run_says_it_only_where_it_is_so(trained_run: Path) -> None:
    network, _, _ = load_network(load_run(trained_run), load_experiment(trained_run), None)
    says_it = "alone: it cannot tell" in (trained_run / "report.html").read_text()
    assert says_it == (streams_read(network) != {"pictures", "sound"})


def test_the_evaluation_on_other_data_says_that_the_network_reads_one_stream(
    trained: tuple[Path, list[str]], other_corpus: Path
) -> None:
    assert evaluate_on(trained[0], other_corpus)["metrics"]["caveats"][-1] == PICTURES_ALONE


def test_predict_names_no_stream_that_the_network_does_not_read(
    trained: tuple[Path, list[str]], corpus: Path
) -> None:
    scorer = load_scorer(trained[0])
    for found in scorer.score(sorted(corpus.rglob("*.mp4"))[:2]):
        assert PICTURES_ALONE in found["notes"]
        assert found["leaned_on"] == "pictures"
        assert found["score_of_pictures"] == found["score"]
        assert found["score_of_sound"] is None
        assert ", leaned on pictures alone; " in found["summary"]


def test_the_columns_of_a_stream_that_is_not_read_are_empty_in_csv(
    trained: tuple[Path, list[str]], corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = sorted(corpus.rglob("*.mp4"))[0]
    assert main(["predict", str(trained[0]), str(clip), "--csv"]) == 0
    printed = capsys.readouterr()
    (row,) = csv.DictReader(printed.out.splitlines())
    assert (row["leaned_on"], row["score_of_sound"]) == ("pictures", "")
    assert f"nasframe: {PICTURES_ALONE}" in printed.err.splitlines()


def test_an_exported_detector_says_which_streams_it_reads(trained: tuple[Path, list[str]]) -> None:
    run = load_run(trained[0])
    network, calibration, _ = load_network(run, load_experiment(run), "cpu")
    found = load_experiment(run).task.exported(network.eval(), run.task_folder, calibration)
    assert found.settings["reads"] == ["pictures"]


def test_curves_of_a_stream_that_is_not_read_are_flat_and_say_so(
    trained: tuple[Path, list[str]], tmp_path: Path
) -> None:
    report = robustness(
        trained[0], degradations=["blur", "sound-noise"], clips=6, workers=1, out=tmp_path / "out"
    )
    pictures, sound = report["degradations"]
    assert (pictures["read"], sound["read"]) == (True, False)
    assert {level["auc"] for level in sound["levels"]} == {report["clean"]["auc"]}
    scores = json.loads((tmp_path / "out" / "sound-noise.json").read_text())["scores"].values()
    assert all(value == pytest.approx(row[0], abs=1e-5) for row in scores for value in row)
    assert PICTURES_ALONE in report["notes"]
    assert read_robustness(tmp_path / "out" / "robustness.json") == report
    shown = robustness_section([report]).parts
    assert any(isinstance(part, str) and part.startswith(FLAT) for part in shown)
    (curves,) = (part for part in shown if isinstance(part, PanelGrid))
    assert ": pictures, " in curves.figures[0].title
    assert ": sound, not read, " in curves.figures[1].title


def test_of_a_stream_that_is_read_no_sentence_and_no_title_says_otherwise() -> None:
    scored = dict.fromkeys(("auc", "auc_low", "auc_high", "acc", "acc_low", "acc_high"), 0.5)
    level = {"value": 1.0, "label": "1 dB", **scored, "per_category": {}}
    clean = {**scored, "per_category": {}}
    one = {"name": "mp3", "title": "MP3", "stream": "sound", "unit": "bit/s", "clips": 2, "problems": []}
    one["read"] = True
    counts = {"clips": 2, "genuine": 1, "people": 12, "left_out": {}, "problems": [], "notes": []}
    degradations = [{**one, "clean": clean, "levels": [level]}]
    report = {"own": True, "threshold": 0.5, "clean": clean, "degradations": degradations, **counts}
    parts = robustness_section([report]).parts
    assert not any(isinstance(part, str) and "does not read" in part for part in parts)
    (curves,) = (part for part in parts if isinstance(part, PanelGrid))
    assert ": sound, " in curves.figures[0].title
