"""The hooks, in a real search."""

from __future__ import annotations

from pathlib import Path

import torch

import nasframe
from nasframe_plugin_example.trimodal import Trimodal


def test_a_search_keeps_a_journal(tmp_path: Path) -> None:
    streams = {name: torch.rand(40, 4, 6) for name in ("picture", "sound", "text")}
    experiment = nasframe.Experiment.of(
        task=nasframe.TensorTask(streams, torch.arange(40) % 2),
        space="trimodal",
        relaxation="straight_through",
        search=nasframe.SearchOptions(epochs=2, batch_size=16),
        device="cpu",
    )
    found = nasframe.search(experiment, tmp_path / "run")
    written = tmp_path / "run/plugins/nasframe_plugin_example/journal.md"
    lines = written.read_text(encoding="utf-8").splitlines()
    assert lines[0].endswith("by StraightThrough")
    assert sum(line.startswith("- epoch") for line in lines) == 2
    assert lines[-1] == f"It chose {found.architecture.fingerprint[:12]}."


def test_film_is_blue_in_the_drawing() -> None:
    space = Trimodal().build(dict.fromkeys(("picture", "sound", "text"), (4, 6)), 2)
    ports = {"first.x": "picture", "first.y": "sound", "second.x": "first", "second.y": "text"}
    architecture = nasframe.Architecture(space, {**ports, "first": "film", "second": "sum"})
    assert nasframe.draw(architecture).dot.count("lightblue") == 1
