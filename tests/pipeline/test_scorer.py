"""A trained run is loaded once, and scores files as often as it is asked, from several threads at once."""

from __future__ import annotations

import json
import math
import shutil
import threading
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import nasframe
from nasframe import FileScorer
from nasframe.errors import ConfigurationError, ContractError, DataError, RunError
from nasframe.runtime import Cancellation, read_tensors

USUAL = {"score": 0.7, "threshold": 0.5, "decision": "right"}


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Two files that can be scored and one between them that cannot."""
    contents = {"low.json": "[0.9, 0.1]", "broken.json": "no numbers", "high.json": "[0.1, 0.9]"}
    for name, content in contents.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    return [tmp_path / name for name in contents]


def test_a_scorer_gives_the_records_of_predict_at_every_call(finished_run: Path, files: list[Path]) -> None:
    scorer = nasframe.load_scorer(finished_run)
    expected = list(nasframe.predict(finished_run, files))
    assert [record["file"] for record in expected] == [str(file) for file in files]
    assert ["error" in record for record in expected] == [False, True, False]
    assert list(scorer.score(files)) == list(scorer.score(map(str, files))) == expected
    assert list(scorer.score([])) == []
    assert scorer.threshold == 0.5
    assert scorer.score_meaning.startswith("score: probability")
    assert scorer.file_endings == (".json",)


def test_the_run_is_read_once_and_may_be_gone_while_files_are_scored(
    finished_run: Path, files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, read = Path(shutil.copytree(finished_run, tmp_path / "run")), []

    def counted(path: Path, *arguments: Any, **options: Any) -> Any:
        read.append(path)
        return read_tensors(path, *arguments, **options)

    monkeypatch.setattr("nasframe.runs.checkpoint.read_tensors", counted)
    scorer = nasframe.load_scorer(run)
    assert len(read) == 1
    shutil.rmtree(run)
    first = list(scorer.score(files))
    assert "score" in first[0]
    assert list(scorer.score(files)) == first
    assert len(read) == 1


def test_two_threads_that_score_at_once_get_the_records_of_one(finished_run: Path, files: list[Path]) -> None:
    scorer, together = nasframe.load_scorer(finished_run), threading.Barrier(2)

    def score(paths: Sequence[Path]) -> list[dict[str, Any]]:
        found = []
        for record in scorer.score(paths):
            together.wait(timeout=60)
            found.append(record)
        return found

    lists = [files * 5, files[::-1] * 5]
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(score, lists)) == [list(scorer.score(paths)) for paths in lists]


def test_records_come_one_by_one_as_they_are_known(finished_run: Path, files: list[Path]) -> None:
    records = nasframe.load_scorer(finished_run).score([files[0], files[2]])
    assert next(records)["file"] == str(files[0])
    files[2].write_text("[0.5, 0.5]")
    changed = next(records)
    assert list(nasframe.predict(finished_run, [files[2]])) == [changed]


def test_one_path_in_place_of_several_is_refused(finished_run: Path) -> None:
    scorer = nasframe.load_scorer(finished_run)
    with pytest.raises(TypeError, match=r"takes several paths, such as \['a.json'\], found one path"):
        scorer.score("a.json")


# -- the threshold --------------------------------------------------------------------------------------


def test_a_given_threshold_replaces_the_fitted_one(finished_run: Path, files: list[Path]) -> None:
    (usual,) = nasframe.predict(finished_run, files[:1])
    for threshold, decision in ((usual["score"], "right"), (min(usual["score"] + 1e-6, 1), "left")):
        scorer = nasframe.load_scorer(finished_run, threshold=threshold)
        (record,) = scorer.score(files[:1])
        assert scorer.threshold == record["threshold"] == threshold
        assert (record["score"], record["decision"]) == (usual["score"], decision)
        assert list(nasframe.predict(finished_run, files[:1], threshold=threshold)) == [record]


@pytest.mark.parametrize(
    ("threshold", "words"),
    [
        (math.nan, "expected a finite number, found nan"),
        (math.inf, "expected a finite number, found inf"),
        (1.5, "expected a number from 0 to 1, found 1.5"),
        (1.0000001, "expected a number from 0 to 1, found 1.0000001"),
    ],
)
def test_a_threshold_that_no_score_can_have_is_refused(
    finished_run: Path, threshold: float, words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        nasframe.load_scorer(finished_run, threshold=threshold)


def test_a_task_without_bounds_takes_any_finite_threshold(
    finished_run: Path, files: list[Path], toy_streams: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toy_streams.Streams, "bounds", {"accuracy": (0.0, 1.0)})
    (record,) = nasframe.predict(finished_run, files[:1], threshold=-3)
    assert (record["threshold"], record["decision"]) == (-3.0, "right")


def test_a_task_that_fits_no_threshold_refuses_one_in_words(
    finished_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nasframe.pipeline.trained_network.calibration_of", lambda _: {"temperature": 2.0})
    with pytest.raises(
        ConfigurationError, match="the task Streams fits none that could be replaced; it fits temp"
    ):
        nasframe.load_scorer(finished_run, threshold=0.5)


# -- the contract ---------------------------------------------------------------------------------------


class Records(FileScorer):
    """Yields prepared records."""

    def __init__(self, *records: Any) -> None:
        self.records = records
        self.closed = False

    def score(self, files: Sequence[Path]) -> Iterator[dict[str, Any]]:
        try:
            yield from self.records
        finally:
            self.closed = True


@pytest.fixture
def yielding(finished_run: Path, toy_streams: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Score the files a, b with a task whose scorer yields the given records."""

    def score(*records: Any) -> list[dict[str, Any]]:
        scorer = Records(*records)
        monkeypatch.setattr(toy_streams.Streams, "file_scorer", lambda *_: scorer)
        try:
            return list(nasframe.load_scorer(finished_run).score(["a", "b"]))
        finally:
            assert scorer.closed

    return score


