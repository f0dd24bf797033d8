from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from nasframe.errors import RunError
from nasframe_deepfake.detection import Detector, load_detector, make_heads
from nasframe_deepfake.task import DeepfakeTask
from tests.nasframe_audiovisual.conftest import write_float_clip


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
def detector(
    folders: Mapping[str, Path], task: DeepfakeTask, tmp_path_factory: pytest.TempPathFactory
) -> Detector:
    saved = tmp_path_factory.mktemp("saved")
    task.save(folders, saved)
    return load_detector(saved, torch.device("cpu"))


@pytest.fixture(scope="module")
def clips(corpus: Path) -> list[Path]:
    return sorted(corpus.rglob("*.mp4"))[:12]


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("nasframe")]


def test_a_score_does_not_depend_on_the_other_files(detector: Detector, clips: list[Path]) -> None:
    network = Forgetful()
    alone = [next(detector.scores(network, [clip], 0.5)) for clip in clips]
    assert list(detector.scores(network, clips, 0.5)) == alone
    assert list(detector.scores(network, clips[::-1], 0.5)) == alone[::-1]
    assert len({item["score"] for item in alone}) > 1


def test_an_unreadable_clip_among_many_costs_only_its_own_score(
    detector: Detector, clips: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "text.mp4").write_text("no film")
    files = [*clips * 3, tmp_path / "text.mp4", *clips * 3]
    results = list(detector.scores(Forgetful(), files, 0.5))
    assert [item["file"] for item in results] == [str(file) for file in files]
    assert [place for place, item in enumerate(results) if "error" in item] == [36]
    assert results[36]["error"].startswith("cannot be decoded")  # the path is in `file`


def test_a_clip_whose_sound_is_no_number_gets_no_decision_and_the_others_are_scored(
    detector: Detector, clips: list[Path], tmp_path: Path
) -> None:
    samples = 0.3 * np.sin(np.arange(32_000) / 10)
    samples[8000] = np.nan
    bad = write_float_clip(tmp_path / "bad.mkv", samples)
    first, spoilt, last = detector.scores(Forgetful(), [clips[0], bad, clips[1]], 0.5)
    assert "decision" in first
    assert "decision" in last
    assert spoilt == {"file": str(bad), "error": spoilt["error"]}
    assert "no finite number" in spoilt["error"]


def test_a_network_that_gives_no_number_decides_nothing(detector: Detector, clips: list[Path]) -> None:
    network = Forgetful()
    torch.nn.init.constant_(network.linear.weight, torch.nan)
    (found,) = detector.scores(network, clips[:1], 0.5)
    assert found == {
        "file": str(clips[0]),
        "error": "has no score, and so no decision: the output of the network is no finite number",
    }


def test_without_a_threshold_nothing_is_decided(detector: Detector, clips: list[Path]) -> None:
    with pytest.raises(RunError, match="the threshold .* is no finite number"):
        next(detector.scores(Forgetful(), clips[:1], torch.nan))


def test_scores_that_nobody_asks_for_any_more_leave_no_thread(detector: Detector, clips: list[Path]) -> None:
    before = torch.get_num_threads()
    scores = detector.scores(Forgetful(), clips * 10, 0.5)
    assert isinstance(scores, Iterator)
    next(scores)
    assert threads()
    scores.close()  # type: ignore[attr-defined]
    assert not threads()
    assert torch.get_num_threads() == before


def test_an_error_that_is_not_the_clips_ends_the_work(detector: Detector, clips: list[Path]) -> None:
    class Broken(nn.Module):
        def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
            raise RuntimeError("of the wrong shape")

    with pytest.raises(RuntimeError, match="of the wrong shape"):
        list(detector.scores(Broken(), clips, 0.5))
    assert not threads()


def test_the_network_that_was_given_notes_nothing_and_shares_its_weights(
    detector: Detector, clips: list[Path]
) -> None:
    network = Forgetful()
    (before,) = detector.scores(network, clips[:1], 0.5)
    assert network.passes == 0
    with torch.no_grad():
        network.linear.bias += 1
    (after,) = detector.scores(network, clips[:1], 0.5)
    assert after["score"] > before["score"]


def test_separate_heads_give_the_probability_of_each_kind_of_fake(
    detector: Detector, clips: list[Path]
) -> None:
    found: dict[str, Any]
    (found,) = detector.scores(Forgetful(3), clips[:1], 0.5, make_heads("separate"))
    kinds = [found[name] for name in ("fake_picture", "fake_voice", "false_pairing")]
    genuine = (1 - kinds[0]) * (1 - kinds[1]) * (1 - kinds[2])
    assert found["score"] == pytest.approx(1 - genuine)
