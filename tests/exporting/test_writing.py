"""An export: named inputs and outputs, files that agree with the network, a whole folder or none."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import warnings
from collections.abc import Callable
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

import nasframe
from nasframe.errors import ConfigurationError, ContractError, MissingExtraError, RunError
from nasframe.exporting import FORMATS, formats, write_exported
from nasframe.exporting.comparison import largest_difference
from nasframe.tasks import Exported

SHAPES = {"sound": (3,), "count": (2,)}


class Small(nn.Module):
    """Two inputs, one of them whole numbers, and two outputs in an order that is not that of their names."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 2)
        self.tied = self.linear

    def forward(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        score = self.tied(self.linear(inputs["sound"])[:, :1].expand(-1, 3))
        return {"score": score, "chosen": score.argmax(-1) + inputs["count"].sum(-1)}


def exported(module: nn.Module | None = None, **settings: Any) -> Exported:
    torch.manual_seed(0)
    example = {"sound": torch.randn(2, 3), "count": torch.tensor([[0, 4], [2, 3]])}
    return Exported(Small() if module is None else module, example, settings)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "out"


def test_the_document_says_inputs_outputs_settings_and_the_hash_of_each_file(out: Path) -> None:
    found = write_exported(exported(threshold=0.5, undefined=float("nan")), out, {"architecture": None})
    assert found == json.loads((out / "network.json").read_text(encoding="utf-8"))
    assert found["format"] == 1
    assert found["inputs"] == [
        {"name": "count", "shape": ["batch", 2], "type": "int64"},
        {"name": "sound", "shape": ["batch", 3], "type": "float32"},
    ]
    assert found["outputs"] == [
        {"name": "chosen", "shape": ["batch"], "type": "int64"},
        {"name": "score", "shape": ["batch", 2], "type": "float32"},
    ]
    assert found["settings"] == {"threshold": 0.5, "undefined": None}
    assert found["parameters"] == 8
    for name, item in found["files"].items():
        content = (out / name).read_bytes()
        assert item["bytes"] == len(content)
        assert item["sha256"] == hashlib.sha256(content).hexdigest()
        assert item["largest_difference"] <= 1e-5
    assert found["weights_sha256"] == found["files"]["network.safetensors"]["sha256"]
    assert {item.name for item in out.iterdir()} == {*found["files"], "network.json"}
    assert [item.name for item in out.parent.iterdir()] == ["out"]


def test_every_file_is_run_without_the_module_for_batches_of_any_size(out: Path) -> None:
    import onnxruntime

    given = exported()
    write_exported(given, out, {})
    program = torch.export.load(out / "network.pt2").module()
    session = onnxruntime.InferenceSession(str(out / "network.onnx"))
    other = Small()
    other.load_state_dict(load_file(out / "network.safetensors"))
    for count in (1, 2, 7, 64):
        inputs = {"count": torch.randint(9, (count, 2)), "sound": torch.randn(count, 3)}
        expected = given.module(inputs)
        values = session.run(["score", "chosen"], {name: value.numpy() for name, value in inputs.items()})
        onnx = dict(zip(("score", "chosen"), map(torch.from_numpy, values), strict=True))
        for found in (program(inputs), onnx, other(inputs)):
            assert found.keys() == expected.keys()
            for name, value in expected.items():
                torch.testing.assert_close(found[name], value, atol=1e-5, rtol=1e-5)


def test_weights_in_a_second_file_have_their_hash_too(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "_LARGEST_IN_ONE_FILE", 0)
    module = Small()
    module.linear = module.tied = nn.Linear(3, 4096)
    found = write_exported(exported(module), out, {}, formats=["onnx"])["files"]
    assert list(found) == ["network.onnx", "network.onnx.data"]
    content = (out / "network.onnx.data").read_bytes()
    assert content
    assert found["network.onnx.data"] == {
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "largest_difference": found["network.onnx"]["largest_difference"],
    }


def test_the_weights_are_the_same_bytes_each_time(tmp_path: Path) -> None:
    found = [write_exported(exported(), tmp_path / name, {}, formats=["safetensors"]) for name in "ab"]
    assert found[0]["weights_sha256"] == found[1]["weights_sha256"]


@pytest.mark.parametrize("kind", FORMATS)
def test_one_format_alone_is_written(kind: str, out: Path) -> None:
    write_exported(exported(), out, {}, formats=[kind])
    assert {item.name for item in out.iterdir()} == {FORMATS[kind].file, "network.json"}


def test_an_unknown_format_is_refused_with_the_near_ones(out: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"unknown format 'onx'; did you mean 'onnx'\?"):
        write_exported(exported(), out, {}, formats=["onx"])


@pytest.fixture
def without_onnx(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(extra: str, what: str) -> None:
        raise MissingExtraError(
            what, 'needs onnxscript, which is not installed; pip install "nasframe[onnx]"'
        )

    monkeypatch.setattr(formats, "require_extra", missing)


def test_without_its_extra_the_onnx_file_is_left_out_in_words(without_onnx: None, out: Path) -> None:
    found = write_exported(exported(), out, {})
    assert list(found["files"]) == ["network.safetensors", "network.pt2"]
    assert 'pip install "nasframe[onnx]"' in found["left_out"]["network.onnx"]


def test_without_its_extra_an_onnx_file_that_is_named_is_an_error(without_onnx: None, out: Path) -> None:
    with pytest.raises(MissingExtraError, match="the file network.onnx needs onnxscript"):
        write_exported(exported(), out, {}, formats=["onnx"])
    assert not out.exists()


def test_the_extra_of_onnx_is_one_of_the_distribution() -> None:
    extra = FORMATS["onnx"].extra
    assert extra in (metadata("nasframe").get_all("Provides-Extra") or [])


class Branching(nn.Module):
    """A network whose program depends on the values of its inputs."""

    def forward(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        if inputs["sound"].sum() > 0 and len(inputs["count"]):
            return {"sum": inputs["sound"].sum(-1)}
        return {"sum": inputs["sound"].mean(-1)}


def test_a_network_that_torch_cannot_export_is_an_error_in_words_and_nothing_is_left(out: Path) -> None:
    with pytest.raises(RunError, match=r"network\.pt2: cannot be made of this network: "):
        write_exported(exported(Branching()), out, {})
    assert not out.exists()
    assert list(out.parent.iterdir()) == []
    assert list(write_exported(exported(Branching()), out, {}, formats=["safetensors"])["files"])


def test_a_file_that_gives_other_outputs_is_an_error_and_nothing_is_left(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = FORMATS["pt2"].read

    def wrong(module: nn.Module, path: Path) -> Callable[..., dict[str, Tensor]]:
        run = read(module, path)
        return lambda inputs: {name: value + 3e-5 for name, value in run(inputs).items()}

    broken = {**FORMATS, "pt2": formats.Format("network.pt2", FORMATS["pt2"].write, wrong)}
    monkeypatch.setattr("nasframe.exporting.writing.FORMATS", broken)
    with pytest.raises(RunError, match=r"network\.pt2: gives other outputs than the network, by 3e-05"):
        write_exported(exported(), out, {})
    assert not out.exists()
    assert list(out.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda value: value, 0.0),
        (lambda value: value + 0.5, 0.5),
        (lambda value: value[:, :1], float("nan")),
        (lambda value: value / 0, float("nan")),
    ],
)
def test_the_difference_is_relative_to_the_scale_and_no_number_where_shapes_differ(
    change: Callable[[Tensor], Tensor], expected: float
) -> None:
    example = {"x": torch.zeros(2, 3)}
    found = largest_difference(
        lambda inputs: {"y": inputs["x"]}, lambda inputs: {"y": change(inputs["x"])}, example
    )
    assert found == pytest.approx(expected, nan_ok=True)
    large = largest_difference(
        lambda _: {"y": torch.tensor([1000.0])}, lambda _: {"y": torch.tensor([1001.0])}, {}
    )
    assert large == pytest.approx(1e-3)


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (nn.Identity(), "output 'sound' .*|must return"),
        (
            type("One", (nn.Module,), {"forward": lambda self, inputs: inputs["sound"]})(),
            "must return a dictionary",
        ),
        (
            type("Mean", (nn.Module,), {"forward": lambda self, inputs: {"y": inputs["sound"].mean()}})(),
            r"batch first, as output 'y', found shape \(\)",
        ),
    ],
)
def test_outputs_that_are_no_named_tensors_batch_first_are_refused(
    module: nn.Module, words: str, out: Path
) -> None:
    if isinstance(module, nn.Identity):
        write_exported(exported(module), out, {}, formats=["safetensors"])
        return
    with pytest.raises(ContractError, match=words):
        write_exported(exported(module), out, {})
    assert not out.exists()


