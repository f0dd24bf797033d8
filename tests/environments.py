"""Environments that hold nothing but what a wheel asks for: made from links to the packages that are here.

Torch alone is gigabytes, so nothing is downloaded and nothing is copied.
"""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]


def needed(name: str, extras: frozenset[str], seen: set[tuple[str, frozenset[str]]]) -> Iterator[str]:
    """A distribution with extras, and all that it needs."""
    if (canonicalize_name(name), extras) in seen:
        return
    seen.add((canonicalize_name(name), extras))
    yield name
    for line in importlib.metadata.distribution(name).requires or ():
        requirement = Requirement(line)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            try:
                yield from needed(requirement.name, frozenset(requirement.extras), seen)
            except importlib.metadata.PackageNotFoundError:
                continue  # such as a GPU's library where torch was built for the processor


def link_packages(names: set[str], folder: Path) -> None:
    """Links to the files of distributions, with their metadata."""
    for name in names:
        distribution = importlib.metadata.distribution(name)
        files = distribution.files or ()
        for top in {file.parts[0] for file in files if file.parts[0] not in ("..", "__pycache__")}:
            if not (folder / top).exists() and not top.endswith(".pth"):
                (folder / top).symlink_to(Path(str(distribution.locate_file(top))))


class Environment:
    """A virtual environment with a wheel, what the wheel needs, and nothing else.

    Args:
        folder: new; commands run in it.
        wheel: of nasframe.
        extras: of nasframe, whose packages are there too.
    """

    def __init__(self, folder: Path, wheel: Path, *extras: str) -> None:
        self.folder = folder
        self.bin = folder / "venv" / "bin"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
        (self.site,) = (folder / "venv" / "lib").glob("python*/site-packages")
        names = {canonicalize_name(name) for name in needed("nasframe", frozenset(extras), set())}
        link_packages(names - {"nasframe"}, self.site)
        pip = [sys.executable, "-m", "pip", "--python", str(self.bin / "python"), "--quiet"]
        subprocess.run([*pip, "install", "--no-deps", "--no-index", str(wheel)], check=True)

    def run(self, program: str, *words: str, status: int = 0) -> str:
        """Standard output and error of a command, which must end with `status`."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL"))}
        done = subprocess.run(
            [str(self.bin / program), *words],
            cwd=self.folder,
            env=kept,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stdout
        return done.stdout


def build_wheel(folder: Path, source: Path = ROOT) -> Path:
    """The wheel of a project, built in `folder`."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder)]
    subprocess.run([*command, str(source)], check=True)
    (wheel,) = folder.iterdir()
    return wheel
