from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import get_args

import pytest
from cyclopts import App

from nasframe.errors import ConfigurationError, DataError
from nasframe.options import structure
from nasframe_audiovisual import DETECTORS, FaceDetectorName
from nasframe_deepfake import register_commands, register_demos, register_presets, register_tasks
from nasframe_deepfake.commands import Faces
from nasframe_deepfake.option_errors import as_typed
from nasframe_deepfake.task import DeepfakeTask


@pytest.fixture
def app() -> App:
    app = App(name="test", result_action="return_value")
    register_commands(app)
    return app


def call(app: App, *tokens: object) -> None:
    app([str(token) for token in tokens], exit_on_error=False)


def test_synthesize_then_prepare_leaves_a_set_and_its_index(
    app: App, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call(app, "deepfake", "synthesize", tmp_path / "set", "--clips", 20, "--workers", 1)
    assert "20 clips of 4 people, 8 genuine" in capsys.readouterr().out
    options = ("--out", tmp_path / "index", "--faces", "none", "--workers", 1)
    call(app, "deepfake", "prepare", tmp_path / "set", *options)
    text = capsys.readouterr().out
    assert "20 clips: RV-RA 8" in text
    assert "test: 5 clips, 2 genuine" in text
    assert {path.name for path in (tmp_path / "index").iterdir()} == {
        "index.csv",
        "splits.csv",
        "report.json",
        "audit.json",
        "facts.csv",
        "streams.json",
        "shard-00000.json",
        "pictures-00000.npy",
        "sounds-00000.npy",
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index", "set"]


def test_a_folder_that_holds_something_is_left_alone(app: App, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "letter.txt").touch()
    with pytest.raises(DataError, match="its files are not overwritten"):
        call(app, "deepfake", "synthesize", tmp_path / "set")
    with pytest.raises(DataError, match="its files are not overwritten"):
        call(app, "deepfake", "prepare", tmp_path, "--out", tmp_path / "set")


def test_a_command_that_fails_leaves_nothing_behind(app: App, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        call(app, "deepfake", "prepare", tmp_path / "nowhere", "--out", tmp_path / "index")
    with pytest.raises(ConfigurationError, match="clips"):
        call(app, "deepfake", "synthesize", tmp_path / "set", "--clips", 1)
    assert not list(tmp_path.iterdir())


def test_an_error_names_the_option_of_the_command_and_not_that_of_the_task(
    app: App, corpus: Path, tmp_path: Path
) -> None:
    (tmp_path / "task.dataset").mkdir()  # a place may be called so
    list_of_splits = tmp_path / "task.dataset" / "splits.csv"
    list_of_splits.write_text("path,split\nnowhere.mp4,test\n")
    words = ("deepfake", "prepare", corpus, "--out", tmp_path / "out", "--workers", 1)
    with pytest.raises(DataError, match=f"^--split-list: {list_of_splits}: names none"):
        call(app, *words, "--faces", "none", "--split-list", list_of_splits)
    with pytest.raises(DataError, match="^--face-model: the detector yunet needs the file of its model"):
        call(app, *words, "--faces", "yunet")
    with pytest.raises(DataError, match="^task.face_model: the detector yunet needs the file of its model"):
        DeepfakeTask(faces="yunet").preparation(0)
    with pytest.raises(DataError, match="take it as it is by --split-leaks count$"), as_typed():
        raise DataError('take it as it is by task.split_leaks="count"')


def test_the_package_and_its_commands_import_neither_torch_nor_a_codec() -> None:
    code = (
        "import sys; from cyclopts import App; import nasframe_deepfake as p; app = App(); "
        "p.register_commands(app); p.register_tasks(); p.register_demos(); p.register_presets(); "
        "print([m for m in ('torch', 'av', 'timm', 'torchaudio', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_is_registered_exists() -> None:
    assert register_tasks() == {"deepfake": "nasframe_deepfake.task:DeepfakeTask"}
    assert register_demos()["deepfake"].is_file()
    assert register_presets()["paper"].is_file()


def test_the_detectors_of_faces_are_those_of_the_library() -> None:
    assert get_args(Faces) == DETECTORS == get_args(FaceDetectorName)


def test_the_demo_configures_the_task() -> None:
    options = tomllib.loads(register_demos()["deepfake"].read_text())["task"]
    assert options.pop("name") == "deepfake"
    assert structure(DeepfakeTask, options, "demo.toml").clips >= 40


def test_a_place_that_is_taken_meanwhile_is_left_alone(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def of_another(folder: Path, *_: object) -> list[object]:
        (tmp_path / "set").mkdir()
        (tmp_path / "set" / "theirs").touch()
        return []

    monkeypatch.setattr("nasframe_deepfake.synthesis.write_corpus", of_another)
    with pytest.raises(DataError, match="set is not an empty folder; its files are not overwritten"):
        call(app, "deepfake", "synthesize", tmp_path / "set")
    assert [path.name for path in tmp_path.rglob("*")] == ["set", "theirs"]
