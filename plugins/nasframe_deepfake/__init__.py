"""The task `deepfake`: clips of a data set on disk, or synthesised; frozen features of both streams.

For a data set of your own, this page has its contract `Dataset` and all that one needs: `Listing` of each
`Clip`, and the `Category` that a clip has, one of `CATEGORIES` (`GENUINE`, `FAKE_PICTURE`, `FAKE_VOICE`,
`FAKE_BOTH`, `PAIRING`), or for clips of the method `DESYNC` the one that the user wants, a `Desync`. It is
registered by the hook `register_deepfake_datasets`.

Importing this package imports neither torch nor a codec: its hooks register names, and the names of the page
are imported when they are first used.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nasframe import hookimpl
from nasframe.runtime import lazy_page

if TYPE_CHECKING:
    from types import ModuleType

    from cyclopts import App

    from nasframe import Run
    from nasframe.display import Section
    from nasframe_deepfake.datasets import CATEGORIES as CATEGORIES
    from nasframe_deepfake.datasets import DESYNC as DESYNC
    from nasframe_deepfake.datasets import FAKE_BOTH as FAKE_BOTH
    from nasframe_deepfake.datasets import FAKE_PICTURE as FAKE_PICTURE
    from nasframe_deepfake.datasets import FAKE_VOICE as FAKE_VOICE
    from nasframe_deepfake.datasets import GENUINE as GENUINE
    from nasframe_deepfake.datasets import PAIRING as PAIRING
    from nasframe_deepfake.datasets import Category as Category
    from nasframe_deepfake.datasets import Clip as Clip
    from nasframe_deepfake.datasets import Dataset as Dataset
    from nasframe_deepfake.datasets import Desync as Desync
    from nasframe_deepfake.datasets import Listing as Listing

_NAMES = (
    *("CATEGORIES", "DESYNC", "FAKE_BOTH", "FAKE_PICTURE", "FAKE_VOICE", "GENUINE", "PAIRING"),
    *("Category", "Clip", "Dataset", "Desync", "Listing"),
)
# No `__dir__`: the hooks below are found by the usual one.
__all__ = [*_NAMES]
__getattr__ = lazy_page(__name__, dict.fromkeys(_NAMES, "nasframe_deepfake.datasets"))

_AUDIT = "audit.json"  # as of the audit, which would import numpy

NASFRAME_LIBRARIES = ("nasframe_audiovisual",)
NASFRAME_EXTRA = "deepfake"


@hookimpl
def register_tasks() -> dict[str, str]:
    return {"deepfake": "nasframe_deepfake.task:DeepfakeTask"}


@hookimpl
def register_hookspecs() -> ModuleType:
    from nasframe_deepfake import hookspecs

    return hookspecs


@hookimpl
def register_deepfake_datasets() -> dict[str, str]:
    return {
        "fakeavceleb": "nasframe_deepfake.datasets:FakeAVCeleb",
        "combined": "nasframe_deepfake.datasets:Combined",
        "folder": "nasframe_deepfake.datasets:Folder",
        "swan_df": "nasframe_deepfake.datasets:SwanDF",
        "lav_df": "nasframe_deepfake.datasets:LavDF",
        "av_deepfake1m": "nasframe_deepfake.datasets:AVDeepfake1M",
    }


@hookimpl
def register_baselines() -> dict[str, str]:
    return {"published_detectors": "nasframe_deepfake.published:published_detectors"}


@hookimpl
def register_demos() -> dict[str, Path]:
    return {"deepfake": Path(__file__).with_name("demo.toml")}


@hookimpl
def register_presets() -> dict[str, Path]:
    return {"paper": Path(__file__).with_name("paper.toml")}


@hookimpl
def report_sections(run: Run) -> list[Section]:
    sections: list[Section] = []
    if (run.task_folder / _AUDIT).exists():  # a run of another task needs none of what is imported
        from nasframe_deepfake.auditing import audit_section, read_audit

        report = read_audit(run.task_folder)
        sections += [] if report is None else [audit_section(report)]
    if (run.path / "plugins" / "nasframe_deepfake").is_dir():
        from nasframe_deepfake.per_second import per_second_reports, per_second_section
        from nasframe_deepfake.robustness import robustness_reports, robustness_section

        if degraded := robustness_reports(run):
            sections.append(robustness_section(degraded))
        if seconds := per_second_reports(run):
            sections.append(per_second_section(seconds))
    return sections


@hookimpl
def register_commands(app: App) -> None:
    from nasframe_deepfake.commands import commands

    app.command(commands())
