"""Weights that a backbone starts from: what fits, and what is refused before any work."""

from __future__ import annotations

import os
import pickle
import warnings
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import load_file, save_file

from nasframe.errors import DataError
from nasframe_audiovisual import check_backbone, check_weights
from nasframe_audiovisual.backbones import make_backbone


def test_weights_that_fit_pass(tmp_path: Path) -> None:
    save_file(timm.create_model("resnet10t").state_dict(), tmp_path / "weights.safetensors")
    check_backbone("resnet10t")
    check_weights(tmp_path / "weights.safetensors", "resnet10t")
    state = make_backbone("resnet10t", 3, tmp_path / "weights.safetensors").state_dict()
    weights = load_file(tmp_path / "weights.safetensors")
    assert all(value.equal(weights[name]) for name, value in state.items())


def test_weights_that_are_not_there_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^/.*nope\.pth: cannot be read: no such file; .*scratch$"):
        check_weights(tmp_path / "nope.pth", "resnet10t")
    with pytest.raises(DataError, match="is a folder"):
        check_weights(tmp_path, "resnet10t")


@pytest.mark.parametrize("name", ["text.pth", "list.pth", "numbers.pth", "module.pth"])
def test_a_file_without_weights_is_called_that_in_one_line(tmp_path: Path, name: str) -> None:
    contents = {"list": [1, 2], "numbers": {"epoch": 1}, "module": torch.nn.Linear(2, 2)}
    kind = name.partition(".")[0]
    if kind in contents:
        torch.save(contents[kind], tmp_path / name)
    else:
        (tmp_path / name).write_text("hello")
    with pytest.raises(DataError, match=r"do not fit resnet10t: the file holds no weights; expected .*\)$"):
        check_weights(tmp_path / name, "resnet10t")


def test_weights_of_another_network_are_refused_and_not_left_out(tmp_path: Path) -> None:
    torch.save(timm.create_model("resnet18").state_dict(), tmp_path / "larger.pth")
    with pytest.raises(DataError, match=r"do not fit resnet10t: size mismatch for layer2.*, and \d+ more$"):
        check_weights(tmp_path / "larger.pth", "resnet10t")
    torch.save({"strange.weight": torch.zeros(2, 2)}, tmp_path / "strange.pth")
    with pytest.raises(DataError, match="none of the weights in the file is one of that network"):
        check_weights(tmp_path / "strange.pth", "resnet10t")


class _Payload:
    """Pickled, it is a call."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.target,)


@pytest.mark.parametrize("name", ["weights.pth", "weights", "plain.pkl"])
def test_a_pickle_among_weights_runs_nothing(tmp_path: Path, name: str) -> None:
    payload = _Payload(tmp_path / "owned")
    if name == "plain.pkl":
        (tmp_path / name).write_bytes(pickle.dumps(payload))
    else:
        torch.save({"conv1.weight": payload}, tmp_path / name)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        with pytest.raises(DataError, match="do not fit resnet10t: the file holds no weights"):
            check_weights(tmp_path / name, "resnet10t")
    assert not payload.target.exists()
    assert seen == []  # nothing is printed before the sentence


@pytest.mark.parametrize("content", ["hello", "pickle", "half"])
def test_damaged_safetensors_are_told_in_the_words_of_their_reader(tmp_path: Path, content: str) -> None:
    path, payload = tmp_path / "weights.safetensors", _Payload(tmp_path / "owned")
    if content == "pickle":
        torch.save({"conv1.weight": payload}, path)
    elif content == "half":
        save_file({"conv1.weight": torch.zeros(100)}, path)
        path.write_bytes(path.read_bytes()[:-100])
    else:
        path.write_text("hello")
    with pytest.raises(DataError, match=r"weights\.safetensors: cannot be read as safetensors: "):
        check_weights(path, "resnet10t")
    assert not payload.target.exists()


def test_a_pipe_of_weights_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "weights.pth")
    with pytest.raises(DataError, match="is a pipe; expected a regular file; give a local file"):
        check_weights(tmp_path / "weights.pth", "resnet10t")


def test_a_file_that_lacks_some_weights_is_refused(tmp_path: Path) -> None:
    state = timm.create_model("resnet10t").state_dict()
    del state["layer2.0.conv1.weight"], state["layer3.0.conv1.weight"]
    save_file(state, tmp_path / "weights.safetensors")
    with pytest.raises(DataError, match=r"the file lacks layer2\.0\.conv1\.weight and 1 more$"):
        check_weights(tmp_path / "weights.safetensors", "resnet10t")


@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.module."])
def test_weights_of_three_channels_are_summed_for_one(tmp_path: Path, prefix: str) -> None:
    state = timm.create_model("resnet10t").state_dict()
    torch.save({"state_dict": {f"{prefix}{key}": value for key, value in state.items()}}, tmp_path / "w.pth")
    network = make_backbone("resnet10t", 1, tmp_path / "w.pth")
    own = network.state_dict()
    assert own["conv1.0.weight"].equal(state["conv1.0.weight"].sum(1, keepdim=True))
    assert own["layer4.0.conv1.weight"].equal(state["layer4.0.conv1.weight"])
