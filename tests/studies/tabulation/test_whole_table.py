"""`nasframe tabulate --all --seeds --vary`: every network of a space, with several trainings each."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import stats

import nasframe
from nasframe import Architecture, Decisions, hookimpl, load_table
from nasframe.cli import main
from nasframe.pipeline import prepare, train_alone
from nasframe.plugins import manager
from nasframe.runtime import SILENT
from nasframe.space import network_key
from nasframe.studies.tabulation import projected_hours
from nasframe.tables import TABLE_FILE, TabularBenchmark
from tests.toys import PAIRS, SUMS

SMALL = ['space.operations=["zero", "sum"]', "train.epochs=2"]
ALL = ["tabulate", str(PAIRS), *SMALL, "--all", "--workers", "1", "--out", "whole"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, toy_pairs: None) -> Path:
    """A table of a whole space, with two seeds at two points; tests read it and leave it as it is."""
    folder = tmp_path_factory.mktemp("whole")
    words = [f"cache={folder / 'cache'}", "--seeds", "2", "--vary", "task.examples=60,80"]
    assert main([*ALL[:-1], str(folder / "whole"), *words]) == 0
    return folder / "whole"


def read(folder: Path) -> TabularBenchmark:
    return load_table(folder)


def test_every_network_of_the_space_is_one_entry(whole: Path) -> None:
    table = read(whole)
    space = table.space()
    keys = [network_key(Architecture(space, assignment)) for assignment in space.enumerate()]
    assert list(table.entries) == list(dict.fromkeys(keys))
    assert table.record["networks"] == len(table) < len(keys) == table.record["space_size"]
    assert [table.listed[place].key for place in table.record["of_architectures"]] == keys
    assert all(table.find(assignment) is not None for assignment in space.enumerate())


def test_a_listing_of_another_space_is_not_used(whole: Path, home: Path) -> None:
    from nasframe.runtime import read_compressed_json
    from nasframe.tables import write_document

    document = read_compressed_json(whole / TABLE_FILE)
    document["of_architectures"].reverse()
    (home / "other").mkdir()
    write_document(home / "other" / TABLE_FILE, document, document["entries"])
    found, table = load_table(home / "other"), read(whole)
    for assignment in table.space().enumerate():
        entry, expected = found.find(assignment), table.find(assignment)
        assert entry is not None
        assert expected is not None
        assert entry.key == expected.key


def test_every_training_has_its_seed_its_point_and_its_data(whole: Path) -> None:
    table = read(whole)
    assert [(item.seed, dict(item.point)) for item in table.trainings] == [
        (4, {"task.examples": 60}),
        (5, {"task.examples": 60}),
        (4, {"task.examples": 80}),
        (5, {"task.examples": 80}),
    ]
    first, second, third, fourth = (item.data for item in table.trainings)
    assert first == second != third == fourth
    assert table.curves("test").shape == (len(table), 4, 2)
    assert not np.isnan(table.curves("validation", "loss")).any()
    assert "trained once" not in " ".join(table.record["caveats"])


def test_curves_are_those_of_each_epoch_and_change_no_training(whole: Path, home: Path) -> None:
    table = read(whole)
    experiment = table.recipe.experiment(table.trainings[1].point, 5)
    prepared = prepare(experiment, None, None, SILENT, cache=home / "cache")
    entry = table.listed[-1]
    architecture = Architecture(table.space(), entry.assignment)
    plain = train_alone(architecture, "a", experiment, prepared, SILENT)
    curved = train_alone(architecture, "a", experiment, prepared, SILENT, curves=True)
    curves = curved.pop("curves")
    assert {**plain, "seconds": 0} == {**curved, "seconds": 0}
    best = plain["best_epoch"] - 1
    for split in ("validation", "test"):
        assert {name: curve[best] for name, curve in curves[split].items()} == {
            name: value for name, value in plain[split].items() if name in curves[split]
        }
        for name, curve in curves[split].items():
            known = [np.nan if value is None else value for value in curve]
            np.testing.assert_allclose(entry.curves(split)[name][1], known, rtol=1e-4)


def test_the_best_epoch_is_the_one_that_the_training_chose(whole: Path) -> None:
    table = read(whole)
    for entry in table.listed:
        for training in range(4):
            accuracy, loss = (entry.validation[name][training] for name in ("accuracy", "loss"))
            first = min(range(2), key=lambda epoch: (-accuracy[epoch], loss[epoch], epoch))
            assert table.best_epoch(entry, training) == first + 1


def test_a_killed_table_goes_on_and_more_seeds_are_added(
    whole: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*ALL, "--seeds", "1"]
    assert main(words) == 0
    first = {file.name: file.stat().st_mtime_ns for file in Path("whole/architectures").iterdir()}
    (home / "whole" / TABLE_FILE).unlink()
    lost = sorted(first)[0]
    (home / "whole" / "architectures" / lost).unlink()
    assert main([*ALL, "--seeds", "2"]) == 0
    after = {file.name: file.stat().st_mtime_ns for file in Path("whole/architectures").iterdir()}
    assert {name for name in first if after[name] != first[name]} == {lost}
    table = load_table("whole")
    assert [item.seed for item in table.trainings] == [4, 5]
    assert not any(entry.missing for entry in table.listed)


def test_fewer_seeds_or_points_keep_the_trainings_that_are_there_and_say_so(
    whole: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(whole, "whole")
    cache = f"cache={whole.parent / 'cache'}"
    before = load_table("whole")
    assert main([*ALL, cache, "--seeds", "1", "--vary", "task.examples=80"]) == 0
    said = capsys.readouterr()
    assert "4 trainings of each network were asked for before, and are kept" in said.out + said.err
    after = load_table("whole")
    assert after.trainings == before.trainings
    np.testing.assert_array_equal(after.curves("test"), before.curves("test"))


def test_a_result_without_curves_whose_network_cannot_be_trained_again_is_missing(home: Path) -> None:
    words = ['space.operations=["zero", "sum", "fragile"]', "space.ports=shared", "train.epochs=1", "--all"]
    words = ["tabulate", str(PAIRS), *words, "--workers", "1", "--out", "partly"]
    assert main(words) == 1
    table = load_table("partly")
    (old, *_) = sorted(Path("partly/architectures").iterdir())
    result = {key: value for key, value in json.loads(old.read_text()).items() if key != "curves"}
    for assignment in table.space().enumerate():
        if "fragile" in assignment.values():
            print_ = Architecture(table.space(), assignment).fingerprint[:16]
            Path(f"partly/architectures/{print_}.json").write_text(json.dumps(result))
    assert main(words) == 1
    assert load_table("partly").entries.keys() == table.entries.keys()


def test_a_large_space_is_counted_its_hours_are_projected_and_yes_is_asked_for(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projected_hours, "_ASK", 0.0)
    assert main([*ALL, "--seeds", "2"]) == 2
    error = capsys.readouterr().err
    assert re.search(r"the space has (\d+) architectures, (\d+) different networks; at \d", error)
    assert "s for the first training, 2 each, 1 at a time (--workers), they take about 0.0 hours" in error
    assert "say --yes to train them, or --architectures N for a sample" in error
    assert len(list(Path("whole/architectures").iterdir())) == 1
    assert main(["resume", "whole"]) == 2
    assert "give its `nasframe tabulate` again with `--yes` to train them" in capsys.readouterr().err
    assert main([*ALL, "--seeds", "2", "--yes"]) == 0
    assert len(load_table("whole").trainings) == 2


def test_a_space_that_nobody_can_exhaust_says_its_size_and_trains_nothing(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["space.nodes=4", "space.cells=4", "train.epochs=1", "--all", "--yes", "--workers", "1"]
    assert main(["tabulate", str(PAIRS), *words, "--out", "huge"]) == 2
    error = capsys.readouterr().err
    assert re.search(r"huge: the space has [\d,.e+]+ architectures; --all takes 100,000 at most", error)
    assert "Say --architectures N for a sample" in error
    assert "trials" not in error
    assert not Path("huge").exists()


def test_a_space_of_which_only_an_estimate_is_known_is_refused_with_it_and_a_sample_of_it_is_a_table(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Decisions, "work", 5)
    words = ["space.ports=shared", "train.epochs=1", "--workers", "1"]
    assert main(["tabulate", str(PAIRS), *words, "--all", "--yes", "--out", "unknown"]) == 2
    error = capsys.readouterr().err
    assert re.search(r"unknown: the space has (about|at least) [\d,.e+]+ architectures; --all takes", error)
    assert main(["tabulate", str(PAIRS), *words, "--architectures", "2", "--out", "sample"]) == 0
    assert "2 networks, of the architectures of the space, each trained" in capsys.readouterr().out
    assert load_table("sample").record["space_size"] is None
    assert main(["tables", "sample"]) == 0


def test_the_size_is_said_before_any_training_and_the_first_one_is_told_once(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["space.nodes=1", "space.ports=choose", 'space.operations=["sum"]', "train.epochs=1"]
    assert main(["tabulate", str(PAIRS), *words, *ALL[-5:]]) == 0
    lines = capsys.readouterr().err.splitlines()
    size = next(place for place, line in enumerate(lines) if "tabulate: the space has " in line)
    trained = [place for place, line in enumerate(lines) if re.match(r"architecture \d+: done in", line)]
    assert size < min(trained)
    assert len(trained) == len(load_table("whole"))
    assert "done already" not in "".join(lines)


def test_options_that_no_table_can_vary_are_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["tabulate", str(PAIRS), "--architectures", "1", "--out", "none"]
    assert main([*words, "--vary", "space.nodes=1,2"]) == 2
    assert (
        "--vary space.nodes: expected data_seed, or an option of [task] or [train]" in capsys.readouterr().err
    )
    assert main([*words, "--vary", "task.exampels=1,2"]) == 2
    assert "did you mean 'task.examples'" in capsys.readouterr().err
    assert main([*words, "--all"]) == 2
    assert "--architectures and --all: are two answers" in capsys.readouterr().err
    assert main([*words, "--yes"]) == 2
    assert "--yes: is an answer to --all" in capsys.readouterr().err
    assert main([*words, "--seeds", "0"]) == 2
    assert "--seeds: expected 1 or more, found 0" in capsys.readouterr().err
    assert not Path("none").exists()


def test_a_training_that_fails_is_told_and_kept_out(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ['space.operations=["zero", "sum", "fragile"]', "space.ports=shared", "train.epochs=1", "--all"]
    assert main(["tabulate", str(PAIRS), *words, "--workers", "1", "--out", "partly"]) == 1
    assert "too fragile to be trained" in capsys.readouterr().out
    table = load_table("partly")
    assert all("fragile" not in entry.assignment.values() for entry in table.listed)
    assert "of_architectures" not in table.record


def test_two_workers_make_the_same_table(whole: Path, home: Path, toy_sums: None) -> None:
    def made(workers: int) -> list[dict[str, Any]]:
        found = nasframe.tabulate(
            SUMS, f"by-{workers}", overrides=["train.epochs=1"], architectures=3, seeds=2, workers=workers
        )
        return [{**row, "seconds": 0} for row in found.rows]

    assert made(1) == made(2)


def test_the_page_and_the_command_show_the_facts(
    whole: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(whole, "shown")
    assert main(["tables", "shown"]) == 0
    printed = capsys.readouterr().out
    assert "noise of one training" in printed
    assert "share that cannot be told from the best" in printed
    assert main(["tables", "shown", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["trainings"] == 4
    assert main(["report", "shown"]) == 0
    html = Path("shown/report.html").read_text(encoding="utf-8")
    assert "different architectures, each trained from scratch" in html
    assert "Random search" in html


def test_a_comparison_takes_a_table_of_several_trainings_by_its_registered_name(home: Path) -> None:
    alone = ["--workers", "1", "--seeds"]
    assert main(["tabulate", str(PAIRS), "--architectures", "3", *alone, "2", "--out", "t"]) == 0
    targets = {"pairs-truth": home / "t" / TABLE_FILE}
    manager().register(SimpleNamespace(register_tables=hookimpl(lambda: targets)), "with_truth")
    try:
        words = ["--relaxation", "softmax", "--random", "0", "search.epochs=1", *alone, "1"]
        assert main(["compare", str(PAIRS), *words, "--table", "pairs-truth", "--out", "compared"]) == 0
    finally:
        manager().unregister("with_truth")
    found = json.loads(Path("compared/comparison.json").read_text(encoding="utf-8"))
    (standing,) = found["tables"]
    table = load_table("t")
    assert standing["scores"]["test"] == table.scores("test")
    assert table.scores("test") == pytest.approx(table.final("test").mean(axis=1))
    (trial,) = found["trials"]
    score = trial["test"]["accuracy"]
    assert standing["percentiles"][trial["name"]]["test"] == pytest.approx(
        stats.percentileofscore(table.scores("test"), score, kind="mean")
    )
    assert standing["correlation"]["softmax"]["architectures"] == 3
