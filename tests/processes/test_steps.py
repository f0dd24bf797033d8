"""Steps that several processes make together are those of one process with the whole batch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from nasframe.processes import ALONE
from tests.forked_programs import ForkingServer
from tests.processes.conftest import environments
from tests.processes.steps import CASES, KINDS, computed

Results = Mapping[str, Tensor]


@pytest.fixture(scope="module")
def alone() -> Results:
    """What one process computes."""
    return computed(ALONE)


@pytest.fixture(scope="module", params=[2, 4])
def together(
    request: pytest.FixtureRequest, programs: ForkingServer, tmp_path_factory: pytest.TempPathFactory
) -> list[Results]:
    """What each of two, and of four, processes computes."""
    folder, script = tmp_path_factory.mktemp("steps"), str(Path(__file__).with_name("steps.py"))
    started = [programs.start([script, str(folder)], env=env) for env in environments(request.param)]
    for program in started:
        _, errors = program.communicate(60)
        assert program.wait() == 0, errors
    return [load_file(folder / f"{rank}.safetensors") for rank in range(request.param)]


def part(found: Results, name: str) -> dict[str, Tensor]:
    return {key.removeprefix(name): value for key, value in found.items() if key.startswith(name)}


def assert_near(found: Results, expected: Results, tolerance: float) -> None:
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert torch.allclose(found[name], value, rtol=tolerance, atol=tolerance), name


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_and_the_gradients_of_a_step_are_those_of_one_process(
    alone: Results, together: list[Results], kind: str, case: str
) -> None:
    expected = part(alone, f"{kind}/{case}/")
    assert len(expected) > 1
    for found in together:
        assert_near(part(found, f"{kind}/{case}/"), expected, 1e-5)


def test_twenty_steps_along_forced_choices_come_to_the_weights_and_logits_of_one_process(
    alone: Results, together: list[Results]
) -> None:
    for found in together:
        assert_near(part(found, "twenty/"), part(alone, "twenty/"), 1e-4)


def test_all_processes_hold_the_same_bits(together: list[Results]) -> None:
    first, *others = together
    for found in others:
        assert all(torch.equal(found[name], value) for name, value in first.items())
