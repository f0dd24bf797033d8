"""Environments that hold nothing but what a wheel asks for: made from links to the packages that are here.

Torch alone is gigabytes, so packages are neither downloaded nor copied. Only to build a wheel does pip fetch
something, the build backend.
"""

from __future__ import annotations

import email
import importlib.metadata
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.forked_programs import ForkingServer

__all__ = ["ROOT", "Environment", "build_wheel"]

ROOT = Path(__file__).parents[1]
IMPORTED = ("torch", "nasframe.cli", "nasframe.pipeline", "nasframe.report", "nasframe.studies")
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")


def build_wheel(folder: Path, source: Path = ROOT) -> Path:
    """The wheel of a project, built in a new folder."""
    words = [*PIP, "wheel", "--quiet", "--no-deps"]
    subprocess.run([*words, "--wheel-dir", str(folder), str(source)], check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


class Environment:
    """A virtual environment that only its own commands see: a wheel and what the wheel needs.

    Args:
        folder: commands run in it, with no setting of nasframe or Python from outside.
        wheel: of nasframe.
        extras: of nasframe, whose packages are there too.
        without: packages that are left out all the same.
        pip: its program is there too; to make it is most of the work.
        imported: modules that the programs of `fork` find imported, beside those of the core.
    """

    def __init__(
        self,
        folder: Path,
        wheel: Path,
        *extras: str,
        without: Iterable[str] = (),
        pip: bool = False,
        imported: Sequence[str] = (),
    ) -> None:
        self.folder = folder
        self.bin = folder / "venv" / "bin"
        self._programs = ForkingServer([*IMPORTED, *imported], self.bin / "python", self._variables())
        made = [sys.executable, "-m", "venv", *([] if pip else ["--without-pip"]), str(folder / "venv")]
        subprocess.run(made, check=True)
        (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
        linked = folder / "linked"  # apart, since pip would delete what a link leads to
        linked.mkdir()
        names = {*_needed(_requirements(wheel), extras, "nasframe", set())}
        _link(names - {*without}, linked)
        (site / "linked.pth").write_text(f"{linked}\n", encoding="utf-8")
        install = [*PIP, "--python", str(self.bin / "python"), "install", "--quiet", "--no-deps"]
        subprocess.run([*install, "--no-index", str(wheel)], env=self._variables(), check=True)

    def run(self, program: str, *words: str, status: int = 0) -> str:
        """Standard output and error of a command, which must end with `status`."""
        return self._run([str(self.bin / program), *words], self.folder, status)

    def fork(self, program: str, *words: str, status: int = 0) -> str:
        """As `run`, but forked from a server that has imported and that the environment's own python runs."""
        first = [] if program == "python" else [str(self.bin / program)]
        done = self._programs.run([*first, *words], cwd=self.folder, env=self._variables())
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def __enter__(self) -> Environment:
        return self

    def __exit__(self, *error: object) -> None:
        self._programs.close()

    def type(self, line: str, folder: Path) -> str:
        """Standard output and error of a line as it is typed into a shell, which must succeed."""
        return self._run(["bash", "-c", line], folder, 0)

    def _run(self, command: Sequence[str], folder: Path, status: int) -> str:
        done = subprocess.run(
            command,
            cwd=folder,
            env=self._variables(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stdout
        return done.stdout

    def _variables(self) -> dict[str, str]:
        outside = ("PYTHON", "VIRTUAL", "NASFRAME")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(outside)}
        found = {"PATH": f"{self.bin}{os.pathsep}{kept['PATH']}", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        return {**kept, **found}


def _requirements(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as packed:
        (metadata,) = (name for name in packed.namelist() if name.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(packed.read(metadata)).get_all("Requires-Dist") or []


def _needed(lines: Sequence[str], extras: Sequence[str], own: str, seen: set[str]) -> Iterator[str]:
    """The distributions that lines of Requires-Dist name with these extras, and all that those need.

    `own` is the package of the first lines, whose extras may name each other.
    """
    for line in lines:
        item = Requirement(line)
        name = canonicalize_name(item.name)
        if item.marker and not any(item.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            continue
        if name == own:
            yield from _needed(lines, sorted(item.extras - {*extras}), own, seen)
            continue
        if f"{name} {sorted(item.extras)}" in seen:
            continue
        seen.add(f"{name} {sorted(item.extras)}")
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # such as a GPU's library where torch was built for the processor
        yield name
        yield from _needed(distribution.requires or (), sorted(item.extras), name, seen)


def _link(names: Iterable[str], folder: Path) -> None:
    """Links to the files of distributions, with their metadata."""
    for name in names:
        distribution = importlib.metadata.distribution(name)
        files = distribution.files or ()
        for top in {file.parts[0] for file in files if file.parts[0] not in ("..", "__pycache__")}:
            source = Path(str(distribution.locate_file(top)))
            if not (folder / top).exists():
                (folder / top).symlink_to(source)
