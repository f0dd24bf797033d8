"""Relaxations of a third party, a tiny finished run, and the laboratory at few draws."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs
import pytest
import torch
from torch import Tensor

from nasframe import Relaxation, Sample, hookimpl
from nasframe.plugins import manager

PLUGIN = Path(__file__).parents[1] / "cli" / "plugin"


@attrs.frozen(kw_only=True)
class Foreign(Relaxation):
    """Somebody's relaxation: the mean of K tempered softmaxes, all the same."""

    samples: int = 3
    temperature: float = 0.7

    def sample(
        self, logits: Tensor, progress: float = 0.0, generator: torch.Generator | None = None
    ) -> Sample:
        return Sample(torch.softmax(logits / self.temperature, -1), one_hot=False)


@attrs.frozen(kw_only=True)
class Raising(Relaxation):
    """Somebody's relaxation that raises."""

    def sample(
        self, logits: Tensor, progress: float = 0.0, generator: torch.Generator | None = None
    ) -> Sample:
        raise ArithmeticError("the stars are not right")


@attrs.frozen(kw_only=True)
class Demanding(Relaxation):
    """Somebody's relaxation that cannot be made from its defaults."""

    strength: float

    def sample(
        self, logits: Tensor, progress: float = 0.0, generator: torch.Generator | None = None
    ) -> Sample:
        return Sample(logits.softmax(-1), one_hot=False)


@attrs.frozen(kw_only=True)
class Leaving(Relaxation):
    """Somebody's relaxation that ends the process."""

    def sample(
        self, logits: Tensor, progress: float = 0.0, generator: torch.Generator | None = None
    ) -> Sample:
        raise SystemExit(0)


@attrs.frozen(kw_only=True)
class Heavy(Relaxation):
    """Somebody's relaxation whose weights sum to more than one."""

    def sample(
        self, logits: Tensor, progress: float = 0.0, generator: torch.Generator | None = None
    ) -> Sample:
        return Sample(logits - logits.detach() + 1, one_hot=False)


@attrs.frozen(kw_only=True)
class Boastful(Relaxation):
    """Somebody's relaxation that is soft and says that it is not."""

    def sample(
        self, logits: Tensor, progress: float = 0.0, generator: torch.Generator | None = None
    ) -> Sample:
        return Sample(logits.softmax(-1), one_hot=True)


class Strangers:
    """Registers them."""

    @hookimpl
    def register_relaxations(self) -> Mapping[str, Any]:
        return {
            "foreign": Foreign,
            "raising": Raising,
            "demanding": Demanding,
            "lost": "no.such:Module",
            "leaving": Leaving,
            "heavy": Heavy,
            "boastful": Boastful,
        }


@pytest.fixture
def strangers() -> Iterator[None]:
    """Somebody's relaxations, installed."""
    manager().register(Strangers(), "strangers")
    yield
    manager().unregister("strangers")


@pytest.fixture(scope="session")
def toy_streams() -> Iterator[ModuleType]:
    """The toy plugin of the tests of the commands."""
    already = manager().module("toy_streams")
    if already is not None:
        yield already
        return
    spec = importlib.util.spec_from_file_location("toy_streams", PLUGIN / "toy_streams.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    manager().register(module, "toy_streams")
    yield module
    manager().unregister("toy_streams")


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, toy_streams: ModuleType) -> Path:
    """The folder of a search of the toy experiment. Tests do not change its files."""
    from nasframe.cli import main

    folder = tmp_path_factory.mktemp("searched")
    words = [
        "search",
        str(PLUGIN / "streams.toml"),
        f"cache={folder / 'cache'}",
        "--out",
        str(folder / "run"),
    ]
    assert main(words) == 0
    return folder / "run"
