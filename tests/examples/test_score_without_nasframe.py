"""An exported detector gives the example's score, in a process that imports neither torch nor nasframe."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

import nasframe
from nasframe import Experiment, SearchOptions, TrainOptions
from nasframe.runtime import Progress
from nasframe_deepfake.synthesis import Corpus, write_corpus
from nasframe_deepfake.task import DeepfakeTask
from tests.nasframe_audiovisual.films import picture, tone, write_film

pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

EXAMPLE = Path(__file__).parents[2] / "examples" / "score_without_nasframe.py"


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("clips")
    write_corpus(out, Corpus(clips=30, seed=3), 1, Progress())
    return out


@pytest.fixture(scope="module")
def run(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> nasframe.Run:
    """A detector that was hardly trained, and of clips that are cropped already."""
    task = DeepfakeTask(
        faces="none", size=32, frames=8, mels=32, backbone="resnet10t", picture_epochs=1, sound_epochs=1,
        heads="separate", workers=1,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("run")
    experiment = Experiment.of(
        task=task,
        space="bimodal",
        search=SearchOptions(epochs=1, min_epochs=1),
        train=TrainOptions(epochs=1),
        cache=folder / "cache",
        device="cpu",
    )
    return nasframe.run_experiment(experiment, folder / "run", source=clips)


@pytest.fixture(scope="module")
def exported(run: nasframe.Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("exported") / "network"
    nasframe.export(run.path, out)
    return out


def scored(exported: Path, clip: Path, *more: str) -> dict[str, Any]:
    forbidden = "import sys; sys.modules['torch'] = sys.modules['nasframe'] = None"
    program = f"{forbidden}; import runpy; runpy.run_path({str(EXAMPLE)!r}, run_name='__main__')"
    command = [sys.executable, "-c", program, str(exported), str(clip), *more]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_example_gives_the_score_of_predict_without_torch_and_nasframe(
    run: nasframe.Run, exported: Path, clips: Path
) -> None:
    files = sorted(clips.rglob("*.mp4"))[::13]
    for answer in nasframe.predict(run, files):
        found = scored(exported, Path(answer["file"]))
        # the example rounds the mean of pixels as OpenCV does, but for ties
        assert found["score"] == pytest.approx(answer["score"], abs=2e-3)
        assert found["threshold"] == answer["threshold"]
        assert found["decision"] == answer["decision"]


@pytest.fixture(scope="module")
def without_limits(run: nasframe.Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same detector, which calls nothing unlike its training; exported, beside the run."""
    folder = tmp_path_factory.mktemp("limits")
    shutil.copytree(run.path, folder / "run")
    (spread,) = (folder / "run").rglob("novelty.safetensors")
    numbers = load_file(spread)
    save_file(
        {name: value * 1e6 if name.endswith("limit") else value for name, value in numbers.items()}, spread
    )
    nasframe.export(folder / "run", folder / "network", formats=["onnx"])
    return folder


@pytest.mark.parametrize(
    ("late", "seconds"),
    [(None, 11.0), ("pictures", 8.0), ("sound", 8.0)],
    ids=["both at once", "pictures late", "sound late"],
)
def test_the_example_gives_the_score_of_predict_for_longer_clips(
    late: str | None, seconds: float, without_limits: Path, tmp_path: Path
) -> None:
    def delayed(packet: Any) -> list[Any]:
        if packet.stream.type == {"pictures": "video", "sound": "audio"}.get(late or ""):
            shift = round(1.3 / packet.time_base)
            packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
        return [packet]

    film = write_film(
        tmp_path / "long.mkv",
        seconds=seconds,
        sound=tone(seconds, 48_000, rises=3.0),
        pictures=lambda moment: picture(abs(moment % 6 - 3)),
        change=delayed,
    )
    (answer,) = nasframe.predict(without_limits / "run", [film])
    assert answer["windows"] > 5
    found = scored(without_limits / "network", film)
    assert found["score"] == pytest.approx(answer["score"], abs=2e-3)


def test_everything_after_decoding_is_equal_in_every_file_for_any_batch(exported: Path) -> None:
    document = json.loads((exported / "network.json").read_text())
    assert {item["name"] for item in document["inputs"]} == {"pictures", "samples"}
    assert {item["name"] for item in document["outputs"]} == {
        *("log_odds", "probability", "novelty_of_pictures", "novelty_of_sound"),
    }
    assert document["settings"]["synthetic"] is True
    programs = {name: file for name, file in document["files"].items() if name != "network.safetensors"}
    assert all(file["largest_difference"] <= 1e-5 for file in programs.values())
    module = torch.export.load(exported / "network.pt2").module()
    window = {"pictures": torch.zeros(3, 8, 32, 32, 3, dtype=torch.uint8), "samples": torch.zeros(3, 25_600)}
    assert module(window)["probability"].shape == (3,)
