"""`compare --on`: search loops judged by a table, whose numbers the tests know."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from statistics import mean
from typing import Any

import attrs
import numpy as np
import pytest
from attrs import frozen

from nasframe import Proposal, ProposalLoop, Proposer, SearchProblem, load_plugin
from nasframe.cli import main
from nasframe.errors import ConfigurationError, ContractError, RunError
from nasframe.report import read_page
from nasframe.report.loop_page import loop_page
from nasframe.runtime import read_compressed_json
from nasframe.searching import Evolution, RandomSearch, SuccessiveHalving, check_proposal_loop
from nasframe.studies import compare_on_table, resume_study, tabulate
from nasframe.studies.loop_comparison.judged_loop import JudgedLoop
from nasframe.studies.loop_comparison.looked_up_search import LookedUpSearches
from nasframe.tables import TabularBenchmark, add_entry, least_of_top, load_table
from nasframe.tables.document import TABLE_FILE, write_document
from nasframe.training import Training
from tests.tables.synthetic import EPOCHS, table_at
from tests.toys import PAIRS, TOYS


@pytest.fixture(autouse=True, scope="module")
def _pairs() -> Iterator[None]:
    from nasframe import manager

    before = set(manager().files)
    load_plugin(TOYS / "toy_pairs.py")
    yield
    for name in set(manager().files) - before:
        manager().unregister(name)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory, _pairs: None) -> TabularBenchmark:
    return table_at(tmp_path_factory.mktemp("tables") / "pairs")


@pytest.fixture(scope="module")
def searches(table: TabularBenchmark) -> LookedUpSearches:
    return LookedUpSearches(table)


def test_the_best_of_k_looked_up_networks_is_that_of_the_closed_form(
    table: TabularBenchmark, searches: LookedUpSearches
) -> None:
    """By assignment, since more assignments than one may give a network."""
    k = 4
    trainings = table.final("validation")
    places = [searches.place(item) for item in table.space().enumerate()]
    expected = []
    for training in range(len(table.trainings)):
        order = sorted(trainings[places, training])
        n = len(order)
        ways = [math.comb(i, k - 1) / math.comb(n, k) for i in range(n)]
        expected.append(sum(way * value for way, value in zip(ways, order, strict=True)))
    found = []
    for seed in range(1500):
        trace = searches.search(RandomSearch(trials=k, distinct="assignment"), seed)
        scores = [trainings[step.place] for step in trace.steps]
        # the training that this search saw is the one in which its steps rise
        seen = [t for t in range(3) if all(a[t] < b[t] for a, b in pairwise(scores))]
        found.append(mean(scores[-1][t] for t in seen))
    assert mean(found) == pytest.approx(mean(expected), abs=4 * 0.05 / math.sqrt(1500))


def test_a_search_sees_one_training_of_the_table_which_its_seed_chooses(
    table: TabularBenchmark, searches: LookedUpSearches
) -> None:
    everything = RandomSearch(trials=table.space().count(), distinct="assignment")
    final = table.final("validation")
    chosen = {int(searches.search(everything, seed).steps[-1].place) for seed in range(30)}
    assert chosen <= {int(place) for place in np.argmax(final, axis=0)}


def test_the_cost_is_that_of_the_epochs_in_those_of_the_median_network(
    table: TabularBenchmark, searches: LookedUpSearches
) -> None:
    seconds = [float(np.mean(entry.seconds)) for entry in table.listed]
    median = sorted(seconds)[len(seconds) // 2]
    assert searches.epoch_seconds == pytest.approx(median / EPOCHS)
    every = searches.search(RandomSearch(trials=68), 0)
    assert every.cost == pytest.approx(EPOCHS * sum(seconds) / median)
    assert every.seconds == pytest.approx(sum(seconds))


def test_halving_reads_the_beginning_of_the_curves_and_pays_for_new_epochs_alone(
    table: TabularBenchmark, searches: LookedUpSearches
) -> None:
    loop = SuccessiveHalving(candidates=20, eta=2)
    assert [(rung.candidates, rung.epochs) for rung in loop.rungs(EPOCHS)] == [(20, 1), (10, 2), (5, 4)]
    trace = searches.search(loop, 3)
    assert trace.trials == 35
    # 20 networks for 1 epoch, 10 of them for another, 5 of them for 2 more
    assert 30 < trace.cost < 50
    full = searches.search(RandomSearch(trials=20), 3)
    assert trace.cost < full.cost * 0.65
    assert trace.steps[-1].place == full.steps[-1].place  # the same 20, and these curves never cross


def test_a_network_that_is_proposed_again_costs_nothing(searches: LookedUpSearches) -> None:
    trace = searches.search(Evolution(trials=200, population=5, sample=5), 1)
    assert trace.trials == 200
    assert trace.cost <= searches.search(RandomSearch(trials=68), 0).cost


@frozen
class GoesWrong(ProposalLoop):
    """Proposes well while its contract is rehearsed, and breaks it later."""

    epochs: Any = None
    last: int = 8

    def start(self, problem: SearchProblem, seed: int) -> Proposer:
        return LaterWrong(self, problem)

    def most(self, problem: SearchProblem) -> int:
        return 8


class LaterWrong(Proposer):
    def __init__(self, loop: GoesWrong, problem: SearchProblem) -> None:
        self.loop, self.problem, self.count = loop, problem, 0

    def propose(self, count: int) -> list[Proposal]:
        self.count += 1
        if self.count > self.loop.last:
            return []
        epochs = self.loop.epochs if self.count > 5 else 1
        return [Proposal(self.count - 1, self.problem.space.sample(self.count), epochs)]

    def tell(self, results: Any) -> None:
        if self.count == 7:
            raise KeyError("cheese")

    def state(self) -> Any:
        return self.count

    def restore(self, state: Any) -> None:
        self.count = state


@pytest.mark.parametrize(
    ("loop", "message"),
    [
        (GoesWrong(epochs=EPOCHS + 1), "proposal 5: epochs must be None or from 1 to 4, found 5"),
        (GoesWrong(epochs=0), "proposal 5: epochs must be None or from 1 to 4, found 0"),
        (GoesWrong(epochs=2), "tell raised KeyError: 'cheese'"),
    ],
)
def test_a_loop_that_breaks_its_contract_in_a_later_round_is_told_so_on_a_table(
    loop: GoesWrong, message: str, searches: LookedUpSearches
) -> None:
    check_proposal_loop(loop, searches.problem)
    with pytest.raises(ContractError, match=message):
        searches.search(loop, 0)


class NeverEnds(LaterWrong):
    def tell(self, results: Any) -> None:
        pass


@frozen
class Endless(GoesWrong):
    """Proposes for ever, or as good as."""

    last: int = 10**6

    def start(self, problem: SearchProblem, seed: int) -> Proposer:
        return NeverEnds(self, problem)


def test_a_loop_that_never_ends_is_ended_on_a_table(searches: LookedUpSearches) -> None:
    with pytest.raises(ContractError, match="it proposes more than the 8 architectures that `most` returns"):
        searches.search(Endless(), 0)


def test_the_comparison_holds_curves_ends_and_the_best_of_the_table(
    table: TabularBenchmark, tmp_path: Path
) -> None:
    found = compare_on_table(
        table, tmp_path / "loops", seeds=60, overrides=["loop.trials=20", "loop.candidates=20"]
    )
    assert json.loads((tmp_path / "loops/comparison.json").read_text(encoding="utf-8")) == found
    scores = [value for value in table.scores("test") if value is not None]
    assert found["on"]["best"] == pytest.approx(max(scores))
    assert found["on"]["top"] == pytest.approx(least_of_top(scores))
    random, evolution, halving = found["loops"]
    assert [item["name"] for item in found["loops"]] == ["random", "evolution", "halving"]
    for item in found["loops"]:
        assert item["seeds"] == 60
        curve = item["curve"]
        assert curve["cost"] == sorted(curve["cost"])
        assert (
            item["test"]["low"] <= item["test"]["mean"] <= item["test"]["high"] <= found["on"]["best"] + 0.01
        )
        assert curve["mean"][-1] == pytest.approx(item["test"]["mean"])
    assert random["trials"] == evolution["trials"] == 20
    assert halving["cost"] < random["cost"]
    assert [(test["a"], test["b"]) for test in found["tests"]] == [
        ("random", "evolution"),
        ("random", "halving"),
        ("evolution", "halving"),
    ]
    for test in found["tests"]:
        means = {item["name"]: item["test"]["mean"] for item in found["loops"]}
        assert test["difference"] == pytest.approx(means[test["a"]] - means[test["b"]])
        assert test["low"] <= test["difference"] <= test["high"]
        assert test["p"] <= test["p_holm"] <= 1
    own = [LookedUpSearches(table).search(RandomSearch(trials=20), seed) for seed in range(60)]
    ends = [table.scores("test")[trace.steps[-1].place] for trace in own]
    assert random["test"]["mean"] == pytest.approx(mean(value for value in ends if value is not None))
    page = (tmp_path / "loops/report.html").read_text(encoding="utf-8")
    assert "best of the table" in page
    assert "Best accuracy on the test split against the cost" in page
    assert read_page(tmp_path / "loops").html == page


def test_a_relaxation_makes_no_variant_of_a_loop_that_is_looked_up(
    table: TabularBenchmark, tmp_path: Path
) -> None:
    found = compare_on_table(
        table,
        tmp_path / "loops",
        loops=["joint", "random"],
        relaxations=["softmax", "stgs"],
        vary=["search.batch_size=8,16"],
        seeds=2,
        overrides=QUICK,
    )
    *joint, random = [item["name"] for item in found["loops"]]
    assert random == "random"
    assert joint == [
        f"joint,{relaxation},batch_size={size}" for relaxation in ("softmax", "stgs") for size in (8, 16)
    ]


def test_a_loop_without_logits_is_one_variant_and_its_finalists_count(
    table: TabularBenchmark, tmp_path: Path
) -> None:
    found = compare_on_table(
        table,
        tmp_path / "loops",
        loops=["joint", "one_shot"],
        relaxations=["softmax", "stgs"],
        seeds=2,
        overrides=[*QUICK, "search.candidates=60", "search.finalists=3"],
    )
    assert [item["name"] for item in found["loops"]] == ["joint,softmax", "joint,stgs", "one_shot"]
    one_shot = found["loops"][2]
    assert one_shot["kind"] == "gradient"
    assert one_shot["test"]["mean"] is not None
    for file in (tmp_path / "loops").rglob("run.json"):
        record = json.loads(file.read_text(encoding="utf-8"))["search"]
        if "entropy" not in record:
            selection = record["selection"]
            finals = selection["finals"]
            assert record["seconds"] >= selection["seconds"] + finals["seconds"]
            break
    else:
        pytest.fail("no search of one_shot was written")


def test_networks_that_were_trained_on_demand_have_no_part_in_the_numbers_of_the_table(
    tmp_path: Path,
) -> None:
    """The best network of the space is not in the table, but beside it: searches find it."""

    def without_the_best(_: Any, entries: list[Any]) -> None:
        del entries[-1]

    held = table_at(tmp_path / "held", without_the_best)
    whole = table_at(tmp_path / "whole")
    best = whole.listed[-1]
    add_entry(held, attrs.evolve(best, on_demand=True), tmp_path)
    own = np.array(held.scores("test"), dtype=np.float64)
    options: dict[str, Any] = {"loops": ["random"], "seeds": 20, "overrides": ["loop.trials=68"]}
    found = compare_on_table(load_table(tmp_path / "held"), tmp_path / "loops", **options)
    assert found["on"]["networks"] == 29
    for key, value in (("best", own.max()), ("median", np.median(own)), ("top", own.max())):
        assert found["on"][key] == pytest.approx(value)
    assert found["loops"][0]["test"]["mean"] == pytest.approx(whole.score(best, "test"), abs=0.005)
    assert found["loops"][0]["test"]["mean"] > found["on"]["best"]
    assert found["loops"][0]["best_found"] == found["loops"][0]["top"] == 1


@pytest.mark.parametrize(
    ("kept", "message"),
    [
        (0, "entries: expected 1 or more values, found 0"),
        (2, "objective: 'accuracy' is none of the metrics that its entries hold on the split test"),
    ],
)
def test_a_table_without_scores_is_refused_in_words(kept: int, message: str, tmp_path: Path) -> None:
    def change(_: Any, entries: list[Any]) -> None:
        del entries[kept:]
        for entry in entries:
            entry["test"] = {}

    with pytest.raises(RunError, match=message):
        compare_on_table(table_at(tmp_path / "bare", change), tmp_path / "loops", loops=["random"], seeds=2)
    assert not (tmp_path / "loops").exists()


def test_a_table_whose_trainings_are_all_missing_is_refused_in_words(tmp_path: Path) -> None:
    def change(_: Any, entries: list[Any]) -> None:
        for entry in entries:
            entry["best_epoch"] = [None] * len(entry["best_epoch"])
            for split in ("validation", "test"):
                entry[split] = {name: [None] * len(curve) for name, curve in entry[split].items()}

    with pytest.raises(RunError, match="none with a score on the test split, so it can judge no loop"):
        compare_on_table(table_at(tmp_path / "bare", change), tmp_path / "loops", loops=["random"], seeds=2)


def test_searches_that_end_before_their_trials_are_told(table: TabularBenchmark, tmp_path: Path) -> None:
    options: dict[str, Any] = {"loops": ["random", "evolution"], "seeds": 3}
    found = compare_on_table(table, tmp_path / "a", overrides=["loop.trials=68"], **options)
    assert found["caveats"] == [
        "random, 3 of 3 searches: the loop proposed nothing more after 30 of at most 68 trials: it found no "
        "other network that is new, or ended by itself."
    ]
    assert compare_on_table(table, tmp_path / "b", overrides=["loop.trials=30"], **options)["caveats"] == []


def test_the_page_names_all_loops_that_are_not_told_from_the_best_one(
    table: TabularBenchmark, tmp_path: Path
) -> None:
    found = compare_on_table(table, tmp_path / "loops", seeds=30, overrides=["loop.trials=10"])
    best = max(found["loops"], key=lambda item: item["test"]["mean"])["name"]
    rest = [item["name"] for item in found["loops"] if item["name"] != best]
    alike, other = rest
    for test in found["tests"]:
        test["p_holm"] = 0.2 if {test["a"], test["b"]} == {best, alike} else 0.01
    html = loop_page(found).html
    assert f"{best}, {alike}" in html
    assert f"{best}, {alike}, {other}" not in html
    assert f"{best}, {other}" not in html
    assert 'data-key="differences.random − halving.p_holm"' in html


def test_more_seeds_are_added_and_workers_change_nothing(table: TabularBenchmark, tmp_path: Path) -> None:
    first = compare_on_table(table, tmp_path / "a", loops=["random"], seeds=5)
    more = compare_on_table(table, tmp_path / "a", loops=["random", "halving"], seeds=9)
    assert first["loops"][0]["seeds"] == 5
    both = compare_on_table(table, tmp_path / "b", loops=["random", "halving"], seeds=9, workers=2)
    assert [item["seeds"] for item in both["loops"]] == [9, 9]
    assert more["loops"] == both["loops"]


def test_an_interrupted_comparison_goes_on_by_its_folder(
    table: TabularBenchmark, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    search, calls = LookedUpSearches.search, list[int]()

    def interrupted(self: LookedUpSearches, *arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 12:
            raise KeyboardInterrupt
        return search(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(LookedUpSearches, "search", interrupted)
        with pytest.raises(KeyboardInterrupt):
            compare_on_table(table, tmp_path / "loops", loops=["random", "halving"], seeds=8)
    with pytest.raises(RunError, match=r"names .*outside the folder.*nasframe resume .* --table "):
        resume_study(tmp_path / "loops")
    name, found = resume_study(tmp_path / "loops", tables=[table.path]) or ("", None)
    assert name == "compare_on_table"
    whole = compare_on_table(table, tmp_path / "whole", loops=["random", "halving"], seeds=8)
    assert found["loops"] == whole["loops"]


def test_a_gradient_search_runs_on_the_tasks_data_and_is_looked_up(
    table: TabularBenchmark, tmp_path: Path
) -> None:
    found = compare_on_table(
        table,
        tmp_path / "loops",
        loops=["joint", "random"],
        seeds=2,
        overrides=["search.epochs=2", "search.min_epochs=1", f"cache={tmp_path / 'cache'}"],
    )
    joint, random = found["loops"]
    assert (joint["kind"], random["kind"]) == ("gradient", "proposals")
    assert joint["cost"] > 0.5  # the training of what it found, and the supernet
    values = [value for value in table.scores("test") if value is not None]
    assert min(values) <= joint["test"]["mean"] <= max(values)


def test_an_epoch_whose_record_is_rounded_to_no_time_is_measured_all_the_same(
    table: TabularBenchmark, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    epoch = Training._epoch
    # as of an epoch below half a millisecond
    monkeypatch.setattr(Training, "_epoch", lambda *arguments: {**epoch(*arguments), "seconds": 0.0})
    own = [*QUICK, f"cache={tmp_path / 'cache'}"]
    found = compare_on_table(table, tmp_path / "loops", loops=["joint"], seeds=1, overrides=own)
    assert found["failed"] == {}
    assert 0.5 < found["loops"][0]["cost"] < math.inf


def test_a_gradient_search_on_other_data_than_the_tables_is_refused_before_it_starts(tmp_path: Path) -> None:
    def change(record: dict[str, Any], _: Any) -> None:
        for training in record["trainings"]:
            training["data"] = "f" * 64

    with pytest.raises(RunError, match=r"was made from other data: fingerprint f{16} in the table, [0-9a-f]"):
        compare_on_table(
            table_at(tmp_path / "other", change),
            tmp_path / "loops",
            loops=["joint"],
            seeds=1,
            overrides=QUICK,
        )
    assert not list((tmp_path / "loops").glob("trials/*/run/metrics.jsonl"))


def test_a_gradient_search_may_be_asked_for_on_other_data(tmp_path: Path) -> None:
    def change(record: dict[str, Any], _: Any) -> None:
        for training in record["trainings"]:
            training["data"] = "f" * 64

    found = compare_on_table(
        table_at(tmp_path / "other", change),
        tmp_path / "loops",
        loops=["joint"],
        seeds=1,
        overrides=[*QUICK, "task.examples=80"],
    )
    assert found["loops"][0]["seeds"] == 1


@pytest.fixture(scope="module")
def folds(tmp_path_factory: pytest.TempPathFactory, _pairs: None) -> TabularBenchmark:
    """A table whose three trainings are at three points, of which the second is the table's own."""

    def change(record: dict[str, Any], _: Any) -> None:
        for training, examples in zip(record["trainings"], (80, 100, 120), strict=True):
            training["point"] = {"task.examples": examples}

    return table_at(tmp_path_factory.mktemp("tables") / "folds", change)


