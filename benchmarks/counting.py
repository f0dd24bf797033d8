"""Seconds to count spaces whose nodes may be zero: state by state, as it was, and with like states as one.

    python benchmarks/counting.py [NODES]

Counts a space of NODES (16) parallel nodes, and the bimodal space with six nodes a cell fewer. With 18 the
first takes half a minute and 1.1 GB state by state. Then how many architectures three random graphs have, in
which no two nodes are alike, and the seconds of a draw of each.
"""

from __future__ import annotations

import random
import resource
import sys
import time

from nasframe import Choice, SearchSpace, State
from nasframe.space import Completions
from nasframe_bimodal.space import Bimodal

EDGE = ("zero", "identity")
FEATURES = {f"{stream}{stage}": (8, 4 * stage) for stream in "IS" for stage in range(1, 5)}


def main(nodes: str = "16") -> None:
    """Print both ways side by side, then estimates."""
    size = int(nodes)
    spaces = {
        f"{size} parallel nodes": parallel(size),
        f"bimodal, {size - 6} nodes": Bimodal(nodes=size - 6).build(FEATURES, 1),
    }
    for name, space in spaces.items():
        decisions = space.decisions
        started = time.perf_counter()
        count = space.count()
        after = time.perf_counter() - started
        print(f"{name}: {after:.3f} s, {decisions.completions.width} states at most", flush=True)
        started = time.perf_counter()
        old = Completions(decisions, None, limit=10**12)  # None: no two states are one
        before = time.perf_counter() - started
        assert old.ways(0, State()) == count
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"  state by state: {before:.2f} s, {old.width} states at most, process at {peak:.0f} MB")
    for number, density in ((20, 0.5), (40, 0.2), (80, 0.5)):
        space = random_graph(number, density)
        space.check()
        started = time.perf_counter()
        there = space.how_many()
        seconds = time.perf_counter() - started
        started = time.perf_counter()
        for seed in range(20):
            space.sample(seed)
        each = (time.perf_counter() - started) / 20
        error = f", error {there.error:.0%}" if there.kind == "about" else ""
        print(f"random graph of {number} nodes: {there}{error}; {seconds:.2f} s, a draw {each:.3f} s")


def parallel(nodes: int) -> SearchSpace:
    space = SearchSpace("parallel")
    space.add_input("in", (2, 3))
    space.add_node("sum", "identity")
    for index in range(nodes):
        name = space.add_node(f"n{index}", choice=Choice(f"n{index}", EDGE, "gamma"))
        space.connect("in", name)
        space.connect(name, "sum", choice=Choice(f"{name}->sum", EDGE, "alpha"))
    space.set_output("sum")
    return space


def random_graph(nodes: int, density: float) -> SearchSpace:
    draw, space = random.Random(1), SearchSpace("random graph")
    sources = [space.add_input("in", (2, 3))]
    for index in range(nodes):
        name = space.add_node(f"n{index}", choice=Choice(f"n{index}", EDGE, "gamma"))
        for source in sources:
            if source == "in" or draw.random() < density:
                space.connect(source, name, choice=Choice(f"{source}->{name}", EDGE, "beta"))
        sources.append(name)
    space.add_node("out", "identity")
    for name in sources:
        space.connect(name, "out")
    space.set_output("out")
    return space


if __name__ == "__main__":
    main(*sys.argv[1:])
