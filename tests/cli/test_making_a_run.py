"""`run`, `search`, `train` and `demo`, on a real and very small experiment."""

from __future__ import annotations

import json
import shlex
import signal
import time
import tomllib
from pathlib import Path

import pytest

from nasframe.cli import main
from nasframe.runtime import default_cache
from tests.conftest import Forked
from tests.toys import STREAMS as EXPERIMENT

RUN_FILES = (
    "experiment.toml",
    "metrics.jsonl",
    "architecture.json",
    "architecture.svg",
    "report.html",
    "test.json",
)


def metrics(run: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]


def resolved(run: Path) -> dict[str, dict[str, object]]:
    return tomllib.loads((run / "experiment.toml").read_text(encoding="utf-8"))


def test_run_leaves_everything_in_its_folder(finished_run: Path) -> None:
    for name in RUN_FILES:
        assert (finished_run / name).stat().st_size > 0, name


def test_run_ends_with_the_metrics_and_where_things_lie(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(EXPERIMENT)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines[-3:]] == [
        ["picture", "runs/streams/architecture.svg"],
        ["report", "runs/streams/report.html"],
        ["numbers", "runs/streams/test.json"],
    ]
    assert any(line.split()[:1] == ["accuracy"] for line in lines)


def test_the_last_screen_shows_the_network_beside_its_baselines_its_search_its_costs_and_the_time(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # with two inputs and one node, different sources would be no choice
    assert main(["run", str(EXPERIMENT), "space.ports=choose", "baselines.random=2"]) == 0
    out = capsys.readouterr().out
    network, table, entropies, validations, parts, *rest = out.strip().split("\n\n")
    costs, time, unmoved, files = rest
    assert "head" in network
    assert table.splitlines()[0] == "accuracy on the test split"
    heads, searched, mean, best = (line.split() for line in table.splitlines()[1:-1])
    assert table.splitlines()[-1].strip() == "mean (lowest…highest architecture)"
    assert heads == ["network", "accuracy", "quiet", "parameters"]
    assert searched[:2] == [">", "searched"]
    assert mean[:4] == ["random,", "mean", "of", "2"]
    assert best[:4] == ["random,", "best", "of", "2"]
    assert {line.split()[0] for line in entropies.splitlines()[2:]} == {"alpha", "beta", "gamma"}
    assert all(set(line.split()[1]) <= set("▁▂▃▄▅▆▇█") for line in entropies.splitlines()[2:])
    firsts = [line.split()[0] for line in validations.splitlines()]
    assert firsts == ["accuracy", "stage", "supernet,", "derived", "derived"]
    assert [line.split()[0] for line in parts.splitlines()[2:]] == ["projection", "cells", "head"]
    firsts = [line.split()[0] for line in costs.splitlines()[2:]]
    assert firsts == ["parameters", "multiply-adds"]
    stages = [line.split()[0] for line in time.splitlines()[2:]]
    assert stages == ["make", "search", "train", "baselines", "evaluate"]
    assert unmoved.startswith("The logits hardly moved")
    assert len(files.splitlines()) == 3


@pytest.mark.parametrize(
    ("target", "metrics"),
    [
        ('target = "sum"\nkind = "number"', {"r2", "mae"}),
        ('target = "tag_*"', {"f1_weighted", "f1_macro", "f1_micro", "average_precision"}),
    ],
)
def test_the_last_screen_shows_every_metric_of_the_task(
    target: str, metrics: set[str], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = ["a1,a2,b1,b2,sum,tag_x,tag_y"]
    for row in range(60):
        a, b = row % 7 - 3, row % 5 - 2
        rows.append(f"{a},{-a},{b},{a * b},{a + b},{int(a > 0)},{int(b > 0)}")
    (home / "my.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    task = f'name = "tensors"\nfile = "my.csv"\n{target}\n[task.inputs]\nleft = "a*"\nright = "b*"\n'
    short = "epochs = 1\n"
    (home / "my.toml").write_text(
        f'[task]\n{task}[space]\nname = "bimodal"\nchannels = 4\n[search]\n{short}[train]\n{short}',
        encoding="utf-8",
    )
    for words, title in (
        ([], "On the test split"),
        (["baselines.random=1"], "Other metrics on the test split"),
    ):
        assert main(["run", "my.toml", *words, "--out", "run", "--overwrite"]) == 0
        _, _, found = capsys.readouterr().out.partition(f"\n{title}\n")
        head, *lines = (line.split() for line in found.partition("\n\n")[0].splitlines())
        assert head == ["metric", "value"]
        test = json.loads(Path("run/test.json").read_text())
        shown = metrics - {test["objective"]} if words else metrics
        assert {name for name, _ in lines} == shown
        assert all(value == f"{test[name]:.4f}" for name, value in lines)


@pytest.mark.parametrize("loop", ["one_shot", "random"])
def test_options_of_a_relaxation_are_refused_where_the_loop_has_no_logits(
    home: Path, capsys: pytest.CaptureFixture[str], loop: str
) -> None:
    command = ["run", str(EXPERIMENT), f"loop.name={loop}"]
    assert main([*command, "--relaxation", "softmax", " relaxation.temperature=0.5"]) == 2
    first, *problems = capsys.readouterr().err.splitlines()
    assert first.endswith("2 problems")
    assert [line.split(":")[0].strip() for line in problems] == [
        "--relaxation softmax",
        "relaxation.temperature=0.5",
    ]
    assert f"the loop '{loop}' has no logits" in problems[0]
    assert not (home / "runs").exists()


def test_a_loop_that_ranks_by_its_supernet_is_refused_by_shared_ports_before_any_data_is_read(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["loop.name=one_shot", "search.candidates=9", "space.ports=shared"]
    assert main(["run", str(EXPERIMENT), *words]) == 2
    assert "loop.name: 'one_shot' ranks architectures by its supernet" in (said := capsys.readouterr().err)
    assert "set space.ports=distinct" in said
    assert "prepare" not in said
    assert not (home / "runs").exists()


@pytest.mark.parametrize("loop", ["random", "evolution", "halving"])
def test_options_of_a_search_are_refused_where_the_loop_trains_no_supernet(
    home: Path, capsys: pytest.CaptureFixture[str], loop: str
) -> None:
    assert main(["run", str(EXPERIMENT), f"loop.name={loop}", "search.epochs=3"]) == 2
    assert f"search.epochs=3: changes nothing, as the loop '{loop}' trains no supernet" in (
        capsys.readouterr().err
    )
    assert not (home / "runs").exists()


@pytest.mark.parametrize(
    "command",
    [
        ["run"],
        ["search"],
        ["sweep", "relaxation.temperature=1,2"],
        ["compare", "--relaxation", "softmax,stgs"],
    ],
)
@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["search.finalists=1"], "search.finalists: 1 of 1 candidate; expected more candidates"),
        (["search.candidates=9", "search.finalists=2", "search.finalist_epochs=9"], "at most train.epochs"),
    ],
)
def test_finalists_that_choose_nothing_are_refused_before_any_data_is_prepared(
    command: list[str], words: list[str], problem: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*words, "search.epochs=1", "train.epochs=1"]
    assert main([command[0], str(EXPERIMENT), *command[1:], *words, "--out", "x"]) == 2
    error = capsys.readouterr().err
    assert problem in error
    assert "done in" not in error
    assert not default_cache().exists()


def test_a_warm_up_as_long_as_the_search_is_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(EXPERIMENT), "search.epochs=2", "search.warmup_epochs=2"]) == 2
    assert "warmup_epochs must be less than epochs (2), or nothing is searched; found 2" in (
        capsys.readouterr().err
    )


