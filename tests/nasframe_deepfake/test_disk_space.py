from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from cyclopts import App

from nasframe import StageContext
from nasframe.errors import DataError
from nasframe.runtime import Progress
from nasframe_audiovisual import load_extractor, open_streams, streams_size, weights_size, write_features
from nasframe_deepfake import register_commands
from nasframe_deepfake.preparation import prepare, read_index
from nasframe_deepfake.synthesis import Corpus, write_corpus
from nasframe_deepfake.task import DeepfakeTask


def taken(root: Path) -> int:
    """Bytes that the tree takes on its disk, folders included."""
    return sum(512 * path.lstat().st_blocks for path in (root, *root.rglob("*")))


def leave(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(total=10**12, free=free))


def test_a_set_that_does_not_fit_is_not_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leave(monkeypatch, 10**9)
    with pytest.raises(DataError, match=r"20,000 clips need up to \d{10} bytes .* 1000000000 bytes"):
        write_corpus(tmp_path / "set", Corpus(clips=20_000), 1, Progress())
    assert not list(tmp_path.iterdir())


def test_the_command_leaves_nothing_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leave(monkeypatch, 1000)
    app = App(name="test", result_action="return_value")
    register_commands(app)
    with pytest.raises(DataError, match=f"in {re.escape(str(tmp_path))}: 40 clips need up to"):
        app(["deepfake", "synthesize", str(tmp_path / "set")], exit_on_error=False)
    assert not list(tmp_path.iterdir())


def test_arrays_that_do_not_fit_are_not_begun(
    corpus: Path, task: DeepfakeTask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave(monkeypatch, 1000)
    with pytest.raises(DataError, match=r"pictures and sounds of 30 clips need up to \d+ bytes"):
        prepare(corpus, tmp_path, task.preparation(0), 1, Progress())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("stage", "what"),
    [
        ("pretrain", "the weights of both backbones"),
        ("features", r"the features of \d+ pictures and \d+ sounds"),
    ],
)
def test_a_later_stage_that_does_not_fit_is_not_begun_either(
    corpus: Path,
    folders: Mapping[str, Path],
    task: DeepfakeTask,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stage: str,
    what: str,
) -> None:
    (chosen,) = [item for item in task.stages(corpus, 0) if item.name == stage]
    leave(monkeypatch, 1000)
    with pytest.raises(DataError, match=rf"{what} need up to \d+ bytes .* 1000 bytes"):
        chosen.run(StageContext(tmp_path, folders, torch.device("cpu"), Progress()))
    assert not list(tmp_path.iterdir())


def test_what_later_stages_ask_for_is_enough_and_not_much_too_much(
    corpus: Path, folders: Mapping[str, Path], task: DeepfakeTask, tmp_path: Path
) -> None:
    pretrained = taken(folders["pretrain"])
    assert pretrained <= weights_size(task.backbone) < 2 * pretrained
    counts = [len(open_streams(folders["prepare"], kind)) for kind in ("pictures", "sounds")]
    extractor = load_extractor(folders["pretrain"], task.backbone, task.steps, torch.device("cpu"))
    for temporal in (True, False):
        out = tmp_path / str(temporal)
        out.mkdir()
        fitted = [(clip.picture, clip.sound) for clip in read_index(folders["prepare"] / "index.csv")]
        write_features(folders["prepare"], out, extractor, temporal, fitted, Progress())
        assert taken(out) <= extractor.bytes_needed(counts[0], counts[1], temporal) < 2 * taken(out)


def test_what_is_asked_for_is_enough_and_not_much_too_much(
    corpus: Path, folders: Mapping[str, Path], task: DeepfakeTask
) -> None:
    assert taken(corpus) <= Corpus(clips=30).bytes_needed < 2 * taken(corpus)
    prepared, preparation = taken(folders["prepare"]), task.preparation(0)
    assert prepared <= streams_size(30, preparation.window, preparation.mels) < 2 * prepared
