"""`python -m nasframe` imports nothing from the working folder, which holds data and no code of the user's.

Python puts that folder first in `sys.path` for `-m`, so a `json.py` in it would run. This file has no
`from __future__` line: that is an import like any other.
"""

import os
import sys

__all__ = ["exclude_working_folder"]


def exclude_working_folder() -> None:
    """Take the working folder out of `sys.path` while `python -m nasframe` begins; else do nothing.

    Python itself imports a few modules of its library before; `python -P -m nasframe` guards those too.
    """
    if _is_program() and not sys.flags.safe_path:
        try:
            folder = os.getcwd()  # pathlib is not imported yet  # noqa: PTH109
        except FileNotFoundError:
            return
        if sys.path[:1] == [folder]:
            del sys.path[0]


def _is_program() -> bool:
    """Return True where `-m nasframe` started this process and its module is looked for now."""
    if sys.argv[:1] != ["-m"]:
        return False
    word = sys.orig_argv[len(sys.orig_argv) - len(sys.argv)]
    module = word.partition("m")[2] if word.startswith("-") else word
    return module in ("nasframe", "nasframe.__main__")
