"""Reading a TOML file, with an error that says the line and column of a mistake."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from nasframe.errors import ConfigurationError, nearest
from nasframe.runtime import read_text, shell_line
from nasframe.tasks import data_file_hint

__all__ = ["read_toml"]

# Before Python 3.14 the place of an error is in its text alone.
_PLACE = re.compile(r"(?P<what>.*) \(at (line (?P<line>\d+), column (?P<column>\d+)|end of document)\)")


def read_toml(path: Path) -> dict[str, Any]:
    """Return the values of a TOML file.

    Raises:
        ConfigurationError: there is no such file (the near ones are named), it holds data, or it is not TOML.
    """

    def refused(message: str) -> ConfigurationError:
        return ConfigurationError(str(path), [message.removeprefix(f"{path}: ")])

    if not path.exists() or path.is_dir():
        raise ConfigurationError(str(path), [_missing(path)])
    if hint := data_file_hint(path):
        raise ConfigurationError(str(path), [hint])
    text = read_text(path, refused)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(str(path), [_placed(error, text)]) from None
    except (ValueError, RecursionError) as error:  # a number of many digits, or many levels
        raise ConfigurationError(str(path), [f"cannot be read as TOML: {error}"]) from None


def _missing(path: Path) -> str:
    if path.is_dir():
        return "is a folder; expected an experiment, a TOML file"
    folder = path.parent
    if not folder.is_dir():
        return f"no such file, and no folder {folder}"
    if path.name == "experiment.toml" and (folder / "run.json").is_file():
        return (
            f"is gone, so the run folder is damaged; put the file back, or make the run again: "
            f"`nasframe run EXPERIMENT --out {shell_line([str(folder)])} --overwrite`"
        )
    runs = [str(item.parent) for item in sorted(folder.glob("*/run.json"))]
    if runs and path.suffix != ".toml":
        return f"no such file or run folder; runs there: {', '.join(runs)}"
    beside = [item.name for item in folder.glob("*.toml")]
    return (
        f"no such file{nearest(path.name, beside)}" if beside else "no such file, and no TOML file beside it"
    )


def _placed(error: tomllib.TOMLDecodeError, text: str) -> str:
    """Return what is wrong, after the line and column, and the text of that line."""
    parts = _parts(error, text)
    if parts is None:
        return str(error)
    what, line, column = parts
    place = f"line {line}" if column is None else f"line {line}, column {column}"
    lines = text.splitlines() or [""]
    return f"{place}: {what}: {lines[min(line, len(lines)) - 1].strip()}"


def _parts(error: Any, text: str) -> tuple[str, int, int | None] | None:
    """Return what is wrong, the line, and the column; None for the column at the end of the document."""
    end = text.count("\n") + 1
    if hasattr(error, "lineno"):  # since Python 3.14
        return (
            (error.msg, error.lineno, error.colno) if error.pos < len(error.doc) else (error.msg, end, None)
        )
    match = _PLACE.fullmatch(str(error))
    if match is None:
        return None
    return match["what"], int(match["line"] or end), int(match["column"]) if match["column"] else None
