"""`nasframe export`, and `nasframe.export`: the network of a run, with the front that its task adds."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

import nasframe
from nasframe.cli import main
from nasframe.errors import ContractError, RunError
from nasframe.exporting import formats

Capture = pytest.CaptureFixture[str]


def test_the_command_writes_the_network_and_says_how_far_each_file_differs(
    finished_run: Path, home: Path, capsys: Capture
) -> None:
    assert (
        main(["export", str(finished_run), "--out", "out", "--format", "safetensors", "--format", "pt2"]) == 0
    )
    found = capsys.readouterr()
    rows = [line.split() for line in found.out.splitlines()]
    assert ["file", "bytes", "largest", "difference"] in rows
    assert {row[0] for row in rows if row} >= {"network.safetensors", "network.pt2", "input", "output"}
    assert "network.pt2 …" in found.err
    document = json.loads(Path("out/network.json").read_text(encoding="utf-8"))
    assert document["architecture"] == json.loads((finished_run / "architecture.json").read_text())
    assert [item["name"] for item in document["outputs"]] == ["outputs"]
    assert document["settings"]["calibration"] == {"threshold": 0.5}
    assert document["settings"]["score_meaning"].startswith("score: probability")


def test_what_is_exported_gives_the_scores_of_predict(finished_run: Path, home: Path) -> None:
    Path("a.json").write_text("[0.2, 0.7]")
    (record,) = nasframe.predict(finished_run, ["a.json"])
    nasframe.export(finished_run, "out", formats=["pt2", "safetensors"])
    inputs = {"left": torch.full((1, 4, 6), 0.2), "right": torch.full((1, 4, 6), 0.7)}
    with torch.no_grad():
        outputs = torch.export.load("out/network.pt2").module()(inputs)["outputs"]
    assert float(outputs.softmax(-1)[0, 1]) == pytest.approx(record["score"], abs=1e-5)
    network = nasframe.build(nasframe.load_architecture(finished_run)).eval()
    state = load_file("out/network.safetensors")
    network.load_state_dict({name.removeprefix("network."): value for name, value in state.items()})
    with torch.no_grad():
        inherited = network(inputs)
    assert float(inherited.softmax(-1)[0, 1]) == pytest.approx(record["score"], abs=1e-6)


class Front(nn.Module):
    """From volumes to the probability of the right stream."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        streams = {
            name: inputs["volumes"][:, place, None, None].expand(-1, 4, 6)
            for place, name in enumerate(("left", "right"))
        }
        return {"right": self.network(streams).softmax(-1)[:, 1]}


def test_a_task_of_somebody_else_adds_its_front(
    finished_run: Path, home: Path, toy_streams: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    import onnxruntime

    def exported(task: Any, network: nn.Module, saved: Path, calibration: Any) -> nasframe.Exported:
        assert saved == finished_run / "task"
        settings = {"threshold": calibration["threshold"], "direction": "right from the threshold up"}
        return nasframe.Exported(Front(network), {"volumes": torch.rand(2, 2)}, settings)

    monkeypatch.setattr(toy_streams.Streams, "exported", exported)
    document = nasframe.export(finished_run, "out")
    assert document["settings"] == {"threshold": 0.5, "direction": "right from the threshold up"}
    session = onnxruntime.InferenceSession("out/network.onnx")
    volumes = torch.tensor([[0.2, 0.7], [0.9, 0.1], [0.5, 0.5]])
    (scores,) = session.run(["right"], {"volumes": volumes.numpy()})
    for place, pair in enumerate(volumes.tolist()):
        Path("a.json").write_text(json.dumps(pair))
        (record,) = nasframe.predict(finished_run, ["a.json"])
        assert scores[place] == pytest.approx(record["score"], abs=1e-5)


def test_exported_must_return_what_can_be_written(
    finished_run: Path, home: Path, toy_streams: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toy_streams.Streams, "exported", lambda *_: None)
    with pytest.raises(ContractError, match="exported must return an Exported, found None"):
        nasframe.export(finished_run, "out")


def test_a_file_that_is_left_out_is_said_with_its_extra(
    finished_run: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    def missing(extra: str, what: str) -> None:
        from nasframe.errors import MissingExtraError

        raise MissingExtraError(what, f'needs onnx, which is not installed; pip install "{extra}"')

    monkeypatch.setattr(formats, "require_extra", missing)
    assert main(["export", str(finished_run), "--out", "out", "--json"]) == 0
    found = capsys.readouterr()
    assert set(json.loads(found.out)["files"]) == {"network.safetensors", "network.pt2"}
    assert (
        'network.onnx is left out: it needs onnx, which is not installed; pip install "nasframe[onnx]"'
        in found.err
    )
    assert main(["export", str(finished_run), "--out", "other", "--format", "onnx"]) == 2
    assert "the file network.onnx needs onnx, which is not installed" in capsys.readouterr().err
    assert not Path("other").exists()


def test_a_run_that_is_not_trained_and_an_export_that_is_there_are_errors(
    finished_run: Path, home: Path, capsys: Capture
) -> None:
    assert main(["export", "nowhere", "--out", "out"]) == 2
    assert "no such run folder" in capsys.readouterr().err
    words = ["export", str(finished_run), "--out", "out", "--format", "safetensors"]
    assert main(words) == 0
    assert main(words) == 2
    assert "say --overwrite" in capsys.readouterr().err
    assert main([*words, "--overwrite"]) == 0
    with pytest.raises(RunError, match="which no export writes; nothing was removed"):
        nasframe.export(finished_run, finished_run, overwrite=True)
