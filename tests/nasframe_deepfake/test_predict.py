from __future__ import annotations

import itertools
import json
import shutil
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import attrs
import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nasframe.errors import NasframeError, RunError
from nasframe.runtime import Cancellation
from nasframe_audiovisual import Face, FaceDetector, make_detector
from nasframe_deepfake.detection import Calibration, ClipScorer, Detector, Heads, load_detector, make_heads
from nasframe_deepfake.task import DeepfakeTask
from tests.nasframe_audiovisual.films import picture, repeat_film, tone, write_film, write_float_clip


class Forgetful(nn.Module):
    """Keeps its inputs in an attribute while it works, as timm's hooked networks do."""

    def __init__(self, outputs: int = 1) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.linear = nn.Linear(8 * 128, outputs)
        self.inputs: Mapping[str, Tensor] = {}
        self.passes = 0

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        self.inputs = inputs
        self.passes += 1
        threading.Event().wait(0.001)  # lets another thread in
        values: Tensor = self.linear(self.inputs["I1"].flatten(1) / 10)
        return values


@pytest.fixture(scope="module")
def clips(corpus: Path) -> list[Path]:
    return sorted(corpus.rglob("*.mp4"))[:12]


def scored(
    detector: Detector,
    network: nn.Module,
    files: list[Path],
    threshold: float = 0.5,
    heads: Heads = make_heads("single"),  # noqa: B008
) -> Iterator[dict[str, Any]]:
    return ClipScorer(detector, network, Calibration(threshold), heads).score(files)


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("nasframe")]


def test_a_score_does_not_depend_on_the_other_files(detector: Detector, clips: list[Path]) -> None:
    network = Forgetful()
    alone = [next(scored(detector, network, [clip], 0.5)) for clip in clips]
    assert list(scored(detector, network, clips, 0.5)) == alone
    assert list(scored(detector, network, clips[::-1], 0.5)) == alone[::-1]
    assert len({item["score"] for item in alone}) > 1


def test_an_unreadable_clip_among_many_costs_only_its_own_score(
    detector: Detector, clips: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "text.mp4").write_text("no film")
    files = [*clips * 3, tmp_path / "text.mp4", *clips * 3]
    results = list(scored(detector, Forgetful(), files, 0.5))
    assert [item["file"] for item in results] == [str(file) for file in files]
    assert [place for place, item in enumerate(results) if "error" in item] == [36]
    assert results[36]["error"].startswith("cannot be decoded")  # the path is in `file`


def test_a_clip_whose_sound_is_no_number_gets_no_decision_and_the_others_are_scored(
    detector: Detector, clips: list[Path], tmp_path: Path
) -> None:
    samples = 0.3 * np.sin(np.arange(32_000) / 10)
    samples[8000] = np.nan
    bad = write_float_clip(tmp_path / "bad.mkv", samples)
    first, spoilt, last = scored(detector, Forgetful(), [clips[0], bad, clips[1]], 0.5)
    assert "decision" in first
    assert "decision" in last
    assert spoilt == {"file": str(bad), "reason": "bad-samples", "error": spoilt["error"]}
    assert "no finite number" in spoilt["error"]


def test_a_network_that_gives_no_number_decides_nothing(detector: Detector, clips: list[Path]) -> None:
    network = Forgetful()
    torch.nn.init.constant_(network.linear.weight, torch.nan)
    (found,) = scored(detector, network, clips[:1], 0.5)
    assert found == {
        "file": str(clips[0]),
        "reason": "not-finite",
        "error": "has no score, and so no decision: the output of the network is no finite number",
    }


def test_without_a_threshold_nothing_is_decided(detector: Detector, clips: list[Path]) -> None:
    with pytest.raises(RunError, match="the threshold .* is no finite number"):
        next(scored(detector, Forgetful(), clips[:1], torch.nan))


def test_scores_that_nobody_asks_for_any_more_leave_no_thread(detector: Detector, clips: list[Path]) -> None:
    before = torch.get_num_threads()
    scores = scored(detector, Forgetful(), clips * 10, 0.5)
    assert isinstance(scores, Iterator)
    next(scores)
    assert threads()
    scores.close()  # type: ignore[attr-defined]
    assert not threads()
    assert torch.get_num_threads() == before


