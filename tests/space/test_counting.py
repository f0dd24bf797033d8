"""Counting with bounded work: what is exact, what an estimate is worth, and what is drawn without a count."""

from __future__ import annotations

import itertools
import math
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from nasframe import Choice, SearchSpace
from nasframe.errors import SpaceError
from nasframe.pipeline.baselines import draw_distinct_architectures
from nasframe.space import ArchitectureCount
from nasframe.space.architecture_count import mean_of_powers
from nasframe.space.completions import WORK
from nasframe.space.steps import State
from nasframe_bimodal.space import Bimodal
from nasframe_tabular.graph_bench.space import INPUTS, NASBenchGraph

EDGE = ("zero", "identity")
FEATURES = {f"{stream}{stage}": (8, 4 * stage) for stream in "IS" for stage in range(1, 5)}


def parallel(nodes: int) -> SearchSpace:
    """Nodes side by side, each of which may be zero, and of which a sum takes any."""
    space = SearchSpace("parallel")
    space.add_input("in", (2, 3))
    space.add_node("sum", "identity")
    for index in range(nodes):
        name = space.add_node(f"n{index}", choice=Choice(f"n{index}", EDGE, "gamma"))
        space.connect("in", name)
        space.connect(name, "sum", choice=Choice(f"{name}->sum", EDGE, "alpha"))
    space.set_output("sum")
    return space


def tangled(seed: int, nodes: int, density: float = 0.5, *, shared: bool = True) -> SearchSpace:
    """A random graph: nodes that may be zero, with edges, a choice of the source or two kept edges.

    With `shared`, some edges and some nodes have one choice together.
    """
    draw, space = random.Random(seed), SearchSpace("tangled")
    sources = [space.add_input("in", (2, 3))]
    for index in range(nodes):
        candidates = draw.choice([EDGE, ("identity", "zero", "layer_norm"), ("identity", "layer_norm")])
        name, group = f"n{index}", draw.randrange(2) if shared and draw.random() < 0.3 else None
        choice = Choice(name, candidates, "gamma") if group is None else Choice(f"all{group}", EDGE, "gamma")
        space.add_node(name, choice=choice)
        chosen = [source for source in sources if draw.random() < density] or [draw.choice(sources)]
        kind = draw.choice(["edges", "edges", "port", "keep"])
        for source in chosen:
            own = Choice(f"{source}->{name}", EDGE, "beta")
            if kind == "edges" and shared and draw.random() < 0.2:
                own = Choice(f"edge{draw.randrange(2)}", EDGE, "beta")
            space.connect(source, name, choice=None if kind == "port" else own)
        if kind == "port":
            space.choose_source(name, "x", f"source of {name}", "beta")
        if kind == "keep":
            space.keep_edges(name, "x", min(2, len(chosen)))
        sources.append(name)
    space.add_node("out", "concat")
    for name in sources:
        space.connect(name, "out", port=name)
    space.set_output("out")
    return space


def uneven(nodes: int) -> SearchSpace:
    """Two rows of nodes that may be zero, with random edges from one to the other: no two nodes are alike."""
    draw, space = random.Random(0), SearchSpace("uneven")
    space.add_input("in", (2, 3))
    space.add_node("sum", "identity")
    for index in range(nodes):
        space.add_node(f"a{index}", choice=Choice(f"a{index}", EDGE, "gamma"))
        space.connect("in", f"a{index}")
    for index in range(nodes):
        name = space.add_node(f"b{index}", choice=Choice(f"b{index}", EDGE, "gamma"))
        for source in range(nodes):
            if source == index or draw.random() < 0.3:
                space.connect(f"a{source}", name, choice=Choice(f"a{source}->{name}", EDGE, "beta"))
        space.connect(name, "sum")
    space.set_output("sum")
    return space


def hurried(space: SearchSpace, work: int) -> SearchSpace:
    """The same space, where so much work is already too much."""
    space.decisions.work = work
    return space


