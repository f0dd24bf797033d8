"""One tiny set for the whole folder, prepared, pretrained and turned into features once."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from nasframe import StageContext
from nasframe.runtime import Progress
from nasframe_deepfake.synthesis.corpus import Corpus, write_corpus
from nasframe_deepfake.task import DeepfakeTask

HEADER = "source,target1,target2,method,category,type,race,gender,path,"


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty clips of six people."""
    out = tmp_path_factory.mktemp("corpus")
    write_corpus(out, Corpus(clips=30, seed=3), 1, Progress())
    return out


@pytest.fixture(scope="session")
def task() -> DeepfakeTask:
    return DeepfakeTask(
        clips=30,
        size=32,
        frames=8,
        mels=32,
        backbone="resnet10t",
        picture_epochs=1,
        sound_epochs=1,
        workers=1,
    )


def run_stages(task: DeepfakeTask, source: Path | None, base: Path, seed: int = 0) -> Mapping[str, Path]:
    """Run every stage as the core would, into folders under `base`."""
    folders: dict[str, Path] = {}
    for stage in task.stages(source, seed):
        out = base / stage.name
        out.mkdir(parents=True)
        earlier = {name: folders[name] for name in stage.after}
        stage.run(StageContext(out, earlier, torch.device("cpu"), Progress()))
        folders[stage.name] = out
    return folders


@pytest.fixture(scope="session")
def folders(corpus: Path, task: DeepfakeTask, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """The stages' folders for `corpus`."""
    return run_stages(task, corpus, tmp_path_factory.mktemp("stages"))


def write_tree(root: Path, rows: list[str], header: str = HEADER, files: bool = True) -> Path:
    """A FakeAVCeleb tree whose clips are empty files; `rows` are lines of its CSV."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "meta_data.csv").write_text("\n".join([header, *rows]) + "\n")
    for row in rows if files else ():
        *_, name, folder = row.split(",")
        path = root / folder.removeprefix("FakeAVCeleb/") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def write_clip(
    path: Path,
    seconds: float = 2.0,
    video: bool = True,
    audio: bool = True,
    size: tuple[int, int] = (48, 64),
    rate: int = 25,
    sample_rate: int = 16_000,
) -> Path:
    """An mp4 file whose picture grows brighter by 100 levels a second and whose sound is a 440 Hz tone."""
    with av.open(str(path), "w") as container:
        pictures = container.add_stream("libx264", rate=rate) if video else None
        sound = container.add_stream("aac", rate=sample_rate, layout="mono") if audio else None
        if pictures is not None:
            pictures.height, pictures.width = size
            pictures.pix_fmt = "yuv420p"
            for number in range(round(seconds * rate)):
                level = 20 + round(100 * number / rate)
                frame = av.VideoFrame.from_ndarray(np.full((*size, 3), level, np.uint8), format="rgb24")
                frame.pts, frame.time_base = number, Fraction(1, rate)
                container.mux(pictures.encode(frame))
            container.mux(pictures.encode(None))
        if sound is not None:
            moments = np.arange(round(seconds * sample_rate)) / sample_rate
            tone = (8000 * np.sin(2 * np.pi * 440 * moments)).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(tone[None], format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = sample_rate, 0, Fraction(1, sample_rate)
            resampler = av.AudioResampler(format="fltp", layout="mono", rate=sample_rate, frame_size=1024)
            for piece in [*resampler.resample(frame), *resampler.resample(None)]:
                container.mux(sound.encode(piece))
            container.mux(sound.encode(None))
    return path
