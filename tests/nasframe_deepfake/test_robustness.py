"""Test clips that are compressed, blurred and made noisy: the degradations, and the scores of a real run."""

from __future__ import annotations

import json
import math
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
import torch

from nasframe.cli import main
from nasframe.errors import ConfigurationError, DataError
from nasframe.pipeline import evaluate_on, load_experiment, load_run
from nasframe.pipeline.trained_network import load_network
from nasframe.runtime import read_json
from nasframe_audiovisual import (
    ClipError,
    FaceSettings,
    Footage,
    Window,
    WindowPlace,
    first_window,
    read_footage,
    read_windows,
)
from nasframe_audiovisual.windows import Excerpt
from nasframe_deepfake.datasets import FAKE_NAMES
from nasframe_deepfake.detection import load_detector, make_heads, other_test
from nasframe_deepfake.kept_scores import KeptScores
from nasframe_deepfake.robustness import (
    DEGRADATIONS,
    in_sentences,
    measuring,
    robustness,
    robustness_reports,
    robustness_section,
    robustness_table,
)
from nasframe_deepfake.robustness.encoding import as_h264, as_sound
from nasframe_deepfake.robustness.kept_degradations import KeptDegradations
from tests.conftest import Forked
from tests.nasframe_audiovisual.films import picture, tone, write_film
from tests.recorded_progress import Log

WINDOW = Window(frames=8, size=32)
NO_FACES = FaceSettings("none").make()
FAST = ("blur", "mp3")


@pytest.fixture(scope="module")
def clip(corpus: Path) -> Path:
    return sorted(corpus.rglob("*.mp4"))[0]


@pytest.fixture(scope="module")
def footage(clip: Path) -> Footage:
    place = WindowPlace.of(first_window(clip, WINDOW, NO_FACES))
    return read_footage(clip, WINDOW, place, NO_FACES)


@pytest.fixture
def run(trained_run: Path, tmp_path: Path) -> Path:
    """A copy that a test may write into."""
    shutil.copytree(trained_run, tmp_path / "run")
    return tmp_path / "run"


def names(items: list[dict[str, Any]]) -> list[str]:
    return [item["name"] for item in items]


# -- what an encoder gets ---------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [10, 25, 30])
def test_every_window_is_read_again_to_the_bit(tmp_path: Path, rate: int) -> None:
    """Also windows in the middle of a clip, whose footage begins in the middle too."""
    film = write_film(tmp_path / "film.mp4", seconds=6, rate=rate, audio="aac")
    excerpts = [part for part in read_windows(film, WINDOW, NO_FACES) if isinstance(part, Excerpt)]
    assert len(excerpts) >= 4
    for excerpt in excerpts:
        again = read_footage(film, WINDOW, WindowPlace.of(excerpt), NO_FACES)
        assert np.array_equal(again.recording.pictures, excerpt.recording.pictures)
        assert np.array_equal(again.recording.samples, excerpt.recording.samples)
        assert again.rate >= 25
        assert len(again.pictures) <= again.rate * (WINDOW.seconds + 1.1)


def test_a_window_that_the_clip_has_no_more_is_an_error_in_words(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mp4", seconds=4)
    place = attrs.evolve(WindowPlace.of(first_window(film, WINDOW, NO_FACES)), start=8.0)
    with pytest.raises(ClipError, match="no pictures any more"):
        read_footage(film, WINDOW, place, NO_FACES)


def test_pictures_and_sound_of_two_files_are_read_together(tmp_path: Path) -> None:
    pictures = write_film(tmp_path / "pictures.mp4", seconds=3)
    sound = write_film(tmp_path / "sound.wav", video=None, seconds=3)
    excerpt = first_window(pictures, WINDOW, NO_FACES, sound)
    again = read_footage(pictures, WINDOW, WindowPlace.of(excerpt), NO_FACES, sound)
    assert np.array_equal(again.recording.samples, excerpt.recording.samples)
    assert np.array_equal(again.recording.pictures, excerpt.recording.pictures)


# -- the degradations -------------------------------------------------------------------------------------


def test_there_are_five_levels_of_eight_degradations() -> None:
    assert [*DEGRADATIONS] == [
        *("h264", "jpeg", "resize", "pixel-noise", "blur"),
        *("aac", "mp3", "sound-noise"),
    ]
    assert {len(item.levels) for item in DEGRADATIONS.values()} == {5}
    assert [item.label(item.levels[0]) for item in DEGRADATIONS.values()] == [
        *("crf 23", "quality 90", "25 % of the pixels", "8 of 255", "1.2 pixels"),
        *("64000 bit/s", "64000 bit/s", "20 dB"),
    ]


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_a_harsher_level_is_further_from_the_clean_window(footage: Footage, name: str) -> None:
    """The other stream is untouched, and has one row."""
    plain = footage.recording
    pictures, samples = DEGRADATIONS[name].of(footage, "a.mp4", 0)
    if DEGRADATIONS[name].stream == "pictures":
        changed, clean = pictures.astype(float), plain.pictures.astype(float)
        assert np.array_equal(samples, plain.samples[None])
    else:
        changed, clean = samples.astype(float), plain.samples.astype(float)
        assert np.array_equal(pictures, plain.pictures[None])
    assert changed.shape == (5, *clean.shape)
    far = [float(np.sqrt(np.square(row - clean).mean())) for row in changed]
    assert far[0] > 0
    assert far == sorted(far)


@pytest.mark.parametrize("name", ["pixel-noise", "sound-noise", "h264", "aac"])
def test_a_degradation_is_a_function_of_clip_and_seed(footage: Footage, name: str) -> None:
    first, again = (DEGRADATIONS[name].of(footage, "a.mp4", 0) for _ in range(2))
    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))
    if "noise" in name:
        for clip, seed in (("b.mp4", 0), ("a.mp4", 1)):
            other = DEGRADATIONS[name].of(footage, clip, seed)
            assert not all(np.array_equal(one, two) for one, two in zip(first, other, strict=True))


