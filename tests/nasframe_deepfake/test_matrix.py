"""Trained runs on other data sets: `evaluate --on` and `--matrix`, with real runs and real clips."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

import nasframe
from nasframe.cli import main
from nasframe.errors import DataError
from nasframe.pipeline import evaluate_matrix, evaluate_on
from nasframe.pipeline.trained_network import load_network
from nasframe.report import read_page
from nasframe.runtime import Progress, read_json
from nasframe_deepfake.datasets import FAKE_NAMES
from nasframe_deepfake.detection import Calibration, Detector, load_detector, make_heads
from nasframe_deepfake.detection.other_clips import MISSING, SEEN, other_test
from nasframe_deepfake.detection.stream_split import LazyFeatureSplit
from nasframe_deepfake.preparation import read_index
from nasframe_deepfake.synthesis import Corpus, write_corpus
from nasframe_deepfake.task import DeepfakeTask
from tests.nasframe_deepfake.serving.test_service import EXPERIMENT
from tests.recorded_progress import Log

SHARES = "shares = [0.35, 0.15, 0.15, 0.35]\n"


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty other clips of six other people, who are called as those of `corpus` are."""
    out = tmp_path_factory.mktemp("second")
    write_corpus(out, Corpus(clips=30, seed=5), 1, Progress())
    return out


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def runs(corpus: Path, second: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A run of each set, trained badly. Their splits are drawn by other seeds. Tests read them."""
    folder = tmp_path_factory.mktemp("runs")
    toml = EXPERIMENT.replace('name = "deepfake"\n', f'name = "deepfake"\n{SHARES}')
    (folder / "experiment.toml").write_text(toml)
    for seed, (name, data) in enumerate({"of-first": corpus, "of-second": second}.items()):
        words = [f"cache={cache}", f"seed={seed}", "--data", str(data), "--out", str(folder / name)]
        assert main(["run", str(folder / "experiment.toml"), *words]) == 0
    return [folder / "of-first", folder / "of-second"]


@pytest.fixture(scope="module")
def record(corpus: Path, second: Path, runs: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The matrix of both runs and both sets, and its folder."""
    out = tmp_path_factory.mktemp("matrix") / "out"
    return evaluate_matrix(runs, {"first": corpus, "second": second}, out=out), out


def copied(run: Path, place: Path) -> Path:
    shutil.copytree(run, place)
    return place


def test_the_diagonal_is_what_evaluate_says_of_each_run(record: Any, runs: list[Path]) -> None:
    cells = {(cell["run"], cell["on"]): cell for cell in record[0]["cells"]}
    assert [key for key, cell in cells.items() if cell["own"]] == [
        ("of-first", "first"),
        ("of-second", "second"),
    ]
    for name, run in zip(("first", "second"), runs, strict=True):
        test = json.loads((run / "test.json").read_text())
        found = cells[f"of-{name}", name]
        assert found["metrics"].items() <= test.items()
        assert found["examples"] == test["clips"]
        assert {"auc", "acc", "eer", "ap", "ece", "acc_low", "acc_high"} <= found["metrics"].keys()
        assert found["metrics"]["acc_low"] - 1e-6 <= found["metrics"]["acc"]


def test_the_runs_of_a_column_are_tested_on_the_same_clips(
    corpus: Path, runs: list[Path], record: Any
) -> None:
    """Also where the run would draw other splits of that set by its own seed."""
    own = evaluate_on(runs[0], corpus)["examples"]
    alone = evaluate_on(runs[1], corpus)["examples"]
    told = evaluate_on(runs[1], corpus, examples=own)["examples"]
    assert own == told != alone
    assert not any("not tested on the same" in caveat for caveat in record[0]["caveats"])


def test_a_matrix_goes_on_where_it_was_interrupted(
    corpus: Path, second: Path, runs: list[Path], record: Any, tmp_path: Path
) -> None:
    copies = [copied(run, tmp_path / run.name) for run in runs]
    gone = [file for file in (copies[0] / "other_data").iterdir() if not read_json(file)["own"]]
    for file in gone:
        file.write_text(file.read_text()[:100])  # what a full disk may leave
    progress = Log()
    again = evaluate_matrix(copies, {"first": corpus, "second": second}, progress=progress)
    assert [cell["metrics"] for cell in again["cells"]] == [cell["metrics"] for cell in record[0]["cells"]]
    assert sum("known, skipped" in line for line in progress.lines) == 3
    assert sum("test examples" in line for line in progress.lines) == 1


def test_the_command_prints_the_table_and_writes_the_page(
    corpus: Path, second: Path, runs: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sets = ["--on", f"first={corpus}", "--on", f"second={second}"]
    words = ["evaluate", *map(str, runs), *sets, "--matrix", "--out", str(tmp_path / "m")]
    assert main(words) == 0
    text = capsys.readouterr().out
    title, head, *rows = text.splitlines()
    assert title == "auc and acc: trained on the data of the run, tested on each data set"
    assert head.split("  ")[-1].strip() == "second, acc"
    assert [row.split()[0] for row in rows[:2]] == ["of-first", "of-second"]
    assert rows[0].count("[") >= 2  # intervals
    page = (tmp_path / "m" / "report.html").read_text(encoding="utf-8")
    assert "Every number of every pair" in page
    tables = {table.name: table for table in read_page(tmp_path / "m").tables}
    assert list(tables) == ["matrix", "cells", "per_category", "per_method"]
    assert len(tables["cells"].rows) == 4
    assert main([*words[:-2], "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == read_json(tmp_path / "m" / "matrix.json")


def test_one_run_on_another_set_prints_all_its_numbers(
    second: Path, runs: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(runs[0]), "--on", f"second={second}"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("On second, ")
    assert "Per method" in text


def test_a_clip_of_another_set_has_the_score_that_its_file_has(second: Path, runs: list[Path]) -> None:
    """The features of the run's own clips are cached in half precision; those of another set are not."""
    run = nasframe.load_run(runs[0])
    experiment = nasframe.load_experiment(run)
    network, calibration, where = load_network(run, experiment, "cpu")
    task = experiment.task
    assert isinstance(task, DeepfakeTask)
    stages = task.other_stages(second, experiment.stage_seed)
    prepared = (
        Path(run.record["data"]["cache"]) / f"prepare-{nasframe.stage_fingerprints(stages)['prepare'][:16]}"
    )
    split = task.other_test({"prepare": prepared}, run.task_folder, None, where).split
    assert isinstance(split, LazyFeatureSplit)
    heads, fitted = make_heads("single"), Calibration.of(calibration)
    with torch.no_grad():
        outputs = network.eval()(split.batch(torch.arange(len(split))).inputs)
    prepared_scores = fitted.probability(heads.log_odds(outputs)).tolist()
    detector = load_detector(run.task_folder, where)
    files = [
        detector.score(network, second / path, heads).log_odds[:1] for path in split.identifiers
    ]  # fmt: skip
    file_scores = [float(fitted.probability(odds)) for odds in files]
    assert prepared_scores == pytest.approx(file_scores, abs=1e-5)
    assert len({round(score, 6) for score in file_scores}) > 1


def test_clips_that_the_training_has_seen_are_left_out(
    folders: Mapping[str, Path], detector: Detector
) -> None:
    prepared = folders["prepare"]
    clips = read_index(prepared / "index.csv")
    seen = [clip.path for clip in clips if clip.split != "test"]
    examples = [*(clip.path for clip in clips), "gone.mp4"]
    found = other_test(prepared, detector, prepared, FAKE_NAMES, examples)
    assert list(found.split.identifiers) == [clip.path for clip in clips if clip.split == "test"]
    assert found.left_out == {SEEN: len(seen), MISSING: 1}
    with pytest.raises(DataError, match=r"lacks fakes of .*; \d+ clips are left out: their files hold"):
        other_test(prepared, detector, prepared, FAKE_NAMES, seen)


def test_where_the_data_of_the_run_is_gone_it_is_told_that_nobody_looked(
    folders: Mapping[str, Path], detector: Detector, tmp_path: Path
) -> None:
    prepared = folders["prepare"]
    assert "nobody looked" in other_test(prepared, detector, None, FAKE_NAMES, None).notes[0]
    moved = tmp_path / "prepare"
    moved.mkdir()
    shutil.copy(prepared / "index.csv", moved)
    report = json.loads((prepared / "report.json").read_text())
    (moved / "report.json").write_text(json.dumps({**report, "source": str(tmp_path / "nowhere")}))
    found = other_test(prepared, detector, moved, FAKE_NAMES, None)
    assert "files of a data set are not where they were" in found.notes[0]
    assert not found.left_out


def test_people_of_one_name_in_both_sets_are_told_and_stay(
    corpus: Path, folders: Mapping[str, Path], detector: Detector, tmp_path: Path
) -> None:
    prepared = folders["prepare"]
    tested = [clip for clip in read_index(prepared / "index.csv") if clip.split == "test"]
    # another set, whose files are others, and whose people are called as those of the test clips
    report = json.loads((prepared / "report.json").read_text())
    (tmp_path / "report.json").write_text(json.dumps({**report, "source": str(tmp_path)}))
    index = (prepared / "index.csv").read_text()
    (tmp_path / "index.csv").write_text(index.replace(",test,", ",weights,"))
    for clip in read_index(tmp_path / "index.csv"):
        (tmp_path / clip.path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / clip.path).write_bytes((corpus / clip.path).read_bytes()[:-1] + b"x")  # of one size
    found = other_test(prepared, detector, tmp_path, FAKE_NAMES, None)
    people = len({clip.source for clip in tested})
    assert not found.left_out
    assert len(found.split) == len(tested)
    assert found.notes[0].startswith(f"{people} p")
    assert f"{len(tested)} of {len(tested)} test clips" in found.notes[0]
    header, *rows = (tmp_path / "index.csv").read_text().splitlines()
    nameless = [f"{header},nameless", *(f"{row},1" for row in rows)]
    (tmp_path / "index.csv").write_text("\n".join(nameless) + "\n")
    assert not other_test(prepared, detector, tmp_path, FAKE_NAMES, None).notes, "names of clips are nobody's"


def test_a_set_without_fakes_is_refused_in_words(
    corpus: Path, runs: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data" / "real").mkdir(parents=True)
    (tmp_path / "data" / "fake").mkdir()
    for number, clip in enumerate(sorted((corpus / "RealVideo-RealAudio").rglob("*.mp4"))[:8]):
        shutil.copy(clip, tmp_path / "data" / "real" / f"{number}.mp4")
    assert main(["evaluate", str(runs[0]), "--on", f"x={tmp_path / 'data'}", "--matrix"]) == 2
    assert "of-first on x: " in (told := capsys.readouterr().err)
    assert "fake" in told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["{first}", "--matrix"], "expected at least one data set: --on NAME=PATH"),
        (["{first}", "{second}"], "2 runs; expected one, or several with --matrix"),
        (["{first}", "--on", "corpus"], "--on corpus: expected NAME=PATH"),
        (["{first}", "--on", "x={corpus}wrong"], "no such data"),
        (["{first}", "--on", "x={corpus}", "--on", "x={other}"], "the name x twice"),
        (["{first}", "--matrix", "--on", "x={corpus}", "--on", "y={corpus}"], "x and y are the same data"),
        (["{first}", "{first}", "--matrix", "--on", "x={corpus}"], "twice"),
        (["{first}", "nowhere", "--matrix", "--on", "x={corpus}"], "nowhere: no such run folder"),
        (["{first}", "--on", "x={corpus}", "--out", "m"], "--out: belongs to --matrix"),
        (["{first}", "--on", "x={corpus}", "--data", "{corpus}"], "--data and --on: expected one of them"),
    ],
)
def test_what_does_not_go_together_is_refused_in_words(
    words: list[str],
    told: str,
    corpus: Path,
    second: Path,
    runs: list[Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    places = {"first": runs[0], "second": runs[1], "corpus": corpus, "other": second}
    assert main(["evaluate", *(word.format(**places) for word in words)]) == 2
    assert told in capsys.readouterr().err


def test_a_run_without_a_detector_or_without_a_training_is_named(
    second: Path, runs: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = copied(runs[0], tmp_path / "bare")
    shutil.rmtree(bare / "task")
    shutil.rmtree(bare / "other_data", ignore_errors=True)
    assert main(["evaluate", str(bare), "--on", f"x={second}", "--matrix"]) == 2
    assert "detector.json" in capsys.readouterr().err
    for file in (bare / "checkpoints").glob("network*"):
        file.unlink()
    assert main(["evaluate", str(runs[1]), str(bare), "--on", f"x={second}", "--matrix"]) == 2
    assert f"{bare}: has no trained network yet" in capsys.readouterr().err
