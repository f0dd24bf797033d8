"""The section of the report, by itself and on the page of a run."""

from __future__ import annotations

import csv
from pathlib import Path

import torch

import nasframe
from nasframe.display import Figure, Table
from nasframe_plugin_example.decisions import decisions, report_sections

HISTORY = [
    {"epoch": 1, "probabilities": {"a": {"sum": 0.6, "film": 0.4}, "b": {"x": 0.5, "y": 0.4}}},
    {"epoch": 2, "probabilities": {"a": {"sum": 0.3, "film": 0.7}, "b": {"x": 0.9, "y": 0.1}}},
    {"epoch": 3, "probabilities": {"a": {"sum": 0.1, "film": 0.9}, "b": {"x": 0.9, "y": 0.1}}},
]


def test_a_choice_is_made_when_its_candidate_stays() -> None:
    assert decisions(HISTORY) == {"a": ("film", 2), "b": ("x", 1)}


def test_the_page_of_a_run_has_the_section_and_its_numbers(tmp_path: Path) -> None:
    streams = {name: torch.rand(40, 4, 6) for name in ("picture", "sound", "text")}
    experiment = nasframe.Experiment.of(
        task=nasframe.TensorTask(streams, torch.arange(40) % 2),
        space="trimodal",
        relaxation="straight_through",
        search=nasframe.SearchOptions(epochs=2, batch_size=16),
        train=nasframe.TrainOptions(epochs=1),
        device="cpu",
    )
    run = nasframe.run_experiment(experiment, tmp_path / "run")
    assert "When each choice was made" in (run.path / "report.html").read_text(encoding="utf-8")
    (section,) = report_sections(run)
    text, table, figure = section.parts
    assert isinstance(text, str)
    assert isinstance(table, Table)
    assert isinstance(figure, Figure)
    rows = list(csv.DictReader(table.to_csv().splitlines()))
    assert {row["choice"] for row in rows} == {*run.history("search")[0]["probabilities"]}
    assert figure.data().rows[-1][-1] == len(rows)


def test_a_run_without_a_search_has_no_section(tmp_path: Path) -> None:
    assert report_sections(nasframe.Run(tmp_path)) == []
