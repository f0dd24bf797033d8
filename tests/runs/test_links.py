"""A run folder may come from a stranger: what its links and paths lead to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from nasframe import Run
from nasframe.errors import RunError
from nasframe.runs import Checkpoint, claimed, load_checkpoint, save_checkpoint


@pytest.mark.parametrize(
    "name", ["metrics.jsonl", "checkpoints", "task", "plugins/mine", "checkpoints/x.json"]
)
def test_a_link_in_a_run_that_leads_outside_is_refused(name: str, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", "seed = 0\n")
    (tmp_path / "outside").mkdir()
    place = run.path / name
    place.parent.mkdir(exist_ok=True)
    if place.is_dir():
        place.rmdir()
    place.symlink_to(tmp_path / "outside")
    with pytest.raises(RunError, match=f"{name}: is a link that leads outside"):
        Run.open(run.path)
    with pytest.raises(RunError, match="leads outside"):
        Run.create(run.path, "seed = 0\n")
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_link_inside_a_run_and_a_link_to_a_run_are_followed(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", "seed = 0\n")
    (run.path / "checkpoints/last.json").symlink_to("best.json")
    (tmp_path / "link").symlink_to(run.path)
    assert Run.open(tmp_path / "link").experiment_toml == "seed = 0\n"


def test_a_lock_that_is_a_link_is_not_emptied(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", "seed = 0\n")
    (tmp_path / "diary").write_text("dear diary")
    (run.path / "run.lock").symlink_to(tmp_path / "diary")
    with pytest.raises(RunError, match=r"run\.lock: is a link, and no run makes one"), claimed(run.path):
        pass
    assert (tmp_path / "diary").read_text() == "dear diary"


@pytest.mark.parametrize("place", ["../../secret.safetensors", "ABSOLUTE", "link.safetensors"])
def test_the_tensors_of_a_checkpoint_lie_beside_it(place: str, tmp_path: Path) -> None:
    folder = tmp_path / "run/checkpoints"
    folder.mkdir(parents=True)
    save_checkpoint(folder, "search", Checkpoint({"x": torch.ones(1)}, {}), 1)
    outside = (folder / "search-00001.safetensors").rename(tmp_path / "secret.safetensors")
    (folder / "link.safetensors").symlink_to(outside)
    name = str(outside) if place == "ABSOLUTE" else place
    (folder / "search.json").write_text(json.dumps({"tensors": name}))
    with pytest.raises(RunError, match=r"search\.json: the checkpoint is damaged: tensors: .*outside"):
        load_checkpoint(folder, "search")
