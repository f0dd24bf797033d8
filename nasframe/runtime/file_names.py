"""Any name as the name of one file or folder, on every system."""

from __future__ import annotations

import hashlib
import re

__all__ = ["bounded_file_name", "file_name"]

_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+=,@ -]*(?<![. ])")
_RESERVED = re.compile(r"(?i:con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")
_LONGEST = 150
_DIGITS = 12


def file_name(name: str) -> str:
    """Return the name of a file: the same where every system takes it, else cleaned, with digits behind it.

    Different names have different files, and none leads out of its folder.

    Example:
        >>> file_name("nasframe_tensorboard"), file_name("../up")
        ('nasframe_tensorboard', 'up-8c722b8ae2c9')
    """
    if _PLAIN.fullmatch(name) and not _RESERVED.fullmatch(name) and len(name) <= _LONGEST:
        return name
    cleaned = re.sub(r"[^A-Za-z0-9_=,+-]+", "-", name).strip("-")[: _LONGEST - _DIGITS]
    return f"{cleaned or 'name'}-{_digits(name)}"


def bounded_file_name(safe: str, exact: str, most: int = 200) -> str:
    """Return a part of a file's name in at most so many bytes, which end with digits where it was too long.

    Args:
        safe: of characters that a file may have.
        exact: the name that it stands for, from which the digits come.
        most: bytes; a file's name may have 255, and some are for what is before and behind it.
    """
    data = safe.encode(errors="surrogatepass")
    if len(data) <= most:
        return safe
    return f"{data[: most - _DIGITS - 1].decode(errors='ignore')}-{_digits(exact)}"


def _digits(name: str) -> str:
    return hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:_DIGITS]
