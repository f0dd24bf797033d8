"""A set of clips, decoded once into arrays, and its index."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from attrs import frozen
from numpy.typing import NDArray

from nasframe.errors import DataError
from nasframe.runtime import SILENT
from nasframe_audiovisual import (
    COLUMNS,
    FaceDetector,
    FaceSettings,
    Window,
    first_window,
    log_mel,
    open_streams,
    read_index,
    streams_size,
    write_index,
    write_streams,
)
from tests.nasframe_audiovisual.films import write_clip

WINDOW = Window(frames=4, size=32)


@pytest.fixture
def root(clips: list[Path], tmp_path: Path) -> Path:
    """Three clips, of which the first and the third show the same, a copy of the second, and no clip."""
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    shutil.copy(clips[0], root / "0.mp4")
    write_clip(root / "1.mp4", size=(48, 96), rate=24)
    shutil.copy(clips[2], root / "2.mp4")
    shutil.copy(root / "1.mp4", root / "sub" / "copy.mp4")
    (root / "bad.mp4").write_text("no film")
    return root


def one_array(folder: Path, kind: str) -> NDArray[Any]:
    """All rows of one kind."""
    rows = open_streams(folder, kind)
    return np.asarray(rows[torch.arange(len(rows))])


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


NAMES = ["0.mp4", "bad.mp4", "1.mp4", "sub/copy.mp4", "2.mp4"]


def test_rows_hold_the_streams_of_their_clips_and_a_stream_is_kept_once(root: Path, tmp_path: Path) -> None:
    decoded = write_streams(root, NAMES, tmp_path, WINDOW, 40, 1, SILENT)
    pictures, sounds = (one_array(tmp_path, kind) for kind in ("pictures", "sounds"))
    assert list(decoded.rows) == ["0.mp4", "1.mp4", "sub/copy.mp4", "2.mp4"]
    assert decoded.rows["1.mp4"] == decoded.rows["sub/copy.mp4"]
    assert (len(pictures), len(sounds)) == (decoded.pictures, decoded.sounds)
    assert (decoded.pictures, decoded.sounds) == (2, 2)  # the plain clip shares one with each of the others
    assert pictures.shape[1:] == (4, 32, 32, 3)
    assert sounds.shape[1:] == (40, COLUMNS)
    for path, (picture, sound) in decoded.rows.items():
        recording = first_window(root / path, WINDOW, FaceSettings("none").make()).recording
        np.testing.assert_array_equal(pictures[picture], recording.pictures)
        np.testing.assert_array_equal(sounds[sound], log_mel(torch.from_numpy(recording.samples), 40).numpy())


def test_a_worker_makes_the_detector_of_faces_once(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    make = FaceSettings.make

    def counted(settings: FaceSettings) -> FaceDetector:
        made.append(settings.detector)
        return make(settings)

    monkeypatch.setattr(FaceSettings, "make", counted)
    write_streams(root, NAMES, tmp_path, WINDOW, 40, 1, SILENT)
    assert made == ["none"]


def test_a_clip_that_cannot_be_used_is_skipped_with_its_reason(root: Path, tmp_path: Path) -> None:
    decoded = write_streams(root, NAMES, tmp_path, WINDOW, 40, 1, SILENT)
    assert list(decoded.skipped) == ["bad.mp4"]
    assert decoded.skipped["bad.mp4"].startswith(f"{root / 'bad.mp4'}: cannot be decoded")


def test_the_number_of_processes_changes_nothing(root: Path, tmp_path: Path) -> None:
    found = []
    for workers in (1, 2):
        out = tmp_path / str(workers)
        out.mkdir()
        decoded = write_streams(root, NAMES, out, WINDOW, 40, workers, SILENT)
        found.append((decoded, contents(out)))
    assert found[0] == found[1]


def test_arrays_that_do_not_fit_on_the_disk_are_not_begun(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    free = streams_size(5, WINDOW, 40) - 1
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(total=10**12, free=free))
    with pytest.raises(DataError, match=rf"the pictures and sounds of 5 clips need up to {free + 1} bytes"):
        write_streams(root, NAMES, out, WINDOW, 40, 1, SILENT)
    assert not list(out.iterdir())


@frozen
class Line:
    path: str
    number: int


def test_an_index_is_read_back_with_its_types(tmp_path: Path) -> None:
    lines = [Line("a, b.mp4", 3), Line('"c".mp4', 0)]
    write_index(tmp_path / "index.csv", lines)
    assert read_index(tmp_path / "index.csv", Line) == lines
    assert (tmp_path / "index.csv").read_bytes().startswith(b"path,number\n")


@frozen
class LongerLine:
    path: str
    number: int
    told: str = ""


def test_an_index_of_an_older_version_may_lack_columns_that_have_a_default(tmp_path: Path) -> None:
    write_index(tmp_path / "index.csv", [Line("a.mp4", 3)])
    assert read_index(tmp_path / "index.csv", LongerLine) == [LongerLine("a.mp4", 3)]


@pytest.mark.parametrize(
    "text",
    [
        "path\na.mp4\n",
        "path,number\na.mp4,many\n",
        "path,number,more\na,1,2\n",
        "path,number,number\na,1,2\n",
    ],
)
def test_a_file_that_is_no_index_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "index.csv").write_text(text)
    with pytest.raises(DataError, match=r"index\.csv: .*; expected an index of prepared clips"):
        read_index(tmp_path / "index.csv", Line)
    with pytest.raises(
        DataError, match=r"none\.csv: cannot be read: no such file; expected an index of prepared clips"
    ):
        read_index(tmp_path / "none.csv", Line)
