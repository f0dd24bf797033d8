"""The arithmetic floor: the matrix products of a step, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from attrs import frozen
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

__all__ = ["Product", "Products", "products_of"]

_FACTORS = {torch.ops.aten.mm.default: 0, torch.ops.aten.bmm.default: 0, torch.ops.aten.addmm.default: 1}
"""Kernel of a matrix product → the place of its left factor among the arguments."""


@frozen
class Product:
    """The size of `(batch, rows, inner) @ (batch, inner, columns)`."""

    batch: int
    rows: int
    inner: int
    columns: int

    @property
    def flop(self) -> int:
        """Floating-point operations: two for each multiplication with its addition."""
        return 2 * self.batch * self.rows * self.inner * self.columns


class Products:
    """Matrix products of given sizes, on random numbers, one after the other."""

    def __init__(self, products: Sequence[Product]) -> None:
        self.products = products
        self._factors: dict[Product, tuple[Tensor, Tensor, Tensor]] = {
            one: (
                torch.randn(one.batch, one.rows, one.inner),
                torch.randn(one.batch, one.inner, one.columns),
                torch.empty(one.batch, one.rows, one.columns),
            )
            for one in dict.fromkeys(products)
        }

    @property
    def flop(self) -> int:
        return sum(one.flop for one in self.products)

    def __call__(self) -> None:
        for one in self.products:
            left, right, out = self._factors[one]
            torch.bmm(left, right, out=out)


def products_of(step: Callable[[], object]) -> Products:
    """Return the matrix products that a step computes, by making it once."""
    with _Recording() as found:
        step()
    return Products(found.products)


class _Recording(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.products: list[Product] = []

    def __torch_dispatch__(
        self, kernel: Any, types: Any, arguments: tuple[Any, ...] = (), named: dict[str, Any] | None = None
    ) -> Any:
        if kernel in _FACTORS:
            left, right = arguments[_FACTORS[kernel] :][:2]
            batch = left.shape[0] if left.dim() == 3 else 1
            self.products.append(Product(batch, left.shape[-2], left.shape[-1], right.shape[-1]))
        elif kernel is torch.ops.aten.convolution.default:
            values, weight = arguments[:2]
            self.products.append(_pointwise(values, weight))
        elif kernel is torch.ops.aten.convolution_backward.default:
            _, values, weight = arguments[:3]
            one = _pointwise(values, weight)
            for_values, for_weight, _ = arguments[-1]
            if for_values:
                self.products.append(Product(1, one.rows, one.columns, one.inner))
            if for_weight:
                self.products.append(Product(1, one.columns, one.rows, one.inner))
        return kernel(*arguments, **(named or {}))


def _pointwise(values: Tensor, weight: Tensor) -> Product:
    """Return the product that a convolution of width 1 is, of `(batch, channels, length)`."""
    outputs, inputs, _ = weight.shape
    return Product(1, values.shape[0] * values.shape[2], inputs, outputs)
