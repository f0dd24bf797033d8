"""Weights that a backbone starts from: what fits, and what is refused before any work."""

from __future__ import annotations

from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file

from nasframe.errors import DataError
from nasframe_audiovisual import check_backbone, check_weights


def test_weights_that_fit_pass(tmp_path: Path) -> None:
    save_file(timm.create_model("resnet10t").state_dict(), tmp_path / "weights.safetensors")
    check_weights(tmp_path / "weights.safetensors", "resnet10t")
    check_backbone("resnet10t")


def test_weights_that_are_not_there_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^/.*nope\.pth: there is no such file; .*scratch$"):
        check_weights(tmp_path / "nope.pth", "resnet10t")
    with pytest.raises(DataError, match="is a folder"):
        check_weights(tmp_path, "resnet10t")


@pytest.mark.parametrize("name", ["text.pth", "text.safetensors", "list.pth", "numbers.pth", "module.pth"])
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
