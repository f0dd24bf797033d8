"""The words for a file of data where something else was expected, with the command that makes use of it."""

from __future__ import annotations

from pathlib import Path

from nasframe.runtime import shell_line
from nasframe.tasks.data_files.given_data import DATA_ENDINGS

__all__ = ["data_file_hint", "file_in_words"]


def data_file_hint(path: Path) -> str:
    """Return in words that a file holds data; nothing where its name does not say so.

    A `.txt` may hold anything, and counts as no data here.

    Example:
        >>> data_file_hint(Path("pumps.csv"))
        'is a file of data; nasframe new pumps.csv writes an experiment on it'
        >>> data_file_hint(Path("pumps.toml"))
        ''
    """
    ending = path.suffix.lower()
    if ending == ".txt" or ending not in DATA_ENDINGS:
        return ""
    word = f"./{path}" if str(path).startswith("-") else str(path)
    return f"is a file of data; {shell_line(['nasframe', 'new', word])} writes an experiment on it"


def file_in_words(path: Path, expected: str) -> str:
    """Return in words that a file is there in place of a folder; of a file of data, what makes use of it.

    Example:
        >>> file_in_words(Path("pumps.toml"), "run folder")
        'is a file; expected a run folder'
    """
    return f"{data_file_hint(path) or 'is a file'}; expected a {expected}"
