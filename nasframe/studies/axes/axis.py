"""An axis, and the words of a command line that name it and its values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from attrs import frozen

from nasframe.errors import ConfigurationError, near_names, nearest
from nasframe.experiment import PLUGINS, option_keys, parse_value
from nasframe.studies.axes.written_values import in_words

__all__ = ["Axis", "is_axis", "parse_axes", "words_of"]

Word = TypeVar("Word", str, str | Path)


@frozen
class Axis:
    """An option, by its full dotted key, and the values it takes, each once."""

    key: str
    values: tuple[Any, ...]


def is_axis(word: str) -> bool:
    """Return True where a word of the command line is an axis, with several values or none, and no override.

    >>> is_axis("temperature=0.1,0.5"), is_axis("search.epochs=3")
    (True, False)
    """
    _, equals, text = word.partition("=")
    return bool(equals) and (not text.strip() or len(_split(text)) > 1)


def words_of(words: Word | Iterable[Word]) -> list[Word]:
    """Return words as a list; a single one, given without a list, is one word and not its letters.

    >>> words_of("seed=3"), words_of(["seed=3", "device=cpu"])
    (['seed=3'], ['seed=3', 'device=cpu'])
    """
    return [words] if isinstance(words, str | Path) else list(words)


def parse_axes(words: Iterable[str], values: Mapping[str, Any], source: str = "experiment") -> list[Axis]:
    """Return the axes that words like `temperature=0.1,0.5` or `space.ports=shared,choose` name.

    Args:
        words: `key=value,value…` each. Commas inside brackets and quotes belong to a value; a value is read
            as TOML, else taken as a string. A short key stands for the one option of that name; the name of
            a section, such as `relaxation`, stands for its plugin.
        values: of the experiment, as its TOML file gives them.
        source: name of the file they were read from, for the error.

    Raises:
        ConfigurationError: everything that is wrong with them: an option that is not there (with the near
            names) or that two sections have (with both), an axis without a value, a value or an axis twice.

    >>> parse_axes(["search.epochs=2,5"], {})
    [Axis(key='search.epochs', values=(2, 5))]
    """
    problems: list[str] = []
    given: list[tuple[str, tuple[Any, ...]]] = []
    for word in words:
        key, equals, text = word.partition("=")
        parts = [part.strip() for part in _split(text)]
        if not equals or not key.strip():
            problems.append(f"{word!r}: expected key=value,value…, for example temperature=0.1,0.5")
        elif not all(parts):
            empty = "has no value" if len(parts) == 1 else "has an empty value between its commas"
            problems.append(f"{key.strip()}: {empty}; expected for example {key.strip()}=0.1,0.5")
        else:
            given.append((key.strip(), tuple(parse_value(part) for part in parts)))
    swapped = {
        key.removesuffix(".name"): found
        for key, found in given
        if key in PLUGINS or (key.endswith(".name") and key.removesuffix(".name") in PLUGINS)
    }
    keys = option_keys(values, swapped)
    axes: dict[str, Axis] = {}
    for short, found in given:
        key, problem = _resolve(short, keys)
        if not problem and key in axes:
            problem = f"{short}: is an axis twice"
        problem = problem or _repeated(short, found)
        if problem:
            problems.append(problem)
        else:
            axes[key] = Axis(key, found)
    if problems:
        raise ConfigurationError(source, problems)
    return list(axes.values())


def _split(text: str) -> list[str]:
    """Return the parts between commas; commas inside brackets and quotes do not count."""
    parts, depth, quote = [""], 0, ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in "[{(":
            depth += 1
        elif character in ")}]":
            depth -= 1
        if character == "," and depth <= 0 and not quote:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _resolve(key: str, keys: Sequence[str]) -> tuple[str, str]:
    """Return the full key that a short one stands for, and a problem, empty where there is none."""
    if key in PLUGINS:
        return f"{key}.name", ""
    if key in keys or any(key.startswith(f"{known}.") for known in keys):
        return key, ""
    owners = [known for known in keys if known.endswith(f".{key}")]
    if len(owners) == 1:
        return owners[0], ""
    if owners:
        return key, f"{key}: is an option of several sections; say {' or '.join(owners)}"
    valid = keys if "." in key else [*(known.rpartition(".")[2] for known in keys), *PLUGINS]
    hint = "; `nasframe options` prints all options, and `nasframe options relaxation.grmc` those of a plugin"
    if near_names(key, valid):
        hint = nearest(key, valid)
    return key, f"{key}: there is no such option{hint}"


def _repeated(key: str, values: Sequence[Any]) -> str:
    seen: dict[Any, list[Any]] = {}  # by hashes: there may be many
    for value in values:
        like = seen.setdefault(None if isinstance(value, list | dict) else (type(value) is bool, value), [])
        if value in like:
            return f"{key}: has the value {in_words(value)} twice"
        like.append(value)
    return ""
