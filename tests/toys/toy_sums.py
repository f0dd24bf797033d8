"""A task for the tests of studies, and what can go wrong in a trial: which of two sums is the larger one?"""

from __future__ import annotations

import errno
import json
import os
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from attrs import define
from torch import Tensor
from torch.nn import functional as F

from nasframe import Data, Stage, StageContext, Task, TensorTask, hookimpl
from nasframe.errors import DataError
from nasframe.options import option
from nasframe.runtime import Progress


@define
class Sums(Task):
    """Tells which of two rows of numbers has the larger sum."""

    examples: int = option(48, help="how many are made", ge=16)
    pause: float = option(0.0, help="seconds that every loss takes")
    trouble: str = option("none", help="what goes wrong in a search: none, bug, kill, full")

    def stages(self, source: Path | None, seed: int) -> Sequence[Stage]:
        inputs = {"examples": self.examples, "seed": seed, "source": str(source)}
        return [Stage("sums", inputs, lambda context: self._make(context, seed))]

    def _make(self, context: StageContext, seed: int) -> None:
        (context.out / "seed.json").write_text(json.dumps(seed), encoding="utf-8")
        with (context.out.parent.parent / "made.txt").open("a", encoding="utf-8") as file:
            file.write(f"{os.getpid()} {seed}\n")

    def data(self, folders: Mapping[str, Path]) -> Data:
        seed = json.loads((folders["sums"] / "seed.json").read_text(encoding="utf-8"))
        random = torch.Generator().manual_seed(seed)
        rows = torch.rand(2, self.examples, 2, 3, generator=random)
        labels = torch.arange(self.examples) % 2
        rows[1] += labels[:, None, None] - 0.5
        return TensorTask({"left": rows[0], "right": rows[1]}, labels).data({})

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        time.sleep(self.pause)
        if not _searching:
            return F.cross_entropy(outputs, targets)
        if self.trouble == "bug":
            raise IndexError("no such sum")
        if self.trouble == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.trouble == "full":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "sums.txt")
        return F.cross_entropy(outputs, targets)

    def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        return {"accuracy": float((outputs.argmax(-1) == targets).float().mean())}


_searching: list[bool] = []
"""Holds something while this process searches; before that the task is checked."""


@hookimpl
def search_started() -> None:
    _searching.append(True)


@hookimpl
def search_finished() -> None:
    _searching.clear()


@hookimpl
def register_tasks() -> dict[str, type[Task]]:
    return {"sums": Sums}


def do(folder: Path, arguments: Mapping[str, object], progress: Progress) -> None:
    """A trial that is no run: it notes every time it is begun, and does as it is told."""
    folder.mkdir(parents=True, exist_ok=True)
    begun = folder / "begun.txt"
    with begun.open("a", encoding="utf-8") as file:
        file.write(f"{os.getpid()}\n")
    if starts := arguments.get("starts"):
        _start(str(starts), folder / "started.txt")
    if len(begun.read_text(encoding="utf-8").split()) <= int(str(arguments.get("kills", 0))):
        os.kill(os.getpid(), signal.SIGKILL)
    print("said by a trial")
    wanted = arguments.get("raises")
    if wanted == "mistake":
        raise DataError("no sums here")
    if wanted == "bug":
        raise IndexError("no such sum")
    if wanted == "exit":
        raise SystemExit(3)
    if wanted == "full":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "sums.txt")
    while (folder / "wait").exists():
        time.sleep(0.01)
    (folder / "done").touch()


def nothing(folder: Path, arguments: Mapping[str, object], progress: Progress) -> None:
    """A trial without work."""


def _start(how: str, record: Path) -> None:
    """Start a program that outlives the trial."""
    if how == "exec":
        os.system(f"sleep 60 & echo $! >> {record}")
    elif not (process := os.fork()):
        time.sleep(60)
        os._exit(0)
    else:
        with record.open("a", encoding="utf-8") as file:
            file.write(f"{process}\n")


def done(folder: Path, arguments: Mapping[str, object]) -> bool:
    """Return True where such a trial is done."""
    return (folder / "done").exists()
