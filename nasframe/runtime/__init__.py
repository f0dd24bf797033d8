"""The runtime that all code may use, a plugin's too: files, locks, progress, seeds, threads.

Importing it imports no torch.
"""

from __future__ import annotations

from nasframe.runtime.console import (
    format_columns,
    print_columns,
    print_document,
    print_json,
    print_message,
    print_text,
    print_traceback,
)
from nasframe.runtime.csv_text import csv_text
from nasframe.runtime.extras import require_extra
from nasframe.runtime.file_names import bounded, file_name
from nasframe.runtime.files import (
    fingerprint,
    format_names,
    remove_path,
    replacing,
    without_nan,
    write_json,
    write_tensors,
    write_text,
)
from nasframe.runtime.former_names import format_number as format_number
from nasframe.runtime.former_names import print_metrics as print_metrics
from nasframe.runtime.lazy import lazy_page
from nasframe.runtime.locks import Lock, LockedError, lives
from nasframe.runtime.processor import cores, require_processor
from nasframe.runtime.progress import SILENT, Progress, make_progress
from nasframe.runtime.seeding import forked_seed, generator
from nasframe.runtime.threads import one_thread
from nasframe.runtime.visible import escape_json, shell_line, shorten, visible, visible_message

__all__ = [
    "SILENT",
    "Lock",
    "LockedError",
    "Progress",
    "bounded",
    "cores",
    "csv_text",
    "escape_json",
    "file_name",
    "fingerprint",
    "forked_seed",
    "format_columns",
    "format_names",
    "generator",
    "lazy_page",
    "lives",
    "make_progress",
    "one_thread",
    "print_columns",
    "print_document",
    "print_json",
    "print_message",
    "print_text",
    "print_traceback",
    "remove_path",
    "replacing",
    "require_extra",
    "require_processor",
    "shell_line",
    "shorten",
    "visible",
    "visible_message",
    "without_nan",
    "write_json",
    "write_tensors",
    "write_text",
]
