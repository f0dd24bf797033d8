"""The words that a shell completes beside commands and their options: values, keys, names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from attrs import frozen

__all__ = ["EXPERIMENTS", "WordLists", "plain_words"]

EXPERIMENTS = ("run", "search", "train", "demo", "compare", "sweep", "tabulate", "new")
"""Commands that take `KEY=VALUE`."""

_PLAIN = re.compile(r"[\w.:=-]+")


@frozen
class WordLists:
    """Words to complete; a script leaves out those with letters that a shell reads, see `plain_words`.

    Attributes:
        everywhere: options of every command.
        values: option → its values.
        first: command → the words that may follow it.
        keys: of an experiment, each with `=` behind it.
        axes: of a grid: the keys, and those without their section, each with `=` behind it.
        of_keys: key, with its section and where that is enough without, → its values.
        plugins: names of what plugins register.
    """

    everywhere: Sequence[str]
    values: Mapping[str, Sequence[str]]
    first: Mapping[str, Sequence[str]]
    keys: Sequence[str]
    axes: Sequence[str]
    of_keys: Mapping[str, Sequence[str]]
    plugins: Sequence[str]


def plain_words(words: Iterable[str]) -> list[str]:
    """Return the words in which there is no letter that a shell reads."""
    return [word for word in words if _PLAIN.fullmatch(word)]
