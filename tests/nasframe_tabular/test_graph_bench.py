"""NAS-Bench-Graph: its pickles are read as numbers, its networks are told apart, its table is searched."""

from __future__ import annotations

import copyreg
import io
import itertools
import json
import os
import pickle
import random
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nasframe import Architecture, Experiment, build
from nasframe.cli import main
from nasframe.errors import ArchitectureError, DataError, SpaceError
from nasframe.runtime import SILENT
from nasframe.searching import Evolution, RandomSearch
from nasframe.space import network_key
from nasframe.studies.loop_comparison.looked_up_search import LookedUpSearches
from nasframe.tables import TabularBenchmark, facts_of
from nasframe_tabular.graph_bench import (
    LINKS,
    NAS_BENCH_GRAPH,
    OPERATIONS,
    PROTEINS,
    Network,
    code_of,
    convert,
    network_of,
    read_truths,
)
from nasframe_tabular.graph_bench.networks import has_raw_output
from nasframe_tabular.graph_bench.space import INPUTS, NASBenchGraph
from nasframe_tabular.wheels import Wheel, read_members, wheel_content
from tests.nasframe_tabular.graphs import MEMBER, graph_wheel, results

GOOD = {"valid_perf": 0.5, "perf": 0.25, "latency": 0.1, "para": np.float64(1.5)}


