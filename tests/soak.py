"""`make soak`: mutated files and words for every reader, and what memory a long life takes.

For each reader: inputs, those refused in words, those accepted, tracebacks, the slowest, and the growth of
memory. The exit status is 1 where a reader raised anything but an error of nasframe's own.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import gc
import io
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from attrs import Factory, define

from tests.mutations import mutate
from tests.readers import LINES, READERS, Reader, make_sample

__all__ = ["CORPUS", "Result", "Samples", "soak"]

CORPUS = Path(__file__).parent / "corpus"
"""Inputs that once got through, a folder for each reader; they are tried first."""

PATIENCE = 60.0
"""Seconds in which a reader must be done with one input."""


@define
class Result:
    """The counts of one reader.

    Attributes:
        failures: error → the first input that raised it.
        times: error → how often it was raised.
        slowest: seconds of the slowest input.
        growth: bytes of memory that the process holds more at the end than after the first tenth.
    """

    inputs: int = 0
    refused: int = 0
    accepted: int = 0
    failures: dict[str, bytes] = Factory(dict)
    times: dict[str, int] = Factory(dict)
    seconds: float = 0.0
    slowest: float = 0.0
    growth: int = 0

    @property
    def tracebacks(self) -> int:
        """The number of inputs that ended in another error than one of nasframe's."""
        return sum(self.times.values())


class Samples:
    """The valid files, made when they are first wanted, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def folder(self, name: str) -> Path:
        """The folder of a sample, which stays as it is."""
        place = self._folder / name
        if not place.exists():
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                make_sample(name, place)
        return place


class TooSlowError(Exception):
    """A reader took longer than PATIENCE."""


def soak(reader: Reader, samples: Samples, inputs: int, seed: int = 0) -> Result:
    """Give a reader its stored inputs, and mutated ones up to a number of inputs."""
    with tempfile.TemporaryDirectory(dir=_memory()) as scratch, _plugins_stay():
        folder = Path(scratch) / "sample"
        shutil.copytree(samples.folder(reader.sample), folder)
        if reader.name == "command_line":
            (folder / reader.file).write_text(LINES[0], encoding="utf-8")
        (file, *_) = sorted(folder.glob(reader.file))
        valid = _valid(file, reader)
        with _quiet(folder):
            reader.read(folder)  # what is mutated is right before
        result = Result()
        for number, content in enumerate(_inputs(reader, valid, inputs, seed)):
            _try(reader, folder, file, content, result)
            if number == inputs // 10:
                gc.collect()
                before = resident()
        gc.collect()
        result.growth = resident() - before
    return result


def _valid(file: Path, reader: Reader) -> list[bytes]:
    """The valid inputs: the file, or each line of it where each is an input of its own."""
    if reader.name == "command_line":
        return [line.encode() for line in LINES]
    content = file.read_bytes()
    return content.split(b"\n") if reader.kind == "words" else [content]


def _inputs(reader: Reader, valid: list[bytes], count: int, seed: int) -> Iterator[bytes]:
    random = Random(f"{seed} {reader.name}")
    stored = [file.read_bytes() for file in sorted((CORPUS / reader.name).glob("*"))]
    yield from stored[:count]
    for _ in range(count - len(stored)):
        yield mutate(random.choice(valid), random, reader.kind)


def _try(reader: Reader, folder: Path, file: Path, content: bytes, result: Result) -> None:
    from nasframe.errors import NasframeError

    file.write_bytes(content)
    result.inputs += 1
    began = time.perf_counter()
    try:
        with _quiet(folder), _patience():
            reader.read(folder)
        result.accepted += 1
    except NasframeError:
        result.refused += 1
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        own = [frame for frame in traceback.extract_tb(error.__traceback__) if "nasframe" in frame.filename]
        at = own[-1] if own else place
        name = f"{type(error).__name__} at {Path(at.filename).name}:{at.lineno}: {str(error)[:100]!r}"
        key = f"{type(error).__name__} at {Path(at.filename).name}:{at.lineno}"
        found = next((known for known in result.times if known.startswith(f"{key}:")), name)
        result.failures.setdefault(found, content)
        result.times[found] = result.times.get(found, 0) + 1
    took = time.perf_counter() - began
    result.seconds += took
    result.slowest = max(result.slowest, took)


@contextmanager
def _plugins_stay() -> Iterator[None]:
    """Let what plugins register be looked up once: half of the time of a page is spent on it."""
    from nasframe.plugins.look_up import LookUp

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LookUp, "registered", functools.cache(LookUp.registered))
        yield


@contextmanager
def _quiet(folder: Path) -> Iterator[None]:
    """Work in another folder, without words, and with a command line that raises what it would print."""
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _patience() -> Iterator[None]:
    def stop(*_: Any) -> None:
        raise TooSlowError(f"took more than {PATIENCE:g} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def resident() -> int:
    """The bytes of memory that this process holds; 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _memory() -> Path | None:
    """A folder in memory, where the system has one."""
    place = Path("/dev/shm")
    return place if place.is_dir() and os.access(place, os.W_OK) else None


def _store(found: Path, name: str, result: Result) -> None:
    for number, content in enumerate(result.failures.values()):
        (found / name).mkdir(parents=True, exist_ok=True)
        (found / name / f"{number:02d}").write_bytes(content)


def main() -> int:
    """Give every reader its inputs, and print the counts."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("readers", nargs="*", choices=[[], *READERS], metavar="READER", help="left out: all")
    parser.add_argument("--inputs", type=int, default=10_000, help="for each reader")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--found", type=Path, help="folder for the inputs that got through")
    given = parser.parse_args()
    os.environ["NASFRAME_TENSORBOARD"] = "0"
    import torch

    torch.set_num_threads(1)
    row = "{:<27} {:>7} {:>8} {:>9} {:>11} {:>9} {:>9} {:>9}".format
    print(
        row("reader", "inputs", "refused", "accepted", "tracebacks", "seconds", "slowest", "growth"),
        flush=True,
    )
    failed = 0
    with tempfile.TemporaryDirectory() as place:
        samples = Samples(Path(place))
        for name in given.readers or READERS:
            result = soak(READERS[name], samples, given.inputs, given.seed)
            counts = (result.inputs, result.refused, result.accepted, result.tracebacks)
            growth = f"{result.growth / 2**20:.1f} MiB"
            measured = (f"{result.seconds:.0f}", f"{result.slowest:.2f} s", growth)
            print(row(name, *counts, *measured), flush=True)
            for error, times in sorted(result.times.items(), key=lambda item: -item[1]):
                print(f"    {times} times {error}", flush=True)
            if given.found is not None:
                _store(given.found, name, result)
            failed += result.tracebacks
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
