"""`-q`, `-v` and `--log-file FILE` of every command: they are taken out of its words before it is read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Literal

from attrs import frozen

from nasframe.errors import ConfigurationError
from nasframe.runtime import MessageLog, Verbosity

__all__ = ["HELP", "WORDS", "VerbosityOptions", "split_verbosity"]

HELP = (
    "Every command takes -q (results, warnings and errors alone), -v (a line for each epoch and stage) and "
    "--log-file FILE (all that -v says, with the time, added to a file)."
)

_QUIET = ("-q", "--quiet")
_VERBOSE = ("-v", "--verbose")
_LOG_FILE = "--log-file"
WORDS = (*_QUIET, *_VERBOSE, _LOG_FILE)
"""All words of these options."""

_RECORDS = ("run.json", "study.json")
"""Files by which a folder is that of a run or a study."""


@frozen
class VerbosityOptions:
    """The options that the user gave.

    Attributes:
        level: see `Verbosity`.
        log_file: None where there is none.
        problems: with the options, which `checked` refuses.
    """

    level: Literal["quiet", "normal", "verbose"] = "normal"
    log_file: Path | None = None
    problems: Sequence[str] = ()

    def checked(self, words: Sequence[str] = ()) -> Verbosity:
        """Return what the options ask for.

        Args:
            words: of the command, among which `--out` may name a folder.

        Raises:
            ConfigurationError: `-q` and `-v` together, no file after `--log-file`, two, or one that cannot be
                written, or lies in the folder of a run or a study, which holds what that writes alone.
        """
        problems = [*self.problems]
        if self.log_file is not None and (folder := _folder_around(self.log_file, words)) is not None:
            problems.append(
                f"{_LOG_FILE} {self.log_file}: lies in {folder}, which holds a run, a study or other "
                f"results and nothing else; lay it beside that folder, as {_LOG_FILE} {folder}.log"
            )
        if problems:
            raise ConfigurationError("command line", problems)
        return Verbosity(self.level, None if self.log_file is None else MessageLog.at(self.log_file))

    def words(self) -> list[str]:
        """Return the options as words of the same command."""
        level = {"quiet": [_QUIET[1]], "normal": [], "verbose": [_VERBOSE[1]]}[self.level]
        return [*level, *([] if self.log_file is None else [_LOG_FILE, str(self.log_file)])]


def split_verbosity(words: Sequence[str], own: Collection[str] = ()) -> tuple[VerbosityOptions, list[str]]:
    """Return the options of this page, and the other words.

    Args:
        words: of the command.
        own: options of the command itself, which keep their meaning there.
    """
    found: dict[str, str] = {}
    files: list[str] = []
    left: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            left += [word, *rest]
            break
        option, equals, file = word.partition("=")
        if option in own:
            left.append(word)
        elif word in _QUIET:
            found["quiet"] = word
        elif word in _VERBOSE:
            found["verbose"] = word
        elif option == _LOG_FILE:
            if not equals:
                file = rest.pop(0) if rest else ""
            files.append(file)
        else:
            left.append(word)
    problems = []
    if len(found) > 1:
        problems.append(f"{found['quiet']} and {found['verbose']}: contradict each other; give one of them")
    if any(not file or file.startswith("-") for file in files):
        problems.append(f"{_LOG_FILE}: needs a file, such as {_LOG_FILE} search.log")
    if len(files) > 1:
        problems.append(f"{_LOG_FILE}: given {len(files)} times; expected one file")
    level: Literal["quiet", "normal", "verbose"] = (
        "quiet" if "quiet" in found else "verbose" if "verbose" in found else "normal"
    )
    return VerbosityOptions(level, Path(files[0]) if files else None, problems), left


def _folder_around(log: Path, words: Sequence[str]) -> Path | None:
    """Return the folder of a run or a study in which a log would lie, that of `--out` among them."""
    outs = [word.partition("=")[2] for word in words if word.startswith("--out=")]
    outs += [after for word, after in pairwise(words) if word == "--out"]
    try:
        places = {Path(out).resolve() for out in outs if out}
        parents = log.resolve().parents
    except (OSError, RuntimeError):  # links in a circle, of which the log says more
        return None
    for folder in parents:
        if folder in places or any((folder / name).is_file() for name in _RECORDS):
            return folder
    return None
