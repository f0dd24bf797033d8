"""The AUC of single seconds: their labels and scores, and a real run on clips in the layout of LAV-DF."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from nasframe.cli import main
from nasframe.errors import ConfigurationError, DataError
from nasframe.pipeline import load_run
from nasframe_audiovisual import ClipFiles, LeftOut
from nasframe_deepfake.clips_under_test import ClipUnderTest
from nasframe_deepfake.detection import Detector, scored_seconds
from nasframe_deepfake.per_second import (
    in_sentences,
    labelled_seconds,
    per_second,
    per_second_reports,
    per_second_section,
)
from nasframe_deepfake.per_second.kept_seconds import KeptSeconds
from nasframe_deepfake.per_second.labelling import TRIMMED, UNSEEN, LabelledSecond
from nasframe_deepfake.per_second.measuring import UNKNOWN, _metrics, _Seconds
from nasframe_deepfake.robustness import robustness
from tests.nasframe_deepfake.test_lav_df import entry, fake


def spans(*values: tuple[float, float]) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64).reshape(-1, 2)


def odds(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def clip(name: str, person: str, fake: int = 1, category: str = "FV-RA") -> ClipUnderTest:
    return ClipUnderTest(name, ClipFiles(name), category if fake else "RV-RA", "", person, fake, ())


# -- seconds ----------------------------------------------------------------------------------------------


def test_a_second_is_altered_where_any_part_of_it_is() -> None:
    found = labelled_seconds(spans((0, 5)), odds(0), (), ((0.9, 1.1), (3.0, 4.0)))
    assert [one.altered for one in found] == [True, True, False, True, False]


def test_a_second_has_the_mean_of_its_windows_by_the_time_that_both_share() -> None:
    found = scored_seconds(spans((0.2, 1.8), (1.0, 2.6)), odds(1.0, 5.0))
    assert [one.number for one in found] == [0, 1, 2]
    assert [one.log_odds for one in found] == pytest.approx([1.0, (0.8 * 1 + 1.0 * 5) / 1.8, 5.0])


def test_windows_that_lie_one_behind_the_other_give_each_second_its_own() -> None:
    windows = spans(*((float(second), second + 1.0) for second in range(4)))
    assert [one.log_odds for one in scored_seconds(windows, odds(3, 1, 4, 1))] == [3, 1, 4, 1]


def test_a_second_without_a_window_has_the_reason_of_what_was_left_out() -> None:
    left_out = [LeftOut(2.0, 2.3, "no-face"), LeftOut(2.3, 4.0, "silence")]
    found = labelled_seconds(spans((1, 2)), odds(0), left_out, ())
    assert [one.reason for one in found] == [TRIMMED, "", "silence", "silence"]
    assert [one.log_odds for one in found] == [None, 0, None, None]


def test_an_altered_part_behind_the_end_of_what_was_seen_counts_as_seconds_without_a_score() -> None:
    found = labelled_seconds(spans((0, 2)), odds(0), (), ((2.5, 3.5),))
    assert [(one.altered, one.reason) for one in found] == [
        *((False, ""), (False, "")),
        *((True, TRIMMED), (True, TRIMMED)),
    ]


def test_a_second_whose_altered_part_no_window_has_seen_has_no_score() -> None:
    found = labelled_seconds(spans((0.2, 4.05)), odds(0), (), ((4.8, 5.0), (3.2, 3.4)))
    assert [(one.altered, one.reason) for one in found[3:]] == [(True, ""), (True, UNSEEN)]
    assert found[4].log_odds is None


def test_a_detector_that_knows_the_seconds_has_an_auc_of_1_and_one_that_knows_the_clips_has_not() -> None:
    windows = spans(*((float(second), second + 1.0) for second in range(4)))
    parts = {"a": ((0.5, 1.0),), "b": ((2.0, 4.0),), "c": ()}
    clips = {name: clip(name, name, int(bool(altered))) for name, altered in parts.items()}

    def judged(score: Any) -> dict[str, Any]:
        return _metrics(
            [
                _Seconds(clips[name], labelled_seconds(windows, score(name, altered), (), altered))
                for name, altered in parts.items()
            ]
        )

    knows = judged(
        lambda name, altered: odds(*(any(a < s + 1 and b > s for a, b in altered) for s in range(4)))
    )
    assert (knows["all"]["auc"], knows["fakes"]["auc"]) == (1, 1)
    assert knows["all"]["seconds"] == 12
    assert knows["all"]["altered"] == knows["fakes"]["altered"] == 3
    assert knows["fakes"]["seconds"] == 8
    # 3 altered seconds against 9 others: equal to the 5 of fakes, above the 4 of the genuine clip
    clips_alone = judged(lambda name, altered: odds(*[float(bool(altered))] * 4))
    assert clips_alone["all"]["auc"] == pytest.approx((4 + 5 / 2) / 9)
    assert clips_alone["fakes"]["auc"] == 0.5


def test_a_category_has_its_own_altered_seconds_and_all_others_that_are_not_altered() -> None:
    windows = spans((0, 1), (1, 2))
    seconds = [
        _Seconds(clip("a", "p", category="FV-RA"), labelled_seconds(windows, odds(1, 0), (), ((0, 1),))),
        _Seconds(clip("b", "q", category="RV-FA"), labelled_seconds(windows, odds(0, 1), (), ((0, 1),))),
        _Seconds(clip("c", "r", fake=0), labelled_seconds(windows, odds(0, 0), (), ())),
    ]
    found = _metrics(seconds)["per_category"]
    assert {name: (one["auc"], one["seconds"], one["altered"]) for name, one in found.items()} == {
        "FV-RA": (pytest.approx(0.875), 5, 1),
        "RV-FA": (pytest.approx(0.375), 5, 1),
    }


def test_the_interval_is_wider_where_all_seconds_are_of_few_people() -> None:
    """Forty clips, of forty people or of four."""
    random = torch.Generator().manual_seed(0)
    windows = spans((0, 1), (1, 2), (2, 3))
    values = torch.randn(40, 3, generator=random, dtype=torch.float64) + odds(1.0, 0, 0)
    values += torch.randn(4, 1, generator=random, dtype=torch.float64).repeat(10, 1) * 2

    def width(people: int) -> float:
        clips = [
            _Seconds(clip(str(n), str(n % people)), labelled_seconds(windows, values[n], (), ((0, 1),)))
            for n in range(40)
        ]
        found = _metrics(clips)["all"]
        return float(found["auc_high"] - found["auc_low"])

    assert width(4) > width(40) > 0


# -- a run ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lav(other_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Synthesised clips as LAV-DF names them, of whose fakes a part is said to be altered."""
    root = tmp_path_factory.mktemp("lav")
    (root / "test").mkdir()
    entries = []
    for number, path in enumerate(sorted(other_corpus.rglob("*.mp4"))):
        name = f"test/{number:06}.mp4"
        shutil.copy(path, root / name)
        if "RealVideo-RealAudio/" in path.as_posix():
            entries.append(entry(name))
        else:
            periods = [[1.1, 1.4]] if number % 2 else [[0.2, 0.8]]
            entries.append(fake(name, None, "FakeVideo" in str(path), "FakeVideo" not in str(path), *periods))
    (root / "metadata.json").write_text(json.dumps(entries))
    return root


