"""The runtime that all code may use, a plugin's too: files, locks, progress, seeds, threads.

Importing it imports no torch.
"""

from __future__ import annotations

from nasframe.runtime.beside import beside, threads_beside
from nasframe.runtime.cache_folder import (
    CACHE_VARIABLE,
    FORMER_CACHE,
    absolute_cache,
    cache_for_another_machine,
    default_cache,
    given_cache,
    recorded_place,
    user_cache,
)
from nasframe.runtime.cancellation import Cancellation
from nasframe.runtime.command_options import advised, offered, offering, ways_out
from nasframe.runtime.compressed import read_compressed_json, write_compressed_json
from nasframe.runtime.console import (
    drop_stream,
    format_columns,
    print_bytes,
    print_columns,
    print_document,
    print_json,
    print_message,
    print_text,
    print_traceback,
    take_any_character,
    writing_output,
)
from nasframe.runtime.counted import counted
from nasframe.runtime.csv_text import csv_text
from nasframe.runtime.damaged_record import made_later, naming_way_out
from nasframe.runtime.extras import require_extra
from nasframe.runtime.file_names import bounded_file_name, file_name
from nasframe.runtime.files import (
    append_bytes,
    append_line,
    copy_file,
    fingerprint,
    flush_file,
    format_names,
    naming_file,
    publish_folder,
    remove_path,
    replacing,
    sha256_of,
    without_nan,
    write_bytes,
    write_json,
    write_tensors,
    write_text,
)
from nasframe.runtime.finite import is_finite, rows_not_finite
from nasframe.runtime.former_names import format_number as format_number
from nasframe.runtime.former_names import print_metrics as print_metrics
from nasframe.runtime.garbage import import_uncollected
from nasframe.runtime.json_documents import check_shape, parse_json, read_json, read_json_lines
from nasframe.runtime.json_list import read_json_list
from nasframe.runtime.launched import launched_processes
from nasframe.runtime.lazy import lazy_page
from nasframe.runtime.locks import Lock, LockedError, noticing_removal
from nasframe.runtime.machine import MACHINE, machine_record
from nasframe.runtime.message_log import MessageLog
from nasframe.runtime.processor import cores, require_processor
from nasframe.runtime.progress import SILENT, Progress, make_progress, progress_of
from nasframe.runtime.random_states import RandomStates, random_states_kept
from nasframe.runtime.reading import (
    MAX_DOCUMENT_BYTES,
    MAX_LISTING_BYTES,
    damage_in_words,
    path_inside,
    read_bytes,
    read_csv,
    read_text,
    require_regular,
)
from nasframe.runtime.seeding import derive_seed, forked_seed, generator
from nasframe.runtime.shapes import (
    ANYTHING,
    MAX_EXACT_INTEGER,
    NOTHING,
    PATH,
    Each,
    Either,
    Fields,
    Flag,
    Items,
    Nullable,
    Number,
    Shape,
    Text,
)
from nasframe.runtime.shared_copy import shared_copy
from nasframe.runtime.signs_of_life import hearing_signs_of_life, sign_of_life
from nasframe.runtime.silences import Silences
from nasframe.runtime.single_precision import shortest_number
from nasframe.runtime.system_errors import describe_system_error
from nasframe.runtime.tensor_files import check_tensors, read_tensors
from nasframe.runtime.threads import ThreadsKept, one_thread
from nasframe.runtime.transfers import to_device
from nasframe.runtime.unfinished_folder import unfinished_folder
from nasframe.runtime.verbosity import Verbosity, speaking
from nasframe.runtime.visible import (
    escape_json,
    escape_toml,
    shell_line,
    shorten,
    visible,
    visible_lines,
    visible_message,
)
from nasframe.runtime.whole_folder import whole_folder

__all__ = [
    "ANYTHING",
    "CACHE_VARIABLE",
    "FORMER_CACHE",
    "MACHINE",
    "MAX_DOCUMENT_BYTES",
    "MAX_EXACT_INTEGER",
    "MAX_LISTING_BYTES",
    "NOTHING",
    "PATH",
    "SILENT",
    "Cancellation",
    "Each",
    "Either",
    "Fields",
    "Flag",
    "Items",
    "Lock",
    "LockedError",
    "MessageLog",
    "Nullable",
    "Number",
    "Progress",
    "RandomStates",
    "Shape",
    "Silences",
    "Text",
    "ThreadsKept",
    "Verbosity",
    "absolute_cache",
    "advised",
    "append_bytes",
    "append_line",
    "beside",
    "bounded_file_name",
    "cache_for_another_machine",
    "check_shape",
    "check_tensors",
    "copy_file",
    "cores",
    "counted",
    "csv_text",
    "damage_in_words",
    "default_cache",
    "derive_seed",
    "describe_system_error",
    "drop_stream",
    "escape_json",
    "escape_toml",
    "file_name",
    "fingerprint",
    "flush_file",
    "forked_seed",
    "format_columns",
    "format_names",
    "generator",
    "given_cache",
    "hearing_signs_of_life",
    "import_uncollected",
    "is_finite",
    "launched_processes",
    "lazy_page",
    "machine_record",
    "made_later",
    "make_progress",
    "naming_file",
    "naming_way_out",
    "noticing_removal",
    "offered",
    "offering",
    "one_thread",
    "parse_json",
    "path_inside",
    "print_bytes",
    "print_columns",
    "print_document",
    "print_json",
    "print_message",
    "print_text",
    "print_traceback",
    "progress_of",
    "publish_folder",
    "random_states_kept",
    "read_bytes",
    "read_compressed_json",
    "read_csv",
    "read_json",
    "read_json_lines",
    "read_json_list",
    "read_tensors",
    "read_text",
    "recorded_place",
    "remove_path",
    "replacing",
    "require_extra",
    "require_processor",
    "require_regular",
    "rows_not_finite",
    "sha256_of",
    "shared_copy",
    "shell_line",
    "shorten",
    "shortest_number",
    "sign_of_life",
    "speaking",
    "take_any_character",
    "threads_beside",
    "to_device",
    "unfinished_folder",
    "user_cache",
    "visible",
    "visible_lines",
    "visible_message",
    "ways_out",
    "whole_folder",
    "without_nan",
    "write_bytes",
    "write_compressed_json",
    "write_json",
    "write_tensors",
    "write_text",
    "writing_output",
]
