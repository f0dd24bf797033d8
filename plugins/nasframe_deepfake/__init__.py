"""The task `deepfake`: clips in FakeAVCeleb's layout, or synthesised; frozen features of both streams.

Importing this package imports neither torch nor a codec: its hooks register names.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nasframe import hookimpl

if TYPE_CHECKING:
    from cyclopts import App

__all__: list[str] = []

NASFRAME_LIBRARIES = ("nasframe_audiovisual",)
NASFRAME_EXTRA = "deepfake"


@hookimpl
def register_tasks() -> dict[str, str]:
    return {"deepfake": "nasframe_deepfake.task:DeepfakeTask"}


@hookimpl
def register_demos() -> dict[str, Path]:
    return {"deepfake": Path(__file__).with_name("demo.toml")}


@hookimpl
def register_commands(app: App) -> None:
    from nasframe_deepfake.commands import commands

    app.command(commands())
