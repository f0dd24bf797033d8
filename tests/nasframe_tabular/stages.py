"""The stages of a task, run into folders as the core runs them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch

from nasframe import StageContext, Task
from nasframe.runtime import SILENT

__all__ = ["folders_of"]


def folders_of(task: Task, source: Path | None, base: Path) -> Mapping[str, Path]:
    """The folder of each stage, by name."""
    folders: dict[str, Path] = {}
    for stage in task.stages(source, 0):
        out = base / stage.name
        out.mkdir(parents=True)
        earlier = {name: folders[name] for name in stage.after}
        stage.run(StageContext(out, earlier, torch.device("cpu"), SILENT))
        folders[stage.name] = out
    return folders
