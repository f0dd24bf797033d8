"""Notebooks as pages of the site: text, code and the stored outputs, with pictures as files beside them."""

from __future__ import annotations

import html
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docs.builder.notebooks import NotebookError, is_current, read

__all__ = ["write_page"]


def write_page(source: Path, folder: Path) -> None:
    """Write the page of a notebook, `NAME.md`, and its pictures into a folder.

    Raises:
        NotebookError: its stored outputs are not those of its source.
    """
    notebook = read(source)
    if not is_current(notebook):
        raise NotebookError(
            f"{source.name}: its source has changed since it was executed; say "
            f"python -m docs.builder.notebooks {source.name}"
        )
    folder.mkdir(parents=True, exist_ok=True)
    page = _Page(source, folder)
    text = "\n\n".join(part for cell in notebook.cells for part in page.of_cell(cell))
    (folder / f"{source.stem}.md").write_text(text + "\n", encoding="utf-8")


class _Page:
    def __init__(self, source: Path, folder: Path) -> None:
        self.source = source
        self.folder = folder
        self.pictures = 0

    def of_cell(self, cell: Any) -> Iterator[str]:
        if cell.cell_type == "markdown":
            yield cell.source
            return
        yield f"```python\n{cell.source}\n```"
        for output in cell.outputs:
            data = output.get("data", {})
            if "image/svg+xml" in data:
                yield self._picture(data["image/svg+xml"])
            else:
                text = output.text if output.output_type == "stream" else data.get("text/plain", "")
                yield f'<pre class="output">{_escaped(text.rstrip())}</pre>'

    def _picture(self, svg: str) -> str:
        self.pictures += 1
        name = f"{self.source.stem}-{self.pictures}.svg"
        (self.folder / name).write_text(svg, encoding="utf-8")
        words = f"Picture {self.pictures} of the notebook"
        return f"![{words}]({name})"


def _escaped(text: str) -> str:
    """Return a text in which Markdown and HTML mean nothing; a block of HTML ends at an empty line."""
    return html.escape(text).replace("\n\n", "\n&#8203;\n")