@pytest.mark.parametrize("before", ["as it is", "loud"])
def test_the_noise_of_the_sound_is_as_far_below_the_scored_window_as_the_level_says(
    footage: Footage, before: str
) -> None:
    degradation = DEGRADATIONS["sound-noise"]
    samples = footage.samples.copy()
    if before == "loud":
        samples[: footage.first_sample] = 1.0
    footage = attrs.evolve(footage, samples=samples)
    plain = footage.samples_of_window(samples)
    _, noisy = degradation.of(footage, "a.mp4", 0)
    for level, found in zip(degradation.levels, noisy, strict=True):
        power = float(np.square(plain).mean() / np.square(found - plain).mean())
        assert 10 * math.log10(power) == pytest.approx(level, abs=0.01)


@pytest.mark.parametrize("encoder", ["aac", "libmp3lame"])
@pytest.mark.parametrize("bit_rate", [64_000, 24_000, 8_000])
def test_encoded_sound_is_as_long_and_in_step(encoder: Any, bit_rate: int) -> None:
    """A delay of the encoder would be 64 ms or more, which a detector of lips would see."""
    samples = (0.5 * tone(2.5, 16_000)).astype(np.float32)
    found = as_sound(samples, encoder, bit_rate)
    assert found.shape == samples.shape
    middle = slice(4000, 36_000)
    products = {
        shift: float(np.dot(samples[middle], np.roll(found, -shift)[middle])) for shift in range(-1200, 1201)
    }
    assert abs(max(products, key=lambda shift: products[shift])) <= 2


def test_encoded_pictures_keep_their_order_and_odd_sides() -> None:
    film = [picture(number / 10, 65, 47) for number in range(40)]
    wanted = [3, 10, 25, 39]
    found = as_h264(film, 30, 23, wanted)
    assert [one.shape for one in found] == [(47, 65, 3)] * 4
    for number, one in zip(wanted, found, strict=True):
        errors = [float(np.square(one.astype(float) - other).mean()) for other in film]
        assert int(np.argmin(errors)) == number


# -- a run ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def measured(trained_run: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A copy of the run with all degradations, and the report."""
    run = tmp_path_factory.mktemp("measured") / "run"
    shutil.copytree(trained_run, run)
    return run, robustness(run, workers=1)


