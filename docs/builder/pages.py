"""The pages of the repository as pages of the site: links that leave `docs/` lead to copies on the site."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from nasframe.errors import NasframeError

__all__ = ["PageError", "Pages"]

_LINK = re.compile(r"(?<=\]\()(?!https?://|mailto:|#)([^)\s#]+)(#[^)\s]*)?(?=\))")
_FENCE = re.compile(r"^(```.*?^```$)", re.DOTALL | re.MULTILINE)


class PageError(NasframeError):
    """A page cannot be brought to the site."""


class Pages:
    """Pages that are copied from the repository into the folder of the site's sources.

    Args:
        root: of the repository.
        target: the folder of the sources; what is in `docs/` comes to its top.
    """

    def __init__(self, root: Path, target: Path) -> None:
        self.root = root
        self.target = target
        self._copied: set[str] = set()

    def add(self, source: str) -> None:
        """Copy a page with its links rewritten, and every file outside `docs/` that it links to.

        Args:
            source: its path in the repository, with `/`.

        Raises:
            PageError: a link leads to no file.
        """
        if source in self._copied:
            return
        self._copied.add(source)
        text = (self.root / source).read_text(encoding="utf-8")
        parts = _FENCE.split(text)  # code is copied as it is
        parts[::2] = [_LINK.sub(lambda found: self._link(source, found), part) for part in parts[::2]]
        self._write(self.place(source), "".join(parts).encode())

    def place(self, source: str) -> str:
        """Return the path on the site of a file of the repository."""
        if source.startswith("examples/notebooks/") and source.endswith(".ipynb"):
            return f"notebooks/{PurePosixPath(source).stem}.md"
        if source.startswith("docs/"):
            return source.removeprefix("docs/")
        if source == "README.md":
            return "index.md"
        return source if "/" not in source and source.endswith(".md") else f"files/{source}"

    def _link(self, page: str, found: re.Match[str]) -> str:
        source = _normal(PurePosixPath(page).parent / found[1])
        path = self.root / source
        if path.is_dir():
            source, path = f"{source}/README.md", path / "README.md"
        if not path.is_file():
            raise PageError(f"{page}: links to {found[1]}, and there is no {source} in the repository")
        if path.suffix == ".md":
            self.add(source)
        elif path.suffix != ".ipynb":
            self._write(self.place(source), path.read_bytes())
        return _relative(self.place(page), self.place(source)) + (found[2] or "")

    def _write(self, place: str, content: bytes) -> None:
        path = self.target / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _normal(path: PurePosixPath) -> str:
    parts: list[str] = []
    for part in path.parts:
        if part == ".." and parts:
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _relative(page: str, target: str) -> str:
    here, there = page.split("/")[:-1], target.split("/")
    while here and len(there) > 1 and here[0] == there[0]:
        here, there = here[1:], there[1:]
    return "/".join([".."] * len(here) + there)
