"""Memory over a long life: 2,000 steps of a search, 50 searches, 200 predictions, 200 clips.

Each is done in one process, after a beginning in which libraries fill their caches. The exit status is 1
where the memory that the process holds grew by 2 % or more.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import io
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import nasframe
from nasframe.relaxations import GumbelRaoMonteCarlo
from nasframe_bimodal.space import Bimodal
from tests.readers import make_sample
from tests.soak import resident

__all__ = ["clips", "predictions", "searches", "steps"]

LIMIT = 0.02
"""The growth of memory that is allowed, as a share."""


def tensors() -> nasframe.TensorTask:
    """A small task of two inputs."""
    random = torch.Generator().manual_seed(0)
    left, right = torch.rand(2, 160, 4, 6, generator=random)
    return nasframe.TensorTask({"left": left, "right": right}, (left.sum((1, 2)) > right.sum((1, 2))).long())


def search(epochs: int, seed: int = 0) -> None:
    """Search a small network; nothing is written."""
    experiment = nasframe.Experiment.of(
        task=tensors(),
        space=Bimodal(channels=8, cells=1, nodes=1),
        relaxation=GumbelRaoMonteCarlo(samples=4),
        search=nasframe.SearchOptions(epochs=epochs, min_epochs=epochs, batch_size=8),
        seed=seed,
        device="cpu",
    )
    nasframe.search(experiment)


class Steps:
    """A plugin that calls a function after some updates of a search, counted over its epochs."""

    def __init__(self, count: int, then: Callable[[], None]) -> None:
        self.count, self.then, self.made = count, then, 0

    @nasframe.hookimpl
    def search_step(self, run: Any, step: int, record: Any) -> None:
        """One update was made."""
        self.made += 1
        if self.made == self.count:
            self.then()


def steps(count: int, beginning: int, then: Callable[[], None]) -> int:
    """Make one search of at least so many updates after a beginning; return the updates after it.

    Args:
        count: of updates after the beginning.
        beginning: updates after which `then` is called.
        then: is called once.
    """
    seen = Steps(beginning, then)
    nasframe.manager().register(seen, "counts_steps")
    try:
        search(1)
        made = seen.made
        search(-(-(count + beginning) // made), seed=1)
    finally:
        nasframe.manager().unregister("counts_steps")
    return seen.made - beginning


def searches(count: int) -> Iterator[None]:
    """Make that many searches one after the other."""
    for number in range(count):
        search(1, number)
        yield


def predictions(count: int, folder: Path) -> Iterator[None]:
    """Score a file with a finished run that many times."""
    make_sample("run", folder / "sample")
    file = folder / "one.json"
    file.write_text("[0.25, 0.75]", encoding="utf-8")
    for _ in range(count):
        (answer,) = nasframe.predict(folder / "sample" / "run", [file])
        assert 0 <= answer["score"] <= 1
        yield


class _Mean(nn.Module):
    """A network of one output."""

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        return torch.stack([value.float().mean() for value in inputs.values()]).mean().reshape(1, 1)


def clips(count: int, folder: Path) -> Iterator[None]:
    """Read and score a clip that many times, with one scorer, as `load_scorer` does."""
    from nasframe.runtime import SILENT
    from nasframe_deepfake.detection import Calibration, ClipScorer, load_detector, make_heads
    from nasframe_deepfake.synthesis import Corpus, write_corpus

    make_sample("detector", folder / "detector")
    write_corpus(folder / "clips", Corpus(clips=30, seed=3), 1, SILENT)
    file = next((folder / "clips").rglob("*.mp4"))
    detector = load_detector(folder / "detector", torch.device("cpu"))
    detector.novelty = None  # the backbones are random
    scorer = ClipScorer(detector, _Mean(), Calibration(), make_heads("single"))
    for _ in range(count):
        (answer,) = scorer.score([file])
        assert "score" in answer, answer
        yield


def held() -> int:
    """The bytes of memory that the process holds, without what it could give back at once."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)
    return resident()


def growth(work: Iterator[None], beginning: int) -> tuple[int, int]:
    """The bytes that the process holds after the beginning of some work, and after its end."""
    before = 0
    for number, _ in enumerate(work, start=1):
        if number == beginning:
            before = held()
    return before, held()


def main() -> int:
    """Do all four, and print how memory grew."""
    torch.set_num_threads(1)
    os.environ["NASFRAME_TENSORBOARD"] = "0"
    failed = 0
    before: list[int] = []
    made = steps(2_000, 200, lambda: before.append(held()))
    failed += _report(f"{made:,} steps", before[0], held())
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        kinds: dict[str, tuple[Iterator[None], int]] = {
            "50 searches": (searches(55), 5),
            "200 predictions": (predictions(220, folder), 20),
            "200 clips": (clips(220, folder), 20),
        }
        for name, (work, beginning) in kinds.items():
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                measured = growth(work, beginning)
            failed += _report(name, *measured)
    return 1 if failed else 0


def _report(name: str, before: int, after: int) -> bool:
    """Print a growth; True where it is too large."""
    share = (after - before) / before
    sizes = f"{before / 2**20:.1f} MiB after the beginning, {after / 2**20:.1f} MiB at the end"
    print(f"{name:<16} {100 * share:+.2f} %  ({sizes})", flush=True)
    return share >= LIMIT


if __name__ == "__main__":
    sys.exit(main())