def scores_of(folder: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = read_json(folder / f"{name}.json")["scores"]
    return found


def own(run: Path) -> Path:
    return run / "plugins" / "nasframe_deepfake" / "robustness" / "own"


def test_the_clean_scores_are_those_of_evaluate(measured: tuple[Path, dict[str, Any]]) -> None:
    """Up to the half precision of the features that `evaluate` has cached of a run's own data."""
    run, report = measured
    known = json.loads((run / "scores.json").read_text())
    calibration = read_json(run / "checkpoints" / "network.json")["calibration"]
    wanted = dict(zip(known["examples"], known["log_odds"], strict=True))
    clean = scores_of(own(run), "clean")
    assert clean.keys() == wanted.keys()
    for name, score in clean.items():
        assert score["log_odds"] / calibration["temperature"] == pytest.approx(wanted[name], abs=1e-3)
    test = read_json(run / "test.json")
    assert report["clean"]["auc"] == pytest.approx(test["auc"], abs=1e-6)
    assert report["clean"]["acc"] == pytest.approx(test["acc"], abs=1e-6)
    assert report["clean"]["auc_low"] == pytest.approx(test["auc_low"], abs=1e-6)


def test_every_level_has_the_same_clips(measured: tuple[Path, dict[str, Any]]) -> None:
    run, report = measured
    clean = scores_of(own(run), "clean")
    assert names(report["degradations"]) == [*DEGRADATIONS]
    for degradation in report["degradations"]:
        scores = scores_of(own(run), degradation["name"])
        assert scores.keys() == clean.keys()
        assert {len(values) for values in scores.values()} == {5}
        assert degradation["clips"] == report["clips"] == len(clean)
        assert degradation["clean"] == report["clean"]


def test_the_number_of_workers_changes_no_score(measured: tuple[Path, dict[str, Any]], run: Path) -> None:
    whole, report = measured
    again = robustness(run, degradations=FAST, workers=2)
    for name in ("clean", *FAST):
        assert scores_of(own(run), name) == scores_of(own(whole), name)
    kept = {item["name"]: item for item in report["degradations"]}
    assert again["degradations"] == [kept[name] for name in FAST]


def test_what_is_done_is_kept_and_what_is_damaged_is_made_again(run: Path) -> None:
    first = robustness(run, degradations=FAST, clips=4, workers=1)
    (own(run) / "mp3.json").write_text('{"key": "')
    progress = Log()
    assert robustness(run, degradations=["mp3"], clips=4, workers=1, progress=progress) == first
    assert [line for line in progress.lines if "known, skipped" in line] == ["clean clips: known, skipped"]
    before = (own(run) / "blur.json").stat().st_mtime_ns
    other = robustness(run, degradations=["mp3"], clips=4, seed=1, workers=1)
    assert names(other["degradations"]) == ["mp3"]  # blur has the clips of another seed
    assert (own(run) / "blur.json").stat().st_mtime_ns == before


def test_a_part_of_the_clips_has_both_classes(run: Path) -> None:
    found = robustness(run, degradations=["mp3"], clips=2, workers=1)
    assert (found["clips"], found["genuine"]) == (2, 1)


def test_clips_that_are_gone_or_damaged_are_told_and_the_others_are_scored(
    corpus: Path, trained_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a file changes after the data of the run was looked at."""
    data = tmp_path / "data"
    shutil.copytree(corpus, data)
    whole = robustness(trained_run, degradations=["mp3"], workers=1, out=tmp_path / "whole")
    scores = scores_of(tmp_path / "whole", "mp3")
    gone, damaged = sorted(scores)[:2]
    (data / gone).unlink()
    content = (data / damaged).read_bytes()
    (data / damaged).write_bytes(content[:100] + bytes(len(content) - 100))
    usual = measuring.read_test_split
    monkeypatch.setattr(measuring, "read_test_split", lambda *words: attrs.evolve(usual(*words), root=data))
    found = robustness(trained_run, degradations=["mp3"], workers=1, out=tmp_path / "damaged")
    assert [one["clip"] for one in found["problems"]] == [gone, damaged]
    assert "no such file" in found["problems"][0]["problem"]
    assert found["clips"] == whole["clips"] - 2
    assert any(line.startswith("2 clips could not be scored: ") for line in in_sentences(found))
    left = scores_of(tmp_path / "damaged", "mp3")
    assert left == {name: value for name, value in scores.items() if name not in (gone, damaged)}


def test_a_file_that_changes_between_clean_and_degraded_is_told(
    run: Path, corpus: Path, tmp_path: Path
) -> None:
    """The levels are compared with the same clips as they are."""
    out = tmp_path / "out"
    robustness(run, degradations=["mp3"], clips=6, workers=1, out=out)
    (out / "mp3.json").unlink()
    clean = read_json(out / "clean.json")
    name = next(iter(clean["scores"]))
    clean["scores"][name]["digest"] = "0" * 64
    (out / "clean.json").write_text(json.dumps(clean))
    found = robustness(run, degradations=["mp3"], clips=6, workers=1, out=out)["degradations"][0]
    assert [one["clip"] for one in found["problems"]] == [name]
    assert "is not the file any more" in found["problems"][0]["problem"]
    assert found["clips"] == len(clean["scores"]) - 1


def test_another_data_set_has_a_report_of_its_own_with_the_scores_of_evaluate_on(
    run: Path, other_corpus: Path
) -> None:
    found = robustness(run, on=other_corpus, degradations=["blur"], workers=1)
    assert (found["own"], found["source"]) == (False, str(other_corpus))
    reports = robustness_reports(load_run(run))
    assert [report["source"] for report in reports] == [str(other_corpus)]
    cache = Path(load_run(run).record["data"]["cache"])
    (prepared,) = (
        folder
        for folder in cache.glob("prepare-*")
        if read_json(folder / "report.json")["source"] == str(other_corpus)
    )
    network, _, device = load_network(load_run(run), load_experiment(run), None)
    detector, wanted = load_detector(run / "task", device), evaluate_on(run, other_corpus)["examples"]
    split = other_test(prepared, detector, None, FAKE_NAMES, wanted).split
    batch = split.batch(torch.arange(len(split)))
    with torch.inference_mode():
        log_odds = make_heads("single").log_odds(network.eval()(batch.inputs)).tolist()
    (folder,) = (own(run).parent).iterdir()
    clean = scores_of(folder, "clean")
    assert {name: score["log_odds"] for name, score in clean.items()} == {
        name: pytest.approx(value, abs=1e-5) for name, value in zip(split.identifiers, log_odds, strict=True)
    }


def test_the_page_shows_a_curve_for_each_degradation_and_none_of_an_older_network(
    measured: tuple[Path, dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    shutil.copytree(measured[0], run)
    assert main(["report", str(run)]) == 0
    page = (run / "report.html").read_text()
    assert "Robustness" in page
    for degradation in DEGRADATIONS.values():
        assert degradation.labelled in page
    network = run / "checkpoints" / "network.json"
    network.write_text(network.read_text() + "\n")
    assert robustness_reports(load_run(run)) == []


def test_the_section_can_be_shown_in_all_forms(measured: tuple[Path, dict[str, Any]]) -> None:
    _, report = measured
    for part in robustness_section([report]).parts:
        assert part if isinstance(part, str) else part.to_html()
    rows = robustness_table(report).rows
    assert len(rows) == 1 + 8 * 5
    assert rows[0][0] == "none"


def test_the_command_prints_the_table_and_says_where_it_is(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["deepfake", "robustness", str(run), "--degradations", "blur, mp3", "--clips", "4"]
    assert main([*words, "--workers", "1"]) == 0
    text = capsys.readouterr().out
    assert "AUC and accuracy on degraded clips" in text
    assert "2.8 pixels" in text
    assert all(item.labelled.split(" ")[0] == name for name, item in DEGRADATIONS.items())
    assert main(["deepfake", "robustness", "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert all(item.labelled in shown for item in DEGRADATIONS.values()), "as the page calls them"
    assert "8000 bit/s" in text
    assert (own(run) / "robustness.json").is_file()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"degradations": ["blurr"]}, "unknown degradation 'blurr'; did you mean 'blur'"),
        ({"degradations": []}, "expected one or more names, found none"),
        ({"clips": 1}, "--clips: expected 2 or more, found 1"),
        ({"workers": -1}, "--workers: expected 0 or more, found -1"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_any_work(
    trained_run: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError) as error:
        robustness(trained_run, **options)
    assert message in str(error.value)


def test_a_run_of_another_task_is_refused(finished_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["deepfake", "robustness", str(finished_run)]) == 2
    assert "expected one of the task deepfake" in capsys.readouterr().err


def test_ctrl_c_ends_at_once_and_the_same_command_goes_on(run: Path, fork: Forked) -> None:
    words = ("deepfake", "robustness", str(run), "--degradations", "mp3,h264,jpeg", "--workers", "1")
    process = fork(*words)
    until = time.monotonic() + 120
    while not (own(run) / "h264.json").exists() and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    begun = time.monotonic()
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert time.monotonic() - begun < 15
    assert "degradations are done and kept in" in errors
    assert not (own(run) / "robustness.json").exists()
    progress = Log()
    robustness(run, degradations=["mp3", "h264", "jpeg"], workers=1, progress=progress)
    assert "h264: known, skipped" in progress.lines


def test_scores_that_are_kept_for_other_clips_do_not_count(tmp_path: Path) -> None:
    kept = KeptDegradations(KeptScores(tmp_path))
    kept.keep_degraded("blur", "key", {"a": [0.0] * 5}, {"b": "gone"})
    assert kept.degraded("blur", "key", 5) == ({"a": [0.0] * 5}, {"b": "gone"})
    assert kept.degraded("blur", "other", 5) is None
    assert kept.degraded("blur", "key", 4) is None
    assert kept.degraded("mp3", "key", 5) is None


def test_a_test_split_without_fakes_is_an_error_in_words(trained_run: Path, tmp_path: Path) -> None:
    from nasframe_deepfake.clips_under_test import read_test_split

    tested = read_test_split(trained_run, None, None, Log())
    assert tested.own
    genuine = attrs.evolve(tested, clips=[clip for clip in tested.clips if not clip.fake])
    with pytest.raises(DataError, match="its test split lacks fakes"):
        genuine.drawn(None, 0)
