"""OpenCV, imported when it is first used, and kept to one thread while it works for nasframe."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nasframe.errors import MissingExtraError
from nasframe.runtime import ThreadsKept, require_extra

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["opencv", "single_threaded"]


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
    """Give OpenCV one thread inside the block, and return to the number that was set before."""
    cv2 = opencv()
    with _THREADS:
        _set_threads(1)
        yield cv2


def _set_threads(number: int) -> None:
    cv2 = opencv()
    if cv2.getNumThreads() != number:
        cv2.setNumThreads(number)


_THREADS = ThreadsKept(lambda: int(opencv().getNumThreads()), _set_threads)