QUICK = ["search.epochs=1", "search.min_epochs=1"]


def searched_at(folder: Path) -> dict[str, int]:
    """Name of a trial → the number of examples in the data that its search saw."""
    return {
        file.parents[1].name: tomllib.loads(file.read_text(encoding="utf-8"))["task"]["examples"]
        for file in folder.glob("trials/*/run/experiment.toml")
    }


def test_a_gradient_search_sees_one_point_of_the_table_and_the_seeds_take_them_in_turn(
    folds: TabularBenchmark, tmp_path: Path
) -> None:
    options: dict[str, Any] = {"loops": ["joint"], "overrides": [*QUICK, f"cache={tmp_path / 'cache'}"]}
    found = compare_on_table(folds, tmp_path / "loops", seeds=4, **options)
    assert searched_at(tmp_path / "loops") == {
        "joint,examples=80,seed=0-0": 80,
        "joint,seed=1-1": 100,
        "joint,examples=120,seed=2-2": 120,
        "joint,examples=80,seed=3-3": 80,
    }
    assert found["caveats"] == [
        "joint: 4 searches see the 3 points of the table in turn, so not every point counts the same; with 6 "
        "searches it does."
    ]
    assert compare_on_table(folds, tmp_path / "loops", seeds=3, **options)["caveats"] == []


