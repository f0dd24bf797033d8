"""The plan of a study, which decides whether it may be continued."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nasframe.cli import main
from nasframe.experiment import overridden, read_toml
from nasframe.studies.axes import experiment_at, parse_axes, points, shared_plan
from tests.toys import SUMS as EXPERIMENT


def plan(*axes: str, given: tuple[str, ...] = (), free: tuple[str, ...] = ()) -> dict[str, Any]:
    written = overridden(read_toml(EXPERIMENT), "test", given)
    grid = parse_axes(axes, written)
    return shared_plan(experiment_at(written, "test", points(grid)[0]), written, grid, free=free)


@pytest.mark.usefixtures("home")
def test_what_varies_and_what_decides_nothing_is_left_out() -> None:
    found = plan("samples=1,2", "search.epochs=1,2", free=("seed",))
    assert "samples" not in found["relaxation"]
    assert "temperature" in found["relaxation"]
    assert "epochs" not in found["search"]
    assert not {"device", "cache", "baselines", "seed"} & found.keys()
    assert plan("samples=1,2", given=("device=auto",)) == plan("samples=3,4")


@pytest.mark.usefixtures("home")
def test_where_a_plugin_varies_what_was_written_for_its_section_stands_for_its_options() -> None:
    # with the name of the plugin whose options they are
    assert plan("relaxation=softmax,grmc")["relaxation"] == {"name": "grmc", "samples": 4}
    assert plan("relaxation=grmc,stgs") == plan("relaxation=softmax,grmc")
    varied = plan("relaxation=stgs,grmc", "temperature=0.1,0.5", given=("relaxation.temperature=0.3",))
    assert varied["relaxation"] == {"name": "grmc", "samples": 4}
    changed = plan("relaxation=softmax,grmc", given=("relaxation.samples=5",))
    assert changed["relaxation"] == {"name": "grmc", "samples": 5}
    alone = {**read_toml(EXPERIMENT), "relaxation": {"name": "grmc"}}
    grid = parse_axes(["relaxation=grmc,stgs"], alone)
    assert shared_plan(experiment_at(alone, "test", points(grid)[0]), alone, grid)["relaxation"] == {}


@pytest.mark.usefixtures("home")
def test_a_sweep_of_relaxations_with_a_changed_option_is_refused_as_a_whole(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["relaxation=grmc,stgs", "search.epochs=1", "search.min_epochs=1", "--workers", "1"]
    command = ["sweep", str(EXPERIMENT), *words, "--out", "out"]
    assert main(command) == 0
    assert main([*command, "relaxation.samples=5"]) == 2
    assert "relaxation.samples: there 4, now 5" in capsys.readouterr().err
    swapped = Path("swapped.toml")
    text = EXPERIMENT.read_text(encoding="utf-8")
    swapped.write_text(text.replace('name = "grmc"\nsamples = 4', 'name = "stgs"'), encoding="utf-8")
    assert main(["sweep", str(swapped), *command[2:], "relaxation.temperature=0.3"]) == 2
    assert 'relaxation.name: there "grmc", now "stgs"' in capsys.readouterr().err
    assert main(command) == 0
    assert len(list(Path("out/trials").iterdir())) == 2
