"""Text in which every character can be seen: names and messages as a terminal and a picture may show them.

A name is data: it may hold the escape sequences of terminals, line breaks, characters that turn the order of
letters round, and characters without a width. Printed as they are, these move the cursor, hide words, or make
two names look alike.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable

__all__ = [
    "escape_json",
    "escape_toml",
    "shell_line",
    "shorten",
    "visible",
    "visible_lines",
    "visible_message",
]

_UNSEEN = (
    "\\x00-\\x1f\\x7f-\\x9f"  # controls: ESC, BEL, line breaks, CSI of one byte
    "\\u2028\\u2029"  # line breaks that are no controls
    "\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069"  # the order of letters
    "\\xad\\u034f\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200d\\u2060-\\u2065\\u206a-\\u206f"
    "\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb"  # no width, or no ink
    "\\U0001d173-\\U0001d17a\\U000e0000-\\U000e0fff"
    "\\ud800-\\udfff\\ufffe\\uffff"  # no characters: bytes of a file's name that are not UTF-8
)
_ANY = re.compile(f"[{_UNSEEN}]")
_NO_LINE_BREAK = re.compile(f"(?!\n)[{_UNSEEN}]")
_NO_INDENTED_LINE = re.compile(f"(?!\n  )[{_UNSEEN}]")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str) -> str:
    r"""Return a text on one line, with every character that cannot be seen as Python writes it.

    A back-slash stays one back-slash, so that paths can be read.

    Example:
        >>> print(visible("a\x1b[31m\nb"))
        a\x1b[31m\nb
        >>> visible("Zürich, 東京")
        'Zürich, 東京'
    """
    return _ANY.sub(_escape, text)


def visible_lines(text: str) -> str:
    """Return a text whose line breaks stay, with all else escaped as `visible` does."""
    return _NO_LINE_BREAK.sub(_escape, text)


def visible_message(text: str) -> str:
    r"""Return a message; a line break stays where the next line is indented, as the lines of a list are.

    So a name in a message cannot begin a line.

    Example:
        >>> print(visible_message("two problems:\n  a: wrong\nnasframe: all is well"))
        two problems:
          a: wrong\nnasframe: all is well
    """
    return _NO_INDENTED_LINE.sub(_escape, text)


def escape_json(text: str) -> str:
    r"""Return JSON that holds the same values, with what cannot be seen as escapes of JSON.

    Example:
        >>> print(escape_json('{"name": "a\u2028b"}'))
        {"name": "a\u2028b"}
    """
    return _NO_LINE_BREAK.sub(_escape_of_json, text)


def escape_toml(text: str) -> str:
    r"""Return TOML that holds the same values, with what cannot be seen in its texts as escapes of TOML.

    Its texts are those that escapes are read in, between double quotation marks, as `tomli_w` writes them.

    Example:
        >>> print(escape_toml('name = "a\u202eb"'))
        name = "a\u202eb"
    """
    return _NO_LINE_BREAK.sub(_escape_of_toml, text)


def shell_line(words: Iterable[str]) -> str:
    r"""Return words as a line for a shell, in which every character can be seen.

    Example:
        >>> print(shell_line(["nasframe", "show", "is it?", "a\nb"]))
        nasframe show 'is it?' $'a\x0ab'
    """
    return " ".join(map(_shell_word, words))


def shorten(text: str, most: int) -> str:
    """Return a text of at most `most` letters; of a longer one the middle is left out.

    Example:
        >>> shorten("a very long name", 9)
        'a ve…name'
    """
    if len(text) <= most:
        return text
    end = (most - 1) // 2
    return f"{text[: most - 1 - end]}…{text[len(text) - end :]}"


def _escape(found: re.Match[str]) -> str:
    letter = found[0]
    number = ord(letter)
    if number < 0x100:
        return _SHORT.get(letter) or f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _escape_of_toml(found: re.Match[str]) -> str:
    number = ord(found[0])
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _shell_word(word: str) -> str:
    if not _ANY.search(word):
        return shlex.quote(word)
    plain = word.replace("\\", "\\\\").replace("'", "\\'")
    return f"$'{_ANY.sub(lambda found: _bytes(found[0]), plain)}'"


def _bytes(letter: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in letter.encode("utf-8", _bytes_of(letter)))


def _bytes_of(letter: str) -> str:
    """Return the name of the handler that gives a letter its bytes, or the one byte that it stands for."""
    return "surrogateescape" if "\udc80" <= letter <= "\udcff" else "surrogatepass"


def _escape_of_json(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[place : place + 2].hex()}" for place in range(0, len(units), 2))