class Noticed(Forgetful):
    """Notes the passes of all its copies, and when they are many more than those of a clip of two seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.noted: list[int] = []
        self.in_the_middle = threading.Event()

    def __deepcopy__(self, memo: object) -> Noticed:
        return self

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        self.noted.append(1)
        if len(self.noted) > 9:
            self.in_the_middle.set()
        return super().forward(inputs)


@pytest.fixture(scope="module")
def hour(clips: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip of an hour: more than a thousand passes of a network."""
    return repeat_film(tmp_path_factory.mktemp("hour") / "hour.mkv", clips[0], 3600)


def test_scores_that_are_closed_in_the_middle_of_a_clip_leave_it(
    detector: Detector, clips: list[Path], hour: Path
) -> None:
    network = Noticed()
    scores = scored(detector, network, [clips[0], hour])
    assert "score" in next(scores)
    assert network.in_the_middle.wait(60)
    scores.close()  # type: ignore[attr-defined]
    assert not threads()
    assert len(network.noted) < 1000


def test_a_clip_at_which_the_decoder_hangs_has_a_reason_and_the_others_are_scored(
    detector: Detector, clips: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    release, score = threading.Event(), Detector.score

    def hanging(self: Detector, network: Any, file: Path, *more: Any) -> Any:
        if file == clips[1]:
            release.wait(60)
        return score(self, network, file, *more)

    whole = list(scored(detector, Forgetful(), clips[:4]))
    monkeypatch.setattr(Detector, "score", hanging)
    monkeypatch.setattr("nasframe_deepfake.detection.clip_scorer.CLIP_PATIENCE", 5.0)
    found = list(scored(detector, Forgetful(), clips[:4]))
    release.set()
    assert found.pop(1) == {
        "file": str(clips[1]),
        "reason": "hangs",
        "error": "cannot be scored, its decoding hung and said nothing for 5 seconds",
    }
    whole.pop(1)
    assert found == whole


def test_a_clip_that_is_cancelled_from_another_thread_is_no_damaged_clip(
    detector: Detector, hour: Path
) -> None:
    network, cancellation = Noticed(), Cancellation()
    scorer = ClipScorer(detector, network, Calibration(), make_heads("single"))
    canceller = threading.Thread(
        target=lambda: network.in_the_middle.wait(60) and cancellation.cancel(), daemon=True
    )
    canceller.start()
    with pytest.raises(CancelledError):
        next(scorer.score_until([hour], cancellation))
    canceller.join()
    assert not threads()
    assert len(network.noted) < 1000


def test_scores_that_end_by_themselves_cancel_nothing_of_the_callers(
    detector: Detector, clips: list[Path]
) -> None:
    cancellation = Cancellation()
    scorer = ClipScorer(detector, Forgetful(), Calibration(), make_heads("single"))
    assert list(scorer.score_until(clips[:2], cancellation)) == list(scorer.score(clips[:2]))
    assert not cancellation.is_cancelled


def test_an_error_that_is_not_the_clips_ends_the_work(detector: Detector, clips: list[Path]) -> None:
    class Broken(nn.Module):
        def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
            raise RuntimeError("of the wrong shape")

    with pytest.raises(RuntimeError, match="of the wrong shape"):
        list(scored(detector, Broken(), clips, 0.5))
    assert not threads()


def test_the_network_that_was_given_notes_nothing_and_shares_its_weights(
    detector: Detector, clips: list[Path]
) -> None:
    network = Forgetful()
    (before,) = scored(detector, network, clips[:1], 0.5)
    assert network.passes == 0
    with torch.no_grad():
        network.linear.bias += 1
    (after,) = scored(detector, network, clips[:1], 0.5)
    assert after["score"] > before["score"]


def test_separate_heads_give_the_probability_of_each_kind_of_fake(
    detector: Detector, clips: list[Path]
) -> None:
    heads, names = make_heads("separate"), ("fake_picture", "fake_voice", "false_pairing")
    windows = detector.score(Forgetful(3), clips[0], heads)
    genuine = torch.stack([1 - windows.parts[name] for name in names]).prod(0)
    torch.testing.assert_close(torch.sigmoid(windows.log_odds), 1 - genuine)
    (found,) = scored(detector, Forgetful(3), clips[:1], 0.5, heads)
    assert {name: found[name] for name in names} == {
        name: pytest.approx(float(windows.parts[name].mean())) for name in names
    }


def test_the_size_of_a_batch_and_the_number_of_threads_change_no_score(
    detector: Detector, clips: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clip of nine seconds has ten windows."""
    long = write_film(
        tmp_path / "long.mkv",
        seconds=9.0,
        sound=tone(9.0, 48_000),
        pictures=lambda m: picture(abs(m % 6 - 3)),
    )
    network, heads = Forgetful(), make_heads("single")
    found = detector.score(network, long, heads).log_odds
    assert len(found) == 10
    for size, threads in ((1, 1), (3, 2), (64, 1)):
        monkeypatch.setattr("nasframe_deepfake.detection.detector.BATCH", size)
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        other = detector.score(network, long, heads).log_odds
        torch.set_num_threads(before)
        torch.testing.assert_close(torch.sigmoid(other), torch.sigmoid(found), atol=1e-5, rtol=0)


def test_two_callers_at_once_get_the_answers_of_one(detector: Detector, clips: list[Path]) -> None:
    scorer = ClipScorer(detector, Forgetful(), Calibration(), make_heads("single"))
    before, alone = torch.get_num_threads(), list(scorer.score(clips))
    found: dict[int, list[dict[str, Any]]] = {}
    callers = [
        threading.Thread(target=lambda place=place: found.update({place: list(scorer.score(clips))}))
        for place in range(2)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert found == {0: alone, 1: alone}
    assert torch.get_num_threads() == before


def test_a_detector_of_the_synthetic_set_says_so_with_every_score(
    detector: Detector, clips: list[Path]
) -> None:
    assert detector.synthetic
    for answer in scored(detector, Forgetful(), clips[:2]):
        assert answer["notes"] == [answer["notes"][0]]
        assert "trained on synthetic clips alone" in answer["notes"][0]


def test_a_folder_of_the_first_format_is_still_read(
    folders: Mapping[str, Path], task: DeepfakeTask, clips: list[Path], tmp_path: Path
) -> None:
    task.save(folders, tmp_path)
    settings = json.loads((tmp_path / "detector.json").read_text())
    later = ("faces", "synthetic", "heads", "files", "fingerprint")
    first = {key: value for key, value in settings.items() if key not in later}
    (tmp_path / "detector.json").write_text(json.dumps({**first, "format": 1}))
    (tmp_path / "novelty.safetensors").unlink()
    found = load_detector(tmp_path, torch.device("cpu"))
    assert found.faces.name == "none"
    (answer,) = scored(found, Forgetful(), clips[:1])
    assert "score" in answer
    (note,) = answer["notes"]
    assert "of an older version" in note
    assert "does not say whether it was trained on synthetic clips" in note


def test_a_deleted_run_is_still_scored_with(
    folders: Mapping[str, Path], task: DeepfakeTask, clips: list[Path], tmp_path: Path
) -> None:
    task.save(folders, tmp_path / "saved")
    scorer = ClipScorer(
        load_detector(tmp_path / "saved", torch.device("cpu")),
        Forgetful(),
        Calibration(),
        make_heads("single"),
    )
    shutil.rmtree(tmp_path / "saved")
    (found,) = scorer.score(clips[:1])
    assert "score" in found


@pytest.mark.parametrize("name", ["picture", "sound", "statistics", "novelty"])
@pytest.mark.parametrize("share", [0.0, 0.001, 0.9])
def test_a_detector_whose_weights_were_cut_in_a_download_is_refused_with_the_file(
    share: float, name: str, folders: Mapping[str, Path], task: DeepfakeTask, tmp_path: Path
) -> None:
    task.save(folders, tmp_path)
    file = tmp_path / f"{name}.safetensors"
    data = file.read_bytes()
    file.write_bytes(data[: round(share * len(data))])
    with pytest.raises(NasframeError, match=rf"{name}\.safetensors: "):
        load_detector(tmp_path, torch.device("cpu"))


@pytest.mark.parametrize(
    ("faces", "model", "words"),
    [
        ("yunnet", None, r"detector\.json: faces: unknown detector 'yunnet'; did you mean 'yunet'"),
        ("yunet", None, r"faces\.onnx: is missing; detector\.json names the detector 'yunet'"),
        ("yunet", b"no model", r"faces\.onnx: cannot be read as a network"),
        ("none", b"no model", r"faces\.onnx: is there, but belongs to the detector yunet"),
    ],
    ids=["unknown name", "no model", "damaged model", "stray model"],
)
def test_a_detector_of_faces_that_cannot_be_is_refused_when_the_run_is_loaded(
    faces: str,
    model: bytes | None,
    words: str,
    folders: Mapping[str, Path],
    task: DeepfakeTask,
    tmp_path: Path,
) -> None:
    task.save(folders, tmp_path)
    settings = json.loads((tmp_path / "detector.json").read_text())
    (tmp_path / "detector.json").write_text(json.dumps({**settings, "faces": faces}))
    if model is not None:
        (tmp_path / "faces.onnx").write_bytes(model)
    with pytest.raises(RunError, match=words):
        load_detector(tmp_path, torch.device("cpu"))


def test_a_picture_that_a_library_does_not_take_costs_only_its_own_score(
    detector: Detector, clips: list[Path]
) -> None:
    class Failing(FaceDetector):
        name, margin, least = "failing", 1.0, 1

        def find(self, pixels: NDArray[np.uint8], smallest: float, thorough: bool) -> list[Face]:
            if next(counted) == 0:
                cv2.resize(pixels, (0, 0))  # raises cv2.error
            side = min(pixels.shape[:2])
            return [Face(side / 2, side / 2, side, 9.0)]

        def follow(self, pixels: NDArray[np.uint8], face: Face) -> Face | None:
            return face

    counted = itertools.count()
    answers = [*scored(attrs.evolve(detector, faces=Failing()), Forgetful(), clips[:4])]
    (failed,) = [answer for answer in answers if "error" in answer]
    assert failed["reason"] == "damaged"
    assert failed["error"].startswith("cannot be read (")
    assert sum("score" in answer for answer in answers) == 3


def test_a_second_call_makes_nothing_anew(
    detector: Detector, clips: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads are made for each call; what they need is not."""
    made: list[int] = []
    copies = Detector.for_one_thread
    monkeypatch.setattr(Detector, "for_one_thread", lambda self: made.append(1) or copies(self))
    scorer = ClipScorer(detector, Forgetful(), Calibration(), make_heads("single"))
    for _ in range(3):
        for clip in clips[:2]:
            assert "score" in next(scorer.score([clip]))
    assert len(made) == 1


def test_a_clip_without_a_window_to_judge_lists_what_was_left_out(detector: Detector, tmp_path: Path) -> None:
    def shots(moment: float) -> NDArray[np.uint8]:
        pixels = picture(abs(moment % 6 - 3))
        return pixels if round(moment // 1) % 2 == 0 else np.where(pixels == 255, 0, 220).astype(np.uint8)

    film = write_film(tmp_path / "cut.mkv", seconds=5.0, sound=tone(5.0, 48_000), pictures=shots)
    faceless = attrs.evolve(detector, faces=make_detector("none", None))
    (found,) = scored(faceless, Forgetful(), [film])
    assert found["reason"] == "too-short"
    assert found["error"] == "the 5 shots between its cuts are each shorter than a window"
    assert [part["reason"] for part in found["left_out"]] == ["too-short"]
    assert found["left_out"][0]["end"] == pytest.approx(5.0, abs=0.1)
    json.dumps(found)
