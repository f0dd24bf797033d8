"""An exported detector gives the example's score, in a process that imports neither torch nor nasframe."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import nasframe
from nasframe import Experiment, SearchOptions, TrainOptions
from nasframe.runtime import Progress
from nasframe_deepfake.synthesis import Corpus, write_corpus
from nasframe_deepfake.task import DeepfakeTask
from tests.nasframe_audiovisual.faces.drawn_faces import talking
from tests.nasframe_audiovisual.films import picture, shifted, tone, write_clip, write_film

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


def called(exported: Path, clip: Path, *more: str) -> subprocess.CompletedProcess[str]:
    forbidden = "import sys; sys.modules['torch'] = sys.modules['nasframe'] = None"
    program = f"{forbidden}; import runpy; runpy.run_path({str(EXAMPLE)!r}, run_name='__main__')"
    command = [sys.executable, "-c", program, str(exported), str(clip), *more]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def scored(exported: Path, clip: Path, *more: str) -> dict[str, Any]:
    done = called(exported, clip, *more)
    assert done.returncode == 0, done.stderr
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


def changed(run: Path, **values: Any) -> Path:
    """Change settings of the detector of a run, which does not guard its files any more; return the run."""
    settings = run / "task" / "detector.json"
    found = json.loads(settings.read_text(encoding="utf-8"))
    found = {key: item for key, item in found.items() if key not in ("files", "fingerprint")}
    settings.write_text(json.dumps({**found, **values}), encoding="utf-8")
    return run


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
    nasframe.export(changed(folder / "run"), folder / "network", formats=["onnx"])
    return folder


@pytest.mark.parametrize(
    ("late", "seconds"),
    [(None, 11.0), ("video", 8.0), ("audio", 8.0)],
    ids=["both at once", "pictures late", "sound late"],
)
def test_the_example_gives_the_score_of_predict_for_longer_clips(
    late: str | None, seconds: float, without_limits: Path, tmp_path: Path
) -> None:
    film = write_film(
        tmp_path / "long.mkv",
        seconds=seconds,
        sound=tone(seconds, 48_000, rises=3.0),
        pictures=lambda moment: picture(abs(moment % 6 - 3)),
        change=shifted(late, 1.3) if late else None,
    )
    (answer,) = nasframe.predict(without_limits / "run", [film])
    assert answer["windows"] > 5
    found = scored(without_limits / "network", film)
    assert found["score"] == pytest.approx(answer["score"], abs=2e-3)


def test_with_the_squares_of_an_answer_the_example_agrees_to_the_fifth_decimal(
    without_limits: Path, tmp_path: Path
) -> None:
    faces = talking(0)

    def moving(moment: float) -> np.ndarray[Any, np.dtype[np.uint8]]:
        pixels = np.full((160, 240, 3), 90, np.uint8)
        place, left = round(10 * moment) % 38, 20 + round(15 * moment)
        pixels[24:136, left : left + 112] = faces[min(place, 38 - place)]
        return pixels

    sound = tone(6.0, 48_000, rises=3.0)
    film = write_film(tmp_path / "face.mkv", seconds=6.0, sound=sound, pictures=moving)
    run = changed(Path(shutil.copytree(without_limits / "run", tmp_path / "run")), faces="haar")
    (answer,) = nasframe.predict(run, [film])
    assert len({item["left"] for item in answer["squares"]}) > 1
    assert len(answer["squares"]) == answer["windows"]
    (tmp_path / "answer.json").write_text(json.dumps(answer), encoding="utf-8")
    found = scored(without_limits / "network", film, "--squares", str(tmp_path / "answer.json"))
    assert found["score"] == pytest.approx(answer["score"], abs=1e-5)
    assert found["decision"] == answer["decision"]
    in_the_middle = scored(without_limits / "network", film)
    assert in_the_middle["score"] != pytest.approx(answer["score"], abs=1e-5)


def test_sound_before_second_0_is_not_heard_as_in_webm_with_opus(
    without_limits: Path, tmp_path: Path
) -> None:
    film = write_film(
        tmp_path / "film.webm",
        seconds=6.0,
        sound=tone(6.0, 16_000, rises=3.0),
        sample_rate=16_000,
        pictures=lambda moment: picture(abs(moment % 6 - 3)),
        video="libvpx",
        audio="libopus",
        change=shifted("video", 0.04),
    )
    with av.open(str(film)) as container:
        sound, video = container.streams.audio[0], container.streams.video[0]
        begins = min(float((stream.start_time or 0) * (stream.time_base or 0)) for stream in (sound, video))
        frame = next(frame for frame in container.decode(sound, video) if isinstance(frame, av.AudioFrame))
        assert frame.time is not None
        assert frame.time < begins
    (answer,) = nasframe.predict(without_limits / "run", [film])
    found = scored(without_limits / "network", film)
    assert found["score"] == pytest.approx(answer["score"], abs=1e-5)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("mute.mp4", "has no sound"),
        ("blind.m4a", "has no video"),
        ("text.mp4", "cannot be read"),
        ("cut.mp4", "cannot be read"),
        ("missing.mp4", "cannot be read"),
        (".", "cannot be read"),
        ("short.mp4", "shorter than a window"),
    ],
)
def test_a_clip_without_a_score_costs_one_line_of_words_and_the_status_1(
    name: str, words: str, exported: Path, clips: Path, tmp_path: Path
) -> None:
    clip = tmp_path / name
    if name == "mute.mp4":
        write_clip(clip, audio=False)
    elif name == "blind.m4a":
        write_clip(clip, video=False)
    elif name == "text.mp4":
        clip.write_text("no film", encoding="utf-8")
    elif name == "cut.mp4":
        clip.write_bytes(next(clips.rglob("*.mp4")).read_bytes()[:3000])
    elif name == "short.mp4":
        write_clip(clip, seconds=1.0)
    done = called(exported, clip)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert words in line


@pytest.mark.parametrize(
    "words",
    [
        ["--square", "abc"],
        ["--square", "1,2"],
        ["--square", "1,2,0"],
        ["--squares", "nosuch.json"],
        ["--squares", str(EXAMPLE)],
    ],
    ids=lambda words: " ".join(words)[:20],
)
def test_wrong_arguments_of_the_example_are_told_without_a_traceback(
    words: list[str], exported: Path
) -> None:
    done = called(exported, Path("clip.mp4"), *words)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert f"error: argument {words[0]}" in done.stderr


def test_a_folder_without_an_exported_network_is_a_wrong_argument(tmp_path: Path) -> None:
    done = called(tmp_path, Path("clip.mp4"))
    assert done.returncode == 2
    assert "has no network.json" in done.stderr.splitlines()[-1]


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
