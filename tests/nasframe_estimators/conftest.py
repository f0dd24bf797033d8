"""Relaxations of a third party."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import pytest
import torch
from torch import Tensor

from nasframe import Relaxation, Sample, hookimpl
from nasframe.plugins import manager


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
