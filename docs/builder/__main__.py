"""Build the site: stage the sources in `build/site-source`, then make `site/` of them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from nasframe.errors import NasframeError

ROOT = Path(__file__).parents[2]
_NEEDED = {
    "zensical": "zensical",
    "mkdocstrings_handlers": "mkdocstrings-python",
    "nbformat": "nbformat",
    "nbclient": "nbclient",
    "jupyter_client": "ipykernel",
}


def stage(target: Path) -> None:
    """Write all sources of the site into a folder, which is emptied first.

    Raises:
        NasframeError: a link leads to no file, a notebook has outputs of another source.
    """
    from docs.builder.api_page import api_page
    from docs.builder.gallery import draw_gallery
    from docs.builder.notebook_pages import write_page
    from docs.builder.notebooks import NOTEBOOKS
    from docs.builder.pages import Pages

    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    pages = Pages(ROOT, target)
    for path in sorted((ROOT / "docs").glob("*.md")):
        pages.add(f"docs/{path.name}")
    for name in ("SECURITY.md", "CHANGELOG.md", "docs/gallery/README.md"):
        pages.add(name)
    draw_gallery(ROOT / "docs" / "gallery", target / "gallery")
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        write_page(path, target / "notebooks")
    (target / "api.md").write_text(api_page(), encoding="utf-8")
    shutil.copyfile(ROOT / "docs" / "builder" / "site.css", target / "site.css")


def main() -> int:
    """Build the site; return the exit status, 2 for a mistake in a page."""
    if missing := [package for module, package in _NEEDED.items() if find_spec(module) is None]:
        print(
            f"docs: the site needs {', '.join(missing)}, which is not installed here; "
            'say pip install "nasframe[docs]"',
            file=sys.stderr,
        )
        return 2
    try:
        stage(ROOT / "build" / "site-source")
    except NasframeError as error:
        print(f"docs: {error}", file=sys.stderr)
        return 2
    shutil.rmtree(ROOT / "site", ignore_errors=True)
    command = [sys.executable, "-m", "zensical", "build", "--clean", "--strict"]
    return 2 if subprocess.run(command, cwd=ROOT).returncode else 0


if __name__ == "__main__":
    sys.exit(main())