def test_overrides_and_short_cuts_reach_the_run(home: Path) -> None:
    words = ["search.epochs=1", "train.epochs=1", "--relaxation", "softmax", "--seed", "7", "--out", "there"]
    assert main(["run", str(EXPERIMENT), *words]) == 0
    written = resolved(home / "there")
    assert written["search"]["epochs"] == 1
    assert written["relaxation"]["name"] == "softmax"
    assert written["seed"] == 7


def test_the_same_command_again_does_nothing_again(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(EXPERIMENT)]) == 0
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*.safetensors")}
    first = capsys.readouterr().out
    assert before
    assert main(["run", str(EXPERIMENT)]) == 0
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*.safetensors")} == before
    assert capsys.readouterr().out == first


def test_the_run_of_another_experiment_is_replaced_only_when_asked(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(EXPERIMENT)]) == 0
    before = (home / "runs/streams/metrics.jsonl").read_bytes()
    assert main(["run", str(EXPERIMENT), "--seed", "5"]) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert (home / "runs/streams/metrics.jsonl").read_bytes() == before
    assert main(["run", str(EXPERIMENT), "--seed", "5", "--overwrite"]) == 0
    assert resolved(home / "runs/streams")["seed"] == 5


def test_ctrl_c_before_a_run_is_replaced_keeps_it_and_says_overwrite_again(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["search", str(EXPERIMENT)]) == 0
    before = (home / "runs/streams/metrics.jsonl").read_bytes()

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    words = ["search", str(EXPERIMENT), "--seed", "5", "--overwrite"]
    with monkeypatch.context() as patch:
        patch.setattr("toy_streams.Streams._make", interrupted)
        assert main(words) == 130
    # before them stand the plugins that other tests loaded from files
    assert shlex.split(capsys.readouterr().err.splitlines()[-1])[-len(words) :] == words
    assert (home / "runs/streams/metrics.jsonl").read_bytes() == before
    assert main(words) == 0
    assert resolved(home / "runs/streams")["seed"] == 5


