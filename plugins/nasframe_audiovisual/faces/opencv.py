"""OpenCV, imported when it is first used, and kept to one thread while it works for nasframe."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from nasframe.errors import MissingExtraError
from nasframe.runtime import require_extra

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["opencv", "single_threaded"]

_LOCK = threading.Lock()
_STATE: dict[str, Any] = {"inside": 0, "threads": 1}


def opencv() -> ModuleType:
    """Return the module `cv2`.

    Raises:
        MissingExtraError: it is not installed, or in a version that will not do.
    """
    try:
        import cv2
    except ImportError as error:
        require_extra("nasframe[audiovisual]", "the search for faces")
        raise MissingExtraError(
            "the search for faces",
            f"needs opencv-python-headless, which cannot be imported ({error}); pip install "
            '"nasframe[audiovisual]"',
        ) from error
    return cv2


@contextmanager
def single_threaded() -> Iterator[ModuleType]:
    """Give OpenCV one thread inside the block, and return to the number that was set before.

    The number belongs to the whole process. So the first block that is entered saves it, and the last one
    that is left restores it; blocks may overlap in several threads.
    """
    cv2 = opencv()
    with _LOCK:
        if _STATE["inside"] == 0:
            _STATE["threads"] = cv2.getNumThreads()
            if _STATE["threads"] != 1:
                cv2.setNumThreads(1)
        _STATE["inside"] += 1
    try:
        yield cv2
    finally:
        with _LOCK:
            _STATE["inside"] -= 1
            if _STATE["inside"] == 0 and _STATE["threads"] != 1:
                cv2.setNumThreads(_STATE["threads"])
