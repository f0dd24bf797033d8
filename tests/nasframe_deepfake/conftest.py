"""One tiny set for the whole folder, prepared, pretrained and turned into features once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch

from nasframe import StageContext
from nasframe.cli import main
from nasframe.runtime import Progress
from nasframe_deepfake.detection import Detector, load_detector
from nasframe_deepfake.synthesis import Corpus, write_corpus
from nasframe_deepfake.task import DeepfakeTask

HEADER = "source,target1,target2,method,category,type,race,gender,path,"


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty clips of six people."""
    out = tmp_path_factory.mktemp("corpus")
    write_corpus(out, Corpus(clips=30, seed=3), 1, Progress())
    return out


@pytest.fixture(scope="session")
def other_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty other clips of six other people."""
    out = tmp_path_factory.mktemp("other_corpus")
    write_corpus(out, Corpus(clips=30, seed=5), 1, Progress())
    return out


@pytest.fixture(scope="session")
def task() -> DeepfakeTask:
    return DeepfakeTask(
        clips=30,
        size=32,
        frames=8,
        mels=32,
        faces="none",  # thirty clips of six people are too few to lose any
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


@pytest.fixture(scope="session")
def detector(
    folders: Mapping[str, Path], task: DeepfakeTask, tmp_path_factory: pytest.TempPathFactory
) -> Detector:
    """The detector of these folders, as a run keeps it."""
    saved = tmp_path_factory.mktemp("saved")
    task.save(folders, saved)
    return load_detector(saved, torch.device("cpu"))


@pytest.fixture(scope="session")
def trained_run(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of `corpus`, trained badly. Tests read it, and write into copies."""
    from tests.nasframe_deepfake.serving.test_service import EXPERIMENT

    folder = tmp_path_factory.mktemp("trained")
    shares = 'name = "deepfake"\nshares = [0.35, 0.15, 0.15, 0.35]\n'
    (folder / "experiment.toml").write_text(EXPERIMENT.replace('name = "deepfake"\n', shares))
    words = [f"cache={folder / 'cache'}", "--data", str(corpus), "--out", str(folder / "run")]
    assert main(["run", str(folder / "experiment.toml"), *words]) == 0
    return folder / "run"


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
