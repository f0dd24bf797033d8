"""Errors that a user can mend. Each says what was expected, what was found, and the nearest valid name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path

__all__ = [
    "ArchitectureError",
    "ConfigurationError",
    "ContractError",
    "DataError",
    "KeptRunInterrupt",
    "MissingExtraError",
    "NasframeError",
    "OutputError",
    "PluginError",
    "PluginWarning",
    "RenderError",
    "ResumableInterrupt",
    "RunError",
    "SpaceError",
    "in_lines",
    "in_words",
    "near_names",
    "nearest",
]


_NEAR = 0.6
"""The share of letters in common, of both names, from which on one may be a mistyping of the other."""


class NasframeError(Exception):
    """Base of every error that a user can mend. The command line prints it without a traceback."""


class PluginError(NasframeError):
    """A plugin is missing, is there twice, or breaks a contract."""


class MissingExtraError(PluginError):
    """A part of nasframe, or a plugin, needs optional packages that are not installed.

    Attributes:
        part: the part that needs them, such as `plugin 'cheese'`.
        need: `needs av, which is not installed; pip install "nasframe[deepfake]"`, the rest of the message.
    """

    def __init__(self, part: str, need: str = "") -> None:
        self.part = part
        self.need = need
        super().__init__(part, need)  # both, so that worker processes can send it

    def __str__(self) -> str:
        """Return the message."""
        return f"{self.part} {self.need}".rstrip()


class ContractError(PluginError):
    """A plugin registered something that does not keep the contract of its kind."""


class PluginWarning(UserWarning):
    """A plugin failed and was left out; everything else goes on."""


class SpaceError(NasframeError):
    """A search space that cannot be searched."""


class ArchitectureError(NasframeError):
    """An architecture that its space does not contain, or a document that holds none."""


class RunError(NasframeError):
    """A run folder that cannot be used as asked."""


class DataError(NasframeError):
    """Data that is missing, unreadable or not enough."""


class OutputError(NasframeError):
    """Standard output cannot be written, so results would be lost."""


class RenderError(NasframeError):
    """A drawing for which this machine lacks a renderer."""


class KeptRunInterrupt(KeyboardInterrupt):
    """Ctrl-C that came while the run that was to be replaced was still whole."""


class ResumableInterrupt(KeyboardInterrupt):
    """Ctrl-C in a command that `nasframe resume` goes on with.

    Attributes:
        folder: of the run, or of the study.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(folder)


class ConfigurationError(NasframeError):
    """All mistakes of a configuration, at once.

    Args:
        source: name of what was read, usually the path of a file.
        problems: one line each, `key: what is wrong`.
    """

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        self.source = source
        self.problems = tuple(problems)
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        super().__init__("\n".join([f"{source}: {count}", *(f"  {line}" for line in self.problems)]))


def in_lines(first: str, *others: str) -> str:
    r"""Return a message of several lines, the others indented, so that the command line keeps them.

    Empty ones are left out.

    Example:
        >>> print(in_lines("the loss is not finite", "", "Its examples: 3, 5."))
        the loss is not finite
          Its examples: 3, 5.
    """
    return "\n  ".join([first, *filter(None, others)])


def in_words(error: BaseException) -> str:
    """Return the class and the text of any error: `ValueError: no cheese`.

    Example:
        >>> in_words(KeyError("cheese")), in_words(ValueError())
        ("KeyError: 'cheese'", 'ValueError')
    """
    name = type(error).__name__
    try:
        text = str(error)
    except Exception as second:  # the class may be a plugin's
        return f"{name}, whose text cannot be made ({type(second).__name__})"
    return f"{name}: {text}" if text else name


def near_names(name: str, valid: Iterable[str]) -> list[str]:
    """Return up to three of the valid names that `name` may be a mistyping of, the nearest first.

    A name is near where most of its letters stand in the same order, where one letter is another, or where
    it begins with all that was typed. Two words that share a letter or two by chance are not near.
    """
    near = [item for item in sorted(set(valid)) if _is_near(name, item)]
    return difflib.get_close_matches(name, near, n=3, cutoff=0.0)


def _is_near(name: str, other: str) -> bool:
    if name.casefold() == other.casefold():
        return True
    one_letter = 1 < len(name) == len(other) and sum(a != b for a, b in zip(name, other, strict=True)) == 1
    begins = len(name) > 1 and other.startswith(name)
    return one_letter or begins or difflib.SequenceMatcher(None, other, name).ratio() >= _NEAR


def nearest(name: str, valid: Iterable[str]) -> str:
    """Return the end of an error message: the valid names near to `name`, or all where none is near.

    Example:
        >>> "unknown relaxation 'grcm'" + nearest("grcm", ["grmc", "softmax"])
        "unknown relaxation 'grcm'; did you mean 'grmc'?"
        >>> "unknown relaxation 'x'" + nearest("x", ["grmc", "softmax"])
        "unknown relaxation 'x'; valid: grmc, softmax"
    """
    names = sorted(set(valid))
    close = near_names(name, names)
    if close:
        return "; did you mean " + " or ".join(repr(item) for item in close) + "?"
    if names:
        return "; valid: " + ", ".join(names)
    return "; there is none"