class Harm:
    """Calls a function when it is unpickled."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return self.call


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Wheel]:
    folder = tmp_path_factory.mktemp("graphs")
    pin = graph_wheel(folder)
    return folder / pin.file, pin


@pytest.fixture(scope="module")
def table(wheel: tuple[Path, Wheel], tmp_path_factory: pytest.TempPathFactory) -> TabularBenchmark:
    file, pin = wheel
    return convert("proteins", tmp_path_factory.mktemp("table") / "t", source=file, wheel=pin)


# -- reading ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_numbers_of_python_and_of_numpy_are_read(protocol: int) -> None:
    (truth,) = read_truths(pickle.dumps({1078: GOOD}, protocol=protocol), "t").values()
    assert (truth.validation, truth.test, truth.latency, truth.parameters) == (0.5, 0.25, 0.1, 1.5)


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_a_pickle_that_calls_anything_is_refused_with_its_name_and_calls_nothing(
    protocol: int, tmp_path: Path
) -> None:
    mark = tmp_path / "called"
    content = pickle.dumps({7: {**GOOD, "perf": Harm(os.mkdir, str(mark))}}, protocol=protocol)
    with pytest.raises(DataError, match=r"t: names (posix|nt)\.mkdir, which is refused"):
        read_truths(content, "t")
    assert not mark.exists()


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (Harm(eval, "1"), "builtins.eval"),
        (Harm(getattr, "a", "upper"), "builtins.getattr"),
        (np.zeros(3), r"numpy\.\w*core\.multiarray\._reconstruct"),
        (io.BytesIO(b""), "_io.BytesIO"),
        (complex(1, 2), "builtins.complex"),
        (Path("x"), r"pathlib\.\w+"),
    ],
)
def test_classes_of_python_and_of_numpy_are_refused_too(value: Any, name: str) -> None:
    with pytest.raises(DataError, match=f"names {name}"):
        read_truths(pickle.dumps({7: {**GOOD, "perf": value}}, protocol=3), "t")


def test_what_other_packages_have_registered_cannot_be_reached(tmp_path: Path) -> None:
    copyreg.add_extension("os", "mkdir", 77)
    try:
        pickle.loads(b"\x80\x02\x82M.")  # this process keeps the function in a cache from now on
        content = b"\x80\x02\x82MX\x01\x00\x00\x00a\x85R."
        with pytest.raises(DataError, match="the instruction EXT1 is none"):
            read_truths(content, "t")
    finally:
        copyreg.remove_extension("os", "mkdir", 77)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x80\x03N" + b"r\xff\xff\xff\x7f" + b".", "LONG_BINPUT 2147483647: is larger than the file"),
        (b"\x80\x03Pabc\n.", "the instruction PERSID is none"),
        (b"\x80\x03K\x01Q.", "the instruction BINPERSID is none"),
        (b"", "is damaged"),
        (b"hello", "is damaged"),
        (pickle.dumps({7: GOOD})[:-9], "is damaged"),
        (pickle.dumps([1]), "expected a table of architectures, found list"),
        (pickle.dumps({}), "expected a table of architectures"),
        (pickle.dumps({"7": GOOD}), "expected the number of an architecture"),
        (pickle.dumps({True: GOOD}), "expected the number of an architecture"),
        (pickle.dumps({90_000: GOOD}), "expected the number of an architecture"),
        (pickle.dumps({7: {**GOOD, "perf": float("nan")}}), "architecture 7: perf: expected a finite number"),
        (pickle.dumps({7: {**GOOD, "perf": "0.5"}}), "architecture 7: perf: expected a finite number"),
        (pickle.dumps({7: {**GOOD, "perf": 1.5}}), "architecture 7: expected scores from 0 to 1"),
        (pickle.dumps({7: {"perf": 0.5}}), "architecture 7: expected valid_perf, perf, latency, para"),
        (pickle.dumps({7: {**GOOD, "perf": np.float32(0.5)}}, protocol=3), "expected numbers of type f8"),
    ],
)
def test_a_table_that_is_none_is_refused_in_words(content: bytes, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_truths(content, "t")


SCALAR = b"cnumpy.core.multiarray\nscalar\n)\x81"  # made without a call, and so without a number


def _holding(value: bytes) -> bytes:
    """A pickle of one architecture whose `perf` is made by the given instructions."""
    rest = b"".join(pickle.dumps(name, protocol=2)[2:-1] + b"K\x00" for name in GOOD if name != "perf")
    return b"\x80\x02}(K\x07}(U\x04perf" + value + rest + b"uu."


def _lists(depth: int) -> bytes:
    """Instructions for a list that holds one list twice, which holds one twice, and so on."""
    made = b"]q\x00"
    for _ in range(depth):
        made += b"0](h\x00h\x00eq\x00"
    return made


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (SCALAR, "architecture 7: perf: expected a finite number, found None"),
        (pickle.dumps(10**400, protocol=2)[2:-1], "is damaged: OverflowError"),
        (_lists(200), "architecture 7: perf: expected a finite number, found [[["),
    ],
)
def test_a_number_that_is_none_is_refused_in_words_whatever_stands_in_its_place(
    value: bytes, words: str
) -> None:
    with pytest.raises(DataError, match=re.escape(words)) as error:
        read_truths(_holding(value), "t")
    assert len(str(error.value)) < 300


def test_a_table_that_is_too_large_is_refused_before_it_is_read() -> None:
    with pytest.raises(DataError, match="expected at most 8,388,608 bytes, found 8,388,609"):
        read_truths(b"x" * (8 * 2**20 + 1), "t")


# -- networks -----------------------------------------------------------------------------------------------


def every_links() -> list[tuple[int, ...]]:
    """All 24 ways to link four nodes."""
    return [*itertools.product(range(1), range(2), range(3), range(4))]


def test_all_157464_architectures_are_26206_networks_beside_those_with_the_raw_input_as_output() -> None:
    found: Counter[bool] = Counter()
    count, known = 0, set[Network]()
    for links in every_links():
        for operations in itertools.product(OPERATIONS, repeat=4):
            count += 1
            network = network_of(links, operations)
            if network not in known:
                known.add(network)
                found[has_raw_output(network)] += 1
    assert count == 157_464
    assert found == {False: 26_206, True: 1_732}


def test_the_nine_links_reach_every_network() -> None:
    few = ("gcn", "fc", "skip")
    nine = {network_of(links, names) for links in LINKS for names in itertools.product(few, repeat=4)}
    every = {
        network_of(links, names) for links in every_links() for names in itertools.product(few, repeat=4)
    }
    assert nine == every


def test_nodes_in_another_order_are_one_network_and_another_operation_is_another() -> None:
    # nodes 2 and 4 take node 1, and node 3 takes node 2
    first = network_of((0, 1, 2, 1), ("gcn", "gin", "fc", "cheb"))
    assert first == network_of((0, 1, 1, 2), ("gcn", "gin", "cheb", "fc"))
    assert first == network_of((0, 1, 1, 3), ("gcn", "cheb", "gin", "fc"))
    assert network_of((0, 1, 2, 3), ("gcn", "gin", "fc", "cheb")) != network_of(
        (0, 1, 2, 3), ("gcn", "fc", "gin", "cheb")
    )


def test_a_node_that_skips_is_none_and_a_value_that_is_twice_in_the_output_counts_twice() -> None:
    one = network_of((0, 1, 2, 3), ("gcn", "skip", "skip", "skip"))
    assert one == ("", 0, (("gcn", 1, ()),))
    assert one == network_of((0, 1, 2, 3), ("skip", "skip", "gcn", "skip"))
    assert network_of((0, 1, 1, 1), ("gcn", "skip", "skip", "skip")) == ("", 0, (("gcn", 3, ()),))


# -- the space ----------------------------------------------------------------------------------------------


def test_the_space_holds_all_architectures_but_those_with_the_raw_input_as_output() -> None:
    space = NASBenchGraph(operations=PROTEINS).build(INPUTS, 1)
    listed = [*space.enumerate()]
    expected = sum(
        not has_raw_output(network_of(links, names))
        for links in LINKS
        for names in itertools.product(PROTEINS, repeat=4)
    )
    assert len(listed) == len({tuple(item.items()) for item in listed}) == space.count() == expected
    source = random.Random(0)
    for _ in range(200):
        drawn = space.sample(source)
        assert space.validate(drawn) == drawn
    assert NASBenchGraph().build(INPUTS, 1).count() == 53_056


def test_two_architectures_have_one_key_exactly_where_they_are_one_network() -> None:
    space = NASBenchGraph(operations=("gcn", "fc", "skip")).build(INPUTS, 1)
    names = {"gnn_gcn": "gcn", "gnn_fc": "fc", "identity": "skip"}
    pairs = set()
    for assignment in space.enumerate():
        links = [int(digit) for digit in assignment["links"].removeprefix("links_")]
        network = network_of(links, [names[assignment[f"node{number}"]] for number in range(1, 5)])
        pairs.add((network, network_key(Architecture(space, assignment))))
    assert len(pairs) == len({network for network, _ in pairs}) == len({key for _, key in pairs})


def test_building_one_of_its_networks_is_refused_in_words() -> None:
    space = NASBenchGraph().build(INPUTS, 1)
    with pytest.raises(SpaceError, match="its results are looked up, and nasframe neither builds nor trains"):
        build(Architecture(space, space.sample(0)))


def test_its_task_says_that_its_data_is_not_here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "graph.toml"
    file.write_text(Experiment.of(task="nas_bench_graph", space="nas_bench_graph").to_toml())
    assert main(["run", str(file), "--out", str(tmp_path / "run")]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "the graph cora is not here, and nothing can be trained on it" in said
    assert "nasframe graph-bench cora --out TABLE" in said


# -- the table ----------------------------------------------------------------------------------------------


def test_every_architecture_of_the_space_finds_the_result_of_its_network(table: TabularBenchmark) -> None:
    truths = {}
    for code, values in results().items():
        digits = f"{code:05d}"
        links, names = LINKS[int(digits[0])], [OPERATIONS[int(digit)] for digit in digits[1:]]
        truths[network_of(links, names)] = values
    original = {"identity": "skip"}
    for assignment in table.space().enumerate():
        links = tuple(int(digit) for digit in assignment["links"].removeprefix("links_"))
        chosen = [assignment[f"node{number}"] for number in range(1, 5)]
        names = [original.get(name, name.removeprefix("gnn_")) for name in chosen]
        place = table.place(assignment)
        assert place is not None
        expected = truths[network_of(links, names)]
        assert table.score(table.listed[place], "test") == pytest.approx(expected["perf"])
        assert table.score(table.listed[place], "validation") == pytest.approx(expected["valid_perf"])
    assert len(table) == len(truths) == 2021


def test_an_entry_has_the_key_of_its_network_and_its_sizes(table: TabularBenchmark) -> None:
    space = table.space()
    for entry in table.listed[::100]:
        assert entry.key == network_key(Architecture(space, entry.assignment))
        assert entry.parameters == 400_000
        assert table.score(entry, "test", metric="latency") == 0.002


def test_its_facts_leave_open_what_is_not_known(table: TabularBenchmark) -> None:
    facts = facts_of(table)
    assert (facts.networks, facts.trainings, facts.noise, facts.passes) == (2021, 1, None, None)
    assert facts.best == pytest.approx(max(item["perf"] for item in results().values()), abs=1e-5)


def test_random_search_and_evolution_search_on_it(table: TabularBenchmark) -> None:
    searches = LookedUpSearches(table)
    ends = {}
    for loop in (RandomSearch(trials=30), Evolution(trials=30)):
        traces = [searches.search(loop, seed) for seed in range(20)]
        assert all(trace.trials == 30 for trace in traces)
        ends[type(loop)] = np.mean([searches.test_scores()[trace.steps[-1].place] for trace in traces])
    assert ends[Evolution] > ends[RandomSearch] > facts_of(table).median  # the score is nearly additive


def test_known_keys_are_those_that_would_be_computed(table: TabularBenchmark) -> None:
    keys = table.keys_of_architectures()
    space = table.space()
    assert len(keys) == space.count()
    for assignment in [*space.enumerate()][::500]:
        assert keys[tuple(assignment.items())] == network_key(Architecture(space, assignment))


def test_the_commands_write_a_table_print_its_facts_and_compare_loops_on_it(
    wheel: tuple[Path, Wheel],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file, pin = wheel
    monkeypatch.setattr(convert, "__kwdefaults__", {**convert.__kwdefaults__, "wheel": pin})
    monkeypatch.chdir(tmp_path)
    assert not main(["graph-bench", "proteins", "--out", "t", "--data", str(file)])
    assert "2,021 networks in t; `nasframe tables t` prints their facts" in capsys.readouterr().out
    assert not main(["tables", "t"])
    assert "nas-bench-graph-proteins: 2,021 networks, by score" in capsys.readouterr().out
    words = ["compare", "--on", "t", "--loop", "random,evolution", "--seeds", "10", "loop.trials=20"]
    assert not main([*words, "--out", "c"])
    record = json.loads(Path("c/comparison.json").read_text())
    assert [item["name"] for item in record["loops"]] == ["random", "evolution"]
    assert record["on"]["networks"] == 2021
    assert Path("c/report.html").is_file()


def test_a_gradient_search_on_it_is_refused_in_words(
    table: TabularBenchmark, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["compare", "--on", str(table.path), "--loop", "bilevel", "--seeds", "1"]
    assert main([*words, "--out", str(tmp_path / "c")])
    assert "the graph proteins is not here" in " ".join(capsys.readouterr().err.split())


# -- bad input ----------------------------------------------------------------------------------------------


def test_an_unknown_data_set_is_refused_with_the_near_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="coar: is no data set of NAS-Bench-Graph.*cora"):
        convert("coar", tmp_path / "t")


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path, wheel: tuple[Path, Wheel]) -> None:
    (tmp_path / "mine").write_text("")
    with pytest.raises(DataError, match="is not an empty folder"):
        convert("proteins", tmp_path, source=wheel[0], wheel=wheel[1])
    assert [file.name for file in tmp_path.iterdir()] == ["mine"]


def test_another_wheel_is_refused_with_both_hashes(tmp_path: Path, wheel: tuple[Path, Wheel]) -> None:
    with pytest.raises(DataError, match=NAS_BENCH_GRAPH.sha256):
        convert("proteins", tmp_path / "t", source=wheel[0])


def changed(change: str) -> Mapping[int, Any]:
    """Return the results with one of them lost, doubled, or moved to an architecture that is none."""
    found: dict[int, Any] = dict(results())
    first = next(iter(found))
    if change == "lost":
        del found[first]
    elif change == "doubled":  # four nodes in a chain, of which one skips: the place of that does not matter
        found[code_of((0, 1, 2, 3), ("gcn", "gcn", "gcn", "skip"))] = found[first]
        found[code_of((0, 1, 2, 3), ("skip", "gcn", "gcn", "gcn"))] = found[first]
    elif change == "another":
        found[code_of((0, 1, 2, 3), ("gat", "gcn", "gcn", "gcn"))] = found[first]
    else:
        found[9] = found.pop(first)
    return found


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("lost", "architectures of the space are not in it, such as"),
        ("doubled", "are one network"),
        ("another", "is the number of no architecture"),
        ("moved", "is the number of no architecture"),
    ],
)
def test_a_table_of_another_space_is_refused(change: str, words: str, tmp_path: Path) -> None:
    pin = graph_wheel(tmp_path, pickle.dumps(changed(change), protocol=3))
    with pytest.raises(DataError, match=words):
        convert("proteins", tmp_path / "t", source=tmp_path / pin.file, wheel=pin)
    assert not (tmp_path / "t").exists()


def test_a_network_that_it_does_not_hold_cannot_be_asked_for(table: TabularBenchmark) -> None:
    with pytest.raises(ArchitectureError, match="not in the space"):
        table.find({"links": "links_0123", **{f"node{number}": "identity" for number in range(1, 5)}})


# -- the real one -------------------------------------------------------------------------------------------


def test_every_set_of_the_real_wheel_has_one_result_for_each_network() -> None:
    try:
        content = wheel_content(NAS_BENCH_GRAPH, None, SILENT)
    except DataError as error:
        pytest.skip(str(error))
    for data_set, count in (("cora", 26_206), ("proteins", 2_021)):
        member = MEMBER.replace("proteins", data_set)
        truths = read_truths(read_members(content, [member], 2**23, "wheel")[member], "wheel")
        networks = Counter[Network]()
        for code in truths:
            digits = f"{code:05d}"
            operations = [OPERATIONS[int(digit)] for digit in digits[1:]]
            networks[network_of(LINKS[int(digits[0])], operations)] += 1
        assert len(truths) == len(networks) == count
        assert not any(map(has_raw_output, networks))
