"""Every relaxation of the core, in the settings that take different paths through the code."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from nasframe.relaxations import GumbelRaoMonteCarlo, Relaxation, Softmax, StraightThroughGumbelSoftmax

SETTINGS: dict[str, Relaxation] = {
    "softmax": Softmax(),
    "softmax, cold": Softmax(temperature=0.1),
    "stgs": StraightThroughGumbelSoftmax(),
    "stgs, soft": StraightThroughGumbelSoftmax(temperature=0.5, hard=False),
    "grmc": GumbelRaoMonteCarlo(),
    "grmc, one draw": GumbelRaoMonteCarlo(samples=1, temperature=1.0),
    "grmc, soft": GumbelRaoMonteCarlo(samples=10, hard=False),
    "grmc, through noise": GumbelRaoMonteCarlo(samples=10, through_noise=True),
}


@pytest.fixture(params=SETTINGS.values(), ids=SETTINGS.keys())
def relaxation(request: pytest.FixtureRequest) -> Relaxation:
    found: Relaxation = request.param
    return found


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> Iterator[None]:
    # tensors this small only lose by threads, above all where tests run side by side
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
