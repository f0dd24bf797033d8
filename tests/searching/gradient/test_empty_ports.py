"""A search that draws the choices of empty ports again: its record, its bits, and that it resumes to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from nasframe import Data, Run, SearchOptions, TensorTask, hookimpl
from nasframe.relaxations import GumbelRaoMonteCarlo, Softmax
from nasframe.searching import Bilevel, Search, Update
from nasframe_bimodal.space import Bimodal
from tests.comparing import without_time


def search(task: TensorTask, data: Data, empty_ports: str = "redraw", **changes: Any) -> Search:
    arguments: dict[str, Any] = {
        "space": Bimodal(channels=8, ports="shared").build(data.inputs, data.outputs),
        "task": task,
        "data": data,
        "relaxation": GumbelRaoMonteCarlo(samples=10),
        "loop": Bilevel(architecture_rate=1e-2),
        "options": SearchOptions(epochs=3, batch_size=32, empty_ports=empty_ports),  # type: ignore[arg-type]
    }
    return Search(**arguments | changes)


class Killed(BaseException):
    """Stands for the end of the process."""


def test_a_killed_search_resumes_to_the_same_bits(
    digits: TensorTask, digits_data: Data, tmp_path: Path, plugins: Any
) -> None:
    class Killer:
        armed = True

        @hookimpl
        def search_step(self, run: Any, step: int) -> None:
            if self.armed and run is not None and run.metrics and run.metrics[-1]["epoch"] == 1 and step == 3:
                raise Killed

    whole = search(digits, digits_data)
    whole.fit()
    run, killer = Run.create(tmp_path / "run", ""), Killer()
    plugins.register(killer, "killer")
    with pytest.raises(Killed):
        search(digits, digits_data, run=run).fit()
    killer.armed = False
    resumed = search(digits, digits_data, run=run)
    resumed.fit()
    assert without_time(run.metrics) == without_time(whole.history)
    for name, value in whole.supernet.state_dict().items():
        assert torch.equal(value, resumed.supernet.state_dict()[name]), name


def test_each_epoch_records_how_many_samples_were_drawn_again(digits: TensorTask, digits_data: Data) -> None:
    engine = search(digits, digits_data)
    engine.fit()
    for record in engine.history:
        assert 0.2 < record["empty_ports"]["redrawn"] < 0.9
        assert record["empty_ports"]["left"] == 0


def test_the_default_allows_empty_ports_and_records_nothing(digits: TensorTask, digits_data: Data) -> None:
    engine = search(digits, digits_data, options=SearchOptions(epochs=1, batch_size=32))
    engine.fit()
    assert engine.supernet.empty_ports == "allow"
    assert "empty_ports" not in engine.history[0]


@pytest.mark.parametrize(
    "changes",
    [{"relaxation": Softmax()}, {"nodes": 1}],
    ids=["soft weights", "a space without such ports"],
)
def test_a_search_with_nothing_to_draw_again_has_the_same_bits(
    digits: TensorTask, digits_data: Data, changes: dict[str, Any]
) -> None:
    if "nodes" in changes:
        space = Bimodal(channels=8, ports="choose", nodes=1).build(digits_data.inputs, digits_data.outputs)
        changes = {"space": space}
    ours, theirs = (search(digits, digits_data, how, **changes) for how in ("redraw", "allow"))
    assert ours.fit() == theirs.fit()
    assert without_time(ours.history) == without_time(theirs.history)


def test_the_largest_of_a_hundred_gradients_of_logits_is_hundreds_of_times_smaller(
    digits: TensorTask, digits_data: Data
) -> None:
    def largest(how: str) -> float:
        options = SearchOptions(epochs=3, batch_size=32, empty_ports=how, clip_norm=0.0)  # type: ignore[arg-type]
        engine = search(digits, digits_data, options=options, loop=Bilevel(architecture_rate=1e-9))
        batch, noise = digits_data.splits.architecture.batch(torch.arange(32)), seeded()
        norms = []
        for _ in range(100):
            engine.learner.update(Update("architecture", batch), 0, noise)
            gradients = [
                v.grad.norm() for v in engine.supernet.architecture_parameters() if v.grad is not None
            ]
            norms.append(float(torch.stack(gradients).norm()))
        return max(norms)

    assert largest("allow") > 300 * largest("redraw")


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)