def test_settings_that_json_cannot_hold_are_refused(out: Path) -> None:
    with pytest.raises(ContractError, match="settings of what is exported must be JSON-able"):
        write_exported(exported(path=Path("x")), out, {})


# -- the folder -----------------------------------------------------------------------------------------


def quick(out: Path, **options: Any) -> dict[str, Any]:
    return write_exported(exported(), out, {}, formats=["safetensors"], **options)


def test_an_export_is_replaced_only_if_asked_for(out: Path) -> None:
    write_exported(exported(), out, {}, formats=["pt2"])
    with pytest.raises(RunError, match=r"holds an export \(network\.json, network\.pt2\).*--overwrite"):
        quick(out)
    quick(out, overwrite=True)
    assert {item.name for item in out.iterdir()} == {"network.json", "network.safetensors"}
    assert [item.name for item in out.parent.iterdir()] == ["out"]


def test_a_folder_with_other_files_is_never_replaced(out: Path) -> None:
    quick(out)
    (out / "mine.txt").write_text("mine")
    with pytest.raises(RunError, match=r"holds mine\.txt, which no export writes"):
        quick(out, overwrite=True)
    assert (out / "network.json").exists()
    assert (out / "mine.txt").read_text() == "mine"


def test_a_file_and_a_link_to_nothing_are_no_place_for_an_export(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(RunError, match="is a file; choose another --out"):
        quick(tmp_path / "file", overwrite=True)
    with pytest.raises(RunError, match="is a link to nothing"):
        quick(tmp_path / "link", overwrite=True)


def test_an_empty_folder_and_a_link_to_one_are_filled(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "link").symlink_to("out")
    quick(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "out" / "network.json").exists()


def test_an_export_that_cannot_be_published_leaves_the_old_one(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = quick(out)

    def full(made: Path, folder: Path) -> None:
        raise OSError(28, os.strerror(28), str(made))

    monkeypatch.setattr(sys.modules["nasframe.runtime.whole_folder"], "publish_folder", full)
    with pytest.raises(OSError, match="No space left"):
        write_exported(exported(more=1), out, {}, formats=["safetensors"], overwrite=True)
    assert json.loads((out / "network.json").read_text()) == before
    assert [item.name for item in out.parent.iterdir()] == ["out"]


def test_a_warning_of_torch_that_nobody_knows_is_shown(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = torch.export.export

    def warning(*arguments: Any, **options: Any) -> Any:
        warnings.warn("something new", UserWarning, stacklevel=1)
        return usual(*arguments, **options)

    monkeypatch.setattr(torch.export, "export", warning)
    with pytest.warns(UserWarning, match="something new"):
        write_exported(exported(), out, {}, formats=["pt2"])


def test_the_page_has_the_function_and_not_a_package_of_its_name() -> None:
    assert callable(nasframe.export)
