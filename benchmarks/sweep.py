"""What the machinery of a sweep costs beside running its cells in a loop.

The yardstick calls `nasframe.run_experiment` for one cell after the other, on one thread. Beside it stand
`nasframe sweep` in one process, and, as both use two cores, two such loops started by hand with half of the
cells each and `nasframe sweep` with two workers. All take turns within one run; what counts is the ratio.

    python benchmarks/sweep.py [--cells N] [--rounds N]
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
PLUGIN = ROOT / "tests" / "cli" / "plugin" / "toy_streams.py"
EXPERIMENT = PLUGIN.with_name("streams.toml")
SAID = "said.txt"
OPTIONS = ["search.epochs=30", "search.min_epochs=30", "train.epochs=15", "cache=cache"]


def loop(folder: Path, values: list[str]) -> None:
    """The cells without any machinery."""
    import nasframe
    from nasframe.runtime import one_thread

    with one_thread():
        for value in values:
            overrides = [*OPTIONS, f"relaxation.temperature={value}", "data_seed=1"]
            experiment = nasframe.Experiment.load(EXPERIMENT, overrides)
            nasframe.run_experiment(experiment, folder / value)


def in_loop(folder: Path, values: list[str]) -> subprocess.Popen[bytes]:
    """`loop` in a process of its own."""
    return process(sys.executable, __file__, "--loop", folder, ",".join(values))


def sweep(folder: Path, values: list[str], workers: int) -> subprocess.Popen[bytes]:
    """The same cells by the machinery, as a user starts it."""
    axis = f"relaxation.temperature={','.join(values)}"
    command = [
        Path(sys.executable).with_name("nasframe"),
        "--plugin",
        PLUGIN,
        "sweep",
        EXPERIMENT,
        axis,
        *OPTIONS,
    ]
    return process(*command, "--workers", workers, "--out", folder)


def process(*words: object) -> subprocess.Popen[bytes]:
    """A command, on one thread."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    with Path(SAID).open("ab") as said:
        return subprocess.Popen([*map(str, words)], env=environment, stdout=said, stderr=said)


def timed(start: Callable[[Path], list[subprocess.Popen[bytes]]], folder: Path) -> tuple[float, float]:
    """Seconds from the first process to the end of the last, and processor seconds of all of them."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    statuses = [each.wait() for each in start(folder)]
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if any(statuses):
        raise SystemExit(f"a part of the comparison failed: {statuses}\n{Path(SAID).read_text()[-2000:]}")
    shutil.rmtree(folder)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compare(cells: int, rounds: int) -> None:
    """Let the variants take turns, and print median seconds and ratios."""
    values = [f"{0.1 + step / 100:.2f}" for step in range(cells)]
    halves = values[::2], values[1::2]
    variants: dict[str, Callable[[Path], list[subprocess.Popen[bytes]]]] = {
        "a loop": lambda folder: [in_loop(folder, values)],
        "sweep, 1 worker": lambda folder: [sweep(folder, values, 1)],
        "two loops by hand": lambda folder: [in_loop(folder, half) for half in halves],
        "sweep, 2 workers": lambda folder: [sweep(folder, values, 2)],
    }
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in variants}
    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)
        timed(lambda folder: [in_loop(folder, values[:1])], Path("warm"))
        for turn in range(rounds):
            for variant, start in variants.items():
                times[variant].append(timed(start, Path(f"turn-{turn}")))
        os.chdir(ROOT)
    first = statistics.median(wall for wall, _ in times["a loop"])
    print(f"{cells} cells, {rounds} rounds, {first / cells:.2f} s a cell in the loop")
    print("  (a ratio is to the loop, or the loops, above; processor seconds are those of all processes)")
    yardstick: list[tuple[float, float]] = []
    for variant, found in times.items():
        yardstick = found if "loop" in variant else yardstick
        print(f"  {variant:18} {_both(found, yardstick, 0)}   {_both(found, yardstick, 1)} of the processors")


def _both(mine: list[tuple[float, float]], other: list[tuple[float, float]], which: int) -> str:
    seconds = statistics.median(pair[which] for pair in mine)
    ratio = statistics.median(a[which] / b[which] for a, b in zip(mine, other, strict=True))
    return f"{seconds:7.2f} s {ratio:6.3f}"


def main() -> None:
    """The comparison, or a loop in a process of its own."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cells", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--loop", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.loop is None:
        compare(given.cells, given.rounds)
        return
    from nasframe.plugins import load_plugin

    load_plugin(PLUGIN)
    folder, values = given.loop
    loop(Path(folder), values.split(","))


if __name__ == "__main__":
    main()
