"""`nasframe compare`: the numbers are those of the runs, and what cannot be compared is refused."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from scipy import stats

import nasframe
from nasframe.cli import main
from nasframe.display import Estimate
from nasframe.errors import RunError
from nasframe.network import build, inherit
from nasframe.runs import Run
from nasframe.tables import load_table
from tests.studies.records import Finished
from tests.toys import PAIRS as EXPERIMENT

SMALL = ["--seeds", "2", "--random", "1", "search.epochs=1", "train.epochs=1", "--out", "compared"]


def read(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "comparison.json").read_text(encoding="utf-8"))
    return found


def row(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return next(item for item in found["rows"] if item["name"].startswith(name))


def experiment_of(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "experiment.toml").read_text(encoding="utf-8"))


# -- the numbers ------------------------------------------------------------------------------------------


def test_the_numbers_are_those_of_evaluate(
    finished_studies: Finished, capsys: pytest.CaptureFixture[str]
) -> None:
    for trial in finished_studies.found["trials"]:
        capsys.readouterr()
        assert main(["evaluate", str(finished_studies.comparison / trial["folder"]), "--json"]) == 0
        evaluated = json.loads(capsys.readouterr().out)
        values = row(finished_studies.found, trial["variant"])["values"]
        for metric in ("accuracy", "confidence", "parameters", "multiply_adds"):
            assert values[metric]["by_seed"][str(trial["seed"])] == evaluated[metric]


def test_metrics_are_compared_and_thresholds_and_counts_are_not(finished_studies: Finished) -> None:
    assert finished_studies.found["metrics"] == [
        *("accuracy", "confidence"),
        *("parameters", "multiply_adds", "search_seconds", "total_seconds", "cost_in_trainings"),
    ]


def test_every_variant_has_the_same_data_and_the_same_seeds(finished_studies: Finished) -> None:
    runs = [
        Run.open(finished_studies.comparison / trial["folder"]) for trial in finished_studies.found["trials"]
    ]
    assert len({run.record["data"]["fingerprint"] for run in runs}) == 1
    seeds = [(trial["variant"], trial["seed"]) for trial in finished_studies.found["trials"]]
    assert seeds == [("softmax", 4), ("softmax", 5), ("grmc", 4), ("grmc", 5)]
    assert [experiment_of(run.path)["seed"] for run in runs] == [4, 5, 4, 5]


def test_another_relaxation_than_the_files_starts_from_its_own_defaults(finished_studies: Finished) -> None:
    sections = {
        trial["variant"]: experiment_of(finished_studies.comparison / trial["folder"])["relaxation"]
        for trial in finished_studies.found["trials"]
    }
    assert sections["grmc"]["temperature"] == 0.3
    assert sections["softmax"]["temperature"] != 0.3


def test_the_means_have_students_intervals(finished_studies: Finished) -> None:
    value = row(finished_studies.found, "grmc")["values"]["confidence"]
    seeds = list(value["by_seed"].values())
    expected = stats.t.interval(0.95, df=1, loc=fmean(seeds), scale=stats.sem(seeds))
    assert (value["low"], value["high"]) == pytest.approx(expected)
    assert value["mean"] == pytest.approx(fmean(seeds))


def test_every_row_has_the_validation_of_the_networks_whose_test_it_shows(finished_studies: Finished) -> None:
    for name in ("softmax", "grmc"):
        trials = [trial for trial in finished_studies.found["trials"] if trial["variant"] == name]
        by_seed = {str(trial["seed"]): trial["validation"]["trained"] for trial in trials}
        assert row(finished_studies.found, name)["validation"]["by_seed"] == by_seed
    trained = {str(b["seed"]): b for b in finished_studies.found["baselines"] if b["name"] == "concatenation"}
    assert row(finished_studies.found, "concatenation")["validation"]["by_seed"] == {
        seed: network["validation"]["accuracy"] for seed, network in trained.items()
    }


def test_the_variant_that_is_best_on_validation_is_chosen(finished_studies: Finished) -> None:
    rows = [item for item in finished_studies.found["rows"] if item["kind"] == "variant"]
    best = max(rows, key=lambda item: item["validation"]["mean"])
    found = finished_studies.found["chosen"]
    assert found["name"] == best["name"]
    assert (found["validation"], found["test"]) == (best["validation"], best["values"]["accuracy"])


def test_intervals_of_accuracies_and_costs_lie_within_their_bounds(finished_studies: Finished) -> None:
    for item in finished_studies.found["rows"]:
        for metric, highest in (("accuracy", 1.0), ("parameters", math.inf), ("search_seconds", math.inf)):
            value = item["values"][metric]
            assert value["low"] is None or 0 <= value["low"] <= value["mean"] <= value["high"] <= highest


def test_two_variants_are_tested_seed_by_seed(finished_studies: Finished) -> None:
    a, b = (
        list(row(finished_studies.found, name)["values"]["confidence"]["by_seed"].values())
        for name in ("softmax", "grmc")
    )
    (test,) = (
        item
        for item in finished_studies.found["tests"]
        if (item["a"], item["b"], item["metric"]) == ("softmax", "grmc", "confidence")
    )
    assert test["p"] == pytest.approx(stats.ttest_rel(a, b).pvalue)
    assert test["p_holm"] == test["p"]  # the only pair of variants
    assert test["difference"] == pytest.approx(fmean(a) - fmean(b))


def test_every_variant_is_tested_against_every_baseline(finished_studies: Finished) -> None:
    names = [item["name"] for item in finished_studies.found["rows"] if item["kind"] == "baseline"]
    tested = {
        (item["a"], item["b"]) for item in finished_studies.found["tests"] if item["family"] == "baselines"
    }
    assert tested == {(variant, name) for variant in ("softmax", "grmc") for name in names}


def test_the_gap_is_that_of_the_searches(finished_studies: Finished) -> None:
    for entry in finished_studies.found["gap"]:
        trials = [trial for trial in finished_studies.found["trials"] if trial["variant"] == entry["variant"]]
        records = [
            Run.open(finished_studies.comparison / trial["folder"]).record["search"] for trial in trials
        ]
        supernet = [record["validation"]["accuracy"] for record in records]
        inherited = [record["inherited"]["accuracy"] for record in records]
        assert entry["supernet"]["mean"] == pytest.approx(fmean(supernet))
        assert entry["inherited"]["mean"] == pytest.approx(fmean(inherited))
        assert entry["drop"]["mean"] == pytest.approx(fmean(supernet) - fmean(inherited))
        assert entry["trained"]["mean"] == pytest.approx(
            fmean(trial["validation"]["trained"] for trial in trials)
        )


def test_entropies_are_there_for_every_group_and_epoch(finished_studies: Finished) -> None:
    for trial in finished_studies.found["trials"]:
        assert {len(line) for line in trial["entropy"].values()} == {2}
        assert set(trial["entropy"]) == {"alpha", "beta", "gamma"}


# -- the baselines ----------------------------------------------------------------------------------------


def test_baselines_are_trained_once_a_seed_and_not_for_every_variant(finished_studies: Finished) -> None:
    trained = sorted((item["seed"], item["name"]) for item in finished_studies.found["baselines"])
    names = ["concatenation", "left alone", "random 1", "random 2", "right alone"]
    assert trained == [(seed, name) for seed in (4, 5) for name in names]
    assert len(list(finished_studies.comparison.glob("baselines/*/*.json"))) == len(trained)
    tests = [
        Run.open(finished_studies.comparison / trial["folder"]).test or {}
        for trial in finished_studies.found["trials"]
    ]
    assert [test["baselines"] for test in tests] == [{}] * 4


def test_baselines_are_those_that_a_run_finds(home: Path, finished_studies: Finished) -> None:
    words = ["seed=5", "data_seed=4", "baselines.random=2", "baselines.task=true", "search.epochs=1"]
    assert main(["run", str(EXPERIMENT), *words, "--out", "alone"]) == 0
    expected = (Run.open(home / "alone").test or {})["baselines"]
    own = {item["name"]: item for item in finished_studies.found["baselines"] if item["seed"] == 5}
    assert set(own) == set(expected)
    for name, item in own.items():
        costs = {key: item[key] for key in ("parameters", "multiply_adds")}
        assert {**item["test"], **costs} == {key: expected[name][key] for key in (*item["test"], *costs)}


def test_rows_of_the_random_architectures_are_their_mean_and_the_choice_of_the_validation_split(
    finished_studies: Finished,
) -> None:
    means = row(finished_studies.found, "random, mean of 2")["values"]["accuracy"]["by_seed"]
    best = row(finished_studies.found, "random, best of 2 on validation")["values"]["accuracy"]["by_seed"]
    for seed in (4, 5):
        own = [b for b in finished_studies.found["baselines"] if b["seed"] == seed and b["kind"] == "random"]
        assert means[str(seed)] == pytest.approx(fmean(item["test"]["accuracy"] for item in own))
        chosen = max(own, key=lambda item: item["validation"]["accuracy"])
        assert best[str(seed)] == chosen["test"]["accuracy"]


def test_the_best_single_stream_is_named(finished_studies: Finished) -> None:
    found = row(finished_studies.found, "best single stream")
    chosen = []
    for seed in (4, 5):
        own = [
            b
            for b in finished_studies.found["baselines"]
            if b["seed"] == seed and b["name"].endswith(" alone")
        ]
        best = max(own, key=lambda item: item["validation"]["accuracy"])
        chosen.append(best["name"])
        assert found["values"]["accuracy"]["by_seed"][str(seed)] == best["test"]["accuracy"]
    assert found["name"] == f"best single stream ({', '.join(dict.fromkeys(chosen))})"


# -- the table --------------------------------------------------------------------------------------------


def test_the_table_beside_it_is_found_and_percentiles_are_counted(finished_studies: Finished) -> None:
    table = load_table(finished_studies.table)
    (standing,) = finished_studies.found["tables"]
    assert standing["variants"] == [variant["name"] for variant in finished_studies.found["variants"]]
    assert standing["architectures"] == len(table)
    for trial in finished_studies.found["trials"]:
        values = {"validation": trial["validation"]["trained"], "test": trial["test"]["accuracy"]}
        for split, value in values.items():
            scores = [item[split]["accuracy"] for item in table.rows]
            below = sum(score < value for score in scores) + sum(score == value for score in scores) / 2
            assert standing["percentiles"][trial["name"]][split] == pytest.approx(100 * below / len(scores))


def test_the_supernet_ranks_architectures_by_what_they_score_with_its_weights(
    finished_studies: Finished,
) -> None:
    # in a space whose ports choose, the supernet under one-hot weights is the built network
    import torch

    from nasframe.pipeline import load_supernet
    from nasframe.space import Architecture

    table, expected = load_table(finished_studies.table), {}
    for trial in (item for item in finished_studies.found["trials"] if item["variant"] == "grmc"):
        run = Run.open(finished_studies.comparison / trial["folder"])
        experiment = nasframe.load_experiment(run)
        folders = {name: Path(path) for name, path in run.record["data"]["folders"].items()}
        split = experiment.task.data(folders).splits.validation
        batch = split.batch(torch.arange(len(split)))
        scores = []
        for item in table.rows:
            network = build(Architecture(run.architecture.space, item["assignment"])).eval()
            inherit(network, load_supernet(run).state_dict())
            with torch.no_grad():
                outputs = network(batch.inputs)
            scores.append(experiment.task.metrics(outputs, batch.targets)["accuracy"])
        rho = stats.spearmanr(scores, table.scores("validation")).statistic
        expected[str(trial["seed"])] = None if math.isnan(rho) else rho
    assert any(rho is not None for rho in expected.values())
    found = finished_studies.found["tables"][0]["correlation"]["grmc"]
    assert found["by_seed"] == pytest.approx(expected)
    assert found["over"] in ("seeds", "architectures")
    assert found["architectures"] == len(table)


def test_two_spaces_are_each_counted_in_their_own_table(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [*SMALL[4:-2], "--workers", "1"]
    for nodes, size in ((1, 2), (2, 3)):
        given = [f"space.nodes={nodes}", "--architectures", str(size), "--out", f"table-{nodes}"]
        assert main(["tabulate", str(EXPERIMENT), *words, *given]) == 0
    named = ["--table", "table-1", "--table", "table-2"]
    given = ["--vary", "space.nodes=1,2", "--seeds", "1", "--random", "0", "--out", "compared"]
    assert main(["compare", str(EXPERIMENT), *words, *given, *named]) == 0
    tables = read(home / "compared")["tables"]
    assert [(table["path"], table["variants"]) for table in tables] == [
        ("table-1", ["nodes=1"]),
        ("table-2", ["nodes=2"]),
    ]
    for table, size in zip(tables, (2, 3), strict=True):
        assert table["scores"]["test"] == load_table(table["path"]).scores("test")
        assert len(table["scores"]["test"]) == size
        assert list(table["percentiles"]) == [f"{table['variants'][0]},seed=4"]
    printed = capsys.readouterr().out
    assert "table of the space: table-2, 3 architectures" in printed

    def broken(*_: object) -> None:
        raise RunError("this supernet says nothing")

    for file in Path("compared/supernets").rglob("*.json"):
        file.unlink()
    monkeypatch.setattr("nasframe.studies.comparison.ranking_trial.load_supernet", broken)
    assert main(["compare", str(EXPERIMENT), *words, *given, *named]) == 1
    failed = read(home / "compared")["failed"]
    assert failed == {f"supernet of nodes={nodes},seed=4": "this supernet says nothing" for nodes in (1, 2)}


def test_a_table_that_is_named_and_does_not_fit_is_refused_with_the_difference(
    home: Path, finished_studies: Finished, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--relaxation", "softmax", *SMALL, "--table", str(finished_studies.table)]
    assert main(["compare", str(EXPERIMENT), *words, "space.nodes=2"]) == 2
    error = capsys.readouterr().err
    assert "space.options.nodes: 1 in the table, 2 here" in error
    assert "train.epochs: 2 in the table, 1 here" in error
    assert not (home / "compared").exists()


def test_a_table_that_is_not_there_is_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", str(EXPERIMENT), *SMALL, "--table", "nowhere"]) == 2
    assert "nowhere: is no table" in capsys.readouterr().err
    assert not (home / "compared").exists()


# -- the command ------------------------------------------------------------------------------------------


def test_the_tables_say_what_was_found_and_what_it_does_not_show(
    finished_studies: Finished, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    words = ["--relaxation", "softmax,grmc", "--seeds", "2", "--random", "2"]
    cache = f"cache={finished_studies.comparison.parent / 'cache'}"
    assert main(["compare", str(EXPERIMENT), cache, *words, "--out", str(finished_studies.comparison)]) == 0
    printed = capsys.readouterr()
    assert "8 of 8 trials: done already, skipped" in printed.err
    means = [Estimate.read(entry["values"]["accuracy"]) for entry in finished_studies.found["rows"]]
    assert any(mean.interval for mean in means)
    for mean in means:
        assert f"{mean.mean:.4f}" in printed.out
        assert mean.to_text() in printed.out
    for text in (
        "p, Holm",
        "inherited weights",
        "Percentile of each searched architecture",
        "best single stream",
    ):
        assert text in printed.out
    assert "4 of 4 searches did not converge" in printed.out
    assert all(sentence.split()[0] in printed.out for sentence in finished_studies.found["caveats"])
    assert (finished_studies.comparison / "report.html").is_file()


def test_what_is_done_is_kept_and_more_seeds_are_added(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["compare", str(EXPERIMENT), "--relaxation", "stgs", *SMALL]
    one = [word if word != "2" else "1" for word in words]
    assert main(one) == 0
    before = {file: file.stat().st_mtime_ns for file in (home / "compared").glob("*/*/*.json")}
    capsys.readouterr()
    assert main(words) == 0
    assert "3 of 6 trials: done already, skipped" in capsys.readouterr().err
    assert {file: file.stat().st_mtime_ns for file in before} == before
    assert [trial["seed"] for trial in read(home / "compared")["trials"]] == [4, 5]


def test_one_seed_gives_no_interval_and_the_tables_say_so(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [word if word != "2" else "1" for word in SMALL]
    assert main(["compare", str(EXPERIMENT), *words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == read(home / "compared")
    assert [variant["name"] for variant in found["variants"]] == ["grmc"]
    value = row(found, "grmc")["values"]["accuracy"]
    assert (value["low"], value["high"]) == (None, None)
    assert any(sentence.startswith("One seed") for sentence in found["caveats"])


def test_one_variant_that_fails_does_not_stop_the_others(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--vary", "weight_rate=1e-3,1e30", *SMALL]
    assert main(["compare", str(EXPERIMENT), *words]) == 1
    printed = capsys.readouterr().out
    found = read(home / "compared")
    assert [trial["status"] for trial in found["trials"]] == ["done", "done", "failed", "failed"]
    assert all("lower loop.weight_rate" in str(trial["error"]) for trial in found["trials"][2:])
    assert row(found, "weight_rate=1e+30")["values"]["accuracy"]["mean"] is None
    assert row(found, "weight_rate=0.001")["values"]["accuracy"]["mean"] is not None
    assert "weight_rate=1e+30,seed=4 failed" in printed
    assert "lower loop.weight_rate" in (home / "compared" / "report.html").read_text(encoding="utf-8")


def test_variants_of_the_space_have_random_architectures_of_their_own_and_share_the_tasks_networks(
    home: Path,
) -> None:
    words = ["--vary", "space.ports=shared,choose", "--relaxation", "softmax", *SMALL]
    assert main(["compare", str(EXPERIMENT), *words]) == 0
    found = read(home / "compared")
    assert [variant["name"] for variant in found["variants"]] == [
        "softmax,ports=shared",
        "softmax,ports=choose",
    ]
    names = [item["name"] for item in found["rows"] if item["kind"] == "baseline"]
    assert names[:4] == [
        f"random, {what} [ports={ports}]"
        for ports in ("shared", "choose")
        for what in ("mean of 1", "best of 1 on validation")
    ]
    assert names.count("concatenation") == 1
    against = {(item["a"], item["b"]) for item in found["tests"] if item["family"] == "baselines"}
    assert ("softmax,ports=shared", "random, mean of 1 [ports=choose]") not in against


def test_a_number_of_random_architectures_among_the_overrides_is_told_as_unused(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--relaxation", "softmax", "baselines.random=9"]
    assert main(["compare", str(EXPERIMENT), *words, *SMALL]) == 0
    assert "as many random architectures as --random, in Python random=, says: 1" in capsys.readouterr().err


def test_a_section_of_baselines_that_is_no_table_is_refused_in_words(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", str(EXPERIMENT), "--relaxation", "softmax", "baselines=3", *SMALL]) == 2
    assert "baselines: expected a table [baselines], found 3" in capsys.readouterr().err


def test_an_option_given_for_all_holds_where_the_variant_has_it(home: Path) -> None:
    words = ["--relaxation", "softmax,grmc", "relaxation.samples=3", *SMALL]
    assert main(["compare", str(EXPERIMENT), *words]) == 0
    sections = [
        experiment_of(folder)["relaxation"] for folder in sorted((home / "compared/trials").iterdir())
    ]
    assert [section.get("samples") for section in sections] == [3, 3, None, None]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--vary", "space.prts=shared,choose"], "did you mean 'space.ports'"),
        (["--relaxation", "softmax,grcm"], "did you mean 'grmc'"),
        (["--vary", "seed=1,2"], "seed: cannot be compared: --seeds says how many are used"),
        (["--vary", "baselines.random=1,2"], "--random says how many"),
        (["relaxation.smples=3"], "did you mean 'samples'"),
        (["--vary", "space.ports=shared,choose", "space.ports=shared"], "given as 'shared' too"),
        (["--vary", "search.epochs=1,-1"], "search.epochs: must be >= 1, found -1"),
        (["--seeds", "0"], "expected 1 or more, found 0"),
        (["--workers", "0"], "expected 1 or more, found 0"),
    ],
)
def test_what_is_wrong_is_said_before_any_search(
    words: list[str], problem: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", str(EXPERIMENT), *words]) == 2
    assert problem in capsys.readouterr().err
    assert list(home.iterdir()) == []


def test_runs_of_other_options_in_the_folder_are_refused_before_any_search(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [word if word != "2" else "1" for word in SMALL]
    assert main(["compare", str(EXPERIMENT), "--relaxation", "grmc", *words]) == 0
    capsys.readouterr()
    assert main(["compare", str(EXPERIMENT), "--relaxation", "stgs,grmc", "samples=3", *words]) == 2
    assert "samples: unknown key" in capsys.readouterr().err
    assert (
        main(["compare", str(EXPERIMENT), "--relaxation", "stgs,grmc", "relaxation.samples=3", *words]) == 2
    )
    assert "relaxation.samples: there 4, now 3" in capsys.readouterr().err
    assert not list((home / "compared/trials").glob("stgs*"))
    assert main(["compare", str(EXPERIMENT), "--relaxation", "grmc", *words, "train.batch_size=8"]) == 2
    assert "train.batch_size: there 16, now 8" in capsys.readouterr().err
    assert (
        main(
            ["compare", str(EXPERIMENT), "--relaxation", "stgs", "train.batch_size=8", *words, "--overwrite"]
        )
        == 0
    )
    assert [folder.name for folder in (home / "compared/trials").iterdir()] == ["stgs,seed=4"]


def test_python_compares_too(home: Path) -> None:
    experiment = nasframe.Experiment.load(EXPERIMENT, ["search.epochs=1", "train.epochs=1"])
    found = nasframe.compare(experiment, "compared", relaxations=["stgs"], seeds=1, random=0)
    assert found == read(home / "compared")
    assert found["rows"][0]["name"] == "stgs"
    with pytest.raises(RunError, match="holds a comparison, not a table"):
        nasframe.tabulate(experiment, "compared", architectures=1)


def test_processes_side_by_side_find_the_same(home: Path, finished_studies: Finished) -> None:
    again = nasframe.compare(EXPERIMENT, "again", relaxations=["softmax"], seeds=1, random=2, workers=2)
    (trial,) = again["trials"]
    (known,) = (item for item in finished_studies.found["trials"] if item["name"] == trial["name"])
    assert trial["test"] == known["test"]
    assert trial["entropy"] == known["entropy"]
    expected = {
        item["name"]: item["test"] for item in finished_studies.found["baselines"] if item["seed"] == 4
    }
    assert {item["name"]: item["test"] for item in again["baselines"]} == expected


@pytest.mark.parametrize(
    "words",
    [
        ["relaxation.name=stgs", "--vary", "hard=true,false"],
        ["--relaxation", "stgs", "--vary", "hard=true,false"],
    ],
)
def test_an_option_of_a_plugin_that_an_override_or_another_axis_names_can_be_varied(
    words: list[str], home: Path
) -> None:
    assert main(["compare", str(EXPERIMENT), *words, *SMALL]) == 0
    found = read(home / "compared")
    assert [variant["point"]["relaxation.hard"] for variant in found["variants"]] == [True, False]
