"""Do relaxations, spaces, supernet and loops hold on the oldest and on the newest torch?

    python tests/torch_versions.py [VERSION …] [--extra EXTRA] [--tests PATH …] [--folder FOLDER]

For each version a fresh environment is made, with nasframe, the extra and that torch; the suites run in it,
and one line for each says what was found. Without a version: the lower bound that pyproject.toml names, and
the newest release that the package index serves. Each takes gigabytes, which are removed at the end, and some
minutes. Exit status 1 where a suite fails.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SUITES = ("tests/relaxations", "tests/space", "tests/supernet", "tests/searching", "tests/nasframe_bimodal")


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("versions", nargs="*", metavar="VERSION", help="of torch")
    words.add_argument("--extra", default="testing", help="extra of nasframe that is installed too")
    words.add_argument("--tests", nargs="+", default=SUITES, metavar="PATH", help="the tests to run")
    words.add_argument("--folder", type=Path, help="where the environments are made; they stay there")
    given = words.parse_args()
    lines, failed = [], False
    with tempfile.TemporaryDirectory() as temporary:
        for version in given.versions or [oldest(), newest()]:
            folder = (given.folder or Path(temporary)).resolve() / f"torch-{version}"
            make_environment(folder, version, given.extra)
            closing, passed = run_suites(folder, given.tests)
            lines.append(f"{versions_in(folder)}: {closing}")
            failed |= not passed
    print(f"\nPython {platform.python_version()}, {platform.system()} {platform.machine()}")
    print("\n".join(lines))
    return int(failed)


def oldest() -> str:
    """The lower bound of torch in pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (bound,) = [
        line.removeprefix("torch>=") for line in project["dependencies"] if line.startswith("torch>=")
    ]
    return bound if bound.count(".") > 1 else f"{bound}.0"


def newest() -> str:
    """The newest release that the index serves for this Python."""
    command = [sys.executable, "-m", "pip", "index", "versions", "torch"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.match(r"torch \((\S+)\)", listed)
    assert found, listed
    return found[1]


def make_environment(folder: Path, version: str, extra: str) -> None:
    if not (folder / "bin").exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", f"{ROOT}[{extra}]", f"torch=={version}"], check=True)


def run_suites(folder: Path, tests: Sequence[str]) -> tuple[str, bool]:
    """The closing line of pytest, and whether all passed."""
    command = [
        str(folder / "bin" / "python"),
        "-m",
        "pytest",
        "-q",
        "-n",
        "2",
        "-p",
        "no:cacheprovider",
        *tests,
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        last = ""
        for line in running.stdout:
            print(line, end="", flush=True)
            last = line.strip() or last
    return last.strip("= "), running.returncode == 0


def versions_in(folder: Path) -> str:
    code = (
        "from importlib.metadata import version, PackageNotFoundError\n"
        "for name in ('torch', 'torchvision', 'torchaudio', 'timm'):\n"
        "    try: print(name, version(name))\n"
        "    except PackageNotFoundError: pass\n"
    )
    command = [str(folder / "bin" / "python"), "-c", code]
    return ", ".join(
        subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")[:-1]
    )


if __name__ == "__main__":
    sys.exit(main())
