"""`nasframe sweep`: a grid over options, by the command and from Python."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

import nasframe
from nasframe.cli import main
from nasframe.errors import ConfigurationError, RunError
from tests.toys import SUMS as EXPERIMENT

OUT = Path("out")
CACHE = "cache=cache"


def sweep(*words: str, out: Path = OUT) -> int:
    return main(["sweep", str(EXPERIMENT), CACHE, "--out", str(out), "--workers", "1", *words])


def result(out: Path = OUT) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "sweep.json").read_text(encoding="utf-8"))
    return found


def network(run: Path) -> bytes:
    """The parameters that a run ended with."""
    (file,) = (run / "checkpoints").glob("network-*.safetensors")
    return file.read_bytes()


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory, toy_sums: None) -> Path:
    """Two axes, two seeds, two workers. Tests read it and leave it as it is."""
    out = tmp_path_factory.mktemp("swept") / "out"
    assert again(out) == 0
    return out


GRID = ("temperature=0.1,0.5", "samples=1,4", "--seeds", "2")


def again(swept: Path, *more: str, grid: tuple[str, ...] = GRID) -> int:
    """The command that made it."""
    words = [*grid, *more, f"cache={swept.parent / 'cache'}", "--workers", "2", "--out", str(swept)]
    return main(["sweep", str(EXPERIMENT), *words])


def test_a_sweep_of_two_axes_has_a_run_for_every_point_and_seed(swept: Path) -> None:
    found = result(swept)
    assert [axis["key"] for axis in found["axes"]] == ["relaxation.temperature", "relaxation.samples"]
    assert found["seeds"] == [1, 2]
    assert len(found["trials"]) == 8
    for trial in found["trials"]:
        run = nasframe.load_run(swept / trial["folder"])
        experiment = nasframe.load_experiment(run)
        assert trial["status"] == "done"
        assert experiment.relaxation.temperature == trial["point"]["relaxation.temperature"]
        assert experiment.relaxation.samples == trial["point"]["relaxation.samples"]
        assert (experiment.seed, experiment.stage_seed) == (trial["seed"], 1)
        assert run.test is not None
        assert trial["test"]["accuracy"] == run.test["accuracy"]


def test_a_sweep_has_a_row_for_every_point_with_both_splits(swept: Path) -> None:
    found = result(swept)
    assert [row["name"] for row in found["rows"]] == [
        f"temperature={temperature},samples={samples}" for temperature in (0.1, 0.5) for samples in (1, 4)
    ]
    for row in found["rows"]:
        trials = [trial for trial in found["trials"] if trial["variant"] == row["name"]]
        assert (row["kind"], row["point"]) == ("point", trials[0]["point"])
        assert row["values"]["accuracy"]["by_seed"] == {
            str(trial["seed"]): trial["test"]["accuracy"] for trial in trials
        }
        assert row["validation"]["by_seed"] == {
            str(trial["seed"]): trial["validation"]["trained"] for trial in trials
        }
    best = max(found["rows"], key=lambda row: row["validation"]["mean"])
    equal = [row for row in found["rows"] if row["validation"]["mean"] == best["validation"]["mean"]]
    assert found["chosen"] == {
        "name": best["name"],
        "validation": best["validation"],
        "test": best["values"]["accuracy"],
        "among": 4,
        "equal": [row["name"] for row in equal if row is not best],
        "left_out": [],
    }
    assert any(sentence.startswith("2 seeds are too few") for sentence in found["caveats"])


def test_an_axis_is_recorded_with_the_short_name_that_its_rows_have(swept: Path) -> None:
    assert [axis["title"] for axis in result(swept)["axes"]] == ["temperature", "samples"]


def test_a_seed_beside_other_axes_repeats_each_point_and_is_not_chosen(home: Path) -> None:
    assert sweep("relaxation=softmax,grmc", "seed=1,3", "search.epochs=1") == 0
    found = result()
    assert [(axis["key"], axis["title"]) for axis in found["axes"]] == [("relaxation.name", "relaxation")]
    assert found["seeds"] == [1, 3]
    assert [trial["name"] for trial in found["trials"]] == [
        f"relaxation={name},seed={seed}" for name in ("softmax", "grmc") for seed in (1, 3)
    ]
    assert [list(row["validation"]["by_seed"]) for row in found["rows"]] == [["1", "3"]] * 2
    assert found["chosen"]["name"] in ("relaxation=softmax", "relaxation=grmc")
    assert any(sentence.startswith("2 seeds are too few") for sentence in found["caveats"])


def test_where_only_the_seed_varies_none_is_chosen(home: Path) -> None:
    assert sweep("seed=1,2", "search.epochs=1") == 0
    found = result()
    assert found["chosen"] is None
    assert [row["name"] for row in found["rows"]] == ["seed=1", "seed=2"]
    (caveat,) = found["caveats"]
    assert caveat.startswith("Only the seed varies")


def test_a_single_word_is_no_list_of_letters(home: Path) -> None:
    found = nasframe.sweep(EXPERIMENT, "samples=4", "search.epochs=1")
    assert [trial["name"] for trial in found["trials"]] == ["samples=4,seed=1"]


def test_an_experiment_made_in_python_is_swept_as_its_file_is(swept: Path, home: Path) -> None:
    experiment = nasframe.Experiment.load(EXPERIMENT, [CACHE])
    found = nasframe.sweep(experiment, ["samples=4"], ["relaxation.temperature=0.1"], out="mine")
    (other,) = [
        trial
        for trial in result(swept)["trials"]
        if (trial["variant"], trial["seed"]) == ("temperature=0.1,samples=4", 1)
    ]
    assert found["trials"][0]["test"] == other["test"]
    assert found["title"] == "mine: relaxation.samples"


def test_all_trials_share_data_that_was_made_once_before_they_began(swept: Path) -> None:
    (made,) = (swept.parent / "cache" / "made.txt").read_text(encoding="utf-8").splitlines()
    assert made.endswith(" 1")
    prints = {
        nasframe.load_run(swept / trial["folder"]).record["data"]["fingerprint"]
        for trial in result(swept)["trials"]
    }
    assert prints == {result(swept)["data"]}


def test_a_sweep_has_a_page(swept: Path) -> None:
    assert "temperature" in (swept / "report.html").read_text(encoding="utf-8")


def test_one_process_finds_the_same_as_two(swept: Path, home: Path) -> None:
    assert sweep("temperature=0.1,0.5", "relaxation.samples=4") == 0
    for trial in result()["trials"]:
        (other,) = [
            one
            for one in result(swept)["trials"]
            if (one["point"], one["seed"]) == ({**trial["point"], "relaxation.samples": 4}, 1)
        ]
        assert network(OUT / trial["folder"]) == network(swept / other["folder"])
        assert trial["test"] == other["test"]


def test_two_axes_are_printed_as_grids_of_means(swept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    again(swept)
    lines = capsys.readouterr().out.splitlines()
    assert "mean of 2 seeds" in lines
    for title in ("accuracy on the test split", "parameters"):
        heads, *rows = lines[lines.index(title) + 1 :][:3]
        assert heads.split() == ["temperature", "\\", "samples", "1", "4"]
        assert [row.split()[0] for row in rows] == ["0.1", "0.5"]
    shown = lines[lines.index("accuracy on the test split") + 2].split()[1]
    assert shown == mean(result(swept), "temperature=0.1,samples=1")


def mean(found: dict[str, Any], variant: str) -> str:
    """The accuracy of a point over its seeds, as it is printed."""
    scores = [trial["test"]["accuracy"] for trial in found["trials"] if trial["variant"] == variant]
    assert len(scores) == 2
    return f"{sum(scores) / 2:.4f}"


def test_json_is_the_content_of_the_file(swept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert again(swept, "--json") == 0
    assert json.loads(capsys.readouterr().out) == result(swept)


def test_the_same_command_skips_what_is_done(swept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {file: file.stat().st_mtime_ns for file in swept.glob("trials/*/run.json")}
    first = result(swept)
    assert again(swept) == 0
    assert "8 of 8 trials: done already, skipped" in capsys.readouterr().err
    assert {file: file.stat().st_mtime_ns for file in swept.glob("trials/*/run.json")} == before
    assert result(swept) == first


def test_more_seeds_and_values_are_added_and_one_axis_is_printed_as_a_list(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep("samples=4,10")
    capsys.readouterr()
    assert sweep("samples=1,4", "--seeds", "2") == 0
    printed = capsys.readouterr()
    assert "1 of 4 trials: done already, skipped" in printed.err
    lines = printed.out.splitlines()
    start = lines.index("mean of 2 seeds") + 2
    assert lines[start + 1].split() == [
        *("point", "accuracy,", "validation", "accuracy,", "test", "parameters"),
        *("multiply-adds", "search", "total", "cost", "cost", "in", "trainings", "seeds", "done"),
    ]
    words = lines[start + 2].replace(">", " ").split()  # which marks the point that validation chose
    assert (words[0], words[-3:]) == ("samples=1", ["2", "of", "2"])
    shown = [word for word in words[1:] if word[0] not in "([" and word[-1] not in ")]"]
    (row,) = (row for row in result()["rows"] if row["name"] == "samples=1")
    assert shown[:2] == [f"{row['validation']['mean']:.4f}", mean(result(), "samples=1")]


@pytest.mark.parametrize(
    ("grid", "more", "difference"),
    [
        (GRID, ["search.epochs=1"], "search.epochs: there 2, now 1"),
        (GRID, ["--seed", "9"], "seed: there 1, now 9"),
        (
            ("temperature=0.1,0.5",),
            [],
            'axes: there ["relaxation.samples", "relaxation.temperature"], now ["relaxation.temperature"]',
        ),
    ],
)
def test_a_sweep_of_another_experiment_is_refused_with_the_difference(
    grid: tuple[str, ...],
    more: list[str],
    difference: str,
    swept: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = {file: file.stat().st_mtime_ns for file in swept.rglob("*")}
    assert again(swept, *more, grid=grid) == 2
    message = capsys.readouterr().err
    assert f"{swept}: holds a sweep of another experiment:" in message
    assert difference in message
    assert "--overwrite" in message
    assert {file: file.stat().st_mtime_ns for file in swept.rglob("*")} == before


def test_overwrite_replaces_a_sweep_and_nothing_else(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sweep("trouble=bug,full")
    (OUT / "notes.txt").write_text("mine", encoding="utf-8")
    assert sweep("samples=4,10", "--overwrite") == 2
    assert "holds notes.txt, which no study writes; nothing was removed" in capsys.readouterr().err
    (OUT / "notes.txt").unlink()
    assert sweep("samples=4,10", "search.epochs=1", "--overwrite") == 0
    assert sorted(item.name for item in (OUT / "trials").iterdir()) == [
        "samples=10,seed=1",
        "samples=4,seed=1",
    ]


@pytest.mark.parametrize("holds", ["run.json", "notes.txt"])
@pytest.mark.parametrize("more", [[], ["--overwrite"]])
def test_a_folder_that_is_no_study_is_left_alone(
    holds: str, more: list[str], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    OUT.mkdir()
    (OUT / holds).write_text("{}", encoding="utf-8")
    assert sweep("samples=1,4", *more) == 2
    assert f"{OUT}: is there already and is no study folder (it holds {holds})" in capsys.readouterr().err
    assert [item.name for item in OUT.iterdir()] == [holds]


def test_a_trial_that_fails_is_in_the_result_with_its_message(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sweep("trouble=none,bug") == 1
    done, failed = result()["trials"]
    assert (done["status"], done["error"]) == ("done", None)
    assert failed["status"] == "failed"
    assert failed["error"].startswith("IndexError: no such sum (")
    assert failed["test"] is None
    assert "nasframe: trouble=bug,seed=1: failed: IndexError: no such sum" in capsys.readouterr().err
    assert "no such sum" in (OUT / "report.html").read_text(encoding="utf-8")


def test_a_full_disk_is_said_and_what_is_done_is_kept(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sweep("trouble=none,bug")
    assert sweep("trouble=none,full") == 2
    message = capsys.readouterr().err
    assert "trials/trouble=full,seed=1: the disk is full" in message
    assert nasframe.load_run(OUT / "trials" / "trouble=none,seed=1").test is not None


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["temprature=1,2"], "temprature: there is no such option; did you mean 'temperature'"),
        (["samples=4,0"], "found 0"),
        (["relaxation=softmax,sofmax"], "did you mean 'softmax'"),
        (["samples=1,4", "relaxation.samples=5"], "relaxation.samples: is an axis, and is set to one value"),
        (["seed=1,2", "--seeds", "2"], "--seeds: seed is an axis"),
        (["samples=1,4", "--seeds", "0"], "--seeds: expected 1 or more, found 0"),
        (["samples=1,4", "--workers", "0"], "--workers: expected 1 or more, found 0"),
        (["samples=1,4", "--data", "nowhere"], "--data nowhere: no such file or folder"),
        (["search.epochs=1"], "a sweep needs an axis, for example temperature=0.1,0.5"),
        (["samples=1,4", "serch.epochs=1"], "serch: unknown section; did you mean 'search'"),
    ],
)
def test_a_mistake_is_said_before_anything_is_made(
    words: list[str], problem: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sweep", str(EXPERIMENT), *words]) == 2
    assert problem in capsys.readouterr().err
    assert list(home.iterdir()) == []


def test_baselines_are_trained_only_where_they_are_asked_for(home: Path) -> None:
    experiment = home / "with.toml"
    text = EXPERIMENT.read_text(encoding="utf-8") + "\n[baselines]\nrandom = 1\n"
    experiment.write_text(text, encoding="utf-8")
    counts = {}
    for name, overrides in (("off", []), ("on", ["baselines.random=1"])):
        made = nasframe.sweep(experiment, ["samples=4"], [CACHE, *overrides], out=name)
        test = nasframe.load_run(Path(name) / made["trials"][0]["folder"]).test
        assert test is not None
        counts[name] = len(test["baselines"])
    assert counts == {"off": 0, "on": 1}


def test_from_python_a_sweep_returns_what_it_writes_and_raises_its_errors(home: Path) -> None:
    assert nasframe.sweep(EXPERIMENT, ["samples=1,4"], [CACHE]) == result(Path("runs/sums-sweep"))
    with pytest.raises(ConfigurationError, match="--workers: expected 1 or more, found 0"):
        nasframe.sweep(EXPERIMENT, ["samples=1,4"], workers=0)
    with pytest.raises(ConfigurationError, match="is an option of several sections"):
        nasframe.sweep(EXPERIMENT, ["epochs=1,2"])
    with pytest.raises(RunError, match="holds a sweep of another experiment"):
        nasframe.sweep(EXPERIMENT, ["samples=1,4"], [CACHE, "train.epochs=2"])


def test_an_override_holds_at_every_point_whose_plugin_has_the_option(home: Path) -> None:
    words = [
        "loop.name=random,evolution,one_shot",
        "loop.trials=3",
        "loop.population=2",
        "loop.sample=1",
        "loop.weight_rate=0.01",
    ]
    small = [
        "search.epochs=1",
        "search.candidates=2",
        "search.finalists=1",
        "train.epochs=1",
        "--workers",
        "1",
    ]
    assert main(["sweep", str(EXPERIMENT), *words, *small, "--out", "loops"]) == 0
    made = {trial["name"]: trial for trial in json.loads((home / "loops/sweep.json").read_text())["trials"]}
    loops = {
        name: tomllib.loads((home / "loops" / trial["folder"] / "experiment.toml").read_text())["loop"]
        for name, trial in made.items()
    }
    assert {loop["name"]: (loop.get("trials"), loop.get("population")) for loop in loops.values()} == {
        "random": (3, None),
        "evolution": (3, 2),
        "one_shot": (None, None),
    }
    (one_shot,) = [loop for loop in loops.values() if loop["name"] == "one_shot"]
    assert one_shot["weight_rate"] == 0.01


def test_an_override_that_no_point_has_is_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", str(EXPERIMENT), "loop.name=random,evolution", "loop.weight_rate=0.01"]) == 2
    assert capsys.readouterr().err.count("loop.weight_rate: unknown key") == 1
    assert not (home / "runs").exists()
