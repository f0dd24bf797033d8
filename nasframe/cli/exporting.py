"""The command `export`: the network of a trained run for programs without nasframe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from nasframe.cli.run_folder import check_run
from nasframe.display import Column, Table, print_tables
from nasframe.runtime import make_progress, print_json, print_message, print_text, visible

__all__ = ["add_commands"]

Formats = Annotated[
    list[Literal["safetensors", "pt2", "onnx"]] | None, Parameter(name="--format", negative=())
]


def add_commands(app: App) -> None:
    """Add the command."""
    app.command(export)


def export(
    run: Path,
    /,
    *,
    out: Path,
    formats: Formats = None,
    overwrite: bool = False,
    json: Annotated[bool, Parameter(help="For scripts: JSON instead of a table.")] = False,
) -> None:
    """Write the trained network of a run for programs without nasframe: safetensors, torch.export, ONNX.

    Every file takes batches of any size, is read again, and compared with the network.

    Parameters
    ----------
    run
        A run folder.
    out
        The folder; missing or empty.
    formats
        The files to write. May be given again. [default: all whose packages are installed]
    overwrite
        Replace the export that is there.
    """
    check_run(run)

    from nasframe import pipeline
    from nasframe.runs import naming_missing_plugins

    with naming_missing_plugins(run):
        found = pipeline.export(run, out, formats=formats, overwrite=overwrite, progress=make_progress())
    for file, need in found["left_out"].items():
        print_message(f"nasframe: {file} is left out: it {need}")
    if json:
        print_json(found)
        return
    rows = [[name, item["bytes"], item["largest_difference"]] for name, item in found["files"].items()]
    columns = [
        Column("file"),
        Column("bytes", unit="count"),
        Column("largest_difference"),
    ]
    title = "Each file was read again and compared with the network; relative to the scale of its outputs"
    print_tables([Table("files", title, columns, rows)])
    for kind in ("inputs", "outputs"):
        for item in found[kind]:
            shape = ", ".join(map(str, item["shape"]))
            print_text(visible(f"{kind[:-1]:6}  {item['name']}  ({shape}) {item['type']}"))
    print_text(f"\nexport   {visible(str(out))}")
