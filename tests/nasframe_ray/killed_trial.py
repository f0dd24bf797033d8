"""A trial that ends as one does for which there is no memory: the kernel kills its process."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

__all__ = ["be_killed"]


def be_killed(folder: Path, arguments: Any, progress: Any) -> None:
    """Send SIGKILL to the process that does the trial."""
    os.kill(os.getpid(), signal.SIGKILL)
