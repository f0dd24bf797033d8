"""Seeds derived from one seed and a name, so that every random stream can be made again on its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

__all__ = ["derive_seed", "forked_seed", "generator"]


def derive_seed(seed: int, *names: str | int) -> int:
    """Return a 63-bit seed that depends on `seed` and every name, and on nothing else.

    >>> derive_seed(0, "shuffle", 1)
    955032806499468100
    >>> derive_seed(0, "shuffle", 1) == derive_seed(0, "shuffle", 2)
    False
    """
    digest = hashlib.sha256(repr((seed, *names)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def generator(seed: int, *names: str | int, device: torch.device | str = "cpu") -> torch.Generator:
    """Return a new generator for the random stream called `names`."""
    import torch

    return torch.Generator(device).manual_seed(derive_seed(seed, *names))


@contextmanager
def forked_seed(seed: int, *names: str | int) -> Iterator[None]:
    """Seed torch's global generators inside the block (dropout and initialisation draw from them)
    and give the caller's states back after it."""
    import torch

    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices):
        drawn = derive_seed(seed, *names)
        torch.default_generator.manual_seed(drawn)
        if devices:  # without one, torch would note the seed for later, with a traceback
            torch.cuda.manual_seed_all(drawn)
        yield
