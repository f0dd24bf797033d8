"""An epoch of the paper's search through the real engine, on cached features of a part of its examples.

`torchrun` runs this file too: `epochs.py FOLDER EPOCHS [options]` makes the epochs in several processes, and
the first of them prints the seconds of the shortest.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from figure import Figure
from paper import ROWS, SHAPES
from torch import Tensor

from nasframe import Data, SearchOptions, Splits, TensorTask, Update
from nasframe.processes import ALONE, Group, joined
from nasframe.relaxations import GumbelRaoMonteCarlo
from nasframe.runtime import one_thread
from nasframe.searching import Bilevel, Search
from nasframe.training import batches
from nasframe_audiovisual import FeatureSplit
from nasframe_bimodal.space import Bimodal

__all__ = ["device_epoch_figures", "epoch_figures"]

PART = 8
"""One example of so many is there; an epoch takes as much less."""

EPOCHS = 100

PROCESSES = 2

REDUCED = {name: (length, min(channels, 128)) for name, (length, channels) in SHAPES.items()}
"""The inputs under `task.feature_channels = 128`."""


def epoch_figures(epochs: int = 3) -> list[Figure]:
    """Return the projected times of a search, the memory of its process, and what it waits for batches.

    Args:
        epochs: that are made; the shortest counts, as other work of the machine only makes one longer.
    """
    with TemporaryDirectory() as folder:
        search = _searched(Path(folder), epochs)
        anonymous = _anonymous_memory()
        waiting = _waiting(search)
    options = "search.bfloat16 = projections, task.feature_channels = 128"
    with TemporaryDirectory() as folder:
        with_options = _seconds(_searched(Path(folder), epochs, options=True))
    name = "projected_paper_search_minutes"
    return [
        _projected(name, _seconds(search), 28),
        _projected(f"{name}_two_processes", _shared_seconds(epochs), 28),
        _projected(f"{name}_options", with_options, 15, options),
        _projected(f"{name}_options_two_processes", _shared_seconds(epochs, options=True), 15, options),
        Figure(
            "loader_share", waiting, most=0.02, words="waiting for batches, of the weight updates of an epoch"
        ),
        Figure("anonymous_memory_gb", anonymous, "GB", most=1, words="of the process of the search"),
    ]


def device_epoch_figures(epochs: int = 3) -> list[Figure]:
    """Return the projected time of a search on a CUDA device; not measured where there is none."""
    name, most = "projected_paper_search_minutes_cuda", 5.0
    if not torch.cuda.is_available():
        return [Figure(name, None, "min", most=most, words="there is no CUDA device")]
    with TemporaryDirectory() as folder:
        search = _searched(Path(folder), epochs, device=torch.device("cuda", 0))
        return [_projected(name, _seconds(search), most)]


def _searched(
    folder: Path,
    epochs: int,
    *,
    options: bool = False,
    device: torch.device | None = None,
    group: Group = ALONE,
) -> Search:
    """Return a search that has ended; with options, one with those that change what is computed."""
    shapes = REDUCED if options else SHAPES
    data = _data(folder, shapes)
    task = TensorTask({name: torch.randn(64, *shape) for name, shape in shapes.items()}, torch.arange(64) % 2)
    settings = SearchOptions(
        batch_size=64, epochs=epochs, min_epochs=epochs, bfloat16="projections" if options else "none"
    )
    space = Bimodal(ports="shared").build(data.inputs, data.outputs)
    search = Search(
        space,
        task,
        data,
        GumbelRaoMonteCarlo(samples=100),
        Bilevel(),
        settings,
        device=device or torch.device("cpu"),
        group=group,
    )
    search.fit()
    return search


def _seconds(search: Search) -> float:
    return float(min(record["seconds"] for record in search.history))


def _shared_seconds(epochs: int, *, options: bool = False) -> float:
    """Return the seconds of an epoch that processes make together, each on one thread."""
    with TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node"]
        words += [str(PROCESSES), __file__, folder, str(epochs), *(["options"] if options else [])]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        made = subprocess.run(words, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return float(made.stdout)


def _projected(name: str, seconds: float, most: float, settings: str = "") -> Figure:
    rows = sum(ROWS.values())
    words = f"{EPOCHS} epochs of {rows:,} examples, B = 64; one of {rows // PART:,} took {seconds:.2f} s"
    words += f"; {settings}" if settings else ""
    return Figure(name, EPOCHS * PART * seconds / 60, "min", most=most, words=words)


def _waiting(search: Search) -> float:
    """Return the share of an epoch's weight updates in which the search waits for their batches."""
    noise, device = torch.Generator().manual_seed(0), search.device
    waited, started = 0.0, time.perf_counter()
    with one_thread():
        drawn = batches(search.data.splits.weights, 64, torch.Generator().manual_seed(0), device)
        while True:
            asked = time.perf_counter()
            batch = next(drawn, None)
            waited += time.perf_counter() - asked
            if batch is None:
                return waited / (time.perf_counter() - started)
            search.learner.update(Update("weights", batch), 0, noise)


def _data(folder: Path, shapes: Mapping[str, tuple[int, int]]) -> Data:
    """Write random features of a part of the examples, as the stage `features` does; return the splits."""
    counts = {name: rows // PART for name, rows in ROWS.items()}
    features = {
        name: _feature(folder / f"{name}.npy", sum(counts.values()), shape) for name, shape in shapes.items()
    }
    order = torch.randperm(sum(counts.values()), generator=torch.Generator().manual_seed(0))
    weights, architecture, validation = (
        FeatureSplit(features, rows, rows, rows % 2, [str(row) for row in rows.tolist()])
        for rows in order.split([*counts.values()])
    )
    return Data(shapes, 2, Splits(weights, architecture, validation, lambda: validation))


def _feature(file: Path, rows: int, shape: tuple[int, int]) -> Tensor:
    """Return `(rows, *shape)`, float16, mapped from a file of numbers that repeat."""
    some = np.random.default_rng(0).standard_normal((512, *shape)).astype(np.float16)
    stored = np.lib.format.open_memmap(file, mode="w+", dtype=np.float16, shape=(rows, *shape))
    for first in range(0, rows, len(some)):
        part = stored[first : first + len(some)]
        part[:] = some[: len(part)]
    stored.flush()
    return torch.from_numpy(np.load(file, mmap_mode="c"))


def _anonymous_memory() -> float | None:
    """Return the memory of this process that no file holds, in GB; None where the system does not say."""
    try:
        text = Path("/proc/self/smaps_rollup").read_text()
    except OSError:
        return None
    (kilobytes,) = re.findall(r"^Anonymous: +(\d+) kB$", text, re.MULTILINE)
    return int(kilobytes) / 1e6


def _main(folder: str, epochs: str, *options: str) -> None:
    with joined(torch.device("cpu")) as group:
        own = Path(folder) / str(group.rank)
        own.mkdir()
        search = _searched(own, int(epochs), options=bool(options), group=group)
        if group.is_first:
            print(_seconds(search))


if __name__ == "__main__":
    _main(*sys.argv[1:])
