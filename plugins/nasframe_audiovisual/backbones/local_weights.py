"""Weights that a backbone starts from: a local file, which is read here and never by timm.

timm reads files in ways that differ between its versions; some of them run what a pickle says.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from nasframe.errors import DataError
from nasframe.runtime import format_names, is_finite, read_tensors, require_regular
from nasframe_audiovisual.torch_companions import beside_torch

with beside_torch("torchvision"):  # which timm imports
    from timm.models import adapt_input_conv

__all__ = ["load_weights"]

_WRAPPERS = ("state_dict_ema", "model_ema", "state_dict", "model")
"""Keys under which training programs keep the weights beside other things."""

_PREFIXES = ("_orig_mod.", "module.", "_orig_mod.")
"""Added to every name by compiled and by distributed networks."""


def load_weights(network: nn.Module, path: Path, name: str, channels: int) -> None:
    """Load a file of weights into the feature network of a timm model.

    Args:
        network: that `timm.create_model(name, features_only=True)` returned.
        path: a file of safetensors, or of `torch.save` with tensors alone; the names are those of timm.
        name: of the model.
        channels: of the network's images; a first convolution of three channels is adapted to one.

    Raises:
        DataError: there is no such file, it has no weights, or not those of the network. One line.
    """

    def no_file(message: str) -> DataError:
        return DataError(
            f"{message}; give a local file of weights for {name} (none is fetched in its place), "
            "or leave the option out to train from scratch"
        )

    require_regular(path, no_file)
    found = {_plain(key): value for key, value in _read(path, name).items()}
    # a network of features joins the names of nested modules, and may wrap the model
    own = {key: _plain(key) for key in network.state_dict()}
    chosen = {
        key: found[plain] if plain in found else found[plain.removeprefix("model_")]
        for key, plain in own.items()
        if plain in found or plain.removeprefix("model_") in found
    }
    if not any(key in chosen for key, _ in network.named_parameters()):
        raise _weights_error(path, name, "none of the weights in the file is one of that network")
    try:
        for key in chosen.keys() & _first_convolutions(network, own):
            if chosen[key].ndim == 4 and chosen[key].shape[1] == 3 != channels:
                chosen[key] = adapt_input_conv(channels, chosen[key])
        network.load_state_dict(chosen, strict=False)
    except (NotImplementedError, RuntimeError) as error:
        raise _weights_error(path, name, error) from error
    missing = [key for key in own if key not in chosen and not key.endswith("num_batches_tracked")]
    if missing:
        raise _weights_error(path, name, f"the file lacks {format_names(missing, most=1)}")
    for key, value in network.state_dict().items():
        if not is_finite(value):
            raise _weights_error(path, name, f"{key} holds a value that is not finite")


def _read(path: Path, name: str) -> dict[str, Tensor]:
    """Return the tensors in a file, by name."""
    values: Any = read_tensors(path, DataError) if path.suffix == ".safetensors" else _unpickled(path)
    for key in _WRAPPERS:
        if isinstance(values, Mapping) and isinstance(values.get(key), Mapping):
            values = values[key]
            break
    found = {
        _cleaned(key): value
        for key, value in (values.items() if isinstance(values, Mapping) else ())
        if isinstance(key, str) and isinstance(value, Tensor)
    }
    if not found:
        raise _weights_error(
            path, name, "the file holds no weights; expected .safetensors, or a state dict of tensors (.pth)"
        )
    return found


def _unpickled(path: Path) -> Any:
    """Return what `torch.save` wrote, tensors and plain values alone; nothing where that is all damaged."""
    try:
        with warnings.catch_warnings():
            # the sentence that follows says all that the user can do
            warnings.filterwarnings("ignore", "Detected pickle protocol", UserWarning)
            return torch.load(path, map_location="cpu", weights_only=True)
    except PermissionError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    except Exception:  # torch raises many classes, and their advice is of no help
        return {}


def _cleaned(key: str) -> str:
    for prefix in _PREFIXES:
        key = key.removeprefix(prefix)
    return key


def _plain(key: str) -> str:
    return key.replace(".", "_")


def _first_convolutions(network: nn.Module, own: Mapping[str, str]) -> set[str]:
    """Return the names of the weights that depend on the channels of the images."""
    names = getattr(network, "pretrained_cfg", {}).get("first_conv") or ()
    wanted = {_plain(f"{item}.weight") for item in ([names] if isinstance(names, str) else names)}
    return {key for key, plain in own.items() if plain.removeprefix("model_") in wanted or plain in wanted}


def _weights_error(path: Path, name: str, reason: object) -> DataError:
    """Return an error of one line. Of torch's list with a line for each tensor, it has the first one."""
    lines = [line.strip().rstrip(".") for line in str(reason).splitlines()]
    line = lines[0] if len(lines) < 2 else f"{lines[1]}{f', and {len(lines) - 2} more' * (len(lines) > 2)}"
    return DataError(f"{path}: the weights do not fit {name}: {line}")