def test_an_error_has_a_reason_of_the_task_or_the_usual_one(yielding: Any) -> None:
    found = yielding(
        {"file": "a", "error": "has no sound", "reason": "no-sound"}, {"file": "b", "error": "is torn"}
    )
    assert found == [
        {"file": "a", "error": "has no sound", "reason": "no-sound"},
        {"file": "b", "error": "is torn", "reason": "error"},
    ]


def test_nested_values_seconds_and_notes_pass_as_they_are(yielding: Any) -> None:
    seconds = [
        {"start": 0, "end": 1.0, "score": 0.25},
        {"start": 1, "end": 2, "score": None, "reason": "dark"},
    ]
    record = {"file": "a", **USUAL, "seconds": seconds, "notes": ["Beware."], "more": {"by": [[1, "x"]]}}
    record |= {"summary": "By one second.", "left_out": [{"start": 1, "end": 2.0, "reason": "dark"}]}
    assert yielding(record, {**record, "file": "b"}) == [record, {**record, "file": "b"}]


def test_a_number_that_is_not_finite_deep_in_a_record_is_an_error_with_its_reason(yielding: Any) -> None:
    bad = {"file": "a", **USUAL, "seconds": [{"start": 0, "end": 1, "score": math.nan}]}
    first, second = yielding(bad, {"file": "b", **USUAL})
    assert first.keys() == {"file", "error", "reason"}
    assert first["reason"] == "not-finite"
    assert "seconds" in first["error"]
    assert second == {"file": "b", **USUAL}


@pytest.mark.parametrize(
    ("records", "words"),
    [
        ([USUAL], "one record for each of 2 files, found 1"),
        ([USUAL, USUAL, USUAL], "one record for each of 2 files, found one more"),
        ([USUAL, 0.5], "must yield dictionaries, found 0.5 for b"),
        ([USUAL, {"error": 5}], "must give the error in words, found 5 for b"),
        ([{**USUAL, "seconds": [0.5]}, USUAL], "must give `seconds` as a list of"),
        ([{**USUAL, "left_out": [{"start": 0, "end": 1}]}, USUAL], "must give `left_out` as a list of"),
        ([{**USUAL, "left_out": {}}, USUAL], "must give `left_out` as a list of"),
        ([{**USUAL, "summary": 5}, USUAL], "must give `summary` in words, found 5 for a"),
        ([{**USUAL, "notes": "Beware."}, USUAL], "must give `notes` as a list of sentences"),
    ],
)
def test_records_that_break_the_contract_name_the_task(yielding: Any, records: list[Any], words: str) -> None:
    with pytest.raises(ContractError, match=f"task Streams breaks the contract .*{words}"):
        yielding(*records)


