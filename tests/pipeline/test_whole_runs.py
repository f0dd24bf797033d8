"""A whole run: what it leaves, that it repeats, and that what is done is skipped."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import nasframe
from nasframe import Experiment, Run
from nasframe.errors import ConfigurationError, RunError
from tests.comparing import without_time
from tests.recorded_progress import Log


def test_a_run_leaves_everything_it_promises(experiment: Experiment, tmp_path: Path) -> None:
    run = nasframe.run_experiment(experiment, tmp_path / "run")
    names = {path.relative_to(run.path).as_posix() for path in run.path.rglob("*") if path.is_file()}
    promised = {
        "run.json",
        "experiment.toml",
        "metrics.jsonl",
        "architecture.json",
        "architecture.svg",
        "test.json",
        "report.html",
    }
    assert promised <= names
    assert {"checkpoints/search.json", "checkpoints/network.json"} <= names
    assert not any(path.suffix in (".pkl", ".pt", ".pth") for path in run.path.rglob("*"))
    assert nasframe.load_experiment(run) == experiment


@pytest.mark.parametrize("relaxation", ["softmax", "stgs", "grmc"])
def test_the_same_seed_gives_the_same_architecture_and_metrics(
    experiment: Experiment, relaxation: str, tmp_path: Path
) -> None:
    experiment = Experiment.parse(experiment.to_dict(), relaxation=relaxation)
    first, second = (nasframe.run_experiment(experiment, tmp_path / name) for name in "ab")
    assert first.architecture == second.architecture
    assert first.test == second.test
    assert without_time(first.metrics) == without_time(second.metrics)


def test_a_second_run_skips_what_is_done_and_changes_nothing(experiment: Experiment, tmp_path: Path) -> None:
    run = nasframe.run_experiment(experiment, tmp_path / "run")
    before = {
        path: path.read_bytes() for path in run.path.rglob("*") if path.is_file() and path.suffix != ".html"
    }
    log = Log()
    nasframe.run_experiment(experiment, tmp_path / "run", progress=log)
    assert {path: path.read_bytes() for path in before} == before
    assert [line for line in log.lines if "skipped" in line] == [
        "search: unchanged, skipped",
        "train: unchanged, skipped",
        "evaluate: unchanged, skipped",
    ]


def test_the_report_opens_offline_and_shows_the_numbers(experiment: Experiment, tmp_path: Path) -> None:
    run = nasframe.run_experiment(experiment, tmp_path / "run")
    page = (run.path / "report.html").read_text(encoding="utf-8")
    titles = re.findall(r"<h2[^>]*>(.*?)</h2>", page)
    assert titles[:6] == [
        "The network that was found",
        "The task",
        "The search space",
        "The strategy",
        "The search space over the epochs",
        "On the test split",
    ]
    assert not re.findall(r"""(?:src|href)\s*=\s*["'](?!#|data:)""", page)
    assert run.test is not None
    assert f"{run.test['accuracy']:.4f}" in page
    assert f"{run.test['parameters']:,}" in page


def test_a_run_is_loaded_by_its_path(experiment: Experiment, tmp_path: Path) -> None:
    run = nasframe.search(experiment, tmp_path / "run").run
    assert isinstance(run, Run)
    assert nasframe.load_run(tmp_path / "run") == run
    assert nasframe.load_architecture(tmp_path / "run") == nasframe.load_architecture(
        run.path / "architecture.json"
    )
    assert "cell1" in nasframe.draw(tmp_path / "run").svg


def test_every_step_takes_the_path_of_a_toml_file_in_place_of_an_experiment(
    experiment: Experiment, tmp_path: Path
) -> None:
    file = tmp_path / "my.toml"
    file.write_text(experiment.to_toml(), encoding="utf-8")
    run = nasframe.run_experiment(file, tmp_path / "run")
    assert nasframe.evaluate(run, experiment=str(file)) == run.test
    assert nasframe.search(str(file)).architecture == run.architecture
    nasframe.train(file, tmp_path / "other", architecture=run.architecture)
    assert nasframe.prepare(file, None, None, Log()).data.inputs


def test_what_is_neither_an_experiment_nor_a_path_is_refused_in_words(tmp_path: Path) -> None:
    for step in (nasframe.search, nasframe.compare):
        with pytest.raises(ConfigurationError, match="expected an Experiment or the path"):
            step(3)  # type: ignore[operator]


def test_a_toml_file_in_place_of_a_run_is_led_to_the_function_that_loads_it(tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text("seed = 1\n", encoding="utf-8")
    with pytest.raises(RunError, match=r"is a file; .* Experiment.load\("):
        nasframe.load_experiment(tmp_path / "my.toml")
