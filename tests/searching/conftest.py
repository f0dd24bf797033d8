"""The toy plugin and small real problems for the loops."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from sklearn.datasets import load_digits

from nasframe import Data, TensorTask


@pytest.fixture(scope="session")
def toy() -> ModuleType:
    """The module `toy.py` beside this file."""
    spec = importlib.util.spec_from_file_location("toy", Path(__file__).parent / "toy.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def toy_plugin(toy: ModuleType, plugins: Any) -> ModuleType:
    """The toy module, with its plugin registered."""
    plugins.register(toy.ToyPlugin(), "toy")
    return toy


@pytest.fixture(scope="session")
def digits() -> TensorTask:
    """400 of scikit-learn's digits, left and right half as two modalities."""
    found = load_digits()
    images = torch.tensor(found.images[:400], dtype=torch.float32) / 16
    return TensorTask({"left": images[:, :, :4], "right": images[:, :, 4:]}, torch.tensor(found.target[:400]))


@pytest.fixture
def digits_data(digits: TensorTask) -> Data:
    """The splits of the digits."""
    return digits.data({})
