"""Processes that find each other as those of `torchrun` do, and start at once."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.conftest import NASFRAME
from tests.forked_programs import ForkedProgram, ForkingServer
from tests.toys import TOYS

ROOT = Path(__file__).parents[2]

Started = Callable[..., list[ForkedProgram]]


def environments(count: int) -> list[dict[str, str]]:
    """The environment of each of several processes; that of one says nothing of others."""
    common = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(TOYS)])}
    if count == 1:
        return [common]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    common |= {"WORLD_SIZE": str(count), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    return [{**common, "RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(count)]


def started(
    programs: ForkingServer, folder: Path, count: int, *words: str, last: Sequence[str] = ()
) -> list[ForkedProgram]:
    """`nasframe WORDS…` in each of several processes, with the toy streams; `last` are more words for the
    last one alone."""
    given = [NASFRAME, "--plugin", str(TOYS / "toy_streams.py"), *words]
    each = [*[given] * (count - 1), [*given, *last]]
    return [
        programs.start(own, cwd=folder, env=env) for own, env in zip(each, environments(count), strict=True)
    ]


@pytest.fixture
def search_together(programs: ForkingServer, tmp_path: Path) -> Iterator[Started]:
    """`search_together(2, *words)` starts `nasframe WORDS…` in two processes, with the toy streams."""
    found: list[ForkedProgram] = []

    def start(count: int, *words: str, last: Sequence[str] = ()) -> list[ForkedProgram]:
        found.extend(started(programs, tmp_path, count, *words, last=last))
        return found[-count:]

    yield start
    for program in found:
        program.close()
