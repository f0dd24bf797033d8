"""An exported network is written in every format, read again, and compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from nasframe.errors import ConfigurationError, ContractError, MissingExtraError, RunError, in_words, nearest
from nasframe.exporting.comparison import BATCHES, TOLERANCE, largest_difference
from nasframe.exporting.document import DOCUMENT, describe, plain_settings
from nasframe.exporting.export_folder import export_folder
from nasframe.exporting.formats import FORMATS, Format
from nasframe.runtime import SILENT, Progress, sha256_of, shorten, write_json
from nasframe.tasks import Exported

__all__ = ["write_exported"]

_WEIGHTS = ".data"
"""The end of the name of a second file, in which ONNX keeps large weights."""


def write_exported(
    exported: Exported,
    out: Path,
    facts: Mapping[str, Any],
    *,
    formats: Sequence[str] | None = None,
    overwrite: bool = False,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Write a network into a new folder, and return the content of its `network.json`.

    Every file is read again and compared with the module on random batches of several sizes. The folder is
    there only if all of them agree.

    Args:
        exported: the module, an example of its inputs, and settings.
        out: the folder; missing or empty.
        facts: further keys of the document, JSON-able.
        formats: names of `FORMATS`; None for all whose packages are installed.
        overwrite: replace an export that is there.
        progress: to report to.

    Raises:
        ConfigurationError: an unknown format.
        ContractError: the module does not take or return named tensors, batch first.
        MissingExtraError: a format that was named needs packages that are not installed.
        RunError: the folder holds something else; torch cannot export the module; a file differs.
    """
    chosen, left_out = _chosen(formats)
    module = exported.module.eval()
    # by name: torch sorts the keys of a dictionary in one of its two implementations, and not in the other
    example = dict(sorted(exported.example.items()))
    outputs = _outputs_of(module, example)
    document = describe(module, example, outputs, plain_settings(exported.settings), facts)
    with export_folder(out, _written(), overwrite=overwrite) as folder:
        document |= {"batches": list(BATCHES), "tolerance": TOLERANCE, "files": {}, "left_out": left_out}
        for item in chosen:
            progress.say(f"{item.file} …")
            written = _write(item, module, example, list(outputs), folder)
            document["files"][item.file] = written
            if (
                weights := folder / f"{item.file}{_WEIGHTS}"
            ).exists():  # compared with it, as they are one network
                document["files"][weights.name] = _identity(weights) | {
                    "largest_difference": written["largest_difference"]
                }
        write_json(folder / DOCUMENT, document)
    return document


def _written() -> set[str]:
    """Return the names of all files that an export writes; large weights of ONNX are a second file."""
    files = {item.file for item in FORMATS.values()}
    return {DOCUMENT, *files, f"{FORMATS['onnx'].file}{_WEIGHTS}"}


def _chosen(formats: Sequence[str] | None) -> tuple[list[Format], dict[str, str]]:
    """Return the formats to write, and file → the words why it is left out."""
    for name in formats or ():
        if name not in FORMATS:
            raise ConfigurationError("export", [f"format: unknown format {name!r}{nearest(name, FORMATS)}"])
    left_out = {}
    chosen = [item for name, item in FORMATS.items() if formats is None or name in formats]
    for item in list(chosen):
        try:
            item.require()
        except MissingExtraError as error:
            if formats is not None:
                raise
            left_out[item.file] = error.need
            chosen.remove(item)
    return chosen, left_out


def _outputs_of(module: nn.Module, example: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the outputs of the example, by name in sorted order.

    Raises:
        ContractError: the example or the outputs are not named tensors of a batch of two.
    """
    for name, value in example.items():
        if not isinstance(value, Tensor) or value.ndim < 1 or value.shape[0] != 2:
            raise _broken(f"the example must hold a batch of two for input {name!r}", value)
    with torch.no_grad():
        outputs = module(dict(example))
    if not isinstance(outputs, dict) or not outputs:
        raise _broken("the module must return a dictionary, output → tensor", outputs)
    for name, value in outputs.items():
        if not isinstance(value, Tensor) or value.ndim < 1 or value.shape[0] != 2:
            raise _broken(f"the module must return a tensor, batch first, as output {name!r}", value)
        if value.is_floating_point() and not value.isfinite().all():
            raise RunError(f"the output {name!r} of the network is not finite for the example of its inputs")
    return dict(sorted(outputs.items()))


def _broken(promise: str, found: Any) -> ContractError:
    shown = f"shape {tuple(found.shape)}" if isinstance(found, Tensor) else shorten(repr(found), 80)
    return ContractError(
        f"what is exported breaks the contract of nasframe.Exported: {promise}, found {shown}"
    )


def _write(
    item: Format, module: nn.Module, example: Mapping[str, Tensor], outputs: Sequence[str], folder: Path
) -> dict[str, Any]:
    """Write one file, compare it, and return what the document says of it."""
    path = folder / item.file
    try:
        item.write(module, example, outputs, path)
        run = item.read(module, path)
        difference = largest_difference(module, run, example)
    except (OSError, MemoryError, Warning):
        raise
    except Exception as error:  # torch's exporters raise many classes
        raise RunError(
            f"{item.file}: cannot be made of this network: {shorten(in_words(error), 600)}"
        ) from error
    if not difference <= TOLERANCE:
        raise RunError(
            f"{item.file}: gives other outputs than the network, by {difference:.3g} of their scale; "
            f"expected at most {TOLERANCE:g}. Nothing was written"
        )
    return {**_identity(path), "largest_difference": difference}


def _identity(path: Path) -> dict[str, Any]:
    """Return the size and the hash of a file, which may be larger than the memory."""
    return {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