# -- exact ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(60))
def test_the_count_of_a_random_space_is_that_of_its_enumeration(seed: int) -> None:
    space = tangled(seed, 4)
    found = list(space.enumerate())
    assert space.count() == len(found) == len({tuple(item.items()) for item in found})
    assert space.how_many() == ArchitectureCount(len(found))


@pytest.mark.parametrize("ports", ["shared", "choose", "paired"])
@pytest.mark.parametrize("tied", [False, True])
def test_the_count_of_bimodal_cells_is_that_of_their_enumeration(ports: str, tied: bool) -> None:
    space = Bimodal(ports=ports, nodes=2 if tied else 1, cells=2, tied=tied, operations=("zero", "sum"))  # type: ignore[arg-type]
    built = space.build({"a": (2, 3), "b": (2, 3)}, 1)
    if built.count() > 50_000:
        pytest.skip("too many to be listed")
    assert built.count() == sum(1 for _ in built.enumerate())


def test_parallel_nodes_that_may_be_zero_are_as_many_states_as_nodes() -> None:
    space = parallel(18)
    assert space.count() == 3**18  # a node is zero, or its edge is one of two
    assert space.decisions.completions.width == 19
    assert space.decisions.completions.work < 5_000


def test_a_cell_of_twelve_nodes_that_may_be_zero_is_counted_in_few_steps() -> None:
    space = Bimodal(cells=2, nodes=12).build(FEATURES, 1)

    def inner(nodes: int, sources: int) -> int:
        if not nodes:
            return 1
        return inner(nodes - 1, sources) + 4 * math.comb(sources, 2) * inner(nodes - 1, sources + 1)

    assert space.count() == math.comb(8, 2) * math.comb(9, 2) * inner(12, 2) ** 2
    assert space.decisions.completions.width < 30
    assert space.decisions.completions.work < 20_000


def test_tied_cells_are_no_more_work_than_one() -> None:
    one, four = (Bimodal(cells=cells, nodes=8, tied=True).build(FEATURES, 1) for cells in (1, 4))
    assert four.count() == one.count() * math.comb(9, 2) * math.comb(10, 2) * math.comb(11, 2)
    assert four.decisions.completions.width == one.decisions.completions.width


def test_many_alike_nodes_are_drawn_uniformly() -> None:
    space = parallel(3)
    draws = Counter(tuple(space.sample(seed).items()) for seed in range(2700))
    assert len(draws) == 27
    assert sum((count - 100) ** 2 / 100 for count in draws.values()) < 27 + 4 * 54**0.5


# -- more work than is done -----------------------------------------------------------------------------


@pytest.mark.parametrize("make", [lambda: uneven(24), lambda: tangled(1, 60), lambda: tangled(2, 90, 0.2)])
def test_a_space_without_alike_nodes_is_bounded_in_work(make: object) -> None:
    space: SearchSpace = make()  # type: ignore[operator]
    size = space.how_many()
    assert not size.exact
    assert size.value > 10**15
    # the programme that is given up, the one that forgets, the draws, and a bound
    assert space.decisions.completions.work < 5 * WORK
    with pytest.raises(
        SpaceError, match=r"too large to be counted exactly, it has (about|at least) [\d.]+e\+"
    ):
        space.count()
    assignment = space.sample(3)
    assert space.validate(assignment) == assignment


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("seed", range(8))
def test_an_estimate_is_near_the_number(seed: int, shared: bool) -> None:
    exact = tangled(seed, 13, shared=shared).count()
    size = hurried(tangled(seed, 13, shared=shared), 400).how_many()
    assert not size.exact
    if size.kind == "at least":
        assert 0 < size.value <= exact
    else:
        assert abs(size.value - exact) <= 4 * size.error * size.value


def test_an_estimate_has_the_error_that_it_names() -> None:
    exact, space = uneven(6).count(), hurried(uneven(6), 500)
    root = space.decisions.completions.ways(0, State())
    apart = []
    for seed in range(200):
        source = random.Random(seed)
        value, error = mean_of_powers(root, [space.decisions._descend(source).bits for _ in range(100)])
        apart.append((value - exact) / (error * value))
    assert abs(sum(apart) / len(apart)) < 0.4  # in standard errors; a skew is left of so few draws
    assert sum(abs(item) < 2 for item in apart) > 0.88 * len(apart)


