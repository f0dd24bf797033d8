"""A search step beside the plain implementation, on one core and on two, and the plain one beside its own
matrix products."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from figure import Figure
from paper import engine_step, plain_step
from products import Product, Products, products_of
from turns import timed

from nasframe.runtime import one_thread

__all__ = ["step_figures", "two_core_figures"]

BM_NAS = 3.4
"""The time of a step of BM-NAS over that of its matrix products: 101.7 ms, and 2.87 GFLOP at 96 GFLOP/s."""

LARGE = Product(1, 1024, 1024, 1024)
"""A product at which a thread reaches its rate."""

TOGETHER = 4
"""Steps of a turn: in a search, a step finds in the caches of the processor what its own kind left there."""

TARGETS = {("onehot", 64): 4.3, ("onehot", 8): 4.5, ("softmax", 64): 2.5}


def step_figures(rounds: int = 10) -> list[Figure]:
    """Return the speedups of a step, each from processor time in one run, on one thread."""
    figures = []
    large = Products([LARGE])
    with _threads(1), one_thread():
        for (name, size), least in TARGETS.items():
            plain = plain_step(name, size)
            variants: dict[str, Callable[[], object]] = {
                "plain": _several(plain),
                "engine": _several(engine_step(name, size)),
                "large product": large,
            }
            flop = products_of(plain).flop
            found = timed(variants, rounds if size > 8 else 2 * rounds)
            rate = large.flop / found.pop("large product").processor
            floor = flop / rate
            milliseconds = {key: round(1e3 * one.processor / TOGETHER, 1) for key, one in found.items()}
            milliseconds["products"] = round(1e3 * floor, 1)
            figures.append(
                Figure(
                    f"step_speedup_{name}_b{size}",
                    found["plain"].processor / found["engine"].processor,
                    least=least,
                    words=", ".join(f"{key} {value:g} ms" for key, value in milliseconds.items()),
                    details={
                        "milliseconds": milliseconds,
                        "wall": {key: one.wall / TOGETHER for key, one in found.items()},
                    },
                )
            )
            if (name, size) == ("softmax", 64):
                ratio = found["plain"].processor / TOGETHER / floor
                figures.append(
                    Figure(
                        "plain_over_its_products",
                        ratio,
                        least=0.85 * BM_NAS,
                        most=1.15 * BM_NAS,
                        words=f"{BM_NAS} of BM-NAS; {flop / 1e9:.2f} GFLOP, {rate / 1e9:.0f} GFLOP/s",
                    )
                )
    return figures


def two_core_figures(rounds: int = 10) -> list[Figure]:
    """Return the speedups where both have two cores: by the clock, and each in its own way.

    The engine computes whole products beside each other, the plain search has torch's threads, or one thread
    where that is faster.
    """
    figures = []
    with _threads(2):
        for name, size in TARGETS:
            plain, engine = _several(plain_step(name, size)), _several(engine_step(name, size))
            variants = {"plain": plain, "plain, one thread": _alone(plain), "engine": _alone(engine)}
            found = {key: one.wall / TOGETHER for key, one in timed(variants, rounds).items()}
            own = found.pop("engine")
            milliseconds = {key: round(1e3 * wall, 1) for key, wall in {**found, "engine": own}.items()}
            figures.append(
                Figure(
                    f"step_speedup_{name}_b{size}_two_cores",
                    min(found.values()) / own,
                    words=", ".join(f"{key} {value:g} ms" for key, value in milliseconds.items()),
                    details={"milliseconds": milliseconds},
                )
            )
    return figures


def _several(step: Callable[[], None]) -> Callable[[], None]:
    """Return what a turn makes: `TOGETHER` steps."""

    def turn() -> None:
        for _ in range(TOGETHER):
            step()

    return turn


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Give torch so many threads in the block, and those of `beside` with them."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _alone(step: Callable[[], None]) -> Callable[[], None]:
    """Return a step each of whose operations is computed on one thread."""

    def inside() -> None:
        with one_thread():
            step()

    return inside
