"""The task `deepfake`: FakeAVCeleb's layout, frozen features of two streams, and a set made from nothing.

Importing this package imports neither torch nor a codec; its hooks name what they register.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nasframe import hookimpl

if TYPE_CHECKING:
    from cyclopts import App

__all__: list[str] = []


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
