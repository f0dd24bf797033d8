"""Weights that a backbone starts from: a local file, looked at first, so that a wrong one is named."""

from __future__ import annotations

from pathlib import Path

from timm.models import load_state_dict
from torch import Tensor, nn

from nasframe.errors import DataError

__all__ = ["read_weights", "require_loaded", "weights_error"]


def read_weights(path: Path, name: str) -> list[Tensor]:
    """The tensors in a file of weights for timm model `name`.

    Raises:
        DataError: no such file, or no weights in it.
    """
    if not path.is_file():
        raise DataError(
            f"task.pretrained: {path}: {'is a folder' if path.is_dir() else 'there is no such file'}; give a "
            f"local file of weights for {name} (nasframe never downloads any), or leave the option out to "
            "train from scratch"
        )
    try:
        values = load_state_dict(str(path)).values()
    except Exception:  # timm, safetensors and torch each raise their own, with advice of their own
        values = {}.values()
    tensors = [value for value in values if isinstance(value, Tensor)]
    if not tensors:
        raise weights_error(
            path, name, "the file holds no weights; expected .safetensors, or a state dict of tensors (.pth)"
        )
    return tensors


def require_loaded(network: nn.Module, weights: list[Tensor], path: Path, name: str) -> None:
    """Raise a DataError unless some of the weights are now the network's: timm takes what it knows by name
    and leaves the rest as it was."""
    taken = any(
        weight.shape == parameter.shape and weight.to(parameter.dtype).equal(parameter)
        for parameter in network.parameters()
        if parameter.ndim > 1
        for weight in weights
    )
    if not taken:
        raise weights_error(path, name, "none of the weights in the file is one of that network")


def weights_error(path: Path, name: str, why: object) -> DataError:
    """An error in one line; the first of what torch says of each tensor."""
    lines = [line.strip().rstrip(".") for line in str(why).splitlines()]
    reason = lines[0] if len(lines) < 2 else f"{lines[1]}{f', and {len(lines) - 2} more' * (len(lines) > 2)}"
    return DataError(f"task.pretrained: {path}: the weights do not fit {name}: {reason}")
