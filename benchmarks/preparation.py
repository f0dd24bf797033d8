"""A preparation of many clips that is killed in the middle and goes on: time, files, memory, work done twice.

Makes films of 0.2 s below the given folder, each encoded by itself (H.264 of five pictures of 48 pixels,
AAC), in `real` and `fake`, with a table that names a person for each. What they show is noise that moves:
they stand for many clips, not for anybody. The stage `prepare` of the deepfake task is run on them in a
process of its own, as `nasframe run` does it. When half of the clips are in whole shards, its process group
gets SIGKILL. Then the same is started again, and once more on a part of the clips, for the memory that does
not depend on their number.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from attrs import define, field
from films import write_noise

from nasframe.jobs import in_order
from nasframe.runtime import Progress
from nasframe.tasks import run_stages
from nasframe_deepfake.preparation import prepare_stage
from nasframe_deepfake.task import DeepfakeTask

PEOPLE = 400
IN_A_FOLDER = 500
MB = 1e6


def main(folder: str = "preparation", clips: str = "2000", workers: str = "2", *flags: str) -> None:
    """Print the table for so many clips, decoded by so many processes; `--keep` leaves the folder."""
    base, count = Path(folder).resolve(), int(clips)
    started = time.monotonic()
    source = make_clips(base / "clips", count, int(workers))
    print(f"{count} films made in {time.monotonic() - started:.0f} s", flush=True)
    cache = base / "cache"
    killed = prepared(source, cache, workers, until=count // 2)
    kept = kept_clips(cache)
    whole = prepared(source, cache, workers)
    (done,) = cache.glob("prepare-*")
    files = [path for path in done.iterdir() if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    part = prepared(make_clips(base / "part", count // 10, int(workers)), base / "part_cache", workers)
    rows = [
        ("killed", f"after {killed.seconds:.0f} s, {killed.decoded} clips decoded, {kept} of them in shards"),
        ("went on", f"{whole.seconds:.0f} s, {whole.decoded} clips decoded"),
        ("of the processor", f"{killed.processor:.0f} s and {whole.processor:.0f} s, workers included"),
        ("decoded twice", f"{killed.decoded + whole.decoded - count} of {count} clips"),
        ("files", f"{len(files)} ({size / MB:.0f} MB)"),
        ("memory of the first process", in_words(whole.parent)),
        (f"the same with {count // 10} clips", in_words(part.parent)),
        ("memory of a worker", in_words(whole.worker)),
        (f"the same with {count // 10} clips", in_words(part.worker)),
    ]
    for name, words in rows:
        print(f"{name:32} {words}", flush=True)
    if "--keep" not in flags:
        shutil.rmtree(base)


def make_clips(root: Path, count: int, workers: int) -> Path:
    """Return a folder with so many films and their table; those of an earlier call are kept."""
    if (root / "clips.csv").exists():
        return root
    names = [
        f"{'fake' if number % 2 else 'real'}/{number // IN_A_FOLDER:03}/{number:05}.mp4"
        for number in range(count)
    ]
    for parent in {root / Path(name).parent for name in names}:
        parent.mkdir(parents=True, exist_ok=True)
    for _ in in_order(functools.partial(write_noise, root), [*enumerate(names)], workers):
        pass
    lines = [
        f"{name},{name.split('/')[0]},person{number // 2 % PEOPLE:03}" for number, name in enumerate(names)
    ]
    (root / "clips.csv").write_text("\n".join(["path,label,source", *lines]) + "\n", encoding="utf-8")
    return root


@define
class Measured:
    """A process that prepares, and its workers.

    Attributes:
        seconds: from its start to its end.
        processor: seconds of the processor, of all of them.
        decoded: clips whose results it got.
        parent: the most bytes of its memory: resident, and anonymous.
        worker: the most of one worker.
    """

    seconds: float = 0.0
    processor: float = 0.0
    decoded: int = 0
    parent: tuple[int, int] = (0, 0)
    worker: tuple[int, int] = (0, 0)


def prepared(source: Path, cache: Path, workers: str, until: int | None = None) -> Measured:
    """Run the stage in a process of its own; kill it and its workers when `until` clips are in shards."""
    counter = cache.with_suffix(".count")
    counter.write_text("0")
    started, found = time.monotonic(), Measured()
    command = [sys.executable, __file__, "--stage", source, cache, workers, counter]
    process = subprocess.Popen([*map(str, command)], start_new_session=True)
    used: dict[int, float] = {}
    while process.poll() is None:
        for number in of_group(process.pid):
            memory = memory_of(number)
            used[number] = max(used.get(number, 0.0), processor_of(number))
            if number == process.pid:
                found.parent = larger(found.parent, memory)
            else:
                found.worker = larger(found.worker, memory)
        if until is not None and kept_clips(cache) >= until:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            break
        time.sleep(0.2)
    if until is None and process.returncode:
        raise SystemExit(f"the preparation ended with status {process.returncode}")
    found.seconds, found.processor = time.monotonic() - started, sum(used.values())
    found.decoded = int(counter.read_text())
    return found


def run_stage(source: str, cache: str, workers: str, counter: str) -> None:
    """Run the stage and note the number of decoded clips in a file."""
    task = DeepfakeTask(dataset="folder", faces="none", trim=0.0, seconds=0.2, frames=5, size=32, mels=32)
    stage = prepare_stage(task.preparation(0), Path(source), int(workers))
    run_stages([stage], Path(cache), torch.device("cpu"), Counted(Path(counter)))


@define
class Counted(Progress):
    """Notes the number of steps in a file that outlives the process."""

    path: Path
    steps: int = field(init=False, default=0)

    def say(self, message: str) -> None:
        print(f"  {message}", flush=True)

    @contextmanager
    def task(self, description: str, total: int | None) -> Iterator[Callable[[int], None]]:
        with self.path.open("r+b", buffering=0) as file:

            def advance(steps: int) -> None:
                self.steps += steps
                os.pwrite(file.fileno(), str(self.steps).encode(), 0)

            yield advance


def kept_clips(cache: Path) -> int:
    """Return the number of clips in whole shards of a stage that is not finished, or was killed."""
    return sum(map(_clips_in, cache.glob(".prepare-*.partial/*/shard-*.json")))


@functools.cache
def _clips_in(shard: Path) -> int:
    return len(json.loads(shard.read_text())["clips"])


def of_group(group: int) -> list[int]:
    """Return the numbers of the processes of a group."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(place.name)) == group:
                found.append(int(place.name))
        except ProcessLookupError:
            continue
    return found


def memory_of(number: int) -> tuple[int, int]:
    """Return the most resident bytes of a process so far, and its anonymous bytes now."""
    try:
        lines = dict(line.split(":") for line in Path(f"/proc/{number}/status").read_text().splitlines())
    except (OSError, ValueError):
        return 0, 0
    peak, anonymous = (int(lines.get(key, "0 kB").split()[0]) * 1024 for key in ("VmHWM", "RssAnon"))
    return peak, anonymous


def processor_of(number: int) -> float:
    """Return the seconds of the processor that a process has used; 0 where it has ended."""
    try:
        fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def larger(first: tuple[int, int], second: tuple[int, int]) -> tuple[int, int]:
    return max(first[0], second[0]), max(first[1], second[1])


def in_words(memory: tuple[int, int]) -> str:
    return f"{memory[0] / MB:.0f} MB resident at most, {memory[1] / MB:.0f} MB of them its own"


if __name__ == "__main__":
    if sys.argv[1:2] == ["--stage"]:
        run_stage(*sys.argv[2:])
    else:
        main(*sys.argv[1:])
