"""One file of each format: written of a module with named inputs and outputs, and read again to be run."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import torch
from attrs import frozen
from torch import Tensor, nn

from nasframe.runtime import read_tensors, require_extra, write_bytes

__all__ = ["FORMATS", "ExportedNetwork", "Format", "weights_of"]

ExportedNetwork = Callable[[Mapping[str, Tensor]], dict[str, Tensor]]
"""A network that was read from a file: input → `(batch, …)`, to output → `(batch, …)`."""

_LARGEST_IN_ONE_FILE = 1_500_000_000
"""Bytes of weights from which on ONNX keeps them in a second file: a message of protobuf ends at 2 GB."""

_LARGEST_BATCH = 2**31 - 1

_KNOWN_WARNINGS: Sequence[tuple[str, type[Warning]]] = (
    # torch 2.11 maps the file that it reads; the tensors are copied before anything is written into them
    ("The given buffer is not writable", UserWarning),
    # torch's own exporter copies its records of inputs, whose class is deprecated
    (r"`isinstance\(treespec, LeafSpec\)` is deprecated", FutureWarning),
    # the older exporter computes less in advance than it could
    ("Constant folding - Only steps=1 can be constant folded", UserWarning),
    # every input has the same first dimension, and so the same name of it
    ("# The axis name: batch will not be used", UserWarning),
)


@frozen
class Format:
    """A kind of file.

    Attributes:
        file: its name.
        write: writes the module, given an example of its inputs, the names of its outputs, and the path.
        read: returns what runs the file at a path, given the module too.
        extra: of nasframe, which brings what it needs; empty for none.
    """

    file: str
    write: Callable[[nn.Module, Mapping[str, Tensor], Sequence[str], Path], None]
    read: Callable[[nn.Module, Path], ExportedNetwork]
    extra: str = ""

    def require(self) -> None:
        """Do nothing where the packages are installed that the format needs.

        Raises:
            MissingExtraError: with the command that installs them.
        """
        if self.extra:
            require_extra(f"nasframe[{self.extra}]", f"the file {self.file}")


def weights_of(module: nn.Module) -> dict[str, Tensor]:
    """Return parameters and buffers by name, contiguous, on the CPU, none of which shares memory."""
    state = module.state_dict()
    return {name: value.detach().cpu().contiguous().clone() for name, value in sorted(state.items())}


def _write_safetensors(
    module: nn.Module, example: Mapping[str, Tensor], outputs: Sequence[str], path: Path
) -> None:
    from safetensors.torch import save

    write_bytes(path, save(weights_of(module)))


def _read_safetensors(module: nn.Module, path: Path) -> ExportedNetwork:
    state = read_tensors(path)
    wanted = module.state_dict().keys()
    assert state.keys() == wanted, "the file was written by this module"

    def run(inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        # two names of one parameter were written twice, with the same values
        found = torch.func.functional_call(module, state, (dict(inputs),), tie_weights=False)
        return cast(dict[str, Tensor], found)

    return run


def _exported_program(module: nn.Module, example: Mapping[str, Tensor]) -> torch.export.ExportedProgram:
    shapes = _dynamic_shapes(example)
    return torch.export.export(_SortedOutputs(module), (dict(example),), dynamic_shapes=shapes, strict=False)


def _dynamic_shapes(example: Mapping[str, Tensor]) -> tuple[dict[str, dict[int, Any]]]:
    """Return the dimension that is free in every input: the first, one for all."""
    # torch 2.6 compares a free one with the largest number there is, and then finds that it is not free
    batch = torch.export.Dim("batch", max=_LARGEST_BATCH)
    return ({name: {0: batch} for name in example},)


def _write_program(
    module: nn.Module, example: Mapping[str, Tensor], outputs: Sequence[str], path: Path
) -> None:
    with _known_warnings():
        torch.export.save(_exported_program(module, example), path)


def _read_program(module: nn.Module, path: Path) -> ExportedNetwork:
    with _known_warnings():
        program = torch.export.load(path).module()

    def run(inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        found: dict[str, Tensor] = program(dict(inputs))
        return found

    return run


def _write_onnx(module: nn.Module, example: Mapping[str, Tensor], outputs: Sequence[str], path: Path) -> None:
    size = sum(value.numel() * value.element_size() for value in module.state_dict().values())
    try:
        with _known_warnings():
            program: Any = torch.onnx.export(
                _SortedOutputs(module),
                (dict(example), {}),  # without the second, the dictionary would be taken for keywords
                dynamo=True,
                dynamic_shapes=_dynamic_shapes(example),
                input_names=list(example),
                output_names=list(outputs),
                verbose=False,
            )
    except torch.onnx.OnnxExporterError:
        # the exporter of torch 2.6 fails on batch normalisation and on a linear layer without bias
        _write_traced(module, example, outputs, path)
        return
    program.save(str(path), external_data=size > _LARGEST_IN_ONE_FILE)


def _write_traced(
    module: nn.Module, example: Mapping[str, Tensor], outputs: Sequence[str], path: Path
) -> None:
    """Write ONNX by torch's older exporter, which follows the example through the module."""
    positional = _Positional(module, list(example), outputs).eval()
    with _known_warnings():
        torch.onnx.export(
            positional,
            tuple(example.values()),
            str(path),
            dynamo=False,
            input_names=list(example),
            output_names=list(outputs),
            dynamic_axes={name: {0: "batch"} for name in (*example, *outputs)},
        )


class _Positional(nn.Module):
    """A module that takes its inputs and returns its outputs in an order, without their names."""

    def __init__(self, module: nn.Module, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        super().__init__()
        self.module = module
        self.inputs = inputs
        self.outputs = outputs

    def forward(self, *values: Tensor) -> tuple[Tensor, ...]:
        found = self.module(dict(zip(self.inputs, values, strict=True)))
        return tuple(found[name] for name in self.outputs)


def _read_onnx(module: nn.Module, path: Path) -> ExportedNetwork:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    names = [item.name for item in session.get_outputs()]

    def run(inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        given = {name: value.numpy() for name, value in inputs.items()}
        found = session.run(names, given)
        return {name: torch.from_numpy(value) for name, value in zip(names, found, strict=True)}

    return run


class _SortedOutputs(nn.Module):
    """A module that returns its outputs in the order of their names, which the files go by."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module
        self.eval()

    def forward(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        return dict(sorted(self.module(inputs).items()))


@contextmanager
def _known_warnings() -> Iterator[None]:
    """Hide the warnings of torch's exporters that nobody can do anything about; all others are shown."""
    with warnings.catch_warnings():
        for message, category in _KNOWN_WARNINGS:
            warnings.filterwarnings("ignore", message, category)
        yield


FORMATS: Mapping[str, Format] = {
    "safetensors": Format("network.safetensors", _write_safetensors, _read_safetensors),
    "pt2": Format("network.pt2", _write_program, _read_program),
    "onnx": Format("network.onnx", _write_onnx, _read_onnx, extra="onnx"),
}
"""Name → format, in the order in which they are written."""
