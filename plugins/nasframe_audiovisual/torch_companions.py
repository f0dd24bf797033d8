"""Libraries that are built for one torch, and the message where it is another one than is here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version

from nasframe.errors import PluginError

__all__ = ["beside_torch"]


@contextmanager
def beside_torch(package: str) -> Iterator[None]:
    """Import in the block what needs a package that must fit torch, such as torchaudio.

    Raises:
        PluginError: the import failed; it names the versions of both.
    """
    try:
        yield
    except Exception as error:  # OSError, ImportError or RuntimeError, as the mismatch is
        reason = str(error).rpartition("/")[2]  # without the folder of a library that cannot be loaded
        raise PluginError(
            f"{package} {version(package)} cannot be imported beside torch {version('torch')} ({reason}); "
            "each is built for one torch and one CUDA: docs/installation.md says which pairs were tried"
        ) from error
