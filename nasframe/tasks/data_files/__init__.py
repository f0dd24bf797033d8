"""Files of a user as a task: a table in CSV, arrays of NumPy or safetensors, read as they are or refused."""

from __future__ import annotations

from nasframe.tasks.data_files.data_file_hint import data_file_hint, file_in_words
from nasframe.tasks.data_files.split_rows import grouped_rows, rows_of_splits
from nasframe.tasks.data_files.tensor_file_task import TensorFileTask

__all__ = ["TensorFileTask", "data_file_hint", "file_in_words", "grouped_rows", "rows_of_splits"]
