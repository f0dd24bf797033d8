"""Addresses, files and versions that are refused, each in words and at once."""

from __future__ import annotations

import importlib.metadata
import socket
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from nasframe.cli import main
from nasframe.errors import ConfigurationError, RunError
from nasframe.jobs import execute
from nasframe.plugins import manager
from nasframe_ray.parcels import FileToSend, files_to_send, pieces_of, write_folder
from nasframe_ray.surroundings import differences


@pytest.mark.parametrize("name", ["../up", "/etc/passwd", "a/../../up", "C:\\up", ""])
def test_a_file_that_would_lie_outside_its_folder_is_refused_and_nothing_is_written(
    name: str, tmp_path: Path
) -> None:
    with pytest.raises(RunError, match="leads outside"):
        write_folder(tmp_path / "a", [FileToSend(name, 1)], iter([b"x"]), sender="node 10.0.0.2")
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_not_sent(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    with pytest.raises(RunError, match="link: is neither a file nor a folder"):
        files_to_send(tmp_path)


def test_a_folder_arrives_as_it_was_sent(tmp_path: Path) -> None:
    sent = tmp_path / "sent"
    (sent / "inner" / "empty").mkdir(parents=True)
    (sent / "none").write_bytes(b"")
    (sent / "inner" / "large").write_bytes(bytes(range(256)) * 150_000)
    files = files_to_send(sent)
    write_folder(tmp_path / "found", files, pieces_of(sent, files), sender="the test")
    assert files_to_send(tmp_path / "found") == files
    assert (tmp_path / "found/inner/large").read_bytes() == (sent / "inner/large").read_bytes()


def test_every_difference_of_versions_is_named() -> None:
    driver = {
        "Python": "3.11.7",
        "torch": "2.14.1",
        "nasframe": "0.2.0 aa",
        "plugin a": "1 cc",
        "plugin b": "1 d",
    }
    node = {
        "Python": "3.12.1",
        "torch": "2.14.1",
        "nasframe": "0.2.0 bb",
        "plugin a": "2 cc",
        "plugin c": "1 e",
    }
    assert differences(driver, node) == [
        "Python is 3.12.1 there, and 3.11.7 here",
        "nasframe 0.2.0 has other code there",
        "plugin a is 2 there, and 1 here",
        "plugin b is installed here alone",
        "plugin c is installed on the node alone",
    ]


def test_an_executor_without_the_option_says_which_it_takes(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigurationError, match="the executor 'local' has no option 'address'; it takes none"
    ):
        execute([], tmp_path, executor_options={"address": "10.0.0.1:6379"})


def test_an_address_without_the_executor_is_refused_before_any_work(
    home: Path, toy_pairs: None, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.toys import PAIRS

    assert main(["compare", str(PAIRS), "--address", "10.0.0.1:6379"]) == 2
    assert "the executor 'local' has no option 'address'" in capsys.readouterr().err


def test_an_address_where_no_cluster_is_is_refused_in_words(tmp_path: Path) -> None:
    pytest.importorskip("nasframe_ray.quiet_ray")
    from nasframe_ray.executor import RayExecutor

    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        closed = f"127.0.0.1:{server.getsockname()[1]}"
        for address, words in [
            (closed, "no cluster answers there: Connection refused"),
            ("10.0.0.1", "expected HOST:PORT"),
            ("ray://10.0.0.1:10001", "not that of Ray Client"),
        ]:
            with pytest.raises(RunError, match=words):
                RayExecutor(workers=1, folder=tmp_path, address=address)
            with pytest.raises(RunError, match=words):
                RayExecutor.check(None, address=address)


def test_a_study_on_a_cluster_that_is_not_there_prepares_no_data(
    toy_streams: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("nasframe_ray.quiet_ray")
    from tests.toys import STREAMS

    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        closed = f"127.0.0.1:{server.getsockname()[1]}"
        words = ["compare", str(STREAMS), "--executor", "ray", "--address", closed]
        assert main([*words, f"cache={tmp_path / 'cache'}", "--out", str(tmp_path / "study")]) == 2
    assert f"--address {closed}: no cluster answers there" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "a program that is no cluster of Ray answers there"),
        (b"", "no cluster answers there: timed out"),
    ],
)
def test_an_address_at_which_another_program_listens_is_refused_before_ray_asks_it(
    answer: bytes, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("nasframe_ray.quiet_ray")
    from nasframe_ray import connection

    monkeypatch.setattr(connection, "SECONDS", 1)

    def answer_once() -> None:
        with server.accept()[0] as client, suppress(ConnectionError):
            client.sendall(answer)
            while client.recv(1024):
                pass

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer_once)
        thread.start()
        with pytest.raises(RunError, match=words):
            connection.connect(f"127.0.0.1:{server.getsockname()[1]}")
        thread.join()


def test_a_node_that_has_no_memory_to_be_asked_says_so() -> None:
    pytest.importorskip("nasframe_ray.quiet_ray")
    from nasframe_ray.executor import _refusal
    from nasframe_ray.quiet_ray import exceptions

    words = "node 10.0.0.2: the task that asks for its versions was lost: the memory of its node ran out"
    assert _refusal(exceptions.OutOfMemoryError("a page of advice"), "10.0.0.2").startswith(words)


def test_without_ray_the_executor_says_which_command_brings_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], home: Path, toy_pairs: None
) -> None:
    from tests.toys import PAIRS

    found = importlib.metadata.version

    def version(name: str) -> str:
        if name == "ray":
            raise importlib.metadata.PackageNotFoundError(name)
        return found(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    monkeypatch.setattr(manager()._registry, "missing_extras", {})
    assert main(["compare", str(PAIRS), "--executor", "ray"]) != 0
    error = capsys.readouterr().err
    assert 'which is not installed; pip install "nasframe[cluster]"' in " ".join(error.split())
    assert [path.name for path in home.iterdir()] == []
