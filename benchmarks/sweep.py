"""The overhead of a sweep over running its trials in a loop.

The loop calls `nasframe.run_experiment` for one trial after the other, on one thread; `nasframe sweep` in one
process is compared with it. On two cores, `nasframe sweep` with two workers is compared with two such loops
started by hand, each with half of the trials. All take turns within one run; only the ratio counts.

    python benchmarks/sweep.py [--trials N] [--rounds N]
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
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
PLUGIN = ROOT / "tests" / "toys" / "toy_streams.py"
EXPERIMENT = PLUGIN.with_name("streams.toml")
LOG = "output.txt"
OPTIONS = ["search.epochs=30", "search.min_epochs=30", "train.epochs=15", "cache=cache"]


def loop(folder: Path, values: list[str]) -> None:
    """Run the trials one after the other, without a sweep."""
    import nasframe
    from nasframe.runtime import one_thread

    with one_thread():
        for value in values:
            overrides = [*OPTIONS, f"relaxation.temperature={value}", "data_seed=1"]
            experiment = nasframe.Experiment.load(EXPERIMENT, overrides)
            nasframe.run_experiment(experiment, folder / value)


def in_loop(folder: Path, values: list[str]) -> subprocess.Popen[bytes]:
    """Start `loop` in a process of its own."""
    return process(sys.executable, __file__, "--loop", folder, ",".join(values))


def sweep(folder: Path, values: list[str], workers: int) -> subprocess.Popen[bytes]:
    """Start a sweep over the same trials, as a user does."""
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
    """Start a command, on one thread."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    with Path(LOG).open("ab") as log:
        return subprocess.Popen([*map(str, words)], env=environment, stdout=log, stderr=log)


def timed(start: Callable[[Path], list[subprocess.Popen[bytes]]], folder: Path) -> tuple[float, float]:
    """Return the seconds from the start to the end of the last process, and the processor seconds of all."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    statuses = [each.wait() for each in start(folder)]
    seconds = time.perf_counter() - started
    with contextlib.suppress(ChildProcessError):
        while os.wait():  # for the fork server, which ends after its command
            pass
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if any(statuses):
        raise SystemExit(f"a part of the comparison failed: {statuses}\n{Path(LOG).read_text()[-2000:]}")
    shutil.rmtree(folder)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def adopt_orphans() -> None:
    """Let this process wait for the children of its children that have ended; Linux only.

    Elsewhere the processor seconds of the fork server and its workers are not counted.
    """
    set_child_subreaper = 36
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(set_child_subreaper, 1)


def compare(trials: int, rounds: int) -> None:
    """Let the variants take turns, and print median seconds and ratios."""
    adopt_orphans()
    values = [f"{0.1 + step / 100:.2f}" for step in range(trials)]
    halves = values[::2], values[1::2]
    pairs: dict[str, dict[str, Callable[[Path], list[subprocess.Popen[bytes]]]]] = {
        "a loop": {
            "a loop": lambda folder: [in_loop(folder, values)],
            "sweep, 1 worker": lambda folder: [sweep(folder, values, 1)],
        },
        "two loops by hand": {
            "two loops by hand": lambda folder: [in_loop(folder, half) for half in halves],
            "sweep, 2 workers": lambda folder: [sweep(folder, values, 2)],
        },
    }
    variants = {name: start for pair in pairs.values() for name, start in pair.items()}
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in variants}
    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)
        timed(lambda folder: [in_loop(folder, values[:1])], Path("warm"))
        for turn in range(rounds):
            for variant, start in variants.items():
                times[variant].append(timed(start, Path(f"turn-{turn}")))
        os.chdir(ROOT)
    first = statistics.median(wall for wall, _ in times["a loop"])
    print(f"{trials} trials, {rounds} rounds, {first / trials:.2f} s for each trial in the loop")
    print("  (a ratio is to the loop, or the loops, above; processor seconds are those of all processes)")
    for reference, pair in pairs.items():
        for variant in pair:
            wall, processor = (_against(times[variant], times[reference], column) for column in (0, 1))
            print(f"  {variant:18} {wall}   {processor} of the processors")


def _against(times: list[tuple[float, float]], reference: list[tuple[float, float]], column: int) -> str:
    seconds = statistics.median(pair[column] for pair in times)
    ratio = statistics.median(a[column] / b[column] for a, b in zip(times, reference, strict=True))
    return f"{seconds:7.2f} s {ratio:6.3f}"


def main() -> None:
    """Compare, or be the loop in a process of its own."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--trials", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--loop", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.loop is None:
        compare(given.trials, given.rounds)
        return
    from nasframe.plugins import load_plugin

    load_plugin(PLUGIN)
    folder, values = given.loop
    loop(Path(folder), values.split(","))


if __name__ == "__main__":
    main()