def test_where_an_estimate_is_worth_nothing_a_bound_takes_its_place() -> None:
    size = uneven(24).how_many()
    assert size.kind == "at least"
    edges = sum(choice.group == "beta" for choice in uneven(24).choices.values())
    assert size.value == 2**edges  # of those that remove no node
    assert str(size).startswith("at least ")


def test_what_guides_draws_is_never_less_than_the_number() -> None:
    for seed, shared in itertools.product(range(20), (False, True)):
        exact = tangled(seed, 8, shared=shared).count()
        space = hurried(tangled(seed, 8, shared=shared), 200)
        assert space.decisions.completions.ways(0, State()) >= exact
        assert all(item.bits <= 1e-9 for item in space.decisions._descents(random.Random(seed), 50))


@pytest.mark.parametrize(("seed", "shared"), [(0, False), (3, False), (5, True)])
def test_draws_without_a_count_are_uniform(seed: int, shared: bool) -> None:
    everything = {tuple(item.items()) for item in tangled(seed, 4, shared=shared).enumerate()}
    space = hurried(tangled(seed, 4, shared=shared), 30)
    assert not space.how_many().exact
    source, each = random.Random(0), 20
    draws = Counter(tuple(space.sample(source).items()) for _ in range(each * len(everything)))
    assert draws.keys() <= everything
    statistic = sum((draws[item] - each) ** 2 / each for item in everything)
    assert statistic < len(everything) + 4 * (2 * len(everything)) ** 0.5


def test_a_class_that_decides_in_its_own_way_is_counted_drawn_and_estimated_too() -> None:
    size = hurried(NASBenchGraph().build(INPUTS, 1), 100).how_many()
    assert size.kind == "about"
    assert abs(size.value - 53_056) < 4 * size.error * size.value
    space = hurried(NASBenchGraph(operations=("gcn", "skip")).build(INPUTS, 1), 10)
    everything = {tuple(item.items()) for item in space.enumerate()}
    draws = Counter(tuple(space.sample(seed).items()) for seed in range(60 * len(everything)))
    assert draws.keys() == everything


def test_what_is_drawn_and_estimated_does_not_depend_on_the_order_of_sets(tmp_path: Path) -> None:
    program = (
        "from test_counting import tangled\n"
        "space = tangled(1, 40)\n"
        "print(space.how_many(), [space.sample(seed) for seed in range(3)])\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            check=True,
            capture_output=True,
            cwd=Path(__file__).parent,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert b"e+" in outputs.pop()


def test_drawing_different_architectures_ends_where_their_number_is_not_known() -> None:
    space = hurried(tangled(3, 3, shared=False), 5)
    space.origin = {"name": "tangled", "options": {}, "inputs": {"in": [2, 3]}, "outputs": 1}
    assert not space.how_many().exact
    drawn = draw_distinct_architectures(space, 0, 10**9)
    assert len(drawn) == sum(1 for _ in space.enumerate())


# -- words ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (ArchitectureCount(1), "1 architecture"),
        (ArchitectureCount(342), "342 architectures"),
        (ArchitectureCount(15_625), "15,625 architectures"),
        (ArchitectureCount(3**50), "7.18e+23 architectures"),
        (ArchitectureCount(2**20_000), "3.98e+6020 architectures"),
        (ArchitectureCount(12_345, "about", 0.1), "about 12,000 architectures"),
        (ArchitectureCount(3**45, "about", 0.1), "about 3.0e+21 architectures"),
        (ArchitectureCount(199_999, "at least"), "at least 190,000 architectures"),
        (ArchitectureCount(1_999 * 10**20, "at least"), "at least 1.9e+23 architectures"),
    ],
)
def test_a_number_an_estimate_and_a_bound_are_told_apart_in_words(
    size: ArchitectureCount, words: str
) -> None:
    assert size.in_words == words