def test_train_overwrite_takes_other_options_and_keeps_the_search(home: Path) -> None:
    assert main(["run", str(EXPERIMENT), "--out", "there"]) == 0
    before = (home / "there/architecture.json").read_bytes()
    searched = [line for line in metrics(home / "there") if line["stage"] == "search"]
    assert main(["train", "there", "train.epochs=3", "--overwrite"]) == 0
    assert (home / "there/architecture.json").read_bytes() == before
    assert [line for line in metrics(home / "there") if line["stage"] == "search"] == searched
    assert sum(line["stage"] == "train" for line in metrics(home / "there")) == 3
    assert resolved(home / "there")["train"]["epochs"] == 3


def test_a_folder_that_is_no_run_is_never_touched(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "precious").mkdir()
    (home / "precious" / "thesis.txt").write_text("years of work", encoding="utf-8")
    assert main(["run", str(EXPERIMENT), "--out", "precious", "--overwrite"]) == 2
    assert (home / "precious" / "thesis.txt").read_text(encoding="utf-8") == "years of work"
    assert [path.name for path in (home / "precious").iterdir()] == ["thesis.txt"]


def test_data_that_is_not_there_is_an_error_before_anything_begins(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(EXPERIMENT), "--data", "nowhere"]) == 2
    assert "nowhere: no such file or folder" in capsys.readouterr().err
    assert list(home.iterdir()) == []


def test_demo_runs_the_experiment_that_a_plugin_brings(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "streams", "search.epochs=1", "train.epochs=1"]) == 0
    assert resolved(home / "runs/demo")["search"]["epochs"] == 1
    assert "runs/demo/architecture.svg" in capsys.readouterr().out


def test_search_derives_and_train_finishes(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["search", str(EXPERIMENT), "--out", "found"]) == 0
    assert (home / "found/architecture.json").exists()
    assert not (home / "found/test.json").exists()
    assert "found/architecture.svg" in capsys.readouterr().out
    assert main(["train", "found"]) == 0
    assert main(["evaluate", "found", "--json"]) == 0


def test_train_takes_the_architecture_of_another_run(home: Path, finished_run: Path) -> None:
    for given in (finished_run, finished_run / "architecture.json"):
        out = home / given.name
        assert (
            main(
                ["train", str(EXPERIMENT), "train.epochs=1", "--architecture", str(given), "--out", str(out)]
            )
            == 0
        )
        mine, theirs = (
            json.loads((run / "architecture.json").read_text("utf-8")) for run in (out, finished_run)
        )
        assert mine["assignment"] == theirs["assignment"]
    assert main(["train", str(finished_run), "train.epochs=1", "--out", str(home / "again")]) == 0
    assert (home / "again/architecture.json").exists()


def test_ctrl_c_keeps_the_state_and_prints_the_command_to_go_on(home: Path, fork: Forked) -> None:
    words = [
        "run",
        str(EXPERIMENT),
        "search.epochs=6",
        "search.min_epochs=6",
        "train.epochs=1",
        "task.pause=0.05",
        "--out",
        "a run",
    ]
    process = fork(*words, "--overwrite")
    deadline = time.monotonic() + 120
    while not (home / "a run/metrics.jsonl").exists() or len(metrics(home / "a run")) < 2:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "goes on after its last finished epoch, any other stage begins again" in err
    command = shlex.split(err.splitlines()[-1])
    assert command[1:] == ["resume", "a run"]
    done = len(metrics(home / "a run"))
    assert done < 6

    process = fork(*command[1:])
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert "a run/report.html" in out
    searched = [record["epoch"] for record in metrics(home / "a run") if record["stage"] == "search"]
    assert searched == sorted(set(searched))


def test_the_last_screen_and_the_report_say_that_the_supernet_chose_among_candidates(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(EXPERIMENT), "search.candidates=6"]) == 0
    selection = json.loads((home / "runs/streams/run.json").read_text(encoding="utf-8"))["search"][
        "selection"
    ]
    out = capsys.readouterr().out
    assert f"The supernet compared {selection['candidates']} architectures on validation" in out
    page = (home / "runs/streams/report.html").read_text(encoding="utf-8")
    assert (
        f"{selection['candidates']} architectures on validation: the one that the rule of the space derived"
        in page
    )
    assert f"{selection['chosen']:.4f}" in page
