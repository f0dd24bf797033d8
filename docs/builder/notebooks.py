"""The notebooks: executed in their kernel, stored with outputs that say from which source they came.

`python -m docs.builder.notebooks` executes all of them and stores what comes out; names choose some.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbclient
import nbformat
from jupyter_client.kernelspec import NoSuchKernel
from jupyter_client.manager import AsyncKernelManager

from nasframe.errors import NasframeError

__all__ = ["NOTEBOOKS", "NotebookError", "execute", "is_current", "read", "store"]

NOTEBOOKS = Path(__file__).parents[2] / "examples" / "notebooks"
_KEY = "nasframe"
_SECONDS = 300
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class NotebookError(NasframeError):
    """A notebook cannot be executed, or one of its cells fails."""


def read(path: Path) -> Any:
    """Return a notebook of format 4.

    Raises:
        NotebookError: it is none.
    """
    try:
        return nbformat.read(path, as_version=4)
    except (OSError, ValueError, nbformat.ValidationError) as error:
        raise NotebookError(f"{path.name}: is no notebook: {error}") from error


def execute(path: Path) -> Any:
    """Return a notebook with the outputs of its cells, executed in an empty folder that is then removed.

    Raises:
        NotebookError: its kernel is not installed, or a cell raises; with the cell and the last line.
    """
    notebook = read(path)
    name = notebook.metadata.get("kernelspec", {}).get("name", "python3")
    with TemporaryDirectory() as folder:
        empty = Path(folder) / "empty"
        empty.mkdir()
        client = nbclient.NotebookClient(
            notebook,
            _manager(name, Path(folder)),
            timeout=_SECONDS,
            startup_timeout=_SECONDS,  # a busy machine
            coalesce_streams=True,  # what a cell prints is one output, however the kernel sends it
            resources={"metadata": {"path": str(empty)}},
        )
        client.owns_km = True  # else it leaves the kernel running
        try:
            client.execute()
        except NoSuchKernel as error:
            raise NotebookError(
                f"{path.name}: its kernel {name!r} is not installed, so it cannot be executed; the kernel "
                "python3 comes with the package ipykernel: pip install ipykernel, or all that the site "
                'needs: pip install "nasframe[docs]"'
            ) from error
        except nbclient.exceptions.CellExecutionError as error:
            raise NotebookError(f"{path.name}: {_failure(notebook, error)}") from error
    return _plain(notebook)


def is_current(notebook: Any) -> bool:
    """Return True where the stored outputs are those of the stored source."""
    return bool(notebook.metadata.get(_KEY, {}).get("executed") == _source_hash(notebook))


def store(path: Path, notebook: Any) -> None:
    """Write a notebook."""
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")


def _manager(name: str, folder: Path) -> AsyncKernelManager:
    """Return the manager of a kernel that is spoken to through files: over TCP, others could listen."""
    return AsyncKernelManager(kernel_name=name, transport="ipc", ip=str(folder / "kernel"))


def _failure(notebook: Any, error: nbclient.exceptions.CellExecutionError) -> str:
    for number, cell in enumerate(notebook.cells, start=1):
        if any(output.output_type == "error" for output in cell.get("outputs", ())):
            return f"cell {number} raises {error.ename}: {_COLOURS.sub('', error.evalue)}"
    return f"a cell raises {error.ename}: {_COLOURS.sub('', error.evalue)}"


def _plain(notebook: Any) -> Any:
    """Remove what differs from one execution to the next, and note the source that was executed."""
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({})
        for output in cell.get("outputs", ()):
            output.pop("metadata", None)
            if output.output_type in ("display_data", "execute_result"):
                output.metadata = nbformat.from_dict({})
                if "image/svg+xml" in output.data:  # the text would say all of it again
                    output.data = nbformat.from_dict({"image/svg+xml": output.data["image/svg+xml"]})
    kept = {key: notebook.metadata[key] for key in ("kernelspec",) if key in notebook.metadata}
    kept["language_info"] = {"name": "python"}
    kept[_KEY] = {"executed": _source_hash(notebook)}
    notebook.metadata = nbformat.from_dict(kept)
    return notebook


def _source_hash(notebook: Any) -> str:
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return hashlib.sha256("\0".join(sources).encode()).hexdigest()


def _main(names: Sequence[str]) -> int:
    for path in [NOTEBOOKS / name for name in names] or sorted(NOTEBOOKS.glob("*.ipynb")):
        try:
            store(path, execute(path))
        except NotebookError as error:
            print(error, file=sys.stderr)
            return 2
        print(path.name)
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
