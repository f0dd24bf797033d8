"""The JSON beside the files of a network: its inputs and outputs, its settings, and what was compared."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from nasframe import __version__
from nasframe.errors import ContractError
from nasframe.exporting.formats import weights_of
from nasframe.runtime import without_nan

__all__ = ["DOCUMENT", "FORMAT", "describe", "plain_settings"]

DOCUMENT = "network.json"
"""Name of the file."""

FORMAT = 1
"""Version of the document; it grows where a reader of the one before would go wrong."""


def describe(
    module: nn.Module,
    inputs: Mapping[str, Tensor],
    outputs: Mapping[str, Tensor],
    settings: Mapping[str, Any],
    facts: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the document without its files.

    Args:
        module: that is exported.
        inputs: a batch of them.
        outputs: the module's, of that batch.
        settings: JSON-able.
        facts: other keys, such as the architecture.
    """
    from safetensors.torch import save

    return {
        "format": FORMAT,
        "nasframe": __version__,
        "torch": torch.__version__,
        **facts,
        "inputs": [_described(name, value) for name, value in inputs.items()],
        "outputs": [_described(name, value) for name, value in outputs.items()],
        "settings": settings,
        "parameters": sum(value.numel() for value in module.parameters()),
        "weights_sha256": hashlib.sha256(save(weights_of(module))).hexdigest(),
    }


def _described(name: str, value: Tensor) -> dict[str, Any]:
    return {
        "name": name,
        "shape": ["batch", *value.shape[1:]],
        "type": str(value.dtype).removeprefix("torch."),
    }


def plain_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as JSON holds them; a number that is not finite is None.

    Raises:
        ContractError: JSON cannot hold them.
    """
    try:
        plain: dict[str, Any] = json.loads(json.dumps(without_nan(settings), allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise ContractError(f"the settings of what is exported must be JSON-able: {error}") from error
    return plain