def test_a_scorer_that_is_closed_closes_that_of_the_task(
    finished_run: Path, toy_streams: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    scorer = Records({"file": "a", **USUAL}, {"file": "b", **USUAL})
    monkeypatch.setattr(toy_streams.Streams, "file_scorer", lambda *_: scorer)
    records = nasframe.load_scorer(finished_run).score(["a", "b"])
    next(records)
    records.close()
    assert scorer.closed


def test_a_scorer_that_knows_nothing_of_it_is_cancelled_between_two_files(
    finished_run: Path, toy_streams: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    scorer, cancellation = Records({"file": "a", **USUAL}, {"file": "b", **USUAL}), Cancellation()
    monkeypatch.setattr(toy_streams.Streams, "file_scorer", lambda *_: scorer)
    records = nasframe.load_scorer(finished_run).score(["a", "b"], cancellation)
    assert next(records)["file"] == "a"
    cancellation.cancel()
    with pytest.raises(CancelledError):
        next(records)
    assert scorer.closed


def test_file_scorer_must_return_a_scorer(
    finished_run: Path, toy_streams: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toy_streams.Streams, "file_scorer", lambda *_: None)
    with pytest.raises(ContractError, match="file_scorer must return a FileScorer, found None"):
        nasframe.load_scorer(finished_run)


def test_a_task_that_scores_no_files_says_so_when_it_is_loaded(
    finished_run: Path, toy_streams: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toy_streams.Streams, "file_scorer", nasframe.Task.file_scorer)
    with pytest.raises(
        DataError,
        match="streams scores no files; `nasframe evaluate RUN` scores its test split, and `nasframe export`",
    ):
        nasframe.load_scorer(finished_run)


def test_a_run_that_is_not_there_is_an_error_at_the_call(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no such run folder"):
        nasframe.load_scorer(tmp_path / "nowhere")


# -- the former contract --------------------------------------------------------------------------------


def test_a_task_that_defines_predict_is_served_with_a_warning(
    finished_run: Path, files: list[Path], toy_streams: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    within: list[int] = []
    loads: list[int] = []

    def predict(
        self: Any, network: Any, paths: Sequence[Path], saved: Path, calibration: Any, device: Any
    ) -> Iterator[dict[str, Any]]:
        loads.append(1)
        for path in paths:
            within.append(1)
            assert len(within) == 1, "two threads are in the code of the task"
            numbers = json.loads(path.read_text())
            within.pop()
            yield {"file": str(path), "score": numbers[1], "threshold": calibration["threshold"]}

    monkeypatch.setattr(toy_streams.Streams, "file_scorer", nasframe.Task.file_scorer)
    monkeypatch.setattr(toy_streams.Streams, "predict", predict, raising=False)
    with pytest.warns(FutureWarning, match=r"the task Streams defines `predict`.*define `file_scorer`"):
        scorer = nasframe.load_scorer(finished_run, threshold=0.25)
    paths = [files[0], files[2]] * 10
    expected = [
        {"file": str(path), "score": float(path == files[2]) * 0.8 + 0.1, "threshold": 0.25} for path in paths
    ]
    with warnings.catch_warnings(), ThreadPoolExecutor(3) as threads:
        for found in threads.map(lambda _: list(scorer.score(paths)), range(3)):
            assert [record["file"] for record in found] == [record["file"] for record in expected]
            assert [record["score"] for record in found] == pytest.approx(
                [record["score"] for record in expected]
            )
    assert len(loads) == 3
