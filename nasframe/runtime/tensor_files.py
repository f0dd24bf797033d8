"""Files of safetensors that a stranger may have written: read, bounded, compared with what is expected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nasframe.errors import NasframeError, RunError
from nasframe.runtime.finite import is_finite
from nasframe.runtime.reading import MakeError, require_regular, short

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = ["check_tensors", "read_tensors"]

_TENSORS = 64 * 2**30  # bytes; they are mapped and not copied
_DIMENSIONS = 16  # of a tensor


def read_tensors(
    path: Path,
    error: MakeError = RunError,
    *,
    expected: Mapping[str, Tensor] | None = None,
    device: torch.device | str = "cpu",
    finite: bool = False,
    limit: int = _TENSORS,
) -> dict[str, Tensor]:
    """Return the tensors of a file of safetensors, by name.

    Args:
        path, error, limit: see `require_regular`.
        expected: name → a tensor of the same dtype and shape, such as the state of a network, on any device,
            meta too. The file must have these and no others. None takes any.
        device: for the tensors.
        finite: refuse NaN and infinity.

    Raises:
        NasframeError: made by `error`: it cannot be read, is damaged, or holds other tensors.
    """
    from safetensors import safe_open

    require_regular(path, error, limit)
    try:
        with safe_open(path, framework="pt", device=str(device)) as file:
            found = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
            for name, shape in found.items():
                if len(shape) > _DIMENSIONS:
                    raise error(f"{path}: {short(name)}: has {len(shape)} dimensions")
            if expected is not None:  # before anything is loaded
                _check_shapes(found, {name: like.shape for name, like in expected.items()}, str(path), error)
            tensors = {name: file.get_tensor(name) for name in found}
            damaged = [name for name, tensor in tensors.items() if finite and not is_finite(tensor)]
    except NasframeError:
        raise
    except Exception as problem:  # safetensors and torch raise many classes
        raise error(f"{path}: cannot be read as safetensors: {short(str(problem))}") from problem
    if expected is not None:
        check_tensors(tensors, expected, str(path), error)
    if damaged:
        raise error(f"{path}: {short(damaged[0])}: holds a value that is not finite")
    return tensors


def check_tensors(
    tensors: Mapping[str, Tensor], expected: Mapping[str, Tensor], source: str, error: MakeError = RunError
) -> None:
    """Refuse tensors with other names, shapes or dtypes; see `read_tensors` for the arguments and errors."""
    found = {name: tensor.shape for name, tensor in tensors.items()}
    _check_shapes(found, {name: like.shape for name, like in expected.items()}, source, error)
    for name, like in expected.items():
        if tensors[name].dtype != like.dtype:
            raise error(f"{source}: {name}: expected {like.dtype}, found {tensors[name].dtype}")


def _check_shapes(
    found: Mapping[str, Sequence[int]], expected: Mapping[str, Sequence[int]], source: str, error: MakeError
) -> None:
    for name, shape in expected.items():
        if name not in found:
            raise error(f"{source}: lacks the tensor {name!r}")
        if tuple(found[name]) != tuple(shape):
            raise error(f"{source}: {name}: expected the shape {list(shape)}, found {list(found[name])}")
    for name in found:
        if name not in expected:
            raise error(f"{source}: holds a tensor {short(repr(name))} that is not expected")
