"""`nasframe deepfake serve` with a real run and real clips: its start, its answers, its end."""

from __future__ import annotations

import json
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import nasframe
from nasframe.cli import main
from nasframe.errors import ConfigurationError
from nasframe_deepfake.serving import Service
from tests.conftest import Forked
from tests.forked_programs import ForkedProgram
from tests.nasframe_audiovisual.films import repeat_film
from tests.nasframe_deepfake.serving.conftest import PATIENCE, Connect, Connection, Running

EXPERIMENT = """
device = "cpu"

[task]
name = "deepfake"
size = 32
frames = 8
mels = 32
faces = "none"
backbone = "resnet10t"
picture_epochs = 1
sound_epochs = 1
workers = 1

[space]
name = "bimodal"
channels = 8
cells = 1
nodes = 1

[relaxation]
name = "softmax"

[search]
epochs = 1

[train]
epochs = 1

[baselines]
random = 0
task = false
"""


@pytest.fixture(scope="module")
def run(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the task that was trained, badly. Tests read it."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "experiment.toml").write_text(EXPERIMENT)
    words = [f"cache={folder / 'cache'}", "--data", str(corpus), "--out", str(folder / "run")]
    assert main(["run", str(folder / "experiment.toml"), *words]) == 0
    return folder / "run"


@pytest.fixture(scope="module")
def clips(corpus: Path) -> list[Path]:
    return sorted(corpus.rglob("*.mp4"))[:3]


@pytest.fixture(scope="module")
def long_clip(clips: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip of ten minutes, made of one that is played again and again: its scoring takes a while."""
    return repeat_film(tmp_path_factory.mktemp("long") / "long.mkv", clips[0], 600)


@pytest.fixture
def uploads(tmp_path: Path) -> Path:
    folder = tmp_path / "uploads"
    folder.mkdir()
    return folder


def started(program: ForkedProgram) -> int:
    """Wait until the service listens, and return its port."""
    line = program.stdout.readline()
    assert line.startswith("http://"), program.communicate()
    return int(line.rsplit(":", 1)[1].strip("/\n"))


def scored(client: Connection, clip: Path) -> tuple[int, dict[str, Any]]:
    content = clip.read_bytes()
    answer = client.post(len(content), target=f"/score?name={clip.name}", body=content).answer()
    return answer.status, answer.json


def test_clips_get_the_answers_of_predict_two_clients_at_once_until_a_signal(
    fork: Forked, connect: Connect, run: Path, clips: list[Path], uploads: Path
) -> None:
    program = fork("deepfake", "serve", str(run), "--port", "0", "--uploads", str(uploads), "--workers", "2")
    port = started(program)
    found: dict[Path, Any] = {}
    threads = [
        threading.Thread(target=lambda clip=clip: found.update({clip: scored(connect(port), clip)}))
        for clip in clips
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    expected = nasframe.load_scorer(run).score(clips)
    for clip, record in zip(clips, expected, strict=True):
        status, answer = found[clip]
        assert status == 200
        assert answer["score"] == pytest.approx(record["score"], abs=1e-5)
        assert [part["start"] for part in answer["seconds"]] == [part["start"] for part in record["seconds"]]
        assert answer["file"] == clip.name
        assert answer["decision"] == record["decision"]
    empty = connect(port).post(0).answer()
    assert (empty.status, empty.json["reason"]) == (422, "empty")
    listing = f"#EXTM3U\n#EXTINF:2,\nfile://{clips[0]}\n#EXT-X-ENDLIST\n".encode()
    for name in ("a.m3u8", "a.mp4"):
        other = connect(port).post(len(listing), target=f"/score?name={name}", body=listing).answer()
        assert (other.status, other.json["file"]) == (422, name)
        assert str(uploads) not in other.json["error"]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port), PATIENCE)
    (folder,) = uploads.iterdir()
    assert [path.name for path in folder.iterdir()] == ["lock"]
    program.send_signal(signal.SIGTERM)
    _, errors = program.communicate()
    assert program.returncode == 143
    assert "ended by SIGTERM" in errors
    assert list(uploads.iterdir()) == []


def test_a_client_that_goes_away_in_the_middle_of_its_clip_frees_the_worker_and_the_disk(
    fork: Forked, connect: Connect, run: Path, clips: list[Path], long_clip: Path, uploads: Path
) -> None:
    program = fork("deepfake", "serve", str(run), "--port", "0", "--uploads", str(uploads), "--workers", "1")
    port = started(program)
    health, leaving = connect(port), connect(port)
    leaving.post(long_clip.stat().st_size, body=long_clip.read_bytes())
    Running.wait_until(lambda: health.get("/health").json["scoring"] == 1)
    (folder,) = uploads.iterdir()
    assert len(list(folder.glob("clip-*"))) == 1
    leaving.go_away()
    Running.wait_until(lambda: health.get("/health").json == {"status": "ok", "scoring": 0, "waiting": 0})
    assert list(folder.glob("clip-*")) == []
    assert scored(connect(port), clips[0])[0] == 200
    program.send_signal(signal.SIGTERM)
    program.communicate()
    assert program.returncode == 143


def test_ctrl_c_in_the_middle_of_a_clip_ends_the_service_and_removes_the_clip(
    fork: Forked, connect: Connect, run: Path, long_clip: Path, uploads: Path
) -> None:
    program = fork("deepfake", "serve", str(run), "--port", "0", "--uploads", str(uploads))
    port = started(program)
    client = connect(port).post(long_clip.stat().st_size, body=long_clip.read_bytes())
    health = connect(port)
    Running.wait_until(lambda: health.get("/health").json["scoring"] == 1)
    program.send_signal(signal.SIGINT)
    _, errors = program.communicate()
    assert program.returncode == 130
    assert "in the middle of a clip" in errors
    assert client.is_closed
    assert list(uploads.iterdir()) == []


def test_ctrl_c_again_and_again_in_the_middle_of_a_clip_ends_predict_as_one_does(
    fork: Forked, run: Path, clips: list[Path], long_clip: Path
) -> None:
    program = fork("predict", str(run), str(clips[0]), str(long_clip), "--json")
    assert json.loads(program.stdout.readline())["file"] == str(clips[0])
    program.send_signal(signal.SIGINT)
    program.send_signal(signal.SIGINT)
    said, errors = program.communicate()
    assert program.returncode == 130
    assert "interrupted" in errors
    assert "terminate" not in errors
    assert said == ""


def test_a_killed_service_leaves_a_folder_that_the_next_one_removes(
    fork: Forked, connect: Connect, run: Path, uploads: Path
) -> None:
    words = ("deepfake", "serve", str(run), "--port", "0", "--uploads", str(uploads), "--host", "0.0.0.0")
    killed = fork(*words)
    client = connect(started(killed)).post(10, body=b"some")
    Running.wait_until(lambda: len(list(uploads.glob("*/clip-*"))) == 1)
    killed.send_signal(signal.SIGKILL)
    _, errors = killed.communicate()
    assert "warning: everybody who reaches this machine" in errors
    client.go_away()
    (left,) = uploads.iterdir()
    following = fork(*words)
    started(following)
    assert not left.exists()
    following.send_signal(signal.SIGTERM)
    following.communicate()
    assert list(uploads.iterdir()) == []


@pytest.fixture
def taken() -> Iterator[int]:
    """A port at which another program listens."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def refused(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """The message of a service that does not start."""
    assert main(["deepfake", "serve", *map(str, words)]) == 2
    return capsys.readouterr().err


def test_a_port_that_is_taken_is_said_before_the_run_is_loaded(
    taken: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "another program listens" in refused(capsys, "nowhere", "--port", taken)


def test_an_address_of_no_machine_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    for host in ("192.0.2.1", "no-such-name.invalid"):
        assert f"--host: {host} is no name or address" in refused(capsys, "nowhere", "--host", host)


def test_a_run_that_is_none_is_said(
    tmp_path: Path, finished_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "no-run" in refused(capsys, tmp_path / "no-run", "--port", 0)
    assert "expected one of the task deepfake" in refused(capsys, finished_run, "--port", 0)


def test_a_folder_of_uploads_that_is_not_there_is_said(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = tmp_path / "nowhere"
    words = refused(capsys, run, "--port", 0, "--uploads", nowhere)
    assert f"--uploads: {nowhere} is not there; expected a folder" in words
    nowhere.touch()
    words = refused(capsys, run, "--port", 0, "--uploads", nowhere)
    assert f"--uploads: {nowhere} is no folder; expected a folder" in words


@pytest.mark.skipif(sys.platform != "linux", reason="has no /proc")
def test_a_folder_of_uploads_in_which_nothing_can_be_written_is_said_as_it_was_given(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = refused(capsys, run, "--port", 0, "--uploads", "/proc")
    assert "--uploads: nothing can be written in /proc (" in words
    assert "nasframe-serve" not in words


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"port": 65536}, "--port: expected a number from 0 to 65535, found 65536"),
        ({"limit": 0}, "--limit"),
        ({"workers": -1}, "--workers"),
        ({"waiting": -1}, "--waiting"),
        ({"names": ("a b",)}, "--allow-host: expected a name"),
        ({"names": ("clips.example:80",)}, "without a port"),
    ],
)
def test_a_setting_out_of_its_bounds_is_said(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        Service(**options)