def test_an_override_and_a_value_that_varies_hold_at_every_point_of_the_table(
    folds: TabularBenchmark, tmp_path: Path
) -> None:
    options: dict[str, Any] = {"loops": ["joint"], "seeds": 2}
    own = [*QUICK, f"cache={tmp_path / 'cache'}"]
    compare_on_table(folds, tmp_path / "a", overrides=[*own, "task.examples=60"], **options)
    assert searched_at(tmp_path / "a") == {"joint,seed=0-0": 60, "joint,seed=1-1": 60}
    compare_on_table(folds, tmp_path / "b", overrides=own, vary=["task.examples=60,80"], **options)
    assert [*searched_at(tmp_path / "b").values()].count(60) == 2
    assert [*searched_at(tmp_path / "b").values()].count(80) == 2


def test_without_a_number_gradient_searches_are_as_many_at_each_point(table: TabularBenchmark) -> None:
    experiment = table.experiment()
    points = {str(size): attrs.evolve(experiment, seed=size) for size in range(3)}
    assert JudgedLoop.of(experiment, {}, points, None).seeds == 12
    assert JudgedLoop.of(experiment, {}, {"": experiment}, None).seeds == 10
    assert JudgedLoop.of(experiment, {}, points, 7).seeds == 7


def test_a_table_without_the_proposed_network_says_so_with_near_ones(tmp_path: Path) -> None:
    def sample(_: Any, entries: list[Any]) -> None:
        del entries[::2]

    held = table_at(tmp_path / "sampled", sample)
    told = r"holds 15 networks, and not that of the architecture [0-9a-f]{16}.*in near ones .* is "
    with pytest.raises(RunError, match=told):
        compare_on_table(held, tmp_path / "loops", loops=["random"], seeds=3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seeds": 0}, "--seeds: expected 1 or more, found 0"),
        ({"loops": []}, "--loop: expected the name of a loop at least"),
        ({"loops": ["rendom"]}, "loop.name: unknown loop 'rendom'; did you mean 'random'"),
        ({"loops": ["random"], "overrides": ["loop.trials=0"]}, "loop.trials: must be >= 1, found 0"),
        (
            {"loops": ["random"], "overrides": ["loop.trials=69"]},
            "69 architectures are asked for, and the space",
        ),
        ({"loops": ["halving"], "overrides": ["loop.least=9", "loop.candidates=5"]}, "at least 9 epochs"),
        (
            {"loops": ["random"], "overrides": ["loop.population=3"]},
            "loop.population: unknown key; valid: batch, distinct, trials",
        ),
    ],
)
def test_bad_input_is_refused_in_words(
    arguments: dict[str, Any], message: str, table: TabularBenchmark, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        compare_on_table(table, tmp_path / "loops", **arguments)
    assert not (tmp_path / "loops").exists()


def test_the_command_prints_the_ends_and_writes_the_files(
    table: TabularBenchmark, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "loops"
    words = ["--on", str(table.path), "--loop", "random,halving", "--seeds", "4", "--workers", "1"]
    assert main(["compare", "loop.candidates=9", *words, "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    for line in (
        "search loops on pairs, 30 networks",
        "random",
        "halving",
        "best of the table",
        "at equal cost",
    ):
        assert line in printed
    words_below = " ".join(printed.partition("median of the table")[2].split())
    for sign in ("full trainings: the cost", "seconds: what that took", "—: there is no such number"):
        assert sign in words_below
    assert (out / "report.html").is_file()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["some.toml", "--loop", "random"], "--loop: compares loops on a table, which --on names"),
        ([], "expected a TOML file, or --on and a table"),
        (["some.toml", "--on", "TABLE"], "some.toml: with --on the experiment is that of the table"),
        (["--on", "TABLE", "--seed", "3"], "--seed: with --on the seeds begin with 0; say --seeds"),
        (["--on", "TABLE", "--seeds", "0"], "--seeds: expected 1 or more, found 0"),
    ],
)
def test_the_command_refuses_what_it_cannot_use(
    words: list[str], message: str, table: TabularBenchmark, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", *(str(table.path) if word == "TABLE" else word for word in words)]) != 0
    assert message in capsys.readouterr().err


def test_another_table_in_the_same_folder_is_refused(table: TabularBenchmark, tmp_path: Path) -> None:
    compare_on_table(table, tmp_path / "loops", loops=["random"], seeds=2)

    def change(_: Any, entries: list[Any]) -> None:
        entries[0]["test"]["accuracy"][0][-1] += 0.01

    other = table_at(tmp_path / "other", change)
    with pytest.raises(RunError, match="another|differ"):
        compare_on_table(other, tmp_path / "loops", loops=["random"], seeds=2)


def test_truth_on_demand_trains_what_is_missing_and_a_later_comparison_finds_it(tmp_path: Path) -> None:
    overrides = ["train.epochs=1", f"cache={tmp_path / 'cache'}"]
    made = tabulate(PAIRS, tmp_path / "table", overrides=overrides, architectures=2)
    assert len(made) == 2
    options: dict[str, Any] = {"loops": ["random"], "seeds": 1, "overrides": ["loop.trials=4"]}
    with pytest.raises(RunError, match="holds 2 networks, and not that of the architecture"):
        compare_on_table(tmp_path / "table", tmp_path / "a", **options)
    found = compare_on_table(tmp_path / "table", tmp_path / "b", train_missing=True, **options)
    assert found["loops"][0]["trials"] == 4
    again = compare_on_table(tmp_path / "table", tmp_path / "c", **options)  # now they are there
    assert again["loops"] == found["loops"]


def test_a_comparison_trains_what_a_table_of_other_versions_lacks_where_it_is_told_to_and_resumes_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tabulate(PAIRS, "table", overrides=["train.epochs=1", "cache=cache"], architectures=2)
    document = read_compressed_json(tmp_path / "table" / TABLE_FILE)
    document["versions"]["torch"] = "1.13.1"
    write_document(tmp_path / "table" / TABLE_FILE, document, document["entries"])
    words = [
        "compare",
        "--on",
        "table",
        "--loop",
        "random",
        "loop.trials=3",
        "--seeds",
        "1",
        "--workers",
        "1",
    ]
    assert main([*words, "--train-missing", "--out", "a"]) != 0
    assert "say --other-versions to train all the same" in capsys.readouterr().err

    def interrupted(*_: Any) -> Any:
        raise KeyboardInterrupt

    told = [*words, "--train-missing", "--other-versions", "--out", "b"]
    with monkeypatch.context() as patch:
        patch.setattr(LookedUpSearches, "search", interrupted)
        assert main(told) != 0
    _, found = resume_study("b", tables=["table"]) or ("", None)
    assert found["loops"][0]["trials"] == 3
    assert found["failed"] == {}
    assert main(told) == 0
