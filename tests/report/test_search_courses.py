"""The course of searches by proposals: best validation scores over trainings and seconds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nasframe import Run
from nasframe.display import LineChart
from nasframe.report import comparison_page, read_page, sweep_page
from nasframe.report.run_page import training_figures
from nasframe.report.search_courses import Step, course_figures, steps_of, study_courses
from nasframe.report.study_record import current_names
from tests.report.studies import comparison, sweep


def lines(*scores: float | None, seconds: float | None = 2.0) -> list[dict[str, Any]]:
    return [
        {
            "stage": "trial",
            "trial": place,
            "network": f"{place:016x}",
            "epochs": 1,
            "new_epochs": 1,
            "validation": {},
            "assignment": {},
            "score": score,
            "cost": float(place),
            "seconds": seconds,
        }
        for place, score in enumerate(scores, 1)
    ]


def with_proposals(data: dict[str, Any], run: Run, folder: Path) -> dict[str, Any]:
    """Make every search of a study one by proposals, each with three trainings."""
    for place, trial in enumerate(data["trials"]):
        if trial["status"] == "done":
            trial["search"] = {"trials": 3, "cost": 3.0, "seconds": 6.0}
            target = folder / trial["folder"]
            target.mkdir(parents=True, exist_ok=True)
            for name in ("run.json", "experiment.toml", "architecture.json"):
                (target / name).write_bytes((run.path / name).read_bytes())
            text = "".join(json.dumps(line) + "\n" for line in lines(0.5, 0.4, 0.6 + 0.01 * place))
            (target / "metrics.jsonl").write_text(text, encoding="utf-8")
    return data


def test_a_step_has_the_best_score_and_the_costs_so_far() -> None:
    assert steps_of(lines(0.5, None, 0.4, 0.7)) == [
        Step(1.0, 2.0, 0.5, 0.5),
        Step(3.0, 6.0, 0.4, 0.5),
        Step(4.0, 8.0, 0.7, 0.7),
    ]


def test_without_the_time_of_every_training_there_is_no_chart_over_the_seconds() -> None:
    over, seconds = course_figures({"a": [steps_of(lines(0.5, 0.6, seconds=None))]}, "auc")
    assert not over.is_empty
    assert seconds.is_empty


def test_the_course_of_several_seeds_is_their_mean_and_one_that_has_ended_keeps_its_score() -> None:
    chart, _ = course_figures({"a": [steps_of(lines(0.5, 0.7)), steps_of(lines(0.3, 0.3, 0.5))]}, "auc")
    assert isinstance(chart, LineChart)
    (line,) = chart.lines
    assert line.points[0] == (1.0, pytest.approx(0.4))
    assert line.points[-1] == (3.0, pytest.approx(0.6))
    assert (line.low[-1], line.high[-1]) == (0.5, 0.7)
    assert chart.title == "Best auc on validation so far, over the trainings"
    assert "no score of the test split" in chart.caption


def test_the_course_of_a_search_that_was_not_evaluated_is_named_by_its_metric_on_validation(
    run: Run, tmp_path: Path
) -> None:
    for name in ("run.json", "experiment.toml", "architecture.json"):
        (tmp_path / name).write_bytes((run.path / name).read_bytes())
    searched = "".join(f"{json.dumps(line)}\n" for line in lines(0.5, 0.7))
    (tmp_path / "metrics.jsonl").write_text(searched, encoding="utf-8")
    found = Run.open(tmp_path)
    found.note(search={"trials": 2, "best": {"loss": 0.9, "accuracy": 0.7}})
    titles = [figure.title for figure in training_figures(found)]
    assert "Best accuracy on validation so far, over the trainings" in titles


def test_the_page_of_a_comparison_has_the_course_of_its_searches(run: Run, tmp_path: Path) -> None:
    data = with_proposals(comparison(run, tmp_path), run, tmp_path)
    html = comparison_page(data, tmp_path).html
    assert "The course of the searches" in html
    assert "Best auc on validation so far, over the trainings" in html
    assert "Best auc on validation so far, over the seconds" in html


def test_the_page_of_a_sweep_has_the_course_of_its_searches_once(run: Run, tmp_path: Path) -> None:
    data = with_proposals(sweep(run, {"loop.name": ["random", "evolution"]}), run, tmp_path)
    html = sweep_page(data, tmp_path).html
    assert html.count("<h3>Best auc on validation so far, over the trainings</h3>") == 1


def test_the_random_search_of_the_baselines_stands_beside_the_searches(run: Run, tmp_path: Path) -> None:
    data = with_proposals(comparison(run, tmp_path), run, tmp_path)
    data["baselines"] = [
        {"kind": "random", "group": "", "seed": 0, "seconds": 1.5, "validation": {"auc": score}}
        for score in (0.3, 0.5)
    ]
    (steps,) = study_courses(current_names(data), tmp_path)["random search"]
    assert steps == [Step(1.0, 1.5, 0.3, 0.3), Step(2.0, 3.0, 0.5, 0.5)]


def test_a_study_of_supernets_has_no_such_course(compared: Path) -> None:
    assert "The course of the searches" not in read_page(compared).html
