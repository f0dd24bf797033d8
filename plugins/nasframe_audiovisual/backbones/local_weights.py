"""Weights that a backbone starts from: a local file, checked first, so that an error names it."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn

from nasframe.errors import DataError
from nasframe_audiovisual.beside_torch import beside_torch

with beside_torch("torchvision"):  # which timm imports
    from timm.models import load_state_dict

__all__ = ["read_weights", "require_loaded", "weights_error"]


def read_weights(path: Path, name: str) -> list[Tensor]:
    """Read the tensors in a file of weights for timm model `name`.

    Raises:
        DataError: there is no such file, or it has no weights.
    """
    if not path.is_file():
        raise DataError(
            f"{path}: {'is a folder' if path.is_dir() else 'there is no such file'}; give a "
            f"local file of weights for {name} (nasframe never downloads any), or leave the option out to "
            "train from scratch"
        )
    try:
        values = load_state_dict(str(path)).values()
    except Exception:  # timm, safetensors and torch raise different classes, and their advice is of no help
        values = {}.values()
    tensors = [value for value in values if isinstance(value, Tensor)]
    if not tensors:
        raise weights_error(
            path, name, "the file holds no weights; expected .safetensors, or a state dict of tensors (.pth)"
        )
    return tensors


def require_loaded(network: nn.Module, weights: list[Tensor], path: Path, name: str) -> None:
    """Raise a DataError unless the network has some of the weights: timm loads those whose names it knows and
    ignores the others."""
    loaded = any(
        weight.shape == parameter.shape and weight.to(parameter.dtype).equal(parameter)
        for parameter in network.parameters()
        if parameter.ndim > 1
        for weight in weights
    )
    if not loaded:
        raise weights_error(path, name, "none of the weights in the file is one of that network")


def weights_error(path: Path, name: str, reason: object) -> DataError:
    """Return an error of one line. Of torch's list with a line for each tensor, it has the first one."""
    lines = [line.strip().rstrip(".") for line in str(reason).splitlines()]
    line = lines[0] if len(lines) < 2 else f"{lines[1]}{f', and {len(lines) - 2} more' * (len(lines) > 2)}"
    return DataError(f"{path}: the weights do not fit {name}: {line}")
