"""Every relaxation of the core, in the settings that take different paths through the code."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from nasframe.relaxations import (
    Dirichlet,
    GappedStraightThrough,
    GumbelRaoMonteCarlo,
    ReinMax,
    Relaxation,
    Softmax,
    Sparsemax,
    StraightThroughGumbelSoftmax,
)

SETTINGS: dict[str, Relaxation] = {
    "softmax": Softmax(),
    "softmax, cold": Softmax(temperature=0.1),
    "stgs": StraightThroughGumbelSoftmax(),
    "stgs, soft": StraightThroughGumbelSoftmax(temperature=0.5, hard=False),
    "grmc": GumbelRaoMonteCarlo(),
    "grmc, one draw": GumbelRaoMonteCarlo(samples=1, temperature=1.0),
    "grmc, soft": GumbelRaoMonteCarlo(samples=10, hard=False),
    "grmc, through noise": GumbelRaoMonteCarlo(samples=10, through_noise=True),
    "grmc, exact": GumbelRaoMonteCarlo(samples="exact"),
    "grmc, exact, soft": GumbelRaoMonteCarlo(samples="exact", temperature=0.5, hard=False),
    "reinmax": ReinMax(),
    "reinmax, cold": ReinMax(temperature=0.1),
    "gst": GappedStraightThrough(),
    "gst, soft": GappedStraightThrough(temperature=0.5, hard=False),
    "dirichlet": Dirichlet(),
    "dirichlet, near its mean": Dirichlet(temperature=0.1),
    "sparsemax": Sparsemax(),
    "sparsemax, cold": Sparsemax(temperature=0.5),
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
