"""Clips that were decoded before a kill are not decoded again, and the end is the same to the byte."""

from __future__ import annotations

import json
import os
import pkgutil
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import attrs
import numpy as np
import pytest

from nasframe.runtime import SILENT
from nasframe_audiovisual import ClipFiles, DecodedClips, Window, remove_streams, write_streams
from nasframe_audiovisual.streams import decoding, writing
from tests.nasframe_audiovisual.films import write_clip
from tests.recorded_progress import Log
from tests.toys import toy_jobs

WINDOW = Window(frames=4, size=32)
NAMES = [f"{number}.mp4" for number in range(8)]
RATES = [16_000, 22_050, 24_000, 32_000, 44_100]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight clips: two have the pictures of others in other shards, one is damaged."""
    root = tmp_path_factory.mktemp("root")
    for number, name in enumerate(NAMES):
        write_clip(root / name, rate=10 + 4 * (number % 6), sample_rate=RATES[number % 5])
    (root / NAMES[4]).write_text("no film")
    return root


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("shards", "writing"):
        monkeypatch.setattr(f"nasframe_audiovisual.streams.{module}.SHARD", 2)


def write(root: Path, out: Path, names: list[str] = NAMES, window: Window = WINDOW) -> DecodedClips:
    out.mkdir(exist_ok=True)
    return write_streams(root, names, out, window, 40, 1, SILENT)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def decoded_names(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The clips that are decoded in the test, in this process."""
    names: list[str] = []
    first_window = decoding.first_window

    def noted(path: Path, *others: object) -> object:
        names.append(path.name)
        return first_window(path, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(decoding, "first_window", noted)
    return names


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed_at(moment: str, call: int, work: Callable[[], object]) -> None:
    """Do some work in a process that is killed when a function of the shards is called for the n-th time."""
    process = os.fork()
    if process == 0:
        with pytest.MonkeyPatch.context() as patch:
            name = f"nasframe_audiovisual.streams.shards.{moment}"
            left, function = [call], pkgutil.resolve_name(name)

            def counted(*arguments: object) -> object:
                left[0] -= 1
                return die() if left[0] == 0 else function(*arguments)

            patch.setattr(name, counted)
            work()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == -signal.SIGKILL


@pytest.mark.parametrize(
    ("moment", "call", "kept"),
    [
        ("RowWriter.append", 1, 0),  # before anything is written
        ("RowWriter.append", 7, 2),  # in the middle of the arrays of the second shard
        ("flush_file", 3, 2),  # when its arrays are there and maybe not on the disk
        ("write_json", 3, 4),  # when the arrays of the third are whole, but no document says so
        ("write_shard_list", 1, 8),  # when all shards are whole
    ],
)
def test_a_killed_call_goes_on_behind_its_whole_shards_to_the_same_bytes(
    root: Path, tmp_path: Path, decoded_names: list[str], moment: str, call: int, kept: int
) -> None:
    expected = write(root, tmp_path / "whole")
    out = tmp_path / "killed"
    killed_at(moment, call, lambda: write(root, out))
    decoded_names.clear()
    assert write(root, out) == expected
    assert decoded_names == NAMES[kept:]
    assert contents(out) == contents(tmp_path / "whole")


def test_clips_of_two_files_go_on_after_a_kill_and_ones_that_lie_count_as_others(
    root: Path, tmp_path: Path, decoded_names: list[str]
) -> None:
    clips = [ClipFiles(name, NAMES[0]) for name in NAMES]

    def work(out: Path, clips: list[ClipFiles] = clips) -> DecodedClips:
        out.mkdir(exist_ok=True)
        return write_streams(root, clips, out, WINDOW, 40, 1, SILENT)

    expected = work(tmp_path / "whole")
    killed_at("write_json", 3, lambda: work(tmp_path / "killed"))
    decoded_names.clear()
    assert work(tmp_path / "killed") == expected
    assert decoded_names == NAMES[4:]
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")
    assert expected.sounds == 1
    decoded_names.clear()
    lying = [*clips[:2], attrs.evolve(clips[2], lying=True), *clips[3:]]
    work(tmp_path / "killed", lying)
    assert decoded_names == NAMES[2:]


PROGRAM = """
import os, signal, sys
from pathlib import Path
from nasframe.runtime import SILENT
from nasframe_audiovisual import Window, write_streams
from nasframe_audiovisual.streams import shards, writing

def killed(self, clips, results):
    write(self, clips, results)
    if len(self.counts["pictures"]) == 2:
        os.killpg(0, signal.SIGKILL)

write = shards.Shards.write
shards.Shards.write = killed
shards.SHARD = writing.SHARD = 2
root, out, *names = sys.argv[1:]
write_streams(Path(root), names, Path(out), Window(frames=4, size=32), 40, 2, SILENT)
"""


def test_a_call_that_is_killed_with_its_workers_goes_on_too(
    root: Path, tmp_path: Path, decoded_names: list[str]
) -> None:
    expected = write(root, tmp_path / "whole")
    out = tmp_path / "killed"
    out.mkdir()
    program = [sys.executable, "-c", PROGRAM, str(root), str(out), *NAMES]
    assert subprocess.run(program, start_new_session=True, check=False).returncode == -signal.SIGKILL
    decoded_names.clear()
    assert write(root, out) == expected
    assert decoded_names == NAMES[4:]
    assert contents(out) == contents(tmp_path / "whole")


def test_it_is_said_how_many_clips_are_decoded_already(root: Path, tmp_path: Path) -> None:
    out, log = tmp_path / "killed", Log()
    killed_at("write_shard_list", 1, lambda: write(root, out))
    (out / "shard-00003.json").unlink()
    write_streams(root, NAMES, out, WINDOW, 40, 1, log)
    assert log.lines == ["6 of 8 clips are decoded already, 2 are left"]


@pytest.mark.parametrize("damage", ["short", "rows", "json", "shape"])
def test_a_shard_that_is_not_whole_is_not_believed_nor_are_those_behind_it(
    root: Path, tmp_path: Path, decoded_names: list[str], damage: str
) -> None:
    write(root, tmp_path / "whole")
    shutil.copytree(tmp_path / "whole", tmp_path / "out")
    array, document = tmp_path / "out" / "pictures-00001.npy", tmp_path / "out" / "shard-00001.json"
    if damage == "short":
        array.write_bytes(array.read_bytes()[:-1])
    elif damage == "rows":
        np.save(array, np.load(array)[:1])
    elif damage == "json":
        document.write_text(document.read_text()[:-10])
    else:
        document.write_text(json.dumps({"made_by": json.loads(document.read_text())["made_by"]}))
    decoded_names.clear()
    write(root, tmp_path / "out")
    assert decoded_names == NAMES[2:]
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_with_other_options_or_other_clips_nothing_is_reused(
    root: Path, tmp_path: Path, decoded_names: list[str]
) -> None:
    out = tmp_path / "out"
    write(root, out)
    decoded_names.clear()
    write(root, out, window=Window(frames=5, size=32))
    assert decoded_names == NAMES
    decoded_names.clear()
    names = [*NAMES[:3], *NAMES[4:]]
    decoded = write(root, out, names, window=Window(frames=5, size=32))
    assert decoded_names == names[2:]
    write(root, tmp_path / "fresh", names, window=Window(frames=5, size=32))
    assert contents(out) == contents(tmp_path / "fresh")
    assert [*decoded.rows, *decoded.skipped] == [*names[:3], *names[4:], NAMES[4]]


def test_streams_that_are_removed_leave_what_else_is_in_the_folder(root: Path, tmp_path: Path) -> None:
    write(root, tmp_path / "out")
    (tmp_path / "out" / "index.csv").touch()
    remove_streams(tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["index.csv"]


def test_a_clip_whose_decoding_fails_in_a_way_that_nobody_has_foreseen_is_left_out_and_named(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_window = decoding.first_window

    def failing(path: Path, *others: object) -> object:
        if path.name == NAMES[1]:
            raise IndexError("list index out of range")
        return first_window(path, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(decoding, "first_window", failing)
    decoded = write(root, tmp_path / "out")
    assert [*decoded.skipped] == [NAMES[1], NAMES[4]]
    assert decoded.skipped[NAMES[1]] == (
        f"{root / NAMES[1]}: cannot be used, its decoding ends with IndexError: list index out of range"
    )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_a_clip_whose_decoder_hangs_is_left_out_and_named(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(root / "pipe")
    monkeypatch.setattr(writing, "decoded_clip", toy_jobs.decode_or_hang)
    monkeypatch.setattr(writing, "CLIP_PATIENCE", 0.5)
    try:
        decoded = write_streams(root, NAMES, tmp_path, WINDOW, 40, 2, SILENT)
    finally:
        (root / "pipe").unlink()
    assert [*decoded.skipped] == [NAMES[2], NAMES[4]]
    assert decoded.skipped[NAMES[2]] == (
        f"{root / NAMES[2]}: cannot be used, each process that decoded it hung and said nothing for 0.5 "
        "seconds"
    )
    assert len(decoded.rows) == len(NAMES) - 2


def test_a_clip_at_which_every_process_dies_is_left_out_and_named(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "decoded_clip", toy_jobs.decode_or_die)
    decoded = write_streams(root, NAMES, tmp_path, WINDOW, 40, 2, SILENT)
    assert [*decoded.skipped] == [NAMES[2], NAMES[4]]
    assert decoded.skipped[NAMES[2]] == (
        f"{root / NAMES[2]}: cannot be used, each process that decoded it was ended by SIGSEGV"
    )
