"""The first module that the fork server imports, and nobody else: the server ends with the command.

Without it, the server would see only after its imports that the command has ended, and not as long as a
stopped worker holds the pipe between the two.
"""

from __future__ import annotations

import sys

from nasframe.jobs.ending import end_with_parent

__all__: list[str] = []

if "multiprocessing.forkserver" in sys.orig_argv[-1]:
    end_with_parent()
