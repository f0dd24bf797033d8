"""The gallery: architectures that are kept as JSON, drawn when the site is built.

In the repository its page has a link to each document; on the site the picture stands above the link.
"""

from __future__ import annotations

import re
from pathlib import Path

import nasframe

__all__ = ["draw_gallery"]

_ENTRY = re.compile(r"^\[([^\]]+)\]\(([\w-]+)\.json\)$", re.MULTILINE)


def draw_gallery(source: Path, folder: Path) -> None:
    """Draw every architecture of the gallery into the folder of its staged page, and show it there.

    Args:
        source: the folder of the documents.
        folder: the one of the staged page, `README.md`.

    Raises:
        ArchitectureError: a document is damaged.
    """
    for document in sorted(source.glob("*.json")):
        nasframe.draw(document).save(folder / f"{document.stem}.svg")
    page = folder / "README.md"
    text = page.read_text(encoding="utf-8")
    page.write_text(_ENTRY.sub(r"![\1](\2.svg)\n\nIts document: [\2.json](\2.json)", text), encoding="utf-8")
