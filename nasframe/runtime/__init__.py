"""Files that are whole or absent, locks, progress, seeds and threads, for any code, a plugin's too.

Importing it imports no torch.
"""

from __future__ import annotations

from nasframe.runtime.files import fingerprint, replacing, without_nan, write_json, write_text
from nasframe.runtime.lazy import lazy_page
from nasframe.runtime.locks import Lock, LockedError, lives
from nasframe.runtime.processor import cores, require_processor
from nasframe.runtime.progress import Progress, SilentProgress, make_progress
from nasframe.runtime.seeding import forked_seed, generator
from nasframe.runtime.threads import one_thread

__all__ = [
    "Lock",
    "LockedError",
    "Progress",
    "SilentProgress",
    "cores",
    "fingerprint",
    "forked_seed",
    "generator",
    "lazy_page",
    "lives",
    "make_progress",
    "one_thread",
    "replacing",
    "require_processor",
    "without_nan",
    "write_json",
    "write_text",
]