@pytest.fixture(scope="module")
def measured(
    trained_run: Path, lav: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    run = tmp_path_factory.mktemp("measured") / "run"
    shutil.copytree(trained_run, run)
    return run, per_second(run, on=lav, workers=1)


def test_every_second_of_a_test_clip_is_an_example_or_is_counted(
    measured: tuple[Path, dict[str, Any]],
) -> None:
    _, report = measured
    found = report["all"]
    assert 0 < found["altered"] < found["seconds"]
    assert report["clips"] > 4
    assert found["seconds"] + sum(report["unscored"].values()) >= 2 * report["clips"]
    assert 0 <= found["auc"] <= 1
    assert sum(one["altered"] for one in report["per_category"].values()) == found["altered"]
    assert report["fakes"]["altered"] == found["altered"]


def test_the_scores_are_those_of_the_curve_that_predict_gives(
    measured: tuple[Path, dict[str, Any]], lav: Path
) -> None:
    """The same rule: windows by the time that they share with a second."""
    from nasframe_deepfake.clip_jobs import ClipJob, scorer_of
    from nasframe_deepfake.clips_under_test import read_test_split
    from nasframe_deepfake.kept_reports import network_of
    from nasframe_deepfake.per_second.measuring import _seconds_of
    from tests.recorded_progress import Log

    run = load_run(measured[0])
    tested = read_test_split(run, lav, None, Log())
    job = ClipJob(run.path, network_of(run), None, tested.root)
    scorer = scorer_of(job)
    compared = 0
    for one in tested.clips:
        seconds = _seconds_of(job, one)
        (answer,) = scorer.score([tested.root / one.name])
        if "seconds" not in answer or answer["left_out"]:
            continue  # it refuses windows that are unlike the training
        assert not isinstance(seconds, str)
        values = [second.log_odds for second in seconds if second.log_odds is not None]
        chances = scorer.calibration.probability(torch.tensor(values, dtype=torch.float64))
        assert [part["score"] for part in answer["seconds"]] == pytest.approx(chances.tolist(), abs=1e-5)
        compared += 1
    assert compared


def test_the_number_of_workers_changes_nothing(measured: tuple[Path, dict[str, Any]], lav: Path) -> None:
    run, report = measured
    out = run.parent / "again"
    assert per_second(run, on=lav, out=out, workers=2) == report
    assert json.loads((out / "per_second.json").read_text()) == report


def test_the_page_shows_the_table(measured: tuple[Path, dict[str, Any]]) -> None:
    run, report = measured
    assert per_second_reports(load_run(run)) == [report]
    assert main(["report", str(run)]) == 0
    page = (run / "report.html").read_text()
    assert "Single seconds" in page
    assert "altered in FV-RA" in page
    for part in per_second_section([report]).parts:
        assert part if isinstance(part, str) else part.to_html()
    assert "have a score" in in_sentences(report)[0]


def test_a_data_set_without_altered_parts_is_told_in_one_sentence(
    trained_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["deepfake", "per-second", str(trained_run), "--out", str(out)]) == 2
    assert "says of none of its clips which seconds are altered" in capsys.readouterr().err
    assert not out.exists()


def test_a_data_set_without_altered_parts_is_refused_before_anything_is_prepared_or_scored(
    trained_run: Path, other_corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nasframe_deepfake.per_second import measuring

    monkeypatch.setattr(measuring, "read_test_split", None)
    with pytest.raises(DataError, match=r"lav_df and av_deepfake1m are data sets that do") as error:
        per_second(trained_run, on=other_corpus)
    assert str(error.value).startswith(f"{other_corpus}: says of none of its clips")


def test_an_interrupted_measurement_goes_on_to_the_same_report(
    measured: tuple[Path, dict[str, Any]], lav: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nasframe_deepfake.per_second import measuring
    from tests.recorded_progress import Log

    run, report = measured
    whole, calls, out = measuring._seconds_of, list[str](), tmp_path / "out"
    result, folder = out / "per_second.json", out / "per_second.json.partial"

    def interrupted(job: Any, clip: ClipUnderTest) -> Any:
        calls.append(clip.name)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return whole(job, clip)

    monkeypatch.setattr(measuring, "GROUP", 2)
    monkeypatch.setattr(measuring, "_seconds_of", interrupted)
    log = Log()
    with pytest.raises(KeyboardInterrupt):
        per_second(run, on=lav, out=out, workers=1, progress=log)
    assert [
        line for line in log.lines if f"4 of {report['clips']} clips are scored and kept in {folder}" in line
    ]
    assert [path.name for path in sorted(folder.iterdir())] == ["seconds-00000.json", "seconds-00001.json"]
    assert not result.exists()
    (folder / "seconds-00001.json").write_text('{"key": "')
    first, calls = calls, list[str]()
    monkeypatch.setattr(
        measuring, "_seconds_of", lambda job, clip: calls.append(clip.name) or whole(job, clip)
    )
    assert per_second(run, on=lav, out=out, workers=1, progress=log) == report
    assert json.loads(result.read_text()) == report
    assert f"2 of {report['clips']} clips are scored already, {report['clips'] - 2} are left" in log.lines
    assert not {*first[:2]} & {*calls}
    assert len(calls) == report["clips"] - 2
    assert not folder.exists()


def test_seconds_that_are_kept_of_other_clips_or_another_network_do_not_count(tmp_path: Path) -> None:
    kept = KeptSeconds.beside(tmp_path / "result.json")
    seconds = {"a": [LabelledSecond(0, True, 0.1 + 0.2, ""), LabelledSecond(1, False, None, "no-face")]}
    kept.keep_group(3, "key", seconds, {"b": "gone"})
    assert kept.group(3, "key") == (seconds, {"b": "gone"})
    assert kept.group(3, "other") is None
    assert kept.group(2, "key") is None
    (kept.scores.folder / "mine.txt").touch()
    kept.remove()
    assert [path.name for path in kept.scores.folder.iterdir()] == ["mine.txt"]


def test_the_command_prints_the_table(
    measured: tuple[Path, dict[str, Any]], lav: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "deep" / "out"
    words = ["deepfake", "per-second", str(measured[0]), "--on", str(lav), "--workers", "1"]
    assert main([*words, "--out", str(out)]) == 0
    assert "AUC of single seconds, with 95 % intervals over clips" in capsys.readouterr().out  # LAV-DF's
    assert json.loads((out / "per_second.json").read_text()) == measured[1]


def test_a_clip_that_cannot_be_read_is_told_and_one_whose_parts_nobody_knows_is_counted(
    measured: tuple[Path, dict[str, Any]], lav: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import attrs

    from nasframe_deepfake.per_second import measuring

    usual = measuring.read_test_split

    def changed(*words: Any) -> Any:
        tested = usual(*words)
        first, second, *rest = tested.clips
        gone = attrs.evolve(first, files=ClipFiles("gone.mp4"))
        return attrs.evolve(tested, clips=[gone, attrs.evolve(second, altered=None), *rest])

    monkeypatch.setattr(measuring, "read_test_split", changed)
    found = per_second(measured[0], on=lav, out=tmp_path / "out", workers=1)
    assert len(found["problems"]) == 1
    assert "no such file" in found["problems"][0]["problem"]
    assert found["left_out"][UNKNOWN] == 1
    assert found["clips"] == measured[1]["clips"] - 2


def test_a_number_out_of_its_bounds_is_refused(trained_run: Path) -> None:
    with pytest.raises(ConfigurationError, match="--seed: expected 0 or more, found -1"):
        per_second(trained_run, seed=-1)


def test_a_folder_without_clips_is_an_error(trained_run: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError):
        per_second(trained_run, on=tmp_path, out=tmp_path / "out")


def test_an_altered_part_that_a_list_ends_after_years_is_counted_for_a_day_at_most() -> None:
    found = labelled_seconds(spans((0, 2)), odds(0), (), ((1.5, 1e308),))
    assert len(found) == 24 * 60 * 60
    assert [one.altered for one in found[:3]] == [False, True, True]


def test_a_place_that_takes_no_result_is_refused_before_a_clip_is_scored(
    measured: tuple[Path, dict[str, Any]], lav: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nasframe_deepfake.per_second.measuring._seconds_of", None)
    (tmp_path / "file").write_text("")
    for call, name in ((per_second, "per_second.json"), (robustness, "robustness.json")):
        with pytest.raises((FileExistsError, NotADirectoryError)):
            call(measured[0], on=lav, out=tmp_path / "file" / "below", workers=1)
        for place in ("file", "result.json"):  # earlier versions of one of them took a file
            with pytest.raises(DataError, match=f"{place}: expected a folder, into which {name} is written"):
                call(measured[0], on=lav, out=tmp_path / place, workers=1)
        (tmp_path / name).mkdir()
        with pytest.raises(DataError, match=f"{name}: is a folder; expected none of this name"):
            call(measured[0], on=lav, out=tmp_path, workers=1)


def test_a_file_that_lies_beside_the_folders_of_reports_is_no_report(
    measured: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    run, report = measured
    shutil.copytree(run, tmp_path / "run")
    place = tmp_path / "run" / "plugins" / "nasframe_deepfake" / "per_second"
    (folder,) = place.iterdir()
    shutil.copy(folder / "per_second.json", place / "other.json")
    assert per_second_reports(load_run(tmp_path / "run")) == [report]


def test_a_clip_whose_scoring_ends_with_an_unforeseen_error_is_told_and_the_others_are_scored(
    measured: tuple[Path, dict[str, Any]], lav: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    score, calls = Detector.score, list[Path]()

    def failing(self: Detector, network: Any, path: Path, *more: Any, **options: Any) -> Any:
        calls.append(path)
        if len(calls) == 1:
            raise MemoryError("of one clip")
        return score(self, network, path, *more, **options)

    monkeypatch.setattr(Detector, "score", failing)
    report = per_second(measured[0], on=lav, out=tmp_path / "new" / "result", workers=1)
    (lost,) = report["problems"]
    assert lost["problem"] == f"{calls[0]}: cannot be scored, it ends with MemoryError: of one clip"
    assert report["clips"] == measured[1]["clips"] - 1
